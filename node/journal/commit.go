package journal

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

// Committed is what a commit has become.
type Committed struct {
	batch *tree
	first int64
	bytes [][]byte // of the records
}

// Records returns how many records the commit appended.
func (c Committed) Records() int { return len(c.bytes) }

// Index returns the index in the ledger of the i-th of them.
func (c Committed) Index(i int) int64 { return c.first + int64(i) }

// Proof returns the proof that the i-th of them is in the ledger. It reads
// nothing from disk.
func (c Committed) Proof(i int) (ledger.Proof, error) {
	path, err := tlog.ProveRecord(c.batch.size, c.Index(i), c.batch)
	if err != nil {
		return ledger.Proof{}, fmt.Errorf("journal: prove record %d: %w", c.Index(i), err)
	}
	signed, err := c.batch.note.text()
	if err != nil {
		return ledger.Proof{}, fmt.Errorf("journal: sign a checkpoint: %w", err)
	}
	return ledger.Proof{
		Record: c.bytes[i], Index: c.Index(i), Path: path, Checkpoint: signed,
	}, nil
}

// An op is one commit on its way.
type op struct {
	write  func(*Tx) error
	urgent bool
	state  atomic.Int32 // opWaiting, then opTaken or opLeft, for good
	answer chan answer  // holds one
}

const (
	opWaiting = iota
	opTaken   // by the committer, which will answer
	opLeft    // by its caller: it never runs
)

type answer struct {
	committed Committed
	err       error
}

// Commit runs write and returns nil when what it wrote is durable, with all
// that goes with it: from then on it is so, whatever happens next.
//
// If write returns an error, Commit returns that error and nothing of it is
// kept. write runs once, in the committer, one after another: it must be quick
// and must not call the journal. When ctx ends before write has begun, Commit
// returns the context's error and write never runs; later than that, Commit
// waits for the disk. ErrStopped says that write never ran or that its effect
// is unknown until the next Open.
func (j *Journal) Commit(ctx context.Context, write func(*Tx) error) (Committed, error) {
	return j.queueUp(ctx, j.queue, &op{write: write, answer: make(chan answer, 1)})
}

// Urgent is Commit for what others must not hold up: it runs before all that
// waits, in the batch that is being made if there is one, and that batch is
// closed soon after. It is durable as any commit is. Commits of one caller after
// another keep their order, whichever way each goes.
func (j *Journal) Urgent(ctx context.Context, write func(*Tx) error) (Committed, error) {
	return j.queueUp(ctx, j.urgent, &op{write: write, urgent: true, answer: make(chan answer, 1)})
}

func (j *Journal) queueUp(ctx context.Context, queue chan<- *op, o *op) (Committed, error) {
	select {
	case queue <- o:
	case <-ctx.Done():
		return Committed{}, ctx.Err()
	case <-j.done:
		return Committed{}, j.stopped()
	}
	select {
	case a := <-o.answer:
		return a.committed, a.err
	case <-ctx.Done():
		if o.state.CompareAndSwap(opWaiting, opLeft) {
			return Committed{}, ctx.Err()
		}
	case <-j.done:
		if o.state.CompareAndSwap(opWaiting, opLeft) {
			return Committed{}, j.stopped()
		}
	}
	a := <-o.answer
	return a.committed, a.err
}

func (j *Journal) stopped() error {
	j.state.Lock()
	defer j.state.Unlock()
	if j.cause != nil {
		return fmt.Errorf("%w: %w", ErrStopped, j.cause)
	}
	return ErrStopped
}

// Run is the committer. It returns nil when ctx ended and all that was waiting
// is committed. On the first error of the store or the anchor it returns that
// error: what is on disk is then unknown, and only a new Open can tell.
// Run runs once.
func (j *Journal) Run(ctx context.Context) error {
	if !j.running.CompareAndSwap(false, true) {
		panic("journal: Run runs once")
	}
	err := j.run(ctx)
	j.state.Lock()
	j.cause = err
	j.state.Unlock()
	close(j.done)
	return err
}

func (j *Journal) run(ctx context.Context) error {
	// What was begun is finished: only the wait for more ends with ctx.
	work := context.WithoutCancel(ctx)
	for {
		var first *op
		select {
		case first = <-j.urgent:
		case first = <-j.queue:
		case <-ctx.Done():
			select {
			case first = <-j.urgent:
			case first = <-j.queue:
			default:
				return nil
			}
		}
		ops := j.gather(first)
		began := time.Now()
		for len(ops) > 0 {
			rest, err := j.commit(work, ops)
			if err != nil {
				return err
			}
			ops = rest
		}
		j.took = time.Since(began)
	}
}

