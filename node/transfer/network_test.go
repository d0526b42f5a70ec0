package transfer_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"comity.example/node/link/linktest"
	"comity.example/node/transfer"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// TestTheLineIsUsed: on slow and fast lines of 100 ms there and back, the blocks in
// flight are neither too few to use the line nor so many that they come too late.
func TestTheLineIsUsed(t *testing.T) {
	for _, x := range []struct {
		name  string
		size  int
		speed int     // bytes per second
		share float64 // of it that must be reached, the start included
	}{
		{"256 kbit/s", 6 * mib, 32_000, 0.6}, // on which a block takes half a minute, and two do not come in time
		{"512 kbit/s", 3 * mib, 64_000, 0.8},
		{"1 Mbit/s", 4 * mib, 125_000, 0.8},
		{"10 Mbit/s", 8 * mib, 1_250_000, 0.8},
		{"100 Mbit/s", 64 * mib, 12_500_000, 0.7},
		{"1 Gbit/s", 96 * mib, 125_000_000, 0.2},
	} {
		t.Run(x.name, func(t *testing.T) {
			if raced && x.speed > 2_500_000 {
				t.Skip("the race detector finds here what it finds on slower lines")
			}
			onLine(t, linktest.Conditions{Latency: 50 * time.Millisecond, Speed: x.speed, Seed: 1}, func(t *testing.T, l *line) {
				o, _ := l.fetch(x.size, false)
				took := l.wait(o, time.Hour)
				if rate := float64(o.sealed()) / took.Seconds(); rate < x.share*float64(x.speed) {
					t.Errorf("got %.0f bytes per second of %d", rate, x.speed)
				}
				if n := l.beyond(o); n > 2*evidence.MaxBlock {
					t.Errorf("%d bytes were served twice", n)
				}
			})
		})
	}
}

// ordinary are the conditions of the tests of faults: 20 Mbit/s, 40 ms there and back.
func ordinary() linktest.Conditions {
	return linktest.Conditions{Latency: 20 * time.Millisecond, Speed: 2_500_000, Seed: 1}
}

// twice is how much may be served beyond an object for each break.
const twice = transfer.DefaultWindow * mib

func TestObjectArrivesOverALossyLine(t *testing.T) {
	c := ordinary()
	c.Loss, c.Jitter = 0.03, 20*time.Millisecond
	onLine(t, c, func(t *testing.T, l *line) {
		o, d := l.fetch(6*mib, false)
		l.wait(o, time.Hour)
		if n := l.beyond(o); n > 0 || d.twice() > 0 {
			t.Errorf("%d bytes were served twice", n)
		}
	})
}

func TestFetchGoesOnAfterAPartition(t *testing.T) {
	for name, lasts := range map[string]time.Duration{
		"shorter than the connection lives": 20 * time.Second,
		"longer":                            10 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			onLine(t, ordinary(), func(t *testing.T, l *line) {
				o, _ := l.fetch(16*mib, false)
				time.Sleep(4 * time.Second)
				before, _ := l.engine.Progress(o.tree)
				if before.Have == 0 || before.State != transfer.Moving || before.Rate < mib || before.Left <= 0 {
					t.Errorf("in the middle: %+v, want it to move", before)
				}
				l.net.Partition(string(alice), string(bob))
				time.Sleep(lasts)
				p, _ := l.engine.Progress(o.tree)
				if p.Have < before.Have {
					t.Errorf("it had %d bytes and has %d", before.Have, p.Have)
				}
				if lasts > time.Minute && (p.State != transfer.Unreachable || p.Why == "" || p.Rate != 0) {
					t.Errorf("while the peer is away: %+v", p)
				}
				l.net.Heal(string(alice), string(bob))
				if took := l.wait(o, time.Hour); took > 3*time.Minute {
					t.Errorf("took %v after the partition", took)
				}
				if n := l.beyond(o); n > twice {
					t.Errorf("%d bytes were served twice, want the window at most", n)
				}
			})
		})
	}
}

func TestFetchGoesOnAfterTheOtherSideRestarts(t *testing.T) {
	onLine(t, ordinary(), func(t *testing.T, l *line) {
		o, d := l.fetch(24*mib, false)
		for range 3 {
			time.Sleep(3 * time.Second)
			l.end()
			time.Sleep(time.Second)
			l.startBob()
		}
		if took := l.wait(o, time.Hour); took > time.Minute {
			t.Errorf("took %v after the last restart", took)
		}
		if d.complete != 1 {
			t.Errorf("completed %d times: what did not come was forgotten", d.complete)
		}
		if n := l.beyond(o); n > 3*twice {
			t.Errorf("%d bytes were served twice, want the window at most for each restart", n)
		}
	})
}

