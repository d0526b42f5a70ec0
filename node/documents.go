package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
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
	// errForeign says that an agreement is none of ours.
	errForeign = errors.New("node: our Party has not signed the agreement")
	// errTooMany says that a Party has given more notices, or documents of its own
	// law, than are taken.
	errTooMany = errors.New("node: too many documents")
)

// holding is a document as the store holds it. The bytes of one that is larger
// than the store takes in one value lie beside it, in parts.
type holding struct {
	Kind   DocumentKind    `json:"kind"`
	Name   string          `json:"name"`
	Bytes  []byte          `json:"bytes"`
	Whole  protocol.Digest `json:"whole,omitzero"` // of the bytes, if they lie in parts
	Parts  int             `json:"parts,omitzero"`
	Index  int64           `json:"index"` // of its ledger entry
	Status string          `json:"status"`

	// Digest stands for an agreement or a notice as it came, among what its
	// bearer holds. It is not stored.
	Digest protocol.Digest `json:"-"`
}

// file is the digest of the document's bytes.
func (h *holding) file() protocol.Digest {
	if h.Parts > 0 {
		return h.Whole
	}
	return protocol.DigestOf(h.Bytes)
}

// fileName names the document's bytes, where the name alone does not.
func (h *holding) fileName() string {
	d := h.file()
	return h.Name + "." + hex.EncodeToString(d[:4])
}

// partSize is the size of a part, in bytes: it fits into a commit with others.
const partSize = 512 << 10

// load puts the parts together.
func (h *holding) load(r store.Reader) error {
	for i := range h.Parts {
		part, err := r.Get(partKey(h.Whole, i))
		if err != nil {
			return fmt.Errorf("node: part %d of %s: %w", i, h.Name, err)
		}
		h.Bytes = append(h.Bytes, part...)
	}
	if h.Parts > 0 && protocol.DigestOf(h.Bytes) != h.Whole {
		return fmt.Errorf("node: %s: %w", h.Name, store.ErrDamaged)
	}
	return nil
}

// spread writes the bytes of a large document in parts, before the commit that
// adopts it, and returns the holding without them. After a crash in between the
// parts are nobody's, until the same document is adopted.
func (n *Node) spread(ctx context.Context, h holding) (holding, error) {
	if len(h.Bytes) <= partSize {
		return h, nil
	}
	h.Whole = protocol.DigestOf(h.Bytes)
	for part := range slices.Chunk(h.Bytes, partSize) {
		key := partKey(h.Whole, h.Parts)
		if _, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return tx.Set(key, part) }); err != nil {
			return h, err
		}
		h.Parts++
	}
	h.Bytes = []byte{}
	return h, nil
}

// loadDocuments rebuilds the library from the store, in the order in which
// the documents were adopted.
func (n *Node) loadDocuments(ctx context.Context) error {
	l, err := n.newLibrary()
	if err != nil {
		return err
	}
	held, err := n.documents(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(a, b holding) int { return int(a.Index - b.Index) })
	for _, h := range held {
		err := n.journal.View(ctx, h.load)
		if err != nil {
			return err
		}
		next, _, err := l.with(Document{Kind: h.Kind, Bytes: h.Bytes}, n.now())
		if err != nil {
			return fmt.Errorf("%s %s: %w", h.Kind, h.Name, err)
		}
		l = next
	}
	grounds, err := l.grounds()
	if err != nil {
		return err
	}
	n.library.Store(l)
	n.grounds.Store(grounds)
	return nil
}

// An adoption says where a document came from, and whether this node is the
// one to spread it.
type adoption struct {
	peer    protocol.ParticipantID
	publish bool
}

// adopt makes a document durable and decides on it from then on, and on what
// waited for it.
func (n *Node) adopt(ctx context.Context, d Document, by adoption) (holding, error) {
	n.adopts.Lock()
	defer n.adopts.Unlock()
	h, err := n.adoptOne(ctx, d, by)
	if err == nil && d.Kind != NoticeDocument {
		err = n.tryUnused(ctx)
	}
	return h, err
}

// adoptOne is adopt for the holder of adopts. The change of grounds happens
// inside the commit, so that no act is decided on the old ones after it in the
// ledger.
func (n *Node) adoptOne(ctx context.Context, d Document, by adoption) (holding, error) {
	now := n.now()
	next, h, err := n.library.Load().with(d, now)
	if err != nil {
		return h, &unfitError{err}
	}
	grounds, err := next.grounds()
	if err != nil {
		return h, &unfitError{err}
	}
	var posted []courier.Entry
	var to []protocol.ParticipantID
	if by.publish {
		to = next.concerned(h, n.cfg.Self)
	}
	digest := protocol.DigestOf(h.Bytes)
	stored, err := n.spread(ctx, h)
	if err != nil {
		return h, err
	}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		rec := ledger.Record{Kind: ledgerKinds[d.Kind], At: now, Peer: by.peer, Document: digest}
		if stored.Index, err = tx.Append(rec); err != nil {
			return err
		}
		h.Index = stored.Index
		if err := record.Write(tx, documentKey(&stored), stored); err != nil {
			return err
		}
		for _, peer := range to {
			e := n.entry(peer, documentThread+protocol.CaseID(d.Kind)+":"+protocol.CaseID(h.Name), digest)
			e.Expires = now.Add(PublicationLifetime)
			if err := tx.Set(outKey(e), nil); err != nil {
				return err
			}
			posted = append(posted, e)
		}
		n.grounds.Store(grounds)
		return nil
	})
	if err != nil {
		return h, err
	}
	n.library.Store(next)
	if d.Kind == AgreementDocument {
		n.reckonAgain()
	}
	n.courier.Posted(posted...)
	n.cfg.Log.Info("document in use", "kind", d.Kind, "name", h.Name, "from", by.peer)
	return h, nil
}

// entry returns the next outbox entry. Only a commit calls it, so that the
// order of Seq is the order of commits, also when the clock is put back.
func (n *Node) entry(to protocol.ParticipantID, thread protocol.CaseID, act protocol.Digest) courier.Entry {
	n.seq = max(n.seq+1, uint64(n.cfg.Now().UnixNano()))
	return courier.Entry{Peer: to, Lane: wire.Ordinary, Seq: n.seq, Case: thread, Act: act}
}
