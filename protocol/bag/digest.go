package bag

import (
	"archive/zip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// copyBuffer is how many bytes of a file are in memory at a time.
const copyBuffer = 256 << 10

// An algorithm is one of those in the names of manifests. Only the strong ones prove
// anything: the others are read because old bags have them.
type algorithm struct {
	name   string
	weak   bool
	make   func() hash.Hash
	digits int
}

func algorithms() []algorithm {
	return []algorithm{
		{"sha512", false, sha512.New, 2 * sha512.Size},
		{"sha256", false, sha256.New, 2 * sha256.Size},
		{"sha384", false, sha512.New384, 2 * sha512.Size384},
		{"sha224", false, sha256.New224, 2 * sha256.Size224},
		{"sha1", true, sha1.New, 2 * sha1.Size},
		{"md5", true, md5.New, 2 * md5.Size},
	}
}

// A Reader reads a file. At its end, in place of io.EOF, it returns ErrDigest if the
// bytes were not those that every manifest names: nothing of what it returned before
// may be relied on.
type Reader struct {
	b    *Bag
	name string
	f    *file
	in   io.ReadCloser
	each []hash.Hash // one of every algorithm
	sums []hash.Hash // beside f.listed
	n    int64
	end  error
}

// Open opens a file.
func (b *Bag) Open(name string) (*Reader, error) {
	f := b.files[name]
	if f == nil {
		return nil, ErrAbsent
	}
	in, err := f.open()
	if err != nil {
		return nil, err
	}
	r := &Reader{b: b, name: name, f: f, in: in}
	made := map[string]hash.Hash{}
	for _, l := range f.listed {
		if made[l.by.name] == nil {
			made[l.by.name] = l.by.make()
			r.each = append(r.each, made[l.by.name])
		}
		r.sums = append(r.sums, made[l.by.name])
	}
	return r, nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.end != nil {
		return 0, r.end
	}
	n, err := r.in.Read(p)
	for _, h := range r.each {
		h.Write(p[:n])
	}
	r.n += int64(n)
	if r.b.Progress != nil && n > 0 {
		r.b.Progress(n)
	}
	switch {
	case errors.Is(err, io.EOF):
		err = r.finish()
	case errors.Is(err, zip.ErrChecksum): // the archive has a digest of its own, which proves nothing
		err = r.fail()
	}
	r.end = err
	return n, err
}

// finish compares what was read with every manifest.
func (r *Reader) finish() error {
	same := r.n == r.f.size
	for i, l := range r.f.listed {
		same = same && hex.EncodeToString(r.sums[i].Sum(nil)) == l.sum
	}
	if !same {
		return r.fail()
	}
	r.f.checked = true
	return io.EOF
}

// fail notes, once, that the bytes are others.
func (r *Reader) fail() error {
	if !r.f.bad {
		r.b.report.fault("%q is not the file that the manifest names", r.name)
	}
	r.f.checked, r.f.bad = true, true
	return ErrDigest
}

// Sum returns what the file is known by. It is there after io.EOF, if a manifest of
// SHA-512 lists the file.
func (r *Reader) Sum() (s Sum, ok bool) {
	for i, l := range r.f.listed {
		if l.by.name == "sha512" && errors.Is(r.end, io.EOF) {
			return Sum{r.n, [sha512.Size]byte(r.sums[i].Sum(nil))}, true
		}
	}
	return s, false
}

// Close implements io.Closer.
func (r *Reader) Close() error { return r.in.Close() }
