package badger_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"comity.example/node/store"
	"comity.example/node/store/badger"
)

// filled returns a directory with a table and nothing in the logs.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, config(dir))
	for i := range 50 {
		set(t, s, fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 3000))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// crashed returns a directory with n transactions in the log, as a crash
// leaves it.
func crashed(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, config(dir))
	for i := range n {
		set(t, s, fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 3000))
	}
	image := filepath.Join(t.TempDir(), "image")
	copyStore(t, image, dir)
	return image
}

// copyStore copies a store whose writer rests. Badger's logs are sparse and
// mostly empty at their end: the copy does without that.
func copyStore(t *testing.T, to, from string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b := read(t, filepath.Join(from, e.Name()))
		if ext := filepath.Ext(e.Name()); ext == ".mem" || ext == ".vlog" {
			b = b[:min(len(b), logSize)]
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// logSize is more than any test here writes into a log that is copied.
const logSize = 256 << 10

func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in the store: %v", pattern, err)
	}
	return found[len(found)-1]
}

func change(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	if err := os.WriteFile(path, how(read(t, path)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// flip returns b with one bit flipped at at; from the end if at is negative.
func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			at += len(b)
		}
		b[at] ^= 0x10
		return b
	}
}

func wantDamaged(t *testing.T, dir string) {
	t.Helper()
	s, err := badger.Open(context.Background(), config(dir))
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	remove := func([]byte) []byte { return nil }
	short := func(b []byte) []byte { return b[:len(b)-1] }
	tests := []struct {
		name    string
		pattern string
		how     func([]byte) []byte
	}{
		{"first block of a table", "*.sst", flip(0)},
		{"last block of a table", "*.sst", flip(-3000)},
		{"index of a table", "*.sst", flip(-100)},
		{"length of the index", "*.sst", flip(-14)},
		{"checksum of the index", "*.sst", flip(-8)},
		{"length of the checksum", "*.sst", flip(-4)},
		{"end of a table is missing", "*.sst", short},
		{"a table is empty", "*.sst", remove},
		{"magic of the manifest", "MANIFEST", flip(1)},
		{"length of the empty first entry", "MANIFEST", flip(11)},
		{"length of the last entry", "MANIFEST", flip(19)},
		{"high length of the last entry", "MANIFEST", flip(16)},
		{"last entry of the manifest", "MANIFEST", flip(-1)},
		{"checksum of the last entry", "MANIFEST", flip(20)},
		{"manifest is empty", "MANIFEST", remove},
		{"a data key", "KEYREGISTRY", flip(50)},
		{"length of a data key", "KEYREGISTRY", flip(28)},
		{"end of the key registry is missing", "KEYREGISTRY", short},
		{"key registry is empty", "KEYREGISTRY", remove},
		{"header of a value log", "*.vlog", flip(7)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filled(t)
			change(t, one(t, dir, tt.pattern), tt.how)
			wantDamaged(t, dir)
		})
	}
}

func TestMissingFilesAreRefused(t *testing.T) {
	for _, pattern := range []string{"*.sst", "MANIFEST", "KEYREGISTRY"} {
		t.Run(pattern, func(t *testing.T) {
			dir := filled(t)
			if err := os.Remove(one(t, dir, pattern)); err != nil {
				t.Fatal(err)
			}
			wantDamaged(t, dir)
			if pattern != "*.sst" {
				one(t, dir, "*.sst") // Badger would have deleted it
			}
		})
	}
}

// Badger would open these without an error and without what came after.
func TestDamagedLogIsRefused(t *testing.T) {
	for name, at := range map[string]int{
		"first transaction": 1000, "fifth transaction": 14000, "header": 5, "iv": 12,
		"end of the last but one": logHeader + 8*3048 + 3019 + 10,
	} {
		t.Run(name, func(t *testing.T) {
			dir := crashed(t, 10)
			change(t, one(t, dir, "*.mem"), flip(at))
			wantDamaged(t, dir)
		})
	}
}

// Only the newest log may end in the middle of a transaction.
func TestDamagedOlderLogIsRefused(t *testing.T) {
	for name, at := range map[string]int{"iv": 12, "last transaction": 29000, "lengths": 24} {
		t.Run(name, func(t *testing.T) {
			dir := crashed(t, 10)
			older := one(t, dir, "*.mem")
			newer := filepath.Join(dir, "00009.mem")
			if err := os.WriteFile(newer, read(t, older), 0o600); err != nil {
				t.Fatal(err)
			}
			change(t, older, flip(at))
			wantDamaged(t, dir)
		})
	}
}

