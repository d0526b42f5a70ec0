package transfer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const mib = 1 << 20

// errSilent is what asking a peer that is not there returns.
var errSilent = errors.New("silence")

// A side is a peer in a test: what it has, and what it does instead of answering.
type side struct {
	delay time.Duration // of each answer

	mu     sync.Mutex
	does   func(ctx context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error)
	asked  int
	flying int
	most   int
}

// A world is the peers and objects of one test, and an engine.
type world struct {
	mu      sync.Mutex
	sides   map[protocol.ParticipantID]*side
	objects map[protocol.Digest]*object
	order   []protocol.Digest // in which blocks were asked for
	ended   map[protocol.Digest]error
	counts  map[transfer.Outcome]int
	flying  int
	most    int

	engine *transfer.Engine
	stop   func()
}

// inWorld runs f in a bubble with an engine, which ends with it.
func inWorld(t *testing.T, window int, f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{sides: map[protocol.ParticipantID]*side{}, objects: map[protocol.Digest]*object{},
			ended: map[protocol.Digest]error{}, counts: map[transfer.Outcome]int{}}
		w.start(window)
		f(t, w)
		w.stop()
	})
}

func (w *world) start(window int) {
	w.engine = transfer.New(transfer.Config{Source: w.ask, Window: window, Done: w.done, Count: w.count})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		w.engine.Run(ctx)
		close(ran)
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-ran
	})
}

func (w *world) done(j transfer.Job, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, twice := w.ended[j.Tree]; twice {
		panic("a job ended twice")
	}
	w.ended[j.Tree] = err
}

func (w *world) count(o transfer.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[o]++
}

// end returns how a job ended, and false if it has not.
func (w *world) end(o *object) (error, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err, ok := w.ended[o.tree]
	return err, ok
}

func (w *world) side(id protocol.ParticipantID) *side {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sides[id]
	if s == nil {
		s = &side{delay: 10 * time.Millisecond}
		w.sides[id] = s
	}
	return s
}

func (s *side) do(f func(ctx context.Context, q *wire.BlockQuery, honest wire.Message) (wire.Message, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.does = f
}

func (s *side) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (w *world) ask(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	q, s := m.(*wire.BlockQuery), w.side(peer)
	w.mu.Lock()
	o := w.objects[q.Tree]
	w.order = append(w.order, q.Tree)
	w.flying++
	w.most = max(w.most, w.flying)
	w.mu.Unlock()
	s.mu.Lock()
	does, delay := s.does, s.delay
	s.asked++
	s.flying++
	s.most = max(s.most, s.flying)
	s.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.flying--
		w.mu.Unlock()
		s.mu.Lock()
		s.flying--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	honest := o.answer(int64(q.Index))
	if does != nil {
		return does(ctx, q, honest)
	}
	return honest, nil
}

// fetch adds an object of a case that a peer has, and returns it with its disk.
func (w *world) fetch(t *testing.T, size int, j transfer.Job) (*object, *disk) {
	t.Helper()
	w.mu.Lock()
	o := newObject(size, uint64(len(w.objects)))
	w.objects[o.tree] = o
	w.mu.Unlock()
	d := newDisk(o)
	w.fetchTo(t, o, d, j)
	return o, d
}

func (w *world) fetchTo(t *testing.T, o *object, d *disk, j transfer.Job) {
	t.Helper()
	j.Tree, j.Sealed, j.Target = o.tree, o.sealed(), d
	j.Act = protocol.DigestOf([]byte("act"))
	if err := w.engine.Add(j); err != nil {
		t.Fatal(err)
	}
}

func job(peer, id string) transfer.Job {
	return transfer.Job{Peer: protocol.ParticipantID(peer), Case: protocol.CaseID(id)}
}

// wantDone wants an object to be complete by now.
func (w *world) wantDone(t *testing.T, o *object, d *disk) {
	t.Helper()
	synctest.Wait()
	if err, ok := w.end(o); !ok || err != nil {
		p, _ := w.engine.Progress(o.tree)
		t.Fatalf("ended %v with %v, want complete (%+v)", ok, err, p)
	}
	if d.complete != 1 || d.closed != 1 {
		t.Errorf("completed %d times and closed %d times, want once", d.complete, d.closed)
	}
}
