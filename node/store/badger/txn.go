package badger

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	dgraph "github.com/dgraph-io/badger/v4"

	"comity.example/node/store"
)

// A reader is one state of the store.
type reader struct {
	txn *dgraph.Txn
}

// Get implements store.Reader.
func (r reader) Get(key []byte) (value []byte, err error) {
	if err := store.CheckKey(key); err != nil {
		return nil, err
	}
	defer torn(&err)
	item, err := r.txn.Get(key)
	if errors.Is(err, dgraph.ErrKeyNotFound) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("badger: get: %w", err)
	}
	if value, err = item.ValueCopy(nil); err != nil {
		return nil, fmt.Errorf("badger: get: %w", err)
	}
	return value, requireValue(item, value)
}

// requireValue returns store.ErrDamaged if Badger could not read a value: it
// says so to its log alone, and yields an empty one. A pointer is only made to
// what is not empty.
func requireValue(item *dgraph.Item, value []byte) error {
	if len(value) == 0 && item.ValueSize() > 0 {
		return fmt.Errorf("badger: %w: a value is not in its log, or does not fit its checksum", store.ErrDamaged)
	}
	return nil
}

// torn turns a panic of Badger into ErrBroken: when it cannot make its next
// log it goes on without a memtable, and whoever reads then steps on nothing.
func torn(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("badger: %w: Badger gave up: %.200v", store.ErrBroken, r)
	}
}

// prefetch is how many values an iterator reads ahead.
const prefetch = 16

// Scan implements store.Reader.
func (r reader) Scan(g store.Range, yield func(key, value []byte) (bool, error)) error {
	o := dgraph.DefaultIteratorOptions
	o.Prefix = g.Prefix
	o.PrefetchValues = !g.KeysOnly
	o.PrefetchSize = prefetch
	if g.Limit > 0 && g.Limit < prefetch {
		o.PrefetchSize = g.Limit
	}
	it, err := r.iterate(o)
	if err != nil {
		return err
	}
	defer it.Close()

	from := g.Prefix
	if bytes.Compare(g.From, from) > 0 {
		from = g.From
	}
	n := 0
	for it.Seek(from); it.ValidForPrefix(g.Prefix); it.Next() {
		more, err := visit(it.Item(), g, yield)
		n++
		if err != nil || !more || n == g.Limit {
			return err
		}
	}
	return nil
}

func (r reader) iterate(o dgraph.IteratorOptions) (it *dgraph.Iterator, err error) {
	defer torn(&err)
	return r.txn.NewIterator(o), nil
}

func visit(
	item *dgraph.Item, g store.Range, yield func(key, value []byte) (bool, error),
) (more bool, err error) {
	if g.KeysOnly {
		return yield(item.Key(), nil)
	}
	var yieldErr error
	err = item.Value(func(value []byte) error {
		if yieldErr = requireValue(item, value); yieldErr == nil {
			more, yieldErr = yield(item.Key(), value)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("badger: scan: %w", err)
	}
	return more, yieldErr
}

// A txn keeps the first error of a write: a caller that passes over it must
// not commit half of what it meant.
type txn struct {
	reader
	budget   store.Budget
	logged   int64 // bytes, at most, that go to the value log
	scanning bool
	wrote    bool
	err      error
}

var errNested = errors.New("badger: a Txn runs one Scan at a time, and yield must not write")

// Scan implements store.Reader.
func (t *txn) Scan(g store.Range, yield func(key, value []byte) (bool, error)) error {
	if t.scanning {
		return errNested
	}
	t.scanning = true
	defer func() { t.scanning = false }()
	return t.reader.Scan(g, yield)
}

// Set implements store.Txn.
func (t *txn) Set(key, value []byte) error {
	if err := store.CheckPair(key, value); err != nil {
		return t.keep(err)
	}
	return t.write(key, value, func() error { return t.txn.Set(key, value) })
}

// Delete implements store.Txn.
func (t *txn) Delete(key []byte) error {
	if err := store.CheckKey(key); err != nil {
		return t.keep(err)
	}
	return t.write(key, nil, func() error { return t.txn.Delete(key) })
}

func (t *txn) write(key, value []byte, do func() error) error {
	if t.scanning {
		return t.keep(errNested)
	}
	if err := t.budget.Spend(key, value); err != nil {
		return t.keep(err)
	}
	if err := do(); errors.Is(err, dgraph.ErrTxnTooBig) {
		return t.keep(fmt.Errorf("badger: %w: transaction", store.ErrTooLarge))
	} else if err != nil {
		return t.keep(fmt.Errorf("badger: write: %w", err))
	}
	t.wrote = true
	if len(value) >= valueThreshold {
		t.logged += int64(len(key)+len(value)) + entryStart + versionSize + crc32.Size
	}
	return nil
}

func (t *txn) keep(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}
