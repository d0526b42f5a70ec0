package badger

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

const (
	// logHeader is the id of a data key and the first 12 bytes of an IV.
	logHeader = 20
	// maxEntryKey bounds the key of an entry in a log as Badger does, in bytes.
	maxEntryKey = 1 << 16
	// maxEntry bounds key and value of an entry, in bytes.
	maxEntry = 2 * memTable

	// Marks in the first byte of an entry: part of a transaction, its end.
	markTxn = 1 << 6
	markEnd = 1 << 7
)

// A header is what a log begins with.
type header struct {
	key cipher.Block // nil: the log was created and nothing written
	iv  [aes.BlockSize]byte
}

// readLogHeader reads the first bytes of a log. All zeros are what a crash
// leaves that came before the header.
func readLogHeader(r io.Reader, name string, keys *dataKeys) (header, error) {
	b := make([]byte, logHeader)
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return header{}, nil
		}
		return header{}, fmt.Errorf("badger: read %s: %w", name, err)
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return header{}, nil
	}
	key, err := keys.get(name, binary.BigEndian.Uint64(b))
	if err != nil {
		return header{}, err
	}
	h := header{key: key}
	copy(h.iv[:], b[8:])
	return h, nil
}

// A walEnd says where the last whole transaction of a log ends, and whether
// only zeros follow.
type walEnd struct {
	offset int64
	clean  bool
}

// checkWAL reads a write-ahead log as Badger does when it opens, and what it
// would drop, too. Each transaction was synced before the next one began, so a
// crash damages the last one at most: if whole entries of two transactions
// follow the first unreadable one, then bytes have changed that were safe.
func checkWAL(dir, name string, keys *dataKeys) (walEnd, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return walEnd{}, fmt.Errorf("badger: open %s: %w", name, err)
	}
	defer f.Close()
	w := &wal{file: bufio.NewReaderSize(f, readAhead), offset: logHeader, good: logHeader}
	if w.header, err = readLogHeader(w.file, name, keys); err != nil {
		return walEnd{}, err
	}
	if err := w.walk(); err != nil {
		return walEnd{}, fmt.Errorf("badger: read %s: %w", name, err)
	}
	if len(w.strays) > 1 {
		return walEnd{}, damage(name, "unreadable at byte %d, but readable behind it", w.good)
	}
	if w.header.key == nil && !w.clean {
		return walEnd{}, damage(name, "entries without a header")
	}
	return walEnd{offset: w.good, clean: w.clean}, nil
}

type wal struct {
	file   *bufio.Reader
	header header
	offset int64 // of the next entry
	good   int64 // end of the last whole transaction
	clean  bool

	txn    uint64 // the open transaction; 0: none
	broken bool   // an entry behind good could not be read
	strays map[uint64]bool
	buf    []byte
}

// An entry is one key of a transaction, or its end.
type entry struct {
	mark   byte
	txn    uint64
	end    uint64 // of an end: the transaction it closes
	intact bool
}

func (w *wal) walk() error {
	for w.header.key != nil {
		e, more, err := w.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if !e.intact || !w.follows(e) {
			w.broken = true
		}
		if w.broken {
			w.stray(e)
		}
	}
	rest, err := onlyZeros(w.file)
	w.clean = rest && !w.broken && w.txn == 0
	return err
}

// follows reports whether e continues the transactions before it.
func (w *wal) follows(e entry) bool {
	switch {
	case w.broken:
		return false
	case e.mark&markTxn != 0:
		if w.txn == 0 {
			w.txn = e.txn
		}
		return w.txn == e.txn
	case e.mark&markEnd != 0:
		if w.txn != e.end {
			return false
		}
		w.txn = 0
	case w.txn != 0:
		return false
	}
	w.good = w.offset
	return true
}

func (w *wal) stray(e entry) {
	if !e.intact {
		return
	}
	if w.strays == nil {
		w.strays = map[uint64]bool{}
	}
	w.strays[e.txn] = true
}

// next reads an entry: marks, the lengths of key and value, an expiry, key and
// value encrypted, CRC-32C of all that. more is false at the end, or where no
// entry can be told.
func (w *wal) next() (e entry, more bool, err error) {
	head, err := w.file.Peek(2 + 3*binary.MaxVarintLen64)
	if err != nil && !errors.Is(err, io.EOF) {
		return entry{}, false, err
	}
	size, keyLen, valueLen, ok := entryLengths(head)
	if !ok {
		return entry{}, false, nil
	}
	total := size + keyLen + valueLen + crc32.Size
	if cap(w.buf) < total {
		w.buf = make([]byte, total)
	}
	b := w.buf[:total]
	if _, err := io.ReadFull(w.file, b); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			w.broken = true
			return entry{}, false, nil
		}
		return entry{}, false, err
	}
	at := w.offset
	w.offset += int64(total)
	body := b[:total-crc32.Size]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[len(body):]) {
		return entry{}, true, nil
	}
	return w.open(body[0], at, body[size:], keyLen), true, nil
}

// entryLengths reads the clear part of an entry. Zeros are the end of the log.
func entryLengths(head []byte) (size, keyLen, valueLen int, ok bool) {
	if len(head) < 2 {
		return 0, 0, 0, false
	}
	size = 2
	var n [3]uint64
	for i := range n {
		v, used := binary.Uvarint(head[size:])
		if used <= 0 {
			return 0, 0, 0, false
		}
		n[i] = v
		size += used
	}
	if n[0] < 8 || n[0] > maxEntryKey || n[1] > maxEntry {
		return 0, 0, 0, false
	}
	return size, int(n[0]), int(n[1]), true
}

// open decrypts what tells the transaction: the end of the key, and the value
// of an end mark.
func (w *wal) open(mark byte, at int64, kv []byte, keyLen int) entry {
	iv := w.header.iv
	binary.BigEndian.PutUint32(iv[aes.BlockSize-4:], uint32(at))
	n := keyLen
	if mark&markEnd != 0 {
		n = len(kv)
	}
	cipher.NewCTR(w.header.key, iv[:]).XORKeyStream(kv[:n], kv[:n])
	e := entry{mark: mark, intact: true}
	e.txn = math.MaxUint64 - binary.BigEndian.Uint64(kv[keyLen-8:keyLen])
	if mark&markEnd != 0 {
		end, err := strconv.ParseUint(string(kv[keyLen:]), 10, 64)
		e.end, e.intact = end, err == nil
	}
	return e
}

// zeros is never written.
var zeros [readAhead]byte

// onlyZeros reads r to its end, or to a byte that is not zero. The buffer of r
// is not larger than zeros.
func onlyZeros(r *bufio.Reader) (bool, error) {
	for {
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return true, nil
		} else if err != nil {
			return false, err
		}
		b, _ := r.Peek(r.Buffered())
		if !bytes.Equal(b, zeros[:len(b)]) {
			return false, nil
		}
		if _, err := r.Discard(len(b)); err != nil {
			return false, err
		}
	}
}
