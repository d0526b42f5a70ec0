package exhibit

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"sync"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

// fillTap completes what an interception's start announces, and what its stop says of
// it. What was prepared before stays as officers signed it.
func (k *Keeper) fillTap(ctx context.Context, u Unfilled, body *protocol.Body) error {
	tap := body.Interception
	if tap == nil || u.Case.Addressee != k.cfg.Self {
		return nil
	}
	t := *tap
	body.Interception = &t
	switch {
	case t.Action == protocol.TapStarted && t.Live != nil:
		l := *t.Live
		t.Live = &l
		return k.announce(u, &l)
	case t.Action == protocol.TapStopped:
		return k.account(ctx, u.Case, &t)
	}
	return nil
}

// announce gives a live object its id, its readers and its keys: the readers are
// those of a disclosure in the case.
func (k *Keeper) announce(u Unfilled, l *protocol.Live) error {
	readers := protocol.Reading(u.Case.Recipients(protocol.KindDisclosure, k.cfg.Self), u.Case.Issuer, k.cfg.Self)
	keys, err := sealKeys(u, readers)
	if err != nil {
		return err
	}
	keys = append(keys, k.cfg.Open.Public())
	prepared := !l.ID.IsZero()
	if !prepared {
		l.ID = k.lives.announced.of(u.Case.ID)
	}
	_, sent, err := k.vault.StartLive(u.Case.ID, l.ID)
	if err != nil {
		return k.vaultProblem(err)
	}
	shares := &protocol.EvidenceKeys{Case: u.Case.ID, Shares: []protocol.KeyShare{{Object: l.ID, Share: sent[:]}}}
	if prepared {
		if !slices.Equal(l.Readers, readers) || !k.areKeys(l.Keys, shares, keys) {
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
func (k *Keeper) account(ctx context.Context, c *casefile.Case, t *protocol.Tap) error {
	if c.Said(protocol.KindInterception, string(protocol.TapStopped)) {
		return nil // it is refused, or says no more
	}
	var l *liveRecord
	err := k.journal.View(ctx, func(r store.Reader) (err error) {
		l, err = liveOf(r, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	t.Product = nil
	if l == nil || l.From != k.cfg.Self {
		return nil
	}
	t.Product, err = k.sealLive(c.ID, l)
	return err
}
