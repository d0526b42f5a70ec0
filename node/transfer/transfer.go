// Package transfer moves evidence between two nodes: an Engine pulls objects,
// block by block, and Shares divides what a node serves.
//
// The Engine keeps nothing on disk: which blocks are there, its Targets know. So a
// broken connection, a restart of either side and a changed path cost no more than
// the blocks that were in flight. How many that is, is bounded; each peer has a
// window of its own, which grows for as long as that makes it faster. A block
// counts as in flight until its Target has taken it: a slow disk slows the line.
//
// Emergencies go first. Otherwise peers are served in turns, then the cases of a
// peer, then the objects of a case in the order in which they were added, but that
// brief ones wait for no more than a block of a large one. A peer that does not
// answer, is busy, slow or wrong is left alone for a while, longer each time, and
// holds up nobody else.
//
// The package is trusted with liveness, and with its bounds. What is taken as
// evidence is decided by Target.Put, which verifies each block against what was
// signed; who may have it is decided before Shares is asked.
package transfer

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
	// DefaultWindow is how many blocks are in flight at a time, from all peers
	// together: the memory that this node spends on them is as many MiB.
	DefaultWindow = 32

	// finishers is how many objects are finished at a time, and how many emergencies
	// beside them: each may be read from disk once more.
	finishers = 2
	// briefFinishers is how many brief objects are, beside those: their syncs go
	// together.
	briefFinishers = 32
	// Brief is how many bytes, sealed, an object has at most that is brief: it costs
	// no memory to speak of to have many of them at hand.
	Brief = 256 << 10

	// rounds is how often an object whose Target says that blocks are missing after
	// all is begun again before it is given up.
	rounds = 3

	// batch is how many numbers of missing blocks an object keeps in memory.
	batch = 256
)

// What Done is told, beside the errors of Targets.
var (
	// ErrGone says that the peer has the object no more.
	ErrGone = errors.New("transfer: the peer has it no more")
	// ErrKnown says that the object is being fetched already.
	ErrKnown = errors.New("transfer: it is being fetched already")
	// ErrEnded says that the Engine has ended.
	ErrEnded = errors.New("transfer: the engine has ended")
)

// A Source asks a peer and returns its answer. It bounds the time.
type Source func(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error)

// A Target is where the blocks of one object go. Put is called from many goroutines
// at once.
type Target interface {
	// Missing returns up to max numbers of blocks that are not there and greater
	// than after, in order; from the beginning when after is -1.
	Missing(after int64, max int) []int64
	// Put verifies a block and keeps it. An error that wraps evidence.ErrBlock says
	// that it is not the block which was signed; every other one that it could not be
	// kept. It does not hold on to the block.
	Put(i int64, block []byte, proof []protocol.Digest) error
	// Have returns how much is there.
	Have() (blocks, bytes int64)
	// Sync makes durable what is there.
	Sync() error
	// Complete is called when nothing is missing.
	Complete(ctx context.Context) error
	// Close keeps what is there. It is the last call.
	Close() error
}

// A Job is one object that is to be fetched. From Add on the Target is the Engine's.
type Job struct {
	Case   protocol.CaseID
	Peer   protocol.ParticipantID
	Act    protocol.Digest // that discloses it
	Tree   protocol.Digest
	Sealed int64 // its size, sealed, in bytes
	Urgent bool
	Target Target
}

// Config is what New needs.
type Config struct {
	Source Source
	// Done is told of the end of each job that was not removed, after its Target was
	// closed. A nil error says that it is complete.
	Done func(Job, error)

	Window int              // blocks in flight; 0 stands for DefaultWindow
	Log    *slog.Logger     // nil for none
	Now    func() time.Time // nil for time.Now
	// Count, if set, is told of the end of each exchange for a block.
	Count func(Outcome)
}

// An Outcome is what became of an exchange for a block.
type Outcome string

// The outcomes.
const (
	Taken    Outcome = "taken"
	Wrong    Outcome = "wrong"     // not the block that was signed, or no block
	Busy     Outcome = "busy"      //
	Gone     Outcome = "gone"      // the peer has the object no more
	Silent   Outcome = "no-answer" // unreachable, or broke off
	Unkept   Outcome = "not-kept"  // this node could not write it
	Canceled Outcome = "canceled"
)

