package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

type checkCmd struct {
	Request    string    `required:"" help:"The request, in YAML or JSON." placeholder:"FILE"`
	Agreements string    `help:"Directory with agreements and notices. By default the shipped ones." placeholder:"DIR"`
	Registers  string    `help:"Directory with signed registers. By default the file is believed." placeholder:"DIR"`
	Pins       string    `help:"Directory with the Parties' pins: then only what their roots signed counts." placeholder:"DIR"`
	At         time.Time `help:"Legal time: RFC 3339. By default now." placeholder:"TIME"`
	All        bool      `help:"Show every rule, not only those that keep the request."`
}

func (c *checkCmd) Help() string {
	return `Needs no node and no network. FILE is a request as comity request new reads it, or holds one under
request, and beside it what a signature would carry:

    request: …
    agreement: ukus-daa-2019
    certification: {by: gb.home-office, contact: the desk, targeting: the procedure}
    addressee_role: provider
    at: 2026-11-22T10:00:00Z

What stands there is taken at its word, and the answer says so.`
}

// A claimFile is a request with claims beside it that signatures would carry.
type claimFile struct {
	Request       *protocol.Request `json:"request"`
	Agreement     string            `json:"agreement,omitzero"`
	Certification *certified        `json:"certification,omitzero"`
	AddresseeRole protocol.Role     `json:"addressee_role,omitzero"`
	At            time.Time         `json:"at,omitzero"`

	source *source
	under  jsontext.Pointer // where in the source the request stands
}

type certified struct {
	By        protocol.ParticipantID `json:"by"`
	Contact   string                 `json:"contact"`
	Targeting string                 `json:"targeting,omitzero"`
}

// checked is what check says to a program.
type checked struct {
	protocol.Decision
	// Assumed is what was taken at its word.
	Assumed []string `json:"assumed"`
}

func (c *checkCmd) Run(_ context.Context, a *app) error {
	claims, err := readClaims(c.Request)
	if err != nil {
		return err
	}
	k := &checking{claims: claims, at: a.instant()}
	switch {
	case !c.At.IsZero():
		k.at = c.At.UTC().Truncate(time.Second)
	case !claims.At.IsZero():
		k.at = claims.At.UTC().Truncate(time.Second)
	}
	if err := claims.source.located(claims.Request.CheckDraft(k.at), claims.under); err != nil {
		return err
	}
	if err := k.read(c); err != nil {
		return err
	}
	out := checked{k.grounds.Book.Decide(claims.Request, k.facts()), k.assumed}
	much := brief
	if c.All {
		much = full
	}
	err = a.show(out, func(w io.Writer) {
		writeDecision(w, &out.Decision, much)
		writeStrangers(w, claims.Request, &out.Decision, k.participants())
		for _, doc := range k.grounds.Book.Documents() {
			if doc.Ref() == out.Agreement {
				writeStatements(w, doc, claims.Request, &out.Decision)
			}
		}
		for _, s := range out.Assumed {
			field(w, "assumed", s)
		}
	})
	return errors.Join(err, done(statusOf(out.Verdict)))
}

// readClaims reads either form of the file.
func readClaims(file string) (*claimFile, error) {
	s, err := readSource(file)
	if err != nil {
		return nil, err
	}
	if _, wrapped := s.lines["/request"]; !wrapped {
		r := new(protocol.Request)
		if err := s.into(r); err != nil {
			return nil, err
		}
		return &claimFile{Request: r, source: s}, s.located(r.Check(), "")
	}
	f := new(claimFile)
	if err := s.into(f); err != nil {
		return nil, err
	}
	if f.Request == nil {
		return nil, s.bad(s.line("/request"), "request: want members below it")
	}
	if r := f.AddresseeRole; r != "" && r != protocol.RoleProvider && r != protocol.RoleCentral {
		return nil, s.bad(s.line("/addressee_role"), "addressee_role: want provider or central")
	}
	if f.Certification != nil && f.Certification.By == "" {
		return nil, s.bad(s.line("/certification"), "certification.by: want the designated authority")
	}
	f.source, f.under = s, "/request"
	return f, s.located(f.Request.Check(), f.under)
}

// A checking gathers what a check rests on.
type checking struct {
	claims     *claimFile
	at         time.Time
	signed     bool // whether only what pinned roots signed counts
	registered bool // whether roles come from registers
	grounds    casefile.Grounds
	assumed    []string
}

func (k *checking) assume(format string, args ...any) {
	k.assumed = append(k.assumed, fmt.Sprintf(format, args...))
}

// read reads pins, registers and agreements.
func (k *checking) read(c *checkCmd) error {
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
	return k.readAgreements(c.Agreements)
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
func (k *checking) readAgreements(dir string) (err error) {
	if dir == "" {
		docs, err := library.Documents()
		if err != nil {
			return err
		}
		k.assume("that the Parties signed the shipped texts as they stand")
		k.grounds.Book, err = agreement.NewBook(docs, nil)
		return err
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
			continue
		}
		d, err := agreement.ParseSigned(f.Bytes, k.roots)
		if err != nil {
			return badInput("an agreement cannot be believed: "+plain(err), "see comity agreement sign")
		}
		docs = append(docs, d)
	}
	if len(docs) == 0 {
		return badInput("there is no signed agreement", "want *.yaml with *.signatures.json beside it")
	}
	var err error
	k.grounds.Book, err = agreement.NewSignedBook(docs, notices)
	return orBadInput(err)
}

func (k *checking) roots(p protocol.Party) ([]*identity.Public, int, bool) {
	pin, ok := k.grounds.Directory.Trusted(p)
	return pin.Keys, pin.Threshold, ok
}

// facts are what signatures and registers would say.
func (k *checking) facts() agreement.Facts {
	r := k.claims.Request
	f := agreement.Facts{At: k.at, Issued: k.at, Ref: protocol.AgreementRef{ID: k.claims.Agreement}}
	if k.registered {
		f = k.grounds.Draft(r, k.at)
		f.Ref.ID = k.claims.Agreement
	} else {
		role := k.claims.AddresseeRole
		if role == "" {
			role = protocol.RoleProvider
		}
		f.Issuing = standing(r.Issuer, protocol.RoleIssuing)
		f.Addressee = standing(r.Addressee, role)
		k.assume("that %s is registered as issuing, and %s as %s: no registers were given",
			r.Issuer, r.Addressee, role)
		if role == protocol.RoleCentral {
			f.Issuing.Roles = append(f.Issuing.Roles, protocol.RoleCentral)
		}
	}
	f.Sender = f.Issuing
	f.Officer = agreement.Officer{Present: true, Roles: f.Issuing.Roles}
	k.assume("that an officer of %s signs the request, with what it attests", r.Issuer)
	if c := k.claims.Certification; c != nil {
		k.certify(&f, c)
	}
	return f
}

func (k *checking) certify(f *agreement.Facts, c *certified) {
	by := standing(c.By, protocol.RoleDesignated)
	if k.registered {
		by = k.grounds.Standing(c.By, k.at)
	}
	f.Certification = agreement.Certification{Present: true, By: by, Invokes: true,
		Contact: c.Contact, Targeting: c.Targeting}
	f.Sender = by
	k.assume("that %s certifies the request, invokes the agreement and transmits it", c.By)
}

func standing(id protocol.ParticipantID, role protocol.Role) agreement.Standing {
	return agreement.Standing{ID: id, Party: id.Party(), Roles: []protocol.Role{role}}
}
