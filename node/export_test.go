package node

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"comity.example/node/exhibit"
	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

const (
	// fillCommit is how many cases Fill puts into one commit, and fillCommits
	// how many commits wait for one sync.
	fillCommit  = 16
	fillCommits = 4
)

// What the tests know of the patience of package exhibit.
const (
	FetchRetry  = exhibit.FetchRetry
	LiveAhead   = exhibit.LiveAhead
	LiveWaiters = exhibit.LiveWaiters
)

// Overtaking and Curable are what SPEC.md says of them.
const Overtaking = overtaking

// Curable returns the reasons before which a peer is asked for what is lacking.
func Curable() []protocol.Reason { return curable }

// NoteRefused keeps that a request was refused in a case under an agreement.
func (n *Node) NoteRefused(ctx context.Context, r *protocol.Request, c protocol.CaseID, agreement string) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return noteRefused(tx, r, c, agreement) })
	return err
}

// Signed returns the signed bytes of an act that the node holds.
func (n *Node) Signed(ctx context.Context, act protocol.Digest) (signed []byte, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		signed, err = r.Get(digestKey(prefixAct, act))
		return err
	})
	return signed, err
}

// OweRelay writes the duty to pass a withdrawal on, whatever the case is.
func (n *Node) OweRelay(ctx context.Context, id protocol.CaseID, act protocol.Digest) error {
	d := duty{Case: id, Kind: protocol.KindRelay, Act: act}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return record.Write(tx, dutyKey(&d), d) })
	n.duties.wake()
	return err
}

// Duties returns how many duties are not done.
func (n *Node) Duties(ctx context.Context) (int, error) {
	due, err := n.due(ctx)
	return len(due), err
}

// Fill stores count cases, as if each had been opened by an act like the one in
// signed: by the same code, under the same keys, in the same number of bytes.
// Only the signatures are those of the one act.
func (n *Node) Fill(ctx context.Context, signed []byte, count int) error {
	now := n.now()
	grounds := n.grounds.Load()
	like, fault := chain.VerifyOffline(signed, chain.Context{Directory: grounds.Directory, At: now})
	if fault != nil {
		return fault.Err
	}
	decision := grounds.Decide(like, now)
	ruled, err := rule(&decision, now)
	if err != nil {
		return err
	}

	var left atomic.Int64
	left.Store(int64(count))
	failed := make([]error, fillCommits)
	var wg sync.WaitGroup
	for i := range failed {
		wg.Go(func() {
			for failed[i] == nil && left.Load() > 0 {
				_, failed[i] = n.journal.Commit(ctx, func(tx *journal.Tx) error {
					for range fillCommit {
						if left.Add(-1) < 0 {
							return nil
						}
						a := gate.Arrival{Peer: like.Act.From, Act: another(*like), Decision: decision}
						if _, err := n.take(tx, &a, ruled); err != nil {
							return err
						}
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// another returns an act like a in a case of its own.
func another(a chain.Authentic) *chain.Authentic {
	act := *a.Act
	act.ID, act.Case = protocol.NewActID(), protocol.NewCaseID()
	a.Act, a.Digest = &act, protocol.DigestOf([]byte(act.ID))
	return &a
}

// TickCase has the clocks of one case looked at, as the clerk does for all.
func (n *Node) TickCase(ctx context.Context, id protocol.CaseID) error {
	var owes bool
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return err
		}
		law := casefile.Law{Document: n.grounds.Load().Book.Text(f.File.Agreement), Self: n.cfg.Self}
		var due []casefile.Fired
		f.File, due = f.File.Tick(casefile.Clocks(&f.File, law), n.now())
		if owes, err = n.effects(tx, &f, due); err != nil {
			return err
		}
		return n.file(tx, f, n.now())
	})
	if owes {
		n.duties.wake()
	}
	return err
}

// Owe writes the duty to say what a clock brought about, whatever the case is.
func (n *Node) Owe(ctx context.Context, id protocol.CaseID, kind protocol.Kind) error {
	d := duty{Case: id, Kind: kind}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return record.Write(tx, dutyKey(&d), d) })
	n.duties.wake()
	return err
}

// Swell has a case be as large as it can be: one effect more, and it does not fit.
func (n *Node) Swell(ctx context.Context, id protocol.CaseID) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return err
		}
		b, err := canon.Write(f)
		if err != nil {
			return err
		}
		const effect = 100 // bytes, about
		for i := range (store.MaxValue - len(b)) / (2 * effect) {
			at := time.Unix(int64(i), 0).UTC()
			f.File.Fired = append(f.File.Fired, casefile.Fired{Clock: "x", Effect: casefile.EffectAlert, Due: at, At: at})
		}
		b, err = canon.Write(f)
		if err != nil {
			return err
		}
		f.File.Fired[0].Clock += strings.Repeat("x", store.MaxValue-len(b)-1)
		return record.Write(tx, caseKey(id), f)
	})
	return err
}

// Damage has a case be unreadable.
func (n *Node) Damage(ctx context.Context, id protocol.CaseID) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return tx.Set(caseKey(id), []byte("{")) })
	return err
}
