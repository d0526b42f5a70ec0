package upload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"comity.example/crypto/stream"
	"comity.example/protocol"
)

// Names of files of an upload.
const (
	recordName = "record"
	doneName   = "done"
	partName   = "part" // what is not whole yet
)

// maxRecord bounds a record, in bytes.
const maxRecord = 64 << 10

// A record is what an upload is.
type record struct {
	About About      `json:"about"`
	Size  int64      `json:"size"`
	Key   stream.Key `json:"key"`
	By    string     `json:"by"` // who uploads it; "": whoever holds the API's token
}

// An outcome is what an upload became.
type outcome struct {
	Case   protocol.CaseID `json:"case"`
	By     string          `json:"by"`
	Object protocol.Object `json:"object"`
}

func (e *entry) path(name string) string { return filepath.Join(e.store.cfg.Dir, e.id, name) }

// bound is what a file of an upload is sealed to: it does not open in the place of
// another.
func (e *entry) bound(name string) []byte {
	return []byte("comity upload v1\n" + e.id + "\n" + name + "\n")
}

// load reads an upload. What a crash left half made is removed: nil.
func (s *Store) load(id string) (*entry, error) {
	e := &entry{store: s, id: id}
	files, err := os.ReadDir(filepath.Join(s.cfg.Dir, id))
	if err != nil {
		return nil, fmt.Errorf("upload: load: %w", err)
	}
	segments, rest := inOrder(files)
	for _, name := range rest {
		if name == recordName || name == doneName {
			continue
		}
		if err := os.Remove(e.path(name)); err != nil {
			return nil, fmt.Errorf("upload: load: %w", err)
		}
	}
	var o outcome
	switch done, err := e.read(doneName, &o); {
	case err != nil:
		return nil, err
	case done:
		e.About.Case, e.By, e.Size, e.offset, e.object = o.Case, o.By, o.Object.Size, o.Object.Size, &o.Object
		return e, errors.Join(e.touch(doneName), e.shred())
	}
	there, err := e.read(recordName, &e.record)
	switch {
	case err != nil:
		return nil, err
	case !there:
		return nil, e.destroy()
	}
	for _, name := range segments {
		info, err := os.Stat(e.path(name))
		if err != nil {
			return nil, fmt.Errorf("upload: load: %w", err)
		}
		size, err := stream.OpenedSize(info.Size())
		if err != nil {
			return nil, fmt.Errorf("upload: load: %w", err)
		}
		e.offset += size
		e.segments++
		if err := e.touch(name); err != nil {
			return nil, err
		}
	}
	return e, e.touch(recordName)
}

// touch notes when a file of the upload was written, if that is the newest.
func (e *entry) touch(name string) error {
	info, err := os.Stat(e.path(name))
	if err != nil {
		return fmt.Errorf("upload: load: %w", err)
	}
	if info.ModTime().After(e.touched) {
		e.touched = info.ModTime()
	}
	return nil
}

// read opens a sealed file of the upload into v, if it is there.
func (e *entry) read(name string, v any) (bool, error) {
	sealed, err := os.ReadFile(e.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("upload: load: %w", err)
	}
	r, err := stream.NewReader(bytes.NewReader(sealed), e.store.cfg.Key, e.bound(name))
	if err != nil {
		return false, fmt.Errorf("upload: load: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxRecord))
	if err != nil {
		return false, fmt.Errorf("upload: load: %w", err)
	}
	if json.Unmarshal(plain, v) != nil {
		return false, errors.New("upload: load: a record is not in its form")
	}
	return true, nil
}

// seal writes v as a file of the upload, whole or not at all.
func (e *entry) seal(name string, v any) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("upload: write: %w", err)
	}
	_, err = e.write(name, e.store.cfg.Key, bytes.NewReader(plain))
	return err
}

// write seals what r has into a file of the upload, syncs it and gives it its name.
func (e *entry) write(name string, key stream.Key, r io.Reader) (n int64, err error) {
	f, err := os.OpenFile(e.path(partName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("upload: write: %w", err)
	}
	w, err := stream.NewWriter(f, key, e.bound(name))
	if err == nil {
		n, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 256<<10))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(e.path(partName), e.path(name))
	}
	if err == nil {
		err = syncDir(e.path(""))
	}
	if err != nil {
		return 0, fmt.Errorf("upload: write: %w", errors.Join(err, os.RemoveAll(e.path(partName))))
	}
	return n, nil
}

