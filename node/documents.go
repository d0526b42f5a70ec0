package node

import (
	"context"
	"time"

	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/library"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// PublicationLifetime is how long a document that was published here waits for
// a peer that is down.
const PublicationLifetime = 90 * 24 * time.Hour

// loadDocuments rebuilds the library from the store.
func (n *Node) loadDocuments(ctx context.Context) error {
	var l *library.Library
	err := n.journal.View(ctx, func(r store.Reader) (err error) {
		l, err = library.Read(r, n.cfg.Self.Party(), n.cfg.Pins, n.now())
		return err
	})
	if err != nil {
		return err
	}
	grounds, err := l.Grounds()
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
func (n *Node) adopt(ctx context.Context, d Document, by adoption) (library.Holding, error) {
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
func (n *Node) adoptOne(ctx context.Context, d Document, by adoption) (library.Holding, error) {
	now := n.now()
	next, h, err := n.library.Load().With(d, now)
	if err != nil {
		return h, &unfitError{err}
	}
	grounds, err := next.Grounds()
	if err != nil {
		return h, &unfitError{err}
	}
	var posted []courier.Entry
	var to []protocol.ParticipantID
	if by.publish {
		to = next.Concerned(h, n.cfg.Self)
	}
	digest := protocol.DigestOf(h.Bytes)
	stored, err := h.Spread(func(key, part []byte) error {
		_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return tx.Set(key, part) })
		return err
	})
	if err != nil {
		return h, err
	}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
		rec := ledger.Record{Kind: d.Kind.Ledger(), At: now, Peer: by.peer, Document: digest}
		if stored.Index, err = tx.Append(rec); err != nil {
			return err
		}
		h.Index = stored.Index
		if err := stored.Save(tx); err != nil {
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
