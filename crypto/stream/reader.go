package stream

import (
	"errors"
	"fmt"
	"io"
)

// NewReader returns what is sealed in r, a batch of chunks after the other. Nothing
// is returned that was not authenticated; that the end is there is known only at
// io.EOF. It is an io.WriterTo too.
func NewReader(r io.Reader, key Key, context []byte) (io.Reader, error) {
	var header [HeaderSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrTruncated
		}
		return nil, fmt.Errorf("stream: read: %w", err)
	}
	a, err := Open(key, context, header)
	if err != nil {
		return nil, err
	}
	return &reader{r: r, aead: a, sealed: make([]byte, firstChunks*SealedChunk), buf: make([]byte, firstChunks*ChunkSize)}, nil
}

type reader struct {
	r      io.Reader
	aead   *Aead
	n      int64 // chunks read
	sealed []byte
	buf    []byte
	plain  []byte // the part of buf that was opened and not read
	err    error  // after plain
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		r.next()
	}
	k := copy(p, r.plain)
	r.plain = r.plain[k:]
	return k, nil
}

// WriteTo implements io.WriterTo.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	done := int64(0)
	for {
		if len(r.plain) > 0 {
			k, err := w.Write(r.plain)
			done += int64(k)
			r.plain = r.plain[k:]
			if err != nil {
				return done, err
			}
		} else if r.err == nil {
			r.next()
		} else if errors.Is(r.err, io.EOF) {
			return done, nil
		} else {
			return done, r.err
		}
	}
}

// next opens the next batch, and sets err to what is after it.
func (r *reader) next() {
	if r.n > 0 && len(r.sealed) < batchSealed {
		r.sealed, r.buf = make([]byte, batchSealed), make([]byte, batchPlain)
	}
	k, err := io.ReadFull(r.r, r.sealed)
	chunks, rest := k/SealedChunk, k%SealedChunk
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err == nil:
		rest = 0
	case ended && rest >= Overhead: // the last one
		chunks++
		r.err = io.EOF
	case ended:
		k, r.err = k-rest, ErrTruncated
	default:
		k, r.err = k-rest, fmt.Errorf("stream: read: %w", err)
	}
	if r.n += int64(chunks); r.n > MaxChunks {
		r.err = fmt.Errorf("stream: want at most %d bytes", int64(MaxSize))
		return
	}
	plain, err := r.aead.openAll(r.buf, r.n-int64(chunks), r.sealed[:k])
	if r.plain = plain; err != nil {
		r.err = err
	}
}
