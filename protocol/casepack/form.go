package casepack

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"comity.example/protocol/bag"
)

// plain reports whether the entry names a document of a known kind by a name
// that leads nowhere when somebody unpacks the archive.
func (e *DocumentEntry) plain() bool {
	return slices.Contains([]string{"register", "agreement", "notice"}, e.Kind) &&
		filepath.IsLocal(e.Name) && !strings.ContainsAny(e.Name, `/\`)
}

// wasPackage reports whether an archive that is not in the form of a package once was
// one, or the beginning of one: it begins with the folder of a case, or holds the index
// in the clear.
func wasPackage(r io.ReaderAt, size int64) bool {
	const header, folder = 30, 31 // bytes of a ZIP file's header before its name, and of the name of a case
	begin := make([]byte, header+folder+len("/bagit.txt"))
	if n, _ := r.ReadAt(begin, 0); n == len(begin) && bytes.HasPrefix(begin, []byte("PK\x03\x04")) &&
		bytes.HasPrefix(begin[header:], []byte("case-")) && bytes.HasSuffix(begin, []byte("/bagit.txt")) {
		return true
	}
	// The index stands behind the evidence: nothing but two manifests follows it.
	const tail = 2*bag.MaxManifest + MaxFile
	mark := []byte(`"format":"` + Format + `"`)
	b := make([]byte, 0, 1<<20)
	for at := max(0, size-tail); at < size; {
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
