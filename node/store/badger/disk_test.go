//go:build linux

package badger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"comity.example/node/store"
	"comity.example/node/store/badger"
)

// smallDisk mounts a disk of its own for the test, where the system lets it.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk writes until there is no byte of room left.
func fillDisk(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for b := make([]byte, 4096); err == nil; {
		_, err = f.Write(b)
	}
	if errors.Is(err, unix.ENOSPC) {
		return nil
	}
	return err
}

// A greedyContext fills the disk when it is asked for the second time whether
// it has ended: an Update asks last when it has made sure of its room.
type greedyContext struct {
	context.Context
	asked int
	fill  func() error
	err   error
}

func (c *greedyContext) Err() error {
	if c.asked++; c.asked == 2 {
		c.err = c.fill()
	}
	return c.Context.Err()
}

// What an Update was let in with has its blocks on disk: another process that
// takes the rest meanwhile does not end this one with SIGBUS.
func TestValuesHaveTheirRoomBeforeTheyAreWritten(t *testing.T) {
	disk := smallDisk(t, 32)
	s := open(t, config(filepath.Join(disk, "store")))
	set(t, s, "a page of the log of writes", []byte("1"))
	value := bytes.Repeat([]byte("value"), store.MaxValue/5)
	ballast := filepath.Join(disk, "ballast")
	ctx := &greedyContext{Context: t.Context(), fill: func() error { return fillDisk(ballast) }}
	err := s.Update(ctx, func(tx store.Txn) error { return tx.Set([]byte("large"), value) })
	if err != nil || ctx.err != nil || ctx.asked < 2 {
		t.Fatalf("got %v, %v, asked %d times", err, ctx.err, ctx.asked)
	}
	err = s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("more"), nil) })
	if !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("on a full disk: got %v, want ErrNoSpace", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	set(t, s, "more", nil)
	err = s.View(t.Context(), func(r store.Reader) error {
		if v, err := r.Get([]byte("large")); err != nil || !bytes.Equal(v, value) {
			t.Errorf("the value is not there: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Values alone fill a disk of which little is kept in reserve. The store ends
// with an error, and goes on when there is room.
func TestFullDiskTakesNoValues(t *testing.T) {
	const reserve = 16 << 20
	disk := smallDisk(t, 120)
	c := badger.Config{Dir: filepath.Join(disk, "store"), Key: testKey, Reserve: reserve}
	s := open(t, c)
	n, err := 0, error(nil)
	for ; n < 200 && err == nil; n++ {
		err = s.Update(t.Context(), func(tx store.Txn) error {
			return tx.Set(fmt.Append(nil, n), make([]byte, store.MaxValue))
		})
	}
	if !errors.Is(err, store.ErrNoSpace) || n < 64 {
		t.Fatalf("after %d values: got %v, want ErrNoSpace in the second log", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=300m"); err != nil {
		t.Fatal(err)
	}
	s = open(t, c)
	set(t, s, "more", make([]byte, store.MaxValue))
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range n - 1 {
			if _, err := r.Get(fmt.Append(nil, i)); err != nil {
				t.Errorf("value %d: %v", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// unmapEnd takes the last page of a file's mapping away, so that msync over
// the whole of it fails with ENOMEM.
func unmapEnd(t *testing.T, path string) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		if !strings.HasSuffix(strings.TrimSpace(line), path) {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			t.Fatal(err)
		}
		page := uintptr(os.Getpagesize())
		if err := unix.MunmapPtr(unsafe.Add(unsafe.Pointer(nil), to-page), page); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("%s is not mapped", path)
}

var resident = regexp.MustCompile(`(?m)^Rss:\s+(\d+) kB`)

// Opening leaves old values where they are: Badger would read the newest log
// through its memory map, and cut it.
func TestOpeningMapsNoValues(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	for i := range 8 {
		set(t, s, fmt.Sprint(i), make([]byte, store.MaxValue))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, config(dir))
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := bytes.Cut(smaps, []byte(filepath.Join(dir, "000001.vlog")))
	m := resident.FindSubmatch(after)
	if !found || m == nil {
		t.Fatal("the log is not mapped")
	}
	if kib, err := strconv.Atoi(string(m[1])); err != nil || kib > 1024 {
		t.Errorf("%d KiB of old values are in memory, %v", kib, err)
	}
}

// Badger only logs that it could not sync a value log, and Commit returns nil.
func TestFailedSyncOfAValueLogBreaksTheStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	setValues(t, s, 0)
	unmapEnd(t, logsIn(t, dir)[0])
	err := s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("01"), valueOf(1)) })
	if !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
	err = s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("a"), nil) })
	if !errors.Is(err, store.ErrBroken) {
		t.Errorf("after that: got %v, want ErrBroken", err)
	}
	if err := s.Close(); err != nil {
		t.Logf("close: %v", err)
	}
}

func TestFailedSyncIsToldWhileTheStoreCloses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	setValues(t, s, 0)
	unmapEnd(t, logsIn(t, dir)[0])
	closed := make(chan error)
	err := s.Update(t.Context(), func(tx store.Txn) error {
		go func() { closed <- s.Close() }()
		for !errors.Is(s.View(t.Context(), func(store.Reader) error { return nil }), store.ErrClosed) {
			runtime.Gosched()
		}
		return tx.Set([]byte("01"), valueOf(1))
	})
	if !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
	t.Logf("close: %v", <-closed)
}
