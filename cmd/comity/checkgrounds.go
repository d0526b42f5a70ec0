package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/replay"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

// A checking gathers what a check rests on.
type checking struct {
	claims     *claimFile
	at         time.Time
	signed     bool // whether only what pinned roots signed counts
	registered bool // whether roles come from registers
	grounds    casefile.Grounds
	sources    replay.Sources // the bytes of what is in the book
	assumed    []string
	rests      string // in words: which documents of a home, "" if of none
}

func (k *checking) assume(format string, args ...any) {
	k.assumed = append(k.assumed, fmt.Sprintf(format, args...))
}

// atHome reports whether a check rests on what a home holds.
func (a *app) atHome(c *checkCmd) bool {
	_, err := os.Stat(filepath.Join(a.Dir, home.ConfigName))
	return err == nil && c.Agreements == "" && c.Registers == "" && c.Pins == ""
}

// read reads pins, registers and agreements: the home's, unless others are
// named. A home in which nothing was signed has none.
func (k *checking) read(ctx context.Context, a *app, c *checkCmd) error {
	if a.atHome(c) {
		held, err := k.readHome(ctx, a)
		if held || err != nil {
			return err
		}
		*k = checking{claims: k.claims, at: k.at}
		k.assume("that nothing was signed: the home %s has no pins, or no agreement that its Party signed", a.Dir)
	}
	var pins []register.Pin
	if c.Pins != "" {
		var err error
		if pins, err = readPins(c.Pins); err != nil {
			return err
		}
		k.signed = true
	}
	var registers [][]byte
	if c.Registers != "" {
		docs, err := home.ReadRegisters(c.Registers)
		if err != nil {
			return badInput(plain(err), "")
		}
		if len(docs) == 0 {
			return badInput("there is no register in "+c.Registers, "want *.jws files that comity register sign wrote")
		}
		for _, d := range docs {
			registers = append(registers, d.Bytes)
		}
	}
	if err := k.readRegisters(pins, registers); err != nil {
		return err
	}
	return k.readAgreements(a, c.Agreements)
}

// readHome reads what the home's participant holds: what its node uses or,
// where none runs, the home's files. A notice that came over the wire is in no
// file. It reports whether there is an agreement that pinned roots signed.
func (k *checking) readHome(ctx context.Context, a *app) (bool, error) {
	h, client, err := a.openDesk()
	if err != nil {
		return false, err
	}
	pins, err := home.ReadPins(filepath.Join(h.Dir, home.PinsDir))
	if err != nil || len(pins) == 0 {
		return false, orBadInput(err)
	}
	k.signed, k.rests = true, "the agreements and notices that the node uses"
	docs, err := usedDocuments(ctx, client)
	if errors.Is(err, errNoAnswer) {
		k.rests = "the agreements and notices in " + filepath.Join(h.Dir, home.AgreementsDir)
		k.assume("that nothing came over the wire that is in no file: the node does not answer")
		docs, err = home.ReadAgreements(filepath.Join(h.Dir, home.AgreementsDir))
	}
	if err != nil {
		return false, orBadInput(err)
	}
	registers, err := home.ReadRegisters(filepath.Join(h.Dir, home.RegistersDir))
	if err != nil {
		return false, badInput(plain(err), "")
	}
	var signed [][]byte
	files := []node.Document{}
	for _, d := range append(docs, registers...) {
		switch d.Kind {
		case node.RegisterDocument:
			signed = append(signed, d.Bytes)
		case node.AgreementDocument, node.NoticeDocument:
			files = append(files, d)
		}
	}
	if err := k.readRegisters(pins, byVersion(signed)); err != nil {
		return false, err
	}
	files = slices.DeleteFunc(files, func(f node.Document) bool {
		if f.Kind != node.AgreementDocument {
			return false
		}
		_, err := agreement.ParseSigned(f.Bytes, k.roots)
		if err != nil { // as the node does
			a.note("left out, since it cannot be used yet: %s: %s", f.File, plain(err))
		}
		return err != nil
	})
	if !slices.ContainsFunc(files, func(f node.Document) bool { return f.Kind == node.AgreementDocument }) {
		return false, nil
	}
	return true, k.believe(files)
}

// byVersion puts the older registers first: each is believed at the word of the
// roots that the one before it names.
func byVersion(registers [][]byte) [][]byte {
	version := func(b []byte) uint64 {
		r, err := register.Claim(b)
		if err != nil {
			return 0
		}
		return r.Version
	}
	slices.SortStableFunc(registers, func(x, y []byte) int { return cmp.Compare(version(x), version(y)) })
	return registers
}

