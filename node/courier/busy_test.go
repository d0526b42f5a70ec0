package courier_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/courier"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// A busyPeer is busy with some acts, for as long as they are in early.
type busyPeer struct {
	pause time.Duration // that it asks for

	mu       sync.Mutex
	early    map[protocol.Digest]bool // guarded by mu
	tried    map[protocol.Digest][]time.Time
	accepted []protocol.Digest
}

func newBusyPeer(pause time.Duration, early ...courier.Entry) *busyPeer {
	p := &busyPeer{pause: pause, early: map[protocol.Digest]bool{}, tried: map[protocol.Digest][]time.Time{}}
	for _, e := range early {
		p.early[e.Act] = true
	}
	return p
}

func (p *busyPeer) exchange(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	time.Sleep(10 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	act := protocol.Digest(m.(*wire.Deliver).Envelope)
	p.tried[act] = append(p.tried[act], time.Now())
	if p.early[act] {
		return &wire.Busy{RetryAfter: p.pause}, nil
	}
	p.accepted = append(p.accepted, act)
	return &wire.Receipt{Proof: []byte("proof")}, nil
}

// admit is busy with an act no longer.
func (p *busyPeer) admit(e courier.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.early, e.Act)
}

func (p *busyPeer) tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, t := range p.tried {
		n += len(t)
	}
	return n
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.entries)
}

// wantLeft wants that many entries to wait still: those that it names.
func (o *outbox) wantLeft(t *testing.T, want int, which string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if got := len(o.entries); got != want {
		t.Errorf("%d entries are left, want %d: %s", got, want, which)
	}
}

func TestEarlyActsDoNotHoldUpTheOthers(t *testing.T) {
	for name, lane := range map[string]wire.Lane{"ordinary": wire.Ordinary, "emergency": wire.Emergency} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				room := map[wire.Lane]int{wire.Ordinary: courier.Parked, wire.Emergency: courier.EmergencyParked}[lane]
				o := &outbox{}
				o.add(room+2000, lane, 1)
				early := slices.Clone(o.entries[:room]) // as many as can wait, before all others
				p := newBusyPeer(time.Second, early...)
				_, stop := start(t, o, p.exchange)
				time.Sleep(time.Minute)
				o.wantLeft(t, len(early), "the early ones")
				for _, e := range early {
					p.admit(e)
				}
				time.Sleep(2 * courier.LastRetry)
				o.wantLeft(t, 0, "nothing is early any more")
				if err := stop(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestMoreEarlyActsThanCanWait hold up the others, and are not lost.
func TestMoreEarlyActsThanCanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(courier.Parked+courier.Prefetch+1000, wire.Ordinary, 1)
		all := slices.Clone(o.entries)
		p := newBusyPeer(time.Second, all...)
		_, stop := start(t, o, p.exchange)
		time.Sleep(time.Hour)
		o.wantLeft(t, len(all), "all")
		for _, e := range all {
			p.admit(e)
		}
		time.Sleep(3 * courier.LastRetry)
		o.wantLeft(t, 0, "nothing is early any more")
		stop()
	})
}

// TestCaseOfAnEarlyActWaitsWithIt, in order, however much of it there is, and
// nothing else does.
func TestCaseOfAnEarlyActWaitsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(1500, wire.Ordinary, 1)
		var want []protocol.Digest
		for i := range o.entries[:1200] {
			if i%2 == 0 || i > 200 {
				o.entries[i].Case = "case-x"
				want = append(want, o.entries[i].Act)
			}
		}
		first, middle, other := o.entries[0], o.entries[600], o.entries[3]
		p := newBusyPeer(time.Second, first, middle, other)
		c, stop := start(t, o, p.exchange)
		time.Sleep(time.Minute)
		o.wantLeft(t, len(want)+1, "the case and another early one")
		o.add(10, wire.Ordinary, 5001)
		o.mu.Lock()
		o.entries[len(o.entries)-1].Case = "case-x" // later still
		want = append(want, o.entries[len(o.entries)-1].Act)
		late := slices.Clone(o.entries[len(o.entries)-10:])
		o.mu.Unlock()
		c.Posted(late...)
		time.Sleep(time.Second)
		p.admit(first)
		time.Sleep(2 * courier.LastRetry)
		p.admit(middle)
		p.admit(other)
		time.Sleep(2 * courier.LastRetry)
		stop()
		o.wantLeft(t, 0, "nothing is early any more")
		var got []protocol.Digest
		for _, d := range p.accepted {
			if slices.Contains(want, d) {
				got = append(got, d)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the case arrived in another order than it was written in (%d of %d)", len(got), len(want))
		}
		for _, d := range want[1:] {
			if d != middle.Act && len(p.tried[d]) != 1 {
				t.Fatalf("an act that follows an early one was tried %d times", len(p.tried[d]))
			}
		}
	})
}

