//go:build linux

package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"comity.example/node/vault"
	"comity.example/protocol"
)

// diskMiB is the size of a small disk.
const diskMiB = 24

// mount gives the test a small disk of its own, where the system lets it.
func mount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", diskMiB)); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes what leaves n bytes of the disk.
func fill(t *testing.T, dir string, n int64) {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	free := int64(st.Bavail) * st.Bsize
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, max(0, free-n)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFillsUp: with a reserve the vault stops before the disk does, and without
// one, or when somebody else fills the disk, the disk says so. Nothing stays.
func TestDiskFillsUp(t *testing.T) {
	for _, reserve := range []int64{0, 8 << 20} {
		t.Run(fmt.Sprint("Reserve", reserve), func(t *testing.T) {
			dir := mount(t)
			c := config(filepath.Join(dir, "vault"))
			c.Reserve = reserve
			v := mustOpen(t, c)
			id := protocol.NewCaseID()
			kept := random(1, 4*block)
			taken := mustTakeIn(t, v, id, kept)
			before, room := len(files(t, c.Dir)), v.Room()
			for range 3 {
				_, err := v.TakeIn(t.Context(), id, bytes.NewReader(random(2, diskMiB*block)), nil)
				if !errors.Is(err, vault.ErrNoRoom) {
					t.Errorf("got %v, want ErrNoRoom", err)
				}
				if got := len(files(t, c.Dir)); got != before || v.Room() != room {
					t.Errorf("%d files, %d bytes of room; before %d, %d", got, v.Room(), before, room)
				}
			}
			requireContent(t, v, id, taken.Tree, kept)
			mustTakeIn(t, v, id, random(3, 2*block)) // what fits is taken still
			requireSound(t, v, 2)
		})
	}
}

// TestDiskFillsUpWhileReceiving: somebody else fills the disk. What is there stays,
// and receiving goes on when there is room again.
func TestDiskFillsUpWhileReceiving(t *testing.T) {
	s := newSender(t, 10*block)
	dir := mount(t)
	c := config(filepath.Join(dir, "vault"))
	v := mustOpen(t, c)
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0, 1, 2)
	fill(t, dir, 300<<10)
	b, err := s.v.Block(s.taken.Tree, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Put(3, b.Block, b.Proof); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("put: got %v, want ErrNoRoom", err)
	}
	if n, _ := in.Have(); n != 3 {
		t.Errorf("%d blocks are there, want 3", n)
	}
	remove(t, filepath.Join(dir, "ballast"))
	s.mustPut(t, in, in.Missing(-1, 100)...)
	if err := in.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireSound(t, v, 1)
	// A key can be destroyed on a disk that is full.
	s.hand(t, v)
	fill(t, dir, 0)
	if err := v.Destroy(s.id, s.taken.Tree); err != nil {
		t.Errorf("destroy: %v", err)
	}
	requireSound(t, v, 0)
}
