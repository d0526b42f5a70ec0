package stream

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Writer seals what is written to it, on several cores, in constant memory. Close
// seals the last chunk; without it the object is cut off.
type Writer struct {
	w      io.Writer
	aead   *Aead
	buf    []byte // plaintext that is not sealed yet, less than a batch
	sealed []byte // what was sealed last and is not written yet
	spare  []byte // what was written last
	n      int64  // chunks sealed
	err    error
}

// errClosed is of a write to a Writer that was closed.
var errClosed = errors.New("stream: write after Close")

// NewWriter returns a Writer that seals to w, and writes the header at once.
func NewWriter(w io.Writer, key Key, context []byte) (*Writer, error) {
	a, err := Seal(key, context)
	if err != nil {
		return nil, err
	}
	return newWriter(w, a)
}

func newWriter(w io.Writer, a *Aead) (*Writer, error) {
	h := a.Header()
	if _, err := w.Write(h[:]); err != nil {
		return nil, fmt.Errorf("stream: write: %w", err)
	}
	return &Writer{w: w, aead: a}, nil
}

// Write implements io.Writer. An error of the writer beneath may show one batch later.
func (w *Writer) Write(p []byte) (int, error) {
	done := 0
	for len(p) > 0 && w.err == nil {
		if len(w.buf) == 0 && len(p) >= batchPlain {
			w.seal(p[:batchPlain])
			p, done = p[batchPlain:], done+batchPlain
			continue
		}
		k := min(batchPlain-len(w.buf), len(p))
		w.buf = append(w.buf, p[:k]...)
		p, done = p[k:], done+k
		if len(w.buf) == batchPlain {
			w.seal(w.buf)
			w.buf = w.buf[:0]
		}
	}
	return done, w.err
}

// Close seals the last chunk and writes what is left. It does not close the writer
// beneath.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	full := len(w.buf) - len(w.buf)%ChunkSize
	if full > 0 {
		w.seal(w.buf[:full])
	}
	w.write()
	if w.err == nil {
		w.room(1)
	}
	if w.err != nil {
		return w.err
	}
	w.sealed = w.aead.SealChunk(w.spare[:0], w.n, w.buf[full:])
	w.n++
	w.write()
	if w.err != nil {
		return w.err
	}
	w.err = errClosed
	w.buf, w.sealed, w.spare = nil, nil, nil
	return nil
}

// room reports in err that there is none for so many chunks, one of which is last.
func (w *Writer) room(chunks int64) {
	if w.n+chunks > MaxChunks {
		w.err = fmt.Errorf("stream: want at most %d bytes", int64(MaxSize))
	}
}

// seal seals whole chunks, none of them the last, while what was sealed before is
// written. It does not keep plain.
func (w *Writer) seal(plain []byte) {
	chunks := len(plain) / ChunkSize
	if w.room(int64(chunks) + 1); w.err != nil {
		return
	}
	dst := slices.Grow(w.spare[:0], chunks*SealedChunk)
	if len(w.sealed) == 0 {
		w.sealed, w.spare = w.aead.sealAll(dst, w.n, plain), w.sealed
	} else {
		done := make(chan []byte, 1)
		go func() { done <- w.aead.sealAll(dst, w.n, plain) }()
		last := w.sealed
		w.write()
		w.sealed, w.spare = <-done, last
	}
	w.n += int64(chunks)
}

// write writes what was sealed.
func (w *Writer) write() {
	if len(w.sealed) > 0 && w.err == nil {
		if _, err := w.w.Write(w.sealed); err != nil {
			w.err = fmt.Errorf("stream: write: %w", err)
		}
	}
	w.spare, w.sealed = w.sealed, w.spare[:0]
}
