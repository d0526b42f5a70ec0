//go:build !linux

package vault

import "os"

func datasync(f *os.File) error { return f.Sync() }

func ahead(*os.File, int64, int64) {}
