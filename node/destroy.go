package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
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
			return n.exhibits.Order(tx, d.Case, d.Body.Deletion.Objects, destruction{d, now})
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

// goOnDestroying destroys the keys and sends the certificate: the order stands.
func (n *Node) goOnDestroying(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	if err := n.exhibits.Destroy(ctx, d.Case, d.Body.Deletion.Objects); err != nil {
		n.watch.setTrouble(err)
		return desk.Submitted{}, fmt.Errorf("node: destroy a key: %w", err)
	}
	s, err := n.dispatch(ctx, d)
	if err == nil && s.Act.IsZero() {
		err = &desk.Problem{Status: http.StatusConflict, Text: "the keys are destroyed, and the certificate could not be sent",
			Hint: "sign it again: comity delete " + string(d.Case)}
	}
	return s, err
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
	err = n.exhibits.Orders(ctx, func(order []byte) error {
		o, err := record.Parse[destruction](order)
		if err != nil {
			return err
		}
		body, err := o.Draft.Body.Digest()
		ordered[body] = o.Draft
		return err
	})
	for _, d := range ordered {
		if _, failed := n.goOnDestroying(ctx, d); failed != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("deletion not certified yet", "error", failed)
			left = true
		}
	}
	return left, err
}
