// Package storetest is what store.Store promises, as tests. Every
// implementation runs Run. It also holds Faulty, a store whose writes fail on
// demand, for the tests of whoever builds on a store.
//
// It is trusted with nothing: only tests import it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"comity.example/node/store"
)

// An Open opens the same place each time, as a restarted node does. The store
// that it returned before is closed by then.
type Open func() (store.Store, error)

// Run tests an implementation. fresh returns an Open for a new, empty place.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	tests := []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"WhatIsSetIsFound", testSet},
		{"WhatIsDeletedIsNotFound", testDelete},
		{"ScanYieldsARangeInOrder", testScan},
		{"ScanEndsWhenYieldDoes", testScanEnds},
		{"TxnSeesItsOwnWrites", testOwnWrites},
		{"FailedUpdateWritesNothing", testFailedUpdate},
		{"IgnoredErrorOfAWriteFailsTheUpdate", testIgnoredError},
		{"ViewIsASnapshot", testSnapshot},
		{"ValueIsTheCallers", testOwnership},
		{"LimitsAreKept", testLimits},
		{"LargestTransactionIsTaken", testLargest},
		{"EndedContextWritesNothing", testContext},
		{"UpdatesAreSerialisable", testSerialisable},
		{"ClosedStoreSaysSo", testClosed},
		{"SoundStoreVerifies", testVerify},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, fresh(t))
			tt.test(t, s)
		})
	}
	t.Run("WritesSurviveReopening", func(t *testing.T) { testReopen(t, fresh(t)) })
	testFaults(t, fresh)
}

