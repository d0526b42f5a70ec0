// Package casepack is a case as one file that a court can check: the acts of
// its thread with the receipts and decisions, and the registers, agreements and
// notices on which they were decided, in a ZIP archive. Verify goes through it
// with no node and no network, and says claim by claim what holds.
//
// The package trusts nothing inside the archive but what the pinned roots of
// the Parties lead to. It is trusted with its verdict: Report.Holds is true
// only if every claim of every act was verified.
package casepack

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/register"
)

// Limits of a package.
const (
	MaxFile    = 16 << 20 // bytes of one file in the archive: the largest register
	MaxFiles   = 8192     // files in the archive
	MaxPackage = 1 << 30  // bytes of the archive

	// MaxDocuments bounds the registers, agreements and notices: each costs its
	// reader signatures.
	MaxDocuments = 1024
	// MaxDocumentBytes bounds all of them together, in bytes: they are held in
	// memory, and a file of zeros takes no room in an archive.
	MaxDocumentBytes = 128 << 20
)

const indexName = "case.json"

// Format is the version of the layout.
const Format = "comity-case/1"

// An Index is the table of contents: case.json at the top of the archive. It
// is a convenience; nothing in it is believed.
type Index struct {
	Format   string                 `json:"format"`
	Case     protocol.CaseID        `json:"case"`
	Exporter protocol.ParticipantID `json:"exporter"`
	Exported time.Time              `json:"exported"`
	Acts     []ActEntry             `json:"acts"` // in the order of the thread
	// Documents are in the order in which the exporter adopted them.
	Documents []DocumentEntry `json:"documents"`
	Pins      []register.Pin  `json:"pins"` // of the exporter: to be compared, not to be believed
}

// An ActEntry is one act of the thread. The exporter's own ledger entry of it
// stands in the file that ProofName names.
type ActEntry struct {
	Digest   protocol.Digest   `json:"digest"`
	Decision protocol.Decision `json:"decision"`
	Receipts []ReceiptEntry    `json:"receipts"`
}

// A ReceiptEntry is a recipient's receipt for an act of the exporter's.
type ReceiptEntry struct {
	From protocol.ParticipantID `json:"from"`
	Name string                 `json:"name"`
}

// A DocumentEntry is a register, an agreement or a notice. The exporter's own
// ledger entry of it says since when it was in use.
type DocumentEntry struct {
	Kind   string          `json:"kind"`
	Name   string          `json:"name"`
	Digest protocol.Digest `json:"digest"`
}

// ActName is the name of an act's file in the archive.
func ActName(d protocol.Digest) string { return "acts/" + hexOf(d) + ".json" }

// ProofName is the name of the proof that a participant's ledger holds an act
// or a document.
func ProofName(d protocol.Digest, by protocol.ParticipantID) string {
	return "proofs/" + hexOf(d) + "." + string(by) + ".tlog-proof"
}

// DocumentName is the name of a document's file.
func DocumentName(kind, name string) string { return "documents/" + kind + "/" + name }

// EvidenceName is the name of a disclosed object's file, by its tree hash: never the
// name that a peer gave it.
func EvidenceName(d protocol.Digest) string { return "evidence/" + hexOf(d) }

func hexOf(d protocol.Digest) string { return strings.TrimPrefix(d.String(), "sha256:") }

// A Writer writes a package: files in any order, then Close with the index.
type Writer struct {
	z     *zip.Writer
	names map[string]bool
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{zip.NewWriter(w), map[string]bool{}} }

// Add writes a file, once: a second file of one name is left out.
func (w *Writer) Add(name string, content []byte) error {
	if w.names[name] {
		return nil
	}
	w.names[name] = true
	// No time and no compression: an archive has one form, which Open checks.
	f, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		return fmt.Errorf("casepack: write %s: %w", name, err)
	}
	return nil
}

// Close writes the index and ends the archive.
func (w *Writer) Close(index Index) error {
	index.Format = Format
	b, err := canon.Encode(index)
	if err != nil {
		return fmt.Errorf("casepack: write index: %w", err)
	}
	if err := w.Add(indexName, b); err != nil {
		return err
	}
	return w.z.Close()
}

// A Package is an archive that was read.
type Package struct {
	Index Index
	files map[string]*zip.File
}

// Errors of Open.
var (
	// ErrChanged says that the archive is a package that somebody changed.
	ErrChanged = errors.New("it has changed since it was exported")
	// ErrFormat says that it is a package of another version.
	ErrFormat = errors.New("want a package of this version")
)

// Open reads the table of contents of an archive of the given size.
func Open(r io.ReaderAt, size int64) (*Package, error) {
	p, err := open(r, size)
	if err != nil && size <= MaxPackage && !errors.Is(err, ErrFormat) && wasPackage(r, size) {
		return nil, fmt.Errorf("casepack: open: %w: %w", ErrChanged, err)
	}
	return p, err
}

func open(r io.ReaderAt, size int64) (*Package, error) {
	if size > MaxPackage {
		return nil, fmt.Errorf("casepack: open: %d bytes: want at most %d", size, MaxPackage)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("casepack: open: not a case package: %w", err)
	}
	if len(z.File) > MaxFiles {
		return nil, fmt.Errorf("casepack: open: %d files: want at most %d", len(z.File), MaxFiles)
	}
	p := &Package{files: map[string]*zip.File{}}
	for _, f := range z.File {
		if p.files[f.Name] != nil {
			return nil, errors.New("casepack: open: two files of one name")
		}
		p.files[f.Name] = f
	}
	b, err := p.read(indexName)
	if err != nil {
		return nil, err
	}
	if err := canon.Decode(b, &p.Index); err != nil {
		return nil, fmt.Errorf("casepack: open: %s: %w", indexName, err)
	}
	if err := p.Index.check(); err != nil {
		return nil, fmt.Errorf("casepack: open: %s: %w", indexName, err)
	}
	if err := p.checkForm(z.File, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	return p, nil
}

// check refuses an index that would have its reader do the same work again and
// again.
func (x *Index) check() error {
	switch {
	case x.Format != Format:
		return fmt.Errorf("format %q: %w, %q", x.Format, ErrFormat, Format)
	case len(x.Acts) > casefile.MaxThread:
		return fmt.Errorf("%d acts: want at most %d", len(x.Acts), casefile.MaxThread)
	case len(x.Documents) > MaxDocuments:
		return fmt.Errorf("%d documents: want at most %d", len(x.Documents), MaxDocuments)
	}
	seen := map[string]bool{}
	for _, e := range x.Acts {
		seen[ActName(e.Digest)] = true
	}
	for _, e := range x.Documents {
		if !e.plain() {
			return errors.New("a document has no known kind, or the name of a path")
		}
		seen[DocumentName(e.Kind, e.Name)] = true
	}
	if len(seen) < len(x.Acts)+len(x.Documents) {
		return errors.New("an act or a document stands there twice")
	}
	return nil
}

// read returns a file. The size in the archive's directory is not believed.
func (p *Package) read(name string) ([]byte, error) {
	f := p.files[name]
	if f == nil {
		return nil, fmt.Errorf("casepack: %s is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("casepack: read %s: %w", name, err)
	}
	defer r.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("casepack: read %s: %w", name, err)
	}
	if n > MaxFile {
		return nil, fmt.Errorf("casepack: read %s: want at most %d bytes", name, MaxFile)
	}
	return b.Bytes(), nil
}
