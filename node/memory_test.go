package node_test

import (
	"context"
	"flag"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/courier"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// large is how many requests a whole node queues: signing them takes most of
// the time, so that the full number is for those who ask for it.
var large = flag.Int("queued", 100, "requests that a node queues for a peer that is down")

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A backlog is an outbox of any length that takes next to no memory: its
// entries follow from their numbers.
type backlog struct {
	size  uint64
	until time.Time // when they expire

	mu      sync.Mutex
	settled []uint8 // how often, by number; guarded by mu
	left    uint64  // guarded by mu
	most    int64   // the largest heap that was seen; guarded by mu
}

const backlogPeer = protocol.ParticipantID("us.contoso")

func (o *backlog) Peers(context.Context) ([]protocol.ParticipantID, error) {
	return []protocol.ParticipantID{backlogPeer}, nil
}

func (o *backlog) Next(_ context.Context, q courier.Query) ([]courier.Entry, error) {
	var out []courier.Entry
	o.mu.Lock()
	defer o.mu.Unlock()
	for seq := q.After + 1; seq <= o.size && len(out) < q.Limit; seq++ {
		if q.Lane == wire.Ordinary && o.settled[seq] == 0 {
			out = append(out, courier.Entry{Peer: q.Peer, Lane: q.Lane, Seq: seq, Case: protocol.NewCaseID(),
				Expires: o.until})
		}
	}
	return out, nil
}

// Load makes a message as large as most.
func (o *backlog) Load(_ context.Context, e courier.Entry) (wire.Message, error) {
	if e.Seq%512 == 0 {
		h := heap()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.most = max(o.most, h)
	}
	return &wire.Deliver{Lane: e.Lane, Envelope: make([]byte, 16<<10)}, nil
}

func (o *backlog) Settle(_ context.Context, e courier.Entry, _, _ wire.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settled[e.Seq]++
	o.left--
	return nil
}

func (o *backlog) Expire(_ context.Context, e courier.Entry) error {
	return &courier.UnprovenError{Class: "expired before its time"}
}

// TestBacklogCostsNoMemory: ten thousand deliveries wait for a peer that is
// down. The heap does not grow with them, and none is lost or sent twice.
func TestBacklogCostsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 10_000
		o := &backlog{size: size, until: time.Now().Add(24 * time.Hour), settled: make([]uint8, size+1), left: size}
		up := make(chan struct{})
		c := courier.New(courier.Config{Outbox: o, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Exchange: func(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
				select {
				case <-up:
				default:
					return nil, courier.ErrUnreachable
				}
				time.Sleep(10 * time.Millisecond) // the way there and back
				runtime.KeepAlive(m)
				return &wire.Receipt{}, nil
			}})
		before := heap()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		time.Sleep(time.Hour)
		if grown := heap() - before; grown > 512<<10 {
			t.Errorf("while the peer is down the heap has grown by %d bytes", grown)
		}
		close(up)
		time.Sleep(time.Hour)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for seq := range o.settled {
			if want := uint8(min(seq, 1)); o.settled[seq] != want {
				t.Fatalf("delivery %d was settled %d times", seq, o.settled[seq])
			}
		}
		// 80 in flight, of 16 KiB each, and the keys that were read ahead.
		if grown := o.most - before; grown > 6<<20 {
			t.Errorf("while it delivered the heap had grown by %d bytes", grown)
		}
	})
}

// TestQueueOfANodeCostsNoMemory is the same for whole nodes. What is bounded
// here is mostly the store's caches.
func TestQueueOfANodeCostsNoMemory(t *testing.T) {
	aloneAtBorder(t, func(t *testing.T, b *border) {
		before := heap()
		sent := make([]desk.Submitted, *large)
		for i := range sent {
			sent[i] = b.request(newOrder())
		}
		time.Sleep(time.Minute)
		const bound = 96 << 20 // bytes: two memtables, the caches, and the window
		if grown := heap() - before; grown > bound {
			t.Errorf("with %d requests queued the heap has grown by %d bytes", len(sent), grown)
		}
		b.start(office)
		b.await("the outbox to be empty", func() bool { return b.waiting(police) == 0 })
		time.Sleep(time.Minute) // Badger gives back what its table builders took, a piece every two seconds
		if grown := heap() - before; grown > 2*bound {
			t.Errorf("after %d deliveries the heap has grown by %d bytes", len(sent), grown)
		}
		b.allOnce(police, office, sent)
	}, police)
}
