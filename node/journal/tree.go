package journal

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

var headKey = []byte("ledger/head")

const (
	reservedPrefix = "ledger/"
	leafPrefix     = "ledger/leaf/"
	// maxLevels bounds the hashes that one leaf completes: itself and a
	// subtree for each doubling up to ledger.MaxSize.
	maxLevels = 49
	// maxLeaf bounds a stored leaf, in bytes: a count, the hashes, the record.
	maxLeaf = 1 + maxLevels*tlog.HashSize + ledger.MaxRecord
)

func leafKey(index int64) []byte {
	return binary.BigEndian.AppendUint64([]byte(leafPrefix), uint64(index))
}

// A leaf is a record and the hashes of the subtrees that it completes, from
// its own leaf hash upwards.
type leaf struct {
	hashes []tlog.Hash
	record []byte
}

func (l leaf) encode() []byte {
	b := make([]byte, 0, 1+len(l.hashes)*tlog.HashSize+len(l.record))
	b = append(b, byte(len(l.hashes)))
	for _, h := range l.hashes {
		b = append(b, h[:]...)
	}
	return append(b, l.record...)
}

func parseLeaf(b []byte) (leaf, error) {
	if len(b) < 1 || len(b) > maxLeaf || b[0] < 1 || b[0] > maxLevels ||
		len(b) < 1+int(b[0])*tlog.HashSize {
		return leaf{}, fmt.Errorf("%w: unreadable leaf", ErrDamaged)
	}
	l := leaf{hashes: make([]tlog.Hash, b[0])}
	b = b[1:]
	for i := range l.hashes {
		l.hashes[i], b = tlog.Hash(b[:tlog.HashSize]), b[tlog.HashSize:]
	}
	l.record = b
	return l, nil
}

func readLeaf(r store.Reader, index int64) (leaf, error) {
	b, err := r.Get(leafKey(index))
	if err != nil {
		return leaf{}, err
	}
	return parseLeaf(b)
}

// hashesIn reads stored hashes from the leaves that completed them.
func hashesIn(r store.Reader) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			l, err := readLeaf(r, (n+1)<<level-1)
			if err != nil {
				return nil, err
			}
			if level >= len(l.hashes) {
				return nil, fmt.Errorf("%w: a leaf lacks a hash", ErrDamaged)
			}
			out[i] = l.hashes[level]
		}
		return out, nil
	}
}

// A tree is the ledger after a batch: the head, and of the hashes those that
// the next leaves need, or the proofs of the batch's own leaves. It never
// changes once it is shown.
type tree struct {
	head   head
	note   *note // the checkpoint of head
	size   int64 // with the leaves that grow has added since head
	hashes map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := t.hashes[index]
		if !ok {
			return nil, fmt.Errorf("%w: hash %d is not at hand", ErrDamaged, index)
		}
		out[i] = h
	}
	return out, nil
}

// edge returns the indexes of the hashes from which the root of a tree of that
// size, and every larger tree, is computed.
func edge(size int64) []int64 {
	var out []int64
	start := int64(0)
	for level := maxLevels - 1; level >= 0; level-- {
		if size&(1<<level) != 0 {
			out = append(out, tlog.StoredHashIndex(level, start>>level))
			start += 1 << level
		}
	}
	return out
}

// treeAt returns the tree under h, its hashes read with r, and proves that
// they give the root that h names.
func treeAt(h head, c Config, r tlog.HashReader) (*tree, error) {
	t := &tree{head: h, note: c.note(h), size: h.checkpoint.Size, hashes: map[int64]tlog.Hash{}}
	indexes := edge(t.size)
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, index := range indexes {
		t.hashes[index] = hashes[i]
	}
	root, err := tlog.TreeHash(t.size, t)
	if err != nil {
		return nil, err
	}
	if root != h.checkpoint.Root {
		return nil, fmt.Errorf("%w: the leaves do not give the root of batch %d", ErrDamaged, h.batch)
	}
	return t, nil
}

// follow returns a tree that grows from t.
func (t *tree) follow() *tree {
	n := &tree{head: t.head, note: t.note, size: t.size, hashes: map[int64]tlog.Hash{}}
	for _, index := range edge(t.size) {
		n.hashes[index] = t.hashes[index]
	}
	return n
}

// grow adds a record and returns its leaf.
func (t *tree) grow(record []byte) (leaf, error) {
	hashes, err := tlog.StoredHashes(t.size, record, t)
	if err != nil {
		return leaf{}, err
	}
	first := tlog.StoredHashIndex(0, t.size)
	for i, h := range hashes {
		t.hashes[first+int64(i)] = h
	}
	t.size++
	return leaf{hashes: hashes, record: record}, nil
}

// close moves the head to what has grown. Without a new record the old
// checkpoint stands: only the batch has a new number.
func (t *tree) close(c Config) error {
	t.head.batch++
	if t.size == t.head.checkpoint.Size && t.note != nil {
		return nil
	}
	root, err := tlog.TreeHash(t.size, t)
	if err != nil {
		return err
	}
	t.head.checkpoint = ledger.Checkpoint{Origin: c.Origin, Size: t.size, Root: root}
	if now := time.Unix(c.Now().Unix(), 0); now.After(t.head.signed) {
		t.head.signed = now
	}
	t.note = c.note(t.head)
	return nil
}

func (c Config) note(of head) *note {
	return &note{key: c.Key, checkpoint: of.checkpoint, at: of.signed}
}
