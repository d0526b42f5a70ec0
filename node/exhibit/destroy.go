package exhibit

import (
	"cmp"
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
	"comity.example/protocol/ledger"
)

// What an officer has deleted goes in three steps. The order for it is made durable,
// with the officer's signature, and from then on nothing of the objects is handed
// out. Then the vault destroys their keys. Then the certificate is sent, in one
// commit with a ledger entry for each object, in which the order is used up. A crash
// between two steps leaves the order: the node goes on from it at its next start, so
// no certificate leaves before the keys are gone, and none leaves twice.

func (x exhibitID) destroyKey() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixDestroy, x.Case, x.Object[:])
}

// whyUncertified is said of an object whose key is gone and whose certificate is
// not sent yet: the node tries again, or, where the officer's signature holds no
// longer, wants a new one.
const whyUncertified = "its key is destroyed, and the certificate is not sent yet: where that lasts, sign it again with comity delete "

// Order notes of each of some objects that it is to be destroyed, in the commit that
// makes the order durable. From there on nothing of them is handed out.
func (k *Keeper) Order(tx *journal.Tx, id protocol.CaseID, objects []protocol.Digest, order any) error {
	ordered := map[protocol.Digest]bool{}
	for _, name := range objects {
		h, err := k.handedOver(tx, exhibitID{id, name})
		if err == nil {
			err = k.nowherePassedOn(tx, h.id, desk.EvidenceDeleted)
		}
		if err != nil {
			return err
		}
		if ordered[h.id.Object] {
			return &desk.Problem{Status: http.StatusConflict, Text: "two names of it are of one object, which was delivered as it grew",
				Hint: "leave one of them out: comity case show " + string(id)}
		}
		ordered[h.id.Object] = true
		if h.held.State == desk.EvidenceDeleted {
			if _, err := tx.Get(h.id.destroyKey()); err != nil {
				return errors.Join(record.IgnoreMissing(err), deletedAlready(id))
			}
		}
		h.held.State, h.held.Why = desk.EvidenceDeleted, whyUncertified+string(id)
		if err := errors.Join(h.write(tx), record.Write(tx, h.id.destroyKey(), order)); err != nil {
			return err
		}
	}
	return nil
}

// A handed object is one of a case that was disclosed by or to this participant.
type handed struct {
	id   exhibitID
	held exhibit
	// live is the live object in whose place it stands once it is written; nil of none.
	live *liveRecord
}

// write has the store have a handed object, which is not to be fetched.
func (h *handed) write(tx *journal.Tx) error {
	err := errors.Join(record.Write(tx, h.id.key(), h.held), tx.Delete(h.id.pendingKey()))
	if h.live == nil {
		return err
	}
	over := *h.live
	over.Over, over.Gone = true, true
	return errors.Join(err, record.Write(tx, liveKey(h.id.Case), over))
}

// handedOver returns what has a name in a case. Of a live object that became nothing
// here it is what takes its place.
func (k *Keeper) handedOver(tx *journal.Tx, x exhibitID) (handed, error) {
	h := handed{id: x}
	l, err := liveOf(tx, x.Case)
	if err != nil {
		return h, err
	}
	if l != nil && l.called(x.Object) {
		if h.id.Object = l.exhibit(); h.id.Object == l.ID {
			h.live = l
		}
	}
	if h.live != nil && l.From == k.cfg.Self && l.Stop.IsZero() {
		return h, &desk.Problem{Status: http.StatusConflict, Text: "the interception whose object this is has not stopped: it grows as long as it runs",
			Hint: "stop it first: comity tap stop " + string(x.Case)}
	}
	h.held, err = record.Read[exhibit](tx, h.id.key())
	switch {
	case errors.Is(err, store.ErrNotFound) && h.live != nil:
		h.held, err = k.grown(x.Case, l)
	case errors.Is(err, store.ErrNotFound):
		return h, noExhibit(x.Case)
	case err == nil && h.held.State == desk.EvidenceHeld:
		return h, &desk.Problem{Status: http.StatusConflict, Text: "an object of it was not disclosed: nobody need be told that it goes",
			Hint: "put it back instead: comity case show " + string(x.Case) + " lists what is held"}
	}
	return h, err
}

// grown returns the exhibit that takes the place of a live object, as far as it came.
func (k *Keeper) grown(id protocol.CaseID, l *liveRecord) (exhibit, error) {
	e := exhibit{Number: l.Number, Object: protocol.Object{Name: l.Name, MediaType: l.MediaType, Tree: l.ID}, State: desk.EvidenceComplete,
		Act: l.Start, In: l.Start, From: l.From, Bound: id, Emergency: l.Emergency, Live: true}
	switch {
	case l.From == k.cfg.Self:
		e.State, e.From = desk.EvidenceDisclosed, ""
	case !l.Wanted:
		e.State = desk.EvidenceWaiting
	}
	_, _, size, err := k.vault.Segments(id, l.ID)
	if errors.Is(err, vault.ErrAbsent) || errors.Is(err, vault.ErrNoKey) {
		err = nil
	}
	e.Object.Size = size
	return e, err
}

