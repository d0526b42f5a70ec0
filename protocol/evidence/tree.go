package evidence

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"runtime"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/protocol"
)

// Sizes of blocks.
const (
	// BlockChunks is how many sealed chunks are in a block that is not the last.
	BlockChunks = 64
	// MaxBlock bounds a block, in bytes: the first one has the header too.
	MaxBlock = stream.HeaderSize + BlockChunks*stream.SealedChunk
	// MaxBlocks bounds the blocks of an object, or the segments of a live one: those
	// of the largest are fewer. Beyond 2^62 package tlog would not come to an end.
	MaxBlocks = protocol.MaxSegments
	// MaxProof bounds the hashes of a block's proof.
	MaxProof = 64
)

// ErrBlock says that a block is not the one that was signed, or not at its place.
var ErrBlock = errors.New("evidence: not the block that was signed")

// Blocks returns in how many blocks a sealed object of the given size travels.
func Blocks(sealed int64) int64 {
	const block = BlockChunks * stream.SealedChunk
	return max(1, (sealed-stream.HeaderSize+block-1)/block)
}

// BlockAt returns where block i of a sealed object lies.
func BlockAt(sealed, i int64) (offset, size int64) {
	const block = BlockChunks * stream.SealedChunk
	end := min(sealed, stream.HeaderSize+(i+1)*block)
	if i > 0 {
		offset = stream.HeaderSize + i*block
	}
	return offset, end - offset
}

// A Tree is the tree hash of blocks that are added one after the other. The zero
// Tree is empty. It keeps the roots of the complete subtrees at its right edge
// only, and gives all hashes to Keep.
type Tree struct {
	// Keep, if it is set, takes the hashes that each block adds, in the order in
	// which package tlog stores them: with them Prove works. It does not keep the
	// slice. After an error of it the Tree is of no more use.
	Keep func([]tlog.Hash) error

	n     int64
	roots [64]tlog.Hash // of the subtree of 2^i blocks, where bit i of n is set
	added []tlog.Hash   // by the last block
}

// Add adds the next block.
func (t *Tree) Add(block []byte) error { return t.AddLeaf(Leaf(block)) }

// AddLeaf adds the next block by its leaf hash, which Leaf returns.
func (t *Tree) AddLeaf(leaf tlog.Hash) error {
	t.added = append(t.added[:0], leaf)
	level := 0
	for ; t.n&(1<<level) != 0; level++ {
		leaf = tlog.NodeHash(t.roots[level], leaf)
		t.added = append(t.added, leaf)
	}
	t.roots[level] = leaf
	t.n++
	if t.Keep != nil {
		return t.Keep(t.added)
	}
	return nil
}

// AddAll adds the blocks of the sealed object in r that were not added yet. It reads
// and hashes several at once, and calls done, if it is set, after each lot with how
// many blocks there are in the Tree: an error of it ends the work.
func (t *Tree) AddAll(r io.ReaderAt, sealed int64, done func(blocks int64) error) error {
	bufs := make([][]byte, runtime.GOMAXPROCS(0))
	leaves, errs := make([]tlog.Hash, len(bufs)), make([]error, len(bufs))
	for t.n < Blocks(sealed) {
		lot := min(int64(len(bufs)), Blocks(sealed)-t.n)
		var all sync.WaitGroup
		for k := range lot {
			all.Go(func() {
				if bufs[k] == nil {
					bufs[k] = make([]byte, MaxBlock)
				}
				leaves[k], errs[k] = leafAt(r, sealed, t.n+k, bufs[k])
			})
		}
		all.Wait()
		for k := range lot {
			if errs[k] != nil {
				return errs[k]
			}
			if err := t.AddLeaf(leaves[k]); err != nil {
				return err
			}
		}
		if done != nil {
			if err := done(t.n); err != nil {
				return err
			}
		}
	}
	return nil
}

// leafAt returns the leaf hash of block i of the sealed object in r.
func leafAt(r io.ReaderAt, sealed, i int64, buf []byte) (tlog.Hash, error) {
	offset, size := BlockAt(sealed, i)
	if k, err := r.ReadAt(buf[:size], offset); int64(k) < size {
		return tlog.Hash{}, fmt.Errorf("evidence: read block %d: %w", i, err)
	}
	return Leaf(buf[:size]), nil
}

// Leaf returns the leaf hash of a block.
func Leaf(block []byte) tlog.Hash { return tlog.RecordHash(block) }

// Blocks returns how many blocks were added.
func (t *Tree) Blocks() int64 { return t.n }

// Hash returns the tree hash: of no blocks, that of the empty string.
func (t *Tree) Hash() (protocol.Digest, error) {
	if t.n == 0 {
		return sha256.Sum256(nil), nil
	}
	level := bits.TrailingZeros64(uint64(t.n))
	hash := t.roots[level]
	for level++; level < len(t.roots); level++ {
		if t.n&(1<<level) != 0 {
			hash = tlog.NodeHash(t.roots[level], hash)
		}
	}
	return protocol.Digest(hash), nil
}

// Prove returns the inclusion proof of block i of n, out of the hashes that Keep
// was given.
func Prove(n, i int64, kept tlog.HashReader) ([]protocol.Digest, error) {
	p, err := tlog.ProveRecord(n, i, kept)
	if err != nil {
		return nil, fmt.Errorf("evidence: prove: %w", err)
	}
	out := make([]protocol.Digest, len(p))
	for k, h := range p {
		out[k] = protocol.Digest(h)
	}
	return out, nil
}

// A Cut is how an object is cut: its tree hash, and in how many blocks, or segments,
// it travels. That the number fits the size which was signed is for the caller to see.
type Cut struct {
	Tree   protocol.Digest
	Blocks int64
}

// Verify reports with ErrBlock whether block is block i of the object.
func (c Cut) Verify(i int64, block []byte, proof []protocol.Digest) error {
	if len(block) > MaxBlock {
		return ErrBlock
	}
	return c.VerifyLeaf(i, Leaf(block), proof)
}

// VerifyLeaf is Verify of the block that has a leaf hash. It has no bound for its size.
func (c Cut) VerifyLeaf(i int64, leaf tlog.Hash, proof []protocol.Digest) error {
	if i < 0 || i >= c.Blocks || c.Blocks > MaxBlocks || len(proof) > MaxProof {
		return ErrBlock
	}
	p := make(tlog.RecordProof, len(proof))
	for k, h := range proof {
		p[k] = tlog.Hash(h)
	}
	if tlog.CheckRecord(p, c.Blocks, tlog.Hash(c.Tree), i, leaf) != nil {
		return ErrBlock
	}
	return nil
}
