package link_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"comity.example/node/link"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// loopback returns alice and bob on UDP, and what ends them.
func loopback(t testing.TB, limits link.Limits) (a, b *link.Link, stop func()) {
	t.Helper()
	return loopbackOf(t, limits, receipt)
}

// loopbackOf is loopback with both answering as h does.
func loopbackOf(t testing.TB, limits link.Limits, h link.Handler) (a, b *link.Link, stop func()) {
	t.Helper()
	known := newBook()
	var links []*link.Link
	var running sync.WaitGroup
	for _, id := range []protocol.ParticipantID{alice, bob} {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		key := keyOf(string(id))
		known.enter(id, conn.LocalAddr().String(), key)
		l, err := link.New(link.Config{
			Conn: conn, Self: id, Key: key, Book: known, Handle: h, Limits: limits,
		})
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			if err := l.Run(context.Background()); err != nil {
				t.Errorf("run: %v", err)
			}
		})
		links = append(links, l)
	}
	return links[0], links[1], func() {
		for _, l := range links {
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		running.Wait()
	}
}

func TestNoGoroutineIsLeftAfterClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	a, b, stop := loopback(t, link.DefaultLimits())
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { mustAnswer(t, a, bob, ask(byte(i))) })
		all.Go(func() { mustAnswer(t, b, alice, deliver(wire.Emergency, 10)) })
	}
	all.Wait()
	if a.Addr().String() == b.Addr().String() {
		t.Error("both links have one address")
	}
	stop()
}

func TestLinkThatNeverRanIsClosedWithItsConn(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.New(link.Config{Conn: conn, Self: alice, Key: keyOf("k"), Book: newBook()})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("close: got %v, want no error", err)
	}
	if err := conn.SetDeadline(time.Now()); err == nil {
		t.Error("the conn is open")
	}
	if err := l.Run(t.Context()); err == nil {
		t.Error("run after close: got no error")
	}
}

func TestNameIsLookedUp(t *testing.T) {
	a, b, stop := loopback(t, link.DefaultLimits())
	defer stop()
	_ = b
	// The book of loopback holds literal addresses: localhost is a name that
	// every machine resolves by itself.
	known := newBook()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(a.Addr().String())
	known.enter(alice, net.JoinHostPort("localhost", port), keyOf(string(alice)))
	c, err := link.New(link.Config{Conn: conn, Self: bob, Key: keyOf(string(bob)), Book: known})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustAnswer(t, c, alice, ask(1))
}

// unbounded are limits under which a benchmark never meets its rate.
func unbounded() link.Limits {
	l := link.DefaultLimits()
	l.Ordinary.Frames, l.Ordinary.Bytes = rate.Inf, rate.Inf
	return l
}

const benchmarkSize = 4 << 10 // bytes of an envelope

func BenchmarkExchange1(b *testing.B)  { benchmarkExchange(b, 1) }
func BenchmarkExchange64(b *testing.B) { benchmarkExchange(b, 64) }

func benchmarkExchange(b *testing.B, inFlight int) {
	a, _, stop := loopback(b, unbounded())
	defer stop()
	m := deliver(wire.Ordinary, benchmarkSize)
	if _, err := a.Exchange(context.Background(), bob, m); err != nil {
		b.Fatal(err)
	}
	inParallel(b, inFlight, func() error {
		_, err := a.Exchange(context.Background(), bob, m)
		return err
	})
}

// The same bytes on streams of quic-go alone: what the link adds is the
// difference.
func BenchmarkRawStream1(b *testing.B)  { benchmarkRaw(b, 1) }
func BenchmarkRawStream64(b *testing.B) { benchmarkRaw(b, 64) }

func benchmarkRaw(b *testing.B, inFlight int) {
	config := func(name string) *tls.Config {
		return &tls.Config{
			NextProtos: []string{"raw"}, InsecureSkipVerify: true, ClientAuth: tls.RequireAnyClientCert,
			Certificates:     []tls.Certificate{certificate(name, keyOf(name))},
			CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		}
	}
	server, err := quic.ListenAddr("127.0.0.1:0", config("b"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go echo(server)
	conn, err := quic.DialAddr(context.Background(), server.Addr().String(), config("a"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.CloseWithError(0, "")
	request := make([]byte, benchmarkSize+6)
	inParallel(b, inFlight, func() error {
		s, err := conn.OpenStreamSync(context.Background())
		if err != nil {
			return err
		}
		s.Write(request)
		s.Close()
		_, err = io.ReadAll(s)
		return err
	})
}

// echo answers each stream with as many bytes as a short receipt has.
func echo(server *quic.Listener) {
	conn, err := server.Accept(context.Background())
	if err != nil {
		return
	}
	for {
		s, err := conn.AcceptStream(context.Background())
		if err != nil {
			return
		}
		go func() {
			io.ReadAll(s)
			s.Write(make([]byte, 37))
			s.Close()
		}()
	}
}

func inParallel(b *testing.B, inFlight int, do func() error) {
	b.ReportAllocs()
	work := make(chan struct{}, b.N)
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	runtime.GC()
	b.ResetTimer()
	var workers sync.WaitGroup
	for range inFlight {
		workers.Go(func() {
			for range work {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}
