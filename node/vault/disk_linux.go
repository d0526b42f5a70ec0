package vault

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync is enough where nothing but content and length counts.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// ahead has the system begin to write a part of a file to disk, so that a later
// sync has less to wait for. It promises nothing.
func ahead(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}
