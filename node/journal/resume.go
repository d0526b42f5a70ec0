package journal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/node/store"
)

// resume finds the tree that the next batch starts from. have is the head in
// the store.
func (j *Journal) resume(ctx context.Context, have head) error {
	want, err := j.anchor.read(j.config)
	if err != nil {
		return err
	}
	if have.batch == 0 && want.batch == 0 {
		return j.begin(ctx)
	}
	if err := j.compare(ctx, have, want); err != nil {
		return err
	}
	err = j.View(ctx, func(r store.Reader) (err error) {
		if err := requireEnd(r, have.checkpoint.Size); err != nil {
			return err
		}
		j.next, err = treeAt(have, j.config, hashesIn(r))
		return err
	})
	if err != nil {
		return readable(fmt.Errorf("journal: resume: %w", err))
	}
	if have.batch > want.batch {
		if err := j.anchor.write(have, j.config); err != nil {
			return err
		}
	}
	j.show(j.next)
	return nil
}

// begin makes the first batch of a new store, which has no record: so that
// there is a checkpoint for a peer to keep before there is an act.
func (j *Journal) begin(ctx context.Context) error {
	b := &batch{config: j.config, tree: &tree{hashes: map[int64]tlog.Hash{}}}
	if err := j.persist(ctx, b); err != nil {
		return err
	}
	j.next = b.tree
	j.show(b.tree)
	return nil
}

// compare decides whether the store may go on from have, where the anchor
// says want.
func (j *Journal) compare(ctx context.Context, have, want head) error {
	switch {
	case have.batch < want.batch:
		return &BehindError{
			HaveBatch: have.batch, WantBatch: want.batch,
			HaveSize: have.checkpoint.Size, WantSize: want.checkpoint.Size,
		}
	case want.batch == 0 && have.batch > 1:
		return fmt.Errorf("%w: the store ends at batch %d with %d records, and nothing shows that "+
			"this is all: put back %s, or have the newest checkpoint that a peer holds compared",
			ErrAnchorMissing, have.batch, have.checkpoint.Size, j.config.Anchor)
	case have.batch > want.batch+1:
		// A crash leaves the store one batch ahead, never two.
		return fmt.Errorf("%w: the anchor is an old copy: it names batch %d, the store ends at %d",
			ErrDamaged, want.batch, have.batch)
	case have.checkpoint == want.checkpoint || want.batch == 0:
		return nil
	case have.batch == want.batch:
		return fmt.Errorf("%w: store and anchor name two roots for batch %d", ErrDamaged, have.batch)
	}
	return j.proveExtends(ctx, have, want)
}

// proveExtends proves that the one batch that the store is ahead has only
// added to what the anchor names.
func (j *Journal) proveExtends(ctx context.Context, have, want head) error {
	err := j.View(ctx, func(r store.Reader) error {
		var proof tlog.TreeProof
		if n := want.checkpoint.Size; n > 0 && n < have.checkpoint.Size {
			var err error
			if proof, err = tlog.ProveTree(have.checkpoint.Size, n, hashesIn(r)); err != nil {
				return err
			}
		}
		return have.checkpoint.Extends(want.checkpoint, proof)
	})
	if err != nil {
		return readable(fmt.Errorf("%w: the store does not extend its anchor: %w", ErrDamaged, err))
	}
	return nil
}

// requireEnd returns an error if there are leaves behind the last one.
func requireEnd(r store.Reader, size int64) error {
	g := store.Range{Prefix: []byte(leafPrefix), From: leafKey(size), Limit: 1, KeysOnly: true}
	return r.Scan(g, func(_, _ []byte) (bool, error) {
		return false, fmt.Errorf("%w: there are leaves behind record %d", ErrDamaged, size-1)
	})
}

// readable says what a missing leaf means here.
func readable(err error) error {
	if errors.Is(err, store.ErrNotFound) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: a leaf is missing: %w", ErrDamaged, err)
	}
	return err
}