func open(t *testing.T, o Open) store.Store {
	t.Helper()
	s, err := o()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func set(t *testing.T, s store.Store, pairs ...string) {
	t.Helper()
	if err := trySet(t.Context(), s, pairs...); err != nil {
		t.Fatal(err)
	}
}

func trySet(ctx context.Context, s store.Store, pairs ...string) error {
	return s.Update(ctx, func(tx store.Txn) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Set([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// dump returns all that g selects, as "key=value" in the order of the scan.
func dump(r store.Reader, g store.Range) (string, error) {
	var out []string
	err := r.Scan(g, func(k, v []byte) (bool, error) {
		out = append(out, fmt.Sprintf("%s=%s", k, v))
		return true, nil
	})
	return strings.Join(out, " "), err
}

func contents(t *testing.T, s store.Store) string {
	t.Helper()
	var out string
	err := s.View(t.Context(), func(r store.Reader) (err error) {
		out, err = dump(r, store.Range{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantContents(t *testing.T, s store.Store, want string) {
	t.Helper()
	if got := contents(t, s); got != want {
		t.Errorf("the store holds %q, want %q", got, want)
	}
}

func testSet(t *testing.T, s store.Store) {
	set(t, s, "a", "1", "b", "")
	set(t, s, "a", "2")
	err := s.View(t.Context(), func(r store.Reader) error {
		for k, want := range map[string]string{"a": "2", "b": ""} {
			got, err := r.Get([]byte(k))
			if err != nil || string(got) != want {
				t.Errorf("Get(%s): got %q, %v, want %q", k, got, err, want)
			}
		}
		if _, err := r.Get([]byte("c")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get of no key: got %v, want ErrNotFound", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testDelete(t *testing.T, s store.Store) {
	set(t, s, "a", "1", "b", "2")
	err := s.Update(t.Context(), func(tx store.Txn) error {
		return errors.Join(tx.Delete([]byte("a")), tx.Delete([]byte("never there")))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantContents(t, s, "b=2")
}

func testScan(t *testing.T, s store.Store) {
	set(t, s, "b/2", "y", "a", "0", "b/1", "x", "b/3", "z", "b", "w", "c", "9", "b\xff", "v")
	tests := []struct {
		name string
		g    store.Range
		want string
	}{
		{"all", store.Range{}, "a=0 b=w b/1=x b/2=y b/3=z b\xff=v c=9"},
		{"prefix", store.Range{Prefix: []byte("b/")}, "b/1=x b/2=y b/3=z"},
		{"from", store.Range{Prefix: []byte("b/"), From: []byte("b/2")}, "b/2=y b/3=z"},
		{"from between", store.Range{Prefix: []byte("b/"), From: []byte("b/1\x00")}, "b/2=y b/3=z"},
		{"from before", store.Range{Prefix: []byte("b/"), From: []byte("a")}, "b/1=x b/2=y b/3=z"},
		{"from behind", store.Range{Prefix: []byte("b/"), From: []byte("c")}, ""},
		{"limit", store.Range{Prefix: []byte("b/"), Limit: 2}, "b/1=x b/2=y"},
		{"keys only", store.Range{Prefix: []byte("b/"), KeysOnly: true}, "b/1= b/2= b/3="},
		{"nothing", store.Range{Prefix: []byte("d")}, ""},
	}
	for _, tt := range tests {
		err := s.View(t.Context(), func(r store.Reader) error {
			got, err := dump(r, tt.g)
			if got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func testScanEnds(t *testing.T, s store.Store) {
	set(t, s, "a", "1", "b", "2", "c", "3")
	stop := errors.New("stop")
	for _, want := range []error{nil, stop} {
		n := 0
		err := s.View(t.Context(), func(r store.Reader) error {
			return r.Scan(store.Range{}, func(_, _ []byte) (bool, error) {
				n++
				return want != nil, want
			})
		})
		if !errors.Is(err, want) || n != 1 {
			t.Errorf("Scan called yield %d times and returned %v, want once and %v", n, err, want)
		}
	}
}

func testOwnWrites(t *testing.T, s store.Store) {
	set(t, s, "a", "1", "b", "2")
	err := s.Update(t.Context(), func(tx store.Txn) error {
		if err := errors.Join(tx.Set([]byte("c"), []byte("3")), tx.Delete([]byte("a"))); err != nil {
			return err
		}
		got, err := dump(tx, store.Range{})
		if want := "b=2 c=3"; got != want {
			t.Errorf("inside the transaction: got %q, want %q", got, want)
		}
		if _, err := tx.Get([]byte("a")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get of a deleted key: got %v, want ErrNotFound", err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testFailedUpdate(t *testing.T, s store.Store) {
	set(t, s, "a", "1")
	refused := errors.New("refused")
	err := s.Update(t.Context(), func(tx store.Txn) error {
		if err := tx.Set([]byte("a"), []byte("2")); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) || errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v, want the function's own error", err)
	}
	wantContents(t, s, "a=1")
	set(t, s, "b", "2")
	wantContents(t, s, "a=1 b=2")
}

func testIgnoredError(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Txn) error {
		_ = tx.Set([]byte("big"), make([]byte, store.MaxValue+1))
		return tx.Set([]byte("a"), []byte("1"))
	})
	if !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	wantContents(t, s, "")
}

func testSnapshot(t *testing.T, s store.Store) {
	set(t, s, "a", "1")
	err := s.View(t.Context(), func(r store.Reader) error {
		set(t, s, "a", "2", "b", "2")
		got, err := dump(r, store.Range{})
		if want := "a=1"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testOwnership(t *testing.T, s store.Store) {
	set(t, s, "a", "1")
	err := s.View(t.Context(), func(r store.Reader) error {
		v, err := r.Get([]byte("a"))
		if err != nil {
			return err
		}
		v[0] = 'x'
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantContents(t, s, "a=1")
}

func testContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx store.Txn) error {
		cancel()
		return tx.Set([]byte("a"), []byte("1"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended while it wrote: got %v, want Canceled", err)
	}
	if err := trySet(ctx, s, "a", "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: got %v, want Canceled", err)
	}
	wantContents(t, s, "")
}

func testSerialisable(t *testing.T, s store.Store) {
	const writers, each = 8, 16
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := s.Update(t.Context(), func(tx store.Txn) error {
					v, err := tx.Get([]byte("n"))
					if err != nil && !errors.Is(err, store.ErrNotFound) {
						return err
					}
					return tx.Set([]byte("n"), append(v, '.'))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantContents(t, s, "n="+strings.Repeat(".", writers*each))
}

func testClosed(t *testing.T, s store.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	nothing := func(store.Reader) error { return nil }
	for name, err := range map[string]error{
		"View":   s.View(t.Context(), nothing),
		"Update": trySet(t.Context(), s, "a", "1"),
		"Verify": s.Verify(t.Context()),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s of a closed store: got %v, want ErrClosed", name, err)
		}
	}
}

func testVerify(t *testing.T, s store.Store) {
	set(t, s, "a", "1")
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := s.Size(); err != nil || n <= 0 {
		t.Errorf("Size: got %d, %v, want a positive number", n, err)
	}
}

func testReopen(t *testing.T, o Open) {
	var want []string
	for i := range 5 {
		s := open(t, o)
		key := fmt.Sprint(i)
		set(t, s, key, strings.Repeat("x", i*i*2000))
		want = append(want, key+"="+strings.Repeat("x", i*i*2000))
		wantContents(t, s, strings.Join(want, " "))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
