package vault_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"comity.example/node/vault"
	"comity.example/protocol"
)

// TestCheckFindsWhatIsWrong does everything to a vault that a disk may.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	c := config(t.TempDir())
	v := mustOpen(t, c)
	id := protocol.NewCaseID()
	var trees []protocol.Digest
	for n := range 9 {
		trees = append(trees, mustTakeIn(t, v, id, random(uint64(n), 2*block+int64(n))).Tree)
	}
	small := mustTakeIn(t, v, id, []byte("small")).Tree
	object := func(tree protocol.Digest) string {
		return filepath.Join(c.Dir, "objects", hexOf(tree)[:2], hexOf(tree))
	}
	entry := func(tree protocol.Digest) string { return filepath.Join(c.Dir, "cases", string(id), hexOf(tree)) }
	flip(t, object(trees[0]), block, 1)                      // a bit
	truncate(t, object(trees[1]), block)                     // the end
	truncate(t, object(trees[2]), 3*block)                   // something behind the end
	remove(t, object(trees[3]))                              // the object
	remove(t, object(trees[4])+".tree")                      // its hashes
	flip(t, object(trees[5])+".tree", 40, 1)                 // a bit of them
	flip(t, entry(trees[6]), 60, 1)                          // the entry
	remove(t, entry(trees[7]))                               // all of it
	flip(t, object(small), 3, 1)                             // of one block
	copyFile(t, object(trees[8]), object(flipped(trees[8]))) // under a name that nobody refers to
	alien := filepath.Join(c.Dir, "objects", hexOf(trees[8])[:2], "README")
	copyFile(t, object(trees[8]), alien)

	var done, total int64
	r, err := v.Check(t.Context(), func(d, t int64) { done, total = d, t })
	if err != nil {
		t.Fatal(err)
	}
	sorted := func(d ...protocol.Digest) []protocol.Digest {
		slices.SortFunc(d, func(a, b protocol.Digest) int { return bytes.Compare(a[:], b[:]) })
		return d
	}
	if got, want := sorted(r.Damaged...), sorted(trees[0], trees[1], trees[2], trees[4], trees[5], small); !slices.Equal(got, want) {
		t.Errorf("damaged: got %v, want %v", got, want)
	}
	if !slices.Equal(r.Missing, trees[3:4]) || !slices.Equal(sorted(r.Keys...), sorted(trees[6], trees[7])) || r.Stray != 1 {
		t.Errorf("missing %v, keys %v, stray %d", r.Missing, r.Keys, r.Stray)
	}
	if r.Objects != 10 || done == 0 || total < done || r.Bytes != done {
		t.Errorf("%d objects, %d bytes, told %d of %d", r.Objects, r.Bytes, done, total)
	}
	for i, want := range map[int]error{0: vault.ErrDamaged, 3: vault.ErrAbsent, 6: vault.ErrDamaged} {
		opened, err := v.Open(id, trees[i], id)
		if err == nil {
			_, err = opened.WriteFrom(io.Discard, 0)
			opened.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("object %d: got %v, want %v", i, err, want)
		}
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := v.Check(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}

	// Open removes what is stray and no more, and an entry that cannot be read
	// keeps its object.
	v = reopen(t, v, c)
	for path, want := range map[string]bool{
		object(flipped(trees[8])): false, alien: true, object(trees[6]): true, object(trees[7]): false, object(trees[8]): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	r, err = v.Check(t.Context(), nil)
	if err != nil || r.Stray != 0 || !slices.Equal(r.Keys, trees[6:7]) || r.Objects != 9 {
		t.Errorf("after Open: %+v, %v", r, err)
	}
}

func flipped(d protocol.Digest) protocol.Digest { d[31] ^= 1; return d }

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestObjectIsReceivedAgainWhenTheDiskLostIt: what is missing, and an entry that
// cannot be read, are mended by receiving again.
func TestObjectIsReceivedAgainWhenTheDiskLostIt(t *testing.T) {
	s := newSender(t, 2*block)
	c := config(t.TempDir())
	v := mustOpen(t, c)
	carry(t, s.v, v, s.receipt())
	s.hand(t, v)
	remove(t, filepath.Join(c.Dir, "objects", hexOf(s.taken.Tree)[:2], hexOf(s.taken.Tree)))
	in := s.mustReceive(t, v)
	if in.Done() {
		t.Fatal("done, and not there")
	}
	s.mustPut(t, in, 0)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	v = reopen(t, v, c)
	carry(t, s.v, v, s.receipt())
	requireContent(t, v, s.id, s.taken.Tree, s.content)
	requireSound(t, v, 1)

	flip(t, filepath.Join(c.Dir, "cases", string(s.id), hexOf(s.taken.Tree)), 50, 1)
	v = reopen(t, v, c)
	if _, _, err := v.Key(s.id, s.taken.Tree); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("key: %v", err)
	}
	s.hand(t, v)
	requireContent(t, v, s.id, s.taken.Tree, s.content)
	requireSound(t, v, 1)
}

