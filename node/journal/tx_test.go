package journal_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"comity.example/node/journal"
	"comity.example/node/store"
)

// model is what a scan should yield: a map, sorted.
func model(m map[string]string, g store.Range) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !strings.HasPrefix(k, string(g.Prefix)) || k < string(g.From) {
			continue
		}
		if g.Limit > 0 && len(out) == g.Limit {
			break
		}
		v := m[k]
		if g.KeysOnly {
			v = ""
		}
		out = append(out, k+"="+v)
	}
	return strings.Join(out, " ")
}

func scan(tx *journal.Tx, g store.Range) (string, error) {
	var out []string
	err := tx.Scan(g, func(k, v []byte) (bool, error) {
		if g.KeysOnly && v != nil {
			return false, errors.New("a value where none was wanted")
		}
		out = append(out, fmt.Sprintf("%s=%s", k, v))
		return true, nil
	})
	return strings.Join(out, " "), err
}

// The writes of a commit, of the batch and of the store must look like one
// map, in every range.
func TestScanSeesStoreAndWritesAsOne(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	kept := map[string]string{}
	for round := range uint64(60) {
		r := rand.New(rand.NewPCG(1, round))
		_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
			for range r.IntN(8) {
				key := fmt.Sprintf("k%d/%d", r.IntN(3), r.IntN(5))
				if r.IntN(3) == 0 {
					delete(kept, key)
					if err := tx.Delete([]byte(key)); err != nil {
						return err
					}
					continue
				}
				kept[key] = fmt.Sprint(round)
				if err := tx.Set([]byte(key), []byte(kept[key])); err != nil {
					return err
				}
			}
			return compareScans(tx, kept)
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func compareScans(tx *journal.Tx, kept map[string]string) error {
	for _, g := range []store.Range{
		{Prefix: []byte("k")}, {Prefix: []byte("k1/")}, {Prefix: []byte("k"), Limit: 3},
		{Prefix: []byte("k"), From: []byte("k1/2")}, {Prefix: []byte("k2/"), KeysOnly: true},
		{Prefix: []byte("k0/"), From: []byte("k0/3"), Limit: 1},
	} {
		got, err := scan(tx, g)
		if want := model(kept, g); got != want || err != nil {
			return fmt.Errorf("%q from %q: got %q, %v, want %q", g.Prefix, g.From, got, err, want)
		}
	}
	for k, want := range kept {
		if got, err := tx.Get([]byte(k)); string(got) != want || err != nil {
			return fmt.Errorf("%s: got %q, %v, want %q", k, got, err, want)
		}
	}
	return nil
}

func TestYieldMayReadAndWrite(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	for _, key := range []string{"a1", "a2"} {
		if _, err := d.Commit(t.Context(), file(key, key)); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
		return tx.Scan(store.Range{Prefix: []byte("a")}, func(k, _ []byte) (bool, error) {
			seen = append(seen, string(k))
			inner := func(b, _ []byte) (bool, error) { return true, tx.Delete(b) }
			return true, errors.Join(
				tx.Scan(store.Range{Prefix: k}, inner),
				tx.Set([]byte("a3"), nil),
			)
		})
	})
	if err != nil || fmt.Sprint(seen) != "[a1 a2]" {
		t.Errorf("saw %v, %v, want a1 and a2", seen, err)
	}
	if _, err := get(t.Context(), d.Journal, "a1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a1: got %v, want ErrNotFound", err)
	}
}

func TestScanPassesTheErrorOfYieldOn(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	stop := errors.New("stop")
	for _, key := range []string{"a1", "a2"} {
		n := 0
		_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
			if err := tx.Set([]byte(key), nil); err != nil {
				return err
			}
			return tx.Scan(store.Range{}, func(_, _ []byte) (bool, error) {
				n++
				return true, stop
			})
		})
		if !errors.Is(err, stop) || n != 1 {
			t.Errorf("got %v after %d keys, want stop after 1", err, n)
		}
	}
}
