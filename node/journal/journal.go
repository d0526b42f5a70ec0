// Package journal is the one place in a node where anything becomes durable.
//
// Callers hand Commit a function that reads and writes. One committer gathers
// what is waiting, runs each function over the same state, and writes all of
// it, with the ledger leaves and one new checkpoint, in one store transaction. It then writes the checkpoint to the anchor, a small file of
// its own, and only then lets anyone answer.
//
// What a crash leaves behind: before the transaction is synced, nothing of the
// batch. Between the transaction and the anchor, the whole batch, of which
// nobody was told; Open proves that it extends the anchor and moves the anchor.
// After the anchor, the whole batch; a store that has less than its anchor says
// does not open.
//
// Keys. The journal owns every key that begins with "ledger/":
//
//	ledger/head            the batch number and the checkpoint
//	ledger/leaf/<8 bytes>  by index, big endian: the record, and the hashes of
//	                       the subtrees that it completes (RFC 6962)
//
// All other keys belong to the callers.
//
// The package is trusted with promise 4, accepted means durable, and with
// never signing two checkpoints that contradict each other.
package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

const (
	// DefaultMaxBatch is how many commits share one sync, at most.
	DefaultMaxBatch = 256
	// DefaultGather is how long the committer waits for others to join a batch,
	// once the batch before was of more than one: at most this, and no longer
	// than that batch took to write.
	DefaultGather = 4 * time.Millisecond
	// MaxGather bounds that wait: nobody's act waits longer for others'.
	MaxGather = 5 * time.Millisecond
	// queueLength is how many commits may wait before Commit blocks.
	queueLength = 1024
	// urgentLength is the same for those that are urgent.
	urgentLength = 64
	// urgentShare is how many others a batch with something urgent still takes:
	// they do not stand still, however much is urgent.
	urgentShare = 16
)

var (
	// ErrStopped says that the journal takes no commits: Run has ended. It
	// wraps the store's error if that was why. A commit that was under way
	// then may have happened or not.
	ErrStopped = errors.New("journal: stopped")
	// ErrAnchorMissing says that the store holds commits but there is no
	// anchor to show that it holds all of them.
	ErrAnchorMissing = errors.New("journal: the anchor is missing")
	// ErrVersion says that another version of this program wrote the store.
	ErrVersion = errors.New("journal: written by another version of comity")
	// ErrDamaged says that head, leaves and anchor do not fit together.
	ErrDamaged = errors.New("journal: damaged")
)

// A BehindError says that the store has lost what it once held durably.
type BehindError struct {
	HaveBatch, WantBatch int64 // the newest batch in the store, and by the anchor
	HaveSize, WantSize   int64 // ledger records
}

func (e *BehindError) Error() string {
	s := fmt.Sprintf("journal: the store is behind its anchor: it ends at batch %d with %d "+
		"records, the anchor names batch %d with %d records",
		e.HaveBatch, e.HaveSize, e.WantBatch, e.WantSize)
	if e.HaveSize < e.WantSize {
		s += fmt.Sprintf("; records %d to %d are missing", e.HaveSize, e.WantSize-1)
	}
	return s
}

// Config says what a journal works with. Store, Key, Origin, Anchor and Now
// are required.
type Config struct {
	Store  store.Store
	Key    *cosign.LogKey
	Origin string           // the name of the ledger in its checkpoints
	Anchor string           // path of the anchor file, best on another disk than the store
	Now    func() time.Time // legal time, for the checkpoints

	MaxBatch int           // 0: DefaultMaxBatch
	Gather   time.Duration // 0: DefaultGather; negative: do not wait
}

// A Journal is safe for concurrent use. It does not own the store: the caller
// closes the journal first.
type Journal struct {
	config Config
	anchor *anchor
	queue  chan *op
	urgent chan *op      // what goes before all in queue
	done   chan struct{} // closed when Run has ended

	running atomic.Bool
	next    *tree         // what the next batch starts from; owned by Run
	last    int           // size of the last batch; owned by Run
	took    time.Duration // to write it; owned by Run
	state   sync.Mutex    // guards shown and cause
	shown   *tree         // the newest batch that is durable and anchored
	cause   error         // why Run ended
}

// Open reads where the journal stands and proves that store and anchor belong
// together. It writes only what a commit would write: the first, empty batch
// of a new store, or the anchor of a batch that a crash left without one.
func Open(ctx context.Context, c Config) (*Journal, error) {
	c = c.withDefaults()
	j := &Journal{config: c, queue: make(chan *op, queueLength),
		urgent: make(chan *op, urgentLength), done: make(chan struct{})}
	head, err := readHead(ctx, c)
	if err != nil {
		return nil, err
	}
	if j.anchor, err = openAnchor(c.Anchor); err != nil {
		return nil, err
	}
	if err := j.resume(ctx, head); err != nil {
		return nil, errors.Join(err, j.anchor.close())
	}
	return j, nil
}

