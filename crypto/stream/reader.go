package stream

import (
	"errors"
	"fmt"
	"io"
)

// A ReaderAt opens any part of a sealed object. It may be used from many
// goroutines if what it reads may.
type ReaderAt struct {
	r    io.ReaderAt
	aead *Aead
	size int64
}

// NewReaderAt returns a ReaderAt for the object of sealed bytes in r. It opens
// the last chunk, so that its Size is the size of what was sealed.
func NewReaderAt(r io.ReaderAt, sealed int64, key Key, context []byte) (*ReaderAt, error) {
	size, err := OpenedSize(sealed)
	if err != nil {
		return nil, err
	}
	var header [HeaderSize]byte
	if _, err := r.ReadAt(header[:], 0); err != nil {
		return nil, fmt.Errorf("stream: read: %w", err)
	}
	a, err := Open(key, context, header)
	if err != nil {
		return nil, err
	}
	ra := &ReaderAt{r: r, aead: a, size: size}
	if _, err := ra.chunk(nil, size/ChunkSize); err != nil {
		return nil, err
	}
	return ra, nil
}

// Size returns how many bytes were sealed.
func (r *ReaderAt) Size() int64 { return r.size }

// chunk returns the plaintext of chunk n, in buf if it is large enough.
func (r *ReaderAt) chunk(buf []byte, n int64) ([]byte, error) {
	size := min(r.size-n*ChunkSize, ChunkSize)
	sealed := make([]byte, size+Overhead)
	if _, err := r.r.ReadAt(sealed, HeaderSize+n*SealedChunk); err != nil {
		if errors.Is(err, io.EOF) {
			err = ErrTruncated
		}
		return nil, fmt.Errorf("stream: read: %w", err)
	}
	return r.aead.OpenChunk(buf[:0], n, sealed)
}

// ReadAt implements io.ReaderAt.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("stream: read: negative offset")
	}
	done := 0
	for done < len(p) && off < r.size {
		plain, err := r.chunk(nil, off/ChunkSize)
		if err != nil {
			return done, err
		}
		k := copy(p[done:], plain[off%ChunkSize:])
		done, off = done+k, off+int64(k)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// NewReader returns what is sealed in r, chunk by chunk. Nothing is returned
// that was not authenticated; that the end is there is known only at io.EOF.
func NewReader(r io.Reader, key Key, context []byte) (io.Reader, error) {
	var header [HeaderSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, ErrTruncated
	}
	a, err := Open(key, context, header)
	if err != nil {
		return nil, err
	}
	return &reader{r: r, aead: a, sealed: make([]byte, SealedChunk)}, nil
}

type reader struct {
	r      io.Reader
	aead   *Aead
	n      int64
	sealed []byte
	plain  []byte // what was opened and not read
	err    error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.next()
	}
	k := copy(p, r.plain)
	r.plain = r.plain[k:]
	return k, nil
}

// next opens the next chunk, and sets err where it is the last.
func (r *reader) next() {
	k, err := io.ReadFull(r.r, r.sealed)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && k >= Overhead:
		r.err = io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.err = ErrTruncated
		return
	case err != nil:
		r.err = fmt.Errorf("stream: read: %w", err)
		return
	}
	plain, err := r.aead.OpenChunk(r.plain[:0], r.n, r.sealed[:k])
	if err != nil {
		r.plain, r.err = nil, err
		return
	}
	r.plain = plain
	r.n++
}
