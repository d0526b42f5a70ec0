//go:build linux

package journal_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/node/store/badger"
)

// A disk of diskMiB, of which the store leaves reserveMiB alone.
const (
	diskMiB    = 136
	reserveMiB = 96
)

// mount gives the test a small disk of its own, where the system lets it.
func mount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", diskMiB))
	if err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func openOnDisk(ctx context.Context, dir string) (*badger.Store, error) {
	return badger.Open(ctx, badger.Config{Dir: filepath.Join(dir, "store"), Reserve: reserveMiB << 20})
}

func largeContent(key string) string { return strings.Repeat(key+"\n", 8<<10) }

func TestFullDiskStopsAndLosesNothing(t *testing.T) {
	dir := mount(t)
	s, err := openOnDisk(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	answered, ran := fill(t, s, dir)
	if !errors.Is(ran, store.ErrNoSpace) {
		t.Errorf("Run: got %v, want ErrNoSpace", ran)
	}
	if len(answered) == 0 {
		t.Error("nothing was answered before the disk was full")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// With more room the node starts again where it was.
	larger := fmt.Sprintf("size=%dm", 2*diskMiB)
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, larger); err != nil {
		t.Fatal(err)
	}
	if s, err = openOnDisk(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	j, err := journal.Open(t.Context(), config(s, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := checkAll(t.Context(), j, answered, largeContent); err != nil {
		t.Error(err)
	}
}

// fill commits until the journal stops, and returns what was answered and what
// Run returned.
func fill(t *testing.T, s store.Store, dir string) (answered []string, ran error) {
	t.Helper()
	j, err := journal.Open(t.Context(), config(s, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var mu sync.Mutex
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for n := range diskMiB << 4 {
				key := fmt.Sprintf("act/%d-%d", caller, n)
				_, err := j.Commit(t.Context(), file(key, largeContent(key)))
				if err != nil {
					if !errors.Is(err, journal.ErrStopped) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				answered = append(answered, key)
				mu.Unlock()
			}
		})
	}
	ran = j.Run(t.Context())
	callers.Wait()
	return answered, ran
}
