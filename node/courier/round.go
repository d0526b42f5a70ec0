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
	news  news          // guarded by the courier's mu
	done  chan result   // buffered for every delivery in flight, so that none blocks
	pause *backoff.ExponentialBackOff

	// Owned by run.
	lanes  [2]lane
	cases  map[protocol.CaseID]bool // cases with a delivery in flight, or parked
	parked map[protocol.CaseID]*parking
	gated  bool             // nothing ordinary starts: an emergency could go, or goes
	yield  time.Time        // until then, while emergencies that have gone are in flight
	down   bool             // the last word from the peer was silence
	resume <-chan time.Time // when to try again; nil: now
}

type result struct {
	entry Entry
	end   ending
	after time.Duration // the pause that the peer asked for
}

// An ending says what became of a delivery.
type ending uint8

const (
	settled ending = iota // receipted, refused or expired: out of the outbox
	again                 // the peer did not answer
	later                 // the peer answered, but not with a proof
	broken                // the outbox cannot be written
)

func newRound(c *Courier, peer protocol.ParticipantID) *round {
	return &round{
		c: c, peer: peer,
		woken:  make(chan struct{}, 1),
		done:   make(chan result, Window+EmergencyWindow+2*Retries),
		pause:  newPause(),
		cases:  map[protocol.CaseID]bool{},
		parked: map[protocol.CaseID]*parking{},
		lanes:  [2]lane{newLane(wire.Emergency, EmergencyWindow, EmergencyParked), newLane(wire.Ordinary, Window, Parked)},
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
			waited := len(r.lanes[0].waiting) > 0
			r.takeNews()
			if !waited {
				r.hurry(ctx)
			}
		case <-r.resume:
			r.resume = nil
		case <-r.alarm():
		case res := <-r.done:
			r.finish(res)
		}
	}
	for r.flying() > 0 {
		r.finish(<-r.done)
	}
}

// takeNews takes what is new. What finds no room in its lane, or comes while the
// outbox is to be read all the same, is read from there.
func (r *round) takeNews() {
	news := r.c.news(r)
	for i := range r.lanes {
		if news.from > 0 {
			r.lanes[i].readFrom(news.from)
		}
	}
	for _, e := range news.posted {
		l := r.lane(e)
		if l.more || len(l.waiting) >= Prefetch {
			l.readFrom(e.Seq)
			continue
		}
		l.read = max(l.read, e.Seq)
		r.take(l, e)
	}
}

func (r *round) flying() int { return r.lanes[0].flying() + r.lanes[1].flying() }

func (r *round) idle() bool {
	for i := range r.lanes {
		if l := &r.lanes[i]; l.more || l.flying() > 0 || len(l.waiting) > 0 || l.parked > 0 {
			return false
		}
	}
	return true
}

// held reports whether nothing more may be started for now: while the peer is
// down one delivery is enough to find out whether it still is.
func (r *round) held() bool { return r.down && r.flying() > 0 }

