package journal

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

// An Audit says what Check does besides checking the ledger itself. Both
// functions may be nil.
type Audit struct {
	// Progress is called now and then with the records done and in all.
	Progress func(done, total int64)
	// Record is called for each record. It returns an error if what the record
	// refers to is not in the store, or has another digest.
	Record func(r store.Reader, index int64, record ledger.Record) error
}

// A Report is what a Check found good.
type Report struct {
	Batch      int64 // the newest batch
	Checkpoint ledger.Checkpoint
	Kinds      map[ledger.Kind]int64 // how many records of each kind
}

// progressEvery is how many records lie between two calls of Progress.
const progressEvery = 1 << 10

// Check reads every byte of the store, recomputes the whole tree from the
// records, compares each stored hash and the root, and opens the checkpoint.
// It sees one state; commits go on meanwhile.
func (j *Journal) Check(ctx context.Context, a Audit) (Report, error) {
	if err := j.config.Store.Verify(ctx); err != nil {
		return Report{}, fmt.Errorf("journal: check: %w", err)
	}
	c := &check{ctx: ctx, audit: a, tree: &tree{hashes: map[int64]tlog.Hash{}}}
	c.report.Kinds = map[ledger.Kind]int64{}
	err := j.View(ctx, func(r store.Reader) error {
		b, err := r.Get(headKey)
		if err != nil {
			return err
		}
		if c.head, err = parseHead(b, j.config); err != nil {
			return err
		}
		c.reader = r
		if err := r.Scan(store.Range{Prefix: []byte(leafPrefix)}, c.leaf); err != nil {
			return err
		}
		return c.end()
	})
	if err != nil {
		return Report{}, fmt.Errorf("journal: check: %w", err)
	}
	return c.report, nil
}

type check struct {
	ctx    context.Context
	audit  Audit
	reader store.Reader
	head   head
	tree   *tree
	report Report
}

// leaf takes the stored leaves in the order of their indexes.
func (c *check) leaf(key, value []byte) (bool, error) {
	index := c.tree.size
	if !bytes.Equal(key, leafKey(index)) {
		return false, fmt.Errorf("%w: record %d is missing", ErrDamaged, index)
	}
	l, err := parseLeaf(value)
	if err != nil {
		return false, fmt.Errorf("record %d: %w", index, err)
	}
	grown, err := c.tree.grow(l.record)
	if err != nil {
		return false, err
	}
	if !slices.Equal(grown.hashes, l.hashes) {
		return false, fmt.Errorf("%w: record %d does not fit its hashes", ErrDamaged, index)
	}
	rec, err := ledger.ParseRecord(l.record)
	if err != nil {
		return false, fmt.Errorf("%w: record %d: %w", ErrDamaged, index, err)
	}
	c.report.Kinds[rec.Kind]++
	if c.audit.Record != nil {
		if err := c.audit.Record(c.reader, index, rec); err != nil {
			return false, fmt.Errorf("record %d (%s): %w", index, rec.Kind, err)
		}
	}
	if c.tree.size%progressEvery == 0 {
		c.progress()
		c.tree = c.tree.follow() // forget the hashes that no later leaf needs
	}
	return true, c.ctx.Err()
}

func (c *check) progress() {
	if c.audit.Progress != nil {
		c.audit.Progress(c.tree.size, c.head.checkpoint.Size)
	}
}

func (c *check) end() error {
	if c.tree.size != c.head.checkpoint.Size {
		return fmt.Errorf("%w: %d records, the checkpoint names %d",
			ErrDamaged, c.tree.size, c.head.checkpoint.Size)
	}
	root, err := tlog.TreeHash(c.tree.size, c.tree)
	if err != nil {
		return err
	}
	if root != c.head.checkpoint.Root {
		return fmt.Errorf("%w: the records do not give the root of the checkpoint", ErrDamaged)
	}
	c.progress()
	c.report.Batch, c.report.Checkpoint = c.head.batch, c.head.checkpoint
	return nil
}
