package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"comity.example/node/vault"
	"comity.example/protocol"
)

// A floor is what the disk does by itself with the same bytes: written and synced.
func floor(b *testing.B, path string, content []byte) time.Duration {
	b.Helper()
	began := time.Now()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	for rest := content; len(rest) > 0; {
		n := min(len(rest), block)
		if _, err := f.Write(rest[:n]); err != nil {
			b.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// large is the size of a large object, in bytes.
const large = 128 << 20

func mbps(bytes int64, d time.Duration) float64 { return float64(bytes) / 1e6 / d.Seconds() }

// BenchmarkTakeIn takes in a large object, beside writing and syncing as much.
func BenchmarkTakeIn(b *testing.B) {
	content := random(1, large)
	dir := b.TempDir()
	v := mustOpen(b, config(filepath.Join(dir, "vault")))
	var took, plain time.Duration
	for i := range b.N {
		path := filepath.Join(dir, fmt.Sprint("plain", i))
		plain += floor(b, path, content)
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
		id := protocol.NewCaseID()
		began := time.Now()
		taken := mustTakeIn(b, v, id, content)
		took += time.Since(began)
		if err := v.Drop(id, taken.Tree); err != nil {
			b.Fatal(err)
		}
	}
	report(b, took, plain, large)
}

func report(b *testing.B, took, plain time.Duration, size int64) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(mbps(int64(b.N)*size, took), "MB/s")
	b.ReportMetric(mbps(int64(b.N)*size, plain), "floor-MB/s")
	b.ReportMetric(plain.Seconds()/took.Seconds(), "ratio")
}

// BenchmarkBlock reads the blocks of an object with their proofs, beside reading them.
func BenchmarkBlock(b *testing.B) {
	content := random(1, large)
	dir := b.TempDir()
	v := mustOpen(b, config(filepath.Join(dir, "vault")))
	taken := mustTakeIn(b, v, protocol.NewCaseID(), content)
	path := filepath.Join(dir, "plain")
	floor(b, path, content)
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var took, plain time.Duration
	buf := make([]byte, block)
	for range b.N {
		began := time.Now()
		for i := range int64(large / block) {
			if _, err := f.ReadAt(buf, i*block); err != nil {
				b.Fatal(err)
			}
		}
		plain += time.Since(began)
		began = time.Now()
		for i := range int64(large/block + 1) {
			if _, err := v.Block(taken.Tree, i); err != nil {
				b.Fatal(err)
			}
		}
		took += time.Since(began)
	}
	report(b, took, plain, large)
}

// BenchmarkReceive puts and completes a large object, beside writing and syncing
// as much.
func BenchmarkReceive(b *testing.B) {
	content := random(1, large)
	dir := b.TempDir()
	from, to := mustOpen(b, config(filepath.Join(dir, "from"))), mustOpen(b, config(filepath.Join(dir, "to")))
	taken := mustTakeIn(b, from, protocol.NewCaseID(), content)
	var took, plain time.Duration
	for i := range b.N {
		path := filepath.Join(dir, fmt.Sprint("plain", i))
		plain += floor(b, path, content)
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
		id := protocol.NewCaseID()
		began := time.Now()
		carry(b, from, to, vault.Receipt{Case: id, Peer: peer, Tree: taken.Tree, Size: large})
		took += time.Since(began)
		if err := to.Drop(id, taken.Tree); err != nil {
			b.Fatal(err)
		}
	}
	report(b, took, plain, large)
}

// BenchmarkOpen reads content back, beside reading the file that was written.
func BenchmarkOpen(b *testing.B) {
	content := random(1, large)
	dir := b.TempDir()
	v := mustOpen(b, config(filepath.Join(dir, "vault")))
	id := protocol.NewCaseID()
	taken := mustTakeIn(b, v, id, content)
	path := filepath.Join(dir, "plain")
	floor(b, path, content)
	var took, plain time.Duration
	for range b.N {
		began := time.Now()
		if got, err := os.ReadFile(path); err != nil || len(got) != large {
			b.Fatal(err)
		}
		plain += time.Since(began)
		began = time.Now()
		c, err := v.Open(id, taken.Tree, id)
		if err != nil {
			b.Fatal(err)
		}
		var n counter
		if _, err := c.WriteFrom(&n, 0); err != nil || n != large {
			b.Fatal(n, err)
		}
		took += time.Since(began)
		c.Close()
	}
	report(b, took, plain, large)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// BenchmarkSmall takes in objects of 4 KiB from several callers, beside writing and
// syncing one file for each.
func BenchmarkSmall(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("Callers", callers), func(b *testing.B) {
			dir := b.TempDir()
			v := mustOpen(b, config(filepath.Join(dir, "vault")))
			id := protocol.NewCaseID()
			each := func(do func(n int, content []byte)) time.Duration {
				var wg sync.WaitGroup
				var next atomic.Int64
				began := time.Now()
				for range callers {
					wg.Go(func() {
						for {
							n := int(next.Add(1))
							if n > b.N {
								return
							}
							do(n, bytes.Repeat(fmt.Appendf(nil, "%015d\n", n), 256))
						}
					})
				}
				wg.Wait()
				return time.Since(began)
			}
			plain := each(func(n int, content []byte) { floor(b, filepath.Join(dir, fmt.Sprint(n)), content) })
			took := each(func(_ int, content []byte) { mustTakeIn(b, v, id, content) })
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.N)/took.Seconds(), "objects/s")
			b.ReportMetric(float64(b.N)/plain.Seconds(), "floor-objects/s")
			b.ReportMetric(plain.Seconds()/took.Seconds(), "ratio")
		})
	}
}
