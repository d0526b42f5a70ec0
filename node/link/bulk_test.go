package link_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/node/link"
	"comity.example/protocol/wire"
)

// evidence answers for evidence with the largest answers that there are, at once, and
// otherwise as receipt does.
func evidence(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
	switch m.(type) {
	case *wire.BlockQuery:
		return &wire.Block{Block: make([]byte, wire.MaxBlock)}, nil
	case *wire.ShareQuery:
		return &wire.Share{}, nil
	case *wire.SegmentQuery:
		return &wire.Segment{Segment: make([]byte, wire.MaxSegment)}, nil
	}
	return receipt(ctx, p, m)
}

// longPoll waits with the answer to a SegmentQuery for as long as a node may.
func longPoll(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
	if m.Type() == wire.TypeSegmentQuery {
		select {
		case <-time.After(20 * time.Second):
			return &wire.Nothing{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return evidence(ctx, p, m)
}

func TestEachLaneHasAConnectionOfItsOwn(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, evidence), newCounts()
		c.Metrics = seen
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		for i, m := range []wire.Message{ask(1), deliver(wire.Emergency, 10), &wire.BlockQuery{}} {
			mustAnswer(t, a, bob, m)
			if n := seen.acceptedSoFar(); n != i+1 {
				t.Errorf("after %s: %d connections, want %d", m.Type(), n, i+1)
			}
		}
		for _, m := range []wire.Message{&wire.ShareQuery{}, &wire.SegmentQuery{}, deliver(wire.Ordinary, 10)} {
			mustAnswer(t, a, bob, m)
			if n := seen.acceptedSoFar(); n != 3 {
				t.Errorf("after %s: %d connections, want 3", m.Type(), n)
			}
		}
	})
}

// TestPeerThatCrashedIsNotLockedOut: its dead connections, one for each lane, are not
// counted against the new ones.
func TestPeerThatCrashedIsNotLockedOut(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, evidence), newCounts()
		c.Metrics = seen
		w.start(c)
		lanes := []wire.Message{ask(1), deliver(wire.Emergency, 10), &wire.BlockQuery{}}
		for range 2 {
			a, stop := w.start(w.config(alice, receipt))
			for _, m := range lanes {
				mustAnswer(t, a, bob, m)
			}
			if w.net.Partition(string(alice), string(bob)); seen.acceptedSoFar() == len(lanes) {
				stop() // bob does not hear of it
				time.Sleep(time.Second)
				w.net.Heal(string(alice), string(bob))
				continue
			}
			w.net.Heal(string(alice), string(bob))
			for range 3 {
				for _, m := range lanes {
					mustAnswer(t, a, bob, m)
				}
				time.Sleep(time.Second)
			}
		}
		if n := seen.acceptedSoFar(); n != 2*len(lanes) || seen.most != 2*len(lanes) {
			t.Errorf("%d connections, %d at a time, want %d that live beside each other", n, seen.most, 2*len(lanes))
		}
	})
}

// TestEvidenceDoesNotHoldUpActs, nor do segments that are waited for hold up blocks.
func TestEvidenceDoesNotHoldUpActs(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(longPoll)
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for range link.DefaultLimits().Live.PeerShare + 20 { // more than one peer's share
			all.Go(func() {
				for ctx.Err() == nil {
					a.Exchange(ctx, bob, &wire.SegmentQuery{})
				}
			})
		}
		time.Sleep(3 * time.Second)
		for range 5 {
			for _, x := range []struct {
				m    wire.Message
				most time.Duration
			}{
				{deliver(wire.Emergency, 1000), 3 * trip}, {deliver(wire.Ordinary, 1000), 3 * trip},
				{&wire.ShareQuery{}, 3 * trip}, {&wire.BlockQuery{}, 12 * trip},
			} {
				began := time.Now()
				mustAnswer(t, a, bob, x.m)
				if took := time.Since(began); took > x.most {
					t.Errorf("%s took %v, want at most %v", x.m.Type(), took, x.most)
				}
			}
		}
		cancel()
		all.Wait()
	})
}

// TestOnePeersSegmentsAreBounded: however many it waits for.
func TestOnePeersSegmentsAreBounded(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var now, most atomic.Int32
		w.start(w.config(bob, func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			if m.Type() == wire.TypeSegmentQuery { // and no probe
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
			}
			return longPoll(ctx, p, m)
		}))
		a, _ := w.start(w.config(alice, receipt))
		var busy atomic.Int32
		var all sync.WaitGroup
		limits := link.DefaultLimits()
		for range limits.Live.PeerShare + 10 {
			all.Go(func() {
				answer, err := a.Exchange(t.Context(), bob, &wire.SegmentQuery{})
				if err == nil && answer.Type() == wire.TypeBusy {
					busy.Add(1)
				}
			})
		}
		all.Wait()
		if most.Load() != int32(limits.Live.PeerShare) || busy.Load() != 10 {
			t.Errorf("%d were waited for at a time and %d told to come again, want %d and 10",
				most.Load(), busy.Load(), limits.Live.PeerShare)
		}
	})
}

