// Package link is how two nodes talk: authenticated QUIC sessions, one frame
// asked and one answered on each stream (package wire).
//
// Both sides show a certificate whose key the register pins; there is no
// other authority, and whoever is not in the Book is turned away inside the
// TLS handshake. The key exchange is X25519MLKEM768 and nothing else; there
// is no resumption and no 0-RTT, so each session is a full handshake.
//
// Each peer is dialled on demand, once, and the connection is kept. A second
// connection is kept for the emergency lane. quic-go can order streams
// (SendStream.SetPriority), but priorities order only what the sender has not
// yet put into packets: stream credit, the flow-control window of the
// connection, and its congestion window after a loss stay shared, and a flood
// of ordinary deliveries can use up each of them. A connection of its own
// shares nothing with the flood but the path. A third one, with larger windows, is
// kept for blocks, shares and segments of evidence.
//
// Package link is trusted with this: the participant it names to Handle holds
// the key that the Book pins for it, at that moment; the answer it returns
// from Exchange comes from the participant that was asked; and a peer can
// spend no more of this node than Limits says. It is not trusted with
// contents: envelopes are sealed before they get here.
package link

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/quic-go/quic-go"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// A Book says who is who. It is asked at each handshake and again for each
// exchange, so that a key which is struck out of it is cut off at once. Its
// methods are called concurrently and must not block.
type Book interface {
	// Pinned reports whether the link key of a participant has the given pin
	// now. Who calls says whom it is: a key that others list as theirs is
	// still its holder's.
	Pinned(id protocol.ParticipantID, pin [32]byte) bool

	// Locate returns where a participant listens, as host:port, and the pins
	// of the keys it may show. An error means that the Book does not know it.
	Locate(id protocol.ParticipantID) (addr string, pins [][32]byte, err error)
}

// A Handler answers a request. The peer learns nothing of an error but that
// there is no answer. The context ends after Limits.Handling, or with Run. A Block
// that it returns is freed when it is on its way.
type Handler func(ctx context.Context, peer protocol.ParticipantID,
	request wire.Message) (wire.Message, error)

// Config is what New needs.
type Config struct {
	// Conn carries the packets. It is the Link's from the moment New succeeds,
	// and Close closes it.
	Conn net.PacketConn

	Self   protocol.ParticipantID
	Key    ed25519.PrivateKey // the link key, whose pin the register holds
	Book   Book
	Handle Handler // nil when the Link only asks and Run is never called

	Limits  Limits       // the zero Limits stands for DefaultLimits
	Log     *slog.Logger // nil for none
	Metrics Metrics      // nil for none
}

// A Link holds the sessions of one node. Its methods may be called
// concurrently.
type Link struct {
	self    protocol.ParticipantID
	book    Book
	handle  Handler
	limits  Limits
	log     *slog.Logger
	metrics Metrics

	certificate tls.Certificate
	conn        net.PacketConn
	transport   *quic.Transport
	handshakes  handshakes
	desks       *desks

	// life ends with Close. Dials live in it, because they outlive the caller
	// that asked first.
	life context.Context
	end  context.CancelFunc

	work sync.WaitGroup // Run and dials; Add only under mu, before closed

	probes prober

	mu       sync.Mutex
	closed   bool
	outbound map[route]*session
	inbound  map[protocol.ParticipantID][]*quic.Conn // oldest first
}

// New returns a Link that neither listens nor dials yet.
func New(c Config) (*Link, error) {
	if c.Conn == nil || c.Book == nil || len(c.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("link: new: Conn, Book and Key must be set")
	}
	if _, err := protocol.ParseParticipantID(string(c.Self)); err != nil {
		return nil, fmt.Errorf("link: new: %w", err)
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	if err := c.Limits.check(); err != nil {
		return nil, fmt.Errorf("link: new: %w", err)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	certificate, err := selfSigned(c.Key, c.Self)
	if err != nil {
		return nil, fmt.Errorf("link: new: %w", err)
	}
	resetKey, err := resetKey(c.Key)
	if err != nil {
		return nil, fmt.Errorf("link: new: %w", err)
	}
	l := &Link{
		self: c.Self, book: c.Book, handle: c.Handle,
		limits: c.Limits, log: c.Log, metrics: c.Metrics,
		certificate: certificate,
		conn:        c.Conn,
		handshakes:  handshakes{limits: c.Limits},
		desks:       newDesks(c.Limits),
		outbound:    make(map[route]*session),
		inbound:     make(map[protocol.ParticipantID][]*quic.Conn),
	}
	l.life, l.end = context.WithCancel(context.Background())
	l.transport = &quic.Transport{
		Conn:                             Coalesce(c.Conn),
		StatelessResetKey:                resetKey,
		ConnectionIDLength:               connectionIDLength,
		DisableVersionNegotiationPackets: true,
		VerifySourceAddress:              l.handshakes.mustProveAddress,
		ConnContext:                      l.handshakes.begin,
	}
	return l, nil
}

// resetKey derives the key of stateless resets (RFC 9000, section 10.3) from
// the link key, so that a node that was killed can tell its peers after a
// restart that their connections are gone, instead of letting them time out.
func resetKey(key ed25519.PrivateKey) (*quic.StatelessResetKey, error) {
	b, err := hkdf.Key(sha256.New, key.Seed(), nil, "comity/1 stateless reset", sha256.Size)
	if err != nil {
		return nil, err
	}
	k := quic.StatelessResetKey(b)
	return &k, nil
}

// Addr returns the address that the Link listens on.
func (l *Link) Addr() net.Addr { return l.conn.LocalAddr() }

// Close ends every session, tells the peers, waits for Run and for what Run
// started, and closes the Conn. No goroutine is left. Exchanges in flight
// fail. The second Close does nothing.
func (l *Link) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	var open []*session
	for _, s := range l.outbound {
		open = append(open, s)
	}
	l.mu.Unlock()

	l.end()
	for _, s := range open {
		s.close()
	}
	l.work.Wait()
	err := l.transport.Close()
	if e := l.conn.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("link: close: %w", err)
	}
	return nil
}

// begin counts a piece of work that Close must wait for. It reports false
// after Close.
func (l *Link) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.work.Add(1)
	return true
}
