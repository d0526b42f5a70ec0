package badger_test

import (
	"crypto/rand"
	"encoding/binary"
	"flag"
	"testing"

	"comity.example/node/store"
	"comity.example/node/store/badger"
)

var openValues = flag.Int("openvalues", 100_000, "values of 16 KiB in the store that BenchmarkOpen opens")

// BenchmarkOpen opens a store of a busy year: with the survey of every byte.
func BenchmarkOpen(b *testing.B) {
	const size, batch = 16 << 10, 100
	dir := b.TempDir()
	s, err := badger.Open(b.Context(), config(dir))
	if err != nil {
		b.Fatal(err)
	}
	value := make([]byte, size)
	rand.Read(value)
	for i := 0; i < *openValues; i += batch {
		err := s.Update(b.Context(), func(tx store.Txn) error {
			for k := range batch {
				key := binary.BigEndian.AppendUint64([]byte("act/"), uint64(i+k))
				if err := tx.Set(key, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	disk, err := s.Size()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := badger.Open(b.Context(), config(dir))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(disk)/1e6, "MB")
}