// TestPeerThatReadsBlocksSlowlyIsCutOff, holds no more memory than it may, and nobody
// else waits for it.
func TestPeerThatReadsBlocksSlowlyIsCutOff(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var carol peerID = "fr.carol"
		var begun atomic.Int32
		c, seen := w.config(bob, func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			if p == alice {
				begun.Add(1)
			}
			return evidence(ctx, p, m)
		}), newCounts()
		c.Metrics = seen
		w.start(c)
		w.config(alice, receipt).Conn.Close()
		other, _ := w.start(w.config(carol, receipt))
		r := w.newRaw(string(alice))
		r.quic.InitialStreamReceiveWindow, r.quic.MaxStreamReceiveWindow = 1<<10, 1<<10
		r.quic.KeepAlivePeriod = time.Second
		conn := r.mustDial(w, bob)
		var streams []*quic.Stream
		for range 40 {
			s, err := conn.OpenStreamSync(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wire.Write(s, &wire.BlockQuery{})
			s.Close()
			streams = append(streams, s)
		}
		slow := func(s *quic.Stream) { // a byte a second
			for one := make([]byte, 1); ; time.Sleep(time.Second) {
				if _, err := s.Read(one); err != nil {
					return
				}
			}
		}
		var reading sync.WaitGroup
		for _, s := range streams {
			reading.Go(func() { slow(s) })
		}
		time.Sleep(time.Second)
		limits := link.DefaultLimits()
		if n, most := int(begun.Load()), limits.Bulk.Memory/wire.MaxBlock; n > most || n == 0 {
			t.Errorf("%d blocks are held for a peer that does not read, want at most %d", n, most)
		}
		for range 20 {
			mustAnswer(t, other, bob, &wire.BlockQuery{})
		}
		time.Sleep(2*limits.Frame + time.Second)
		synctest.Wait()
		if n := seen.of(seen.served, link.Slow); n != int(begun.Load()) {
			t.Errorf("%d of %d were cut off as slow", n, begun.Load())
		}
		conn.CloseWithError(0, "")
		reading.Wait()
	})
}

// TestServerThatSendsAByteASecondIsGivenUp by the asker.
func TestServerThatSendsAByteASecondIsGivenUp(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.start(w.config(alice, receipt))
		w.config(bob, receipt).Conn.Close()
		r := w.newRaw(string(bob))
		r.tls.ClientAuth = 0
		server, err := r.transport.Listen(r.tls, r.quic)
		if err != nil {
			t.Fatal(err)
		}
		var serving sync.WaitGroup
		serving.Go(func() {
			conn, err := server.Accept(context.Background())
			if err != nil {
				return
			}
			s, err := conn.AcceptStream(context.Background())
			if err != nil {
				return
			}
			frame, _ := wire.Encode(&wire.Block{Block: make([]byte, 1<<20)})
			for i := range frame {
				if _, err := s.Write(frame[i : i+1]); err != nil {
					break
				}
				time.Sleep(time.Second)
			}
			conn.CloseWithError(0, "")
		})
		began := time.Now()
		_, err = a.Exchange(t.Context(), bob, &wire.BlockQuery{})
		if took := time.Since(began); !errors.Is(err, link.ErrUnreachable) || took > link.DefaultLimits().Exchange {
			t.Errorf("got %v after %v, want ErrUnreachable after Limits.Exchange", err, took)
		}
		serving.Wait()
		server.Close()
	})
}

// TestBulkBudgetHasRoomForTheLargestAnswer.
func TestBulkBudgetHasRoomForTheLargestAnswer(t *testing.T) {
	for name, spoil := range map[string]func(*link.Limits){
		"bulk": func(l *link.Limits) { l.Bulk.Memory = wire.MaxBlock },
		"live": func(l *link.Limits) { l.Live.Memory = wire.MaxSegment },
		"none": func(l *link.Limits) { l.Bulk.Handlers = 0 },
	} {
		bad := link.DefaultLimits()
		spoil(&bad)
		inWorld(t, conditions(), func(t *testing.T, w *world) {
			c := w.config(alice, receipt)
			c.Limits = bad
			if _, err := link.New(c); err == nil {
				t.Errorf("%s: got no error", name)
			}
			c.Conn.Close()
		})
	}
}

func BenchmarkBlock1(b *testing.B) { benchmarkBlock(b, 1) }
func BenchmarkBlock8(b *testing.B) { benchmarkBlock(b, 8) }

// benchmarkBlock asks for blocks of a MiB: what the link adds to quic-go when they
// are neither made nor verified.
func benchmarkBlock(b *testing.B, inFlight int) {
	block := make([]byte, wire.MaxBlock)
	a, _, stop := loopbackOf(b, link.DefaultLimits(), func(context.Context, peerID, wire.Message) (wire.Message, error) {
		return &wire.Block{Block: block}, nil
	})
	defer stop()
	b.SetBytes(int64(len(block)))
	inParallel(b, inFlight, func() error {
		answer, err := a.Exchange(context.Background(), bob, &wire.BlockQuery{})
		if err == nil && answer.Type() != wire.TypeBlock {
			err = errors.New("busy")
		}
		return err
	})
}
