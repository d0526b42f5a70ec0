package vault

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/protocol/evidence"
)

// Complete makes the object one of the vault, when all of its blocks are there. It
// computes the tree hash from their leaf hashes, and reads back the blocks that were
// there already when receiving went on: a crash may have lost some. Those that are
// not what was put are missing again, with ErrIncomplete, and can be put anew. After
// any other error Receive goes on.
func (in *Incoming) Complete(ctx context.Context) error {
	if in.done {
		return nil
	}
	in.syncing.Lock()
	defer in.syncing.Unlock()
	in.mu.Lock()
	count, ended := in.count, in.ended
	in.mu.Unlock()
	switch {
	case ended:
		return fmt.Errorf("vault: complete: %w", ErrClosed)
	case count < in.blocks:
		return fmt.Errorf("vault: complete: %w: %d of %d are there", ErrIncomplete, count, in.blocks)
	}
	err := in.settleTree(ctx)
	if errors.Is(err, errTree) && in.stale() {
		err = in.settleTree(ctx)
	}
	if err != nil {
		return fmt.Errorf("vault: complete: %w", err)
	}
	return nil
}

// errTree says that what is there has another tree hash.
var errTree = errors.New("another tree hash")

// settleTree computes the tree hash and settles the object, if it is the right one.
func (in *Incoming) settleTree(ctx context.Context) error {
	h := &hashing{v: in.v}
	defer h.close()
	err := in.reread(ctx, h)
	if err == nil {
		if err = in.settle(h); err != nil {
			in.stale()
		}
	}
	if err != nil {
		return errors.Join(err, h.discard())
	}
	return nil
}

// reread computes the tree: from the leaf hashes of the blocks that were verified
// and written since the files were opened, and from what lies on the disk of others.
// What is brief is read in any case.
func (in *Incoming) reread(ctx context.Context, h *hashing) error {
	h.tree.Keep = h.keep
	in.mu.Lock()
	known := slices.Clone(in.fresh)
	in.mu.Unlock()
	if in.brief() {
		clear(known)
	}
	trusted := func(i int64) bool { return known[i/64]&(1<<(i%64)) != 0 }
	noted := io.Reader(bytes.NewReader(in.leaf[:]))
	if !in.brief() {
		noted = bufio.NewReader(io.NewSectionReader(in.leaves, 0, in.blocks*tlog.HashSize))
	}
	var bad []int64
	err := in.v.ordered(ctx, span{0, in.sealed}, func(p *parcel) error {
		if trusted(p.n) {
			return nil
		}
		err := p.load(in.bytes, in.sealed)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			clear(p.sealed) // what is left in it from another use is not on the disk
		} else if err != nil {
			return err
		}
		p.leaf = evidence.Leaf(p.sealed)
		return nil
	}, func(p *parcel) error {
		var want tlog.Hash
		if _, err := io.ReadFull(noted, want[:]); err != nil {
			return err
		}
		switch {
		case trusted(p.n):
			p.leaf = want
		case p.leaf != want:
			bad = append(bad, p.n)
		}
		return h.tree.AddLeaf(p.leaf)
	})
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return in.lose(bad)
	}
	if err := h.flush(); err != nil {
		return err
	}
	switch tree, err := h.tree.Hash(); {
	case err != nil:
		return err
	case tree == in.at.object:
		return nil
	case slices.ContainsFunc(known, func(w uint64) bool { return w != 0 }):
		return errTree
	default: // what says which blocks are there is wrong too
		all := make([]int64, in.blocks)
		for i := range all {
			all[i] = int64(i)
		}
		return in.lose(all)
	}
}

// lose notes that blocks are not there, and returns ErrIncomplete.
func (in *Incoming) lose(bad []int64) error {
	for _, i := range bad {
		if in.brief() {
			break
		}
		if _, err := in.leaves.WriteAt(make([]byte, tlog.HashSize), i*tlog.HashSize); err != nil {
			return err
		}
	}
	in.mu.Lock()
	before := in.size
	for _, i := range bad {
		in.unmark(i)
	}
	in.v.arrived(in, in.size-before)
	in.mu.Unlock()
	if !in.brief() {
		if err := in.leaves.datasync(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the disk lost %d of %d", ErrIncomplete, len(bad), in.blocks)
}

// settle moves the object to its name and has the case refer to it.
func (in *Incoming) settle(h *hashing) error {
	v, p := in.v, in.at
	defer v.object(p.object)()
	if err := v.standing(p); err != nil {
		return err
	}
	v.mu.Lock()
	c := v.coming[p]
	v.mu.Unlock()
	if c == nil || c.open != in {
		return ErrAbsent // it was dropped meanwhile
	}
	com := &commit{}
	r, err := v.readEntry(p)
	found := err == nil
	if errors.Is(err, ErrAbsent) || errors.Is(err, ErrDamaged) {
		r, err = new(record), nil
	}
	if err != nil {
		return err
	}
	com.bare = found && !r.Whole
	if r.Size, err = stream.OpenedSize(in.sealed); err != nil {
		return err
	}
	r.Refers, r.Sealed = true, in.sealed
	r.Peer = [len(r.Peer)]byte{}
	copy(r.Peer[:], in.peer)
	if !v.whole(p.object, in.sealed) || in.blocks > 1 && !exists(v.treePath(p.object)) {
		if err := v.fold(filepath.Dir(v.objectPath(p.object))); err != nil {
			return err
		}
		com.files = append(com.files, in.bytes)
		if h.file != nil {
			com.files = append(com.files, h.file)
			com.first = append(com.first, move{h.file.Name(), v.treePath(p.object)})
		}
		com.first = append(com.first, move{in.bytes.Name(), v.objectPath(p.object)})
	} else if err := h.discard(); err != nil { // another case has it
		return err
	}
	if err := v.settle(p, r, com); err != nil {
		return err
	}
	v.mu.Lock()
	v.forget(p)
	v.mu.Unlock()
	in.mu.Lock()
	in.ended, in.done = true, true
	in.mu.Unlock()
	if in.brief() {
		return errors.Join(in.bytes.Close(), v.disk.remove(in.bytes.Name())) // if it was not moved
	}
	return errors.Join(in.bytes.Close(), in.leaves.Close(), v.removeIncoming(p))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