// writeRecord makes the folder of a new upload, with its record.
func (e *entry) writeRecord() error {
	if err := os.Mkdir(e.path(""), 0o700); err != nil {
		return fmt.Errorf("upload: create: %w", err)
	}
	if err := e.seal(recordName, &e.record); err != nil {
		return err
	}
	return syncDir(e.store.cfg.Dir)
}

// writeSegment writes the next segment, unless nothing comes.
func (e *entry) writeSegment(r io.Reader) (int64, error) {
	first := make([]byte, 64<<10)
	k, err := io.ReadAtLeast(r, first, 1)
	if errors.Is(err, io.EOF) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("upload: read: %w", err)
	}
	if e.segments >= MaxSegments || e.segments >= MaxSmall && e.offset < int64(e.segments)*SmallSegment {
		return 0, ErrSegments
	}
	n, err := e.write(segmentName(e.segments), e.Key, &fitting{io.MultiReader(bytes.NewReader(first[:k]), r), e.store.cfg.Room})
	if err != nil {
		return 0, err
	}
	e.store.mu.Lock()
	e.segments++
	e.offset += n
	e.touched = e.store.cfg.Now()
	e.store.mu.Unlock()
	return n, nil
}

// A fitting reader ends where the disk has no room for what it reads: the room that was
// promised may be gone meanwhile, and what the node keeps free is for acts.
type fitting struct {
	io.Reader
	room func() int64
}

func (f *fitting) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if n > 0 && f.room() < int64(n) {
		return 0, ErrNoRoom
	}
	return n, err
}

// content returns what has come, one segment after the other.
func (e *entry) content() io.ReadCloser { return &content{e: e} }

type content struct {
	e    *entry
	next int
	file *os.File
	r    io.Reader
}

func (c *content) Read(p []byte) (int, error) {
	for {
		if c.r == nil {
			if c.next == c.e.segments {
				return 0, io.EOF
			}
			if err := c.open(); err != nil {
				return 0, err
			}
		}
		n, err := c.r.Read(p)
		if errors.Is(err, io.EOF) {
			err, c.r = c.Close(), nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *content) open() (err error) {
	name := segmentName(c.next)
	if c.file, err = os.Open(c.e.path(name)); err != nil {
		return fmt.Errorf("upload: read: %w", err)
	}
	if c.r, err = stream.NewReader(c.file, c.e.Key, c.e.bound(name)); err != nil {
		return fmt.Errorf("upload: read: %w", err)
	}
	c.next++
	return nil
}

// Close closes the segment that is open.
func (c *content) Close() error {
	f := c.file
	if c.file = nil; f == nil {
		return nil
	}
	return f.Close()
}

// finish notes what the upload became, and removes what it was. A crash between the
// two leaves the note, and the next start goes on.
func (e *entry) finish(o *protocol.Object) error {
	if err := e.seal(doneName, &outcome{e.About.Case, e.By, *o}); err != nil {
		return err
	}
	return e.shred()
}

// shred destroys the key of what has come, and removes it. The record is
// overwritten first; that the disk forgets what stood there is for the disk.
func (e *entry) shred() error {
	path := e.path(recordName)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("upload: remove: %w", err)
	default:
		info, err := f.Stat()
		if err == nil {
			_, err = f.Write(make([]byte, info.Size()))
		}
		if err := errors.Join(err, f.Sync(), f.Close(), os.Remove(path)); err != nil {
			return fmt.Errorf("upload: remove: %w", err)
		}
	}
	files, err := os.ReadDir(e.path(""))
	if err != nil {
		return fmt.Errorf("upload: remove: %w", err)
	}
	for _, f := range files {
		if f.Name() == doneName {
			continue
		}
		if err := os.Remove(e.path(f.Name())); err != nil {
			return fmt.Errorf("upload: remove: %w", err)
		}
	}
	return syncDir(e.path(""))
}

// destroy removes all there is of the upload.
func (e *entry) destroy() error {
	if err := e.shred(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(e.path("")); err != nil {
		return fmt.Errorf("upload: remove: %w", err)
	}
	return syncDir(e.store.cfg.Dir)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("upload: sync: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("upload: sync: %w", err)
	}
	return nil
}