// A crash in the middle of a sync leaves some sectors of the last transaction,
// in any order. Nothing before it may be lost, and it happens whole or not.
func TestTornLastTransactionIsDropped(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	for i := range 5 {
		set(t, s, fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 3000))
	}
	log := one(t, dir, "*.mem")
	before := read(t, log)[:logSize]
	err := s.Update(t.Context(), func(tx store.Txn) error {
		for i := range 4 {
			if err := tx.Set(fmt.Append(nil, "last", i), bytes.Repeat([]byte{'x'}, 1500)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := read(t, log)[:logSize]
	image := filepath.Join(t.TempDir(), "image")
	copyStore(t, image, dir)
	for seed := range 12 {
		torn := filepath.Join(t.TempDir(), "torn")
		copyStore(t, torn, image)
		change(t, one(t, torn, "*.mem"), func([]byte) []byte { return tear(before, after) })
		requireTorn(t, torn, seed)
	}
}

const sector = 512

// tear returns before with each changed sector from after or not, at random.
func tear(before, after []byte) []byte {
	out := slices.Clone(before)
	for at := 0; at < len(out); at += sector {
		end := min(at+sector, len(out))
		if bytes.Equal(out[at:end], after[at:end]) {
			continue
		}
		var coin [1]byte
		rand.Read(coin[:])
		if coin[0]&1 == 1 {
			copy(out[at:end], after[at:end])
		}
	}
	return out
}

func requireTorn(t *testing.T, dir string, seed int) {
	t.Helper()
	s, err := badger.Open(t.Context(), config(dir))
	if err != nil {
		t.Errorf("tear %d: %v", seed, err)
		return
	}
	defer s.Close()
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range 5 {
			if _, err := r.Get(fmt.Append(nil, i)); err != nil {
				t.Errorf("tear %d: key %d: %v", seed, i, err)
			}
		}
		n := 0
		err := r.Scan(store.Range{Prefix: []byte("last")}, func(_, _ []byte) (bool, error) {
			n++
			return true, nil
		})
		if n != 0 && n != 4 {
			t.Errorf("tear %d: %d of 4 keys of a transaction", seed, n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTornManifestEntryIsDropped(t *testing.T) {
	dir := filled(t)
	path := filepath.Join(dir, "MANIFEST")
	whole := read(t, path)
	for _, n := range []int{1, 7, 8, 9, len(whole) - 16 - 1} {
		again := append(slices.Clone(whole), whole[16:16+n]...)
		change(t, path, func([]byte) []byte { return again })
		s := open(t, config(dir))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Badger creates and deletes a log in two steps, with an empty file between
// them on which it would not open.
func TestEmptyLogsOfACrashAreRemoved(t *testing.T) {
	dir := filled(t)
	for _, name := range []string{"00007.mem", "000017.vlog"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t, config(dir))
}

func TestVerifyFindsDamageUnderALivingStore(t *testing.T) {
	dir := filled(t)
	s := open(t, config(dir))
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(one(t, dir, "*.sst"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff}, 10); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(t.Context()); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

// Badger cannot make its next log where a directory has its name: a disk error
// at the worst moment.
func TestDiskErrorBreaksTheStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	obstacle := filepath.Join(dir, "00002.mem")
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, 3<<10) // which goes to no value log
	const batch = 256
	var answered int
	var err error
	for answered = 0; answered < 64 && err == nil; answered++ {
		err = s.Update(t.Context(), func(tx store.Txn) (err error) {
			for i := range batch {
				err = errors.Join(err, tx.Set(fmt.Append(nil, answered*batch+i), value))
			}
			return err
		})
	}
	answered--
	if !errors.Is(err, store.ErrBroken) {
		t.Fatalf("got %v, want ErrBroken", err)
	}
	again := s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("a"), nil) })
	view := s.View(t.Context(), func(r store.Reader) error { return nil })
	if !errors.Is(again, store.ErrBroken) || !errors.Is(view, store.ErrBroken) {
		t.Errorf("after that: Update %v, View %v, want ErrBroken", again, view)
	}
	if err := s.Close(); err != nil {
		t.Logf("close: %v", err)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	s = open(t, config(dir))
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range answered * batch {
			if _, err := r.Get(fmt.Append(nil, i)); err != nil {
				t.Errorf("key %d: %v", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
