package node

import (
	"context"
	"errors"
	"strings"
	"time"

	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/library"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// EarlyDocumentPause is how long a peer is asked to wait with a document that
// rests on one that is not held yet.
const EarlyDocumentPause = 5 * time.Second

// receiveDocument is how a document comes in that a peer published. It is signed
// by its Parties, so it does not matter who brings it.
func (n *Node) receiveDocument(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish) (wire.Message, error) {
	h, err := n.adopt(ctx, Document{Kind: library.KindOf(m.Kind), Bytes: m.Document}, adoption{peer: peer})
	switch {
	case err == nil || errors.Is(err, library.ErrHeld):
		return n.receiptFor(ctx, peer, m, h)
	case errors.Is(err, store.ErrNoSpace) || errors.Is(err, journal.ErrStopped):
		return n.cannotWrite(err)
	case errors.Is(err, library.ErrEarly):
		// Documents travel one by one and may overtake each other: a suspension
		// that comes before its agreement is not lost, it comes again.
		return &wire.Busy{RetryAfter: EarlyDocumentPause}, nil
	case ctx.Err() != nil:
		return nil, ctx.Err() // which says nothing of the document
	}
	return n.refuseDocument(ctx, peer, m, err)
}

// receiptFor proves that the document is in use. Each peer that brings it gets
// an entry of its own, once, so that its receipt names it.
func (n *Node) receiptFor(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish, h library.Holding) (wire.Message, error) {
	digest := protocol.DigestOf(m.Document)
	return n.answerOnce(ctx, peer, digest, ledger.Record{Kind: h.Kind.Ledger(), At: n.now(), Peer: peer,
		Document: digest})
}

func (n *Node) refuseDocument(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish, why error) (wire.Message, error) {
	reason := library.ReasonOf(why)
	n.cfg.Log.Warn("document refused", "peer", peer, "kind", m.Kind, "reason", reason)
	digest := protocol.DigestOf(m.Document)
	return n.answerOnce(ctx, peer, digest, ledger.Record{Kind: ledger.KindRefused, At: n.now(), Peer: peer,
		Document: digest, Verdict: ledger.VerdictOf(protocol.Deny), Reasons: []protocol.Reason{reason}})
}

// answerOnce records an answer to a published document, or finds the one that
// was given before. One document has many files, with these signatures or with
// those, so that entries for what is held are as few as those for what is refused.
func (n *Node) answerOnce(ctx context.Context, peer protocol.ParticipantID, d protocol.Digest, rec ledger.Record) (wire.Message, error) {
	key := append(refusedKey(d, peer), "/"+string(rec.Kind)...)
	var r response
	c, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		switch prior, err := record.Read[known](tx, key); {
		case err == nil:
			r = prior.response()
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if !n.refusals.allow(peer) {
			return errTooManyRefused
		}
		index, err := tx.Append(rec)
		if err != nil {
			return err
		}
		k := known{Act: d, Index: index, Refused: rec.Kind == ledger.KindRefused, Reasons: rec.Reasons}
		r = k.response()
		r.fresh = true
		return record.Write(tx, key, k)
	})
	if errors.Is(err, errTooManyRefused) {
		return &wire.Busy{RetryAfter: RefusalPause}, nil
	}
	if err != nil {
		return n.cannotWrite(err)
	}
	return n.respond(ctx, c, r)
}

// loadPublication returns a document that waits in the outbox.
func (n *Node) loadPublication(r store.Reader, e courier.Entry) (wire.Message, error) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(string(e.Case), documentThread), ":")
	// The newest register may be large and on its way to everybody: it is held once.
	party, _, _ := strings.Cut(name, "@")
	if b, d := n.library.Load().Register(protocol.Party(party)); d == e.Act && DocumentKind(kind) == RegisterDocument {
		return &wire.Publish{Kind: wire.KindRegister, Document: b}, nil
	}
	h, err := library.Find(r, library.Kind(kind), name, func(h *library.Holding) bool { return h.File() == e.Act })
	if err != nil {
		return nil, err
	}
	return &wire.Publish{Kind: h.Kind.Wire(), Document: h.Bytes}, nil
}

// documents returns what the store holds, by kind and name, without the bytes
// that lie in parts.
func (n *Node) documents(ctx context.Context) (held []library.Holding, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		held, err = library.List(r)
		return err
	})
	return held, err
}