func (c Config) withDefaults() Config {
	if c.MaxBatch <= 0 {
		c.MaxBatch = DefaultMaxBatch
	}
	if c.Gather == 0 {
		c.Gather = DefaultGather
	}
	c.Gather = min(c.Gather, MaxGather)
	return c
}

// Close closes the anchor. The caller has ended Run before.
func (j *Journal) Close() error {
	if err := j.anchor.close(); err != nil {
		return fmt.Errorf("journal: close: %w", err)
	}
	return nil
}

// View calls read with one state of the store.
func (j *Journal) View(ctx context.Context, read func(store.Reader) error) error {
	return j.config.Store.View(ctx, read)
}

// ViewHead calls read with one state of the store, and with the checkpoint of
// that state. It may be one that is not signed yet: what rests on it says so by
// its size and its root.
func (j *Journal) ViewHead(ctx context.Context, read func(store.Reader, ledger.Checkpoint) error) error {
	return j.View(ctx, func(r store.Reader) error {
		b, err := r.Get(headKey)
		if err != nil {
			return fmt.Errorf("journal: read the head: %w", err)
		}
		h, err := parseHead(b, j.config)
		if err != nil {
			return err
		}
		return read(r, h.checkpoint)
	})
}

// Head returns the newest checkpoint.
func (j *Journal) Head() ledger.Checkpoint { return j.newest().head.checkpoint }

// Checkpoint returns the newest checkpoint, and the same as a signed note.
// The slice must not be changed.
func (j *Journal) Checkpoint() (ledger.Checkpoint, []byte, error) {
	t := j.newest()
	signed, err := t.note.text()
	if err != nil {
		return ledger.Checkpoint{}, nil, fmt.Errorf("journal: sign a checkpoint: %w", err)
	}
	return t.head.checkpoint, signed, nil
}

func (j *Journal) newest() *tree {
	j.state.Lock()
	defer j.state.Unlock()
	return j.shown
}

func (j *Journal) show(t *tree) {
	j.state.Lock()
	defer j.state.Unlock()
	j.shown = t
}

// Prove returns the proof that the record at index is in the ledger, against
// the newest checkpoint.
func (j *Journal) Prove(ctx context.Context, index int64) (ledger.Proof, error) {
	p, err := j.prove(ctx, index)
	if errors.Is(err, errNotShown) {
		// A reader has seen the record in the store before the anchor was written.
		if _, err = j.Commit(ctx, func(*Tx) error { return nil }); err == nil {
			p, err = j.prove(ctx, index)
		}
	}
	if err != nil {
		return ledger.Proof{}, fmt.Errorf("journal: prove record %d: %w", index, err)
	}
	return p, nil
}

// errNotShown says that the store holds a record whose batch is still being made
// durable: no checkpoint has it yet.
var errNotShown = errors.New("journal: the record is on its way to the disk")

func (j *Journal) prove(ctx context.Context, index int64) (p ledger.Proof, err error) {
	head, signed, err := j.Checkpoint()
	if err != nil {
		return p, err
	}
	err = j.View(ctx, func(r store.Reader) error {
		if index < 0 {
			return store.ErrNotFound
		}
		leaf, err := readLeaf(r, index)
		if err != nil {
			return err
		}
		if index >= head.Size {
			return errNotShown
		}
		path, err := tlog.ProveRecord(head.Size, index, hashesIn(r))
		p = ledger.Proof{Record: leaf.record, Index: index, Path: path, Checkpoint: signed}
		return err
	})
	return p, err
}

// Consistency returns the proof that the ledger's tree of size later begins
// with its tree of size earlier.
func (j *Journal) Consistency(ctx context.Context, earlier, later int64) (tlog.TreeProof, error) {
	if earlier < 0 || earlier > later || later > j.newest().head.checkpoint.Size {
		return nil, fmt.Errorf("journal: prove size %d to %d: no such sizes", earlier, later)
	}
	if earlier == 0 || earlier == later {
		return tlog.TreeProof{}, nil
	}
	var p tlog.TreeProof
	err := j.View(ctx, func(r store.Reader) (err error) {
		p, err = tlog.ProveTree(later, earlier, hashesIn(r))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("journal: prove size %d to %d: %w", earlier, later, err)
	}
	return p, nil
}

// Record returns the record at index, or an error that wraps store.ErrNotFound.
func (j *Journal) Record(ctx context.Context, index int64) (ledger.Record, error) {
	var rec ledger.Record
	err := j.View(ctx, func(r store.Reader) error {
		leaf, err := readLeaf(r, index)
		if err != nil {
			return err
		}
		rec, err = ledger.ParseRecord(leaf.record)
		return err
	})
	if err != nil {
		return ledger.Record{}, fmt.Errorf("journal: read record %d: %w", index, err)
	}
	return rec, nil
}
