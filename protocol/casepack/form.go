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
