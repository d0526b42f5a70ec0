package badger

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// vlogBuffer is how much of a value log is read at once, in bytes: as much as
// the cache of a processor holds, so that what was read is still near when its
// checksum is taken.
const vlogBuffer = 256 << 10

// A vlogCheck checks one value log after another; it keeps its buffer. A value
// log is a header and entries as in a write-ahead log, but none is marked as
// part of a transaction, and each that is whole counts.
type vlogCheck struct {
	file     *os.File
	size     int64
	header   header
	buf      []byte
	from, to int   // what is read and not yet walked over
	at       int64 // the place of buf[from] in the file
}

// A vlogEnd says how a value log ends.
type vlogEnd struct {
	good   int64 // behind the last entry before which all are intact
	size   int64 // of the file
	clean  bool  // only zeros follow
	strays []uint64
}

// A logged is an entry of a value log.
type logged struct {
	pointer
	key    int64 // where its key begins
	keyLen int
	intact bool // it fits its checksum
}

// run checks a value log into which the tree points as far as want.
func (c *vlogCheck) run(path string, keys *dataKeys, want pointer) (end vlogEnd, err error) {
	name := filepath.Base(path)
	if c.file, err = os.Open(path); err != nil {
		return end, damage(name, "%v", err)
	}
	defer c.file.Close()
	info, err := c.file.Stat()
	if err != nil {
		return end, damage(name, "%v", err)
	}
	if info.Size() < logHeader {
		return end, damage(name, "is cut short")
	}
	if c.header, err = readLogHeader(c.file, name, keys); err != nil {
		return end, err
	}
	if c.buf == nil {
		c.buf = make([]byte, vlogBuffer)
	}
	c.from, c.to, c.at, c.size = 0, 0, logHeader, info.Size()
	found, err := c.walk(&end, want)
	if err != nil {
		return end, fmt.Errorf("badger: read %s: %w", name, err)
	}
	end.size = info.Size()
	switch {
	case c.header.key == nil && !end.clean:
		return end, damage(name, "values without a header")
	case want.end == 0 || found:
		return end, nil
	case want.end > end.good:
		return end, damage(name, "unreadable at byte %d, and values lie up to byte %d", end.good, want.end)
	}
	return end, damage(name, "another value at byte %d, or another header", want.at)
}

// walk goes over the entries and what follows them, and reports whether want
// is one of them. That its transaction can be read proves the header, which has
// no checksum: under another IV, every value would be noise.
func (c *vlogCheck) walk(end *vlogEnd, want pointer) (found bool, err error) {
	end.good = logHeader
	broken := false
	for c.header.key != nil {
		e, more, err := c.next()
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		switch {
		case !e.intact:
			broken = true
		case broken:
			txn, err := c.version(e)
			if err != nil {
				return false, err
			}
			end.strays = append(end.strays, txn)
		default:
			end.good = e.end
		}
		if !broken && e.at == want.at && e.end == want.end {
			txn, err := c.version(e)
			if err != nil {
				return false, err
			}
			found = txn == want.txn
		}
	}
	end.clean, err = c.onlyZeros()
	end.clean = end.clean && !broken
	return found, err
}

// next reads an entry. more is false where none can be told.
func (c *vlogCheck) next() (e logged, more bool, err error) {
	if err := c.fill(entryStart); err != nil {
		return logged{}, false, err
	}
	b := c.buf[c.from:c.to]
	size, keyLen, valueLen, ok := entryLengths(b[:min(len(b), entryStart)])
	body := size + keyLen + valueLen
	e.at, e.key, e.keyLen = c.at, c.at+int64(size), keyLen
	e.end = e.at + int64(body) + crc32.Size
	if !ok || e.end > c.size {
		return logged{}, false, nil
	}
	unmarked := b[0]&(markTxn|markEnd) == 0
	sum, err := c.sum(body)
	if err != nil {
		return logged{}, false, err
	}
	e.intact = unmarked && sum == binary.BigEndian.Uint32(c.buf[c.from:c.to])
	c.skip(crc32.Size)
	return e, true, nil
}

// sum takes the checksum of n bytes; the four behind them are then at hand.
func (c *vlogCheck) sum(n int) (sum uint32, err error) {
	for n > 0 {
		if err := c.fill(1); err != nil {
			return 0, err
		}
		b := c.buf[c.from:min(c.to, c.from+n)]
		if len(b) == 0 {
			return 0, io.ErrUnexpectedEOF // it was cut meanwhile
		}
		sum = crc32.Update(sum, castagnoli, b)
		c.skip(len(b))
		n -= len(b)
	}
	if err := c.fill(crc32.Size); err != nil {
		return 0, err
	}
	if c.to-c.from < crc32.Size {
		return 0, io.ErrUnexpectedEOF
	}
	return sum, nil
}

func (c *vlogCheck) skip(n int) {
	c.from += n
	c.at += int64(n)
}

// fill reads on unless n bytes are at hand, until the buffer is full or the
// file ends.
func (c *vlogCheck) fill(n int) error {
	if c.to-c.from >= n {
		return nil
	}
	c.to = copy(c.buf, c.buf[c.from:c.to])
	c.from = 0
	for c.to < len(c.buf) {
		n, err := c.file.Read(c.buf[c.to:])
		c.to += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// onlyZeros reads to the end of the file, or to a byte that is not zero. The
// buffer is not larger than zeros.
func (c *vlogCheck) onlyZeros() (bool, error) {
	for {
		if err := c.fill(1); err != nil {
			return false, err
		}
		b := c.buf[c.from:c.to]
		if len(b) == 0 {
			return true, nil
		}
		if !bytes.Equal(b, zeros[:len(b)]) {
			return false, nil
		}
		c.skip(len(b))
	}
}

// version reads the transaction of an entry again, and decrypts it.
func (c *vlogCheck) version(e logged) (uint64, error) {
	key := make([]byte, e.keyLen)
	if _, err := c.file.ReadAt(key, e.key); err != nil {
		return 0, err
	}
	iv := c.header.ivAt(e.at)
	cipher.NewCTR(c.header.key, iv[:]).XORKeyStream(key, key)
	return version(key[e.keyLen-versionSize:]), nil
}

// torn reports whether a crash can have left this end of a log: all of a
// transaction's values were synced before the tree heard of it, and before the
// next one began. So what is behind the first unreadable byte belongs to one
// transaction, and to none that the tree knows.
func (e vlogEnd) torn(known uint64) bool {
	for _, txn := range e.strays {
		if txn <= known || txn != e.strays[0] {
			return false
		}
	}
	return true
}
