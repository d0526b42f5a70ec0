package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

func TestCommitIsProvedToAPeer(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	key := testKey().Public()
	for i := range int64(20) {
		content := fmt.Sprint("act ", i)
		c, err := d.Commit(t.Context(), file(content, content))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Index(0); c.Records() != 1 || got != i {
			t.Fatalf("got %d records from %d, want 1 from %d", c.Records(), got, i)
		}
		p, err := c.Proof(0)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ledger.ParseProof(p.Format())
		if err != nil {
			t.Fatal(err)
		}
		e, err := parsed.Verify(origin, key)
		if err != nil {
			t.Fatal(err)
		}
		if want := protocol.DigestOf([]byte(content)); e.Record.Act != want || e.Index != i {
			t.Errorf("the proof is of %v at %d, want %v at %d", e.Record.Act, e.Index, want, i)
		}
	}
	for i := range int64(20) {
		p, err := d.Prove(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.Verify(origin, key)
		if err != nil || e.Checkpoint.Size != 20 {
			t.Errorf("proof of record %d: %v, size %d, want 20", i, err, e.Checkpoint.Size)
		}
	}
	if _, err := d.Prove(t.Context(), 20); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("proof of no record: got %v, want ErrNotFound", err)
	}
}

func TestRecordsOfOneBatchAreProved(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 8, 13, 31} {
		d := mustStart(t, t.TempDir())
		for _, count := range []int{n, 7} {
			c, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
				for i := range count {
					if _, err := tx.Append(record(fmt.Sprint(i))); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.Records() {
				p, err := c.Proof(i)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Verify(origin, testKey().Public()); err != nil {
					t.Errorf("record %d of %d: %v", i, count, err)
				}
			}
		}
		mustEnd(t, d)
	}
}

func TestConsistencyIsProvedBetweenAllSizes(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	points := []ledger.Checkpoint{}
	first := d.Head()
	points = append(points, first)
	for i := range 9 {
		if _, err := d.Commit(t.Context(), file("k", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		c := d.Head()
		points = append(points, c)
	}
	for i, old := range points {
		for _, c := range points[i:] {
			p, err := d.Consistency(t.Context(), old.Size, c.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Extends(old, p); err != nil {
				t.Errorf("size %d to %d: %v", old.Size, c.Size, err)
			}
		}
	}
	if _, err := d.Consistency(t.Context(), 3, 10); err == nil {
		t.Error("a proof to a size that the ledger does not have")
	}
}

func TestRefusedCommitIsDroppedAlone(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	refused := errors.New("refused")
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			c, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
				if err := file(fmt.Sprint(i), "x")(tx); err != nil {
					return err
				}
				if i%3 == 0 {
					return refused
				}
				return nil
			})
			if want := i%3 == 0; errors.Is(err, refused) != want || (err == nil) == want {
				t.Errorf("commit %d: got %v, want an error: %v", i, err, want)
			}
			if err == nil {
				if p, err := c.Proof(0); err != nil || p.Index != c.Index(0) {
					t.Errorf("commit %d: proof of %d: %v", i, p.Index, err)
				}
			}
		})
	}
	wg.Wait()
	if c := d.Head(); c.Size != 20 {
		t.Errorf("the ledger has %d records, want 20", c.Size)
	}
	for i := range 30 {
		_, err := get(t.Context(), d.Journal, fmt.Sprint(i))
		if want := i%3 == 0; errors.Is(err, store.ErrNotFound) != want {
			t.Errorf("key %d: %v, want it missing: %v", i, err, want)
		}
	}
	if _, err := d.Check(t.Context(), journal.Audit{}); err != nil {
		t.Error(err)
	}
}

