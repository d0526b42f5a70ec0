package badger_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"comity.example/node/store"
)

const (
	// largeValue goes to a value log; in bytes.
	largeValue = 9000
	// logHeader and entryHead are what a value log begins with, and what each
	// of its entries does here: marks, a key of 10 bytes, a value, no expiry.
	logHeader  = 20
	entryHead  = 2 + 1 + 2 + 1
	entryTotal = entryHead + len("00") + 8 + largeValue + 4
	// valuesInLog is how many values each log of withValues holds.
	valuesInLog = 5
	valueLogs   = 3
)

// valueOf is the value under a key; keys have two digits.
func valueOf(key int) []byte { return bytes.Repeat([]byte{byte(key), 'x'}, largeValue/2) }

func setValues(t *testing.T, s store.Store, keys ...int) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Txn) error {
		for _, k := range keys {
			if err := tx.Set(fmt.Appendf(nil, "%02d", k), valueOf(k)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// requireValues checks that these keys are there, and no others.
func requireValues(t *testing.T, s store.Store, keys ...int) {
	t.Helper()
	var got []int
	err := s.View(t.Context(), func(r store.Reader) error {
		return r.Scan(store.Range{}, func(k, v []byte) (bool, error) {
			var key int
			if _, err := fmt.Sscanf(string(k), "%02d", &key); err != nil || !bytes.Equal(v, valueOf(key)) {
				t.Errorf("key %q has another value", k)
			}
			got = append(got, key)
			return true, nil
		})
	})
	if err != nil || !slices.Equal(got, keys) {
		t.Errorf("got the keys %v, %v, want %v", got, err, keys)
	}
}

func upTo(n int) (keys []int) {
	for i := range n {
		keys = append(keys, i)
	}
	return keys
}

// withValues returns a directory with value logs that hold values 0 to 14, one
// a transaction, tables that point to them, and nothing in the logs of writes.
func withValues(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for log := range valueLogs {
		s := open(t, config(dir))
		for i := range valuesInLog {
			setValues(t, s, log*valuesInLog+i)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// crashedWithValues is the same as a crash leaves it: the last log is longer
// than its values, and what points to those is in a log of writes.
func crashedWithValues(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	image := filepath.Join(t.TempDir(), "image")
	for log := range valueLogs {
		s := open(t, config(dir))
		for i := range valuesInLog {
			setValues(t, s, log*valuesInLog+i)
		}
		if log == valueLogs-1 {
			copyStore(t, image, dir)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return image
}

// logsIn lists the value logs that hold values, or will.
func logsIn(t *testing.T, dir string) (paths []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if info, err := os.Stat(path); err != nil {
			t.Fatal(err)
		} else if info.Size() > logHeader {
			paths = append(paths, path)
		}
	}
	return paths
}

var valueDirs = map[string]func(*testing.T) string{"closed": withValues, "crashed": crashedWithValues}

func TestSoundValueLogsAreTaken(t *testing.T) {
	for name, make := range valueDirs {
		t.Run(name, func(t *testing.T) {
			dir := make(t)
			for range 3 {
				s := open(t, config(dir))
				requireValues(t, s, upTo(valueLogs*valuesInLog)...)
				if err := errors.Join(s.Verify(t.Context()), s.Close()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What points furthest may be the older version of a key, of which a table
// holds only the last bytes.
func TestOlderVersionPointsToItsValue(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	setValues(t, s, 0)
	set(t, s, "00", []byte("small"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config(dir))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := logsIn(t, dir)[0]
	overwrite(t, path, flip(8)(read(t, path)))
	wantDamaged(t, dir)
}

// Every byte of a value log counts: here the tree points to all that is in it.
func TestDamagedValueLogsAreRefused(t *testing.T) {
	const last = logHeader + (valuesInLog-1)*entryTotal
	places := map[string]int{
		"key of the header": 7, "high key of the header": 0, "iv of the header": 8, "end of the iv": 19,
		"marks of the first value": logHeader, "length of the first key": logHeader + 2,
		"length of the first value": logHeader + 3, "first key": logHeader + entryHead,
		"first value": logHeader + 1000, "first checksum": logHeader + entryTotal - 1,
		"second value": logHeader + entryTotal + 1000, "length of the third": logHeader + 2*entryTotal + 4,
		"last but one value": last - 1000, "marks of the last value": last, "length of the last": last + 4,
		"last value": last + 4000, "end of the last value": last + entryTotal - 5,
		"last checksum": last + entryTotal - 1,
	}
	for kind, make := range valueDirs {
		dir := make(t)
		for log, path := range logsIn(t, dir) {
			whole := read(t, path)
			for name, at := range places {
				t.Run(fmt.Sprintf("%s/%d/%s", kind, log, name), func(t *testing.T) {
					overwrite(t, path, flip(at)(slices.Clone(whole)))
					wantDamaged(t, dir)
				})
			}
			overwrite(t, path, whole)
		}
		requireValues(t, open(t, config(dir)), upTo(valueLogs*valuesInLog)...)
	}
}

func TestIncompleteValueLogsAreRefused(t *testing.T) {
	const end = logHeader + valuesInLog*entryTotal
	zero := func(from, to int) func([]byte) []byte {
		return func(b []byte) []byte { clear(b[from:to]); return b }
	}
	ways := map[string]func([]byte) []byte{
		"last byte is missing":     func(b []byte) []byte { return b[:end-1] },
		"last value is missing":    func(b []byte) []byte { return b[:end-entryTotal] },
		"all values are missing":   func(b []byte) []byte { return b[:logHeader] },
		"part of the header":       func(b []byte) []byte { return b[:logHeader-1] },
		"empty":                    func([]byte) []byte { return nil },
		"only zeros":               zero(0, end),
		"header is zero":           zero(0, logHeader),
		"values are zero":          zero(logHeader, end),
		"last value is zero":       zero(end-entryTotal, end),
		"a page is zero":           zero(8192, 12288),
		"noise behind the values":  func(b []byte) []byte { return append(b[:end], "noise"...) },
		"other value, same length": func(b []byte) []byte { copy(b[end-entryTotal:], b[end-2*entryTotal:end-entryTotal]); return b },
	}
	for kind, make := range valueDirs {
		dir := make(t)
		for log, path := range logsIn(t, dir) {
			whole := read(t, path)
			for name, how := range ways {
				if log == valueLogs-1 && name == "noise behind the values" {
					continue // a crash may leave it
				}
				t.Run(fmt.Sprintf("%s/%d/%s", kind, log, name), func(t *testing.T) {
					overwrite(t, path, how(slices.Clone(whole)))
					wantDamaged(t, dir)
				})
			}
			t.Run(fmt.Sprintf("%s/%d/missing", kind, log), func(t *testing.T) {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				wantDamaged(t, dir)
			})
			overwrite(t, path, whole)
		}
		requireValues(t, open(t, config(dir)), upTo(valueLogs*valuesInLog)...)
	}
}

func TestExchangedValueLogsAreRefused(t *testing.T) {
	dir := withValues(t)
	logs := logsIn(t, dir)
	a, b := logs[0], logs[1]
	first, second := read(t, a), read(t, b)
	overwrite(t, a, second)
	overwrite(t, b, first)
	wantDamaged(t, dir)
}

// A log to which nothing points is none of the store's business, as long as it
// is whole; but bytes that changed in it say that the disk does not keep them.
func TestValueLogToWhichNothingPoints(t *testing.T) {
	dir := withValues(t)
	whole := read(t, logsIn(t, dir)[valueLogs-1])
	extra := filepath.Join(dir, "000009.vlog")
	middle := logHeader + entryTotal + 1000
	for name, b := range map[string][]byte{
		"flip in the middle":       flip(middle)(slices.Clone(whole)),
		"flip in the last but one": flip(len(whole) - entryTotal - 1000)(slices.Clone(whole)),
		"without a header":         append(make([]byte, logHeader), whole[logHeader:]...),
		"cut in the header":        whole[:10],
	} {
		t.Run(name, func(t *testing.T) {
			overwrite(t, extra, b)
			wantDamaged(t, dir)
		})
	}
	t.Run("strange name", func(t *testing.T) {
		strange := filepath.Join(dir, "7.vlog")
		overwrite(t, extra, whole)
		if err := os.Rename(extra, strange); err != nil {
			t.Fatal(err)
		}
		wantDamaged(t, dir)
		if err := os.Remove(strange); err != nil {
			t.Fatal(err)
		}
	})
	overwrite(t, extra, whole)
	requireValues(t, open(t, config(dir)), upTo(valueLogs*valuesInLog)...)
}

func overwrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsDamagedValuesUnderALivingStore(t *testing.T) {
	dir := withValues(t)
	s := open(t, config(dir))
	setValues(t, s, 15)
	for log, path := range logsIn(t, dir) {
		whole := read(t, path)[:logHeader+entryTotal]
		if err := s.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		poke(t, path, flip(1000)(slices.Clone(whole)))
		if err := s.Verify(t.Context()); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("log %d: got %v, want ErrDamaged", log, err)
		}
		poke(t, path, whole)
	}
}

// poke changes the beginning of a log under a living store.
func poke(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
}

// Badger yields nothing, and no error, for a value that it cannot read.
func TestDamagedValueIsNotRead(t *testing.T) {
	reads := map[string]func(store.Reader) error{
		"Get": func(r store.Reader) error {
			_, err := r.Get([]byte("00"))
			return err
		},
		"Scan": func(r store.Reader) error {
			return r.Scan(store.Range{}, func(_, v []byte) (bool, error) { return true, nil })
		},
	}
	for name, readAll := range reads {
		t.Run(name, func(t *testing.T) {
			dir := withValues(t)
			s := open(t, config(dir))
			path := filepath.Join(dir, "000001.vlog")
			poke(t, path, flip(1000)(read(t, path)))
			if err := s.View(t.Context(), readAll); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		})
	}
}

// What Badger counts for a collection that is not run is not worth a damage,
// nor a panic.
func TestBrokenCountOfDiscardedValuesIsForgotten(t *testing.T) {
	dir := withValues(t)
	path := filepath.Join(dir, "DISCARD")
	overwrite(t, path, []byte("short"))
	open(t, config(dir))
	if b := read(t, path); bytes.HasPrefix(b, []byte("short")) {
		t.Errorf("it is still %d bytes of noise", len(b))
	}
}

// Badger cannot begin its next value log where a directory has its name.
func TestValueLogThatCannotBeMadeBreaksTheStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	obstacle := filepath.Join(dir, "000002.vlog")
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, store.MaxValue)
	rand.Read(value)
	answered, err := 0, error(nil)
	for ; answered < 100 && err == nil; answered++ {
		err = s.Update(t.Context(), func(tx store.Txn) error {
			return tx.Set(fmt.Append(nil, answered), value)
		})
	}
	answered--
	if !errors.Is(err, store.ErrBroken) {
		t.Fatalf("after %d values: got %v, want ErrBroken", answered, err)
	}
	if err := s.Close(); err != nil {
		t.Logf("close: %v", err)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	s = open(t, config(dir))
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range answered {
			if v, err := r.Get(fmt.Append(nil, i)); err != nil || !bytes.Equal(v, value) {
				t.Errorf("key %d: %v", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
