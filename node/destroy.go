package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
)

// What an officer has deleted goes in three steps. The order for it is made durable,
// with the officer's signature, and from then on nothing of the objects is handed
// out. Then the vault destroys their keys. Then the certificate is sent, in one
// commit with a ledger entry for each object, in which the order is used up. A crash
// between two steps leaves the order: the node goes on from it at its next start, so
// no certificate leaves before the keys are gone, and none leaves twice.

// A destruction is what an officer had destroyed, until it is certified.
type destruction struct {
	Draft desk.Draft `json:"draft"` // the certificate, as the officer signed it
	At    time.Time  `json:"at"`
}

func (x exhibitID) destroyKey() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixDestroy, x.Case, x.Object[:])
}

// whyUncertified is said of an object whose key is gone and whose certificate is
// not sent yet: the node tries again, or, where the officer's signature holds no
// longer, wants a new one.
const whyUncertified = "its key is destroyed, and the certificate is not sent yet: where that lasts, sign it again with comity delete "

// destroys reports whether a body certifies that keys are gone.
func destroys(b *protocol.Body) bool {
	return b.Deletion != nil && b.Deletion.Action == protocol.Deleted
}

// destroy destroys what a certificate is about, and sends it.
func (n *Node) destroy(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	n.destroying.Lock() // what is resumed at the start is not done twice at once
	defer n.destroying.Unlock()
	denied, err := n.orderDestruction(ctx, d)
	if err != nil {
		return desk.Submitted{}, err
	}
	if denied != nil {
		return *denied, nil
	}
	s, err := n.goOnDestroying(ctx, d)
	if err != nil {
		n.toDestroy.wake()
	}
	return s, err
}

// orderDestruction examines a certificate as if it were sent now, and makes the
// order for it durable. What the agreement denies it returns.
func (n *Node) orderDestruction(ctx context.Context, d desk.Draft) (denied *desk.Submitted, err error) {
	for {
		grounds, now := n.grounds.Load(), n.now()
		p, out, err := n.departure(ctx, *grounds, d, now)
		if err != nil {
			return nil, err
		}
		if problem := n.mayLeave(p, &out); problem != nil {
			return nil, problem
		}
		if out.Refused() {
			return &desk.Submitted{Case: d.Case, Decision: out.Decision}, nil
		}
		_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error {
			if n.grounds.Load() != grounds {
				return errStale
			}
			if _, err := n.step(tx, casefile.StepOf(out.Act, &out.Decision), casefile.Case.Send); err != nil {
				return err
			}
			return n.orderObjects(tx, d, now)
		})
		switch {
		case errors.Is(err, errStale):
			continue
		case err != nil:
			return nil, n.problem(err)
		}
		return nil, nil
	}
}

// orderObjects notes of each object that it is to be destroyed.
func (n *Node) orderObjects(tx *journal.Tx, d desk.Draft, now time.Time) error {
	for _, tree := range d.Body.Deletion.Objects {
		x := exhibitID{d.Case, tree}
		e, err := handedOver(tx, x)
		if err == nil {
			err = n.nowherePassedOn(tx, x, desk.EvidenceDeleted)
		}
		if err != nil {
			return err
		}
		if e.State == desk.EvidenceDeleted {
			if _, err := tx.Get(x.destroyKey()); err != nil {
				return errors.Join(record.IgnoreMissing(err), deletedAlready(d.Case))
			}
		}
		e.State, e.Why = desk.EvidenceDeleted, whyUncertified+string(d.Case)
		err = errors.Join(record.Write(tx, x.key(), e), tx.Delete(x.pendingKey()),
			record.Write(tx, x.destroyKey(), destruction{d, now}))
		if err != nil {
			return err
		}
	}
	return nil
}

// handedOver returns an object of a case that was disclosed by or to this
// participant.
func handedOver(tx *journal.Tx, x exhibitID) (exhibit, error) {
	e, err := record.Read[exhibit](tx, x.key())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return e, noExhibit(x.Case)
	case err == nil && e.State == desk.EvidenceHeld:
		return e, &desk.Problem{Status: http.StatusConflict, Text: "an object of it was not disclosed: nobody need be told that it goes",
			Hint: "put it back instead: comity case show " + string(x.Case) + " lists what is held"}
	}
	return e, err
}

// nowherePassedOn wants what was passed on out of a case into another to be gone there:
// else its sender could read it still, whatever it certifies.
func (n *Node) nowherePassedOn(tx *journal.Tx, x exhibitID, gone ...desk.EvidenceState) error {
	for _, id := range n.vault.Cases(x.Object) {
		other, err := record.Read[exhibit](tx, exhibitID{id, x.Object}.key())
		if errors.Is(err, store.ErrNotFound) || err == nil && (id == x.Case || other.Bound != x.Case) {
			continue // a key that was only prepared goes with this one
		}
		if err != nil {
			return err
		}
		if !slices.Contains(gone, other.State) {
			return &desk.Problem{Status: http.StatusConflict, Text: "an object of it was passed on into another case, and can be read there",
				Hint: "delete it there first: comity delete " + string(id)}
		}
	}
	return nil
}

