//go:build unix

package transfer_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/node/transfer"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// A large object consists of some blocks, over and over: it is larger than the
// memory that it takes.
type large struct {
	sealed int64
	tree   protocol.Digest
	some   []byte
	kept   []tlog.Hash
}

func newLarge(blocks int64) *large {
	l := &large{sealed: stream.HeaderSize + blocks*evidence.BlockChunks*stream.SealedChunk,
		some: make([]byte, 16*evidence.MaxBlock)}
	for i := range l.some {
		l.some[i] = byte(i * 31 >> 3)
	}
	tree := evidence.Tree{Keep: func(h []tlog.Hash) error {
		l.kept = append(l.kept, h...)
		return nil
	}}
	for i := range blocks {
		tree.Add(l.block(i))
	}
	l.tree, _ = tree.Hash()
	return l
}

func (l *large) block(i int64) []byte {
	_, size := evidence.BlockAt(l.sealed, i)
	from := i % 15 * evidence.MaxBlock
	return l.some[from : from+size]
}

func (l *large) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = l.kept[x]
	}
	return out, nil
}

// lend answers as a node would that has the object.
func (l *large) lend(_ context.Context, _ protocol.ParticipantID, m wire.Message) (wire.Message, error) {
	q, ok := m.(*wire.BlockQuery)
	if !ok {
		return nil, errors.New("not in this test")
	}
	proof, err := evidence.Prove(evidence.Blocks(l.sealed), int64(q.Index), l)
	return &wire.Block{Proof: proof, Block: l.block(int64(q.Index))}, err
}

// A sink is a Target that verifies, and writes to a file if it has one.
type sink struct {
	l    *large
	file *os.File

	mu    sync.Mutex
	taken int64
}

func (s *sink) Missing(after int64, max int) (out []int64) {
	for i := after + 1; i < evidence.Blocks(s.l.sealed) && len(out) < max; i++ {
		out = append(out, i)
	}
	return out
}

func (s *sink) Put(i int64, block []byte, proof []protocol.Digest) error {
	if err := (evidence.Cut{Tree: s.l.tree, Blocks: evidence.Blocks(s.l.sealed)}).Verify(i, block, proof); err != nil {
		return err
	}
	if s.file != nil {
		at, _ := evidence.BlockAt(s.l.sealed, i)
		if _, err := s.file.WriteAt(block, at); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken++
	return nil
}

func (s *sink) Have() (blocks, bytes int64) { return 0, 0 }
func (s *sink) Sync() error                 { return nil }
func (s *sink) Close() error                { return nil }

func (s *sink) Complete(context.Context) error {
	if s.taken != evidence.Blocks(s.l.sealed) {
		return errors.New("not every block was taken once")
	}
	if s.file != nil {
		return s.file.Sync()
	}
	return nil
}

const benchmarkBlocks = 1024 // a GiB

// BenchmarkEngine moves a GiB through an Engine and two links; each block is
// verified and thrown away.
func BenchmarkEngine(b *testing.B) { benchmarkEngine(b, nil) }

// BenchmarkEngineToFile writes and syncs it, too.
func BenchmarkEngineToFile(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "object"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	benchmarkEngine(b, f)
}

func benchmarkEngine(b *testing.B, file *os.File) {
	l := newLarge(benchmarkBlocks)
	a := loopback(b, l.lend)
	done := make(chan error, 1)
	e := transfer.New(transfer.Config{Source: a.Exchange, Done: func(_ transfer.Job, err error) { done <- err }})
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	defer running.Wait()
	defer cancel()
	b.SetBytes(l.sealed)
	b.ReportAllocs()
	defer reportProcessor(b)()
	b.ResetTimer()
	for range b.N {
		if err := e.Add(transfer.Job{Peer: bob, Case: "c", Tree: l.tree, Sealed: l.sealed, Target: &sink{l: l, file: file}}); err != nil {
			b.Fatal(err)
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRawStream moves the same bytes over one stream of quic-go alone, with
// the same windows, and throws them away.
func BenchmarkRawStream(b *testing.B) {
	config := &quic.Config{InitialStreamReceiveWindow: 16 << 20, MaxStreamReceiveWindow: 16 << 20,
		InitialConnectionReceiveWindow: 16 << 20, MaxConnectionReceiveWindow: 16 << 20}
	suite := func(id protocol.ParticipantID) *tls.Config {
		return &tls.Config{NextProtos: []string{"raw"}, InsecureSkipVerify: true,
			CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, Certificates: []tls.Certificate{certificate(id)}}
	}
	l := newLarge(benchmarkBlocks)
	server, err := quic.ListenAddr("127.0.0.1:0", suite(bob), config)
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept(context.Background())
		if err != nil {
			return
		}
		for {
			s, err := conn.AcceptStream(context.Background())
			if err != nil {
				return
			}
			for i := range evidence.Blocks(l.sealed) {
				s.Write(l.block(i))
			}
			s.Close()
		}
	}()
	conn, err := quic.DialAddr(context.Background(), server.Addr().String(), suite(alice), config)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.CloseWithError(0, "")
	b.SetBytes(l.sealed)
	b.ReportAllocs()
	defer reportProcessor(b)()
	buffer := make([]byte, 1<<20)
	for range b.N {
		s, err := conn.OpenStreamSync(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		s.Write([]byte{1})
		s.Close()
		if n, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{s}, buffer); n != l.sealed || err != nil {
			b.Fatalf("got %d bytes and %v", n, err)
		}
	}
}

// What io.CopyBuffer finds no shorter way for.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// reportProcessor reports the seconds of processors that an operation takes, which
// say more than the time on a machine that does other things as well.
func reportProcessor(b *testing.B) func() {
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := spent()
	return func() { b.ReportMetric((spent()-before).Seconds()/float64(b.N), "cpu-s/op") }
}

func certificate(id protocol.ParticipantID) tls.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: string(id)}}
	der, err := x509.CreateCertificate(nil, template, template, keyOf(id).Public(), keyOf(id))
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: keyOf(id)}
}