// An Engine fetches objects. The zero Engine is not usable; see New.
type Engine struct {
	cfg  Config
	wake chan struct{} // holds at most one

	flights   sync.WaitGroup
	finishing [2 * classes]chan struct{} // a seat for each object that is being finished; the latter half for brief ones

	mu     sync.Mutex
	ended  bool
	jobs   map[protocol.Digest]*job // by tree
	peers  map[protocol.ParticipantID]*peer
	flying int    // blocks in flight
	urgent int    // of those, of urgent jobs
	turn   uint64 // counts what was begun
}

// New returns an Engine that does nothing before Run.
func New(c Config) *Engine {
	if c.Window <= 0 {
		c.Window = DefaultWindow
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Count == nil {
		c.Count = func(Outcome) {}
	}
	if c.Done == nil {
		c.Done = func(Job, error) {}
	}
	e := &Engine{cfg: c, wake: make(chan struct{}, 1),
		jobs: map[protocol.Digest]*job{}, peers: map[protocol.ParticipantID]*peer{}}
	for class := range classes {
		e.finishing[class] = make(chan struct{}, finishers)
		e.finishing[classes+class] = make(chan struct{}, briefFinishers)
	}
	return e
}

// Add begins to fetch an object. After an error the Target is still the caller's.
func (e *Engine) Add(j Job) error {
	if j.Target == nil || j.Sealed <= 0 {
		return fmt.Errorf("transfer: add: an object of %d bytes, want a target and a size", j.Sealed)
	}
	_, have := j.Target.Have()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.ended:
		return ErrEnded
	case e.jobs[j.Tree] != nil:
		return ErrKnown
	}
	p := e.peers[j.Peer]
	if p == nil {
		p = newPeer(j.Peer)
		e.peers[j.Peer] = p
	}
	if j.Urgent && p.why == Unreachable {
		p.pause.until = time.Time{} // an emergency tries at once
	}
	p.jobs++
	n := newJob(j, p, have)
	e.jobs[j.Tree] = n
	p.enqueue(n)
	e.rouse()
	return nil
}

// Remove gives a job up, and returns when its Target is closed. It reports whether
// there was one. It is not called from a method of the Target.
func (e *Engine) Remove(tree protocol.Digest) bool {
	e.mu.Lock()
	j := e.jobs[tree]
	if j == nil {
		e.mu.Unlock()
		return false
	}
	j.removed = true
	for _, cancel := range j.flights {
		cancel()
	}
	idle := e.letGo(j)
	e.mu.Unlock()
	if idle {
		e.close(j, context.Canceled)
	}
	<-j.over
	return true
}

// rouse makes Run look for what can begin.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run fetches until ctx is done. It leaves no goroutine, and every Target is synced
// and closed when it returns. It is called once.
func (e *Engine) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for ctx.Err() == nil {
		if wait, ok := e.launch(ctx); ok {
			alarm.Reset(wait)
		} else {
			alarm.Stop()
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-alarm.C:
		}
	}
	e.mu.Lock()
	e.ended = true
	e.mu.Unlock()
	e.flights.Wait()
	e.mu.Lock()
	var left []*job
	for _, j := range e.jobs {
		j.removed = true
		if e.letGo(j) {
			left = append(left, j)
		}
	}
	e.mu.Unlock()
	for _, j := range left {
		e.close(j, ctx.Err())
	}
}

// letGo forgets a job that nothing is in flight of, and reports whether it did. The
// caller holds mu and, if it did, closes the job.
func (e *Engine) letGo(j *job) bool {
	if len(j.flights) > 0 || e.jobs[j.Tree] != j {
		return false
	}
	delete(e.jobs, j.Tree)
	j.peer.dequeue(j)
	j.peer.forget(j)
	j.peer.jobs-- // at none, rouseAll forgets the peer
	e.rouse()
	return true
}

// close ends a job that was let go.
func (e *Engine) close(j *job, err error) {
	if err != nil {
		if s := j.Target.Sync(); s != nil {
			e.cfg.Log.Warn("transfer: sync", "err", s)
		}
	}
	if c := j.Target.Close(); c != nil {
		e.cfg.Log.Warn("transfer: close", "err", c)
	}
	close(j.over)
	if !j.removed {
		e.cfg.Done(j.Job, err)
	}
}
