package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

const (
	// maxRun is how many names of a folder are held in memory. Where it has more,
	// sorted runs of them lie in a file meanwhile: a folder may have millions.
	maxRun = 1 << 16
	// maxDepth bounds folders within folders: each costs an open file.
	maxDepth = 1000
	// readAtOnce is how many names are asked for at a time.
	readAtOnce = 1024
)

// A walker goes through a folder, in the order of the names.
type walker struct {
	// file is called for every file, by its name in the folder in which it lies and
	// by its path from where the walk began.
	file func(in *os.Root, name, path string) error
	// other is called for what is neither a file nor a folder.
	other func(path, why string)
}

// walk goes through a folder and those within it.
func (w *walker) walk(dir *os.Root, at string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d folders within folders", maxDepth)
	}
	return eachIn(dir, maxRun, func(l leaf) error {
		name, kind := l.split()
		p := path.Join(at, name)
		switch kind {
		case 'f':
			return w.file(dir, name, p)
		case 'd':
			within, err := dir.OpenRoot(name)
			if err != nil {
				return err
			}
			return errors.Join(w.walk(within, p, depth+1), within.Close())
		case 'l':
			w.other(p, "a symbolic link")
		default:
			w.other(p, "no file: a device, a pipe or a socket")
		}
		return nil
	})
}

// A leaf is what a folder says of one thing in it: its name, a NUL, which no name has
// and which therefore leaves the order of the names as it is, and a letter for its kind.
type leaf string

func newLeaf(e fs.DirEntry) leaf {
	kind := "\x00o"
	switch {
	case e.Type().IsRegular():
		kind = "\x00f"
	case e.IsDir():
		kind = "\x00d"
	case e.Type()&fs.ModeSymlink != 0:
		kind = "\x00l"
	}
	return leaf(e.Name() + kind)
}

func (l leaf) split() (name string, kind byte) { return string(l[:len(l)-2]), l[len(l)-1] }

// eachIn calls each for what is in a folder, in the order of the names. It holds not
// many more than most of them in memory.
func eachIn(dir *os.Root, most int, each func(leaf) error) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	var run []leaf
	var sorted runs
	defer sorted.close()
	for {
		some, err := d.ReadDir(readAtOnce)
		for _, e := range some {
			run = append(run, newLeaf(e))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil && len(run) < most {
			continue
		}
		slices.Sort(run)
		if err != nil && sorted.file == nil { // all of it
			return eachOf(run, each)
		}
		if err := sorted.put(run); err != nil {
			return err
		}
		if run = run[:0]; err != nil {
			return sorted.merge(each)
		}
	}
}

func eachOf(run []leaf, each func(leaf) error) error {
	for _, l := range run {
		if err := each(l); err != nil {
			return err
		}
	}
	return nil
}

// Runs are sorted runs of leaves in a file that nobody else sees.
type runs struct {
	file *os.File
	ends []int64 // where each ends
}

func (r *runs) close() {
	if r.file != nil {
		r.file.Close()
	}
}

// put appends a run.
func (r *runs) put(run []leaf) (err error) {
	if r.file == nil {
		if r.file, err = spoolFile("names"); err != nil {
			return err
		}
	}
	out := bufio.NewWriterSize(r.file, 1<<20)
	for _, l := range run {
		if _, err := out.WriteString(string(l)); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	end, err := r.file.Seek(0, io.SeekCurrent)
	r.ends = append(r.ends, end)
	return err
}

// A head is the next leaf of a run.
type head struct {
	leaf leaf
	from *bufio.Reader
}

// next reads it, and returns io.EOF at the end of the run.
func (h *head) next() error {
	name, err := h.from.ReadString(0)
	if err != nil {
		return err
	}
	kind, err := h.from.ReadByte()
	h.leaf = leaf(name + string(rune(kind)))
	return err
}

// merge calls each for the leaves of all runs.
func (r *runs) merge(each func(leaf) error) error {
	var heads []*head
	begin := int64(0)
	for _, end := range r.ends {
		h := &head{from: bufio.NewReader(io.NewSectionReader(r.file, begin, end-begin))}
		switch err := h.next(); {
		case err == nil:
			heads = append(heads, h)
		case !errors.Is(err, io.EOF):
			return err
		}
		begin = end
	}
	for len(heads) > 0 {
		first := 0
		for i, h := range heads {
			if h.leaf < heads[first].leaf {
				first = i
			}
		}
		if err := each(heads[first].leaf); err != nil {
			return err
		}
		switch err := heads[first].next(); {
		case errors.Is(err, io.EOF):
			heads = slices.Delete(heads, first, first+1)
		case err != nil:
			return err
		}
	}
	return nil
}

// spoolFile makes a file that is nobody else's, and ends with this process. The caller
// closes it.
func spoolFile(of string) (*os.File, error) {
	f, err := os.CreateTemp("", "comity-"+of+"-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
