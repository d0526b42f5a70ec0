package badger_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"flag"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/node/store"
	"comity.example/node/store/badger"
)

var openCases = flag.Int("opencases", 100_000, "cases in the store that BenchmarkOpen opens")

// What a node keeps of one act, in bytes: the act, the decision, and four small
// values.
const (
	benchAct      = 36 << 10
	benchDecision = 10 << 10
	benchSmall    = 400
	benchSmalls   = 4
	// benchBatch is how many acts share one Update.
	benchBatch = 32
)

// An actWriter writes acts under random keys, as digests are.
type actWriter struct {
	s      *badger.Store
	random []byte
	n      int
}

func newActWriter(s *badger.Store) *actWriter {
	w := &actWriter{s: s, random: make([]byte, 1<<20)}
	rand.Read(w.random)
	return w
}

func (w *actWriter) batch(ctx context.Context) error {
	return w.s.Update(ctx, func(tx store.Txn) error {
		for range benchBatch {
			if err := w.act(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *actWriter) act(tx store.Txn) error {
	w.n++
	var digest [32]byte
	rand.Read(digest[:])
	at := w.n % (len(w.random) - benchAct - benchDecision)
	if err := tx.Set(append([]byte("act/"), digest[:]...), w.random[at:at+benchAct]); err != nil {
		return err
	}
	at += benchAct
	if err := tx.Set(append([]byte("judged/"), digest[:]...), w.random[at:at+benchDecision]); err != nil {
		return err
	}
	for i := range benchSmalls {
		key := binary.BigEndian.AppendUint64(append([]byte("small/"), byte('a'+i), '/'), uint64(w.n))
		if err := tx.Set(key, w.random[at:at+benchSmall]); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkActs writes batches of acts as the journal does.
func BenchmarkActs(b *testing.B) {
	dir := b.TempDir()
	s, err := badger.Open(b.Context(), badger.Config{Dir: dir, Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	idle := memory(b)
	w := newActWriter(s)
	cpu, start := spent(b), time.Now()
	for b.Loop() {
		if err := w.batch(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	took, most := time.Since(start), memory(b)
	acts := float64(b.N * benchBatch)
	b.ReportMetric(float64(spent(b)-cpu)/1e3/acts, "cpu-µs/act")
	b.ReportMetric(acts/took.Seconds(), "acts/s")
	b.ReportMetric(idle, "MiB-idle")
	b.ReportMetric(most, "MiB-busy")
	disk, err := s.Size()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(disk)/acts, "disk-B/act")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// spent is the processor time of this process.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

var anonymous = regexp.MustCompile(`RssAnon:\s+(\d+) kB`)

// memory is what this process holds without mapped files, in MiB.
func memory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	m := anonymous.FindSubmatch(status)
	if m == nil {
		b.Fatal("no RssAnon in /proc/self/status")
	}
	kib, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// BenchmarkOpen opens a store of a busy year: with the survey of every byte.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s, err := badger.Open(b.Context(), config(dir))
	if err != nil {
		b.Fatal(err)
	}
	w := newActWriter(s)
	for w.n < *openCases {
		if err := w.batch(b.Context()); err != nil {
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
	var cpu time.Duration
	for b.Loop() {
		before := spent(b)
		s, err := badger.Open(b.Context(), config(dir))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		cpu += spent(b) - before
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(disk)/1e6, "MB")
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
}