func TestVaultKnowsItsKeyAndItsFolders(t *testing.T) {
	c := config(t.TempDir())
	v := mustOpen(t, c)
	mustTakeIn(t, v, protocol.NewCaseID(), []byte("x"))
	if _, err := vault.Open(t.Context(), c); !errors.Is(err, vault.ErrInUse) {
		t.Errorf("open twice: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	other := c
	other.Key[31] ^= 1
	if _, err := vault.Open(t.Context(), other); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if err := os.Rename(filepath.Join(c.Dir, "cases"), filepath.Join(c.Dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), c); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("without its cases: %v", err)
	}
	if n := len(files(t, filepath.Join(c.Dir, "objects"))); n != 1 {
		t.Errorf("%d objects stay, want 1: nothing is collected when the cases are lost", n)
	}
}

// TestNothingStaysOfWhatFailed: the content ends in an error, or the caller does.
func TestNothingStaysOfWhatFailed(t *testing.T) {
	c := config(t.TempDir())
	v := mustOpen(t, c)
	id := protocol.NewCaseID()
	errRead := errors.New("the pipe broke")
	for _, size := range []int64{0, 100, block, 5*block + 1} {
		r := io.MultiReader(bytes.NewReader(random(1, size)), iotest.ErrReader(errRead))
		if _, err := v.TakeIn(t.Context(), id, r, nil); !errors.Is(err, errRead) {
			t.Errorf("after %d bytes: %v", size, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		r = io.MultiReader(bytes.NewReader(random(1, size)), readerFunc(func(p []byte) (int, error) { stop(); return len(p), nil }))
		if _, err := v.TakeIn(ctx, id, r, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped after %d bytes: %v", size, err)
		}
	}
	// An object is whole however its content comes.
	content := random(2, block+77)
	for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(content[:5000])), iotest.DataErrReader(bytes.NewReader(content)), iotest.HalfReader(bytes.NewReader(content[1:]))} {
		taken, err := v.TakeIn(t.Context(), id, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		requireContent(t, v, id, taken.Tree, content[map[int64]int{5000: 0, block + 77: 0, block + 76: 1}[taken.Size]:][:taken.Size])
	}
	for _, path := range files(t, c.Dir) {
		if strings.Contains(path, "/work/") {
			t.Errorf("%s stays", path)
		}
	}
	requireSound(t, v, 3)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestFilesAreForTheirOwnerOnly, and say nothing.
func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	c := config(filepath.Join(t.TempDir(), "vault"))
	v := mustOpen(t, c)
	s := newSender(t, 2*block)
	secret := []byte("Erika Mustermann, erika@example.com")
	id := protocol.NewCaseID()
	mustTakeIn(t, v, id, secret)
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0)
	if err := in.Sync(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(c.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if !d.IsDir() {
			if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, secret[:16]) || bytes.Contains(b, []byte(peer)) {
				t.Errorf("%s says what is in it, %v", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}
