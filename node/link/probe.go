package link

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/protocol/wire"
)

// probeAfter is how long an exchange waits for its answer until the peer is asked
// whether it is there, and then again each time twice as long. A peer may hold an
// answer about a live object back on purpose: then it is asked when the connection
// would be kept alive, Limits.KeepAlive.
//
// A peer that was killed and is back resets connections that it does not know when
// it gets a packet on them (RFC 9000, section 10.3), but not for one of less than 43
// bytes: QUIC's own keep-alives, and its probes when all was acknowledged, are
// shorter. A node that only waits for answers sends nothing else, and would wait
// until the connection is idle for too long.
const probeAfter = time.Second

// A prober knows on which connections the peer was asked: on each one at a time,
// however many wait.
type prober struct {
	mu    sync.Mutex
	asked map[*quic.Conn]*probed // guarded by mu; an entry goes with its connection
}

type probed struct {
	asking bool
	last   time.Time
}

// begin reports whether the peer is to be asked on a connection now.
func (p *prober) begin(conn *quic.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asked[conn]
	if a == nil {
		a = &probed{}
		if p.asked == nil {
			p.asked = map[*quic.Conn]*probed{}
		}
		p.asked[conn] = a
		context.AfterFunc(conn.Context(), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.asked, conn)
		})
	}
	now := time.Now()
	if a.asking || now.Sub(a.last) < probeAfter/2 {
		return false
	}
	a.asking, a.last = true, now
	return true
}

func (p *prober) end(conn *quic.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.asked[conn]; a != nil {
		a.asking = false
	}
}

// watch asks whether the peer of a connection is there while somebody waits for an
// answer of a type on it, until ctx ends or stop is called.
func (l *Link) watch(ctx context.Context, conn *quic.Conn, request wire.Type) (stop func()) {
	wait := probeAfter
	if request == wire.TypeSegmentQuery {
		wait = l.limits.KeepAlive
	}
	ctx, cancel := context.WithCancel(ctx)
	var again *time.Timer
	ready := make(chan struct{})
	again = time.AfterFunc(wait, func() {
		<-ready
		if ctx.Err() != nil || !l.begin() {
			return
		}
		defer l.work.Done()
		l.probe(ctx, conn)
		if wait *= 2; ctx.Err() == nil {
			again.Reset(wait)
		}
	})
	close(ready)
	return func() {
		cancel()
		again.Stop()
	}
}

// probe sends a Ping on a connection and waits for its answer, if nobody else does.
// What it is does not matter: on a connection that is gone it ends the connection.
func (l *Link) probe(ctx context.Context, conn *quic.Conn) {
	if !l.probes.begin(conn) {
		return
	}
	defer l.probes.end(conn)
	stream, err := conn.OpenStream()
	if err != nil { // no credit, or no connection
		return
	}
	defer stream.CancelRead(codeNotServed)
	ping := &wire.Ping{}
	rand.Read(ping.Nonce[:])
	head, rest, err := wire.Split(ping)
	if err != nil {
		return
	}
	if _, err := ask(ctx, stream, [][]byte{head, rest}, ping); err != nil {
		stream.CancelWrite(codeNotServed)
	}
}
