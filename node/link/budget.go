package link

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// desks holds what every peer may spend, lane by lane. It grows by about a
// kilobyte for each participant that ever connected, so by no more than the
// Book: what a peer has spent is not forgotten when it reconnects.
type desks struct {
	limits   Limits
	handlers [budgets]chan struct{} // at work, for all peers

	mu    sync.Mutex
	peers map[protocol.ParticipantID]*desk
}

// The budgets of a peer, by their place in a desk.
const (
	ordinary = iota
	emergency
	bulk
	live
	budgets
)

// all returns the budgets by their places.
func (l Limits) all() [budgets]Budget {
	return [budgets]Budget{ordinary: l.Ordinary, emergency: l.Emergency, bulk: l.Bulk, live: l.Live}
}

// A desk is what one peer may spend.
type desk [budgets]*counter

// A counter is what one peer may spend of one budget.
type counter struct {
	frames *rate.Limiter
	bytes  *rate.Limiter
	memory *memory
	share  chan struct{} // handlers at work for this peer
	all    chan struct{} // handlers at work for all peers
}

func newDesks(l Limits) *desks {
	d := &desks{limits: l, peers: make(map[protocol.ParticipantID]*desk)}
	for i, b := range l.all() {
		d.handlers[i] = make(chan struct{}, b.Handlers)
	}
	return d
}

// of returns the desk of a peer.
func (d *desks) of(peer protocol.ParticipantID) *desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.peers[peer]
	if p == nil {
		p = &desk{}
		for i, b := range d.limits.all() {
			p[i] = newCounter(b, d.handlers[i])
		}
		d.peers[peer] = p
	}
	return p
}

func newCounter(b Budget, all chan struct{}) *counter {
	return &counter{
		frames: rate.NewLimiter(b.Frames, b.FramesBurst),
		bytes:  rate.NewLimiter(b.Bytes, b.BytesBurst),
		memory: &memory{free: b.Memory},
		share:  make(chan struct{}, b.PeerShare),
		all:    all,
	}
}

// counter returns what a request is counted by.
func (d *desk) counter(p wire.Preview) *counter {
	switch {
	case p.Lane == wire.Emergency:
		return d[emergency]
	case p.Type == wire.TypeSegmentQuery:
		return d[live]
	case p.Lane == wire.Bulk:
		return d[bulk]
	}
	return d[ordinary]
}

// memoryFor returns how many bytes a request may take, from its reading until
// its answer is on its way.
func memoryFor(p wire.Preview) int {
	if p.Lane == wire.Bulk {
		return p.Size + p.Type.MostAnswer()
	}
	return p.Size
}

// spend takes one frame of size bytes out of the peer's rates. When there is
// not enough left it takes nothing and returns how long to wait.
func (c *counter) spend(now time.Time, size int) (wait time.Duration) {
	f := c.frames.ReserveN(now, 1)
	b := c.bytes.ReserveN(now, size)
	if wait = max(f.DelayFrom(now), b.DelayFrom(now)); wait > 0 {
		b.CancelAt(now)
		f.CancelAt(now)
	}
	return wait
}

// work waits for a handler of the peer's share and of the whole lane. Without
// an error, the caller calls done.
func (c *counter) work(ctx context.Context) (done func(), err error) {
	if err := enter(ctx, c.share); err != nil {
		return nil, err
	}
	if err := enter(ctx, c.all); err != nil {
		<-c.share
		return nil, err
	}
	return func() { <-c.all; <-c.share }, nil
}

func enter(ctx context.Context, seats chan struct{}) error {
	select {
	case seats <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// memory is a number of bytes that are lent in the order of asking, so that a
// large frame is not passed over for ever by small ones.
type memory struct {
	mu    sync.Mutex
	free  int
	queue []*loan // the oldest first
}

type loan struct {
	size    int
	granted chan struct{}
}

// take waits for size bytes. Without an error, the caller gives them back.
func (m *memory) take(ctx context.Context, size int) error {
	m.mu.Lock()
	l := &loan{size: size, granted: make(chan struct{})}
	m.queue = append(m.queue, l)
	m.grant()
	m.mu.Unlock()

	select {
	case <-l.granted:
		return nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, q := range m.queue {
		if q == l {
			m.queue = append(m.queue[:i], m.queue[i+1:]...)
			m.grant() // the loan behind may be small enough
			return ctx.Err()
		}
	}
	return nil // granted in the meantime
}

func (m *memory) give(size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.free += size
	m.grant()
}

// grant lends to the head of the queue for as long as there is enough. The
// caller holds mu.
func (m *memory) grant() {
	for len(m.queue) > 0 && m.queue[0].size <= m.free {
		m.free -= m.queue[0].size
		close(m.queue[0].granted)
		m.queue = m.queue[1:]
	}
}
