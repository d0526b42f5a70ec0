package link

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// A route is what a connection is dialled for.
type route struct {
	peer protocol.ParticipantID
	lane wire.Lane
}

// A session is a connection that this node dialled, or is dialling. Many
// exchanges share it.
type session struct {
	ready chan struct{} // closed when what follows is set
	conn  *quic.Conn    // nil when the dial failed
	pin   [32]byte      // of the key that the peer proved to hold
	err   error
}

// connect returns the connection of a route, and dials it when there is none
// or it is broken. However many call, one dials.
func (l *Link) connect(ctx context.Context, r route, at whereabouts) (*quic.Conn, error) {
	s, err := l.sessionFor(r, at)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, classify(ctx, ctx.Err())
	}
	if s.err != nil {
		return nil, s.err
	}
	if !at.pinned(s.pin) {
		// The Book changed during the dial.
		return nil, ErrPinMismatch
	}
	return s.conn, nil
}

// sessionFor returns the session of a route that can still be used, or starts
// a new one.
func (l *Link) sessionFor(r route, at whereabouts) (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if s := l.outbound[r]; s != nil {
		if s.usable(at) {
			return s, nil
		}
		// The peer changed its key, or the connection is broken.
		l.work.Go(s.close)
	}
	s := &session{ready: make(chan struct{})}
	l.outbound[r] = s
	l.work.Go(func() { l.dial(r, s, at) })
	return s, nil
}

// usable reports whether an exchange may go by s as far as one can know.
func (s *session) usable(at whereabouts) bool {
	select {
	case <-s.ready:
	default:
		return true // dialling
	}
	return s.err == nil && s.conn.Context().Err() == nil && at.pinned(s.pin)
}

// close ends the connection of s, after the dial if that is still going on.
func (s *session) close() {
	<-s.ready
	if s.conn != nil {
		s.conn.CloseWithError(codeClosing, "")
	}
}

// dial sets s. A session that failed stays in its place until the next
// Exchange finds that it is not usable, and dials again.
func (l *Link) dial(r route, s *session, at whereabouts) {
	defer close(s.ready)
	ctx, cancel := context.WithTimeout(l.life, l.limits.Dial)
	defer cancel()
	conn, err := l.dialAny(ctx, r.lane, at)
	if err == nil {
		s.conn = conn
		other, _ := shownIn(conn.ConnectionState().TLS)
		s.pin = other.pin
		return
	}
	s.err = classify(ctx, err)
	if l.life.Err() != nil {
		s.err = ErrClosed
	}
	l.log.Warn("link: dial", "peer", string(r.peer), "class", string(outcomeOf(s.err)))
}

// dialAny tries the addresses of the peer one after the other, each for its
// share of the time that is left.
func (l *Link) dialAny(ctx context.Context, lane wire.Lane, at whereabouts) (*quic.Conn, error) {
	addrs, err := resolve(ctx, at.addr)
	if err != nil {
		return nil, err
	}
	config := l.dialConfig(lane)
	share := l.limits.Dial / time.Duration(len(addrs))
	for _, addr := range addrs {
		one, cancel := context.WithTimeout(ctx, share)
		var conn *quic.Conn
		conn, err = l.transport.Dial(one, addr, l.clientTLS(at.pins), config)
		cancel()
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, errPin) {
			break // a person must hear of it, whatever the other addresses say
		}
	}
	return nil, err
}

// resolve returns the addresses of host:port. A literal address is not looked
// up.
func resolve(ctx context.Context, hostport string) ([]*net.UDPAddr, error) {
	if literal, err := netip.ParseAddrPort(hostport); err == nil {
		return []*net.UDPAddr{net.UDPAddrFromAddrPort(literal)}, nil
	}
	host, service, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, err
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("name has no address")
	}
	var addrs []*net.UDPAddr
	for _, ip := range found[:min(len(found), maxAddresses)] {
		a := netip.AddrPortFrom(ip.Unmap(), uint16(port))
		addrs = append(addrs, net.UDPAddrFromAddrPort(a))
	}
	return addrs, nil
}