// dropPrepared destroys the keys of an object that were made to pass it on into other
// cases, in which it never was: no certificate would ever name them.
func (n *Node) dropPrepared(ctx context.Context, x exhibitID) error {
	for _, id := range n.vault.Cases(x.Object) {
		_, err := n.exhibit(ctx, exhibitID{id, x.Object})
		var missing *desk.Problem
		if errors.As(err, &missing) {
			err = n.vault.Drop(id, x.Object)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func deletedAlready(id protocol.CaseID) error {
	return &desk.Problem{Status: http.StatusConflict, Text: "an object of it is deleted already, and that is certified",
		Hint: "the case has the certificate: comity case show " + string(id)}
}

// goOnDestroying destroys the keys and sends the certificate: the order stands.
func (n *Node) goOnDestroying(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	for _, tree := range d.Body.Deletion.Objects {
		n.stopFetch(exhibitID{d.Case, tree})
		n.splits.Lock() // a key that is being split is there before, or not at all
		err := n.vault.Destroy(d.Case, tree)
		if err == nil {
			err = n.dropPrepared(ctx, exhibitID{d.Case, tree})
		}
		n.splits.Unlock()
		if err != nil {
			n.watch.setTrouble(err)
			return desk.Submitted{}, fmt.Errorf("node: destroy a key: %w", err)
		}
	}
	s, err := n.dispatch(ctx, d)
	if err == nil && s.Act.IsZero() {
		err = &desk.Problem{Status: http.StatusConflict, Text: "the keys are destroyed, and the certificate could not be sent",
			Hint: "sign it again: comity delete " + string(d.Case)}
	}
	return s, err
}

// stopFetch has an object fetched no more.
func (n *Node) stopFetch(x exhibitID) {
	if !n.fetcher.idle(x) {
		n.engine.Remove(x.Object)
	}
	n.fetcher.set(x, nil)
}

// certify is the part of a certificate in the commit that sends it: each key is
// gone, and each order is used up.
func (n *Node) certify(tx *journal.Tx, act *protocol.Act, at time.Time) error {
	d := act.Body.Deletion
	if d == nil {
		return nil
	}
	for _, tree := range d.Objects {
		x := exhibitID{act.Case, tree}
		e, err := handedOver(tx, x)
		if err != nil {
			return err
		}
		if d.Action == protocol.Restricted {
			switch e.State {
			case desk.EvidenceDeleted:
				return deletedAlready(act.Case)
			case desk.EvidenceWaiting:
				return &desk.Problem{Status: http.StatusConflict, Text: "an object of it is not here: there is no use to restrict",
					Hint: "delete it: then it is not fetched any more either"}
			}
			if err := n.nowherePassedOn(tx, x, desk.EvidenceDeleted, desk.EvidenceRestricted); err != nil {
				return err
			}
			e.State, e.Why = desk.EvidenceRestricted, ""
			if err := errors.Join(tx.Delete(x.pendingKey()), record.Write(tx, x.key(), e)); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Get(x.destroyKey()); errors.Is(err, store.ErrNotFound) {
			return deletedAlready(act.Case)
		} else if err != nil {
			return err
		}
		if _, _, err := n.vault.Key(act.Case, tree); !errors.Is(err, vault.ErrDestroyed) {
			return errors.Join(err, errors.New("node: certify a deletion: a key is not destroyed"))
		}
		e.Why = ""
		_, err = tx.Append(ledger.Record{Kind: ledger.KindDestroyed, At: at, Case: act.Case, Document: tree})
		if err = errors.Join(err, record.Write(tx, x.key(), e), tx.Delete(x.destroyKey())); err != nil {
			return err
		}
	}
	return nil
}

// finishDestroying goes on, at the start and after what went wrong, with what was
// ordered and not certified, until ctx ends.
func (n *Node) finishDestroying(ctx context.Context) error {
	for {
		left, err := n.resumeDestroying(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("node: read orders of destruction: %w", err)
		}
		var retry <-chan time.Time
		if left {
			retry = time.After(DutyRetry)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.toDestroy.woken:
		case <-retry:
		}
	}
}

// resumeDestroying does each order once, and reports whether one stands still.
func (n *Node) resumeDestroying(ctx context.Context) (left bool, err error) {
	n.destroying.Lock()
	defer n.destroying.Unlock()
	ordered := map[protocol.Digest]desk.Draft{} // one order has a key for each object
	err = n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDestroy)}, func(_, value []byte) (bool, error) {
			var o destruction
			err := canon.Read(value, &o)
			if err == nil {
				var body protocol.Digest
				body, err = o.Draft.Body.Digest()
				ordered[body] = o.Draft
			}
			return true, err
		})
	})
	for _, d := range ordered {
		if _, failed := n.goOnDestroying(ctx, d); failed != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("deletion not certified yet", "error", failed)
			left = true
		}
	}
	return left, err
}

// mayClose keeps a case from being closed with the word that what may not be used
// is gone, while it is not.
func mayClose(tx *journal.Tx, act *protocol.Act) error {
	if act.Body.Closure == nil || !act.Body.Closure.Deleted {
		return nil
	}
	f, err := record.Read[filed](tx, caseKey(act.Case))
	if err != nil || len(f.File.Barred()) == 0 {
		return err
	}
	return exhibitsOf(tx, act.Case, func(_ exhibitID, e exhibit) error {
		switch e.State {
		case desk.EvidenceDeleted, desk.EvidenceRestricted, desk.EvidenceWaiting, desk.EvidenceHeld:
			return nil
		}
		return &desk.Problem{Status: http.StatusConflict, Text: "the case cannot be closed as deleted: this node has evidence of it that may not be used",
			Hint: "comity delete " + string(act.Case) + " --all destroys it, and certifies that"}
	})
}
