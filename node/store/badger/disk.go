package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
// with SIGBUS instead of an error.
func (s *Store) room() error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return fmt.Errorf("badger: ask for free space: %w: %w", store.ErrNoSpace, err)
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < s.reserve {
		return fmt.Errorf("badger: %w: %d bytes free, %d kept in reserve",
			store.ErrNoSpace, free, s.reserve)
	}
	return nil
}

// diskUse adds up the blocks in use: Badger's files are sparse.
func diskUse(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
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
