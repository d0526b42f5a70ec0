package journal

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/store/badger"
)

// urgentJournal returns a journal that nobody runs yet.
func urgentJournal(t *testing.T) *Journal {
	t.Helper()
	dir := t.TempDir()
	s, err := badger.Open(t.Context(), badger.Config{Dir: filepath.Join(dir, "store"), Reserve: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), Config{Store: s, Key: key, Origin: "gb.test/ledger",
		Anchor: filepath.Join(dir, "anchor"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// Behind many commits that wait, what is urgent runs first, and its batch takes
// a few of them and no more; all the others are committed after it.
func TestUrgentGoesFirst(t *testing.T) {
	const waiting, urgent = 100, 3
	j := urgentJournal(t)
	var order []string // written by the committer alone
	var wg sync.WaitGroup
	batches := make(chan int64, waiting) // of the ordinary ones
	for range waiting {
		wg.Go(func() {
			c, err := j.Commit(t.Context(), func(tx *Tx) error {
				order = append(order, "ordinary")
				return tx.Set([]byte("ordinary"), nil)
			})
			if err != nil {
				t.Error(err)
				return
			}
			batches <- c.batch.head.batch
		})
	}
	var first []int64
	var mu sync.Mutex
	for range urgent {
		wg.Go(func() {
			c, err := j.Urgent(t.Context(), func(tx *Tx) error {
				order = append(order, "urgent")
				return tx.Set([]byte("urgent"), nil)
			})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			first = append(first, c.batch.head.batch)
		})
	}
	for len(j.queue) < waiting || len(j.urgent) < urgent {
		time.Sleep(time.Millisecond)
	}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(run) }()
	wg.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(order) != waiting+urgent {
		t.Fatalf("%d commits ran, want %d", len(order), waiting+urgent)
	}
	if slices.Contains(order[:urgent], "ordinary") {
		t.Errorf("ordinary commits ran before the last urgent one: %v", order[:urgent])
	}
	if slices.Max(first) != slices.Min(first) {
		t.Errorf("the urgent commits are in batches %v, want one", first)
	}
	close(batches)
	with := 0
	for b := range batches {
		if b == first[0] {
			with++
		}
	}
	if with > urgentShare {
		t.Errorf("%d ordinary commits share the batch of the urgent ones, want at most %d", with, urgentShare)
	}
	if with == 0 {
		t.Error("no ordinary commit went along: they stand still as long as something is urgent")
	}
}

// What becomes urgent while a batch is being made joins it.
func TestUrgentJoinsTheBatchThatIsMade(t *testing.T) {
	j := urgentJournal(t)
	var order []int
	var wg sync.WaitGroup
	var joined, last Committed
	var failed [2]error
	var mu sync.Mutex // order is written by the committer and read by who waits
	first := func() int { mu.Lock(); defer mu.Unlock(); return order[0] }
	note := func(i int) int { mu.Lock(); defer mu.Unlock(); order = append(order, i); return len(order) }
	for i := range 40 {
		wg.Go(func() {
			c, err := j.Commit(t.Context(), func(tx *Tx) error {
				if note(i) == 2 { // amid the batch
					wg.Go(func() {
						joined, failed[0] = j.Urgent(t.Context(), func(tx *Tx) error {
							note(-1)
							return tx.Set([]byte("urgent"), nil)
						})
					})
					for len(j.urgent) == 0 {
						time.Sleep(time.Millisecond)
					}
				}
				return tx.Set([]byte{byte(i)}, nil)
			})
			if err != nil {
				t.Error(err)
			} else if i == first() {
				last = c
			}
		})
	}
	for len(j.queue) < 40 {
		time.Sleep(time.Millisecond)
	}
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(run) }()
	wg.Wait()
	stop()
	if err := <-ended; err != nil || failed[0] != nil {
		t.Fatal(err, failed)
	}
	if got := slices.Index(order, -1); got != 2 {
		t.Errorf("it ran as number %d, want 3", got+1)
	}
	if joined.batch != last.batch {
		t.Error("it went into a batch of its own")
	}
}

// A caller that has left while its urgent commit waited was told that it did not run.
func TestUrgentIsTakenBack(t *testing.T) {
	j := urgentJournal(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	ran := false
	go func() {
		_, err := j.Urgent(ctx, func(*Tx) error { ran = true; return nil })
		errs <- err
	}()
	for len(j.urgent) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-errs; err == nil {
		t.Error("got nil, want the context's error")
	}
	run, stop := context.WithCancel(t.Context())
	stop()
	if err := j.Run(run); err != nil || ran {
		t.Errorf("ran: %v, %v", ran, err)
	}
}
