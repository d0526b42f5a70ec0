package courier_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/courier"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// An outbox in memory.
type outbox struct {
	mu      sync.Mutex
	entries []courier.Entry
	settled []courier.Entry
	expired []courier.Entry
	highest int // most entries asked for at a time
	asked   int // how often
	posted  int
	fail    error
}

func (o *outbox) Peers(context.Context) ([]protocol.ParticipantID, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []protocol.ParticipantID
	for _, e := range o.entries {
		if !slices.Contains(out, e.Peer) {
			out = append(out, e.Peer)
		}
	}
	return out, nil
}

func (o *outbox) Next(_ context.Context, q courier.Query) ([]courier.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.highest = max(o.highest, q.Limit)
	o.asked++
	var out []courier.Entry
	for i := range o.entries { // in the order of Seq within a lane
		if len(out) == q.Limit {
			break
		}
		if e := &o.entries[i]; e.Seq > q.After && e.Lane == q.Lane && e.Peer == q.Peer {
			out = append(out, *e)
		}
	}
	return out, nil
}

func (o *outbox) reads() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

func (o *outbox) Load(_ context.Context, e courier.Entry) (wire.Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.find(e) < 0 {
		return nil, courier.ErrGone
	}
	return &wire.Deliver{Lane: e.Lane, Envelope: e.Act[:]}, nil
}

func (o *outbox) Settle(_ context.Context, e courier.Entry, _, answer wire.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r, ok := answer.(*wire.Receipt); ok && string(r.Proof) == "forged" {
		return &courier.UnprovenError{Class: "test"}
	}
	return o.remove(e, &o.settled)
}

func (o *outbox) Expire(_ context.Context, e courier.Entry) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.remove(e, &o.expired)
}

func (o *outbox) remove(e courier.Entry, to *[]courier.Entry) error {
	if o.fail != nil {
		return o.fail
	}
	i := o.find(e)
	if i < 0 {
		panic("settled twice")
	}
	copy(o.entries[1:], o.entries[:i]) // most are taken from near the front
	o.entries = o.entries[1:]
	*to = append(*to, e)
	return nil
}

// find returns where an entry is, or -1. No entry is copied on the way: the race
// detector looks at every byte of it.
func (o *outbox) find(e courier.Entry) int {
	for i := range o.entries {
		if x := &o.entries[i]; x.Seq == e.Seq && *x == e {
			return i
		}
	}
	return -1
}

func (o *outbox) add(n int, lane wire.Lane, first uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range n {
		seq := first + uint64(i)
		o.entries = append(o.entries, courier.Entry{Peer: "us.contoso", Lane: lane, Seq: seq,
			Case: protocol.NewCaseID(), Act: protocol.DigestOf([]byte{byte(seq), byte(seq >> 8)}),
			Expires: time.Now().Add(24 * time.Hour)})
	}
}

type exchange func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error)

func receipt(context.Context, protocol.ParticipantID, wire.Message) (wire.Message, error) {
	return &wire.Receipt{Proof: []byte("proof")}, nil
}

// start runs a courier for the length of a test.
func start(t *testing.T, o *outbox, x exchange) (*courier.Courier, func() error) {
	t.Helper()
	c := courier.New(courier.Config{Outbox: o, Exchange: x, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return c, func() error { cancel(); return <-ended }
}

func TestEverythingIsDeliveredWhenThePeerReturnsEmergenciesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(10_000, wire.Ordinary, 1)
		var mu sync.Mutex
		var order []wire.Lane
		up, flying, most := false, 0, 0
		c, stop := start(t, o, func(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			mu.Lock()
			flying++
			most = max(most, flying)
			alive := up
			if alive {
				order = append(order, m.(*wire.Deliver).Lane)
			}
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			flying--
			if !alive {
				return nil, courier.ErrUnreachable
			}
			return &wire.Receipt{Proof: []byte("proof")}, nil
		})
		time.Sleep(10 * time.Minute)
		o.post(c, 20, wire.Emergency)
		time.Sleep(time.Minute)
		mu.Lock()
		up = true
		mu.Unlock()
		time.Sleep(courier.LastRetry * 2)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if len(o.entries) != 0 || len(o.settled) != 10_020 {
			t.Fatalf("got %d settled, %d left", len(o.settled), len(o.entries))
		}
		if most > courier.Window+courier.EmergencyWindow {
			t.Errorf("%d deliveries in flight", most)
		}
		for i, lane := range order[:courier.EmergencyWindow] { // the last ones start together with the first ordinary ones
			if lane != wire.Emergency {
				t.Errorf("delivery %d was in lane %v while emergencies waited", i, lane)
			}
		}
	})
}

// post adds entries and posts them in any order.
func (o *outbox) post(c *courier.Courier, n int, lane wire.Lane) {
	o.mu.Lock()
	first, before := 1000*1000+o.posted, len(o.entries)
	o.posted += n
	o.mu.Unlock()
	o.add(n, lane, uint64(first))
	o.mu.Lock()
	posted := slices.Clone(o.entries[before:])
	o.mu.Unlock()
	rand.Shuffle(len(posted), func(i, j int) { posted[i], posted[j] = posted[j], posted[i] })
	for _, e := range posted {
		c.Posted(e)
	}
}

func TestAnEmergencyForASilentPeerIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(1, wire.Ordinary, 1)
		var last time.Time
		c, stop := start(t, o, func(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			if m.(*wire.Deliver).Lane == wire.Emergency {
				last = time.Now()
			}
			return nil, courier.ErrUnreachable
		})
		time.Sleep(time.Hour) // the pause is at its longest
		began := time.Now()
		o.post(c, 1, wire.Emergency)
		synctest.Wait()
		if got := last.Sub(began); got != 0 || last.IsZero() {
			t.Errorf("tried after %v (last %v)", got, last)
		}
		stop()
	})
}

// TestWhatIsPostedIsDeliveredOnceInWhateverOrder: few are never looked up in
// the outbox, many are, and none is lost or delivered twice.
func TestWhatIsPostedIsDeliveredOnceInWhateverOrder(t *testing.T) {
	for _, n := range []int{1, courier.Window, 2000} {
		synctest.Test(t, func(t *testing.T) {
			o := &outbox{}
			o.add(1, wire.Ordinary, 1)
			delivered := map[string]int{}
			var mu sync.Mutex
			c, stop := start(t, o, func(ctx context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
				time.Sleep(time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				delivered[string(m.(*wire.Deliver).Envelope)]++
				return receipt(ctx, "", m)
			})
			time.Sleep(500 * time.Microsecond) // the first is in flight, so that the round lives on
			read := o.reads()
			for range 3 {
				o.post(c, n, wire.Ordinary)
				o.post(c, n, wire.Emergency)
				time.Sleep(100 * time.Microsecond)
			}
			if got := o.reads() - read; n == 1 && got != 0 {
				t.Errorf("%d posted: the outbox was read %d times", n, got)
			}
			time.Sleep(time.Minute) // the round has ended
			read = o.reads()
			o.post(c, 1, wire.Ordinary)
			time.Sleep(time.Minute)
			if got := o.reads() - read; got != 0 {
				t.Errorf("posted to nobody's round: the outbox was read %d times", got)
			}
			stop()
			if len(o.settled) != 6*n+2 || len(o.entries) != 0 || len(delivered) != 6*n+2 {
				t.Errorf("%d posted: %d settled, %d left, %d delivered", n, len(o.settled), len(o.entries), len(delivered))
			}
			for _, times := range delivered {
				if times != 1 {
					t.Errorf("%d posted: one was delivered %d times", n, times)
				}
			}
		})
	}
}

// TestWhatIsPostedBeyondTheRoomOfARoundIsReadLater: little by little, to a
// peer that is slow.
func TestWhatIsPostedBeyondTheRoomOfARoundIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		c, stop := start(t, o, func(ctx context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			time.Sleep(time.Second)
			return receipt(ctx, "", m)
		})
		const times, n = 10, courier.Prefetch / 4
		for range times {
			o.post(c, n, wire.Ordinary)
			synctest.Wait()
		}
		time.Sleep(times * n * time.Second)
		stop()
		if len(o.settled) != times*n || len(o.entries) != 0 {
			t.Errorf("%d settled, %d left", len(o.settled), len(o.entries))
		}
	})
}

func TestActsOfOneCaseArriveInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(50, wire.Ordinary, 1)
		for i := range o.entries {
			o.entries[i].Case = "case-x"
		}
		want := slices.Clone(o.entries)
		_, stop := start(t, o, func(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			time.Sleep(time.Millisecond)
			return receipt(t.Context(), "", m)
		})
		time.Sleep(time.Minute)
		stop()
		if !slices.Equal(o.settled, want) {
			t.Errorf("got another order than it was written in")
		}
	})
}

func TestOneActWithoutAnAnswerDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(200, wire.Ordinary, 1)
		poison := o.entries[0].Act
		_, stop := start(t, o, func(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
			if string(m.(*wire.Deliver).Envelope) == string(poison[:]) {
				return nil, errors.New("stream reset")
			}
			return receipt(t.Context(), "", m)
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(o.settled) != 199 {
			t.Errorf("got %d settled, want 199", len(o.settled))
		}
		time.Sleep(25 * time.Hour)
		stop()
		if len(o.expired) != 1 {
			t.Errorf("got %d expired, want the one without an answer", len(o.expired))
		}
	})
}

func TestAForgedReceiptSettlesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(3, wire.Ordinary, 1)
		_, stop := start(t, o, func(context.Context, protocol.ParticipantID, wire.Message) (wire.Message, error) {
			return &wire.Receipt{Proof: []byte("forged")}, nil
		})
		time.Sleep(time.Hour)
		stop()
		if len(o.entries) != 3 || len(o.settled) != 0 {
			t.Errorf("got %d settled", len(o.settled))
		}
	})
}

func TestExpiredEntriesAreGivenUpWithARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.add(100, wire.Ordinary, 1)
		_, stop := start(t, o, func(context.Context, protocol.ParticipantID, wire.Message) (wire.Message, error) {
			return nil, courier.ErrUnreachable
		})
		time.Sleep(25 * time.Hour)
		stop()
		if len(o.expired) != 100 {
			t.Errorf("got %d expired, want 100", len(o.expired))
		}
	})
}

func TestAnOutboxThatCannotBeWrittenStopsTheCourier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{fail: errors.New("disk full")}
		o.add(100, wire.Ordinary, 1)
		c := courier.New(courier.Config{Outbox: o, Exchange: receipt, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err := c.Run(t.Context()); !errors.Is(err, o.fail) {
			t.Errorf("got %v, want the outbox's error", err)
		}
	})
}
