// Package courier delivers what is in the outbox until it is receipted,
// refused or expired. It holds nothing that is not in the outbox: after a
// crash it begins again with what is there, and the receiver answers a second
// delivery with the first one's receipt.
//
// Each peer that something waits for has one goroutine, which keeps a bounded
// number of deliveries in flight, and never two of one case, so that a thread
// arrives in the order in which it was written. Emergencies have a lane of their
// own; while one is in flight nothing ordinary starts, for a bounded time. While
// a peer is down its goroutine sleeps, longer each time, with jitter.
//
// An entry for which a peer that answers has no answer yet (it is busy, or the
// act is early) waits by itself, outside the window, with what else there is of
// its case; everything else goes on. A peer that is busy with whatever comes is
// left alone for a while.
//
// The courier is trusted with liveness only: what it loses or sends twice, the
// journals at both ends put right.
package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const (
	// Window is how many ordinary deliveries to one peer are in flight.
	Window = 64
	// EmergencyWindow is how many emergencies are in flight beside them.
	EmergencyWindow = 16
	// Prefetch is how many outbox keys of one lane are read at a time: the
	// memory that a peer which is down costs, whatever waits for it.
	Prefetch = 256

	// Parked is how many ordinary entries to one peer wait outside the window,
	// each by itself, and EmergencyParked how many emergencies. One more keeps
	// its place in the queue, and those behind it have to wait.
	Parked          = 1024
	EmergencyParked = 64
	// Retries is how many parked entries of a lane are in flight, beside the
	// window.
	Retries = 16

	// FirstRetry and LastRetry bound the pause before the next try.
	FirstRetry = 250 * time.Millisecond
	LastRetry  = time.Minute
	// LongestBusy bounds the pause that a peer can ask for by a busy, which may
	// be longer than LastRetry. No pause outlasts the entry.
	LongestBusy = 5 * time.Minute
	// EmergencyRetry bounds them all while an emergency waits.
	EmergencyRetry = 2 * time.Second
	// Yield is how long nothing ordinary starts while an emergency is in flight:
	// it needs the same two nodes' processors and disks. A peer that is slow to
	// answer emergencies does not stop the rest for longer.
	Yield = time.Second
)

var (
	// ErrGone says that an entry is no longer in the outbox.
	ErrGone = errors.New("courier: the entry is gone")
	// ErrUnreachable says that the peer as a whole does not answer: every
	// delivery to it pauses.
	ErrUnreachable = errors.New("courier: the peer does not answer")
)

// An Entry names one thing to deliver. Entries of a lane are delivered in the
// order of Seq.
type Entry struct {
	Peer    protocol.ParticipantID
	Lane    wire.Lane
	Seq     uint64
	Case    protocol.CaseID
	Act     protocol.Digest
	Expires time.Time
}

// An Outbox is where entries wait. Settle and Expire are durable when they
// return nil.
type Outbox interface {
	// Peers returns the peers that something waits for.
	Peers(ctx context.Context) ([]protocol.ParticipantID, error)
	// Next returns up to Limit entries of the lane whose Seq is above After, in order.
	Next(ctx context.Context, q Query) ([]Entry, error)
	// Load returns the message to send, or ErrGone, or ErrUnreachable.
	Load(ctx context.Context, e Entry) (wire.Message, error)
	// Settle records the peer's answer to what was sent, a receipt or a refusal,
	// and removes the entry. An answer that proves nothing is an error, and the
	// entry stays.
	Settle(ctx context.Context, e Entry, sent, answer wire.Message) error
	// Expire records that the entry could not be delivered in its time, and
	// removes it.
	Expire(ctx context.Context, e Entry) error
}

// A Query asks an Outbox for entries.
type Query struct {
	Peer  protocol.ParticipantID
	Lane  wire.Lane
	After uint64
	Limit int
}

// Config says what a Courier works with.
type Config struct {
	Outbox Outbox
	// Exchange sends one message to a peer and returns its answer.
	Exchange func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error)
	Now      func() time.Time // legal time, by which entries expire
	Log      *slog.Logger
	// Count, if set, is told of each attempt's end: "receipt", "refusal",
	// "busy", "reset", "unreachable", "expired", "unproven".
	Count func(outcome string)
}

// A Courier delivers. The zero Courier is not usable; see New.
type Courier struct {
	cfg Config

	mu     sync.Mutex
	rounds map[protocol.ParticipantID]*round // guarded by mu, as is their news; the peers with a goroutine
	begin  func(*round)                      // guarded by mu; nil before Run and after its end
	// begun says that Run has begun with what was in the outbox. A peer without
	// a round then has nothing there but what is posted from now on: a round
	// ends when it has delivered the rest.
	begun bool // guarded by mu

	wg    sync.WaitGroup
	fatal chan error
}

// New returns a courier that does nothing before Run.
func New(cfg Config) *Courier {
	if cfg.Count == nil {
		cfg.Count = func(string) {}
	}
	return &Courier{cfg: cfg, rounds: map[protocol.ParticipantID]*round{}, fatal: make(chan error, 1)}
}

// Run delivers until ctx is done, or until the outbox cannot be written: then
// it returns that error, and the node has to stop. It leaves no goroutine.
func (c *Courier) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	c.begin = func(r *round) { c.wg.Go(func() { r.run(ctx) }) }
	c.mu.Unlock()
	err := c.beginAll(ctx)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-c.fatal:
		}
	}
	c.mu.Lock()
	c.begin = nil
	c.mu.Unlock()
	cancel()
	c.wg.Wait()
	return err
}

// beginAll begins with what is in the outbox: until it has, every round reads
// it to its end.
func (c *Courier) beginAll(ctx context.Context) error {
	peers, err := c.cfg.Outbox.Peers(ctx)
	if err != nil {
		return fmt.Errorf("courier: read outbox: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range peers {
		c.round(p)
	}
	c.begun = true
	return nil
}

// Posted says that entries are durable in the outbox, so that it need not be
// read for them. It never blocks.
func (c *Courier) Posted(entries ...Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if r := c.round(e.Peer); r != nil {
			r.news.add(e)
			r.wake()
		}
	}
}

// round returns the round of a peer, nil before Run and after its end: Run
// begins with what is in the outbox. The caller holds mu.
func (c *Courier) round(peer protocol.ParticipantID) *round {
	if c.begin == nil {
		return nil
	}
	r := c.rounds[peer]
	if r == nil {
		r = newRound(c, peer)
		for i := range r.lanes {
			r.lanes[i].more = !c.begun
		}
		c.rounds[peer] = r
		c.begin(r)
	}
	return r
}

// news is what a round has not looked at yet.
type news struct {
	posted []Entry // at most Prefetch
	from   uint64  // the lowest Seq of what is in the outbox beside them, 0 for nothing
}

func (n *news) add(e Entry) {
	switch {
	case len(n.posted) < Prefetch:
		n.posted = append(n.posted, e)
	case n.from == 0 || e.Seq < n.from:
		n.from = e.Seq
	}
}

// news returns what is new for a round, once.
func (c *Courier) news(r *round) news {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := r.news
	r.news = news{}
	return n
}

// retire ends a round that found nothing to do, unless something was posted meanwhile.
func (c *Courier) retire(r *round) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(r.woken) > 0 {
		return false
	}
	delete(c.rounds, r.peer)
	return true
}

func (c *Courier) fail(err error) {
	select {
	case c.fatal <- err:
	default:
	}
}
