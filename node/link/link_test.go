package link_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/link"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

func TestFirstExchangeTakesTwoRoundTripsAndTheNextOne(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		for i, want := range []time.Duration{2 * trip, trip, trip} {
			start := time.Now()
			answer, err := a.Exchange(t.Context(), bob, ask(byte(i)))
			if err != nil {
				t.Fatalf("exchange %d: %v", i, err)
			}
			if pong, ok := answer.(*wire.Pong); !ok || pong.Nonce != ask(byte(i)).Nonce {
				t.Errorf("exchange %d: got %v, want the pong", i, answer)
			}
			if took := time.Since(start); took < want || took > want+latency {
				t.Errorf("exchange %d: took %v, want %v", i, took, want)
			}
		}
	})
}

func TestHandlerIsToldWhoAsks(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var who protocol.ParticipantID
		a, _ := w.pair(func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			who = p
			return receipt(ctx, p, m)
		})
		if _, err := a.Exchange(t.Context(), bob, ask(1)); err != nil || who != alice {
			t.Errorf("got %q and %v, want %q", who, err, alice)
		}
	})
}

func TestBothSidesMayAsk(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, b := w.pair(receipt)
		var both sync.WaitGroup
		for range 10 {
			both.Go(func() { mustAnswer(t, a, bob, ask(1)) })
			both.Go(func() { mustAnswer(t, b, alice, ask(2)) })
		}
		both.Wait()
	})
}

func mustAnswer(t *testing.T, l *link.Link, peer protocol.ParticipantID, m wire.Message) {
	t.Helper()
	if answer, err := l.Exchange(context.Background(), peer, m); err != nil {
		t.Errorf("exchange: got %v, want an answer", err)
	} else if answer.Type() == wire.TypeBusy {
		t.Error("exchange: got busy, want another answer")
	}
}

func TestManyFirstExchangesShareOneDial(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, receipt), newCounts()
		c.Metrics = seen
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() { mustAnswer(t, a, bob, ask(byte(i))) })
		}
		all.Wait()
		if seen.accepted != 1 {
			t.Errorf("got %d connections, want 1", seen.accepted)
		}
	})
}

func TestThousandExchangesOverALossyLineAreEachAnsweredOnce(t *testing.T) {
	lossy := linktest.Conditions{Latency: 20 * time.Millisecond, Jitter: 280 * time.Millisecond,
		Loss: 0.05, Seed: 2}
	inWorld(t, lossy, func(t *testing.T, w *world) {
		var mu sync.Mutex
		handled := make(map[string]int)
		a, _ := w.pair(func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			mu.Lock()
			defer mu.Unlock()
			if d, ok := m.(*wire.Deliver); ok { // and no probe
				handled[string(d.Envelope)]++
			}
			return receipt(ctx, p, m)
		})
		const exchanges, inFlight = 1000, 32 // of 64, some would take the 20 s that a frame may
		next := make(chan int)
		var workers sync.WaitGroup
		for range inFlight {
			workers.Go(func() {
				for i := range next {
					envelope := fmt.Appendf(make([]byte, 0, 4096), "%04096d", i)
					answer, err := a.Exchange(context.Background(), bob,
						&wire.Deliver{Lane: wire.Ordinary, Envelope: envelope})
					want := sha256.Sum256(envelope)
					if r, ok := answer.(*wire.Receipt); err != nil || !ok || !bytes.Equal(r.Proof, want[:]) {
						t.Errorf("exchange %d: got %v, %v, want its own receipt", i, answer, err)
					}
				}
			})
		}
		for i := range exchanges {
			next <- i
		}
		close(next)
		workers.Wait()
		for _, n := range handled {
			if n != 1 {
				t.Errorf("handled %d times, want once", n)
			}
		}
		if len(handled) != exchanges {
			t.Errorf("handled %d requests, want %d", len(handled), exchanges)
		}
		if _, lost := w.net.Carried(); lost == 0 {
			t.Error("no packet was lost: the test says nothing")
		}
	})
}

func TestLargestMessagesCross(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(func(_ context.Context, _ peerID, m wire.Message) (wire.Message, error) {
			if _, ok := m.(*wire.Pull); ok {
				return &wire.Publish{Kind: wire.KindRegister, Document: make([]byte, wire.MaxRegister)}, nil
			}
			return &wire.Receipt{Proof: make([]byte, wire.MaxProof)}, nil
		})
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { mustAnswer(t, a, bob, deliver(wire.Ordinary, wire.MaxEnvelope)) })
			all.Go(func() { mustAnswer(t, a, bob, &wire.Pull{Kind: wire.KindRegister}) })
		}
		all.Wait()
	})
}

