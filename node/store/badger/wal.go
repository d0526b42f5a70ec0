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
	// entryStart bounds what an entry has in front of its key, in bytes.
	entryStart = 2 + 3*binary.MaxVarintLen64
	// maxEntryKey bounds the key of an entry in a log as Badger does, in bytes.
	maxEntryKey = 1 << 16
	// maxEntry bounds key and value of an entry, in bytes.
	maxEntry = 2 * memTable

	// Marks in the first byte of an entry: part of a transaction, its end.
	// There is also markPointer.
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

// ivAt is the IV of the entry that begins at this byte.
func (h *header) ivAt(at int64) [aes.BlockSize]byte {
	iv := h.iv
	binary.BigEndian.PutUint32(iv[aes.BlockSize-4:], uint32(at))
	return iv
}

// versionSize is the length of the end of a key that tells its transaction, in
// bytes.
const versionSize = 8

func version(b []byte) uint64 { return math.MaxUint64 - binary.BigEndian.Uint64(b) }

// A walEnd says where the last whole transaction of a log ends, whether only
// zeros follow, and where the whole ones point.
type walEnd struct {
	offset int64
	clean  bool
	reach  reach
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
	return walEnd{offset: w.good, clean: w.clean, reach: w.reach}, nil
}

type wal struct {
	file   *bufio.Reader
	header header
	offset int64 // of the next entry
	good   int64 // end of the last whole transaction
	clean  bool

	txn    uint64    // the open transaction; 0: none
	wanted []pointer // of the open transaction
	reach  reach     // of what is whole
	broken bool      // an entry behind good could not be read
	strays map[uint64]bool
	buf    []byte
}

// An entry is one key of a transaction, or its end.
type entry struct {
	mark   byte
	txn    uint64
	end    uint64 // of an end: the transaction it closes
	value  *pointer
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
		if !w.broken && (!e.intact || !w.follows(e)) {
			w.breakOff()
		}
		if w.broken && e.intact {
			w.strays[e.txn] = true
		}
	}
	rest, err := onlyZeros(w.file)
	w.clean = rest && !w.broken && w.txn == 0
	return err
}

// follows reports whether e continues the transactions before it.
func (w *wal) follows(e entry) bool {
	if e.value != nil {
		w.wanted = append(w.wanted, *e.value)
	}
	switch {
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
	for _, p := range w.wanted {
		w.reach.point(p)
	}
	w.wanted = w.wanted[:0]
	w.reach.txn = max(w.reach.txn, e.txn)
	w.good = w.offset
	return true
}

// breakOff ends the readable part. A transaction that is open there is a stray
// itself: another one behind it was begun only when it was whole.
func (w *wal) breakOff() {
	w.broken = true
	w.strays = map[uint64]bool{}
	if w.txn != 0 {
		w.strays[w.txn] = true
	}
}

// next reads an entry: marks, the lengths of key and value, an expiry, key and
// value encrypted, CRC-32C of all that. more is false at the end, or where no
// entry can be told.
func (w *wal) next() (e entry, more bool, err error) {
	head, err := w.file.Peek(entryStart)
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
	return w.decrypt(body[0], at, body[size:], keyLen), true, nil
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
	if n[0] < versionSize || n[0] > maxEntryKey || n[1] > maxEntry {
		return 0, 0, 0, false
	}
	return size, int(n[0]), int(n[1]), true
}

// decrypt decrypts what tells the transaction, which is the end of the key and
// the value of an end mark, and pointers.
func (w *wal) decrypt(mark byte, at int64, kv []byte, keyLen int) entry {
	iv := w.header.ivAt(at)
	n := keyLen
	if mark&(markEnd|markPointer) != 0 {
		n = len(kv)
	}
	cipher.NewCTR(w.header.key, iv[:]).XORKeyStream(kv[:n], kv[:n])
	e := entry{mark: mark, intact: true, txn: version(kv[keyLen-versionSize : keyLen])}
	var err error
	switch value := kv[keyLen:]; {
	case mark&markEnd != 0:
		e.end, err = strconv.ParseUint(string(value), 10, 64)
	case mark&markPointer != 0:
		var p pointer
		p, err = parsePointer(value, e.txn)
		e.value = &p
	}
	e.intact = err == nil
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
