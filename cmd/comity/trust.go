package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
)

// believed returns the roots of the Parties as the home believes them: by its
// pins, and by the registers in its files and those that its node uses. It is
// nil where there is no home.
func (a *app) believed(ctx context.Context) (*register.Directory, error) {
	if _, err := os.Stat(filepath.Join(a.Dir, home.ConfigName)); err != nil {
		return nil, nil
	}
	h, client, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	pins, err := h.Pins()
	if err != nil {
		return nil, orBadInput(err)
	}
	dir, err := register.NewDirectory(pins...)
	if err != nil {
		return nil, orBadInput(err)
	}
	docs, err := home.ReadRegisters(filepath.Join(h.Dir, home.RegistersDir))
	if err != nil {
		return nil, orBadInput(err)
	}
	held, err := heldDocuments(ctx, client)
	if err != nil && !errors.Is(err, errNoAnswer) {
		return nil, err
	}
	for _, d := range registersIn(append(docs, held...)) {
		if next, err := dir.With(d, a.now()); err == nil { // what does not stand, the doctor names
			dir = next
		}
	}
	return dir, nil
}

// registersIn returns the bytes of the registers among docs, the oldest first.
func registersIn(docs []node.Document) [][]byte {
	var out [][]byte
	for _, d := range docs {
		if d.Kind == node.RegisterDocument {
			out = append(out, d.Bytes)
		}
	}
	return byVersion(out)
}

// heldDocuments asks the node for all that it uses.
func heldDocuments(ctx context.Context, client *desk.Client) ([]node.Document, error) {
	docs, err := client.Documents(ctx)
	if err != nil {
		return nil, errors.Join(errNoAnswer, ctx.Err())
	}
	out := []node.Document{}
	for _, d := range docs {
		b, err := client.Read(ctx, d.Kind, d.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, node.Document{Kind: node.DocumentKind(d.Kind), Bytes: b, File: d.Name})
	}
	return out, nil
}

// checkRoots refuses to sign for a Party with roots that this home does not
// believe to be its own, or with too few: no node would believe the signature.
// Of a Party that is not pinned here nothing is known.
func (a *app) checkRoots(ctx context.Context, p protocol.Party, roots []*identity.Key) error {
	dir, err := a.believed(ctx)
	if err != nil {
		return err
	}
	own, pinned := dir.Trusted(p)
	distinct := map[identity.Fingerprint]bool{}
	for _, k := range publics(roots) {
		distinct[k.Fingerprint()] = true
		if pinned && hasRoot(own, k) {
			continue
		}
		whose := ownerOf(dir, k)
		if !pinned && whose == "" {
			continue
		}
		hint := "give a root of " + string(p) + ": see comity register show"
		if whose != "" {
			hint = fmt.Sprintf("it is one of %s: name that Party, or give a root of %s", whose, p)
		}
		return badInput(fmt.Sprintf("a root that was given is not one of %s: its key is %s", p, k), hint)
	}
	if pinned && len(distinct) < own.Threshold {
		return badInput(fmt.Sprintf("%s signs with %s: %d given", p, count(own.Threshold, "root"), len(distinct)),
			"give all of them, each with --root")
	}
	return nil
}

func hasRoot(p register.Pin, k *identity.Public) bool { return slices.ContainsFunc(p.Keys, k.Equal) }

// ownerOf returns the Party whose root the key is, "" if none is known.
func ownerOf(dir *register.Directory, k *identity.Public) protocol.Party {
	for _, p := range dir.Parties() {
		if r, ok := dir.Trusted(p); ok && hasRoot(r, k) {
			return p
		}
	}
	return ""
}

// judge has a text that is a file say whose signatures stand. Without a home
// nobody knows.
func (t *text) judge(dir *register.Directory) error {
	if dir == nil {
		return nil
	}
	sigs, err := readSignatures(home.SignaturesOf(t.path))
	if err == nil && len(sigs.Signatures) > 0 {
		t.from = "file, " + signedBy(t.doc, sigs, dir)
	}
	return err
}

// signedBy says in words whose signatures stand.
func signedBy(d *agreement.Document, sigs *agreement.PartySignatures, dir *register.Directory) string {
	roots := func(p protocol.Party) ([]*identity.Public, int, bool) {
		r, ok := dir.Trusted(p)
		return r.Keys, r.Threshold, ok
	}
	var good, bad, unknown []protocol.Party
	for _, sig := range sigs.Signatures {
		switch err := agreement.VerifySignature(d, sig, roots); {
		case err == nil && sigs.Agreement == d.Ref():
			good = append(good, sig.Party)
		case errors.Is(err, agreement.ErrUnknownRoots):
			unknown = append(unknown, sig.Party)
		default:
			bad = append(bad, sig.Party)
		}
	}
	var out []string
	if len(good) > 0 {
		out = append(out, "signatures of "+words(good))
	}
	switch {
	case len(bad) == 1:
		out = append(out, fmt.Sprintf("the signature of %s does not stand", bad[0]))
	case len(bad) > 1:
		out = append(out, fmt.Sprintf("the signatures of %s do not stand", words(bad)))
	}
	if len(unknown) > 0 {
		out = append(out, fmt.Sprintf("signatures of %s not examined: no pin", words(unknown)))
	}
	return strings.Join(out, "; ")
}
