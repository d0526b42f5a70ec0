package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"comity.example/node/journal"
	"comity.example/protocol/ledger"
)

// TestCheckpointsNeverGoBackInTime: a larger tree that is signed more than some
// seconds earlier is to peers a history that was rewritten, so that a clock that
// is put back, even while the node is down, must not show in the checkpoints.
func TestCheckpointsNeverGoBackInTime(t *testing.T) {
	dir, clock := t.TempDir(), now()
	var newest time.Time
	for _, set := range []time.Duration{0, -time.Hour, 2 * time.Hour, -time.Hour, 0} {
		clock = clock.Add(set)
		for _, step := range []time.Duration{0, -time.Minute} {
			clock = clock.Add(step)
			at, err := signedAt(t.Context(), dir, func() time.Time { return clock })
			if err != nil {
				t.Fatal(err)
			}
			if at.Before(newest) {
				t.Errorf("the clock says %v: signed at %v, and a smaller tree at %v", clock, at, newest)
			}
			newest = at
		}
	}
	if want := now().Add(58 * time.Minute); newest != want {
		t.Errorf("the newest is signed at %v, want %v, the latest that the clock has said", newest, want)
	}
}

// signedAt opens the journal in dir, adds to it, and returns when the checkpoint
// says that it was signed.
func signedAt(ctx context.Context, dir string, clock func() time.Time) (at time.Time, err error) {
	s, err := openStore(ctx, dir)
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c := config(s, dir)
	c.Now = clock
	j, err := journal.Open(ctx, c)
	if err != nil {
		return at, err
	}
	running, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- j.Run(running) }()
	size := j.Head().Size
	_, err = j.Commit(ctx, file(fmt.Sprintf("key %d", size), "content"))
	head, signed, err2 := j.Checkpoint()
	if err2 == nil {
		_, at, err2 = ledger.OpenCheckpoint(origin, testKey().Public(), signed)
	}
	stop()
	if err = errors.Join(err, err2, <-ran, j.Close()); err == nil && head.Size != size+1 {
		err = fmt.Errorf("size %d after %d", head.Size, size)
	}
	return at, err
}
