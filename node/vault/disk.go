package vault

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// A disk is the file system. In tests it fails.
type disk struct {
	// fault is asked before each step that changes the file system. With an error
	// the step fails, after the part of it that it says was done.
	fault func(step string) (part, error)
	// room, in tests, is what the file system says is free.
	room func() int64
}

// A part is how much of a step was done although it failed.
type part int

const (
	lost part = iota
	torn      // half of the bytes were written
	persisted
)

func (d *disk) do(step string, act func() error) error {
	if d.fault == nil {
		return noRoom(act())
	}
	done, err := d.fault(step)
	if err == nil {
		return noRoom(act())
	}
	if done == persisted {
		return errors.Join(err, act())
	}
	return noRoom(err)
}

// noRoom marks an error that says that the disk is full.
func noRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}

// free returns how many bytes are free.
func (d *disk) free(dir string) (int64, error) {
	if d.room != nil {
		return d.room(), nil
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("vault: ask for free space: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// mkdir makes a directory that may be there, durably.
func (d *disk) mkdir(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	err := d.do("mkdir", func() error { return os.Mkdir(path, 0o700) })
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

func (d *disk) syncDir(path string) error {
	return d.do("sync directory", func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

func (d *disk) rename(from, to string) error {
	return d.do("rename", func() error { return os.Rename(from, to) })
}

// remove removes a file that may be there.
func (d *disk) remove(path string) error {
	err := d.do("remove", func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// A file is a file of a disk.
type file struct {
	*os.File
	disk *disk
}

// create makes a new file under a random name.
func (d *disk) create(dir string) (*file, error) {
	return d.open(filepath.Join(dir, randomName()), os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// randomName is the name of a file until it has its own.
func randomName() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// open opens a file to be written.
func (d *disk) open(path string, flag int) (*file, error) {
	f := &file{disk: d}
	err := d.do("open", func() (err error) {
		f.File, err = os.OpenFile(path, flag, 0o600)
		return err
	})
	if err == nil {
		return f, nil
	}
	if f.File != nil {
		err = errors.Join(err, f.File.Close())
	}
	return nil, err
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (n int, err error) {
	err = f.tear(func() (err error) { n, err = f.File.Write(p); return err },
		func() (err error) { n, err = f.File.Write(p[:len(p)/2]); return err })
	return n, err
}

// WriteAt implements io.WriterAt.
func (f *file) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.tear(func() (err error) { n, err = f.File.WriteAt(p, off); return err },
		func() (err error) { n, err = f.File.WriteAt(p[:len(p)/2], off); return err })
	return n, err
}

// tear writes the whole, or in tests half of it.
func (f *file) tear(whole, half func() error) error {
	if f.disk.fault == nil {
		return noRoom(whole())
	}
	done, err := f.disk.fault("write")
	switch {
	case err == nil:
		return noRoom(whole())
	case done == torn:
		return noRoom(errors.Join(err, half()))
	case done == persisted:
		return noRoom(errors.Join(err, whole()))
	}
	return noRoom(err)
}

// Sync makes durable what was written.
func (f *file) Sync() error { return f.disk.do("sync", f.File.Sync) }

// datasync does so where only what is in the file counts.
func (f *file) datasync() error {
	return f.disk.do("sync", func() error { return datasync(f.File) })
}
