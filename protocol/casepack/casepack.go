// Package casepack is a case as one file that a court can check: the acts of
// its thread with the receipts and decisions, the registers, agreements and
// notices on which they were decided, and the evidence, in a BagIt bag (package
// bag). Verify goes through it with no node and no network, streams the evidence,
// and says claim by claim what holds.
//
// The package trusts nothing inside the archive but what the pinned roots of
// the Parties lead to. It is trusted with its verdict: Report.Holds is true
// only if every claim of every act was verified.
package casepack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// Limits of a package. The evidence in it has none, nor has the chain of custody, which
// tells of each piece: they are streamed.
const (
	MaxFile = 16 << 20 // bytes of any other file: the largest register

	// MaxDocuments bounds the registers, agreements and notices: each costs its
	// reader signatures.
	MaxDocuments = 1024
	// MaxDocumentBytes bounds all of them together, in bytes: they are held in
	// memory, and a file of zeros takes no room in an archive.
	MaxDocumentBytes = 128 << 20
	// MaxObjects bounds the objects that the acts of a case disclose.
	MaxObjects = casefile.MaxThread * protocol.MaxObjects
)

// Files of the payload that are there once. Names here, and those that ActName and
// the other functions return, are below the bag's data/.
const (
	indexName   = "case.json"
	custodyName = "custody.jsonld"
)

// Format is the version of the layout.
const Format = "comity-case/2"

// An Index is the table of contents: case.json. It is a convenience; nothing in it
// is believed.
type Index struct {
	Format   string                 `json:"format"`
	Case     protocol.CaseID        `json:"case"`
	Exporter protocol.ParticipantID `json:"exporter"`
	Exported time.Time              `json:"exported"`
	Acts     []ActEntry             `json:"acts"` // in the order of the thread
	// Documents are in the order in which the exporter adopted them.
	Documents []DocumentEntry `json:"documents"`
	// Evidence says of every object that an act names whether it is here. Writer
	// fills it in.
	Evidence []EvidenceEntry `json:"evidence"`
	Pins     []register.Pin  `json:"pins"` // of the exporter: to be compared, not to be believed
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

// Standing says how a disclosed object stands at the exporter. Whether it is here,
// and is what was signed, a verifier sees for itself; the rest is the exporter's word.
type Standing string

// The standings of an object.
const (
	Here        Standing = "here"
	Unfetched   Standing = "not_fetched" // or not completely
	Growing     Standing = "growing"     // the interception still runs
	Quarantined Standing = "quarantined" // a scanner found something; it may be here all the same
	Damaged     Standing = "damaged"     // it was not what was signed
	Deleted     Standing = "deleted"     // its key is destroyed
	Restricted  Standing = "restricted"  // its use is, and it is not handed out
)

// UnmarshalText refuses a standing that is not in the list.
func (s *Standing) UnmarshalText(b []byte) error {
	*s = Standing(b)
	if !slices.Contains([]Standing{Here, Unfetched, Growing, Quarantined, Damaged, Deleted, Restricted}, *s) {
		return errors.New("casepack: an unknown standing of an object")
	}
	return nil
}

// An EvidenceEntry is one object.
type EvidenceEntry struct {
	Tree     protocol.Digest `json:"tree"`
	Standing Standing        `json:"standing"`
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

// EvidenceName is the name of a disclosed object's file, by its tree hash:
// never by the name that a peer gave it.
func EvidenceName(d protocol.Digest) string { return "evidence/" + hexOf(d) }

func hexOf(d protocol.Digest) string { return strings.TrimPrefix(d.String(), "sha256:") }

// A Package is one that was opened.
type Package struct {
	Index Index
	// Progress, if it is set, is told how many of how many bytes were read.
	Progress func(done, total int64)

	bag *bag.Bag
}

// Errors of Open.
var (
	// ErrChanged says that the archive is a package that somebody changed, or that
	// was not written to its end.
	ErrChanged = errors.New("it has changed since it was exported, or is not complete")
	// ErrFormat says that it is a package of another version.
	ErrFormat = errors.New("want a package of this version")
)

// Open reads the table of contents of an archive of the given size.
func Open(r io.ReaderAt, size int64) (*Package, error) {
	b, err := bag.OpenZIP(r, size)
	var p *Package
	if err == nil {
		p, err = open(b)
	}
	if err != nil && !errors.Is(err, ErrFormat) && wasPackage(r, size) {
		return nil, fmt.Errorf("casepack: open: %w: %w", ErrChanged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("casepack: open: not a case package: %w", err)
	}
	return p, nil
}

// OpenFolder reads the table of contents of a package that somebody unpacked.
func OpenFolder(root fs.FS) (*Package, error) {
	b, err := bag.OpenFolder(root)
	if err != nil {
		return nil, fmt.Errorf("casepack: open: not a case package: %w", err)
	}
	p, err := open(b)
	if err != nil && !errors.Is(err, ErrFormat) && b.Has(payload(indexName)) {
		return nil, fmt.Errorf("casepack: open: %w: %w", ErrChanged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("casepack: open: %w", err)
	}
	return p, nil
}

func open(b *bag.Bag) (*Package, error) {
	p := &Package{bag: b}
	raw, err := p.read(indexName)
	if err != nil {
		return nil, err
	}
	var version struct {
		Format string `json:"format"`
	}
	if err := canon.Glance(raw, &version); err == nil && version.Format != Format {
		return nil, fmt.Errorf("%s: format %q: %w, %q", indexName, version.Format, ErrFormat, Format)
	}
	if err := canon.Decode(raw, &p.Index); err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if err := p.Index.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if b.Archived() && b.Folder != string(p.Index.Case) {
		return nil, errors.New("the folder in the archive is not named after the case")
	}
	return p, b.CheckForm(infoOf(&p.Index))
}

// check refuses an index that would have its reader do the same work again and
// again.
func (x *Index) check() error {
	switch {
	case len(x.Acts) > casefile.MaxThread:
		return fmt.Errorf("%d acts: want at most %d", len(x.Acts), casefile.MaxThread)
	case len(x.Documents) > MaxDocuments:
		return fmt.Errorf("%d documents: want at most %d", len(x.Documents), MaxDocuments)
	case len(x.Evidence) > MaxObjects:
		return fmt.Errorf("%d objects: want at most %d", len(x.Evidence), MaxObjects)
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
	for _, e := range x.Evidence {
		seen[EvidenceName(e.Tree)] = true
	}
	if len(seen) < len(x.Acts)+len(x.Documents)+len(x.Evidence) {
		return errors.New("an act, a document or an object stands there twice")
	}
	return nil
}

// Act returns an act as it stands in the package: of one that a Report of this package
// covers, what was verified.
func (p *Package) Act(d protocol.Digest) (*protocol.Act, error) {
	signed, err := p.read(ActName(d))
	if err != nil {
		return nil, fmt.Errorf("casepack: act: %w", err)
	}
	return chain.Unverified(signed)
}

// read returns a small file, whose bytes are those of the manifest.
func (p *Package) read(name string) ([]byte, error) {
	b, err := p.bag.Read(payload(name), MaxFile)
	switch {
	case errors.Is(err, bag.ErrAbsent):
		return nil, fmt.Errorf("%s is missing", name)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}
