// Package replay keeps a decision with all that it was made of, and makes it
// again: the same bytes, years later and on any machine, or else where they
// first differ.
//
// A Record holds the request, what was known of it, the bytes of every document
// and notice that could bear on the decision, and the decision. It is read by
// whoever may read the request: it holds the identifiers.
//
// The package is pure. It is trusted with this: what it calls the same is the
// same byte for byte. Who made a record it does not know: whoever wants to be
// sure of that notes its digest elsewhere.
package replay

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/register"
)

// Format is the version of the layout of a Record.
const Format = "comity-decision/1"

// MaxRecord bounds a record, in bytes: some dozens of the largest documents.
const MaxRecord = 16 << 20

// A Record is a decision with what it was made of.
type Record struct {
	Format    string            `json:"format"`
	Request   protocol.Request  `json:"request"`
	Facts     Facts             `json:"facts"`
	Documents []Document        `json:"documents"` // by id, the newest version of each first
	Notices   [][]byte          `json:"notices"`   // signed, or canonical where nobody's signature counts
	Roots     []register.Pin    `json:"roots"`     // whose signatures count; none: nobody's was asked for
	Decision  protocol.Decision `json:"decision"`

	// Digest is that of the record without it: it tells a file that was changed
	// by accident from one that was not.
	Digest protocol.Digest `json:"digest"`
}

// A Document is an agreement, with the file of its Parties' signatures where
// those count.
type Document struct {
	Text       []byte `json:"text"`
	Signatures []byte `json:"signatures,omitempty"`
}

// Sources are the documents and notices on which something was decided, as
// they were read.
type Sources struct {
	Documents []Document
	Notices   [][]byte
	Roots     []register.Pin
}

// ErrDiffers says that what would be saved does not give the decision that was
// made.
var ErrDiffers = errors.New("decided again it gives another decision")

// Make returns the record of a decision. Of the sources it keeps what could
// bear on it, and refuses to make a record that would not give it again.
func Make(r *protocol.Request, f agreement.Facts, s Sources, d protocol.Decision) (*Record, error) {
	if r == nil {
		return nil, errors.New("replay: make: there is no request")
	}
	out := &Record{Format: Format, Request: *r, Facts: factsOf(&f), Roots: slices.Concat([]register.Pin{}, s.Roots),
		Documents: []Document{}, Notices: [][]byte{}, Decision: d}
	if err := out.gather(&s); err != nil {
		return nil, fmt.Errorf("replay: make: %w", err)
	}
	again, err := out.Decide()
	if err != nil {
		return nil, err
	}
	if where := Difference(&again, &d); where != "" {
		return nil, fmt.Errorf("replay: make: %w, at %s", ErrDiffers, where)
	}
	if out.Digest, err = out.digest(); err != nil {
		return nil, fmt.Errorf("replay: make: %w", err)
	}
	return out, nil
}

// gather keeps of the sources what could bear on the decision.
func (r *Record) gather(s *Sources) error {
	held := map[string]bool{}
	for _, source := range s.Documents {
		doc, err := agreement.ParseDocument("agreement", source.Text)
		if err != nil {
			return err
		}
		if r.Facts.concernedBy(doc) {
			r.Documents, held[doc.ID] = append(r.Documents, source), true
		}
	}
	for _, b := range s.Notices {
		n, err := r.notice(b)
		if err != nil {
			return err
		}
		if held[n.Agreement] {
			r.Notices = append(r.Notices, b)
		}
	}
	return nil
}

// notice reads a notice as the record holds it.
func (r *Record) notice(b []byte) (*agreement.Notice, error) {
	if len(r.Roots) == 0 {
		return agreement.ParseNotice(b)
	}
	signed, err := agreement.VerifyNotice(b, r.roots)
	if err != nil {
		return nil, err
	}
	return signed.Notice(), nil
}

func (r *Record) roots(p protocol.Party) ([]*identity.Public, int, bool) {
	for i := range r.Roots {
		if r.Roots[i].Party == p {
			return r.Roots[i].Keys, r.Roots[i].Threshold, true
		}
	}
	return nil, 0, false
}

