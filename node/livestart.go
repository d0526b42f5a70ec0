package node

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

// fillTap completes what an interception's start announces, and what its stop says of
// it. What was prepared before stays as officers signed it.
func (n *Node) fillTap(ctx context.Context, g casefile.Grounds, p *plan, now time.Time) error {
	tap := p.body.Interception
	if tap == nil || p.file.Addressee != n.cfg.Self {
		return nil
	}
	t := *tap
	p.body.Interception = &t
	switch {
	case t.Action == protocol.TapStarted && t.Live != nil:
		l := *t.Live
		t.Live = &l
		return n.announce(g, p, &l, now)
	case t.Action == protocol.TapStopped:
		return n.account(ctx, p, &t)
	}
	return nil
}

// announce gives a live object its id, its readers and its keys: the readers are
// those of a disclosure in the case.
func (n *Node) announce(g casefile.Grounds, p *plan, l *protocol.Live, now time.Time) error {
	readers := protocol.Reading(p.file.Recipients(protocol.KindDisclosure, n.cfg.Self), p.file.Issuer, n.cfg.Self)
	keys, err := sealKeys(g, readers, now)
	if err != nil {
		return err
	}
	keys = append(keys, n.cfg.Keys.Open.Public())
	prepared := !l.ID.IsZero()
	if !prepared {
		l.ID = n.lives.announced.of(p.file.ID)
	}
	_, sent, err := n.vault.StartLive(p.file.ID, l.ID)
	if err != nil {
		return n.vaultProblem(err)
	}
	shares := &protocol.EvidenceKeys{Case: p.file.ID, Shares: []protocol.KeyShare{{Object: l.ID, Share: sent[:]}}}
	if prepared {
		if !slices.Equal(l.Readers, readers) || !n.areKeys(l.Keys, shares, keys) {
			return &desk.Problem{Status: http.StatusConflict, Text: "the case, or a key of who reads it, has changed since this was prepared",
				Hint: "prepare it again"}
		}
		return nil
	}
	b, err := shares.Encode()
	if err != nil {
		return err
	}
	l.Readers = readers
	l.Keys, err = seal.Seal(evidence.KeysType, b, keys...)
	return err
}

// announcements are the ids of the live objects that were prepared, and perhaps never
// sent: who prepares again gets the same, so that the vault does not fill with keys.
type announcements struct {
	mu  sync.Mutex
	ids map[protocol.CaseID]protocol.Digest // guarded by mu
}

// maxAnnouncements bounds them.
const maxAnnouncements = 1024

func (a *announcements) of(id protocol.CaseID) protocol.Digest {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d, ok := a.ids[id]; ok {
		return d
	}
	if a.ids == nil || len(a.ids) >= maxAnnouncements {
		a.ids = map[protocol.CaseID]protocol.Digest{}
	}
	var d protocol.Digest
	rand.Read(d[:]) // never returns an error
	a.ids[id] = d
	return d
}

// account says of a stop what was delivered. To ask for it seals the live object:
// from here nothing more is taken, also if the act is never sent.
func (n *Node) account(ctx context.Context, p *plan, t *protocol.Tap) error {
	if p.file.Said(protocol.KindInterception, string(protocol.TapStopped)) {
		return nil // it is refused, or says no more
	}
	var l *liveRecord
	err := n.journal.View(ctx, func(r store.Reader) (err error) {
		l, err = liveOf(r, p.file.ID)
		return err
	})
	if err != nil {
		return err
	}
	t.Product = nil
	if l == nil || l.From != n.cfg.Self {
		return nil
	}
	t.Product, err = n.sealLive(p.file.ID, l)
	return err
}
