package badger

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate gives a part of a file its blocks on disk. Where the file system
// cannot do that, the reserve must do.
func allocate(f *os.File, at, size int64) error {
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, at, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}
