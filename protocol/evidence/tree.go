package evidence

import (
	"errors"
	"fmt"

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
// Tree is empty. It keeps the hashes of the right edge only, and gives all others
// to Keep.
type Tree struct {
	// Keep, if it is set, takes the hashes that each block adds, in the order in
	// which package tlog stores them: with them Prove works.
	Keep func([]tlog.Hash) error

	n    int64
	edge map[int64]tlog.Hash // by their index in that order
}

// Add adds the next block.
func (t *Tree) Add(block []byte) error { return t.AddLeaf(tlog.RecordHash(block)) }

// AddLeaf adds the next block by its leaf hash, which Leaf returns.
func (t *Tree) AddLeaf(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(t.n, leaf, t.read())
	if err != nil {
		return fmt.Errorf("evidence: tree: %w", err)
	}
	if t.edge == nil {
		t.edge = map[int64]tlog.Hash{}
	}
	first := tlog.StoredHashIndex(0, t.n)
	for i, h := range hashes {
		t.edge[first+int64(i)] = h
	}
	t.n++
	t.prune()
	if t.Keep != nil {
		return t.Keep(hashes)
	}
	return nil
}

// Leaf returns the leaf hash of a block.
func Leaf(block []byte) tlog.Hash { return tlog.RecordHash(block) }

// prune forgets what no later block needs: all but the roots of the complete
// subtrees that t consists of.
func (t *Tree) prune() {
	keep := map[int64]tlog.Hash{}
	left := int64(0)
	for level := 62; level >= 0; level-- {
		if t.n&(1<<level) != 0 {
			i := tlog.StoredHashIndex(level, left>>level)
			keep[i] = t.edge[i]
			left += 1 << level
		}
	}
	t.edge = keep
}

func (t *Tree) read() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			h, ok := t.edge[x]
			if !ok {
				return nil, errors.New("a hash is missing")
			}
			out[i] = h
		}
		return out, nil
	})
}

// Blocks returns how many blocks were added.
func (t *Tree) Blocks() int64 { return t.n }

// Hash returns the tree hash.
func (t *Tree) Hash() (protocol.Digest, error) {
	h, err := tlog.TreeHash(t.n, t.read())
	if err != nil {
		return protocol.Digest{}, fmt.Errorf("evidence: tree: %w", err)
	}
	return protocol.Digest(h), nil
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

// Verify reports with ErrBlock whether block is block i of the n blocks of the
// object whose tree hash is tree. That n fits the size which was signed is for
// the caller to see.
func Verify(tree protocol.Digest, n, i int64, block []byte, proof []protocol.Digest) error {
	return VerifyLeaf(tree, n, i, Leaf(block), proof)
}

// VerifyLeaf is Verify for who keeps the leaf hash of the block.
func VerifyLeaf(tree protocol.Digest, n, i int64, leaf tlog.Hash, proof []protocol.Digest) error {
	if i < 0 || i >= n || len(proof) > MaxProof {
		return ErrBlock
	}
	p := make(tlog.RecordProof, len(proof))
	for k, h := range proof {
		p[k] = tlog.Hash(h)
	}
	if tlog.CheckRecord(p, n, tlog.Hash(tree), i, leaf) != nil {
		return ErrBlock
	}
	return nil
}
