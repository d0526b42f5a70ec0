package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	anchorMagic = "comity anchor v1"
	// anchorSlot is the size of each of the two slots, in bytes: whole pages,
	// so that a torn write of one leaves the other as it was.
	anchorSlot = 8 << 10
	// anchorFrame is what a slot holds besides the head: magic, length, SHA-256.
	anchorFrame = len(anchorMagic) + 4 + sha256.Size
)

// An anchor is a file that holds the newest head, outside the store: two
// slots, written in turn, all blocks allocated in advance. Whoever can write
// both the store and the anchor can hide a loss from this node, but not from
// the peers that keep its checkpoints.
type anchor struct {
	file *os.File
}

// openAnchor opens the file, or makes an empty one.
func openAnchor(path string) (*anchor, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = createAnchor(path)
	}
	if err != nil {
		return nil, fmt.Errorf("journal: open the anchor: %w", err)
	}
	return &anchor{file: f}, nil
}

func createAnchor(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteAt(make([]byte, 2*anchorSlot), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// write makes h the newest head. The slot that it overwrites is the older of
// the two, so a crash leaves one of them whole.
func (a *anchor) write(h head, c Config) error {
	b, err := h.encode(c)
	if err != nil {
		return err
	}
	slot := make([]byte, 0, anchorSlot)
	slot = append(slot, anchorMagic...)
	slot = binary.BigEndian.AppendUint32(slot, uint32(len(b)))
	slot = append(slot, b...)
	sum := sha256.Sum256(slot)
	slot = append(slot, sum[:]...)
	if _, err := a.file.WriteAt(slot, (h.batch%2)*anchorSlot); err != nil {
		return fmt.Errorf("journal: write the anchor of batch %d: %w", h.batch, err)
	}
	if err := datasync(a.file); err != nil {
		return fmt.Errorf("journal: sync the anchor of batch %d: %w", h.batch, err)
	}
	return nil
}

// read returns the newest head in the file, the zero head if nothing was ever
// written, and an error if something was and none of it can be read.
func (a *anchor) read(c Config) (head, error) {
	b := make([]byte, 2*anchorSlot)
	n, err := a.file.ReadAt(b, 0)
	if n < len(b) && len(bytes.Trim(b[:n], "\x00")) > 0 {
		return head{}, fmt.Errorf("%w: the anchor is cut short: %w", ErrDamaged, err)
	}
	var newest head
	for i := range 2 {
		h, err := parseSlot(b[i*anchorSlot:(i+1)*anchorSlot], c)
		if err == nil && h.batch%2 == int64(i) && h.batch > newest.batch {
			newest = h
		}
	}
	if newest.batch == 0 && len(bytes.Trim(b, "\x00")) > 0 {
		return head{}, fmt.Errorf("%w: the anchor is unreadable", ErrDamaged)
	}
	return newest, nil
}

var errSlot = errors.New("empty or torn")

func parseSlot(b []byte, c Config) (head, error) {
	rest, ok := bytes.CutPrefix(b, []byte(anchorMagic))
	if !ok {
		return head{}, errSlot
	}
	n := binary.BigEndian.Uint32(rest)
	if n > uint32(maxHead) {
		return head{}, errSlot
	}
	end := len(anchorMagic) + 4 + int(n)
	if sum := sha256.Sum256(b[:end]); !bytes.Equal(sum[:], b[end:end+sha256.Size]) {
		return head{}, errSlot
	}
	return parseHead(rest[4:4+n], c)
}

func (a *anchor) close() error { return a.file.Close() }
