package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"comity.example/node/store"
)

// script is what testFaults writes: each line one Update, and what the store
// holds after it.
var script = []struct {
	write func(store.Txn) error
	after string
}{
	{func(tx store.Txn) error { return tx.Set([]byte("a"), []byte("1")) }, "a=1"},
	{func(tx store.Txn) error {
		return errors.Join(tx.Set([]byte("a"), []byte("2")), tx.Set([]byte("b"), []byte("2")))
	}, "a=2 b=2"},
	{func(tx store.Txn) error { return tx.Delete([]byte("a")) }, "b=2"},
	{func(tx store.Txn) error {
		return errors.Join(tx.Delete([]byte("b")), tx.Set([]byte("c"), bytes.Repeat([]byte("z"), 9)))
	}, "c=zzzzzzzzz"},
	{func(tx store.Txn) error {
		return errors.Join(tx.Set([]byte("c"), large), tx.Set([]byte("d"), large))
	}, "c=" + string(large) + " d=" + string(large)},
	{func(tx store.Txn) error {
		return errors.Join(tx.Set([]byte("c"), []byte("small")), tx.Delete([]byte("d")))
	}, "c=small"},
}

// large is a value that stores may keep apart from small ones.
var large = bytes.Repeat([]byte("large"), 10<<10)

// testFaults fails each write of script, lost and persisted, goes on and
// reopens.
func testFaults(t *testing.T, fresh func(*testing.T) Open) {
	for n := range script {
		for _, how := range []Fault{Lost, Persisted} {
			t.Run(fmt.Sprintf("Write%dIs%s", n, how), func(t *testing.T) {
				testFault(t, fresh(t), n, how)
			})
		}
	}
}

func testFault(t *testing.T, o Open, n int, how Fault) {
	states := []string{""}
	for _, line := range script {
		states = append(states, line.after)
	}
	want := states[n+int(how)]
	f := NewFaulty(open(t, o), n, how)
	for i, line := range script {
		err := f.Update(t.Context(), line.write)
		if broken := i >= n; errors.Is(err, store.ErrBroken) != broken {
			t.Fatalf("write %d: got %v, want ErrBroken: %v", i, err, broken)
		}
	}
	wantContents(t, f, want)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	wantContents(t, s, want)
	for i := n + int(how); i < len(script); i++ {
		if err := s.Update(t.Context(), script[i].write); err != nil {
			t.Fatal(err)
		}
	}
	wantContents(t, s, states[len(script)])
}
