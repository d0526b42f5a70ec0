package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"comity.example/node/store"
)

func testLimits(t *testing.T, s store.Store) {
	key := func(n int) string { return strings.Repeat("k", n) }
	value := strings.Repeat("v", store.MaxValue)
	set(t, s, key(store.MaxKey), value)
	err := s.View(t.Context(), func(r store.Reader) error {
		v, err := r.Get([]byte(key(store.MaxKey)))
		if string(v) != value {
			t.Errorf("got a value of %d bytes, want the %d that were set", len(v), len(value))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a key":         trySet(t.Context(), s, key(store.MaxKey+1), ""),
		"a value":       trySet(t.Context(), s, "a", value+"v"),
		"a transaction": trySet(t.Context(), s, "a", value, "b", value, "c", value),
	} {
		if !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s over the limit: got %v, want ErrTooLarge", name, err)
		}
	}
	if err := trySet(t.Context(), s, "", "1"); err == nil {
		t.Error("the empty key was taken")
	}
	set(t, s, "a", "1")
}

func testLargest(t *testing.T, s store.Store) {
	size := store.MaxTxnBytes/store.MaxTxnWrites - len("00000")
	err := s.Update(t.Context(), func(tx store.Txn) error {
		for i := range store.MaxTxnWrites {
			if err := tx.Set(fmt.Appendf(nil, "%05d", i), make([]byte, size)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	many := func(tx store.Txn) (err error) {
		for i := range store.MaxTxnWrites + 1 {
			err = errors.Join(err, tx.Delete(fmt.Appendf(nil, "%05d", i)))
		}
		return err
	}
	if err := s.Update(t.Context(), many); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("too many writes: got %v, want ErrTooLarge", err)
	}
}
