package courier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// A round is the delivery of everything that waits for one peer.
type round struct {
	c     *Courier
	peer  protocol.ParticipantID
	woken chan struct{} // holds at most one
	done  chan result   // buffered for every delivery in flight, so that none blocks
	pause *backoff.ExponentialBackOff

	// Owned by run.
	lanes  [2]lane
	cases  map[protocol.CaseID]bool // cases with a delivery in flight
	down   bool                     // the last word from the peer was silence
	resume <-chan time.Time         // when to try again; nil: now
}

// A lane is one queue of a round.
type lane struct {
	id       wire.Lane
	window   int
	inFlight int
	read     uint64  // the highest Seq read from the outbox
	waiting  []Entry // read and not in flight, in order; at most Prefetch and the window
	more     bool    // the outbox may hold entries above read
}

type result struct {
	entry Entry
	end   ending
}

// An ending says what became of a delivery.
type ending uint8

const (
	settled ending = iota // receipted, refused or expired: out of the outbox
	again                 // the peer did not answer, or not with a proof
	broken                // the outbox cannot be written
)

func newRound(c *Courier, peer protocol.ParticipantID) *round {
	return &round{
		c: c, peer: peer,
		woken: make(chan struct{}, 1),
		done:  make(chan result, Window+EmergencyWindow),
		pause: newPause(),
		cases: map[protocol.CaseID]bool{},
		lanes: [2]lane{
			{id: wire.Emergency, window: EmergencyWindow, more: true},
			{id: wire.Ordinary, window: Window, more: true},
		},
	}
}

func newPause() *backoff.ExponentialBackOff {
	pause := backoff.NewExponentialBackOff() // adds jitter of one half either way
	pause.InitialInterval, pause.MaxInterval = FirstRetry, LastRetry
	return pause
}

func (r *round) wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// run delivers until nothing is left or ctx is done.
func (r *round) run(ctx context.Context) {
	for ctx.Err() == nil {
		if r.resume == nil {
			if err := r.launch(ctx); err != nil {
				if ctx.Err() == nil {
					r.c.fail(err)
				}
				break
			}
		}
		if r.idle() && r.c.retire(r) {
			return
		}
		select {
		case <-ctx.Done():
		case <-r.woken:
			r.lanes[0].more, r.lanes[1].more = true, true
			r.hurry(ctx)
		case <-r.resume:
			r.resume = nil
		case res := <-r.done:
			r.finish(res)
		}
	}
	for r.flying() > 0 {
		r.finish(<-r.done)
	}
}

func (r *round) flying() int { return r.lanes[0].inFlight + r.lanes[1].inFlight }

func (r *round) idle() bool {
	for i := range r.lanes {
		if l := &r.lanes[i]; l.more || l.inFlight > 0 || len(l.waiting) > 0 {
			return false
		}
	}
	return true
}

// launch starts as many deliveries as the windows allow, nothing ordinary while
// an emergency could go. While the peer is down one delivery is enough to find
// out whether it still is.
func (r *round) launch(ctx context.Context) error {
	for i := range r.lanes {
		l := &r.lanes[i]
		if err := r.fill(ctx, l); err != nil {
			return err
		}
		kept := l.waiting[:0]
		for _, e := range l.waiting {
			if l.inFlight >= l.window || r.cases[e.Case] || (r.down && r.flying() > 0) {
				kept = append(kept, e)
				continue
			}
			r.start(ctx, l, e)
		}
		l.waiting = kept
		if l.id == wire.Emergency && slices.ContainsFunc(kept, r.free) {
			return nil
		}
	}
	return nil
}

// free reports whether nothing of the entry's case is in flight.
func (r *round) free(e Entry) bool { return !r.cases[e.Case] }

// fill reads the next entries of a lane when it has room for them.
func (r *round) fill(ctx context.Context, l *lane) error {
	if !l.more || len(l.waiting) >= l.window {
		return nil
	}
	next, err := r.c.cfg.Outbox.Next(ctx, Query{Peer: r.peer, Lane: l.id, After: l.read, Limit: Prefetch})
	if err != nil {
		return fmt.Errorf("courier: read outbox: %w", err)
	}
	l.more = len(next) == Prefetch
	if len(next) > 0 {
		l.read = next[len(next)-1].Seq
		l.waiting = append(l.waiting, next...)
	}
	return nil
}