func TestRequestsThatWaitForMemoryDoNotStopThoseThatHaveIt(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, receipt)
		c.Limits = link.DefaultLimits()
		c.Limits.Ordinary.Memory = wire.MaxRegister + 1 // for thirty of these
		c.Limits.Waiting = time.Minute
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		var all sync.WaitGroup
		for range c.Limits.StreamsPerConnection {
			all.Go(func() { mustAnswer(t, a, bob, deliver(wire.Ordinary, 512<<10)) })
		}
		all.Wait()
	})
}

func TestPartitionIsUnreachableAndHealingIsNoticed(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		mustAnswer(t, a, bob, ask(1))
		w.net.Partition(string(alice), string(bob))
		for range 3 { // on the old connection, then without one
			start := time.Now()
			_, err := a.Exchange(t.Context(), bob, ask(2))
			if !errors.Is(err, link.ErrUnreachable) {
				t.Fatalf("got %v, want ErrUnreachable", err)
			}
			if took := time.Since(start); took > link.DefaultLimits().Exchange {
				t.Errorf("took %v, want no more than Limits.Exchange", took)
			}
		}
		w.net.Heal(string(alice), string(bob))
		mustAnswer(t, a, bob, ask(3))
	})
}

func TestShortPartitionCostsNoExchange(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		mustAnswer(t, a, bob, ask(1))
		w.net.Partition(string(alice), string(bob))
		time.AfterFunc(10*time.Second, func() { w.net.Heal(string(alice), string(bob)) })
		mustAnswer(t, a, bob, ask(2))
	})
}

func TestIdleConnectionIsKeptAndADeadOneIsReplaced(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c, seen := w.config(bob, receipt), newCounts()
		c.Metrics = seen
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		mustAnswer(t, a, bob, ask(1))
		time.Sleep(24 * time.Hour) // virtual
		start := time.Now()
		mustAnswer(t, a, bob, ask(2))
		if took := time.Since(start); took > trip+latency || seen.acceptedSoFar() != 1 {
			t.Errorf("after a day: %v and %d connections, want one round trip and 1", took,
				seen.acceptedSoFar())
		}
		w.net.Partition(string(alice), string(bob))
		time.Sleep(2 * link.DefaultLimits().Idle)
		w.net.Heal(string(alice), string(bob))
		start = time.Now()
		mustAnswer(t, a, bob, ask(3))
		if took := time.Since(start); took > 2*trip+latency || seen.acceptedSoFar() != 2 {
			t.Errorf("after a cut: %v and %d connections, want two round trips and 2", took,
				seen.acceptedSoFar())
		}
	})
}

func TestRestartedPeerIsNoticedInARoundTrip(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		first := w.config(bob, receipt)
		_, stop := w.start(first)
		a, _ := w.start(w.config(alice, receipt))
		mustAnswer(t, a, bob, ask(1))

		// A crash: bob says nothing, and comes back with the same key.
		w.net.Partition(string(alice), string(bob))
		stop()
		time.Sleep(time.Second)
		w.net.Heal(string(alice), string(bob))
		w.start(w.config(bob, receipt))

		start := time.Now()
		if _, err := a.Exchange(t.Context(), bob, ask(2)); !errors.Is(err, link.ErrUnreachable) {
			t.Errorf("on the old connection: got %v, want ErrUnreachable", err)
		}
		mustAnswer(t, a, bob, ask(3))
		if took := time.Since(start); took > 3*trip+latency {
			t.Errorf("took %v, want three round trips", took)
		}
	})
}

func TestExchangeThatWaitedForAStreamGoesByTheNextConnection(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // no stream ends before the connection does
			return receipt(ctx, p, m)
		})
		_, stop := w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		var hanging, waiting sync.WaitGroup
		for range link.DefaultLimits().StreamsPerConnection {
			hanging.Go(func() { a.Exchange(context.Background(), bob, ask(1)) })
		}
		time.Sleep(time.Second)
		waiting.Go(func() { mustAnswer(t, a, bob, ask(2)) })
		synctest.Wait()
		stop()
		w.start(w.config(bob, receipt))
		waiting.Wait()
		hanging.Wait()
	})
}

