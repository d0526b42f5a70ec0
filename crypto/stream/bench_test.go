package stream_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"io"
	"testing"
	"time"

	"comity.example/crypto/stream"
)

const benchSize = 32 << 20

// floor is how long AES-256-GCM alone takes for the chunks, on one core: no
// construction over it can be faster there.
func floor(b *testing.B, content []byte, open bool) time.Duration {
	b.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	nonce, buf := make([]byte, 12), make([]byte, 0, stream.SealedChunk)
	chunk := gcm.Seal(nil, nonce, content[:stream.ChunkSize], nil)
	best := time.Hour
	for range 3 {
		start := time.Now()
		for i := 0; i < len(content); i += stream.ChunkSize {
			if open {
				buf, _ = gcm.Open(buf[:0], nonce, chunk, nil)
			} else {
				buf = gcm.Seal(buf[:0], nonce, content[i:i+stream.ChunkSize], nil)
			}
		}
		best = min(best, time.Since(start))
	}
	return best
}

func report(b *testing.B, bare time.Duration) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(bare), "x-of-bare-GCM")
}

func BenchmarkSeal(b *testing.B) {
	content := noise(benchSize)
	bare := floor(b, content, false)
	b.SetBytes(benchSize)
	for b.Loop() {
		w, err := stream.NewWriter(io.Discard, testKey, testContext)
		if err != nil {
			b.Fatal(err)
		}
		w.Write(content)
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	report(b, bare)
}

func BenchmarkOpen(b *testing.B) {
	content := noise(benchSize)
	bare, object := floor(b, content, true), sealed(b, content)
	b.Run("Reader", func(b *testing.B) {
		b.SetBytes(benchSize)
		for b.Loop() {
			if _, err := io.Copy(io.Discard, readerOf(b, object)); err != nil {
				b.Fatal(err)
			}
		}
		report(b, bare)
	})
	b.Run("ReaderAt", func(b *testing.B) {
		r, err := stream.NewReaderAt(bytes.NewReader(object), int64(len(object)), testKey, testContext)
		if err != nil {
			b.Fatal(err)
		}
		p := make([]byte, benchSize)
		b.SetBytes(benchSize)
		for b.Loop() {
			if k, _ := r.ReadAt(p, 0); k != benchSize {
				b.Fatal(k)
			}
		}
		report(b, bare)
	})
}