// Decide makes the decision again, of what the record holds.
func (r *Record) Decide() (protocol.Decision, error) {
	book, err := r.book()
	if err != nil {
		return protocol.Decision{}, fmt.Errorf("replay: decide: %w", err)
	}
	return book.Decide(&r.Request, r.Facts.facts()), nil
}

func (r *Record) book() (*agreement.Book, error) {
	if len(r.Roots) == 0 {
		return r.plainBook()
	}
	var docs []agreement.SignedDocument
	for _, source := range r.Documents {
		b, err := agreement.EncodeSigned(source.Text, source.Signatures)
		if err != nil {
			return nil, err
		}
		doc, err := agreement.ParseSigned(b, r.roots)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	var notices []agreement.SignedNotice
	for _, b := range r.Notices {
		n, err := agreement.VerifyNotice(b, r.roots)
		if err != nil {
			return nil, err
		}
		notices = append(notices, n)
	}
	return agreement.NewSignedBook(docs, notices)
}

func (r *Record) plainBook() (*agreement.Book, error) {
	var docs []*agreement.Document
	for _, source := range r.Documents {
		doc, err := agreement.ParseDocument("agreement", source.Text)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	var notices []*agreement.Notice
	for _, b := range r.Notices {
		n, err := agreement.ParseNotice(b)
		if err != nil {
			return nil, err
		}
		notices = append(notices, n)
	}
	return agreement.NewBook(docs, notices)
}

// digest returns the digest of the record without its own.
func (r *Record) digest() (protocol.Digest, error) {
	plain := *r
	plain.Digest = protocol.Digest{}
	b, err := canon.Encode(plain)
	return protocol.DigestOf(b), err
}

// Intact reports whether the record is what was saved, as far as nobody meant
// to deceive.
func (r *Record) Intact() bool {
	d, err := r.digest()
	return err == nil && d == r.Digest
}

// Encode returns the canonical form of r.
func (r *Record) Encode() ([]byte, error) {
	b, err := canon.Encode(r)
	if err == nil && len(b) > MaxRecord {
		err = fmt.Errorf("%d bytes: want at most %d", len(b), MaxRecord)
	}
	if err != nil {
		return nil, fmt.Errorf("replay: encode: %w", err)
	}
	return b, nil
}

// Parse reads a record from its canonical form. What is in it is not believed:
// Decide finds it out.
func Parse(b []byte) (*Record, error) {
	if len(b) > MaxRecord {
		return nil, fmt.Errorf("replay: parse: %d bytes: want at most %d", len(b), MaxRecord)
	}
	r := new(Record)
	if err := canon.Decode(b, r); err != nil {
		return nil, fmt.Errorf("replay: parse: %w", err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("replay: parse: format: want %q", Format)
	}
	return r, nil
}

// A Result is what came of a record that was decided again.
type Result struct {
	Same   bool `json:"same"`   // byte for byte
	Intact bool `json:"intact"` // the record is what was saved
	// Where is the first place at which the two decisions differ: "findings[3],
	// serious-crime". Never what stands there.
	Where    string           `json:"where,omitzero"`
	Why      string           `json:"why,omitzero"` // when nothing could be decided
	Verdict  protocol.Verdict `json:"verdict"`      // of the decision that was saved
	Again    protocol.Verdict `json:"again"`        // of the decision made now
	Decision protocol.Digest  `json:"decision"`     // of the canonical form of the one that was saved
}

// Replay decides a record again and compares.
func (r *Record) Replay() Result {
	out := Result{Intact: r.Intact(), Verdict: r.Decision.Verdict}
	saved, err := canon.Encode(r.Decision)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	out.Decision = protocol.DigestOf(saved)
	again, err := r.Decide()
	if err != nil {
		out.Why = err.Error()
		return out
	}
	out.Again = again.Verdict
	now, err := canon.Encode(again)
	out.Same = err == nil && bytes.Equal(saved, now)
	if !out.Same {
		out.Where = Difference(&r.Decision, &again)
	}
	return out
}