// readRegisters builds the directory. Without pins a register is believed at
// the word of the roots that it names itself.
func (k *checking) readRegisters(pins []register.Pin, registers [][]byte) error {
	if !k.signed && len(registers) > 0 {
		k.assume("that the registers' own roots are the Parties': no pins were given")
		seen := map[protocol.Party]bool{}
		for _, b := range registers {
			if r, err := register.Claim(b); err == nil && !seen[r.Party] {
				seen[r.Party] = true
				pins = append(pins, r.Pin())
			}
		}
	}
	dir, err := register.NewDirectory(pins...)
	if err != nil {
		return badInput(plain(err), "")
	}
	for _, b := range registers {
		next, err := dir.With(b, k.at)
		if errors.Is(err, register.ErrRollback) {
			continue // an older version beside a newer one
		}
		if err != nil {
			return badInput("a register cannot be believed: "+plain(err), "see comity register show FILE")
		}
		dir = next
	}
	k.grounds.Directory = dir
	k.registered = len(registers) > 0
	return nil
}

// readAgreements makes the book: of the shipped documents, of the files at
// their word, or of what the pinned roots signed.
func (k *checking) readAgreements(a *app, dir string) error {
	if dir == "" {
		docs, err := a.libraryDocuments()
		if err != nil {
			return err
		}
		k.assume("that the Parties signed the shipped texts as they stand")
		if a.Library != "" {
			k.assume("that the texts in %s stand in their place", a.Library)
		}
		return k.takeAtWord(docs)
	}
	if k.signed {
		return k.readSigned(dir)
	}
	texts, err := readTexts(dir)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return badInput("there is no agreement in "+dir, "want *.yaml files")
	}
	var docs []*agreement.Document
	for _, t := range texts {
		docs = append(docs, t.doc)
	}
	k.assume("that the Parties signed the texts in %s as they stand: no pins were given", dir)
	if notices, _ := filepath.Glob(filepath.Join(dir, "*.jws")); len(notices) > 0 {
		k.assume("that no right is suspended: notices count only with --pins")
	}
	return k.takeAtWord(docs)
}

// takeAtWord makes the book of documents that nobody's signature is asked for.
func (k *checking) takeAtWord(docs []*agreement.Document) (err error) {
	for _, d := range docs {
		k.sources.Documents = append(k.sources.Documents, replay.Document{Text: d.Bytes()})
	}
	k.grounds.Book, err = agreement.NewBook(docs, nil)
	return orBadInput(err)
}

func (k *checking) readSigned(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "..", home.ConfigName)); err == nil {
		k.assume("that no notice came over the wire: name the home with --dir alone, and its node is asked")
	}
	files, err := home.ReadAgreements(dir)
	if err != nil {
		return badInput(plain(err), "")
	}
	return k.believe(files)
}

// believe makes the book of what the pinned roots signed.
func (k *checking) believe(files []node.Document) error {
	var docs []agreement.SignedDocument
	var notices []agreement.SignedNotice
	for _, f := range files {
		if f.Kind == node.NoticeDocument {
			n, err := agreement.VerifyNotice(f.Bytes, k.roots)
			if err != nil {
				return badInput("a notice cannot be believed: "+plain(err), "")
			}
			notices = append(notices, n)
			k.sources.Notices = append(k.sources.Notices, f.Bytes)
			continue
		}
		d, err := agreement.ParseSigned(f.Bytes, k.roots)
		if err != nil {
			return badInput("an agreement cannot be believed: "+plain(err), "see comity agreement sign")
		}
		docs = append(docs, d)
		text, signatures, err := agreement.SplitSigned(f.Bytes)
		if err != nil {
			return err
		}
		k.sources.Documents = append(k.sources.Documents, replay.Document{Text: text, Signatures: signatures})
	}
	if len(docs) == 0 {
		return badInput("there is no signed agreement", "want *.yaml with *.signatures.json beside it")
	}
	for _, p := range k.grounds.Directory.Parties() {
		if pin, ok := k.grounds.Directory.Trusted(p); ok {
			k.sources.Roots = append(k.sources.Roots, pin)
		}
	}
	var err error
	k.grounds.Book, err = agreement.NewSignedBook(docs, notices)
	return orBadInput(err)
}

func (k *checking) roots(p protocol.Party) ([]*identity.Public, int, bool) {
	pin, ok := k.grounds.Directory.Trusted(p)
	return pin.Keys, pin.Threshold, ok
}
