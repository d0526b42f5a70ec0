package clerk_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/clerk"
)

// A docket is a list of due times in memory. It writes down when the clerk did
// what.
type docket struct {
	mu     sync.Mutex
	due    []time.Time
	done   []time.Time // when each was brought about, in legal time
	rounds int         // in which there was something
	looks  int
	fails  int // so many of the next rounds fail
}

func (d *docket) Tick(_ context.Context, now time.Time, limit int) (clerk.Round, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	if d.fails > 0 {
		d.fails--
		return clerk.Round{}, errors.New("no room")
	}
	slices.SortFunc(d.due, time.Time.Compare)
	var r clerk.Round
	for len(d.due) > 0 && !d.due[0].After(now) && r.Cases < limit {
		d.due, d.done = d.due[1:], append(d.done, now)
		r.Cases, r.Fired = r.Cases+1, r.Fired+1
	}
	if r.Cases > 0 {
		d.rounds++
	}
	if len(d.due) > 0 {
		r.Next = d.due[0]
	}
	return r, nil
}

func (d *docket) add(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.due = append(d.due, at)
}

func (d *docket) happened() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

// A legal clock runs with the bubble's, and can be turned.
type legal struct {
	mu     sync.Mutex
	turned time.Duration
}

func (l *legal) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Add(l.turned)
}

func (l *legal) turn(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turned += d
}

// watched runs do beside a clerk, in virtual time.
func watched(t *testing.T, d *docket, do func(c *clerk.Clerk, l *legal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &legal{}
		c := clerk.New(clerk.Config{Docket: d, Now: l.now})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		synctest.Wait()
		do(c, l)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestClerkComesWhenItIsDueAndNotBefore(t *testing.T) {
	d := &docket{}
	watched(t, d, func(c *clerk.Clerk, l *legal) {
		began := time.Now()
		due := began.Add(8 * time.Hour)
		d.add(due)
		c.Expect(due)
		time.Sleep(8*time.Hour - time.Second)
		if got := d.happened(); len(got) != 0 {
			t.Fatalf("it came about %v early", due.Sub(got[0]))
		}
		time.Sleep(2 * time.Second)
		if got := d.happened(); len(got) != 1 || !got[0].Equal(due) {
			t.Errorf("got %v, want once at %v", got, due)
		}
		if d.looks > 3 {
			t.Errorf("the clerk looked %d times in 8 hours in which nothing was due", d.looks)
		}
	})
}

func TestSomethingEarlierWakesTheClerk(t *testing.T) {
	d := &docket{}
	watched(t, d, func(c *clerk.Clerk, l *legal) {
		began := time.Now()
		for _, in := range []time.Duration{10 * time.Hour, time.Hour, 5 * time.Hour, time.Second} {
			d.add(began.Add(in))
			c.Expect(began.Add(in))
			synctest.Wait()
		}
		time.Sleep(11 * time.Hour)
		var got []time.Duration
		for _, at := range d.happened() {
			got = append(got, at.Sub(began))
		}
		if want := []time.Duration{time.Second, time.Hour, 5 * time.Hour, 10 * time.Hour}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestTurnedClockIsNoticed: at once if the clerk is told, and soon if not.
func TestTurnedClockIsNoticed(t *testing.T) {
	for _, told := range []bool{true, false} {
		d := &docket{}
		watched(t, d, func(c *clerk.Clerk, l *legal) {
			d.add(l.now().Add(8 * time.Hour))
			c.Expect(l.now().Add(8 * time.Hour))
			synctest.Wait()
			began := time.Now()
			l.turn(9 * time.Hour)
			if told {
				c.Wake()
			}
			for len(d.happened()) == 0 && time.Since(began) < 2*clerk.MaxSleep {
				time.Sleep(time.Second)
			}
			within := time.Second
			if !told {
				within = clerk.MaxSleep + time.Second
			}
			if took := time.Since(began); len(d.happened()) != 1 || took > within {
				t.Errorf("told %t: %d came about after %v, want one within %v", told, len(d.happened()), took, within)
			}
		})
	}
}

func TestCatchUpGoesInRounds(t *testing.T) {
	const many = 10*clerk.RoundCases + 1
	d := &docket{}
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a bubble begins
	for range many {
		d.add(at.Add(-time.Hour))
	}
	watched(t, d, func(c *clerk.Clerk, l *legal) {
		if got := len(d.happened()); got != many {
			t.Errorf("%d came about, want %d", got, many)
		}
		if d.rounds != 11 {
			t.Errorf("in %d rounds, want 11", d.rounds)
		}
	})
}

func TestFailureIsTriedAgain(t *testing.T) {
	d := &docket{fails: 3}
	d.add(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	watched(t, d, func(c *clerk.Clerk, l *legal) {
		time.Sleep(2 * clerk.RestAfterFailure)
		synctest.Wait()
		if got := len(d.happened()); got != 0 {
			t.Errorf("%d came about while it failed", got)
		}
		time.Sleep(clerk.RestAfterFailure)
		synctest.Wait()
		if got := len(d.happened()); got != 1 {
			t.Errorf("%d came about afterwards, want 1", got)
		}
		if d.looks > 6 {
			t.Errorf("the clerk looked %d times", d.looks)
		}
	})
}

// TestCatchUpCanBeEnded: a node that is told to end does not first finish.
func TestCatchUpCanBeEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		d := &endless{stop: stop}
		if err := clerk.New(clerk.Config{Docket: d, Now: time.Now}).Run(ctx); err != nil || d.looks != 5 {
			t.Errorf("got %v after %d rounds, want none after 5", err, d.looks)
		}
	})
}

// An endless docket always has more. It is told to end in its fifth round.
type endless struct {
	looks int
	stop  func()
}

func (d *endless) Tick(ctx context.Context, now time.Time, limit int) (clerk.Round, error) {
	if d.looks++; d.looks == 5 {
		d.stop()
	}
	return clerk.Round{Cases: limit, Fired: limit, Next: now}, ctx.Err()
}
