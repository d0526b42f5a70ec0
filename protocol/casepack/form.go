package casepack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

var errForm = errors.New("casepack: open: the archive is not in the form in which packages are written")

// checkForm writes the archive again and compares: bytes before, between and
// after the files, comments and second headers are where another program would
// find what Verify never saw.
func (p *Package) checkForm(files []*zip.File, archive io.Reader) error {
	along := &comparer{want: bufio.NewReader(archive)}
	w := NewWriter(along)
	for _, f := range files {
		if f.Method != zip.Store {
			return errForm
		}
		b, err := p.read(f.Name)
		if err == nil {
			err = w.Add(f.Name, b)
		}
		if err != nil {
			return err
		}
	}
	if err := w.z.Close(); err != nil {
		return err
	}
	if _, err := along.want.ReadByte(); along.differs || err != io.EOF {
		return errForm
	}
	return nil
}

// A comparer reads along with what is written.
type comparer struct {
	want    *bufio.Reader
	differs bool
}

func (c *comparer) Write(b []byte) (int, error) {
	got := make([]byte, len(b))
	if _, err := io.ReadFull(c.want, got); err != nil || !bytes.Equal(got, b) {
		c.differs = true
	}
	return len(b), nil
}

// plain reports whether the entry names a document of a known kind by a name
// that leads nowhere when somebody unpacks the archive.
func (e *DocumentEntry) plain() bool {
	return slices.Contains([]string{"register", "agreement", "notice"}, e.Kind) &&
		filepath.IsLocal(e.Name) && !strings.ContainsAny(e.Name, `/\`)
}

// wasPackage reports whether an archive that is not in the form of a package
// once was one: it names the files of one, holds the index in the clear, or
// begins with an act, as one does whose end was cut off.
func wasPackage(r io.ReaderAt, size int64) bool {
	if z, err := zip.NewReader(r, size); err == nil {
		index := slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == indexName })
		proof := slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasPrefix(f.Name, "proofs/") })
		if index && proof {
			return true
		}
	}
	const header = 30 // bytes of a ZIP file's header before its name
	begin := make([]byte, header+len("acts/"))
	if _, err := r.ReadAt(begin, 0); err == nil && bytes.HasPrefix(begin, []byte("PK\x03\x04")) &&
		string(begin[header:]) == "acts/" {
		return true
	}
	mark := []byte(`"format":"` + Format + `"`)
	b := make([]byte, 0, 1<<20)
	for at := int64(0); at < size; {
		n, err := r.ReadAt(b[len(b):cap(b)], at)
		b, at = b[:len(b)+n], at+int64(n)
		if bytes.Contains(b, mark) {
			return true
		}
		if n == 0 || err != nil && err != io.EOF {
			return false
		}
		b = append(b[:0], b[max(0, len(b)-len(mark)):]...) // the mark may lie across two pieces
	}
	return false
}
