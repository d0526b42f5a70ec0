package stream

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// A ReaderAt opens any part of a sealed object. It may be used from many
// goroutines if what it reads may.
type ReaderAt struct {
	r    io.ReaderAt
	aead *Aead
	size int64
	few  sync.Pool // of *[SealedChunk]byte
	many sync.Pool // of *[batchSealed]byte
}

// NewReaderAt returns a ReaderAt for the object of sealed bytes in r. It opens
// the last chunk, so that its Size is the size of what was sealed.
func NewReaderAt(r io.ReaderAt, sealed int64, key Key, context []byte) (*ReaderAt, error) {
	size, err := OpenedSize(sealed)
	if err != nil {
		return nil, err
	}
	var header [HeaderSize]byte
	if err := readFull(r, header[:], 0); err != nil {
		return nil, err
	}
	a, err := Open(key, context, header)
	if err != nil {
		return nil, err
	}
	ra := &ReaderAt{r: r, aead: a, size: size}
	ra.few.New = func() any { return new([SealedChunk]byte) }
	ra.many.New = func() any { return new([batchSealed]byte) }
	var last [ChunkSize]byte
	if _, err := ra.open(last[:], size/ChunkSize, 1); err != nil {
		return nil, err
	}
	return ra, nil
}

// readFull fills p from off. A reader may say io.EOF with the last byte.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	k, err := r.ReadAt(p, off)
	switch {
	case k == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return ErrTruncated
	}
	return fmt.Errorf("stream: read: %w", err)
}

// Size returns how many bytes were sealed.
func (r *ReaderAt) Size() int64 { return r.size }

// open opens chunks from chunk n on into dst, at most a batch of them, and returns
// how many bytes there are before the first that does not open.
func (r *ReaderAt) open(dst []byte, n int64, chunks int) (int, error) {
	var buf []byte
	if chunks == 1 {
		b := r.few.Get().(*[SealedChunk]byte)
		defer r.few.Put(b)
		buf = b[:]
	} else {
		b := r.many.Get().(*[batchSealed]byte)
		defer r.many.Put(b)
		buf = b[:]
	}
	size := min(r.size-n*ChunkSize, int64(chunks)*ChunkSize)
	sealed := buf[:size+int64(chunks)*Overhead]
	if err := readFull(r.r, sealed, HeaderSize+n*SealedChunk); err != nil {
		return 0, err
	}
	plain, err := r.aead.openAll(dst, n, sealed)
	return len(plain), err
}

// ReadAt implements io.ReaderAt. Behind what it says that it read, p may hold
// anything that was sealed.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("stream: read: negative offset")
	}
	done := 0
	for done < len(p) && off < r.size {
		k, err := r.some(p[done:], off)
		done, off = done+k, off+int64(k)
		if err != nil {
			return done, err
		}
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// some reads a part of what is wanted: whole chunks straight into p, or a piece of one.
func (r *ReaderAt) some(p []byte, off int64) (int, error) {
	n, skip := off/ChunkSize, int(off%ChunkSize)
	left := min(int64(len(p)), r.size-off)
	chunks := int(min(left/ChunkSize, batchChunks))
	if skip == 0 && left == r.size-off && chunks < batchChunks && left%ChunkSize > 0 {
		chunks++ // p has room for all that the last chunk holds
	}
	if skip == 0 && chunks > 0 {
		return r.open(p, n, chunks)
	}
	b := r.few.Get().(*[SealedChunk]byte)
	defer r.few.Put(b)
	k, err := r.open(b[:ChunkSize], n, 1)
	if err != nil {
		return 0, err
	}
	return copy(p, b[skip:k]), nil
}
