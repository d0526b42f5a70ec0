package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/node/journal"
	"comity.example/node/notify"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/wire"
)

// What people are told outside of the node is written in the commit of what it
// tells, and leaves the queue when it was told (notify).

// tell puts an event into the queue of each target. Nothing of it names a person.
func (n *Node) tell(tx *journal.Tx, lane wire.Lane, e notify.Event) error {
	targets := n.notifier.Targets()
	if len(targets) == 0 {
		return nil
	}
	e.ID, e.Node, e.Emergency = newEventID(), n.cfg.Self, lane == wire.Emergency
	if e.Text = fmt.Sprintf("%s: case %s: %s", n.cfg.Self, e.Case, e.Text); e.Emergency {
		e.Text = "EMERGENCY: " + e.Text
	}
	for _, t := range targets {
		if n.toTell[t] >= notify.MaxQueue {
			n.metrics.told(t, "dropped")
			continue
		}
		n.toTell[t]++
		n.seq = max(n.seq+1, uint64(n.cfg.Now().UnixNano()))
		key := fmt.Appendf(nil, "%s%d/%016x", tellPrefix(t), lane, n.seq)
		if err := record.Write(tx, key, e); err != nil {
			return err
		}
	}
	return nil
}

func tellPrefix(t notify.Target) string { return prefixNotify + string(t) + "/" }

func newEventID() string {
	var b [16]byte
	rand.Read(b[:]) // never returns an error
	return "msg_" + hex.EncodeToString(b[:])
}

// tellArrival tells of an act that came and that our people are to do something
// about: where they had nothing to do, or something else, or are asked by name.
// The case is as it was filed before.
func (n *Node) tellArrival(tx *journal.Tx, f *filed, act *protocol.Act, at time.Time) error {
	self := n.cfg.Self
	move := f.move(self)
	e := notify.Event{Kind: notify.Waiting, At: at, Case: act.Case, Move: string(move), Text: "to " + string(move)}
	asked := slices.ContainsFunc(f.File.Questions(), func(q casefile.Question) bool {
		return q.Kind == act.Body.Kind() && q.From == act.From && slices.Contains(q.Awaits, self)
	})
	switch {
	case asked && act.Body.Challenge != nil:
		e.Kind, e.Text, e.Due = notify.Challenge, "the request is challenged: its officer is to respond", act.Body.Challenge.Until
	case asked && act.Body.Objection != nil:
		e.Kind, e.Text = notify.Objection, "an objection: to "+string(move)
	case move == casefile.None, move == f.Move:
		return nil
	}
	return n.tell(tx, laneOf(&f.File), e)
}

// tellFired tells of what came about at the end of a clock, or ahead of it.
func (n *Node) tellFired(tx *journal.Tx, c *casefile.Case, f *casefile.Fired) error {
	e := notify.Event{Kind: notify.Alert, At: f.At, Case: c.ID, Clock: f.Clock, Due: f.Due}
	when := f.Due.UTC().Format(time.RFC3339)
	switch f.Effect {
	case casefile.EffectRemind:
		e.Kind, e.Text = notify.Reminder, fmt.Sprintf("clock %s ends soon", clockName(f.Clock))
	case casefile.EffectOverdue:
		e.Kind, e.Text = notify.Overdue, fmt.Sprintf("clock %s: overdue since %s", clockName(f.Clock), when)
	case casefile.EffectNotice:
		e.Kind, e.Text = notify.NoticeDue, fmt.Sprintf("clock %s: the notice is due since %s", clockName(f.Clock), when)
	default:
		e.Text = fmt.Sprintf("clock %s: %s since %s", clockName(f.Clock), f.Effect, when)
	}
	return n.tell(tx, laneOf(c), e)
}

// clockName is a clock's id without the act that it may name: for a pager.
func clockName(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return name
}

// countToTell counts what waits to be told, at the start.
func (n *Node) countToTell(ctx context.Context) error {
	n.toTell = map[notify.Target]int{}
	return n.journal.View(ctx, func(r store.Reader) error {
		for _, t := range n.notifier.Targets() {
			g := store.Range{Prefix: []byte(tellPrefix(t)), KeysOnly: true}
			err := r.Scan(g, func(_, _ []byte) (bool, error) { n.toTell[t]++; return true, nil })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// bell is the node as its notifier sees it.
type bell Node

// Next implements notify.Queue.
func (b *bell) Next(ctx context.Context, t notify.Target) (e *notify.Entry, err error) {
	err = b.journal.View(ctx, func(r store.Reader) error {
		g := store.Range{Prefix: []byte(tellPrefix(t)), Limit: 1}
		return r.Scan(g, func(key, value []byte) (bool, error) {
			e = &notify.Entry{Key: string(key)}
			return false, canon.Read(value, &e.Event)
		})
	})
	return e, err
}

// Done implements notify.Queue.
func (b *bell) Done(ctx context.Context, e *notify.Entry) error {
	n := (*Node)(b)
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		if _, err := tx.Get([]byte(e.Key)); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		target, _, _ := strings.Cut(strings.TrimPrefix(e.Key, prefixNotify), "/")
		n.toTell[notify.Target(target)]--
		return tx.Delete([]byte(e.Key))
	})
	return err
}
