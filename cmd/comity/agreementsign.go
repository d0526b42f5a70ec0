package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

type agreementSignCmd struct {
	Agreement string         `arg:"" help:"A .yaml file, or the id of an agreement at hand."`
	Party     protocol.Party `required:"" help:"Whose signature it is." placeholder:"PARTY"`
	Root      []string       `required:"" help:"Root key of that Party, or its directory. May be given again." placeholder:"FILE"`
	Out       string         `help:"Where to put the document when it is no file yet. By default the home's agreements." placeholder:"FILE"`
}

func (c *agreementSignCmd) Help() string {
	return `The signature is over the bytes of the document and goes into FILE.signatures.json beside it, where the
other Party adds its own. An agreement binds a node when both stand there: in its home's agreements
folder when it starts, or with comity agreement publish.`
}

// signedAgreement is what agreement sign says to a program.
type signedAgreement struct {
	File       string           `json:"file"`
	Signatures string           `json:"signatures"`
	Parties    []protocol.Party `json:"signed_by"`
	Digest     protocol.Digest  `json:"digest"`
}

func (c *agreementSignCmd) Run(ctx context.Context, a *app) error {
	if err := c.Party.CheckAssigned(); err != nil {
		return badInput("--party: "+err.Error(), "")
	}
	t, err := a.find(ctx, c.Agreement)
	if err != nil {
		return err
	}
	if !t.doc.Has(c.Party) {
		return badInput(fmt.Sprintf("%s is not Party to %s", c.Party, t.doc.ID),
			"its Parties are "+words(t.doc.Parties()))
	}
	roots, err := a.readRoots(ctx, c.Root)
	if err != nil {
		return err
	}
	if err := a.checkRoots(ctx, c.Party, roots); err != nil {
		return err
	}
	a.note("%s, version %s\n%s\n%s", t.doc.Title, t.doc.Version, t.doc.Digest(), t.doc.Proof())
	if err := a.confirmRoot(ctx, "sign this for "+string(c.Party)+"?"); err != nil {
		return err
	}
	if t.path, err = c.place(a, t); err != nil {
		return err
	}
	sig, err := agreement.SignDocument(t.doc, c.Party, a.instant(), roots...)
	if err != nil {
		return err
	}
	out, err := addSignature(t, sig)
	if err != nil {
		return err
	}
	return a.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "signed %s: %s\n", out.File, out.Digest)
		fmt.Fprintf(w, "signatures of %s in %s\n", words(out.Parties), out.Signatures)
	})
}

// addSignature puts a signature into the file of them beside the document.
func addSignature(t text, sig agreement.PartySignature) (signedAgreement, error) {
	out := signedAgreement{File: t.path, Signatures: home.SignaturesOf(t.path), Digest: t.doc.Digest()}
	sigs, err := readSignatures(out.Signatures)
	if err != nil {
		return out, err
	}
	sigs.Agreement = t.doc.Ref()
	sigs.Add(sig)
	out.Parties = signers(sigs)
	b, err := sigs.Encode()
	if err != nil {
		return out, err
	}
	return out, replaceFile(out.Signatures, b)
}

// place puts the document into a file if it is none.
func (c *agreementSignCmd) place(a *app, t text) (string, error) {
	if t.path != "" {
		return t.path, nil
	}
	path := c.Out
	if path == "" {
		path = t.doc.ID + ".yaml"
		if h, err := a.openHome(); err == nil {
			path = filepath.Join(h.Dir, home.AgreementsDir, path)
		}
	}
	return path, home.WriteNew(path, t.doc.Bytes())
}

// replaceFile leaves the old content or the new, whole.
func replaceFile(path string, content []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}

type agreementPublishCmd struct {
	File string `arg:"" help:"An agreement (.yaml, with its signatures beside it) or a notice (.jws)."`
}

func (c *agreementPublishCmd) Run(ctx context.Context, a *app) error {
	if filepath.Ext(c.File) == ".jws" {
		b, err := readFile(c.File, agreement.MaxSigned)
		if err != nil {
			return err
		}
		return a.publish(ctx, "notice", b)
	}
	b, err := readFile(c.File, agreement.MaxDocument)
	if err != nil {
		return err
	}
	sigs, err := readFile(home.SignaturesOf(c.File), agreement.MaxSignatures)
	if err != nil {
		return badInput(c.File+" is not signed: "+err.Error(), "sign it with comity agreement sign")
	}
	signed, err := agreement.EncodeSigned(b, sigs)
	if err != nil {
		return badInput(plain(err), "")
	}
	return a.publish(ctx, "agreement", signed)
}
