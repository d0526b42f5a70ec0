package courier_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/courier"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// While an emergency is in flight nothing ordinary starts, for no longer than
// Yield: a peer that does not answer emergencies keeps nothing else from it.
func TestOrdinaryWorkYieldsToAnEmergencyInFlight(t *testing.T) {
	for _, x := range []struct {
		name   string
		answer time.Duration // of an emergency
		starts time.Duration // of the first ordinary delivery after it was posted
	}{
		{"answered", 300 * time.Millisecond, 300 * time.Millisecond},
		{"not answered", time.Hour, courier.Yield},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &outbox{}
				o.add(1000, wire.Ordinary, 1)
				var mu sync.Mutex
				var ordinary []time.Time
				c, stop := start(t, o, func(ctx context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
					answer := 100 * time.Millisecond
					if m.(*wire.Deliver).Lane == wire.Emergency {
						answer = x.answer
					} else {
						mu.Lock()
						ordinary = append(ordinary, time.Now())
						mu.Unlock()
					}
					select {
					case <-time.After(answer):
						return &wire.Receipt{Proof: []byte("proof")}, nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				})
				time.Sleep(50 * time.Millisecond)
				posted := time.Now()
				o.post(c, 1, wire.Emergency)
				time.Sleep(2 * time.Second)
				mu.Lock()
				var after time.Duration
				for _, at := range ordinary {
					if at.After(posted) {
						after = at.Sub(posted)
						break
					}
				}
				mu.Unlock()
				if after != x.starts {
					t.Errorf("the next ordinary delivery began %v after the emergency, want %v", after, x.starts)
				}
				if err := stop(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// One emergency after another, without a gap, holds up what is ordinary for no
// longer than one does.
func TestManyEmergenciesHoldUpOthersNoLongerThanOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(300, wire.Ordinary, 1)
		c, stop := start(t, o, func(ctx context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			if m.(*wire.Deliver).Lane == wire.Emergency {
				time.Sleep(900 * time.Millisecond)
			} else {
				time.Sleep(100 * time.Millisecond)
			}
			return &wire.Receipt{Proof: []byte("proof")}, nil
		})
		for range 20 {
			o.post(c, 1, wire.Emergency)
			time.Sleep(200 * time.Millisecond)
		}
		o.mu.Lock()
		left := 0
		for _, e := range o.entries {
			if e.Lane == wire.Ordinary {
				left++
			}
		}
		o.mu.Unlock()
		if left > 0 {
			t.Errorf("%d ordinary entries are left after four seconds of emergencies", left)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}
