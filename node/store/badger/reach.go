package badger

import (
	"encoding/binary"
	"errors"
)

// markPointer is the mark of an entry whose value lies in a value log. It is
// the same in logs and in tables.
const markPointer = 1 << 1

// pointerSize is the size of a pointer, in bytes: three numbers in the byte
// order of the machine that wrote them.
const pointerSize = 12

var errPointer = errors.New("a pointer into a value log of another length")

// A pointer says where an entry of a value log begins and ends, and which
// transaction its key names.
type pointer struct {
	log     uint64
	at, end int64
	txn     uint64
}

func parsePointer(b []byte, txn uint64) (pointer, error) {
	if len(b) != pointerSize {
		return pointer{}, errPointer
	}
	order := binary.NativeEndian
	length, at := int64(order.Uint32(b[4:])), int64(order.Uint32(b[8:]))
	return pointer{log: uint64(order.Uint32(b)), at: at, end: at + length, txn: txn}, nil
}

// A reach says how far the tree, that is tables and write-ahead logs, points
// into each value log, and which transaction is the newest of which it knows.
type reach struct {
	last map[uint64]pointer // by log: the one that ends last
	txn  uint64
}

func (r *reach) point(p pointer) {
	if p.end <= r.last[p.log].end {
		return
	}
	if r.last == nil {
		r.last = map[uint64]pointer{}
	}
	r.last[p.log] = p
}

func (r *reach) merge(o reach) {
	for _, p := range o.last {
		r.point(p)
	}
	r.txn = max(r.txn, o.txn)
}
