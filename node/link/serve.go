package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/quic-go/quic-go"

	"comity.example/protocol"
)

// Run accepts the connections of peers and serves their requests until the
// context ends or the Link is closed. It returns when the last handler has
// returned. It is called at most once.
func (l *Link) Run(ctx context.Context) error {
	if l.handle == nil {
		return errors.New("link: run: no handler")
	}
	if !l.begin() {
		return fmt.Errorf("link: run: %w", ErrClosed)
	}
	defer l.work.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()

	listener, err := l.transport.Listen(l.serverTLS(), l.quicConfig(l.limits.StreamsPerConnection))
	if err != nil {
		return fmt.Errorf("link: run: listen: %w", err)
	}
	var conns sync.WaitGroup
	defer conns.Wait()
	defer turnAway(context.WithoutCancel(ctx), listener)
	for {
		conn, err := listener.Accept(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			cancel() // the socket is broken: end the connections too
			return fmt.Errorf("link: run: accept: %w", err)
		}
		l.handshakes.finish(conn)
		conns.Go(func() { l.serve(ctx, conn) })
	}
}

// turnAway ends the listening, and the connections that nobody will serve: a
// peer that was let in and not answered would wait for its own deadline.
func turnAway(ctx context.Context, listener *quic.Listener) {
	listener.Close()
	for {
		conn, err := listener.Accept(ctx)
		if err != nil {
			return
		}
		conn.CloseWithError(codeClosing, "")
	}
}

// A guest is a connection that a peer has dialled.
type guest struct {
	conn *quic.Conn
	peer protocol.ParticipantID
	pin  [32]byte
}

// serve serves one connection until it ends. Its goroutines are at most as
// many as the streams that the peer has credit for.
func (l *Link) serve(ctx context.Context, conn *quic.Conn) {
	other, _ := shownIn(conn.ConnectionState().TLS)
	g := guest{conn: conn, peer: other.peer, pin: other.pin}
	if !l.stillKnown(g) {
		conn.CloseWithError(codeCutOff, "") // struck out during the handshake
		return
	}
	l.enlist(g)
	defer l.delist(g)
	var streams sync.WaitGroup
	defer streams.Wait()
	// Ends the streams as well: what their handlers have done is durable, and
	// the peer asks again.
	defer conn.CloseWithError(codeClosing, "")
	for {
		stream, err := conn.AcceptStream(ctx)
		if err != nil {
			return
		}
		streams.Go(func() {
			defer stream.ReleaseStreamCredit()
			l.answer(ctx, g, stream)
		})
	}
}

// stillKnown reports whether the Book still pins the guest's key to the
// participant that it was.
func (l *Link) stillKnown(g guest) bool {
	return l.book.Pinned(g.peer, g.pin)
}

// enlist counts a connection of a peer, and closes the peer's oldest when it
// has too many.
func (l *Link) enlist(g guest) {
	l.mu.Lock()
	conns := append(l.inbound[g.peer], g.conn)
	var oldest *quic.Conn
	if len(conns) > l.limits.ConnectionsPerPeer {
		oldest, conns = conns[0], conns[1:]
	}
	l.inbound[g.peer] = conns
	n := len(conns)
	l.mu.Unlock()

	l.metrics.Accepted(n)
	l.log.Debug("link: accepted", "peer", string(g.peer))
	if oldest != nil {
		oldest.CloseWithError(codeCutOff, "")
	}
}

func (l *Link) delist(g guest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := slices.DeleteFunc(l.inbound[g.peer], func(c *quic.Conn) bool { return c == g.conn })
	if len(conns) == 0 {
		delete(l.inbound, g.peer)
		return
	}
	l.inbound[g.peer] = conns
}
