package badger_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/node/store/storetest"
)

var testKey = [badger.KeySize]byte{1, 2, 3}

func config(dir string) badger.Config {
	return badger.Config{Dir: dir, Key: testKey, Reserve: 1}
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		dir := t.TempDir()
		return func() (store.Store, error) { return badger.Open(context.Background(), config(dir)) }
	})
}

func open(t *testing.T, c badger.Config) *badger.Store {
	t.Helper()
	s, err := badger.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func set(t *testing.T, s store.Store, key string, value []byte) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte(key), value) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestDirectoryHasOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	if _, err := badger.Open(t.Context(), config(dir)); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second Open: got %v, want ErrInUse", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, config(dir))
}

func TestWrongKeyIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, config(dir))
	set(t, s, "a", []byte("1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := config(dir)
	c.Key[0] ^= 1
	if _, err := badger.Open(t.Context(), c); !errors.Is(err, store.ErrWrongKey) {
		t.Errorf("got %v, want ErrWrongKey", err)
	}
}

func TestNearlyFullDiskRefusesWrites(t *testing.T) {
	c := config(t.TempDir())
	c.Reserve = 1 << 60
	s := open(t, c)
	err := s.Update(t.Context(), func(tx store.Txn) error { return tx.Set([]byte("a"), nil) })
	if !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("got %v, want ErrNoSpace", err)
	}
}

func TestDirectoryIsForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	open(t, config(dir))
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), os.FileMode(0o700); got != want {
		t.Errorf("mode: got %v, want %v", got, want)
	}
}
