// Package bag reads and writes BagIt bags (RFC 8493): a folder of files with lists of
// their digests, which archives and courts can check with any BagIt program. A bag is
// read out of a ZIP archive or out of a folder, and its payload is streamed: a bag of
// any size takes the same memory. Nothing is unpacked, fetched or written anywhere.
//
// The package is trusted with this: of a bag whose Report is clean, every file is in
// every manifest, and has the bytes whose digests stand there. Who wrote the manifests
// it does not say.
package bag

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of a bag.
const (
	MaxFiles    = 1 << 17  // files of a bag, the tag files among them
	MaxName     = 1024     // bytes of a file's name
	MaxLine     = 4 << 10  // bytes of a line of a tag file
	MaxTagFile  = 16 << 20 // bytes of bagit.txt, bag-info.txt or fetch.txt
	MaxManifest = 64 << 20 // bytes of a manifest
	MaxTags     = 4096     // lines of bag-info.txt
	// MaxNoted bounds how many faults and how many warnings a Report spells out.
	MaxNoted = 256
)

// The names of the tag files that the format knows.
const (
	declarationName = "bagit.txt"
	infoName        = "bag-info.txt"
	fetchName       = "fetch.txt"
	payloadFolder   = "data/"
)

// Errors of this package.
var (
	// ErrNoBag says that what was opened is no bag at all.
	ErrNoBag = errors.New("bag: not a bag")
	// ErrDigest says that the bytes of a file are not those of a manifest.
	ErrDigest = errors.New("bag: the file has changed since the manifest was written")
	// ErrAbsent says that a file is not in the bag.
	ErrAbsent = errors.New("bag: the file is missing")
	// ErrForm says that an archive is not in the form in which Writer writes.
	ErrForm = errors.New("bag: the archive is not in the form in which bags are written here")
)

// A Field is one line of bag-info.txt.
type Field struct{ Name, Value string }

// A Report says what is wrong with a bag, and what is doubtful: MaxNoted of each at
// most, and how many there are. A bag with a fault is incomplete or invalid.
type Report struct {
	Faults, Warnings           []string
	FaultsTotal, WarningsTotal int
}

func (r *Report) fault(format string, args ...any) {
	r.FaultsTotal++
	if len(r.Faults) < MaxNoted {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

func (r *Report) warn(format string, args ...any) {
	r.WarningsTotal++
	if len(r.Warnings) < MaxNoted {
		r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
	}
}

// A Bag is one that was opened: its tag files were read, and its payload not yet.
type Bag struct {
	// Folder is the name of the folder in an archive in which the bag stands.
	Folder  string
	Version string  // "0.96", which is read as 0.97, "0.97" or "1.0"
	Info    []Field // bag-info.txt, in its order
	// Progress, if it is set, is told of the bytes that were read of files.
	Progress func(bytes int)

	files     map[string]*file
	names     []string // of all files, in the order of the archive
	manifests []*manifest
	report    Report
	archive   *archive // nil of a folder
	folded    map[string]string
	later     []claim
}

// A file is one of a bag, with the digests that manifests name for it.
type file struct {
	size    int64
	open    func() (io.ReadCloser, error)
	listed  []listing
	checked bool // its bytes were compared with every digest that is listed
	bad     bool // and differ
}

// A listing is a digest that a manifest names.
type listing struct {
	by  *manifest
	sum string // in small hexadecimal digits
}

// A source is where files come from: an archive or a folder.
type source interface {
	each(add func(name string, f *file) error) error
}

// read reads the tag files of what a source holds.
func read(s source, b *Bag) error {
	b.files = map[string]*file{}
	err := s.each(func(name string, f *file) error {
		switch {
		case len(b.names) >= MaxFiles:
			return fmt.Errorf("bag: more than %d files", MaxFiles)
		case b.files[name] != nil:
			return errors.New("bag: two files of one name")
		}
		if err := checkPath(name); err != nil {
			return fmt.Errorf("bag: the name of a file: %w", err)
		}
		b.files[name], b.names = f, append(b.names, name)
		return nil
	})
	if err != nil {
		return err
	}
	if b.files[declarationName] == nil {
		return fmt.Errorf("%w: %s is missing", ErrNoBag, declarationName)
	}
	t, err := b.declaration()
	if err != nil {
		return err
	}
	if err := b.readInfo(t); err != nil {
		return err
	}
	if err := b.readManifests(t); err != nil {
		return err
	}
	b.compareLists()
	return b.readFetch(t)
}

// Names returns the names of all files, in the order of the archive or, of a folder,
// of their bytes.
func (b *Bag) Names() []string { return slices.Clone(b.names) }

// Has reports whether a file is in the bag.
func (b *Bag) Has(name string) bool { return b.files[name] != nil }

// Size returns the bytes of a file, as the archive or the folder says: nothing that
// was read yet. It is 0 for a file that is missing.
func (b *Bag) Size(name string) int64 {
	if f := b.files[name]; f != nil {
		return f.size
	}
	return 0
}

// Total returns the bytes of all files.
func (b *Bag) Total() (total int64) {
	for _, f := range b.files {
		total += f.size
	}
	return total
}

// Payload reports whether a name is that of a file of the payload.
func Payload(name string) bool { return strings.HasPrefix(name, payloadFolder) }

// Archived reports whether the bag was read out of an archive.
func (b *Bag) Archived() bool { return b.archive != nil }

// Check reads every file that was not read to its end yet, and returns the report.
func (b *Bag) Check() Report {
	buffer := make([]byte, copyBuffer)
	for _, name := range b.names {
		if b.files[name].checked {
			continue
		}
		r, err := b.Open(name)
		if err == nil {
			_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buffer)
			r.Close()
		}
		if err != nil && !errors.Is(err, ErrDigest) { // Open notes what differs
			b.report.fault("%q: %v", name, err)
		}
	}
	return b.report
}

// Read returns the bytes of a file, of which there are at most limit.
func (b *Bag) Read(name string, limit int64) ([]byte, error) {
	r, err := b.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(out)) > limit {
		err = fmt.Errorf("bag: want at most %d bytes", limit)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