// TestThePauseThatABusyAsksForIsKeptWithinBounds.
func TestThePauseThatABusyAsksForIsKeptWithinBounds(t *testing.T) {
	for _, x := range []struct {
		name        string
		lane        wire.Lane
		asked       time.Duration
		least, most time.Duration // between two tries
	}{
		{"nothing", wire.Ordinary, 0, courier.FirstRetry / 2, courier.LastRetry * 2},
		{"half a minute", wire.Ordinary, 30 * time.Second, 30 * time.Second, courier.LastRetry * 2},
		{"as long as it can", wire.Ordinary, wire.MaxRetryAfter, courier.LongestBusy, courier.LongestBusy},
		{"an emergency's patience", wire.Emergency, wire.MaxRetryAfter, courier.EmergencyRetry, courier.EmergencyRetry},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &outbox{}
				o.add(1, x.lane, 1)
				act, expires := o.entries[0].Act, o.entries[0].Expires
				p := newBusyPeer(x.asked, o.entries...)
				_, stop := start(t, o, p.exchange)
				time.Sleep(time.Hour)
				p.mu.Lock()
				tried := slices.Clone(p.tried[act])
				p.mu.Unlock()
				for i := range tried[1:] {
					if gap := tried[i+1].Sub(tried[i]) - 10*time.Millisecond; gap < x.least || gap > x.most {
						t.Fatalf("tried again after %v, want %v to %v", gap, x.least, x.most)
					}
				}
				if least := int(time.Hour / (x.most + time.Second)); len(tried) < least {
					t.Errorf("tried %d times in an hour, want at least %d", len(tried), least)
				}
				time.Sleep(time.Until(expires) + time.Millisecond)
				synctest.Wait()
				if o.mu.Lock(); len(o.expired) != 1 {
					t.Error("it did not expire in time")
				}
				o.mu.Unlock()
				stop()
			})
		})
	}
}

// TestAPeerThatIsBusyWithEverythingIsLeftAlone for a while: a backlog does not
// come down on it at the speed of the link.
func TestAPeerThatIsBusyWithEverythingIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(10_000, wire.Ordinary, 1)
		p := newBusyPeer(30*time.Second, o.entries...)
		_, stop := start(t, o, p.exchange)
		time.Sleep(29 * time.Second)
		if got := p.tries(); got > 2*courier.Window {
			t.Errorf("tried %d times within the pause that it asked for", got)
		}
		p.mu.Lock()
		clear(p.early)
		p.mu.Unlock()
		time.Sleep(5 * time.Minute)
		o.wantLeft(t, 0, "it is not busy any more")
		stop()
	})
}

// TestALaneRestsNoLongerThanItMust: what is behind a window of early acts goes
// when the rest ends, whatever they wait for.
func TestALaneRestsNoLongerThanItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(2*courier.Window+10, wire.Ordinary, 1)
		p := newBusyPeer(wire.MaxRetryAfter, o.entries[:2*courier.Window]...)
		_, stop := start(t, o, p.exchange)
		time.Sleep(2*courier.LastRetry + time.Second)
		o.wantLeft(t, 2*courier.Window, "the early ones")
		stop()
	})
}

// TestParkedActsWaitForEmergencies, and cost nothing meanwhile.
func TestParkedActsWaitForEmergencies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(10, wire.Ordinary, 1)
		p := newBusyPeer(time.Second, o.entries...)
		early := slices.Clone(o.entries)
		o.add(2*courier.EmergencyWindow, wire.Emergency, 1)
		c, stop := start(t, o, func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			if m.(*wire.Deliver).Lane == wire.Emergency {
				time.Sleep(time.Minute)
			}
			return p.exchange(ctx, peer, m)
		})
		time.Sleep(3 * time.Minute)
		o.post(c, 2*courier.EmergencyWindow, wire.Emergency)
		time.Sleep(3 * time.Minute)
		for _, e := range early {
			p.admit(e)
		}
		time.Sleep(2 * courier.LastRetry)
		o.wantLeft(t, 0, "nothing is early any more")
		stop()
	})
}
