package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// childVariable makes the test binary run as the victim of the kill tests, and
// kindVariable says what it commits.
const (
	childVariable = "COMITY_JOURNAL_VICTIM"
	kindVariable  = "COMITY_JOURNAL_KIND"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := victim(dir, os.Getenv(kindVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const origin = "gb.test/ledger"

func testKey() *cosign.LogKey {
	key, err := cosign.LogKeyFromSeed(make([]byte, cosign.SeedSize))
	if err != nil {
		panic(err)
	}
	return key
}

func now() time.Time { return time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC) }

func openStore(ctx context.Context, dir string) (*badger.Store, error) {
	return badger.Open(ctx, badger.Config{
		Dir: filepath.Join(dir, "store"), Key: [badger.KeySize]byte{1}, Reserve: 1,
	})
}

func config(s store.Store, dir string) journal.Config {
	return journal.Config{
		Store: s, Key: testKey(), Origin: origin,
		Anchor: filepath.Join(dir, "anchor"), Now: now,
	}
}

// A desk is a journal that runs, on a store in dir.
type desk struct {
	*journal.Journal
	store store.Store
	stop  context.CancelFunc
	ran   chan error
}

// start opens the store in dir, lets wrap put something around it, and runs a
// journal on it.
func start(ctx context.Context, dir string, wrap func(store.Store) store.Store) (*desk, error) {
	s, err := openStore(ctx, dir)
	if err != nil {
		return nil, err
	}
	d := &desk{store: s, ran: make(chan error, 1)}
	if wrap != nil {
		d.store = wrap(s)
	}
	if d.Journal, err = journal.Open(ctx, config(d.store, dir)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ctx, d.stop = context.WithCancel(ctx)
	go func() { d.ran <- d.Run(ctx) }()
	return d, nil
}

// end stops everything and returns what Run returned.
func (d *desk) end() (ran, closed error) {
	d.stop()
	ran = <-d.ran
	return ran, errors.Join(d.Journal.Close(), d.store.Close())
}

func mustStart(t *testing.T, dir string) *desk {
	t.Helper()
	d, err := start(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustEnd(t *testing.T, d *desk) {
	t.Helper()
	if ran, closed := d.end(); ran != nil || closed != nil {
		t.Fatal(ran, closed)
	}
}

// record returns a record that is about content.
func record(content string) ledger.Record {
	return ledger.Record{Kind: ledger.KindAccepted, At: now(), Act: protocol.DigestOf([]byte(content))}
}

// file returns a commit that keeps content under key, with a record.
func file(key, content string) func(*journal.Tx) error {
	return func(tx *journal.Tx) error {
		if _, err := tx.Append(record(content)); err != nil {
			return err
		}
		return tx.Set([]byte(key), []byte(content))
	}
}

func get(ctx context.Context, j *journal.Journal, key string) (string, error) {
	var out []byte
	err := j.View(ctx, func(r store.Reader) (err error) {
		out, err = r.Get([]byte(key))
		return err
	})
	return string(out), err
}
