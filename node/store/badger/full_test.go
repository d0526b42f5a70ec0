//go:build linux

package badger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"comity.example/node/store"
	"comity.example/node/store/badger"
)

// victimVariable makes the test binary run as a process on a full disk, which
// SIGBUS may end.
const victimVariable = "COMITY_BADGER_VICTIM"

func TestMain(m *testing.M) {
	if disk := os.Getenv(victimVariable); disk != "" {
		if err := meetFullDisk(disk); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The victim's values: so many Updates of so many small values, and a large
// one, that the logs of writes hold more than an Open gains by cutting what was
// allocated of a value log.
const (
	victimUpdates = 6
	victimSmall   = 600
)

func victimValue(n int) []byte {
	if n%victimSmall == 0 {
		return bytes.Repeat([]byte{byte(n)}, largeValue)
	}
	return bytes.Repeat([]byte{byte(n)}, 3<<10)
}

// meetFullDisk opens the store on a disk, fills both, and ends as a node does.
// It returns nil if it was told that there is no room, and nothing else.
func meetFullDisk(disk string) error {
	ctx := context.Background()
	s, err := badger.Open(ctx, config(filepath.Join(disk, "store")))
	if _, full := os.Stat(filepath.Join(disk, "ballast")); full == nil {
		if !errors.Is(err, store.ErrNoSpace) {
			return fmt.Errorf("open on a full disk: got %v, want ErrNoSpace", err)
		}
		return nil
	}
	for i := 0; i < victimUpdates && err == nil; i++ {
		err = s.Update(ctx, func(tx store.Txn) (err error) {
			for n := i * victimSmall; n < (i+1)*victimSmall && err == nil; n++ {
				err = tx.Set(fmt.Append(nil, n), victimValue(n))
			}
			return err
		})
	}
	if err == nil {
		err = fillDisk(filepath.Join(disk, "ballast"))
	}
	if err != nil {
		return err
	}
	err = s.Update(ctx, func(tx store.Txn) error { return tx.Set([]byte("more"), nil) })
	if !errors.Is(err, store.ErrNoSpace) {
		return fmt.Errorf("on a full disk: got %v, want ErrNoSpace", err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrNoSpace) {
		return fmt.Errorf("close on a full disk: got %v, want ErrNoSpace", err)
	}
	return nil
}

// Another process takes the last byte of the disk. The store ends, and does not
// open, with an error and not with SIGBUS; with room, all is there.
func TestStoreOnAFullDiskEndsWithAnError(t *testing.T) {
	disk := smallDisk(t, 64)
	for i, at := range []string{"while it is open", "when it opens", "when it opens again"} {
		if i > 0 {
			if err := fillDisk(filepath.Join(disk, "ballast")); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimVariable+"="+disk)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%.600s", at, err, out)
		}
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	s := open(t, config(filepath.Join(disk, "store")))
	err := s.View(t.Context(), func(r store.Reader) error {
		for i := range victimUpdates * victimSmall {
			if v, err := r.Get(fmt.Append(nil, i)); err != nil || !bytes.Equal(v, victimValue(i)) {
				t.Errorf("value %d: %v", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	set(t, s, "more", nil)
}
