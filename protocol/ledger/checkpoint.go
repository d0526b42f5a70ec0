package ledger

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
)

const (
	// MaxSize bounds a tree, in leaves. The bound also keeps sizes from a
	// stranger away from arithmetic that overflows: beyond 2^62 the tree
	// library does not end.
	MaxSize = 1 << 48
	// MaxPath bounds the hashes in an inclusion or a consistency proof.
	MaxPath = 64
)

var (
	// ErrFork says that a log signed two roots for one size: it shows
	// different histories to different people. Both checkpoints are evidence.
	ErrFork = errors.New("ledger: two roots for one size: the log has forked")
	// ErrNotExtended says that a larger tree was not proved to begin with the
	// smaller one.
	ErrNotExtended = errors.New("ledger: not proved to extend the earlier checkpoint")
	// ErrNotIncluded says that a leaf was not proved to be in a tree.
	ErrNotIncluded = errors.New("ledger: not proved to be in the tree")
)

// A Checkpoint is a tree head: what a log says its size and root are.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// Body returns the text that is signed (C2SP tlog-checkpoint, "Note text"),
// without extension lines.
func (c Checkpoint) Body() string {
	return cosign.Checkpoint{Origin: c.Origin, Size: uint64(c.Size), Root: c.Root}.Body()
}

// ParseCheckpoint reads what Body writes and nothing else.
func ParseCheckpoint(body string) (Checkpoint, error) {
	c, err := cosign.ParseCheckpoint(body)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: read a checkpoint: %w", err)
	}
	if c.Size > MaxSize {
		return Checkpoint{}, fmt.Errorf("ledger: read a checkpoint: more than %d leaves", int64(MaxSize))
	}
	return Checkpoint{Origin: c.Origin, Size: int64(c.Size), Root: c.Root}, nil
}

// OpenCheckpoint returns the checkpoint that the log called origin, whose key
// is key, signed, and when it says it did.
func OpenCheckpoint(origin string, key *cosign.LogPublic, signed []byte) (
	Checkpoint, time.Time, error,
) {
	body, at, err := key.OpenCheckpoint(origin, signed)
	if err != nil {
		return Checkpoint{}, time.Time{}, fmt.Errorf("ledger: open a checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(body)
	return c, at, err
}

// Includes returns nil if path proves that leaf stands at index in the tree
// (RFC 6962, section 2.1.1), and ErrNotIncluded otherwise.
func (c Checkpoint) Includes(index int64, leaf tlog.Hash, path tlog.RecordProof) error {
	if c.Size < 0 || c.Size > MaxSize || index < 0 || index >= c.Size || len(path) > MaxPath {
		return ErrNotIncluded
	}
	if err := tlog.CheckRecord(path, c.Size, c.Root, index, leaf); err != nil {
		return ErrNotIncluded
	}
	return nil
}

// Extends returns nil if proof shows that the tree of c begins with the tree
// of old (RFC 6962, section 2.1.2). It returns ErrFork for two roots of one
// size, and ErrNotExtended otherwise, also when c is the smaller of the two.
func (c Checkpoint) Extends(old Checkpoint, proof tlog.TreeProof) error {
	switch {
	case c.Origin != old.Origin || old.Size < 0 || old.Size > c.Size || c.Size > MaxSize:
		return ErrNotExtended
	case c.Size == old.Size && c.Root != old.Root:
		return ErrFork
	case c.Size == old.Size || old.Size == 0:
		if len(proof) != 0 || old.Size == 0 && old.Root != emptyRoot() {
			return ErrNotExtended
		}
		return nil
	case len(proof) > MaxPath:
		return ErrNotExtended
	}
	if err := tlog.CheckTree(proof, c.Size, c.Root, old.Size, old.Root); err != nil {
		return ErrNotExtended
	}
	return nil
}

// emptyRoot is the root of the tree without leaves.
func emptyRoot() tlog.Hash {
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(err) // it reads nothing
	}
	return root
}