// gather takes what is waiting. After a batch of many it waits for more, as
// long as that batch took to write: callers who wait for their answers come
// back one by one, and each batch costs a signature and syncs, whatever its
// size. One caller alone never waits, and nothing waits once there is something
// urgent, which goes first.
func (j *Journal) gather(first *op) []*op {
	var ops []*op
	take := func(o *op) {
		if o.state.CompareAndSwap(opWaiting, opTaken) {
			ops = append(ops, o)
		}
	}
	take(first)
	var late <-chan time.Time
	if j.last > 1 && j.config.Gather > 0 && !first.urgent && len(j.urgent) == 0 {
		t := time.NewTimer(min(j.config.Gather, j.took))
		defer t.Stop()
		late = t.C
	}
	for len(ops) < j.config.MaxBatch {
		select {
		case o := <-j.queue:
			take(o)
			continue
		default:
		}
		if late == nil {
			break
		}
		select {
		case o := <-j.urgent:
			if take(o); len(ops) > 0 && ops[len(ops)-1] == o {
				ops = slices.Insert(ops[:len(ops)-1], 0, o)
			}
			late = nil
		case o := <-j.queue:
			take(o)
		case <-late:
			late = nil
		}
	}
	j.last = len(ops)
	return ops
}

// commit makes one batch of as many ops as fit, and of what is urgent by then,
// answers them, and returns the others. After an error every op has its answer.
func (j *Journal) commit(ctx context.Context, ops []*op) (rest []*op, err error) {
	b := &batch{config: j.config, tree: j.next.follow(), writes: map[string]write{}}
	rest = ops
	err = j.config.Store.View(ctx, func(r store.Reader) error {
		for !b.full() {
			if o := j.takeUrgent(); o != nil {
				b.run(r, o)
				continue
			}
			if len(rest) == 0 || b.urgent && len(ops)-len(rest) >= urgentShare {
				break
			}
			b.run(r, rest[0])
			rest = rest[1:]
		}
		return nil
	})
	if err == nil && !b.empty() {
		err = j.persist(ctx, b)
	}
	if err != nil {
		failed := answer{err: fmt.Errorf("%w: %w", ErrStopped, err)}
		for _, d := range b.done {
			d.op.answer <- failed
		}
		for _, o := range rest {
			o.answer <- failed
		}
		return nil, err
	}
	// From here every act of the batch is accepted, whatever happens next.
	j.next = b.tree
	j.show(b.tree)
	for _, d := range b.done {
		d.committed.batch = b.tree
		d.op.answer <- answer{d.committed, d.err}
	}
	return rest, nil
}

// takeUrgent returns what is urgent and waits, nil if nothing does.
func (j *Journal) takeUrgent() *op {
	for {
		select {
		case o := <-j.urgent:
			if o.state.CompareAndSwap(opWaiting, opTaken) {
				return o
			}
		default:
			return nil
		}
	}
}

// persist makes b durable: first the store, then the anchor, so that the
// anchor never names what the store did not hold.
func (j *Journal) persist(ctx context.Context, b *batch) error {
	if err := b.tree.close(j.config); err != nil {
		return fmt.Errorf("journal: close batch %d: %w", b.tree.head.batch, err)
	}
	if err := j.config.Store.Update(ctx, b.write); err != nil {
		return fmt.Errorf("journal: write batch %d: %w", b.tree.head.batch, err)
	}
	return j.anchor.write(b.tree.head, j.config)
}

// A batch is the effect of some ops.
type batch struct {
	config Config
	tree   *tree
	writes map[string]write
	leaves []leaf // the last ones of tree
	bytes  int
	urgent bool // something urgent is in it
	done   []result
}

type result struct {
	op        *op
	committed Committed
	err       error
}

func (b *batch) full() bool {
	return b.bytes > batchBytes || len(b.writes)+len(b.leaves) > batchWrites
}

func (b *batch) empty() bool { return len(b.writes) == 0 && len(b.leaves) == 0 }

// run runs o over what the batch has so far, and adds what o wrote, or drops
// all of it. A failed op is answered with the others: its error may rest on
// what they wrote.
func (b *batch) run(r store.Reader, o *op) {
	b.urgent = b.urgent || o.urgent
	tx := &Tx{below: r, earlier: b.writes, own: map[string]write{}, first: b.tree.size}
	err := o.write(tx)
	if err == nil {
		err = tx.err
	}
	if err != nil {
		b.done = append(b.done, result{op: o, err: err})
		return
	}
	for k, w := range tx.own {
		b.writes[k] = w
	}
	for _, rec := range tx.records {
		l, err := b.tree.grow(rec)
		if err != nil {
			panic(err) // the edge is at hand by construction
		}
		b.leaves = append(b.leaves, l)
	}
	b.bytes += tx.bytes
	c := Committed{first: tx.first, bytes: tx.records}
	b.done = append(b.done, result{op: o, committed: c})
}

// write puts the batch into one store transaction.
func (b *batch) write(t store.Txn) error {
	for k, w := range b.writes {
		if w.deleted {
			if err := t.Delete([]byte(k)); err != nil {
				return err
			}
		} else if err := t.Set([]byte(k), w.value); err != nil {
			return err
		}
	}
	first := b.tree.size - int64(len(b.leaves))
	for i, l := range b.leaves {
		if err := t.Set(leafKey(first+int64(i)), l.encode()); err != nil {
			return err
		}
	}
	h, err := b.tree.head.encode(b.config)
	if err != nil {
		return err
	}
	return t.Set(headKey, h)
}
