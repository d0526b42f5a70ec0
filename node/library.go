package node

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

// A library is every document in use, and what follows from them.
type library struct {
	directory  *register.Directory
	agreements map[string]agreement.SignedDocument // by id@version
	notices    map[string]agreement.SignedNotice   // by Party and id
}

func (n *Node) newLibrary() (*library, error) {
	d, err := register.NewDirectory(n.cfg.Pins...)
	return &library{d, map[string]agreement.SignedDocument{}, map[string]agreement.SignedNotice{}}, err
}

// with returns a library with one more document, and the document's name and
// what there is to say of it.
func (l *library) with(d Document, at time.Time) (*library, holding, error) {
	next := &library{l.directory, maps.Clone(l.agreements), maps.Clone(l.notices)}
	h := holding{Kind: d.Kind, Bytes: d.Bytes}
	var err error
	switch d.Kind {
	case RegisterDocument:
		err = next.addRegister(&h, at)
	case AgreementDocument:
		err = next.addAgreement(&h)
	case NoticeDocument:
		err = next.addNotice(&h)
	default:
		err = errors.New("node: want a register, an agreement or a notice")
	}
	return next, h, err
}

func (l *library) addRegister(h *holding, at time.Time) error {
	next, err := l.directory.With(h.Bytes, at)
	if err != nil {
		return err
	}
	if next == l.directory {
		return errHeld
	}
	l.directory = next
	r, err := register.Claim(h.Bytes)
	if err != nil {
		return err
	}
	h.Name = fmt.Sprintf("%s@%d", r.Party, r.Version)
	h.Status = fmt.Sprintf("%d participants, valid until %s", len(r.Participants), r.Expires.Format(time.DateOnly))
	return nil
}

func (l *library) addAgreement(h *holding) error {
	signed, err := agreement.ParseSigned(h.Bytes, l.roots)
	if err != nil {
		return err
	}
	ref := signed.Document().Ref()
	h.Name = ref.ID + "@" + ref.Version
	var by []string
	for _, p := range signed.By() {
		by = append(by, string(p))
	}
	h.Status = strings.ReplaceAll(string(signed.Document().Status), "_", " ") + ", signed by " + strings.Join(by, ", ")
	if held, ok := l.agreements[h.Name]; ok {
		if held.Document().Digest() != signed.Document().Digest() {
			return fmt.Errorf("%w as %s: give it a new version", errReplaced, h.Name)
		}
		if len(signed.By()) <= len(held.By()) {
			return errHeld
		}
	}
	l.agreements[h.Name] = signed
	return nil
}

func (l *library) addNotice(h *holding) error {
	signed, err := agreement.VerifyNotice(h.Bytes, l.roots)
	if err != nil {
		return err
	}
	notice := signed.Notice()
	h.Name = string(notice.Party) + "." + notice.ID
	h.Status = fmt.Sprintf("%s of %s by %s, effective %s", notice.Kind, notice.Agreement, notice.Party,
		notice.Effective.Format(time.RFC3339))
	if held, ok := l.notices[h.Name]; ok {
		a, err1 := held.Notice().Encode()
		b, err2 := notice.Encode()
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			return fmt.Errorf("%w as %s: give it a new id", errReplaced, h.Name)
		}
		return errHeld
	}
	for _, a := range l.agreements {
		if a.Document().ID == notice.Agreement {
			l.notices[h.Name] = signed
			return nil
		}
	}
	return fmt.Errorf("%w: agreement %s", errEarly, notice.Agreement)
}

// roots are the keys with which a Party signs agreements and notices: those of
// its newest register, or of its pin while none is held.
func (l *library) roots(p protocol.Party) ([]*identity.Public, int, bool) {
	pin, ok := l.directory.Trusted(p)
	return pin.Keys, pin.Threshold, ok
}

// grounds are what acts are decided on with this library.
func (l *library) grounds() (*casefile.Grounds, error) {
	var docs []agreement.SignedDocument
	for _, name := range slices.Sorted(maps.Keys(l.agreements)) {
		docs = append(docs, l.agreements[name])
	}
	var notices []agreement.SignedNotice
	for _, name := range slices.Sorted(maps.Keys(l.notices)) {
		notices = append(notices, l.notices[name])
	}
	book, err := agreement.NewSignedBook(docs, notices)
	if err != nil {
		return nil, err
	}
	return &casefile.Grounds{Directory: l.directory, Book: book}, nil
}
