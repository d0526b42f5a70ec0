// Package store says what Comity asks of the place where it keeps things: an
// ordered key-value store with one writer at a time, snapshots for readers,
// and an Update that returns nil only for what no crash can take back.
//
// Package storetest holds the same promises as tests; every implementation
// runs them. Whoever can read the disk must learn nothing but sizes, so
// implementations encrypt at rest. A store is trusted with the whole history of
// its node: whoever can write to it can rewrite that history, and only the
// checkpoints that peers hold then no longer fit.
package store

import (
	"context"
	"errors"
)

const (
	// MaxKey bounds a key, in bytes.
	MaxKey = 1 << 10
	// MaxValue bounds a value, in bytes. Larger things belong in the vault.
	MaxValue = 1<<20 - 1
	// MaxTxnBytes bounds the keys and values that one Update writes, in bytes.
	// Every implementation takes at least that much.
	MaxTxnBytes = 2 << 20
	// MaxTxnWrites bounds the number of keys that one Update writes.
	MaxTxnWrites = 8 << 10
)

var (
	// ErrNotFound says that the store has no such key.
	ErrNotFound = errors.New("store: no such key")
	// ErrTooLarge says that a key, a value or a transaction is over its limit.
	// Nothing was written, and the store goes on.
	ErrTooLarge = errors.New("store: over the size limit")
	// ErrNoSpace says that the disk has less room than the store keeps in
	// reserve. Nothing was written.
	ErrNoSpace = errors.New("store: the disk is nearly full")
	// ErrBroken says that a write may have happened or not. The store takes no
	// more writes: close it, and let the next Open decide.
	ErrBroken = errors.New("store: broken: its state on disk is unknown")
	// ErrDamaged says that what is on disk is not what was written.
	ErrDamaged = errors.New("store: damaged")
	// ErrInUse says that another process has the store open.
	ErrInUse = errors.New("store: in use by another process")
	// ErrWrongKey says that the encryption key is not the one the store was made with.
	ErrWrongKey = errors.New("store: wrong encryption key")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store: closed")
)

// A Range selects keys in ascending byte order.
type Range struct {
	Prefix   []byte // every key begins with it
	From     []byte // the first key that counts, if there is one; nil: from the first with Prefix
	Limit    int    // at most so many keys; 0: all
	KeysOnly bool   // values are not read; yield gets nil for them
}

// A Reader sees one state of the store, whatever is written meanwhile.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The slice is the caller's.
	Get(key []byte) ([]byte, error)

	// Scan calls yield for each key of r in ascending order until yield says
	// that it wants no more or returns an error, which Scan then returns.
	// key and value are valid only until yield returns. In a Txn, one Scan runs
	// at a time, it sees the Txn's own writes, and yield must not write.
	Scan(r Range, yield func(key, value []byte) (more bool, err error)) error
}

// A Txn reads and writes. Its writes happen all together or not at all.
type Txn interface {
	Reader

	// Set gives key a value. The caller must not change either slice before
	// Update returns.
	Set(key, value []byte) error

	// Delete removes key; it is no error if there is no such key.
	Delete(key []byte) error
}

// A Store keeps ordered keys. View, Update, Verify and Size are safe for
// concurrent use. Updates run one after another, so they are serialisable.
type Store interface {
	// View calls read with one state of the store.
	View(ctx context.Context, read func(Reader) error) error

	// Update calls write once. If write returns an error, nothing is written
	// and Update returns that error.
	//
	// When Update returns nil its writes are durable. When it returns
	// ErrTooLarge, ErrNoSpace, ErrClosed or the context's error, nothing was
	// written. When it returns ErrBroken they may have happened, all of them, or
	// not: the store then refuses every Update, and may refuse every View; the
	// caller stops and lets the next Open decide.
	Update(ctx context.Context, write func(Txn) error) error

	// Verify reads all that is at rest and returns ErrDamaged, naming the
	// place, if it is not what was written.
	Verify(ctx context.Context) error

	// Size returns how many bytes of disk the store takes.
	Size() (int64, error)

	// Close ends the store. It waits for what runs.
	Close() error
}