func (r *round) start(ctx context.Context, l *lane, e Entry) {
	l.inFlight++
	r.cases[e.Case] = true
	go func() { r.done <- result{e, r.deliver(ctx, e)} }()
}

func (r *round) finish(res result) {
	l := &r.lanes[0]
	if res.entry.Lane != l.id {
		l = &r.lanes[1]
	}
	l.inFlight--
	delete(r.cases, res.entry.Case)
	if res.end != again {
		if res.end == settled {
			r.down = false
			r.pause.Reset()
		}
		return
	}
	l.putBack(res.entry)
	if r.resume == nil { // the first of a window that failed together sets the pause
		r.down = true
		pause := r.pause.NextBackOff()
		if len(r.lanes[0].waiting) > 0 {
			pause = min(pause, EmergencyRetry)
		}
		r.resume = time.After(pause)
	}
}

// hurry ends the pause of a silent peer when an emergency has come for it.
func (r *round) hurry(ctx context.Context) {
	l := &r.lanes[0]
	if r.resume == nil || len(l.waiting) > 0 {
		return
	}
	if err := r.fill(ctx, l); err == nil && len(l.waiting) > 0 {
		r.resume = nil
	}
}

// putBack returns an entry to its place in the queue.
func (l *lane) putBack(e Entry) {
	i := 0
	for i < len(l.waiting) && l.waiting[i].Seq < e.Seq {
		i++
	}
	l.waiting = append(l.waiting, Entry{})
	copy(l.waiting[i+1:], l.waiting[i:])
	l.waiting[i] = e
}

// deliver tries one entry until it is settled or the peer is silent. An entry
// that alone gets no usable answer keeps its place in the window and waits by
// itself, so that it does not hold up the others.
func (r *round) deliver(ctx context.Context, e Entry) ending {
	cfg := &r.c.cfg
	pause := newPause()
	for {
		if !cfg.Now().Before(e.Expires) {
			cfg.Count("expired")
			return r.wrote(ctx, cfg.Outbox.Expire(ctx, e))
		}
		m, err := cfg.Outbox.Load(ctx, e)
		switch {
		case errors.Is(err, ErrGone):
			return settled
		case errors.Is(err, ErrUnreachable):
			cfg.Count("unreachable")
			return again
		case err != nil:
			return r.wrote(ctx, err)
		}
		answer, err := cfg.Exchange(ctx, e.Peer, m)
		if errors.Is(err, ErrUnreachable) {
			cfg.Count("unreachable")
			return again
		}
		if err == nil {
			if end, ok := r.settle(ctx, e, m, answer); ok {
				return end
			}
		} else {
			cfg.Count("reset")
		}
		select {
		case <-ctx.Done():
			return broken
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// settle hands a receipt or a refusal to the outbox. It reports false when the
// answer settles nothing and the entry is to be tried again.
func (r *round) settle(ctx context.Context, e Entry, sent, answer wire.Message) (ending, bool) {
	cfg := &r.c.cfg
	outcome := "busy"
	switch answer.(type) {
	case *wire.Receipt:
		outcome = "receipt"
	case *wire.Refusal:
		outcome = "refusal"
	}
	if outcome == "busy" {
		cfg.Count(outcome)
		return 0, false
	}
	err := cfg.Outbox.Settle(ctx, e, sent, answer)
	var unproven *UnprovenError
	if errors.As(err, &unproven) {
		cfg.Count("unproven")
		cfg.Log.Warn("answer proves nothing", "peer", e.Peer, "class", unproven.Class)
		return 0, false
	}
	cfg.Count(outcome)
	return r.wrote(ctx, err), true
}

// wrote turns the error of a durable write into an ending. A write that did
// not happen because the node is stopping happens after the next start.
func (r *round) wrote(ctx context.Context, err error) ending {
	if err == nil {
		return settled
	}
	if ctx.Err() == nil {
		r.c.fail(fmt.Errorf("courier: write outbox: %w", err))
	}
	return broken
}

// An UnprovenError is returned by an Outbox when a peer's answer does not
// prove what it says: a receipt for another act, or by another ledger.
type UnprovenError struct {
	Class string // what is wrong with the proof, without content
}

func (e *UnprovenError) Error() string { return "courier: unproven answer: " + e.Class }
