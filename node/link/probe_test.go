package link_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"comity.example/node/link"
	"comity.example/protocol/wire"
)

// TestPeerThatIsBackIsNoticedByWhoOnlyWaits: every request was acknowledged before the
// peer was killed, so that nothing is sent again.
func TestPeerThatIsBackIsNoticedByWhoOnlyWaits(t *testing.T) {
	for name, request := range map[string]wire.Message{
		"a block": &wire.BlockQuery{}, "an act": deliver(wire.Ordinary, 10), "an emergency": deliver(wire.Emergency, 10),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, conditions(), func(t *testing.T, w *world) {
				first := w.config(bob, hang)
				_, stop := w.start(first)
				a, _ := w.start(w.config(alice, receipt))
				failed := make(chan error, 1)
				go func() {
					_, err := a.Exchange(t.Context(), bob, request)
					failed <- err
				}()
				time.Sleep(time.Second / 2)
				w.net.Partition(string(alice), string(bob))
				stop()
				time.Sleep(time.Second / 4)
				w.net.Heal(string(alice), string(bob))
				w.start(w.config(bob, evidence))
				start := time.Now()
				if err := <-failed; !errors.Is(err, link.ErrUnreachable) {
					t.Errorf("got %v, want ErrUnreachable", err)
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("noticed after %v", took)
				}
				mustAnswer(t, a, bob, request)
			})
		})
	}
}

// TestWhoWaitsAsksNowAndThen whether the peer is there, however many wait.
func TestWhoWaitsAsksNowAndThen(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var pings atomic.Int32
		w.start(w.config(bob, func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			if m.Type() == wire.TypePing {
				pings.Add(1)
				return receipt(ctx, p, m)
			}
			return hang(ctx, p, m)
		}))
		a, _ := w.start(w.config(alice, receipt))
		const many = 16
		failed := make(chan error, many)
		for range many {
			go func() {
				_, err := a.Exchange(t.Context(), bob, &wire.BlockQuery{})
				failed <- err
			}()
		}
		time.Sleep(10*time.Second + time.Second/2)
		if n := pings.Load(); n < 3 || n > 8 {
			t.Errorf("asked %d times in ten seconds, want fewer and fewer", n)
		}
		for range many {
			<-failed
		}
		time.Sleep(5 * time.Second)
		before := pings.Load()
		time.Sleep(10 * time.Second)
		if n := pings.Load(); n != before {
			t.Errorf("asked %d times while nobody waited", n-before)
		}
	})
}
