package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

// A slowStore lets readers see a batch some time before the journal goes on to
// its anchor.
type slowStore struct {
	store.Store
	written chan struct{} // gets a value after each update
	onward  chan struct{}
}

func (s *slowStore) Update(ctx context.Context, f func(store.Txn) error) error {
	err := s.Store.Update(ctx, f)
	s.written <- struct{}{}
	<-s.onward
	return err
}

// TestProvesWhatAReaderSawFirst: a record that the store shows already is proved
// as soon as its batch is durable; it is not said to be missing.
func TestProvesWhatAReaderSawFirst(t *testing.T) {
	slow := &slowStore{written: make(chan struct{}, 8), onward: make(chan struct{}, 8)}
	slow.onward <- struct{}{} // the first batch of a new store
	d, err := start(t.Context(), t.TempDir(), func(s store.Store) store.Store {
		slow.Store = s
		return slow
	})
	if err != nil {
		t.Fatal(err)
	}
	<-slow.written
	index := make(chan int64, 1)
	done := make(chan error, 2)
	go func() {
		_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
			i, err := tx.Append(ledger.Record{Kind: ledger.KindNote, At: now()})
			index <- i
			return err
		})
		done <- err
	}()
	at := <-index
	<-slow.written // the store shows it, and no checkpoint has it
	go func() {
		_, err := d.Prove(t.Context(), at)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("proved before it was durable: %v", err)
	case <-time.After(50 * time.Millisecond): // a proof that does not wait is there by now
	}
	slow.onward <- struct{}{}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Prove(t.Context(), at+1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of a record that is not there: got %v, want %v", err, store.ErrNotFound)
	}
	mustEnd(t, d)
}
