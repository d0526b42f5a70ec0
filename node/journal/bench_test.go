package journal_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/crypto/cosign"
	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// actSize is the size of an act in the benchmarks, in bytes.
const actSize = 4 << 10

// BenchmarkCommit is one act of 4 KiB with one record, from one caller and
// from 64 at once. BenchmarkStoreUpdate and BenchmarkDisk are its floor.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			j := benchJournal(b)
			value := randomBytes(actSize)
			var n atomic.Uint64
			spread(b, callers, func() error {
				i := n.Add(1)
				_, err := j.Commit(b.Context(), func(tx *journal.Tx) error {
					if _, err := tx.Append(benchRecord(i)); err != nil {
						return err
					}
					return tx.Set(binary.BigEndian.AppendUint64([]byte("act/"), i), value)
				})
				return err
			})
		})
	}
}

// BenchmarkStoreUpdate writes batches of 64 values of 4 KiB, one op being one
// value: what the store gives without ledger and anchor.
func BenchmarkStoreUpdate(b *testing.B) {
	s := benchStore(b, filepath.Join(b.TempDir(), "store"))
	value := randomBytes(actSize)
	const batch = 64
	b.ReportAllocs()
	for i := 0; i < b.N; i += batch {
		err := s.Update(b.Context(), func(t store.Txn) error {
			for k := range batch {
				key := binary.BigEndian.AppendUint64([]byte("act/"), uint64(i+k))
				if err := t.Set(key, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkDisk overwrites 4 KiB of a preallocated file and syncs.
func BenchmarkDisk(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	value := randomBytes(actSize)
	const blocks = 1 << 10
	for i := range blocks {
		if _, err := f.WriteAt(value, int64(i*actSize)); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		if _, err := f.WriteAt(value, int64(i%blocks*actSize)); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// spread runs do b.N times from callers goroutines.
func spread(b *testing.B, callers int, do func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func benchRecord(i uint64) ledger.Record {
	return ledger.Record{
		Kind: ledger.KindAccepted,
		At:   time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC),
		Act:  protocol.DigestOf(binary.BigEndian.AppendUint64(nil, i)),
		ID:   protocol.NewActID(), Case: protocol.NewCaseID(), Peer: "gb.home-office",
		Verdict: "allow", Decision: protocol.DigestOf(nil),
	}
}

func benchStore(b *testing.B, dir string) *badger.Store {
	s, err := badger.Open(b.Context(), badger.Config{Dir: dir, Key: [32]byte{1}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func benchJournal(b *testing.B) *journal.Journal {
	dir := b.TempDir()
	key, err := cosign.GenerateLogKey()
	if err != nil {
		b.Fatal(err)
	}
	j, err := journal.Open(b.Context(), journal.Config{
		Store: benchStore(b, filepath.Join(dir, "store")), Key: key, Origin: "gb.test/ledger",
		Anchor: filepath.Join(dir, "anchor"), Now: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- j.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			b.Error(err)
		}
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	return j
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
