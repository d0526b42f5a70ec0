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

const (
	// maxLogged bounds an entry of a value log, in bytes: a key, a value of
	// store.MaxValue and what is around them.
	maxLogged = 2 << 20
	// vlogBuffer is how much of a value log is read at once, in bytes. The
	// longest entry fits into it.
	vlogBuffer = 2 * maxLogged
)

// A vlogCheck checks one value log after another; it keeps its buffer. A value
// log is a header and entries as in a write-ahead log, but none is marked as
// part of a transaction, and each that is whole counts.
type vlogCheck struct {
	file     *os.File
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
	key    []byte // encrypted
	intact bool   // it fits its checksum
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
	c.from, c.to, c.at = 0, 0, logHeader
	found, err := c.walk(&end, want)
	if err != nil {
		return end, fmt.Errorf("badger: read %s: %w", name, err)
	}
	end.size = info.Size()
	switch {
	case c.header.key == nil && !end.clean:
		err = damage(name, "values without a header")
	case want.end > end.good:
		err = damage(name, "unreadable at byte %d, and values lie there up to byte %d", end.good, want.end)
	case want.end > 0 && !found:
		err = damage(name, "no value begins at byte %d", want.at)
	}
	return end, err
}

// walk goes over the entries and what follows them, and reports whether want
// is one of them.
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
			end.strays = append(end.strays, c.version(e))
		default:
			end.good = e.end
			found = found || e.at == want.at && e.end == want.end
		}
	}
	end.clean, err = c.onlyZeros()
	end.clean = end.clean && !broken
	return found, err
}

// next reads an entry. more is false where none can be told.
func (c *vlogCheck) next() (e logged, more bool, err error) {
	if err := c.fill(maxLogged); err != nil {
		return logged{}, false, err
	}
	b := c.buf[c.from:c.to]
	size, keyLen, valueLen, ok := entryLengths(b[:min(len(b), entryStart)])
	total := size + keyLen + valueLen + crc32.Size
	if !ok || total > min(len(b), maxLogged) {
		return logged{}, false, nil
	}
	body := b[:total-crc32.Size]
	e.at, e.end = c.at, c.at+int64(total)
	e.key = body[size : size+keyLen]
	e.intact = body[0]&(markTxn|markEnd) == 0 &&
		crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(b[len(body):])
	c.from, c.at = c.from+total, e.end
	return e, true, nil
}

// fill reads until n bytes are at hand, or all that there are.
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

// onlyZeros reads to the end of the file, or to a byte that is not zero.
func (c *vlogCheck) onlyZeros() (bool, error) {
	for {
		if err := c.fill(1); err != nil {
			return false, err
		}
		b := c.buf[c.from:c.to]
		if len(b) == 0 {
			return true, nil
		}
		b = b[:min(len(b), len(zeros))]
		if !bytes.Equal(b, zeros[:len(b)]) {
			return false, nil
		}
		c.from += len(b)
	}
}

// version decrypts the transaction of an entry.
func (c *vlogCheck) version(e logged) uint64 {
	iv := c.header.ivAt(e.at)
	cipher.NewCTR(c.header.key, iv[:]).XORKeyStream(e.key, e.key)
	return version(e.key[len(e.key)-versionSize:])
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
