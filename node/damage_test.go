//go:build linux

package node_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"

	"comity.example/node"
	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

var (
	flips   = flag.Int("flips", 18, "bits that are flipped in a node's data, one at a time")
	flipped = flag.Int("flipped-acts", 20, "acts that a node holds when its data is damaged")
)

// A stretch is a part of a file that is not a hole.
type stretch struct {
	name    string // below the directory
	at, end int64
}

// stretches lists what is written in the files of a directory.
func stretches(t *testing.T, dir string) []stretch {
	t.Helper()
	var out []stretch
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		name, err := filepath.Rel(dir, path)
		for end := int64(0); err == nil; {
			var at int64
			if at, err = unix.Seek(int(f.Fd()), end, unix.SEEK_DATA); err == nil {
				end, err = unix.Seek(int(f.Fd()), at, unix.SEEK_HOLE)
				out = append(out, stretch{name, at, end})
			}
		}
		if errors.Is(err, unix.ENXIO) { // no data behind here
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cloneDir copies a directory, holes and all.
func cloneDir(t *testing.T, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(to, name))
		if err != nil {
			return err
		}
		return errors.Join(f.Truncate(info.Size()), f.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stretches(t, from) {
		b := make([]byte, s.end-s.at)
		if err := onFile(filepath.Join(from, s.name), func(f *os.File) error {
			_, err := f.ReadAt(b, s.at)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := onFile(filepath.Join(to, s.name), func(f *os.File) error {
			_, err := f.WriteAt(b, s.at)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func onFile(path string, do func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(do(f), f.Close())
}

// TestOneFlippedBitIsNamedOrHarmless: a node's data is damaged by one bit while
// it is stopped. Either it does not open, and says why, or everything that it
// receipted is there.
func TestOneFlippedBitIsNamedOrHarmless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := found(t, dir)
		defer b.close()
		acts := b.filled(office, *flipped)
		whole := b.config(office).Dir
		written := stretches(t, whole)
		random := rand.New(rand.NewPCG(7, 7))
		named, harmless := 0, 0
		for i := range *flips {
			s := written[i%len(written)] // every stretch gets its share
			bit := 8*s.at + random.Int64N(8*(s.end-s.at))
			copied := filepath.Join(dir, fmt.Sprint("flip-", i))
			cloneDir(t, copied, whole)
			flipBit(t, filepath.Join(copied, s.name), bit)
			b.alter = func(c *node.Config) { c.Dir = copied }
			switch err := b.serves(office, acts); {
			case err == nil:
				harmless++
			case damageNamed(err):
				named++
			default:
				t.Errorf("bit %d of %s (%d to %d): %v", bit, s.name, s.at, s.end, err)
			}
			os.RemoveAll(copied)
		}
		t.Logf("%d stretches: %d flips were named, %d were harmless", len(written), named, harmless)
	})
}

// filled runs a node until it has receipted n acts, and stops it.
func (b *border) filled(at protocol.ParticipantID, n int) []*protocol.Act {
	b.t.Helper()
	b.start(at)
	f := b.thief(police)
	acts := make([]*protocol.Act, n)
	for i := range acts {
		acts[i] = b.forged(at)
		if rec := b.proven(at, f.deliver(at, b.seal(b.sign(acts[i]), at))).Record; rec.Kind != ledger.KindHeld {
			b.t.Fatalf("act %d was %s", i, rec.Kind)
		}
	}
	b.halt(at)
	return acts
}

func flipBit(t *testing.T, path string, bit int64) {
	t.Helper()
	err := onFile(path, func(f *os.File) error {
		var one [1]byte
		if _, err := f.ReadAt(one[:], bit/8); err != nil {
			return err
		}
		one[0] ^= 1 << (bit % 8)
		_, err := f.WriteAt(one[:], bit/8)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// serves opens a node and returns nil if it holds every act, and its ledger
// checks.
func (b *border) serves(at protocol.ParticipantID, acts []*protocol.Act) error {
	r, err := b.open(at)
	if err != nil {
		return openError{err}
	}
	defer r.Close()
	ctx := context.Background()
	for i, a := range acts {
		v, err := r.Case(ctx, a.Case)
		if err != nil || len(v.Acts) != 1 || v.Acts[0].Entry.Act != b.digest(a) {
			return fmt.Errorf("act %d of %d is not there: %w", i, len(acts), err)
		}
	}
	in, err := r.Check(ctx)
	if err != nil || len(in.Trouble) > 0 || in.Size < int64(len(acts)) {
		return fmt.Errorf("it opened, and its ledger does not check: %v %w", in.Trouble, err)
	}
	return nil
}

// An openError is what Open said.
type openError struct{ error }

func (e openError) Unwrap() error { return e.error }

// damageNamed reports whether Open said that the data is damaged.
func damageNamed(err error) bool {
	var opened openError
	var behind *journal.BehindError
	return errors.As(err, &opened) && (errors.Is(err, store.ErrDamaged) || errors.Is(err, journal.ErrDamaged) ||
		errors.Is(err, journal.ErrAnchorMissing) || errors.Is(err, store.ErrWrongKey) ||
		errors.Is(err, vault.ErrDamaged) || errors.Is(err, vault.ErrWrongKey) || errors.As(err, &behind))
}
