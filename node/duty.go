package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"comity.example/node/courier"
	"comity.example/node/desk"
	"comity.example/node/exhibit"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// DutyRetry is how long the node waits before it tries again to do a duty that
// it could not do: for lack of room, or while a register has lapsed.
const DutyRetry = time.Minute

// A duty is an act that this node owes and sends by itself, without a person:
// it states a fact, or passes on what another has said. It is written in the
// commit that gave rise to it and deleted in the one that sends the act, so the
// act is sent exactly once, whatever happens between.
type duty struct {
	Case protocol.CaseID `json:"case"`
	Kind protocol.Kind   `json:"kind"` // nondelivery, relay, interception or validation
	// Act is what did not get through, what is to be passed on, or of what a clock
	// brought about (effect.go) the act that opened the case.
	Act protocol.Digest `json:"act"`
	// Recipient is who did not get it; of a nondelivery.
	Recipient protocol.ParticipantID `json:"recipient,omitzero"`
}

// duties tells the loop that there may be a duty to do.
type duties struct{ woken chan struct{} } // holds at most one

func newDuties() duties { return duties{make(chan struct{}, 1)} }

// wake is called after a commit. It never blocks.
func (d duties) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// oweNondelivery: the issuing authority does not know that its order did not
// get through.
func (n *Node) oweNondelivery(tx *journal.Tx, c *casefile.Case, e courier.Entry) error {
	if c.Certifier != n.cfg.Self || c.Issuer == n.cfg.Self {
		return nil
	}
	d := duty{Case: c.ID, Kind: protocol.KindNondelivery, Act: e.Act, Recipient: e.Peer}
	return record.Write(tx, dutyKey(&d), d)
}

// oweRelay: the addressee does not know that the order, whose certification
// is on its way, has been withdrawn. No person's desk may stand between.
// It reports whether there is anything to do.
func (n *Node) oweRelay(tx *journal.Tx, c *casefile.Case) (owes bool, err error) {
	if c.Certifier != n.cfg.Self {
		return false, nil
	}
	for _, act := range c.WithdrawalsToRelay() {
		d := duty{Case: c.ID, Kind: protocol.KindRelay, Act: act}
		err = errors.Join(err, record.Write(tx, dutyKey(&d), d))
		owes = true
	}
	return owes, err
}

// oweStop: the authority that asked for an interception does not know that it
// stopped. It reports whether there is anything to do.
func (n *Node) oweStop(tx *journal.Tx, c *casefile.Case, now time.Time) (owes bool, err error) {
	if !exhibit.OwesStop(c, n.cfg.Self, now) {
		return false, nil
	}
	d := duty{Case: c.ID, Kind: protocol.KindInterception, Act: c.Thread[0].Act}
	return true, record.Write(tx, dutyKey(&d), d)
}

// doDuties does what is due, and what becomes due, until ctx ends.
func (n *Node) doDuties(ctx context.Context) error {
	for {
		due, err := n.due(ctx)
		var retry <-chan time.Time
		for i := 0; err == nil && i < len(due); i++ {
			if failed := n.do(ctx, &due[i]); failed != nil && ctx.Err() == nil {
				n.cfg.Log.Warn("duty not done yet", "kind", due[i].Kind, "error", failed)
				retry = time.After(DutyRetry)
			}
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("node: read duties: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-n.duties.woken:
		case <-retry:
		}
	}
}

func (n *Node) due(ctx context.Context) (due []duty, err error) {
	err = n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixDuty)}, func(_, value []byte) (bool, error) {
			var d duty
			err := canon.Read(value, &d)
			due = append(due, d)
			return true, err
		})
	})
	return due, err
}

// errDutyDone says that a duty is not there any more.
var errDutyDone = errors.New("node: the duty is done")

// do sends the act, or finds that there is nothing left to send. After an error
// the duty stands.
func (n *Node) do(ctx context.Context, d *duty) error {
	for {
		grounds, now := n.grounds.Load(), n.now()
		p, err := n.planDuty(ctx, *grounds, d, now)
		var problem *desk.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusConflict {
			return n.drop(ctx, d)
		}
		if err != nil {
			return err
		}
		out := n.gate.Out(*grounds, p.act, now)
		if out.Refused() {
			return fmt.Errorf("node: the act cannot leave: %s", out.Reason)
		}
		ruled, err := rule(&out.Decision, now)
		if err != nil {
			return err
		}
		var posted []courier.Entry
		_, err = n.journal.Commit(ctx, func(tx *journal.Tx) (err error) {
			if n.grounds.Load() != grounds {
				return errStale
			}
			if _, err := tx.Get(dutyKey(d)); errors.Is(err, store.ErrNotFound) {
				return errDutyDone
			}
			posted, err = n.send(tx, &out, ruled)
			return errors.Join(err, tx.Delete(dutyKey(d)))
		})
		var turn *casefile.TurnError
		switch {
		case errors.Is(err, errStale):
			continue
		case errors.Is(err, errDutyDone):
			return nil
		case errors.As(err, &turn):
			return n.drop(ctx, d)
		case err != nil:
			return err
		}
		// From here the act is sent, whatever happens next.
		n.courier.Posted(posted...)
		n.exhibits.Withdraw(p.act)
		return nil
	}
}

// planDuty completes the act that is owed. A conflict says that it is not owed
// any more: the case went on meanwhile.
func (n *Node) planDuty(ctx context.Context, g casefile.Grounds, d *duty, now time.Time) (*plan, error) {
	draft := desk.Draft{Case: d.Case, Body: protocol.Body{Relay: &protocol.Relay{}}}
	if d.Kind == protocol.KindNondelivery {
		err := n.journal.View(ctx, func(r store.Reader) error {
			state, err := record.Read[delivery](r, deliveryKey(d.Act, d.Recipient))
			draft.Body = protocol.Body{Nondelivery: state.nondelivery(d)}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if d.Kind == protocol.KindInterception || d.Kind == protocol.KindValidation {
		var still bool
		err := n.journal.View(ctx, func(r store.Reader) error {
			f, err := record.Read[filed](r, caseKey(d.Case))
			draft.Body, still = owed(&f.File, d.Kind, now)
			return err
		})
		if err == nil && !still {
			err = &desk.Problem{Status: http.StatusConflict, Text: "it is not owed any more"}
		}
		if err != nil {
			return nil, err
		}
	}
	p, err := n.plan(ctx, g, draft, now)
	if err != nil || p.body.Relay == nil {
		return p, err
	}
	// A person may have passed the withdrawal on: what is next is then evidence,
	// which only a person passes on.
	carried, err := chain.Unverified(p.body.Relay.Act)
	if err == nil && carried.Body.Withdrawal == nil {
		return nil, &desk.Problem{Status: http.StatusConflict, Text: "it has been passed on"}
	}
	return p, err
}

// nondelivery says what became of a delivery, with the recipient's own proof.
func (d *delivery) nondelivery(of *duty) *protocol.Nondelivery {
	b := &protocol.Nondelivery{Act: of.Act, Recipient: of.Recipient,
		State: protocol.FailureExpired, Reasons: []protocol.Reason{}}
	if d.State == rejected {
		b.State, b.Proof = protocol.FailureRefused, d.Proof
		b.Reasons = append(b.Reasons, d.Reasons...)
	}
	return b
}

func (n *Node) drop(ctx context.Context, d *duty) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error { return tx.Delete(dutyKey(d)) })
	return err
}
