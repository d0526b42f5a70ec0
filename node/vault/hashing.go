package vault

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// keptHashes is how many bytes of hashes are gathered before they are written.
const keptHashes = 64 << 10

// Hashing computes a tree and writes its hashes, in the order of package tlog, to a
// file. Of an object of one block there is one hash only, and it is the name: no
// file.
type hashing struct {
	v    *Vault
	tree evidence.Tree
	file *file
	kept []byte // to be written
}

// keep takes the hashes of the next block.
func (h *hashing) keep(hashes []tlog.Hash) (err error) {
	for _, x := range hashes {
		h.kept = append(h.kept, x[:]...)
	}
	if h.tree.Blocks() > 1 && h.file == nil {
		if h.file, err = h.v.disk.create(h.v.folder(workFolder)); err != nil {
			return err
		}
	}
	if len(h.kept) < keptHashes {
		return nil
	}
	return h.flush()
}

// flush writes what was gathered.
func (h *hashing) flush() error {
	if h.file == nil {
		return nil
	}
	_, err := h.file.Write(h.kept)
	h.kept = h.kept[:0]
	return err
}

func (h *hashing) close() {
	if h.file != nil {
		h.file.Close()
	}
}

// discard removes the file, if it has not been moved.
func (h *hashing) discard() error {
	if h.file == nil {
		return nil
	}
	return h.v.disk.remove(h.file.Name())
}

// kept reads the hashes of an object of n blocks.
func (v *Vault) kept(tree protocol.Digest, n int64) (tlog.HashReader, func() error, error) {
	if n == 1 {
		return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(indexes))
			for i, x := range indexes {
				if x != 0 {
					return nil, ErrDamaged
				}
				out[i] = tlog.Hash(tree)
			}
			return out, nil
		}), func() error { return nil }, nil
	}
	f, err := os.Open(v.treePath(tree))
	if err != nil {
		return nil, nil, err
	}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			_, err := f.ReadAt(out[i][:], x*tlog.HashSize)
			if errors.Is(err, io.EOF) {
				err = ErrDamaged
			}
			if err != nil {
				return nil, fmt.Errorf("hashes: %w", err)
			}
		}
		return out, nil
	}), f.Close, nil
}
