package stream

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// batchChunks is how many chunks are sealed or opened at once: 1 MiB of
	// plaintext. It bounds the memory of a Writer or Reader to a few of these.
	batchChunks = 64
	batchPlain  = batchChunks * ChunkSize
	batchSealed = batchChunks * SealedChunk

	// firstChunks is how many chunks a Reader reads first, so that a small object
	// takes little memory.
	firstChunks = 4

	// shareChunks is the least number of chunks for which another goroutine is
	// worth its start.
	shareChunks = 4
)

// each calls do once for each number below n, on several goroutines where that is
// worth it. All have ended when it returns.
func each(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n/shareChunks)
	if workers < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

// sealAll seals the chunks of plain, of which the first is chunk n, to dst, which
// has the room. Only the last may be short.
func (a *Aead) sealAll(dst []byte, n int64, plain []byte) []byte {
	chunks := (len(plain) + ChunkSize - 1) / ChunkSize
	dst = dst[:len(plain)+chunks*Overhead]
	each(chunks, func(i int) {
		chunk := plain[i*ChunkSize : min((i+1)*ChunkSize, len(plain))]
		a.SealChunk(dst[i*SealedChunk:i*SealedChunk], n+int64(i), chunk)
	})
	return dst
}

// openAll opens the chunks of sealed, of which the first is chunk n, to dst, which
// has the room. It returns what is before the first chunk that does not open.
func (a *Aead) openAll(dst []byte, n int64, sealed []byte) ([]byte, error) {
	chunks := (len(sealed) + SealedChunk - 1) / SealedChunk
	bad := atomic.Int64{}
	bad.Store(int64(chunks))
	each(chunks, func(i int) {
		chunk := sealed[i*SealedChunk : min((i+1)*SealedChunk, len(sealed))]
		at := dst[i*ChunkSize : i*ChunkSize : i*ChunkSize+len(chunk)-Overhead]
		if _, err := a.OpenChunk(at, n+int64(i), chunk); err != nil {
			for b := bad.Load(); int64(i) < b && !bad.CompareAndSwap(b, int64(i)); b = bad.Load() {
			}
		}
	})
	if b := int(bad.Load()); b < chunks {
		return dst[:b*ChunkSize], ErrChanged
	}
	return dst[:len(sealed)-chunks*Overhead], nil
}
