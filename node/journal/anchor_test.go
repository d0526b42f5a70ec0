package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/store/badger"
)

// An anchor that cannot be written must not let anyone answer, and the batch,
// which is in the store, must be there after the next Open.
func TestCommitWithoutAnchorIsNotAnswered(t *testing.T) {
	dir := t.TempDir()
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Key: key, Origin: "gb.test/ledger", Anchor: filepath.Join(dir, "anchor"), Now: time.Now,
	}
	reopen := func() *Journal {
		s, err := badger.Open(t.Context(), badger.Config{Dir: filepath.Join(dir, "store"), Reserve: 1})
		if err != nil {
			t.Fatal(err)
		}
		config.Store = s
		j, err := Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	set := func(tx *Tx) error { return tx.Set([]byte("a"), []byte("1")) }

	j := reopen()
	whole := j.anchor.file
	if j.anchor.file, err = os.Open(config.Anchor); err != nil { // for reading only
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- j.Run(t.Context()) }()
	if _, err := j.Commit(t.Context(), set); !errors.Is(err, ErrStopped) {
		t.Errorf("commit: got %v, want ErrStopped", err)
	}
	if err := <-ran; err == nil {
		t.Error("Run went on without its anchor")
	}
	if c := j.Head(); c.Size != 0 || j.newest().head.batch != 1 {
		t.Errorf("batch %d is shown, want 1", j.newest().head.batch)
	}
	if err := errors.Join(whole.Close(), j.Close(), config.Store.Close()); err != nil {
		t.Fatal(err)
	}

	j = reopen()
	if got := j.newest().head.batch; got != 2 {
		t.Errorf("after reopening: batch %d, want 2", got)
	}
	again, err := j.anchor.read(config)
	if err != nil || again.batch != 2 {
		t.Errorf("the anchor names batch %d, %v, want 2", again.batch, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := errors.Join(j.Run(ctx), j.Close(), config.Store.Close()); err != nil {
		t.Error(err)
	}
}

func TestHeadIsReadAsItWasWritten(t *testing.T) {
	key, err := cosign.GenerateLogKey()
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Key: key, Origin: "gb.test/ledger", Now: time.Now}
	tr := &tree{}
	if err := tr.close(c); err != nil {
		t.Fatal(err)
	}
	b, err := tr.head.encode(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseHead(b, c)
	if err != nil || got.batch != 1 || got.checkpoint != tr.head.checkpoint {
		t.Errorf("got %v, %v", got, err)
	}
	for i := range b {
		if _, err := parseHead(b[:i], c); !errors.Is(err, ErrDamaged) {
			t.Fatalf("the first %d bytes: got %v, want ErrDamaged", i, err)
		}
	}
	if _, err := parseHead(append(b, '\n'), c); !errors.Is(err, ErrDamaged) {
		t.Errorf("one byte more: got %v, want ErrDamaged", err)
	}
	earlier := bytes.Replace(b, []byte("head v2"), []byte("head v1"), 1)
	if _, err := parseHead(earlier, c); !errors.Is(err, ErrVersion) || errors.Is(err, ErrDamaged) {
		t.Errorf("a head of another version: got %v, want ErrVersion", err)
	}
	c.Origin = "us.test/ledger"
	if _, err := parseHead(b, c); !errors.Is(err, ErrDamaged) {
		t.Errorf("another origin: got %v, want ErrDamaged", err)
	}
}
