package stream

import (
	"errors"
	"fmt"
	"io"
)

// A Writer seals what is written to it. Close seals the last chunk; without it
// the object is cut off.
type Writer struct {
	w      io.Writer
	aead   *Aead
	buf    []byte // plaintext that is not sealed yet
	sealed []byte
	n      int64
	err    error
}

// NewWriter returns a Writer that seals to w, and writes the header at once.
func NewWriter(w io.Writer, key Key, context []byte) (*Writer, error) {
	a, err := Seal(key, context)
	if err != nil {
		return nil, err
	}
	h := a.Header()
	if _, err := w.Write(h[:]); err != nil {
		return nil, fmt.Errorf("stream: write: %w", err)
	}
	return &Writer{w: w, aead: a, buf: make([]byte, 0, ChunkSize), sealed: make([]byte, 0, SealedChunk)}, nil
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	done := 0
	for len(p) > 0 {
		k := min(ChunkSize-len(w.buf), len(p))
		w.buf = append(w.buf, p[:k]...)
		p, done = p[k:], done+k
		if len(w.buf) == ChunkSize {
			if err := w.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// Close seals the last chunk. It does not close the writer beneath.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	err := w.flush()
	if w.err = errors.New("stream: write after Close"); err != nil {
		w.err = err
	}
	return err
}

func (w *Writer) flush() error {
	if w.n >= MaxChunks {
		w.err = fmt.Errorf("stream: want at most %d bytes", int64(MaxSize))
		return w.err
	}
	w.sealed = w.aead.SealChunk(w.sealed[:0], w.n, w.buf)
	w.n++
	w.buf = w.buf[:0]
	if _, err := w.w.Write(w.sealed); err != nil {
		w.err = fmt.Errorf("stream: write: %w", err)
	}
	return w.err
}
