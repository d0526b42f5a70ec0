package stream

import "io"

// NewWriterOf is NewWriter with a known salt.
func NewWriterOf(w io.Writer, a *Aead) (*Writer, error) { return newWriter(w, a) }

// BatchPlain is the plaintext of a batch, in bytes.
const BatchPlain = batchPlain

// Skip has a Writer behave as if so many chunks had been sealed.
func (w *Writer) Skip(chunks int64) { w.n = chunks }
