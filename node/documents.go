package node

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// DocumentKind says what a document is.
type DocumentKind string

// The kinds.
const (
	RegisterDocument  DocumentKind = "register"
	AgreementDocument DocumentKind = "agreement"
	NoticeDocument    DocumentKind = "notice"
)

var wireKinds = map[DocumentKind]wire.Kind{
	RegisterDocument:  wire.KindRegister,
	AgreementDocument: wire.KindAgreement,
	NoticeDocument:    wire.KindNotice,
}

var ledgerKinds = map[DocumentKind]ledger.Kind{
	RegisterDocument:  ledger.KindRegister,
	AgreementDocument: ledger.KindAgreement,
	NoticeDocument:    ledger.KindNotice,
}

// PublicationLifetime is how long a document that was published here waits for
// a peer that is down.
const PublicationLifetime = 90 * 24 * time.Hour

var (
	// errHeld says that a document is already in use.
	errHeld = errors.New("node: the document is held")
	// errReplaced says that another document is in use under the same name.
	errReplaced = errors.New("node: another document is in use")
	// errEarly says that a document rests on one that is not held yet.
	errEarly = errors.New("node: the document rests on one that is not held yet")
)

// holding is a document as the store holds it.
type holding struct {
	Kind   DocumentKind `json:"kind"`
	Name   string       `json:"name"`
	Bytes  []byte       `json:"bytes"`
	Index  int64        `json:"index"` // of its ledger entry
	Status string       `json:"status"`
}

// fileName names the document's bytes, where the name alone does not.
func (h *holding) fileName() string {
	d := protocol.DigestOf(h.Bytes)
	return h.Name + "." + hex.EncodeToString(d[:4])
}

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

// loadDocuments rebuilds the library from the store, in the order in which
// the documents were adopted.
func (n *Node) loadDocuments(ctx context.Context) error {
	var held []holding
	err := n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDocument)}, func(_, value []byte) (bool, error) {
			var h holding
			err := canon.Read(value, &h)
			held = append(held, h)
			return true, err
		})
	})
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(a, b holding) int { return int(a.Index - b.Index) })
	if n.library, err = n.newLibrary(); err != nil {
		return err
	}
	for _, h := range held {
		next, _, err := n.library.with(Document{h.Kind, h.Bytes}, n.now())
		if err != nil {
			return fmt.Errorf("%s %s: %w", h.Kind, h.Name, err)
		}
		n.library = next
	}
	grounds, err := n.library.grounds()
	if err != nil {
		return err
	}
	n.grounds.Store(grounds)
	return nil
}

// adoptAll adopts the documents that came with the configuration: registers
// first, since they say who signs the rest.
func (n *Node) adoptAll(ctx context.Context) error {
	for _, kind := range []DocumentKind{RegisterDocument, AgreementDocument, NoticeDocument} {
		for _, d := range n.cfg.Documents {
			if d.Kind != kind {
				continue
			}
			_, err := n.adopt(ctx, d, adoption{peer: n.cfg.Self})
			old := errors.Is(err, register.ErrRollback) // a newer register came over a link
			if err != nil && !errors.Is(err, errHeld) && !old {
				return err
			}
		}
	}
	return nil
}

// An adoption says where a document came from, and whether this node is the
// one to spread it.
type adoption struct {
	peer    protocol.ParticipantID
	publish bool
}

// adopt makes a document durable and decides on it from then on: the change of
// grounds happens inside the commit, so that no act is decided on the old ones
// after it in the ledger.
func (n *Node) adopt(ctx context.Context, d Document, by adoption) (holding, error) {
	n.adopts.Lock()
	defer n.adopts.Unlock()
	now := n.now()
	next, h, err := n.library.with(d, now)
	if err != nil {
		return h, err
	}
	grounds, err := next.grounds()
	if err != nil {
		return h, err
	}
	var to []protocol.ParticipantID
	if by.publish {
		to = next.concerned(h, n.cfg.Self)
	}
	digest := protocol.DigestOf(d.Bytes)
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		rec := ledger.Record{Kind: ledgerKinds[d.Kind], At: now, Peer: by.peer, Document: digest}
		if h.Index, err = tx.Append(rec); err != nil {
			return err
		}
		if err := writeJSON(tx, documentKey(&h), h); err != nil {
			return err
		}
		for _, peer := range to {
			e := n.entry(peer, documentThread+protocol.CaseID(d.Kind)+":"+protocol.CaseID(h.Name), digest)
			e.Expires = now.Add(PublicationLifetime)
			if err := tx.Set(outKey(e), nil); err != nil {
				return err
			}
		}
		n.grounds.Store(grounds)
		return nil
	})
	if err != nil {
		return h, err
	}
	n.library = next
	for _, peer := range to {
		n.courier.Wake(peer)
	}
	n.cfg.Log.Info("document in use", "kind", d.Kind, "name", h.Name, "from", by.peer)
	return h, nil
}

// entry returns the next outbox entry. Only a commit calls it, so that the
// order of Seq is the order of commits; legal time may not run backwards here.
func (n *Node) entry(to protocol.ParticipantID, thread protocol.CaseID, act protocol.Digest) courier.Entry {
	n.seq = max(n.seq+1, uint64(n.cfg.Now().UnixNano()))
	return courier.Entry{Peer: to, Lane: wire.Ordinary, Seq: n.seq, Case: thread, Act: act}
}
