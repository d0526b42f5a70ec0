package journal_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/node/store/storetest"
)

// The first store write of a new journal is its empty batch; the n-th after
// that is the n-th commit of one caller.
const faultCommits = 5

func TestEachWriteLostOrPersisted(t *testing.T) {
	for n := range faultCommits + 1 {
		for _, how := range []storetest.Fault{storetest.Lost, storetest.Persisted} {
			t.Run(fmt.Sprintf("Write%dIs%s", n, how), func(t *testing.T) {
				testFault(t, n, how)
			})
		}
	}
}

func testFault(t *testing.T, n int, how storetest.Fault) {
	dir := t.TempDir()
	answered, inDoubt := goOn(t, dir, n, how)

	d := mustStart(t, dir)
	requireAll(t, d.Journal, answered)
	for _, key := range inDoubt {
		_, err := get(t.Context(), d.Journal, key)
		if lost := errors.Is(err, store.ErrNotFound); lost != (how == storetest.Lost) {
			t.Errorf("%s: %v, want it %v", key, err, how)
		}
		if how == storetest.Persisted {
			requireAll(t, d.Journal, inDoubt)
		}
	}
	// The journal goes on from there.
	if _, err := d.Commit(t.Context(), file("later", contentOf("later"))); err != nil {
		t.Error(err)
	}
	requireAll(t, d.Journal, append(answered, "later"))
	mustEnd(t, d)
	d = mustStart(t, dir)
	requireAll(t, d.Journal, append(answered, "later"))
	mustEnd(t, d)
}

