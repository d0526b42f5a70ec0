package exhibit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"comity.example/crypto/stream"
	"comity.example/node/store"
	"comity.example/node/transfer"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// MaxGrants bounds how many disclosures a node remembers that are being fetched.
const MaxGrants = 1024

// A grant is who may fetch what, by an act of ours.
type grant struct {
	id      protocol.CaseID
	readers []protocol.ParticipantID
	objects map[protocol.Digest]int64 // sealed size, by tree hash
	// withheld are the readers of an object who get nothing of it any more.
	withheld map[protocol.Digest][]protocol.ParticipantID
	bound    protocol.CaseID
	urgent   bool
}

// to reports whether a peer may fetch an object.
func (g *grant) to(peer protocol.ParticipantID, object protocol.Digest) bool {
	_, ok := g.objects[object]
	return ok && slices.Contains(g.readers, peer) && !slices.Contains(g.withheld[object], peer)
}

// grants are those that were asked for lately.
type grants struct {
	mu   sync.Mutex
	held map[protocol.Digest]*grant // by act; guarded by mu
	// changed counts what may have taken a grant back; guarded by mu. Who reads a
	// case while that happens keeps nothing of what it read.
	changed uint64
}

func (g *grants) get(act protocol.Digest) (x *grant, changed uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held[act], g.changed
}

func (g *grants) keep(act protocol.Digest, x *grant, changed uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if changed != g.changed {
		return
	}
	if g.held == nil || len(g.held) >= MaxGrants {
		g.held = map[protocol.Digest]*grant{}
	}
	g.held[act] = x
}

func (g *grants) forget(act protocol.Digest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, act)
	g.changed++
}

// Withdraw forgets the grants of a case after the commit of an act that may take
// some back: evidence may not be used any more, or a reader has deleted it. That holds
// of what was passed on out of the case into others, too.
func (k *Keeper) Withdraw(act *protocol.Act) {
	if b := &act.Body; b.Deletion == nil && b.Refusal == nil && b.Validation == nil {
		return
	}
	k.grants.withdraw(act.Case)
	k.lives.stir(act.Case)
}

func (g *grants) withdraw(id protocol.CaseID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.held, func(_ protocol.Digest, x *grant) bool { return x.id == id || x.bound == id })
	g.changed++
}

// grantOf returns what an act of ours lets its readers fetch; of any other act, of
// one that nobody took, and of one that is not there, nothing. What was passed on out of
// another case is given to nobody once it may not be used there.
func (k *Keeper) grantOf(ctx context.Context, act protocol.Digest) (*grant, error) {
	g, changed := k.grants.get(act)
	if g != nil {
		return g, nil
	}
	g = &grant{}
	err := k.journal.View(ctx, func(r store.Reader) error {
		a, err := k.cfg.Cases.Act(r, act)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || a.From != k.cfg.Self || a.Body.Disclosure == nil {
			return err
		}
		c, err := k.cfg.Cases.Case(r, a.Case)
		if err != nil {
			return err
		}
		lost := slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Act == act && e.Lost() })
		m, err := manifestIn(a)
		if err != nil || lost {
			return err
		}
		bound, err := k.cfg.Cases.Case(r, m.bound)
		if err != nil {
			return err
		}
		g = &grant{id: a.Case, readers: a.Body.Disclosure.Readers, objects: map[protocol.Digest]int64{},
			bound: m.bound, urgent: c.Emergency, withheld: map[protocol.Digest][]protocol.ParticipantID{}}
		for _, o := range m.objects {
			g.objects[o.Tree] = stream.SealedSize(o.Size)
			for _, reader := range g.readers {
				if !c.Serves(act, o.Tree, reader) || !bound.Passable(o.Tree, k.cfg.Self) {
					g.withheld[o.Tree] = append(g.withheld[o.Tree], reader)
				}
			}
		}
		return nil
	})
	if err == nil && len(g.objects) > 0 { // what is not ours costs a stranger's rate, not our memory
		k.grants.keep(act, g, changed)
	}
	return g, err
}

// LendBlock answers a peer that fetches what was disclosed to it.
func (k *Keeper) LendBlock(ctx context.Context, peer protocol.ParticipantID, m *wire.BlockQuery) (wire.Message, error) {
	g, err := k.grantOf(ctx, m.Act)
	if err != nil {
		return nil, err
	}
	if !g.to(peer, m.Tree) || m.Index >= protocol.MaxObject/stream.ChunkSize {
		k.lent("refused", 0)
		return &wire.Nothing{}, nil
	}
	sealed := g.objects[m.Tree]
	_, size := evidence.BlockAt(sealed, int64(m.Index))
	if size <= 0 {
		k.lent("refused", 0)
		return &wire.Nothing{}, nil
	}
	leave, err := k.shares.Enter(ctx, transfer.Request{Peer: peer, Case: g.id, Tree: m.Tree, Size: size,
		Sealed: sealed, Urgent: g.urgent})
	var busy *transfer.BusyError
	switch {
	case errors.As(err, &busy):
		k.lent("busy", 0)
		return &wire.Busy{RetryAfter: min(busy.After, wire.MaxRetryAfter)}, nil
	case err != nil:
		return nil, err
	}
	defer leave()
	// The key decides: whoever destroyed it hands out no bytes either.
	if err := k.vault.Keeps(g.id, m.Tree); err != nil {
		return k.lendNothing(err)
	}
	block, err := k.vault.Block(m.Tree, int64(m.Index))
	if err != nil {
		return k.lendNothing(err)
	}
	k.lent("block", len(block.Block))
	k.handedBlock(ctx, handoutID{exhibitID{g.id, m.Tree}, peer}, sealed, int64(m.Index))
	return block, nil
}

// LendShare hands out the share of a key that was kept back.
func (k *Keeper) LendShare(ctx context.Context, peer protocol.ParticipantID, m *wire.ShareQuery) (wire.Message, error) {
	g, err := k.grantOf(ctx, m.Act)
	if err != nil {
		return nil, err
	}
	if !g.to(peer, m.Object) {
		if answer, err := k.lendLiveShare(ctx, peer, m); answer != nil || err != nil {
			return answer, err
		}
		k.lent("refused", 0)
		return &wire.Nothing{}, nil
	}
	held, _, err := k.vault.Key(g.id, m.Object)
	if err != nil {
		return k.lendNothing(err)
	}
	k.lent("share", 0)
	k.handedKey(ctx, handoutID{exhibitID{g.id, m.Object}, peer})
	return &wire.Share{Share: held}, nil
}

// lendNothing answers who may have what is not here.
func (k *Keeper) lendNothing(err error) (wire.Message, error) {
	for _, gone := range []error{vault.ErrAbsent, vault.ErrDestroyed, vault.ErrNoKey} {
		if errors.Is(err, gone) {
			k.lent("gone", 0)
			return &wire.Nothing{}, nil
		}
	}
	k.lent("failed", 0)
	k.cfg.Log.Error("evidence cannot be read", "error", err)
	return nil, err
}
