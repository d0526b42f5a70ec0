package badger_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// A tornCase is a store in the middle of an Update of three values: before and
// after it, as its files are.
type tornCase struct {
	image                  string // before
	values, writes         string // names of the newest logs
	valuesBefore, valuesAt []byte
	writesBefore, writesAt []byte
}

const tornKeys = 5 // that were there before

func newTornCase(t *testing.T) tornCase {
	t.Helper()
	dir := t.TempDir()
	s := open(t, config(dir))
	setValues(t, s, 0, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config(dir))
	for i := 2; i < tornKeys; i++ {
		setValues(t, s, i)
	}
	c := tornCase{image: filepath.Join(t.TempDir(), "image")}
	copyStore(t, c.image, dir)
	c.values, c.writes = filepath.Base(one(t, dir, "*.vlog")), filepath.Base(one(t, dir, "*.mem"))
	snap := func(name string) []byte { return read(t, filepath.Join(dir, name))[:logSize] }
	c.valuesBefore, c.writesBefore = snap(c.values), snap(c.writes)
	setValues(t, s, 97, 98, 99)
	c.valuesAt, c.writesAt = snap(c.values), snap(c.writes)
	return c
}

// make makes a store of these logs.
func (c tornCase) make(t *testing.T, values, writes []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "torn")
	copyStore(t, dir, c.image)
	overwrite(t, filepath.Join(dir, c.values), values)
	overwrite(t, filepath.Join(dir, c.writes), writes)
	return dir
}

// A crash while values are synced leaves some of their sectors, in any order,
// and a tree that does not know them. The store opens, goes on, and opens
// again, also if the next crash comes just when Badger has made another log.
func TestTornValuesAreDropped(t *testing.T) {
	c := newTornCase(t)
	for seed := range 6 {
		values := tear(c.valuesBefore, c.valuesAt)
		if seed == 0 {
			values = c.valuesAt // synced, and that is all
		}
		dir := c.make(t, values, c.writesBefore)
		if seed > 1 {
			next := append(values[:logHeader:logHeader], make([]byte, 9999)...)
			if seed%2 == 0 {
				next = nil
			}
			overwrite(t, filepath.Join(dir, "000007.vlog"), next)
		}
		want := upTo(tornKeys)
		for i := range 2 {
			s := open(t, config(dir))
			requireValues(t, s, want...)
			setValues(t, s, 50+i)
			want = append(want, 50+i)
			requireValues(t, s, want...)
			if err := errors.Join(s.Verify(t.Context()), s.Close()); err != nil {
				t.Fatalf("tear %d: %v", seed, err)
			}
		}
	}
}

// What the tree knows was synced before: if it is torn, it is damage.
func TestTornValuesThatAreKnownAreRefused(t *testing.T) {
	c := newTornCase(t)
	for seed := range 12 {
		values := tear(c.valuesBefore, c.valuesAt)
		if seed == 0 {
			values = c.valuesBefore
		}
		if bytes.Equal(values, c.valuesAt) {
			continue
		}
		wantDamaged(t, c.make(t, values, c.writesAt))
	}
	requireValues(t, open(t, config(c.make(t, c.valuesAt, c.writesAt))), append(upTo(tornKeys), 97, 98, 99)...)
}

// The tree may be torn itself: then its last transaction does not count.
func TestTornPointersAreDropped(t *testing.T) {
	c := newTornCase(t)
	for range 6 {
		writes := tear(c.writesBefore, c.writesAt)
		if bytes.Equal(writes, c.writesAt) {
			continue
		}
		requireValues(t, open(t, config(c.make(t, c.valuesAt, writes))), upTo(tornKeys)...)
	}
}

// Nothing points to these values, but what is readable behind the damage
// belongs to two transactions: a crash tears only one.
func TestUnreadableValueBeforeTwoTransactionsIsRefused(t *testing.T) {
	c := newTornCase(t)
	forgotten := append(c.writesBefore[:logHeader:logHeader], make([]byte, logSize)...)
	wantDamaged(t, c.make(t, flip(logHeader+1000)(slices.Clone(c.valuesBefore)), forgotten))
	requireValues(t, open(t, config(c.make(t, c.valuesBefore, forgotten))), 0, 1)
}
