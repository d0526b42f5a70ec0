// Package notify tells people outside of the node that something waits for them:
// it hands events to a command of the operator's, which rings a pager, and to a
// webhook. An event names a case, a move or a clock, and never a person, an
// identifier or an offence: pagers and chat rooms are read by others.
//
// Events lie in the node's queue, written in the commit of what they tell, so a
// crash loses none. Each is delivered at least once, to the command and to the
// webhook by themselves, emergencies first; whoever receives one twice knows it
// by its id. One that cannot be delivered is tried again with growing pauses,
// until it is too old to be of use.
//
// The package is trusted with telling, and with the webhook's secret. What the
// command prints and what the webhook answers is thrown away.
package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/protocol"
)

const (
	// MaxQueue bounds the events that wait for one target. While it is full the
	// newest are dropped, and counted: an inbox has them all.
	MaxQueue = 10_000
	// MaxAge is how long an event waits for its target: later, nobody is helped.
	MaxAge = 24 * time.Hour
	// RetryFirst and RetryLast bound the pauses between attempts.
	RetryFirst = time.Second
	RetryLast  = 5 * time.Minute
	// Patience bounds one attempt.
	Patience = 30 * time.Second
	// MaxRejected is how often an event is tried that its receiver rejects for
	// what it is: those behind it may be in order.
	MaxRejected = 5
)

// A Kind says what an event tells.
type Kind string

// The kinds. The list is append-only: receivers filter by it.
const (
	Waiting   Kind = "act.waiting"      // an act came that waits for our people
	Challenge Kind = "act.challenge"    // the receiver of a request asks its officer to prove it
	Objection Kind = "act.objection"    // somebody objects
	Reminder  Kind = "clock.reminder"   // a clock ends soon
	Overdue   Kind = "clock.overdue"    // a clock has ended, and who was to act did not
	NoticeDue Kind = "clock.notice_due" // a user is to be told
	Alert     Kind = "clock.alert"      // a clock has ended, and a person is to look
	Evidence  Kind = "evidence.here"    // the evidence of a case was fetched and checked
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{Waiting, Challenge, Objection, Reminder, Overdue, NoticeDue, Alert, Evidence}
}

// An Event is one thing that people are told.
type Event struct {
	ID        string                 `json:"id"` // the same at every attempt
	Kind      Kind                   `json:"kind"`
	At        time.Time              `json:"at"` // legal time
	Node      protocol.ParticipantID `json:"node"`
	Case      protocol.CaseID        `json:"case"`
	Emergency bool                   `json:"emergency,omitzero"`
	Move      string                 `json:"move,omitzero"`  // what our people are asked to do
	Clock     string                 `json:"clock,omitzero"` // its id
	Due       time.Time              `json:"due,omitzero"`   // when it ends or ended
	Text      string                 `json:"text"`           // one line for a person
}

// A Target is where events go. Each has a queue of its own.
type Target string

// The targets.
const (
	Command Target = "command"
	Webhook Target = "webhook"
)

// An Entry is an event in the queue.
type Entry struct {
	Key   string // its place in the queue
	Event Event
}

// A Queue keeps what is to be told.
type Queue interface {
	// Next returns the first entry for a target, emergencies before others; nil
	// if there is none.
	Next(ctx context.Context, t Target) (*Entry, error)
	// Done takes an entry out.
	Done(ctx context.Context, e *Entry) error
}

// A Sender brings an event to its target.
type Sender interface {
	// Send returns nil once the target has it. The error is ErrRejected if the
	// target will not have this event, whatever happens.
	Send(ctx context.Context, e *Event) error
}

// ErrRejected says that a target does not want an event.
var ErrRejected = errors.New("notify: rejected")

// Config says what a notifier works with. Queue, Senders and Now are required.
type Config struct {
	Queue   Queue
	Now     func() time.Time // legal time
	Senders map[Target]Sender
	Log     *slog.Logger
	// Count, if set, counts attempts by their outcome: "told", "failed",
	// "rejected", "dropped".
	Count func(t Target, outcome string)
}

