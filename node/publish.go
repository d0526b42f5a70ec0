package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/canon"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// EarlyDocumentPause is how long a peer is asked to wait with a document that
// rests on one that is not held yet.
const EarlyDocumentPause = 5 * time.Second

// receiveDocument is how a document comes in that a peer published. It is signed
// by its Parties, so it does not matter who brings it.
func (n *Node) receiveDocument(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish) (wire.Message, error) {
	h, err := n.adopt(ctx, Document{Kind: documentKind(m.Kind), Bytes: m.Document}, adoption{peer: peer})
	switch {
	case err == nil || errors.Is(err, errHeld):
		return n.receiptFor(ctx, peer, m, h)
	case errors.Is(err, store.ErrNoSpace) || errors.Is(err, journal.ErrStopped):
		return n.cannotWrite(err)
	case errors.Is(err, errEarly):
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
func (n *Node) receiptFor(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish, h holding) (wire.Message, error) {
	digest := protocol.DigestOf(m.Document)
	return n.answerOnce(ctx, peer, digest, ledger.Record{Kind: ledgerKinds[h.Kind], At: n.now(), Peer: peer,
		Document: digest})
}

func (n *Node) refuseDocument(ctx context.Context, peer protocol.ParticipantID, m *wire.Publish, why error) (wire.Message, error) {
	reason := reasonOf(why)
	n.cfg.Log.Warn("document refused", "peer", peer, "kind", m.Kind, "reason", reason)
	digest := protocol.DigestOf(m.Document)
	return n.answerOnce(ctx, peer, digest, ledger.Record{Kind: ledger.KindRefused, At: n.now(), Peer: peer,
		Document: digest, Verdict: ledger.VerdictOf(protocol.Deny), Reasons: []protocol.Reason{reason}})
}

// reasonOf returns what may be told about a document that was not adopted.
func reasonOf(err error) protocol.Reason {
	for _, c := range []struct {
		err    error
		reason protocol.Reason
	}{
		{seal.ErrSignatureMissing, protocol.ReasonSignatureMissing},
		{agreement.ErrUnsigned, protocol.ReasonUnsigned},
		{agreement.ErrOneSignature, protocol.ReasonUnsigned},
		{agreement.ErrTooFewSigners, protocol.ReasonSignatureMissing},
		{agreement.ErrOtherBytes, protocol.ReasonNotAuthentic},
		{agreement.ErrBadSignature, protocol.ReasonNotAuthentic},
		{agreement.ErrNotThatParty, protocol.ReasonNotAuthentic},
		{agreement.ErrUnknownRoots, protocol.ReasonUnknownParty},
		{errReplaced, protocol.ReasonConflict},
		{errForeign, protocol.ReasonUnsigned},
		{errTooMany, protocol.ReasonTooLarge},
	} {
		if errors.Is(err, c.err) {
			return c.reason
		}
	}
	return register.Reason(err)
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
	if b, d := n.library.Load().register(protocol.Party(party)); d == e.Act && DocumentKind(kind) == RegisterDocument {
		return &wire.Publish{Kind: wire.KindRegister, Document: b}, nil
	}
	h, err := findDocument(r, kind, name, func(h *holding) bool { return h.file() == e.Act })
	if err != nil {
		return nil, err
	}
	return &wire.Publish{Kind: wireKinds[h.Kind], Document: h.Bytes}, nil
}

// concerned returns whom a document that is published here is sent to: a
// register and a Party's law to everybody we know, an agreement or a notice to
// the participants of the Parties that signed: others do not take it.
func (l *library) concerned(h holding, self protocol.ParticipantID) []protocol.ParticipantID {
	parties := l.directory.Parties()
	switch h.Kind {
	case AgreementDocument:
		if a := l.agreements[h.Name]; !a.domestic() { // everybody may come up against a Party's law
			parties = a.By()
		}
	case NoticeDocument:
		parties = nil
		id := l.notices[h.Name].Notice().Agreement
		for _, a := range l.agreements {
			if a.Document().ID == id {
				parties = append(parties, a.By()...)
			}
		}
	}
	var to []protocol.ParticipantID
	for _, p := range parties {
		held, err := l.directory.Register(p)
		if err != nil {
			continue
		}
		for i := range held.Participants {
			if id := held.Participants[i].ID; id != self && !slices.Contains(to, id) {
				to = append(to, id)
			}
		}
	}
	return to
}

// findDocument returns the newest document of a name that is wanted.
func findDocument(r store.Reader, kind, name string, wanted func(*holding) bool) (holding, error) {
	found := holding{Index: -1}
	err := r.Scan(store.Range{Prefix: documentPrefix(kind, name)}, func(_, value []byte) (bool, error) {
		var h holding
		err := canon.Read(value, &h)
		if h.Name == name && h.Index > found.Index && wanted(&h) {
			found = h
		}
		return true, err
	})
	if err == nil && found.Index < 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return found, err
	}
	return found, found.load(r)
}

// documents returns what the store holds, by kind and name, without the bytes
// that lie in parts.
func (n *Node) documents(ctx context.Context) ([]holding, error) {
	var out []holding
	err := n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDocument)}, func(_, value []byte) (bool, error) {
			var h holding
			err := canon.Read(value, &h)
			out = append(out, h)
			return true, err
		})
	})
	return out, err
}
