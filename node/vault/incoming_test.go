package vault_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"comity.example/crypto/stream"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// A sender is a vault with one object in it.
type sender struct {
	v       *vault.Vault
	id      protocol.CaseID
	content []byte
	taken   vault.Taken
}

func newSender(t testing.TB, size int64) *sender {
	t.Helper()
	s := &sender{v: mustOpen(t, config(t.TempDir())), id: protocol.NewCaseID(), content: random(9, size)}
	s.taken = mustTakeIn(t, s.v, s.id, s.content)
	return s
}

func (s *sender) receipt() vault.Receipt {
	return vault.Receipt{Case: s.id, Peer: peer, Tree: s.taken.Tree, Size: s.taken.Size}
}

func (s *sender) mustReceive(t testing.TB, v *vault.Vault) *vault.Incoming {
	t.Helper()
	in, err := v.Receive(t.Context(), s.receipt())
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// mustPut puts the blocks with the given numbers.
func (s *sender) mustPut(t testing.TB, in *vault.Incoming, blocks ...int64) {
	t.Helper()
	for _, i := range blocks {
		b, err := s.v.Block(s.taken.Tree, i)
		if err == nil {
			err = in.Put(i, b.Block, b.Proof)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *sender) hand(t testing.TB, v *vault.Vault) {
	t.Helper()
	held, sent, err := s.v.Key(s.id, s.taken.Tree)
	if err == nil {
		err = v.SetKey(s.id, s.taken.Tree, held, sent)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reopen ends a vault and opens it again.
func reopen(t testing.TB, v *vault.Vault, c vault.Config) *vault.Vault {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, c)
}

func TestReceivingGoesOnWhereItEnded(t *testing.T) {
	s := newSender(t, 70*block+3)
	c := config(t.TempDir())
	v := mustOpen(t, c)
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0, 3, 64, 70)
	if got := in.Missing(-1, 3); !slices.Equal(got, []int64{1, 2, 4}) {
		t.Errorf("missing: %v", got)
	}
	if got := in.Missing(62, 9); !slices.Equal(got, []int64{63, 65, 66, 67, 68, 69}) {
		t.Errorf("missing after 62: %v", got)
	}
	if err := in.Complete(t.Context()); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("complete: %v", err)
	}
	want := 3*int64(evidence.BlockChunks*stream.SealedChunk) + stream.HeaderSize + 3 + stream.Overhead
	if n, bytes := in.Have(); n != 4 || bytes != want {
		t.Errorf("have %d blocks, %d bytes, want 4 and %d", n, bytes, want)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := in.Put(1, nil, nil); err == nil {
		t.Error("put after Close")
	}
	v = reopen(t, v, c)
	in = s.mustReceive(t, v)
	if n, bytes := in.Have(); n != 4 || bytes != want || len(in.Missing(-1, 100)) != 67 {
		t.Errorf("after a restart: have %d blocks, %d bytes", n, bytes)
	}
	s.mustPut(t, in, in.Missing(-1, 100)...)
	// A block that is there is not looked at again.
	if err := in.Put(3, make([]byte, evidence.BlockChunks*stream.SealedChunk), nil); err != nil {
		t.Errorf("put twice: %v", err)
	}
	if err := in.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.hand(t, v)
	requireContent(t, v, s.id, s.taken.Tree, s.content)
	requireSound(t, v, 1)
	v = reopen(t, v, c)
	requireContent(t, v, s.id, s.taken.Tree, s.content)
	if in := s.mustReceive(t, v); !in.Done() || len(in.Missing(-1, 1)) != 0 || in.Complete(t.Context()) != nil {
		t.Error("what is complete is not done")
	}
	if left := files(t, filepath.Join(c.Dir, "incoming")); len(left) > 0 {
		t.Errorf("incoming: %q", left)
	}
	// It is served on as it was served.
	for i := range int64(71) {
		b, err := v.Block(s.taken.Tree, i)
		if err != nil || (evidence.Cut{Tree: s.taken.Tree, Blocks: 71}).Verify(i, b.Block, b.Proof) != nil {
			t.Errorf("block %d: %v", i, err)
		}
	}
}

func TestManyCallersPutTheSameBlocks(t *testing.T) {
	s := newSender(t, 40*block)
	v := mustOpen(t, config(t.TempDir()))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			in := s.mustReceive(t, v)
			for _, i := range rand.Perm(41) {
				s.mustPut(t, in, int64(i))
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	in := s.mustReceive(t, v)
	if n, bytes := in.Have(); n != 41 || bytes != s.taken.Sealed {
		t.Errorf("have %d blocks, %d bytes", n, bytes)
	}
	if err := in.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireSound(t, v, 1)
}

// TestWrongBlockIsNotWritten: every kind of block that was not signed at its place.
func TestWrongBlockIsNotWritten(t *testing.T) {
	s := newSender(t, 5*block+100)
	c := config(t.TempDir())
	v := mustOpen(t, c)
	in := s.mustReceive(t, v)
	at := func(i int64) ([]byte, []protocol.Digest) {
		b, err := s.v.Block(s.taken.Tree, i)
		if err != nil {
			t.Fatal(err)
		}
		return b.Block, b.Proof
	}
	b2, p2 := at(2)
	b3, p3 := at(3)
	changed := bytes.Clone(b2)
	changed[100]++
	for name, err := range map[string]error{
		"changed":       in.Put(2, changed, p2),
		"at its fellow": in.Put(3, b2, p2),
		"swapped proof": in.Put(2, b2, p3),
		"no proof":      in.Put(2, b2, nil),
		"short":         in.Put(2, b2[1:], p2),
		"long":          in.Put(2, append(bytes.Clone(b2), 0), p2),
		"empty":         in.Put(2, nil, p2),
		"before":        in.Put(-1, b2, p2),
		"behind":        in.Put(6, b3, p3),
		"long proof":    in.Put(2, b2, make([]protocol.Digest, evidence.MaxProof+1)),
	} {
		if !errors.Is(err, evidence.ErrBlock) {
			t.Errorf("%s: got %v, want ErrBlock", name, err)
		}
	}
	if n, _ := in.Have(); n != 0 {
		t.Errorf("%d blocks are there", n)
	}
	for _, path := range files(t, filepath.Join(c.Dir, "incoming")) {
		if info, err := os.Stat(path); err != nil || info.Size() > 0 && !strings.HasSuffix(path, ".note") {
			t.Errorf("%s has %d bytes, %v", path, info.Size(), err)
		}
	}
}

// TestBlockThatTheDiskLostIsMissingAgain: after a power cut, or when bits rot.
func TestBlockThatTheDiskLostIsMissingAgain(t *testing.T) {
	for name, lose := range map[string]struct {
		do   func(t *testing.T, path string)
		want []int64
	}{
		"a hole":        {func(t *testing.T, path string) { flip(t, path, 2*block-8192, 4096) }, []int64{1}},
		"one bit":       {func(t *testing.T, path string) { flip(t, path, 5, 1) }, []int64{0}},
		"the end":       {func(t *testing.T, path string) { truncate(t, path, 3*block) }, []int64{2, 3, 4}},
		"everything":    {func(t *testing.T, path string) { truncate(t, path, 0) }, []int64{0, 1, 2, 3, 4}},
		"what is there": {func(t *testing.T, path string) { flip(t, path+".leaves", 3*32, 32) }, []int64{3}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, 4*block+7)
			c := config(t.TempDir())
			v, err := vault.OpenSmall(t.Context(), c, func() int64 { return 1 << 30 })
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			in := s.mustReceive(t, v)
			s.mustPut(t, in, 0, 1, 2, 3, 4)
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			lose.do(t, incomingFile(t, c.Dir))
			if v, err = vault.OpenSmall(t.Context(), c, func() int64 { return 1 << 30 }); err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			in = s.mustReceive(t, v)
			room := v.Room()
			if err := in.Complete(t.Context()); !errors.Is(err, vault.ErrIncomplete) {
				t.Fatalf("complete: got %v, want ErrIncomplete", err)
			}
			if got := in.Missing(-1, 9); !slices.Equal(got, lose.want) {
				t.Errorf("missing: got %v, want %v", got, lose.want)
			}
			if v.Room() >= room {
				t.Error("what is to come again is not counted")
			}
			s.mustPut(t, in, in.Missing(-1, 9)...)
			if err := in.Complete(t.Context()); err != nil {
				t.Fatal(err)
			}
			requireSound(t, v, 1)
		})
	}
}

// TestBlocksThatWereJustWrittenAreNotReadBack, unless what says so is not right, or
// could not be synced.
func TestBlocksThatWereJustWrittenAreNotReadBack(t *testing.T) {
	for name, c := range map[string]struct {
		leaves, faulty bool
		want           []int64 // blocks that are missing again
	}{
		"not read":       {false, false, nil},
		"other leaves":   {true, false, []int64{1, 3}},
		"was not synced": {false, true, []int64{1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, 4*block+7)
			f := &trouble{err: errFault}
			conf := config(t.TempDir())
			v, err := vault.OpenFaulty(t.Context(), conf, f.fault)
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			in := s.mustReceive(t, v)
			s.mustPut(t, in, 0, 1, 2, 3, 4)
			if c.faulty {
				f.n = f.steps + 1
			}
			if err := in.Sync(); (err != nil) != c.faulty {
				t.Fatalf("sync: %v", err)
			}
			flip(t, incomingFile(t, conf.Dir), block+5000, 1)
			if c.leaves {
				flip(t, incomingFile(t, conf.Dir)+".leaves", 3*32, 32)
			}
			err = in.Complete(t.Context())
			if got := in.Missing(-1, 9); !slices.Equal(got, c.want) || errors.Is(err, vault.ErrIncomplete) != (len(c.want) > 0) {
				t.Errorf("missing %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func incomingFile(t testing.TB, dir string) string {
	t.Helper()
	for _, path := range files(t, filepath.Join(dir, "incoming")) {
		if filepath.Ext(path) == "" {
			return path
		}
	}
	t.Fatal("nothing is incoming")
	return ""
}

func flip(t testing.TB, path string, at, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, n)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] ^= 1
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

func truncate(t testing.TB, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// TestSmallObjectLeavesNothingUntilItIsThere: it has one block.
func TestSmallObjectLeavesNothingUntilItIsThere(t *testing.T) {
	s := newSender(t, 500)
	c := config(t.TempDir())
	c.Quota.Peer = s.taken.Sealed
	v := mustOpen(t, c)
	for _, blocks := range [][]int64{{}, {0}} {
		in := s.mustReceive(t, v)
		s.mustPut(t, in, blocks...)
		if err := errors.Join(in.Sync(), in.Close()); err != nil {
			t.Fatal(err)
		}
		if left := files(t, c.Dir); len(left) != 2 { // lock and seal
			t.Errorf("with blocks %v there stay %q", blocks, left)
		}
	}
	// Nor does it hold the quota.
	other, err := v.Receive(t.Context(), vault.Receipt{Case: s.id, Peer: peer, Tree: protocol.DigestOf(nil), Size: s.taken.Size})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0)
	for _, path := range files(t, filepath.Join(c.Dir, "work")) {
		flip(t, path, 100, 1)
	}
	if err := in.Complete(t.Context()); !errors.Is(err, vault.ErrIncomplete) || !slices.Equal(in.Missing(-1, 9), []int64{0}) {
		t.Errorf("a bit that the disk lost: %v", err)
	}
	s.mustPut(t, in, 0)
	if err := errors.Join(in.Complete(t.Context()), in.Close()); err != nil {
		t.Fatal(err)
	}
	s.hand(t, v)
	v = reopen(t, v, c)
	requireContent(t, v, s.id, s.taken.Tree, s.content)
	requireSound(t, v, 1)
}

// TestHostilePeerTakesNothing: what is announced counts before a byte is there.
func TestHostilePeerTakesNothing(t *testing.T) {
	c := config(t.TempDir())
	c.Quota = vault.Quota{Peer: 1 << 30, Case: 2 << 30}
	v := mustOpen(t, c)
	announce := func(id protocol.CaseID, from protocol.ParticipantID, size int64) error {
		in, err := v.Receive(t.Context(), vault.Receipt{Case: id, Peer: from, Tree: protocol.DigestOf([]byte(id + "x")), Size: size})
		if err == nil {
			err = in.Close()
		}
		return err
	}
	for _, size := range []int64{-1, protocol.MaxObject + 1, 1<<63 - 1} {
		if err := announce(protocol.NewCaseID(), peer, size); !errors.Is(err, vault.ErrReceipt) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if err := announce(protocol.NewCaseID(), peer, protocol.MaxObject); !errors.Is(err, vault.ErrQuota) {
		t.Errorf("4 TiB: %v", err)
	}
	if left := files(t, filepath.Join(c.Dir, "incoming")); len(left) > 0 {
		t.Errorf("something stays: %q", left)
	}
	first, second := protocol.NewCaseID(), protocol.NewCaseID()
	if err := announce(first, peer, 700<<20); err != nil {
		t.Fatal(err)
	}
	if err := announce(second, peer, 700<<20); !errors.Is(err, vault.ErrQuota) {
		t.Errorf("a second one of the peer: %v", err)
	}
	if err := announce(second, "us.fabrikam", 700<<20); err != nil {
		t.Errorf("one of another peer: %v", err)
	}
	v = reopen(t, v, c) // what was announced counts after a restart too
	if err := announce(protocol.NewCaseID(), peer, 700<<20); !errors.Is(err, vault.ErrQuota) {
		t.Errorf("after a restart: %v", err)
	}
	if err := announce(first, peer, 699<<20); !errors.Is(err, vault.ErrReceipt) {
		t.Errorf("the same with another size: %v", err)
	}
	if err := v.Drop(first, protocol.DigestOf([]byte(first+"x"))); err != nil {
		t.Fatal(err)
	}
	if err := announce(protocol.NewCaseID(), peer, 700<<20); err != nil {
		t.Errorf("after it was dropped: %v", err)
	}
	in, err := v.Receive(t.Context(), vault.Receipt{Case: protocol.NewCaseID(), Peer: peer,
		Tree: protocol.DigestOf(nil), Size: 700 << 20, Despite: true})
	if err != nil {
		t.Errorf("despite the quota: %v", err)
	} else if err := in.Close(); err != nil {
		t.Error(err)
	}
}

func TestRoomCountsWhatIsToCome(t *testing.T) {
	free := int64(100 << 20)
	c := config(t.TempDir())
	c.Reserve = 40 << 20
	v, err := vault.OpenSmall(t.Context(), c, func() int64 { return free })
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	s := newSender(t, 50*block)
	if got := v.Room(); got != 60<<20 {
		t.Errorf("room: %d", got)
	}
	in := s.mustReceive(t, v)
	if got, want := v.Room(), 60<<20-s.taken.Sealed; got != want {
		t.Errorf("room: %d, want %d", got, want)
	}
	other := vault.Receipt{Case: s.id, Peer: peer, Tree: protocol.DigestOf(nil), Size: 20 << 20, Despite: true}
	if _, err := v.Receive(t.Context(), other); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("more than there is room for: %v", err)
	}
	s.mustPut(t, in, 0, 1, 2)
	_, have := in.Have()
	if got, want := v.Room(), 60<<20-s.taken.Sealed+have; got != want {
		t.Errorf("room with 3 blocks: %d, want %d", got, want)
	}
	s.mustPut(t, in, in.Missing(-1, 100)...)
	if err := in.Complete(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := v.Room(); got != 60<<20 {
		t.Errorf("room when all is there: %d", got)
	}
	free = 1
	if got := v.Room(); got != 0 {
		t.Errorf("room of a full disk: %d", got)
	}
}

// TestAPeerHasAShareOfTheDisk where nothing is said: what it announces leaves the
// rest for others, before a byte is there and when all is.
func TestAPeerHasAShareOfTheDisk(t *testing.T) {
	const disk = 200 << 20
	free := int64(disk)
	c := config(t.TempDir())
	c.Quota = vault.Quota{PeerShare: 50}
	v, err := vault.OpenSmall(t.Context(), c, func() int64 { return free })
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	announce := func(from protocol.ParticipantID, size int64, despite bool) error {
		in, err := v.Receive(t.Context(), vault.Receipt{Case: protocol.NewCaseID(), Peer: from, Size: size,
			Tree: protocol.DigestOf([]byte(protocol.NewCaseID())), Despite: despite})
		if err == nil {
			err = in.Close()
		}
		return err
	}
	for name, try := range map[string]struct {
		size int64
		want error
	}{"more than the disk": {protocol.MaxObject, vault.ErrNoRoom}, "more than its share": {101 << 20, vault.ErrQuota}} {
		if err := announce(peer, try.size, false); !errors.Is(err, try.want) {
			t.Errorf("%s: got %v, want %v", name, err, try.want)
		}
	}
	s := newSender(t, 60*block)
	in := s.mustReceive(t, v)
	for range 2 {
		if err := announce(peer, 45<<20, false); !errors.Is(err, vault.ErrQuota) {
			t.Errorf("more than is left of its share: %v", err)
		}
		if err := announce("us.fabrikam", 45<<20, false); err != nil {
			t.Errorf("another peer: %v", err)
		}
		// The share stays what it was when what was announced is there.
		s.mustPut(t, in, in.Missing(-1, 100)...)
		free = disk - s.taken.Sealed
	}
	if err := announce(peer, 45<<20, true); err != nil {
		t.Errorf("despite the quota: %v", err)
	}
	if err := announce(peer, 45<<20, true); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("despite the quota, and the disk: %v", err)
	}
}

// TestTheReserveStaysFree although somebody else fills the disk while an object comes.
func TestTheReserveStaysFree(t *testing.T) {
	free := int64(100 << 20)
	c := config(t.TempDir())
	c.Reserve = 40 << 20
	v, err := vault.OpenSmall(t.Context(), c, func() int64 { return free })
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	s := newSender(t, 4*block)
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0)
	b, err := s.v.Block(s.taken.Tree, 1)
	if err != nil {
		t.Fatal(err)
	}
	free = c.Reserve + int64(len(b.Block)) - 1
	if err := in.Put(1, b.Block, b.Proof); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("got %v, want ErrNoRoom", err)
	}
	free = 100 << 20
	s.mustPut(t, in, in.Missing(-1, 100)...)
	if err := in.Complete(t.Context()); err != nil {
		t.Error(err)
	}
}
