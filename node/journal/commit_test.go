package journal

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/store/badger"
)

// A commit whose caller has left while it was waiting must never run: the
// caller was told that it did not.
func TestEndedContextTakesTheCommitBack(t *testing.T) {
	dir := t.TempDir()
	s, err := badger.Open(t.Context(), badger.Config{Dir: filepath.Join(dir, "store"), Reserve: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), Config{
		Store: s, Key: key, Origin: "gb.test/ledger", Anchor: filepath.Join(dir, "anchor"),
		Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()

	// Nobody runs the journal yet: the commit can only wait.
	ctx, cancel := context.WithCancel(t.Context())
	ran := false
	errs := make(chan error)
	go func() {
		_, err := j.Commit(ctx, func(*Tx) error { ran = true; return nil })
		errs <- err
	}()
	for len(j.queue) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	run, stop := context.WithCancel(t.Context())
	stop()
	if err := j.Run(run); err != nil {
		t.Error(err)
	}
	if ran {
		t.Error("the commit ran after its caller had left")
	}
	nothing := func(*Tx) error { return nil }
	if _, err := j.Commit(t.Context(), nothing); !errors.Is(err, ErrStopped) {
		t.Errorf("commit after the end: got %v, want ErrStopped", err)
	}
}