func TestEmergencyOvertakesAFloodOfOrdinaryDeliveries(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		release := make(chan struct{})
		a, _ := w.pair(func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			if d, ok := m.(*wire.Deliver); ok && d.Lane == wire.Ordinary {
				<-release // every ordinary handler hangs
			}
			return receipt(ctx, p, m)
		})
		var flood sync.WaitGroup
		var answered atomic.Int32
		for range 300 {
			flood.Go(func() {
				if _, err := a.Exchange(context.Background(), bob, deliver(wire.Ordinary, 32<<10)); err == nil {
					answered.Add(1)
				}
			})
		}
		time.Sleep(time.Second) // virtual: all streams, memory and handlers are taken
		start := time.Now()
		answer, err := a.Exchange(t.Context(), bob, deliver(wire.Emergency, 64<<10))
		if err != nil || answer.Type() != wire.TypeReceipt {
			t.Errorf("emergency: got %v, %v, want a receipt", answer, err)
		}
		if took := time.Since(start); took > 5*trip {
			t.Errorf("emergency took %v behind %d ordinary ones, want five round trips at most",
				took, answered.Load())
		}
		if n := answered.Load(); n > 0 {
			t.Errorf("%d ordinary deliveries were answered: there was no flood", n)
		}
		close(release)
		flood.Wait()
	})
}

func TestEmergencyOvertakesOnASlowLine(t *testing.T) {
	c := conditions()
	c.Speed = 250_000 // two megabits per second
	inWorld(t, c, func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		mustAnswer(t, a, bob, ask(1))
		ctx, cancel := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		for range 32 {
			flood.Go(func() {
				for ctx.Err() == nil {
					a.Exchange(ctx, bob, deliver(wire.Ordinary, 256<<10))
				}
			})
		}
		time.Sleep(10 * time.Second) // virtual
		start := time.Now()
		mustAnswer(t, a, bob, deliver(wire.Emergency, 16<<10))
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("emergency took %v on a full line, want less than four seconds", took)
		} else {
			t.Logf("emergency of 16 KiB behind 8 MiB on 2 Mbit/s: %v", took)
		}
		cancel()
		flood.Wait()
	})
}

func TestPeerOverItsRateIsAnsweredBusyAndEmergenciesAreNot(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, receipt)
		c.Limits = link.DefaultLimits()
		c.Limits.Ordinary.Frames, c.Limits.Ordinary.FramesBurst = 0.1, 3
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		for i := range 6 {
			answer, err := a.Exchange(t.Context(), bob, deliver(wire.Ordinary, 100<<10))
			if err != nil {
				t.Fatal(err)
			}
			busy, ok := answer.(*wire.Busy)
			if ok != (i >= 3) {
				t.Errorf("delivery %d: got %s", i, answer.Type())
			}
			if ok && (busy.RetryAfter <= 0 || busy.RetryAfter > 10*time.Second) {
				t.Errorf("delivery %d: got %v, want up to ten seconds", i, busy.RetryAfter)
			}
		}
		mustAnswer(t, a, bob, deliver(wire.Emergency, 100<<10))
		time.Sleep(10 * time.Second)
		mustAnswer(t, a, bob, deliver(wire.Ordinary, 100<<10))
	})
}

func TestPeerOverItsBytesIsAnsweredBusyBeforeTheyAreRead(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		c := w.config(bob, receipt)
		c.Limits = link.DefaultLimits()
		c.Limits.Ordinary.Bytes, c.Limits.Ordinary.BytesBurst = 100<<10, wire.MaxRegister+1
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		mustAnswer(t, a, bob, &wire.Publish{Kind: wire.KindRegister, Document: make([]byte, wire.MaxRegister)})
		before, _ := w.net.Carried()
		answer, err := a.Exchange(t.Context(), bob, deliver(wire.Ordinary, wire.MaxEnvelope))
		if err != nil || answer.Type() != wire.TypeBusy {
			t.Fatalf("got %v, %v, want busy", answer, err)
		}
		if after, _ := w.net.Carried(); after-before > 200 {
			t.Errorf("%d packets crossed for what nobody reads, want the window of a stream at most",
				after-before)
		}
	})
}

func TestBusyHandlersAreAnsweredForAfterWaiting(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		release := make(chan struct{})
		c := w.config(bob, func(ctx context.Context, p peerID, m wire.Message) (wire.Message, error) {
			<-release
			return receipt(ctx, p, m)
		})
		c.Limits = link.DefaultLimits()
		c.Limits.Ordinary.Handlers = 1
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		var first sync.WaitGroup
		first.Go(func() { mustAnswer(t, a, bob, ask(1)) })
		time.Sleep(time.Second)
		answer, err := a.Exchange(t.Context(), bob, ask(2))
		if err != nil || answer.Type() != wire.TypeBusy {
			t.Errorf("got %v, %v, want busy", answer, err)
		}
		close(release)
		first.Wait()
	})
}

func TestHandlerErrorTellsThePeerNothing(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(func(context.Context, peerID, wire.Message) (wire.Message, error) {
			return nil, errors.New("the secret reason")
		})
		_, err := a.Exchange(t.Context(), bob, ask(1))
		if !errors.Is(err, link.ErrNoAnswer) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want ErrNoAnswer and nothing else", err)
		}
	})
}

