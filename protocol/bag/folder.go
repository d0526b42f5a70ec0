package bag

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// OpenFolder opens a bag that lies in a folder. What is neither a file nor a folder, a
// link for one, is refused. The caller sees to it that no link leads out of the folder
// meanwhile.
func OpenFolder(root fs.FS) (*Bag, error) {
	b := &Bag{}
	return b, read(tree{root}, b)
}

// A tree is a folder, as a source.
type tree struct{ root fs.FS }

func (t tree) each(add func(string, *file) error) error {
	return fs.WalkDir(t.root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("bag: %q is neither a file nor a folder", name)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size := info.Size()
		return add(name, &file{size: size, open: func() (io.ReadCloser, error) { return t.open(name, size) }})
	})
}

// open opens a file that must still be as long as it was.
func (t tree) open(name string, size int64) (io.ReadCloser, error) {
	f, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() != size) {
		err = errors.New("bag: a file was exchanged while the bag was read")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
