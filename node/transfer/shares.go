package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const (
	// Serving is how many blocks are read from disk at a time.
	Serving = 8
	// ServingPeer is how many of them are for one peer while others wait.
	ServingPeer = 4
	// Queue is how many requests wait, and QueuePeer how many of one peer.
	Queue     = 256
	QueuePeer = 64
	// QueueTime is how long one waits before it is answered with busy.
	QueueTime = 5 * time.Second

	// Repeats is how often a peer may have the bytes of an object within RepeatTime:
	// once, and again after its disk was lost, and some more.
	Repeats    = 4
	RepeatTime = 24 * time.Hour
	// RepeatSlack is what it may have beyond, in bytes: what was in flight when lines
	// broke.
	RepeatSlack = 256 << 20

	// Remembered is how many objects of all peers Shares remembers serving. The one
	// that was asked for longest ago is forgotten first.
	Remembered = 8192
)

// ErrBusy is wrapped by a BusyError.
var ErrBusy = errors.New("transfer: busy")

// A BusyError says that a request is to be answered with busy, and for how long.
type BusyError struct{ After time.Duration }

// Error says so.
func (e *BusyError) Error() string { return fmt.Sprintf("%v: for %v", ErrBusy, e.After) }

// Answer returns what tells the peer so.
func (e *BusyError) Answer() *wire.Busy {
	return &wire.Busy{RetryAfter: min(e.After, wire.MaxRetryAfter).Truncate(time.Millisecond)}
}

// Unwrap returns ErrBusy.
func (e *BusyError) Unwrap() error { return ErrBusy }

// A Request is one request for a piece of an object, of a peer that may have it.
type Request struct {
	Peer   protocol.ParticipantID
	Case   protocol.CaseID
	Tree   protocol.Digest // or the id of a live object
	Size   int64           // of the piece that is asked for, in bytes
	Sealed int64           // of the whole object
	Urgent bool
}

// Shares divides what this node serves: emergencies first, then peers in turns, then
// the cases of a peer. It counts what each peer had of each object, in memory only: a
// peer that asks for the same again and again is told to wait.
type Shares struct {
	mu      sync.Mutex
	serving map[protocol.ParticipantID]int
	busy    int // pieces that are being served
	queue   []*waiter
	turn    uint64
	turns   map[protocol.ParticipantID]uint64 // when a waiting peer was served last
	cases   map[protocol.CaseID]uint64
	had     map[reader]*account
}

type waiter struct {
	Request
	granted chan struct{}
}

// A reader is one peer's interest in one object.
type reader struct {
	peer protocol.ParticipantID
	tree protocol.Digest
}

type account struct {
	left  *rate.Limiter // bytes that it may have
	total int64         // that it had
	last  time.Time
}

// NewShares returns Shares of which nothing is taken.
func NewShares() *Shares {
	return &Shares{serving: map[protocol.ParticipantID]int{}, had: map[reader]*account{},
		turns: map[protocol.ParticipantID]uint64{}, cases: map[protocol.CaseID]uint64{}}
}

// Enter waits for the turn of a request. Without an error the caller reads the piece
// and calls leave, once. A *BusyError says what to answer; any other error is that of
// ctx.
func (s *Shares) Enter(ctx context.Context, r Request) (leave func(), err error) {
	s.mu.Lock()
	if wait := s.spend(r); wait > 0 {
		s.mu.Unlock()
		return nil, &BusyError{wait}
	}
	if len(s.queue) >= Queue || s.waiting(r.Peer) >= QueuePeer {
		s.mu.Unlock()
		return nil, &BusyError{QueueTime}
	}
	w := &waiter{r, make(chan struct{})}
	s.queue = append(s.queue, w)
	s.grant()
	s.mu.Unlock()

	late := time.NewTimer(QueueTime)
	defer late.Stop()
	select {
	case <-w.granted:
		return s.leave(r.Peer), nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = &BusyError{QueueTime}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, w); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
		return nil, err
	}
	return s.leave(r.Peer), nil // granted in the meantime
}

func (s *Shares) waiting(peer protocol.ParticipantID) (n int) {
	for _, w := range s.queue {
		if w.Peer == peer {
			n++
		}
	}
	return n
}

func (s *Shares) leave(peer protocol.ParticipantID) func() {
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
		if s.serving[peer]--; s.serving[peer] == 0 {
			delete(s.serving, peer)
		}
		s.grant()
	})
}

// grant lets in whose turn it is, for as long as there is room. The caller holds mu.
func (s *Shares) grant() {
	for s.busy < Serving {
		best := -1
		for i, w := range s.queue {
			if s.serving[w.Peer] >= ServingPeer && s.busy > 0 && s.others(w.Peer) {
				continue
			}
			if best < 0 || s.before(w, s.queue[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		w := s.queue[best]
		s.queue = slices.Delete(s.queue, best, best+1)
		s.turn++
		s.turns[w.Peer], s.cases[w.Case] = s.turn, s.turn
		s.busy++
		s.serving[w.Peer]++
		close(w.granted)
	}
	if len(s.queue) == 0 { // nobody waits: everybody is equal again
		clear(s.turns)
		clear(s.cases)
	}
}

// others reports whether another peer is being served or waits.
func (s *Shares) others(peer protocol.ParticipantID) bool {
	return s.busy > s.serving[peer] ||
		slices.ContainsFunc(s.queue, func(w *waiter) bool { return w.Peer != peer })
}

// before reports whether it is a's turn before b's.
func (s *Shares) before(a, b *waiter) bool {
	switch {
	case a.Urgent != b.Urgent:
		return a.Urgent
	case a.Peer != b.Peer:
		if x, y := s.serving[a.Peer], s.serving[b.Peer]; x != y {
			return x < y
		}
		return s.turns[a.Peer] < s.turns[b.Peer]
	}
	return s.cases[a.Case] < s.cases[b.Case]
}

// spend counts a piece, or returns how long the peer must wait for it.
func (s *Shares) spend(r Request) (wait time.Duration) {
	now, key := time.Now(), reader{r.Peer, r.Tree}
	a := s.had[key]
	if a == nil {
		if len(s.had) >= Remembered {
			s.forgetOne()
		}
		all := Repeats*r.Sealed + RepeatSlack
		a = &account{left: rate.NewLimiter(rate.Limit(float64(all)/RepeatTime.Seconds()), int(all))}
		s.had[key] = a
	}
	a.last = now
	take := a.left.ReserveN(now, int(r.Size))
	if !take.OK() {
		return RepeatTime
	}
	if wait = take.DelayFrom(now); wait > 0 {
		take.CancelAt(now)
		return wait.Truncate(time.Millisecond) + time.Millisecond
	}
	a.total += r.Size
	return 0
}

func (s *Shares) forgetOne() {
	var oldest reader
	var at time.Time
	for key, a := range s.had {
		if at.IsZero() || a.last.Before(at) {
			oldest, at = key, a.last
		}
	}
	delete(s.had, oldest)
}

// Served returns how many bytes of an object a peer was given since this node
// started, and when it asked last.
func (s *Shares) Served(peer protocol.ParticipantID, tree protocol.Digest) (bytes int64, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.had[reader{peer, tree}]; a != nil {
		return a.total, a.last
	}
	return 0, time.Time{}
}
