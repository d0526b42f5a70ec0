package link

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/quic-go/quic-go"
)

// handshakes counts the incoming handshakes in flight.
type handshakes struct {
	limits Limits

	mu       sync.Mutex
	inFlight int
}

// mustProveAddress reports whether the next handshake is answered with Retry.
func (h *handshakes) mustProveAddress(net.Addr) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inFlight >= h.limits.FreeHandshakes
}

type handshakeKey struct{}

// begin counts a handshake, or refuses it. What it counts ends when the
// connection does, or at finish, whichever is first.
func (h *handshakes) begin(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.inFlight >= h.limits.Handshakes {
		return nil, errors.New("too many handshakes")
	}
	h.inFlight++
	done := sync.OnceFunc(func() {
		h.mu.Lock()
		h.inFlight--
		h.mu.Unlock()
	})
	context.AfterFunc(ctx, done)
	return context.WithValue(ctx, handshakeKey{}, done), nil
}

// finish ends the handshake of a connection that was accepted.
func (h *handshakes) finish(conn *quic.Conn) {
	if done, ok := conn.Context().Value(handshakeKey{}).(func()); ok {
		done()
	}
}