func TestFetchGoesOnAfterThisSideRestarts(t *testing.T) {
	onLine(t, ordinary(), func(t *testing.T, l *line) {
		o, d := l.fetch(24*mib, false)
		for range 3 {
			time.Sleep(3 * time.Second)
			l.stop()
			if d.synced == 0 || d.closed == 0 {
				t.Error("the engine ended and did not sync and close what is there")
			}
			_, had := d.Have()
			l.startEngine()
			l.fetchTo(o, d, false)
			if p, _ := l.engine.Progress(o.tree); p.Have != had || had == 0 {
				t.Errorf("after a restart it has %d bytes, want %d", p.Have, had)
			}
		}
		l.wait(o, time.Hour)
		if n := l.beyond(o); n > 3*twice || d.twice() > 0 {
			t.Errorf("%d bytes were served twice, and %d blocks kept twice", n, d.twice())
		}
	})
}

// roaming is a socket whose address changes: what is sent goes out by the new one.
type roaming struct {
	net.PacketConn // the first one

	mu  sync.Mutex
	now net.PacketConn
	all []net.PacketConn
	got chan packet

	closed sync.Once
	over   chan struct{}
}

type packet struct {
	b    []byte
	from net.Addr
}

func (r *roaming) read(c net.PacketConn) {
	for {
		b := make([]byte, 2048)
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		select {
		case r.got <- packet{b[:n], from}:
		case <-r.over:
			return
		}
	}
}

func (r *roaming) move(to net.PacketConn) {
	r.mu.Lock()
	r.now = to
	r.all = append(r.all, to)
	r.mu.Unlock()
	go r.read(to)
}

func (r *roaming) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-r.got:
		return copy(b, p.b), p.from, nil
	case <-r.over:
		return 0, nil, net.ErrClosed
	}
}

// SetReadBuffer and SetWriteBuffer are what quic-go asks a socket for.
func (r *roaming) SetReadBuffer(int) error  { return nil }
func (r *roaming) SetWriteBuffer(int) error { return nil }

// Close closes every address.
func (r *roaming) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.all {
		c.Close()
	}
	r.closed.Do(func() { close(r.over) })
	return nil
}

// SetReadDeadline ends a ReadFrom that waits: with it a transport is closed.
func (r *roaming) SetReadDeadline(at time.Time) error {
	if !at.IsZero() && !at.After(time.Now()) {
		r.closed.Do(func() { close(r.over) })
	}
	return nil
}

func (r *roaming) WriteTo(b []byte, to net.Addr) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now.WriteTo(b, to)
}

// TestFetchGoesOnWhenThePathChanges: alice's packets come from another address all
// of a sudden, as behind a NAT that was restarted.
func TestFetchGoesOnWhenThePathChanges(t *testing.T) {
	onLine(t, ordinary(), func(t *testing.T, l *line) {
		o, _ := l.fetch(12*mib, false)
		time.Sleep(3 * time.Second)
		l.roam()
		l.net.Partition(string(alice), string(bob)) // nothing comes to where she was
		if took := l.wait(o, time.Hour); took > 2*time.Minute {
			t.Errorf("took %v after the path changed", took)
		}
		if n := l.beyond(o); n > twice {
			t.Errorf("%d bytes were served twice, want the window at most", n)
		}
	})
}

// TestEmergencyOvertakesOnALine that is full of other evidence.
func TestEmergencyOvertakesOnALine(t *testing.T) {
	onLine(t, ordinary(), func(t *testing.T, l *line) {
		big, _ := l.fetch(24*mib, false)
		time.Sleep(5 * time.Second)
		o, _ := l.fetch(4*mib, true)
		alone := time.Duration(float64(o.sealed()) / 2_500_000 * float64(time.Second))
		if took := l.wait(o, time.Hour); took > 4*alone {
			t.Errorf("an emergency of 4 MiB took %v, want %v and what was in flight", took, alone)
		} else {
			t.Logf("%v, alone %v", took, alone)
		}
		l.wait(big, time.Hour)
	})
}

// TestActsPassBulk: while evidence fills the line, a delivery takes little longer
// than on a line that is free.
func TestActsPassBulk(t *testing.T) {
	onLine(t, ordinary(), func(t *testing.T, l *line) {
		o, _ := l.fetch(40*mib, false)
		time.Sleep(5 * time.Second)
		began := time.Now()
		for i := range 10 {
			m := &wire.Ping{Nonce: [16]byte{byte(i)}}
			if _, err := l.alice.Exchange(context.Background(), bob, m); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began) / 10; took > time.Second {
			t.Errorf("an exchange took %v on a line full of evidence, want less than a second", took)
		} else {
			t.Logf("%v", took)
		}
		if p, _ := l.engine.Progress(o.tree); p.State != transfer.Moving {
			t.Errorf("the evidence is %s, want the line to be full of it to the end", p.State)
		}
	})
}
