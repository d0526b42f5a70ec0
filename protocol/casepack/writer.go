package casepack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/bag"
	"comity.example/protocol/canon"
)

// ErrEvidence says that content is not what was signed.
var ErrEvidence = errors.New("casepack: the content is not what was signed")

// A Writer writes a package: files in any order, then Close with the index. Nothing
// but small files is held in memory. What was written is no archive before Close
// returns nil: whoever receives it over a connection that breaks sees that.
type Writer struct {
	bag      *bag.Writer
	id       protocol.CaseID
	names    map[string]bool
	evidence []EvidenceEntry
	custody  custody
}

// NewWriter returns a Writer that writes the package of a case to w.
func NewWriter(w io.Writer, id protocol.CaseID) *Writer {
	return &Writer{bag: bag.NewWriter(w, string(id)), id: id, names: map[string]bool{}, evidence: []EvidenceEntry{}}
}

// Add writes an act, a proof or a document, once: a second file of one name is left
// out.
func (w *Writer) Add(name string, content []byte) error {
	if w.names[name] {
		return nil
	}
	w.names[name] = true
	if len(content) > MaxFile {
		return fmt.Errorf("casepack: write: want at most %d bytes", MaxFile)
	}
	w.custody.see(name, content)
	if _, err := w.bag.Add(payload(name), bytes.NewReader(content)); err != nil {
		return fmt.Errorf("casepack: write: %w", err)
	}
	return nil
}

// payload is the name in the bag.
func payload(name string) string { return "data/" + name }

// AddEvidence writes the content of an object that an act in the package names, once:
// a second object of the same tree hash is left out. Of an object that is not to be in
// the package, content is nil and at says why. It returns ErrEvidence if the
// content is not what was signed; the package cannot be finished then.
func (w *Writer) AddEvidence(o *protocol.Object, at Standing, content io.Reader) error {
	name := EvidenceName(o.Tree)
	if w.names[name] {
		return nil
	}
	w.names[name] = true
	if at == Here && content == nil {
		return errors.New("casepack: write: want the content of an object that is here")
	}
	w.evidence = append(w.evidence, EvidenceEntry{o.Tree, at})
	if content == nil {
		return nil
	}
	if at != Here && at != Quarantined {
		return errors.New("casepack: write: want no content of an object that is not here")
	}
	sum, err := w.bag.Add(payload(name), content)
	if err != nil {
		return fmt.Errorf("casepack: write: %w", err)
	}
	if sum.Size != o.Size || hex.EncodeToString(sum.SHA512[:]) != o.SHA512 {
		return ErrEvidence
	}
	w.custody.has(o.Tree, sum)
	return nil
}

// Close writes the chain of custody and the index, and ends the archive.
func (w *Writer) Close(index Index) error {
	if index.Case != w.id {
		return errors.New("casepack: write: the index is of another case")
	}
	index.Format, index.Evidence = Format, w.evidence
	chain, err := w.custody.read(&index)
	if err == nil {
		_, err = w.bag.Add(payload(custodyName), chain)
	}
	if err != nil {
		return fmt.Errorf("casepack: write: %w", err)
	}
	b, err := canon.Encode(index)
	if err != nil {
		return fmt.Errorf("casepack: write index: %w", err)
	}
	if err := w.Add(indexName, b); err != nil {
		return err
	}
	if err := w.bag.Close(infoOf(&index)...); err != nil {
		return fmt.Errorf("casepack: write: %w", err)
	}
	return nil
}

// infoOf is bag-info.txt of a package. It names no person: whoever may see the bag
// need not see what is in it.
func infoOf(x *Index) []bag.Field {
	return []bag.Field{
		{Name: "Source-Organization", Value: string(x.Exporter)},
		{Name: "External-Identifier", Value: string(x.Case)},
		{Name: "External-Description", Value: "the acts, proofs and evidence of a case, to be checked with comity verify"},
		{Name: "Bagging-Date", Value: x.Exported.UTC().Format(time.DateOnly)},
	}
}