// nowherePassedOn wants what was passed on out of a case into another to be gone there:
// else its sender could read it still, whatever it certifies.
func (k *Keeper) nowherePassedOn(tx *journal.Tx, x exhibitID, gone ...desk.EvidenceState) error {
	for _, id := range k.vault.Cases(x.Object) {
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
func (k *Keeper) dropPrepared(ctx context.Context, x exhibitID) error {
	for _, id := range k.vault.Cases(x.Object) {
		_, err := k.exhibit(ctx, exhibitID{id, x.Object})
		var missing *desk.Problem
		if errors.As(err, &missing) {
			err = k.vault.Drop(id, x.Object)
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

// Destroy destroys the keys of objects: the order for it stands.
func (k *Keeper) Destroy(ctx context.Context, id protocol.CaseID, objects []protocol.Digest) error {
	var live *liveRecord
	err := k.journal.View(ctx, func(r store.Reader) (err error) {
		live, err = liveOf(r, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range objects {
		x := exhibitID{id, name}
		if live != nil && live.called(name) {
			x.Object = live.exhibit()
			if err := k.lives.endPull(ctx, id); err != nil {
				return err
			}
		}
		k.stopFetch(x)
		k.splits.Lock() // a key that is being split is there before, or not at all
		err := k.vault.Destroy(id, x.Object)
		if err == nil {
			err = k.dropPrepared(ctx, x)
		}
		k.splits.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Orders calls each for the orders that stand, once for each object.
func (k *Keeper) Orders(ctx context.Context, each func(order []byte) error) error {
	return k.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDestroy)}, func(_, order []byte) (bool, error) {
			return true, each(order)
		})
	})
}

// stopFetch has an object fetched no more.
func (k *Keeper) stopFetch(x exhibitID) {
	if !k.fetcher.idle(x) {
		k.engine.Remove(x.Object)
	}
	k.fetcher.set(x, nil)
}

// Certify is the part of a certificate in the commit that sends it: each key is
// gone, and each order is used up.
func (k *Keeper) Certify(tx *journal.Tx, act *protocol.Act, at time.Time) error {
	d := act.Body.Deletion
	if d == nil {
		return nil
	}
	for _, name := range d.Objects {
		h, err := k.handedOver(tx, exhibitID{act.Case, name})
		if err != nil {
			return err
		}
		if d.Action == protocol.Restricted {
			switch h.held.State {
			case desk.EvidenceDeleted:
				return deletedAlready(act.Case)
			case desk.EvidenceWaiting:
				return &desk.Problem{Status: http.StatusConflict, Text: "an object of it is not here: there is no use to restrict",
					Hint: "delete it: then it is not fetched any more either"}
			}
			if err := k.nowherePassedOn(tx, h.id, desk.EvidenceDeleted, desk.EvidenceRestricted); err != nil {
				return err
			}
			h.held.State, h.held.Why = desk.EvidenceRestricted, ""
			if err := h.write(tx); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Get(h.id.destroyKey()); errors.Is(err, store.ErrNotFound) {
			return deletedAlready(act.Case)
		} else if err != nil {
			return err
		}
		if _, _, err := k.vault.Key(act.Case, h.id.Object); !errors.Is(err, vault.ErrDestroyed) {
			return errors.Join(err, errors.New("exhibit: certify a deletion: a key is not destroyed"))
		}
		h.held.Why = ""
		_, err = tx.Append(ledger.Record{Kind: ledger.KindDestroyed, At: at, Case: act.Case, Document: name})
		if err = errors.Join(err, h.write(tx), tx.Delete(h.id.destroyKey())); err != nil {
			return err
		}
	}
	return nil
}

// MayClose keeps a case from being closed with the word that what may not be used
// is gone, while it is not.
func (k *Keeper) MayClose(tx *journal.Tx, act *protocol.Act) error {
	if act.Body.Closure == nil || !act.Body.Closure.Deleted {
		return nil
	}
	c, err := k.cfg.Cases.Case(tx, act.Case)
	if err != nil || len(c.Barred()) == 0 {
		return err
	}
	left := &desk.Problem{Status: http.StatusConflict, Text: "the case cannot be closed as deleted: this node has evidence of it that may not be used",
		Hint: "comity delete " + string(act.Case) + " --all destroys it, and certifies that"}
	if l, err := k.liveItem(tx, act.Case); err != nil || l != nil && l.Segments > 0 {
		return cmp.Or(err, error(left))
	}
	return exhibitsOf(tx, act.Case, func(_ exhibitID, e exhibit) error {
		switch e.State {
		case desk.EvidenceDeleted, desk.EvidenceRestricted, desk.EvidenceWaiting, desk.EvidenceHeld:
			return nil
		}
		return left
	})
}
