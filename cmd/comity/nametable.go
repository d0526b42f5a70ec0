package main

import (
	"encoding/binary"
	"hash/maphash"
	"io"
	"os"
)

// A nameTable knows which names were given, and of names that more than one file has,
// as series says, the number that comes next. It lies in a file, since there may be millions. Two names
// are taken for one if their digests of 64 bits are the same, by a chance of one in
// millions where there are millions of names: then a file has a number that it need
// not have.
type nameTable struct {
	file  *os.File
	seed  maphash.Seed
	slots int64 // a power of two; more than half of them are free
	given int64
}

const (
	slotSize   = 16 // bytes: the digest of a name, 0 of none, and the number
	firstSlots = 1 << 10
)

// newNameTable returns one without names. The caller closes it.
func newNameTable() (*nameTable, error) { return tableOf(firstSlots, maphash.MakeSeed()) }

func tableOf(slots int64, seed maphash.Seed) (*nameTable, error) {
	f, err := spoolFile("given")
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(slots * slotSize); err != nil {
		f.Close()
		return nil, err
	}
	return &nameTable{file: f, seed: seed, slots: slots}, nil
}

func (t *nameTable) close() error { return t.file.Close() }

// next returns what give was told: the number that comes after those which files have.
// It is 0 for a name that was not given.
func (t *nameTable) next(name string) (int, error) {
	_, number, err := t.find(t.digest(name))
	return number, err
}

// give notes that a name was given, and which number comes next.
func (t *nameTable) give(name string, next int) error {
	if 2*t.given >= t.slots {
		if err := t.grow(); err != nil {
			return err
		}
	}
	return t.put(t.digest(name), next)
}

func (t *nameTable) digest(name string) uint64 { return max(1, maphash.String(t.seed, name)) }

// find returns the slot of a digest, or the free one where it would lie.
func (t *nameTable) find(digest uint64) (slot int64, number int, err error) {
	var b [slotSize]byte
	for slot = int64(digest & uint64(t.slots-1)); ; slot = (slot + 1) & (t.slots - 1) {
		if _, err := t.file.ReadAt(b[:], slot*slotSize); err != nil {
			return 0, 0, err
		}
		switch binary.LittleEndian.Uint64(b[:]) {
		case 0:
			return slot, 0, nil
		case digest:
			return slot, int(binary.LittleEndian.Uint64(b[8:])), nil
		}
	}
}

func (t *nameTable) put(digest uint64, next int) error {
	slot, had, err := t.find(digest)
	if err != nil {
		return err
	}
	if had == 0 {
		t.given++
	}
	var b [slotSize]byte
	binary.LittleEndian.PutUint64(b[:], digest)
	binary.LittleEndian.PutUint64(b[8:], uint64(next))
	_, err = t.file.WriteAt(b[:], slot*slotSize)
	return err
}

// grow makes room for twice as many.
func (t *nameTable) grow() error {
	larger, err := tableOf(2*t.slots, t.seed)
	if err != nil {
		return err
	}
	buffer := make([]byte, firstSlots*slotSize)
	for at := int64(0); at < t.slots*slotSize; at += int64(len(buffer)) {
		if _, err := io.ReadFull(io.NewSectionReader(t.file, at, int64(len(buffer))), buffer); err != nil {
			larger.close()
			return err
		}
		for b := buffer; len(b) > 0; b = b[slotSize:] {
			digest := binary.LittleEndian.Uint64(b)
			if digest == 0 {
				continue
			}
			if err := larger.put(digest, int(binary.LittleEndian.Uint64(b[8:]))); err != nil {
				larger.close()
				return err
			}
		}
	}
	t.file.Close()
	*t = *larger
	return nil
}
