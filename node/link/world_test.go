package link_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/node/link"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const (
	alice = protocol.ParticipantID("gb.alice")
	bob   = protocol.ParticipantID("us.bob")

	latency = 50 * time.Millisecond
	trip    = 2 * latency
)

// peerID keeps handlers in tests on one line.
type peerID = protocol.ParticipantID

// book is a Book that tests rewrite.
type book struct {
	mu    sync.Mutex
	byPin map[[32]byte]protocol.ParticipantID
	addrs map[protocol.ParticipantID]string
}

func newBook() *book {
	return &book{
		byPin: make(map[[32]byte]protocol.ParticipantID),
		addrs: make(map[protocol.ParticipantID]string),
	}
}

func (b *book) Pinned(id protocol.ParticipantID, pin [32]byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byPin[pin] == id
}

func (b *book) Locate(id protocol.ParticipantID) (string, [][32]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	addr, ok := b.addrs[id]
	if !ok {
		return "", nil, errors.New("no such participant")
	}
	var pins [][32]byte
	for pin, who := range b.byPin {
		if who == id {
			pins = append(pins, pin)
		}
	}
	return addr, pins, nil
}

func (b *book) enter(id protocol.ParticipantID, addr string, key ed25519.PrivateKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byPin[pinOf(key)] = id
	b.addrs[id] = addr
}

func (b *book) strike(key ed25519.PrivateKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byPin, pinOf(key))
}

func pinOf(key ed25519.PrivateKey) [32]byte {
	pin, err := link.PinOf(key.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	return pin
}

// keyOf returns the key that tests give a name.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// receipt answers everything as a node would, without examining it.
func receipt(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	switch m := m.(type) {
	case *wire.Deliver:
		sum := sha256.Sum256(m.Envelope)
		return &wire.Receipt{Proof: sum[:]}, nil
	case *wire.Publish:
		sum := sha256.Sum256(m.Document)
		return &wire.Receipt{Proof: sum[:]}, nil
	case *wire.Ping:
		return &wire.Pong{Nonce: m.Nonce, Time: 1}, nil
	}
	return nil, errors.New("not in this test")
}

// hang answers nothing for as long as it may.
func hang(ctx context.Context, _ peerID, _ wire.Message) (wire.Message, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// ask returns a ping, so that its answer can be told from others.
func ask(n byte) *wire.Ping { return &wire.Ping{Nonce: [16]byte{n}} }

func deliver(lane wire.Lane, size int) *wire.Deliver {
	return &wire.Deliver{Lane: lane, Envelope: make([]byte, size)}
}

// world is a book and a network in a bubble, with links on it.
type world struct {
	t    *testing.T
	net  *linktest.Network
	book *book
	ends []func()
}

// inWorld runs f in a bubble. When f returns, everything is closed; the bubble
// fails the test if a goroutine is left.
func inWorld(t *testing.T, c linktest.Conditions, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: linktest.NewNetwork(c), book: newBook()}
		f(t, w)
		for i := len(w.ends) - 1; i >= 0; i-- {
			w.ends[i]()
		}
		w.net.Close()
	})
}

// conditions are those of most tests: nothing gets lost.
func conditions() linktest.Conditions { return linktest.Conditions{Latency: latency, Seed: 1} }

// config returns a Config for a participant at the endpoint of its name, which
// is entered in the book.
func (w *world) config(id protocol.ParticipantID, h link.Handler) link.Config {
	w.book.enter(id, w.net.Addr(string(id)), keyOf(string(id)))
	return link.Config{
		Conn: w.net.Listen(string(id)), Self: id, Key: keyOf(string(id)), Book: w.book, Handle: h,
	}
}

// start runs a link until the end of the test, or until stop.
func (w *world) start(c link.Config) (l *link.Link, stop func()) {
	w.t.Helper()
	l, err := link.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- l.Run(context.Background()) }()
	synctest.Wait()
	stop = sync.OnceFunc(func() {
		if err := l.Close(); err != nil {
			w.t.Errorf("close: got %v, want no error", err)
		}
		if err := <-ran; err != nil {
			w.t.Errorf("run: got %v, want no error", err)
		}
	})
	w.ends = append(w.ends, stop)
	return l, stop
}

// pair starts alice and bob, who answers with h.
func (w *world) pair(h link.Handler) (a, b *link.Link) {
	b, _ = w.start(w.config(bob, h))
	a, _ = w.start(w.config(alice, receipt))
	return a, b
}

// raw is a client that is not a Link, for what a Link would not do.
type raw struct {
	transport *quic.Transport
	tls       *tls.Config
	quic      *quic.Config
}

// newRaw returns a raw client at the endpoint of a name, which does everything
// right until the test changes it.
func (w *world) newRaw(name string) *raw {
	conn := w.net.Listen(name)
	r := &raw{
		transport: &quic.Transport{Conn: conn},
		tls: &tls.Config{
			NextProtos:         []string{"comity/1"},
			Certificates:       []tls.Certificate{certificate(name, keyOf(name))},
			InsecureSkipVerify: true,
		},
		quic: &quic.Config{},
	}
	w.ends = append(w.ends, func() {
		r.transport.Close()
		conn.Close()
	})
	return r
}

// dial dials a participant and waits until its node has had time to verify us.
func (r *raw) dial(w *world, id protocol.ParticipantID) (*quic.Conn, error) {
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(w.net.Addr(string(id))))
	conn, err := r.transport.Dial(context.Background(), to, r.tls, r.quic)
	if err != nil {
		return nil, err
	}
	time.Sleep(4 * trip) // virtual
	return conn, context.Cause(conn.Context())
}

// mustDial is dial for a client that is let in.
func (r *raw) mustDial(w *world, id protocol.ParticipantID) *quic.Conn {
	w.t.Helper()
	conn, err := r.dial(w, id)
	if err != nil {
		w.t.Fatalf("dial: got %v, want no error", err)
	}
	w.ends = append(w.ends, func() { conn.CloseWithError(0, "") })
	return conn
}

// certificate is that of somebody who says that he is name, and holds key.
func certificate(name string, key ed25519.PrivateKey) tls.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// readAll reads a stream to its end or its error.
func readAll(s *quic.Stream) ([]byte, error) { return io.ReadAll(s) }

// counts is a Metrics that remembers.
type counts struct {
	mu       sync.Mutex
	asked    map[link.Outcome]int
	served   map[link.Outcome]int
	accepted int
	most     int // connections of one peer at a time
}

func newCounts() *counts {
	return &counts{asked: make(map[link.Outcome]int), served: make(map[link.Outcome]int)}
}

func (c *counts) Asked(_ wire.Type, o link.Outcome, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[o]++
}

func (c *counts) Served(_ wire.Type, o link.Outcome, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served[o]++
}

func (c *counts) Accepted(connections int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted++
	c.most = max(c.most, connections)
}

func (c *counts) of(m map[link.Outcome]int, o link.Outcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m[o]
}

func (c *counts) acceptedSoFar() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted
}

// logTo returns a logger whose lines w receives.
func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
