package link

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsLentInTheOrderOfAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{free: 10}
		if err := m.take(t.Context(), 8); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for _, size := range []int{9, 2, 1} { // 2 and 1 would fit, but 9 asked first
			all.Go(func() {
				if err := m.take(t.Context(), size); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, size)
				mu.Unlock()
			})
			synctest.Wait()
		}
		if len(order) > 0 {
			t.Errorf("got %v while 2 bytes are free, want a queue", order)
		}
		m.give(8)
		synctest.Wait()
		m.give(9)
		all.Wait()
		if len(order) != 3 || order[0]+order[1] < 10 {
			t.Errorf("got order %v, want 9 among the first", order)
		}
	})
}

func TestMemoryOfWhoGaveUpIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{free: 10}
		m.take(t.Context(), 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var behind sync.WaitGroup
		behind.Go(func() {
			time.Sleep(time.Millisecond)
			m.take(t.Context(), 3)
		})
		if err := m.take(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		m.give(10)
		behind.Wait()
		m.give(3)
		if m.free != 10 || len(m.queue) != 0 {
			t.Errorf("got %d free and %d waiting, want 10 and none", m.free, len(m.queue))
		}
	})
}

func TestRatesThatAreNotSpentAreNotTaken(t *testing.T) {
	b := DefaultLimits().Ordinary
	b.Frames, b.FramesBurst = 1, 2
	c := newCounter(b, make(chan struct{}, 1))
	now := time.Unix(1000, 0)
	for i, want := range []time.Duration{0, 0, time.Second, time.Second} {
		if got := c.spend(now, 1000); got != want {
			t.Errorf("frame %d: got %v, want %v", i, got, want)
		}
	}
	if got := c.spend(now.Add(time.Second), 1000); got != 0 {
		t.Errorf("a second later: got %v, want 0: refused frames must cost nothing", got)
	}
}