// Whoever comes second must see the first, also when both are in one batch.
func TestCommitsSeeEachOther(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	taken := errors.New("taken")
	const callers = 50
	won := make(chan struct{}, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
				if _, err := tx.Get([]byte("id")); err == nil {
					return taken
				}
				return file("id", "mine")(tx)
			})
			if err == nil {
				won <- struct{}{}
			} else if !errors.Is(err, taken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(won); got != 1 {
		t.Errorf("%d callers made the same key, want 1", got)
	}
}

func TestKeysOfTheLedgerAreReserved(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	for _, write := range []func(*journal.Tx) error{
		func(tx *journal.Tx) error { return tx.Set([]byte("ledger/head"), nil) },
		func(tx *journal.Tx) error { return tx.Delete([]byte("ledger/leaf/12345678")) },
		func(tx *journal.Tx) error { _ = tx.Set([]byte("ledger/x"), nil); return nil },
	} {
		if _, err := d.Commit(t.Context(), write); err == nil {
			t.Error("a caller wrote a key of the ledger")
		}
	}
}

func TestCommitOverItsLimitFailsAlone(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	big := make([]byte, store.MaxValue)
	for name, write := range map[string]func(*journal.Tx) error{
		"bytes": func(tx *journal.Tx) error {
			return errors.Join(tx.Set([]byte("a"), big), tx.Set([]byte("b"), big))
		},
		"writes": func(tx *journal.Tx) error {
			for i := range journal.MaxCommitWrites + 1 {
				if err := tx.Set(fmt.Append(nil, i), nil); err != nil {
					return nil // passed over: the commit must fail all the same
				}
			}
			return nil
		},
		"value": func(tx *journal.Tx) error { return tx.Set([]byte("a"), append(big, 0)) },
	} {
		if _, err := d.Commit(t.Context(), write); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
	if _, err := d.Commit(t.Context(), file("a", string(big))); err != nil {
		t.Error(err)
	}
}

// Together these are many times what one store transaction takes.
func TestLargeCommitsAreSpreadOverBatches(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	content := strings.Repeat("x", 1<<19)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := d.Commit(t.Context(), file(fmt.Sprint(i), content)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 20 {
		if got, err := get(t.Context(), d.Journal, fmt.Sprint(i)); got != content {
			t.Errorf("value %d: got %d bytes, %v", i, len(got), err)
		}
	}
}

func TestInvalidRecordFailsTheCommit(t *testing.T) {
	d := mustStart(t, t.TempDir())
	defer d.end()
	_, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
		_, _ = tx.Append(ledger.Record{Kind: "no such kind", At: now()})
		return tx.Set([]byte("a"), nil)
	})
	if err == nil {
		t.Error("a record of an unknown kind was taken")
	}
}

func TestCommitWithoutRecordKeepsTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	d := mustStart(t, dir)
	before, signed, err := d.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commit(t.Context(), func(tx *journal.Tx) error {
		return tx.Set([]byte("a"), []byte("1"))
	}); err != nil {
		t.Fatal(err)
	}
	after, again, err := d.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if before != after || string(signed) != string(again) {
		t.Errorf("the checkpoint changed from %v to %v", before, after)
	}
	mustEnd(t, d)
	d = mustStart(t, dir)
	defer d.end()
	if got, err := get(t.Context(), d.Journal, "a"); got != "1" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRunDrainsWhatIsWaiting(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	j, err := journal.Open(t.Context(), config(s, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const callers = 30
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			_, err := j.Commit(t.Context(), func(tx *journal.Tx) error {
				stop() // the first one ends Run while the others wait
				return file(fmt.Sprint(i), "x")(tx)
			})
			errs <- err
		}()
	}
	if err := j.Run(ctx); err != nil {
		t.Error(err)
	}
	committed := int64(0)
	for range callers {
		if err := <-errs; err == nil {
			committed++
		} else if !errors.Is(err, journal.ErrStopped) {
			t.Error(err)
		}
	}
	if c := j.Head(); c.Size != committed || committed == 0 {
		t.Errorf("%d commits were answered, the ledger has %d records", committed, c.Size)
	}
}
