package journal_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"comity.example/node/store"
)

var (
	flips    = flag.Int("flips", 100, "how many bits to flip")
	flipSeed = flag.Uint64("flipseed", 1, "which bits")
)

const (
	// damageCommits is how many commits an image holds.
	damageCommits = 1024
	// damageCallers is how many callers make them, in two equal parts.
	damageCallers = 8
)

// An image is a directory in memory, without its empty pages: Badger's files
// are sparse.
type image struct {
	names []string
	files map[string]imageFile
}

type imageFile struct {
	size  int64
	pages map[int64][]byte // by offset
}

const page = 4 << 10

// trim cuts most of the empty end off a log, for the sake of speed.
func (f *imageFile) trim() {
	end := int64(0)
	for at := range f.pages {
		end = max(end, at+page)
	}
	f.size = min(f.size, end+16*page)
}

func takeImage(t *testing.T, dir string) image {
	t.Helper()
	m := image{files: map[string]imageFile{}}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		f := imageFile{size: int64(len(b)), pages: map[int64][]byte{}}
		for at := 0; at < len(b); at += page {
			p := b[at:min(at+page, len(b))]
			if len(bytes.Trim(p, "\x00")) > 0 {
				f.pages[int64(at)] = p
			}
		}
		if ext := filepath.Ext(name); ext == ".mem" || ext == ".vlog" {
			f.trim()
		}
		m.names = append(m.names, name)
		m.files[name] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m image) restore(dir string) error {
	for name, f := range m.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		out, err := os.Create(path)
		if err != nil {
			return err
		}
		err = out.Truncate(f.size)
		for at, p := range f.pages {
			_, werr := out.WriteAt(p, at)
			err = errors.Join(err, werr)
		}
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	return nil
}

// pick chooses a bit: any file, and most often a page that holds something.
func (m image) pick(r *rand.Rand) (name string, at int64, bit byte) {
	for {
		name = m.names[r.IntN(len(m.names))]
		f := m.files[name]
		if f.size == 0 {
			continue
		}
		at = r.Int64N(f.size)
		if used := slices.Sorted(keysOf(f.pages)); len(used) > 0 && r.IntN(10) > 0 {
			at = used[r.IntN(len(used))]
			at += r.Int64N(min(page, f.size-at))
		}
		return name, at, 1 << r.IntN(8)
	}
}

func keysOf(m map[int64][]byte) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// images returns the same thousand commits as a crash leaves them, partly in
// tables and partly in the log, and as Close leaves them.
func images(t *testing.T) (ims []image, keys []string) {
	t.Helper()
	dir := t.TempDir()
	for part := range 2 {
		d := mustStart(t, dir)
		var callers sync.WaitGroup
		for caller := range damageCallers {
			var mine []string
			for i := range damageCommits / damageCallers / 2 {
				mine = append(mine, fmt.Sprintf("act/%d-%d-%d", part, caller, i))
			}
			keys = append(keys, mine...)
			callers.Go(func() { commitAll(t, d, mine) })
		}
		callers.Wait()
		if part == 1 {
			ims = append(ims, takeImage(t, dir))
		}
		mustEnd(t, d)
	}
	return append(ims, takeImage(t, dir)), keys
}

func commitAll(t *testing.T, d *desk, keys []string) {
	for _, key := range keys {
		if _, err := d.Commit(t.Context(), file(key, contentOf(key))); err != nil {
			t.Error(err)
		}
	}
}

// One bit flipped anywhere: either the node does not start and says what is
// damaged, or all that was answered reads back as it was.
func TestFlippedBitIsFoundOrHarmless(t *testing.T) {
	ims, keys := images(t)
	if len(keys) != damageCommits {
		t.Fatalf("made %d commits, want %d", len(keys), damageCommits)
	}
	n := *flips / slowdown
	var mu sync.Mutex
	outcomes := map[string]int{}
	work := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range work {
				r := rand.New(rand.NewPCG(*flipSeed, uint64(i)))
				outcome, err := flip(t.Context(), t.TempDir(), ims[i%len(ims)], r, keys)
				if err != nil {
					t.Errorf("flip %d: %v", i, err)
				}
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	workers.Wait()
	t.Log(outcomes)
	if outcomes["found"] == 0 || outcomes["harmless"] == 0 {
		t.Errorf("outcomes %v: the test does not test", outcomes)
	}
}

func flip(
	ctx context.Context, dir string, m image, r *rand.Rand, keys []string,
) (outcome string, err error) {
	name, at, bit := m.pick(r)
	if err := m.restore(dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if err := flipBit(path, at, bit); err != nil {
		return "", err
	}
	d, err := start(ctx, dir, nil)
	if err != nil {
		if errors.Is(err, store.ErrInUse) {
			return "", err
		}
		return "found", os.RemoveAll(dir)
	}
	if err := checkAll(ctx, d.Journal, keys, contentOf); err != nil {
		err = fmt.Errorf("%s, byte %d, bit %d: %w", name, at, bit, err)
		return "missed", errors.Join(err, endAll(d))
	}
	return "harmless", errors.Join(endAll(d), os.RemoveAll(dir))
}

func endAll(d *desk) error {
	ran, closed := d.end()
	return errors.Join(ran, closed)
}

func flipBit(path string, at int64, bit byte) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	b[0] ^= bit
	_, werr := f.WriteAt(b[:], at)
	return errors.Join(err, werr, f.Close())
}
