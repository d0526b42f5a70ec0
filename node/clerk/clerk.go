// Package clerk watches the clocks: it sleeps until something is due in a case,
// has it brought about, and goes on with the next. What is due, and what comes
// of it, is the docket's to say; the docket lies in the store, so that the clerk
// holds nothing of any case and forgets nothing when the node is down.
//
// Legal time says when. It may be put forward at any moment, in a testnet or by
// whoever keeps the machine's clock: Wake says that it was, and without that the
// clerk looks again within MaxSleep. It may be put back: nothing happens twice,
// because what has come about is written with the case.
//
// The package is trusted with punctuality and with nothing else: what it does
// late, the docket still holds.
package clerk

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// RoundCases bounds the cases that one round takes: others wait for the
	// journal meanwhile, and emergencies are among them.
	RoundCases = 64
	// MaxSleep is how long the clerk sleeps at most before it looks at legal time
	// again: the machine's clock may have been set.
	MaxSleep = time.Minute
	// ProgressEvery is how often a long catch-up says how far it is.
	ProgressEvery = 5 * time.Second
	// RestAfterFailure is how long the clerk waits after a round that could not be
	// read or written, such as for want of room on the disk.
	RestAfterFailure = 10 * time.Second
)

// A Round is what one look at the docket came to.
type Round struct {
	Cases int // in which something was due
	Fired int // effects that came about in them
	// Next is when something is due in another case: the zero time if nothing is.
	Next time.Time
}

// A Docket knows what is due.
type Docket interface {
	// Tick brings about, in one commit, what is due by a time in at most so many
	// cases, those that have been due longest first. After an error the commit
	// may have happened or not, and what is still due is still in the docket.
	Tick(ctx context.Context, now time.Time, limit int) (Round, error)
}

// Config says what a clerk works with. Docket and Now are required.
type Config struct {
	Docket Docket
	Now    func() time.Time // legal time
	Log    *slog.Logger
}

// A Clerk is safe for concurrent use.
type Clerk struct {
	cfg   Config
	woken chan struct{} // holds at most one

	mu      sync.Mutex
	waiting time.Time // the legal time for which Run sleeps, zero: for nothing; guarded by mu
	asleep  bool      // guarded by mu
}

// New returns a clerk that does nothing until Run.
func New(c Config) *Clerk {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Clerk{cfg: c, woken: make(chan struct{}, 1)}
}

// Wake has the clerk look now: legal time was put forward. It never blocks.
func (c *Clerk) Wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// Expect tells the clerk that the docket has, or is about to have, something
// that is due at a time. It never blocks, and costs nothing if the clerk comes
// earlier anyway.
func (c *Clerk) Expect(at time.Time) {
	c.mu.Lock()
	late := c.asleep && (c.waiting.IsZero() || at.Before(c.waiting))
	if late || !c.asleep { // awake, it may have looked just before
		c.Wake()
	}
	c.mu.Unlock()
}

// Run watches until ctx ends, which it may do in the middle of a catch-up: what
// was not done yet is done at the next start.
func (c *Clerk) Run(ctx context.Context) error {
	var behind backlog
	for {
		r, err := c.cfg.Docket.Tick(ctx, c.cfg.Now(), RoundCases)
		switch {
		case ctx.Err() != nil:
			behind.end(c.cfg.Log, "stopped")
			return nil
		case err != nil:
			c.cfg.Log.Warn("what is due has not come about yet", "error", err)
			c.rest(ctx)
			continue
		}
		if r.Cases > 0 {
			behind.add(c.cfg.Log, r)
		}
		if r.Cases == 0 || r.Next.IsZero() || r.Next.After(c.cfg.Now()) {
			behind.end(c.cfg.Log, "done")
			c.sleep(ctx, r.Next)
		}
	}
}

// rest waits after a failure.
func (c *Clerk) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(RestAfterFailure):
	}
}

// sleep waits until a legal time, until somebody wakes the clerk, or until it is
// time to look at the clock again.
func (c *Clerk) sleep(ctx context.Context, until time.Time) {
	c.doze(until, true)
	defer c.doze(time.Time{}, false)
	for {
		wait := MaxSleep
		if !until.IsZero() {
			wait = min(wait, until.Sub(c.cfg.Now()))
		}
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-c.woken:
		case <-timer.C:
			continue
		}
		timer.Stop()
		return
	}
}

func (c *Clerk) doze(until time.Time, asleep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting, c.asleep = until, asleep
}

// A backlog is what was done without a pause. A long one is told, so that an
// operator sees that the node catches up, and how far it is.
type backlog struct {
	cases, fired int
	began, told  time.Time
}

func (b *backlog) add(log *slog.Logger, r Round) {
	now := time.Now()
	if b.cases == 0 {
		b.began, b.told = now, now
	}
	b.cases, b.fired = b.cases+r.Cases, b.fired+r.Fired
	if now.Sub(b.told) >= ProgressEvery {
		b.told = now
		log.Info("catching up with clocks", "cases", b.cases, "effects", b.fired, "next_due", r.Next)
	}
}

func (b *backlog) end(log *slog.Logger, how string) {
	if b.cases > RoundCases {
		log.Info("caught up with clocks", "how", how, "cases", b.cases, "effects", b.fired,
			"took", time.Since(b.began).Round(time.Millisecond))
	}
	*b = backlog{}
}