// alarm is when a lane can start something that it could not start before, nil
// while that depends on the end of a delivery or on the peer.
func (r *round) alarm() <-chan time.Time {
	if r.resume != nil || r.held() {
		return nil
	}
	var next time.Time
	lanes := r.lanes[:]
	if r.gated {
		lanes = lanes[:1]
	}
	for i := range lanes {
		if at := lanes[i].next(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if r.yields() && (next.IsZero() || r.yield.Before(next)) {
		next = r.yield
	}
	if next.IsZero() {
		return nil
	}
	return time.After(time.Until(next))
}

// yields reports whether ordinary entries wait for emergencies that are in flight.
func (r *round) yields() bool { return r.lanes[0].inFlight > 0 && r.yield.After(time.Now()) }

// launch starts as many deliveries as the windows allow, nothing ordinary while
// an emergency could go, or is on its way.
func (r *round) launch(ctx context.Context) error {
	for i := range r.lanes {
		l := &r.lanes[i]
		now := time.Now()
		for !r.held() && l.retrying < Retries && len(l.due) > 0 && !l.due[0].at.After(now) {
			p := l.due[0]
			l.due = slices.Delete(l.due, 0, 1)
			l.retrying++
			r.start(ctx, p.entry)
		}
		if err := r.fill(ctx, l); err != nil {
			return err
		}
		if l.rest.After(now) {
			continue
		}
		kept := l.waiting[:0]
		for _, e := range l.waiting {
			if l.inFlight >= l.window || r.cases[e.Case] || r.held() {
				kept = append(kept, e)
				continue
			}
			if l.inFlight++; l.id == wire.Emergency && l.inFlight == 1 {
				r.yield = now.Add(Yield) // however many follow
			}
			r.start(ctx, e)
		}
		l.waiting = kept
		if r.gated = l.id == wire.Emergency && (r.yields() || slices.ContainsFunc(kept, r.free)); r.gated {
			return nil
		}
	}
	return nil
}

// free reports whether nothing of the entry's case is in flight.
func (r *round) free(e Entry) bool { return !r.cases[e.Case] }

// fill reads the next entries of a lane when it has room for them. Those of a
// parked case are passed over, and read when it goes on.
func (r *round) fill(ctx context.Context, l *lane) error {
	for l.more && len(l.waiting) < l.window {
		next, err := r.c.cfg.Outbox.Next(ctx, Query{Peer: r.peer, Lane: l.id, After: l.read, Limit: Prefetch})
		if err != nil {
			return fmt.Errorf("courier: read outbox: %w", err)
		}
		l.more = len(next) == Prefetch
		for _, e := range next {
			l.read = e.Seq
			r.take(l, e)
		}
	}
	return nil
}

// take takes an entry that is in the outbox, or passes it over.
func (r *round) take(l *lane, e Entry) {
	if p := r.parked[e.Case]; p != nil && p.entry.Seq != e.Seq {
		p.passOver(e)
	} else {
		l.add(e)
	}
}

func (r *round) start(ctx context.Context, e Entry) {
	r.cases[e.Case] = true
	go func() { r.done <- r.deliver(ctx, e) }()
}

func (r *round) lane(e Entry) *lane {
	if e.Lane == r.lanes[0].id {
		return &r.lanes[0]
	}
	return &r.lanes[1]
}

func (r *round) finish(res result) {
	e := res.entry
	l, p := r.lane(e), r.parked[e.Case]
	if p != nil {
		l.retrying--
	} else {
		l.inFlight--
		delete(r.cases, e.Case)
	}
	switch res.end {
	case settled:
		r.down = false
		r.pause.Reset()
		l.settled(e)
		r.unpark(l, p)
	case later:
		r.down = false
		r.pause.Reset()
		r.park(l, p, res)
	case again:
		if p != nil {
			l.schedule(p, time.Now())
		} else {
			l.putBack(e)
		}
		r.silent()
	}
}

// silent pauses the round: the first of a window that failed together sets how
// long.
func (r *round) silent() {
	if r.resume != nil {
		return
	}
	r.down = true
	pause := r.pause.NextBackOff()
	if l := &r.lanes[0]; len(l.waiting) > 0 || l.parked > 0 {
		pause = min(pause, EmergencyRetry)
	}
	r.resume = time.After(pause)
}

// hurry ends the pause of a silent peer when an emergency has come for it.
func (r *round) hurry(ctx context.Context) {
	l := &r.lanes[0]
	if r.resume == nil {
		return
	}
	if err := r.fill(ctx, l); err == nil && len(l.waiting) > 0 {
		r.resume = nil
	}
}

// deliver tries one entry.
func (r *round) deliver(ctx context.Context, e Entry) result {
	cfg := &r.c.cfg
	if !cfg.Now().Before(e.Expires) {
		cfg.Count("expired")
		return result{entry: e, end: r.wrote(ctx, cfg.Outbox.Expire(ctx, e))}
	}
	m, err := cfg.Outbox.Load(ctx, e)
	switch {
	case errors.Is(err, ErrGone):
		return result{entry: e, end: settled}
	case errors.Is(err, ErrUnreachable):
		cfg.Count("unreachable")
		return result{entry: e, end: again}
	case err != nil:
		return result{entry: e, end: r.wrote(ctx, err)}
	}
	answer, err := cfg.Exchange(ctx, e.Peer, m)
	switch {
	case errors.Is(err, ErrUnreachable):
		cfg.Count("unreachable")
		return result{entry: e, end: again}
	case err != nil:
		cfg.Count("reset")
		return result{entry: e, end: later}
	}
	return r.settle(ctx, e, m, answer)
}

// settle hands a receipt or a refusal to the outbox. Any other answer settles
// nothing, and the entry is to be tried again.
func (r *round) settle(ctx context.Context, e Entry, sent, answer wire.Message) result {
	cfg := &r.c.cfg
	outcome := "busy"
	switch m := answer.(type) {
	case *wire.Receipt:
		outcome = "receipt"
	case *wire.Refusal:
		outcome = "refusal"
	case *wire.Busy:
		cfg.Count(outcome)
		return result{entry: e, end: later, after: m.RetryAfter}
	default:
		cfg.Count(outcome)
		return result{entry: e, end: later}
	}
	err := cfg.Outbox.Settle(ctx, e, sent, answer)
	var unproven *UnprovenError
	if errors.As(err, &unproven) {
		cfg.Count("unproven")
		cfg.Log.Warn("answer proves nothing", "peer", e.Peer, "class", unproven.Class)
		return result{entry: e, end: later}
	}
	cfg.Count(outcome)
	return result{entry: e, end: r.wrote(ctx, err)}
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