// A Notifier tells. It is safe for concurrent use.
type Notifier struct {
	cfg   Config
	woken map[Target]chan struct{} // each holds at most one
}

// New returns a notifier that does nothing until Run.
func New(c Config) *Notifier {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Count == nil {
		c.Count = func(Target, string) {}
	}
	n := &Notifier{cfg: c, woken: map[Target]chan struct{}{}}
	for t := range c.Senders {
		n.woken[t] = make(chan struct{}, 1)
	}
	return n
}

// Targets returns where events go.
func (n *Notifier) Targets() []Target {
	var out []Target
	for _, t := range []Target{Command, Webhook} {
		if n.cfg.Senders[t] != nil {
			out = append(out, t)
		}
	}
	return out
}

// Wake says that there is something to tell. It never blocks.
func (n *Notifier) Wake() {
	for _, c := range n.woken {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Run tells until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, t := range n.Targets() {
		all.Go(func() { n.serve(ctx, t) })
	}
	all.Wait()
	<-ctx.Done()
	return nil
}

// serve tells one target, one event after another.
func (n *Notifier) serve(ctx context.Context, t Target) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = RetryFirst, RetryLast
	rejected := map[string]int{} // how often, by the id of an event that waits
	for ctx.Err() == nil {
		e, err := n.cfg.Queue.Next(ctx, t)
		switch {
		case err != nil && ctx.Err() == nil:
			n.cfg.Log.Warn("what is to be told cannot be read", "target", t, "error", err)
			n.pause(ctx, t, RetryLast)
			continue
		case e == nil:
			n.idle(ctx, t)
			continue
		}
		outcome := n.tell(ctx, t, e)
		if outcome == rejects {
			if rejected[e.Event.ID]++; rejected[e.Event.ID] >= MaxRejected {
				outcome = dropped
			}
		}
		if ctx.Err() != nil {
			return
		}
		n.cfg.Count(t, outcome)
		if outcome != told && outcome != dropped {
			n.pause(ctx, t, pause.NextBackOff())
			continue
		}
		if outcome == dropped {
			n.cfg.Log.Warn("given up telling", "target", t, "kind", e.Event.Kind)
		}
		delete(rejected, e.Event.ID)
		pause.Reset()
		if err := n.cfg.Queue.Done(ctx, e); err != nil && ctx.Err() == nil {
			n.cfg.Log.Warn("what was told will be told again", "target", t, "error", err)
			n.pause(ctx, t, RetryLast)
		}
	}
}

// The outcomes of an attempt.
const (
	told    = "told"
	failed  = "failed"
	rejects = "rejected"
	dropped = "dropped"
)

// tell makes one attempt and returns its outcome.
func (n *Notifier) tell(ctx context.Context, t Target, e *Entry) string {
	if n.cfg.Now().Sub(e.Event.At) > MaxAge {
		return dropped
	}
	attempt, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	err := n.cfg.Senders[t].Send(attempt, &e.Event)
	switch {
	case err == nil:
		return told
	case errors.Is(err, ErrRejected):
		return rejects
	}
	if ctx.Err() == nil {
		n.cfg.Log.Warn("not told yet", "target", t, "kind", e.Event.Kind, "error", err)
	}
	return failed
}

// idle waits until there is something new.
func (n *Notifier) idle(ctx context.Context, t Target) {
	select {
	case <-ctx.Done():
	case <-n.woken[t]:
	}
}

// pause waits after a failure. It ends early when there is something new, but
// not before RetryFirst: an emergency does not wait for long behind what could
// not be told, and a burst of events is no burst of attempts.
func (n *Notifier) pause(ctx context.Context, t Target, d time.Duration) {
	over := time.NewTimer(d)
	defer over.Stop()
	least := time.NewTimer(min(d, RetryFirst))
	defer least.Stop()
	select {
	case <-ctx.Done():
		return
	case <-least.C:
	}
	select {
	case <-ctx.Done():
	case <-n.woken[t]:
	case <-over.C:
	}
}
