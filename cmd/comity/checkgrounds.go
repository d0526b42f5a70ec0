package main

import (
	"errors"
	"fmt"
	"path/filepath"
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
}

func (k *checking) assume(format string, args ...any) {
	k.assumed = append(k.assumed, fmt.Sprintf(format, args...))
}

// read reads pins, registers and agreements.
func (k *checking) read(a *app, c *checkCmd) error {
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