func TestAnswerThatIsNoneIsNotSent(t *testing.T) {
	for _, wrong := range []wire.Message{nil, &wire.Nothing{}, &wire.Ping{},
		&wire.Busy{RetryAfter: 2 * wire.MaxRetryAfter}} {
		inWorld(t, conditions(), func(t *testing.T, w *world) {
			a, _ := w.pair(func(context.Context, peerID, wire.Message) (wire.Message, error) {
				return wrong, nil
			})
			if _, err := a.Exchange(t.Context(), bob, ask(1)); !errors.Is(err, link.ErrNoAnswer) {
				t.Errorf("%T: got %v, want ErrNoAnswer", wrong, err)
			}
		})
	}
}

func TestCallersOwnDeadlineAndCancelEndAnExchange(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := a.Exchange(ctx, bob, ask(1))
		if !errors.Is(err, link.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: got %v, want ErrUnreachable and DeadlineExceeded", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := a.Exchange(ctx, bob, ask(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("cancel: got %v, want Canceled", err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %v, want two seconds", took)
		}
	})
}

func TestMessagesThatAreNoRequestsAreNotSent(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		a, _ := w.pair(receipt)
		for _, m := range []wire.Message{
			&wire.Nothing{}, &wire.Deliver{}, deliver(wire.Ordinary, 2<<20),
		} {
			if _, err := a.Exchange(t.Context(), bob, m); err == nil {
				t.Errorf("%s: got no error", m.Type())
			}
		}
		if n, _ := w.net.Carried(); n > 0 {
			t.Errorf("%d packets crossed, want none", n)
		}
	})
}

func TestCloseEndsExchangesInFlight(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.start(w.config(bob, hang))
		a, stop := w.start(w.config(alice, receipt))
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if _, err := a.Exchange(context.Background(), bob, ask(byte(i))); err == nil {
					t.Error("got no error from a closed link")
				}
			})
		}
		time.Sleep(time.Second)
		start := time.Now()
		stop()
		all.Wait()
		if took := time.Since(start); took > 0 {
			t.Errorf("took %v, want no time", took)
		}
		if _, err := a.Exchange(t.Context(), bob, ask(1)); !errors.Is(err, link.ErrClosed) {
			t.Errorf("after Close: got %v, want ErrClosed", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("second Close: got %v, want no error", err)
		}
	})
}

func TestCloseDuringADialDoesNotWaitForIt(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.book.enter(bob, w.net.Addr(string(bob)), keyOf(string(bob))) // nobody listens there
		a, stop := w.start(w.config(alice, receipt))
		failed := make(chan error, 1)
		go func() {
			_, err := a.Exchange(context.Background(), bob, ask(1))
			failed <- err
		}()
		time.Sleep(time.Second)
		start := time.Now()
		stop()
		if err := <-failed; !errors.Is(err, link.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("took %v, want no time", took)
		}
	})
}

func TestRunEndsWithItsContextAndTheLinkStillAsks(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		w.start(w.config(bob, receipt))
		a, err := link.New(w.config(alice, receipt))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- a.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: got %v, want no error", err)
		}
		mustAnswer(t, a, bob, ask(1))
	})
}

func TestLogsNameThePeerAndTheClassOnly(t *testing.T) {
	inWorld(t, conditions(), func(t *testing.T, w *world) {
		var log bytes.Buffer
		c := w.config(bob, func(context.Context, peerID, wire.Message) (wire.Message, error) {
			return nil, errors.New("the secret reason")
		})
		c.Log = logTo(&log)
		w.start(c)
		a, _ := w.start(w.config(alice, receipt))
		secret := &wire.Deliver{Lane: wire.Ordinary, Envelope: []byte("the secret text")}
		a.Exchange(t.Context(), bob, secret)
		synctest.Wait()
		text := log.String()
		if !strings.Contains(text, "peer=gb.alice class=handler-failed") {
			t.Errorf("got %q, want the peer and the class", text)
		}
		for _, secret := range []string{"secret", "10.0.", "4433"} {
			if strings.Contains(text, secret) {
				t.Errorf("log quotes %q", secret)
			}
		}
	})
}

func TestZeroConfigIsRefused(t *testing.T) {
	if _, err := link.New(link.Config{}); err == nil {
		t.Error("empty config: got no error")
	}
	bad := link.DefaultLimits()
	bad.Ordinary.Memory = 1 << 10 // less than one frame: it would wait for ever
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := link.Config{Self: alice, Book: newBook(), Key: keyOf("k"), Conn: conn, Limits: bad}
	if _, err := link.New(c); err == nil {
		t.Error("memory for no frame: got no error")
	}
}
