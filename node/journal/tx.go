package journal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"comity.example/node/store"
	"comity.example/protocol/ledger"
)

const (
	// MaxCommitBytes bounds what one commit writes, keys, values and records,
	// in bytes.
	MaxCommitBytes = 3 << 19
	// MaxCommitWrites bounds how many keys and records one commit writes.
	MaxCommitWrites = 4 << 10

	// A batch takes another commit while it is below these bounds, so that any
	// commit fits into the store transaction with the ones before and the head.
	batchBytes  = store.MaxTxnBytes - MaxCommitBytes - 64<<10
	batchWrites = store.MaxTxnWrites - MaxCommitWrites - 16
)

// A write is a value, or the absence of one.
type write struct {
	value   []byte
	deleted bool
}

// A Tx is what a commit reads and writes. It sees the commits before it, also
// those of its own batch. It is valid until the function that got it returns.
type Tx struct {
	below   store.Reader
	earlier map[string]write // by earlier commits of the batch
	own     map[string]write
	records [][]byte // encoded
	first   int64    // index that the first of records will get
	bytes   int
	err     error // the first error of a write: nothing of the commit is kept
}

// Get returns the value of key, or store.ErrNotFound. The slice is the
// caller's.
func (tx *Tx) Get(key []byte) ([]byte, error) {
	w, ok := tx.own[string(key)]
	if !ok {
		w, ok = tx.earlier[string(key)]
	}
	if !ok {
		return tx.below.Get(key)
	}
	if w.deleted {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(w.value), nil
}

// Set gives key a value. The caller must not change value before Commit
// returns.
func (tx *Tx) Set(key, value []byte) error {
	if err := store.CheckPair(key, value); err != nil {
		return tx.keep(err)
	}
	return tx.put(key, write{value: value})
}

// Delete removes key; it is no error if there is no such key.
func (tx *Tx) Delete(key []byte) error {
	if err := store.CheckKey(key); err != nil {
		return tx.keep(err)
	}
	return tx.put(key, write{deleted: true})
}

func (tx *Tx) put(key []byte, w write) error {
	if bytes.HasPrefix(key, []byte(reservedPrefix)) {
		return tx.keep(fmt.Errorf("journal: keys that begin with %q are the journal's", reservedPrefix))
	}
	if err := tx.spend(len(key) + len(w.value)); err != nil {
		return err
	}
	tx.own[string(key)] = w
	return nil
}

// Append adds a record to the ledger and returns the index that it has if the
// commit succeeds.
func (tx *Tx) Append(r ledger.Record) (index int64, err error) {
	b, err := r.Encode()
	if err != nil {
		return 0, tx.keep(err)
	}
	if err := tx.spend(len(leafPrefix) + 8 + maxLeaf - ledger.MaxRecord + len(b)); err != nil {
		return 0, err
	}
	tx.records = append(tx.records, b)
	return tx.first + int64(len(tx.records)) - 1, nil
}

func (tx *Tx) spend(n int) error {
	tx.bytes += n
	if tx.bytes > MaxCommitBytes || len(tx.own)+len(tx.records) >= MaxCommitWrites {
		return tx.keep(fmt.Errorf("journal: %w: commit of more than %d bytes or %d writes",
			store.ErrTooLarge, MaxCommitBytes, MaxCommitWrites))
	}
	return nil
}

func (tx *Tx) keep(err error) error {
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// Scan calls yield as store.Reader.Scan does. It sees what was written before
// it began; yield may write and may Scan.
func (tx *Tx) Scan(g store.Range, yield func(key, value []byte) (bool, error)) error {
	m := &merge{written: tx.written(g), g: g, yield: yield, more: true}
	below := g
	below.Limit = 0 // some of what is below may be hidden
	if err := tx.below.Scan(below, m.next); err != nil {
		return err
	}
	for m.more && len(m.written) > 0 {
		if err := m.take(); err != nil {
			return err
		}
	}
	return nil
}

// written returns what the batch has written in g, in the order of the keys.
func (tx *Tx) written(g store.Range) []pair {
	var out []pair
	collect := func(k string, w write) {
		if strings.HasPrefix(k, string(g.Prefix)) && k >= string(g.From) {
			out = append(out, pair{k, w})
		}
	}
	for k, w := range tx.own {
		collect(k, w)
	}
	for k, w := range tx.earlier {
		if _, hidden := tx.own[k]; !hidden {
			collect(k, w)
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	return out
}

type pair struct {
	key string
	write
}

// A merge lays the batch's writes over a scan of the store.
type merge struct {
	written []pair // what is left of them
	g       store.Range
	yield   func(key, value []byte) (bool, error)
	count   int
	more    bool
}

// next takes a key of the store, and the written keys before it.
func (m *merge) next(key, value []byte) (bool, error) {
	for m.more && len(m.written) > 0 && m.written[0].key < string(key) {
		if err := m.take(); err != nil {
			return false, err
		}
	}
	if !m.more {
		return false, nil
	}
	if len(m.written) > 0 && m.written[0].key == string(key) {
		err := m.take()
		return m.more, err
	}
	err := m.pass(key, value)
	return m.more, err
}

// take yields the first written key, unless it was deleted.
func (m *merge) take() error {
	p := m.written[0]
	m.written = m.written[1:]
	if p.deleted {
		return nil
	}
	if m.g.KeysOnly {
		p.value = nil
	}
	return m.pass([]byte(p.key), p.value)
}

func (m *merge) pass(key, value []byte) error {
	more, err := m.yield(key, value)
	m.count++
	m.more = more && err == nil && m.count != m.g.Limit
	return err
}
