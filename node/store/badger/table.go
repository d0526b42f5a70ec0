package badger

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/pb"
	"google.golang.org/protobuf/proto"
)

const (
	// maxChecksum bounds an encoded checksum, in bytes.
	maxChecksum = 64
	// readAhead is how much of a table is read at once, in bytes.
	readAhead = 1 << 20
)

// A tableCheck checks one table after another; it keeps its buffers. A table
// is blocks, an index that says where they are, the length of the index, its
// checksum and the length of that. Blocks and index are encrypted and end in
// their IV; a block holds its own checksum in front of its last four bytes.
type tableCheck struct {
	file    *bufio.Reader
	block   []byte
	key     []byte
	message pb.Checksum
	reach   reach // of all tables so far
}

var errTable = errors.New("does not fit its checksum")

func (c *tableCheck) run(dir, name string, key cipher.Block) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return damage(name, "%v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return damage(name, "%v", err)
	}
	index, start, err := c.readIndex(f, info.Size())
	if err != nil {
		return damage(name, "index: %v", err)
	}
	if index, err = decrypt(index, key); err != nil {
		return damage(name, "index: %v", err)
	}
	if c.file == nil {
		c.file = bufio.NewReaderSize(nil, readAhead)
	}
	c.file.Reset(io.NewSectionReader(f, 0, start))
	blocks := fb.GetRootAsTableIndex(index, 0)
	var at int64
	for i := range blocks.OffsetsLength() {
		var b fb.BlockOffset
		if !blocks.Offsets(&b, i) || int64(b.Offset()) != at {
			return damage(name, "index: block %d is out of place", i)
		}
		if err := c.checkBlock(int(b.Len()), key); err != nil {
			return damage(name, "block %d at byte %d: %v", i, at, err)
		}
		at += int64(b.Len())
	}
	if at != start || at == 0 {
		return damage(name, "index: the blocks do not fill the file")
	}
	c.reach.txn = max(c.reach.txn, blocks.MaxVersion())
	return nil
}

// readIndex returns the index, still encrypted, and where it starts.
func (c *tableCheck) readIndex(f *os.File, size int64) ([]byte, int64, error) {
	sumLen, size, err := readLength(f, size)
	if err != nil || sumLen > maxChecksum {
		return nil, 0, errTable
	}
	sum := make([]byte, sumLen)
	size -= sumLen
	if _, err := f.ReadAt(sum, size); err != nil {
		return nil, 0, fmt.Errorf("read: %w", err)
	}
	indexLen, size, err := readLength(f, size)
	if err != nil {
		return nil, 0, err
	}
	index := make([]byte, indexLen)
	size -= indexLen
	if _, err := f.ReadAt(index, size); err != nil {
		return nil, 0, fmt.Errorf("read: %w", err)
	}
	return index, size, c.checkSum(index, sum)
}

// readLength reads the length in the last four bytes before end, which must
// fit between the start of the file and there.
func readLength(f *os.File, end int64) (length, rest int64, err error) {
	var b [4]byte
	if end < int64(len(b)) {
		return 0, 0, errTable
	}
	rest = end - int64(len(b))
	if _, err := f.ReadAt(b[:], rest); err != nil {
		return 0, 0, fmt.Errorf("read: %w", err)
	}
	length = int64(binary.BigEndian.Uint32(b[:]))
	if length > rest {
		return 0, 0, errTable
	}
	return length, rest, nil
}

func (c *tableCheck) checkBlock(size int, key cipher.Block) error {
	if cap(c.block) < size {
		c.block = make([]byte, size)
	}
	b := c.block[:size]
	if _, err := io.ReadFull(c.file, b); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	b, err := decrypt(b, key)
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return errTable
	}
	sumLen := int64(binary.BigEndian.Uint32(b[len(b)-4:]))
	b = b[:len(b)-4]
	if sumLen > maxChecksum || sumLen > int64(len(b)) {
		return errTable
	}
	data := len(b) - int(sumLen)
	if err := c.checkSum(b[:data], b[data:]); err != nil {
		return err
	}
	return c.findPointers(b[:data])
}

// entryHead is two lengths, in bytes: of what the key of an entry shares with
// the first key of its block, and of the rest.
const entryHead = 4

// findPointers reads the entries of a block. Behind them are their offsets,
// four bytes each, and how many there are.
func (c *tableCheck) findPointers(b []byte) error {
	if len(b) < 4 {
		return errTable
	}
	n := int64(binary.BigEndian.Uint32(b[len(b)-4:]))
	end := int64(len(b)) - 4 - 4*n
	if end < 0 {
		return errTable
	}
	offset := func(i int64) int64 {
		if i == n {
			return end
		}
		return int64(binary.NativeEndian.Uint32(b[end+4*i:]))
	}
	var first []byte
	for i := range n {
		from, to := offset(i), offset(i+1)
		if from > to || to > end {
			return errTable
		}
		key, err := c.findPointer(b[from:to], first)
		if err != nil {
			return err
		}
		if i == 0 {
			first = key
		}
	}
	return nil
}

// findPointer reads an entry: its head, the rest of its key, marks, an expiry
// and the value. first is the first key of the block. It returns the rest.
func (c *tableCheck) findPointer(e, first []byte) ([]byte, error) {
	if len(e) < entryHead {
		return nil, errTable
	}
	shared := int(binary.NativeEndian.Uint16(e))
	at := entryHead + int(binary.NativeEndian.Uint16(e[2:]))
	if len(e) < at+2 || shared > len(first) {
		return nil, errTable
	}
	rest := e[entryHead:at]
	if e[at]&markPointer == 0 {
		return rest, nil
	}
	_, used := binary.Uvarint(e[at+2:])
	if used <= 0 || shared+len(rest) < versionSize {
		return nil, errTable
	}
	c.key = append(append(c.key[:0], first[:shared]...), rest...)
	p, err := parsePointer(e[at+2+used:], version(c.key[len(c.key)-versionSize:]))
	if err != nil {
		return nil, err
	}
	c.reach.point(p)
	return rest, nil
}

func (c *tableCheck) checkSum(data, sum []byte) error {
	c.message.Reset()
	if err := proto.Unmarshal(sum, &c.message); err != nil {
		return errTable
	}
	if c.message.Algo != pb.Checksum_CRC32C ||
		c.message.Sum != uint64(crc32.Checksum(data, castagnoli)) {
		return errTable
	}
	return nil
}

// decrypt decrypts b in place; its last bytes are the IV.
func decrypt(b []byte, key cipher.Block) ([]byte, error) {
	n := len(b) - aes.BlockSize
	if n < 0 {
		return nil, errTable
	}
	cipher.NewCTR(key, b[n:]).XORKeyStream(b[:n], b[:n])
	return b[:n], nil
}