// goOn commits past the n-th write of the store, which fails. It returns what
// was answered, and what was refused with the effect unknown.
func goOn(t *testing.T, dir string, n int, how storetest.Fault) (answered, inDoubt []string) {
	t.Helper()
	d, err := start(t.Context(), dir, func(s store.Store) store.Store {
		return storetest.NewFaulty(s, n, how)
	})
	if n == 0 {
		if !errors.Is(err, store.ErrBroken) {
			t.Fatalf("Open: got %v, want ErrBroken", err)
		}
		return nil, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= faultCommits; i++ {
		key := fmt.Sprint("act/", i)
		_, err := d.Commit(t.Context(), file(key, contentOf(key)))
		switch {
		case err == nil:
			answered = append(answered, key)
		case !errors.Is(err, journal.ErrStopped) || !errors.Is(err, store.ErrBroken):
			t.Errorf("commit %d: got %v, want ErrStopped and why", i, err)
		case i == n:
			inDoubt = append(inDoubt, key)
		}
	}
	if len(answered) != n-1 {
		t.Errorf("%d commits were answered, want %d", len(answered), n-1)
	}
	if ran, _ := d.end(); !errors.Is(ran, store.ErrBroken) {
		t.Errorf("Run: got %v, want ErrBroken", ran)
	}
	return answered, inDoubt
}

// committed returns a directory in which n commits were made and the store closed.
func committed(t *testing.T, n int) (dir string, keys []string) {
	t.Helper()
	dir = t.TempDir()
	d := mustStart(t, dir)
	for i := range n {
		keys = append(keys, fmt.Sprint("act/", i))
		if _, err := d.Commit(t.Context(), file(keys[i], contentOf(keys[i]))); err != nil {
			t.Fatal(err)
		}
	}
	mustEnd(t, d)
	return dir, keys
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStoreBehindItsAnchorDoesNotStart(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, dir string){
		"an old copy": func(t *testing.T, dir string) {
			old, _ := committed(t, 3)
			rename(t, filepath.Join(old, "store"), filepath.Join(dir, "store"))
		},
		"a new store": func(t *testing.T, dir string) {
			rename(t, t.TempDir(), filepath.Join(dir, "store"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := committed(t, 5)
			lose(t, dir)
			_, err := start(t.Context(), dir, nil)
			var behind *journal.BehindError
			if !errors.As(err, &behind) {
				t.Fatalf("got %v, want a BehindError", err)
			}
			if behind.WantSize != 5 || behind.HaveSize >= 5 || behind.HaveBatch >= behind.WantBatch {
				t.Errorf("got %+v, want 5 records", *behind)
			}
			// It must not pass the second time either.
			if _, err := start(t.Context(), dir, nil); !errors.As(err, &behind) {
				t.Errorf("second start: got %v, want a BehindError", err)
			}
		})
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestCommitWithoutRecordIsMissedToo(t *testing.T) {
	dir, _ := committed(t, 2)
	old := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(old, os.DirFS(filepath.Join(dir, "store"))); err != nil {
		t.Fatal(err)
	}
	d := mustStart(t, dir)
	_, err := d.Commit(t.Context(), func(tx *journal.Tx) error { return tx.Set([]byte("a"), nil) })
	if err != nil {
		t.Fatal(err)
	}
	mustEnd(t, d)
	rename(t, old, filepath.Join(dir, "store"))
	var behind *journal.BehindError
	if _, err := start(t.Context(), dir, nil); !errors.As(err, &behind) {
		t.Errorf("got %v, want a BehindError", err)
	}
}

func TestMissingAnchorSaysWhatToDo(t *testing.T) {
	dir, _ := committed(t, 2)
	if err := os.Remove(filepath.Join(dir, "anchor")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := start(t.Context(), dir, nil); !errors.Is(err, journal.ErrAnchorMissing) {
			t.Errorf("got %v, want ErrAnchorMissing", err)
		}
	}
}

func TestOldAnchorIsRefused(t *testing.T) {
	dir, _ := committed(t, 2)
	anchor := filepath.Join(dir, "anchor")
	old := filepath.Join(t.TempDir(), "anchor")
	copyFile(t, anchor, old)
	d := mustStart(t, dir)
	for i := range 3 {
		if _, err := d.Commit(t.Context(), file("k", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	mustEnd(t, d)
	copyFile(t, old, anchor)
	if _, err := start(t.Context(), dir, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestAnchorOfAnotherLedgerIsRefused(t *testing.T) {
	dir, _ := committed(t, 2)
	other := t.TempDir()
	d := mustStart(t, other)
	for i := range 2 {
		if _, err := d.Commit(t.Context(), file("other", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	mustEnd(t, d)
	copyFile(t, filepath.Join(other, "anchor"), filepath.Join(dir, "anchor"))
	if _, err := start(t.Context(), dir, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

// A crash in the middle of a write leaves some of the new bytes in a slot. The
// other slot must carry the start, and nothing may be lost.
func TestTornAnchorIsRepaired(t *testing.T) {
	dir, keys := committed(t, 4) // batches 1 to 5; the newest is in slot 1
	anchor := filepath.Join(dir, "anchor")
	whole, err := os.ReadFile(anchor)
	if err != nil {
		t.Fatal(err)
	}
	const slot = 8 << 10
	const magic, length, sum = 16, 4, 32
	used := magic + length + int(binary.BigEndian.Uint32(whole[slot+magic:])) + sum
	for _, torn := range []int{0, 1, 100, used - sum, used - 1, slot - 1} {
		b := append([]byte{}, whole...)
		for i := slot + torn; i < 2*slot; i++ {
			b[i] ^= 0x55
		}
		if err := os.WriteFile(anchor, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d := mustStart(t, dir)
		requireAll(t, d.Journal, keys)
		mustEnd(t, d)
		again, err := os.ReadFile(anchor)
		if err != nil {
			t.Fatal(err)
		}
		if string(again[slot:slot+used]) != string(whole[slot:slot+used]) {
			t.Errorf("torn at %d: the slot was not written again", torn)
		}
	}
}

func TestBothSlotsDamagedAreRefused(t *testing.T) {
	dir, _ := committed(t, 4)
	anchor := filepath.Join(dir, "anchor")
	b, err := os.ReadFile(anchor)
	if err != nil {
		t.Fatal(err)
	}
	b[100] ^= 1
	b[8<<10+100] ^= 1
	if err := os.WriteFile(anchor, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := start(t.Context(), dir, nil); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestStoreWithoutItsHeadIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("a"), nil) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(t.Context(), config(s, dir)); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}
