package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"comity.example/node/store"
)

// lockDir takes the directory for this process. The lock ends with the file
// handle, so a killed process leaves none behind.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(lockPath(dir), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("badger: lock the directory: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("badger: lock %s: %w", dir, store.ErrInUse)
	}
	return nil, fmt.Errorf("badger: lock %s: %w", dir, err)
}

// room refuses to write into the last of the disk. Badger writes through
// memory maps of sparse files: when the disk is full, that ends the process
// with SIGBUS instead of an error. logged is what goes to the value log.
func (s *Store) room(logged int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return fmt.Errorf("badger: ask for free space: %w: %w", store.ErrNoSpace, err)
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < s.reserve {
		return fmt.Errorf("badger: %w: %d bytes free, %d kept in reserve",
			store.ErrNoSpace, free, s.reserve)
	}
	if logged == 0 {
		return nil
	}
	if err := s.values.allocate(logged); err != nil {
		return fmt.Errorf("badger: allocate a value log: %w: %w", store.ErrNoSpace, err)
	}
	return nil
}

// requireFlush returns store.ErrNoSpace if the disk cannot take what Badger
// writes unasked when it opens and when it closes: tables of all that is in the
// logs of writes, and the beginnings of the next logs.
func requireFlush(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("%w: ask for free space: %w", store.ErrNoSpace, err)
	}
	logged, err := diskUse(dir, walSuffix)
	if err != nil {
		return err
	}
	free, need := int64(st.Bavail)*int64(st.Bsize), logged+beginnings
	if free < need {
		return fmt.Errorf("%w: %d bytes free, %d needed to flush", store.ErrNoSpace, free, need)
	}
	return nil
}

// A valueFile is the value log that Badger writes to. Badger begins the next
// one, under the next number, in the Commit that fills this one.
type valueFile struct {
	dir       string
	id        uint64
	known     bool  // its name and its header are durable
	written   int64 // bytes at most
	allocated int64 // bytes that have their blocks on disk
}

func newestValueFile(dir string) (valueFile, error) {
	d, err := list(dir)
	if err != nil {
		return valueFile{}, err
	}
	if len(d.vlogs) == 0 {
		return valueFile{}, fmt.Errorf("badger: %w: no value log", store.ErrBroken)
	}
	return valueFile{dir: dir, id: d.vlogs[len(d.vlogs)-1], written: logHeader}, nil
}

func (f *valueFile) path() string { return filepath.Join(f.dir, vlogName(f.id)) }

// allocate gives n more bytes of the newest value log their blocks.
func (f *valueFile) allocate(n int64) error {
	next := valueFile{dir: f.dir, id: f.id + 1, written: logHeader}
	if info, err := os.Lstat(next.path()); err == nil && info.Mode().IsRegular() {
		*f = next
	}
	if f.known && f.written+n <= f.allocated {
		return nil
	}
	file, err := os.OpenFile(f.path(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := f.settle(file); err != nil {
		return err
	}
	more := f.written + n - f.allocated
	more += (allocation - more%allocation) % allocation
	if err := allocate(file, f.allocated, more); err != nil {
		return err
	}
	f.allocated += more
	return nil
}

// settle makes durable that there is another value log, with its header, before
// there are values in it: Badger syncs neither the directory nor a header. A
// crash then tears no log but the newest that holds values.
func (f *valueFile) settle(file *os.File) error {
	if f.known {
		return nil
	}
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), dir.Sync(), dir.Close()); err != nil {
		return err
	}
	f.known = true
	return nil
}

// diskUse adds up the blocks in use of the files whose names end so: Badger's
// files are sparse.
func diskUse(dir, suffix string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		var st unix.Stat_t
		if err := unix.Stat(path, &st); errors.Is(err, fs.ErrNotExist) {
			return nil // compacted away meanwhile
		} else if err != nil {
			return err
		}
		total += int64(st.Blocks) * 512
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("badger: measure the directory: %w", err)
	}
	return total, nil
}
