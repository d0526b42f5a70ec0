package casepack

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"comity.example/crypto/cosign"
	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
)

// A document is a file of the package and where it stands in the exporter's
// ledger: what was adopted before an act is what the act was decided on.
type document struct {
	DocumentEntry
	bytes []byte
	index int64
	at    time.Time
}

// readDocuments reads the documents, and then where each of them stands in the
// exporter's ledger, whose key is in one of them.
func (v *verifier) readDocuments() error {
	total := 0
	for _, e := range v.p.Index.Documents {
		b, err := v.read(DocumentName(e.Kind, e.Name))
		if err != nil {
			return err
		}
		if total += len(b); total > MaxDocumentBytes {
			return fmt.Errorf("more than %d bytes of documents", MaxDocumentBytes)
		}
		if protocol.DigestOf(b) != e.Digest {
			return fmt.Errorf("%s %s is not the one that is named", e.Kind, e.Name)
		}
		v.docs = append(v.docs, document{DocumentEntry: e, bytes: b, at: v.p.Index.Exported})
	}
	if _, err := v.grounds(1); err != nil {
		return err
	}
	for i := range v.docs {
		d := &v.docs[i]
		entry, err := v.checkProof(proofOf{by: v.p.Index.Exporter, digest: d.Digest})
		if err != nil {
			return fmt.Errorf("%s %s: %w", d.Kind, d.Name, err)
		}
		// An entry that refuses the document names it, too.
		if entry.Record.Document != d.Digest || entry.Record.Kind != ledger.Kind(d.Kind) {
			return fmt.Errorf("%s %s: its ledger entry is about something else", d.Kind, d.Name)
		}
		d.index, d.at = entry.Index, entry.Record.At
	}
	slices.SortFunc(v.docs, func(a, b document) int { return cmp.Compare(a.index, b.index) })
	_, err := v.groundsAt(ledger.MaxSize)
	return err
}

// groundsAt returns what an act with the given ledger index was decided on.
// Acts between two documents share it.
func (v *verifier) groundsAt(index int64) (casefile.Grounds, error) {
	before := 0
	for _, d := range v.docs {
		if d.index < index {
			before++
		}
	}
	if v.last != nil && v.lastBefore == before {
		return *v.last, nil
	}
	g, err := v.grounds(index)
	if err == nil {
		v.last, v.lastBefore = &g, before
	}
	return g, err
}

func (v *verifier) grounds(index int64) (casefile.Grounds, error) {
	dir, err := register.NewDirectory(v.pins...)
	if err != nil {
		return casefile.Grounds{}, err
	}
	agreements := map[protocol.AgreementRef]agreement.SignedDocument{}
	var notices []agreement.SignedNotice
	for _, d := range v.docs {
		if d.index >= index {
			continue
		}
		switch d.Kind {
		case "register":
			dir, err = dir.With(d.bytes, d.at)
		case "agreement":
			var a agreement.SignedDocument
			if a, err = agreement.ParseSigned(d.bytes, rootsOf(dir)); err == nil {
				agreements[a.Document().Ref()] = a // the one that more Parties signed comes later
			}
		case "notice":
			var n agreement.SignedNotice
			n, err = agreement.VerifyNotice(d.bytes, rootsOf(dir))
			notices = append(notices, n)
		default:
			err = errors.New("a document of another kind")
		}
		if err != nil {
			return casefile.Grounds{}, fmt.Errorf("%s %s: %w", d.Kind, d.Name, err)
		}
	}
	book, err := agreement.NewSignedBook(slices.Collect(maps.Values(agreements)), notices)
	return casefile.Grounds{Directory: dir, Book: book}, err
}

func rootsOf(dir *register.Directory) agreement.Roots {
	return func(p protocol.Party) ([]*identity.Public, int, bool) {
		pin, ok := dir.Trusted(p)
		return pin.Keys, pin.Threshold, ok
	}
}

// logKeys returns the log keys that a participant had, the newest first. Every
// register was verified by grounds before, and is read once.
func (v *verifier) logKeys(id protocol.ParticipantID) []*cosign.LogPublic {
	if v.keys != nil {
		return v.keys[id]
	}
	v.keys = map[protocol.ParticipantID][]*cosign.LogPublic{}
	for _, d := range slices.Backward(v.docs) {
		if d.Kind != "register" {
			continue
		}
		r, err := register.Claim(d.bytes)
		if err != nil {
			continue
		}
		for i := range r.Participants {
			if p := &r.Participants[i]; p.ID.Party() == r.Party {
				v.keys[p.ID] = append(v.keys[p.ID], p.Log)
			}
		}
	}
	return v.keys[id]
}
