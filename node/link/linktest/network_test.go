package linktest_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/link/linktest"
)

// arrivals sends n packets of 1000 bytes from a to b and returns how many
// arrive within a second, and after what time the last one does.
func arrivals(t *testing.T, a, b net.PacketConn, n int) (got int, last time.Duration) {
	t.Helper()
	start := time.Now()
	for range n {
		if _, err := a.WriteTo(make([]byte, 1000), b.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	b.SetReadDeadline(start.Add(time.Second))
	for {
		if _, _, err := b.ReadFrom(make([]byte, 2000)); err != nil {
			return got, last
		}
		got++
		last = time.Since(start)
	}
}

func TestNetworkKeepsToItsConditions(t *testing.T) {
	const latency = 20 * time.Millisecond
	slow := latency + 100*time.Millisecond // 100 packets of 1000 bytes
	full := latency + 210*time.Millisecond // what the queue holds
	for name, c := range map[string]struct {
		conditions  linktest.Conditions
		least, most int
		last        time.Duration
	}{
		"plain":  {linktest.Conditions{Latency: latency}, 100, 100, latency},
		"lossy":  {linktest.Conditions{Latency: latency, Loss: 0.5, Seed: 3}, 30, 70, latency},
		"silent": {linktest.Conditions{Loss: 1}, 0, 0, 0},
		"slow":   {linktest.Conditions{Latency: latency, Speed: 1_000_000}, 100, 100, slow},
		"full":   {linktest.Conditions{Latency: latency, Speed: 100_000}, 18, 24, full},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := linktest.NewNetwork(c.conditions)
				a, b := n.Listen("a"), n.Listen("b")
				got, last := arrivals(t, a, b, 100)
				if got < c.least || got > c.most || last != c.last {
					t.Errorf("got %d packets in %v, want %d to %d in %v", got, last, c.least, c.most, c.last)
				}
				a.Close()
				b.Close()
				n.Close()
			})
		})
	}
}

func TestPartitionsAndRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := linktest.NewNetwork(linktest.Conditions{})
		a, b := n.Listen("a"), n.Listen("b")
		n.Partition("b", "a")
		if got, _ := arrivals(t, a, b, 5); got != 0 {
			t.Errorf("during a partition: got %d packets, want none", got)
		}
		n.Heal("a", "b")
		if got, _ := arrivals(t, a, b, 5); got != 5 {
			t.Errorf("after it: got %d packets, want 5", got)
		}
		b.Close()
		b = n.Listen("b")
		if b.LocalAddr().String() != n.Addr("b") {
			t.Errorf("after a restart: got another address")
		}
		if got, _ := arrivals(t, a, b, 5); got != 5 {
			t.Errorf("after a restart: got %d packets, want 5", got)
		}
		a.Close()
		b.Close()
		n.Close()
	})
}
