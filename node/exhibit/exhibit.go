package exhibit

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
)

// The keys of the store that are this package's.
//
//	evidence/<case>/<tree hash>           an object of a case, whose bytes are in the vault
//	number/<case>                         the last number that an object of the case was given
//	fetch/<case>/<tree hash>              that it is to be fetched
//	handout/<case>/<tree hash>/<reader>   what a reader was given of an object of ours
//	destroy/<case>/<tree hash>            an object whose key is to be destroyed, and that certified
//	live/<case>                           the live object of an interception, and where it stands
const (
	prefixEvidence = "evidence/"
	prefixNumber   = "number/"
	prefixFetch    = "fetch/"
	prefixHandout  = "handout/"
	prefixDestroy  = "destroy/"
	prefixLive     = "live/"
)

// An exhibit is an object of a case as the store holds it.
type exhibit struct {
	Number int                `json:"number"` // in its case, from 1: see numberObject
	Object protocol.Object    `json:"object"`
	State  desk.EvidenceState `json:"state"` // never fetching, checking or live: those pass
	// Act is the disclosure that hands it over, and In the act of the store in
	// which that stands: itself, or a relay of it.
	Act protocol.Digest `json:"act,omitzero"`
	In  protocol.Digest `json:"in,omitzero"`
	// From is who has it for us to fetch; none of what was taken in here.
	From protocol.ParticipantID `json:"from,omitzero"`
	// Bound is the case in which it was taken in, wherever it was.
	Bound     protocol.CaseID `json:"bound"`
	Emergency bool            `json:"emergency,omitzero"`
	Despite   bool            `json:"despite,omitzero"` // fetched over a quota
	Why       string          `json:"why,omitzero"`
	// Anew says that what is here of it, the key too, was damaged: it is dropped
	// before it is fetched.
	Anew bool `json:"anew,omitzero"`
	Live bool `json:"live,omitzero"` // it was delivered as it grew (live.go)
	// Readers are others who may fetch it from here.
	Readers []protocol.ParticipantID `json:"readers,omitempty"`
}

// An exhibitID names an object of a case.
type exhibitID struct {
	Case   protocol.CaseID
	Object protocol.Digest // its tree hash
}

func (x exhibitID) key() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixEvidence, x.Case, x.Object[:])
}

// pendingKey is there as long as an object is to be fetched.
func (x exhibitID) pendingKey() []byte {
	return fmt.Appendf(nil, "%s%s/%x", prefixFetch, x.Case, x.Object[:])
}

// parseExhibitKey reads what key and pendingKey wrote.
func parseExhibitKey(prefix string, key []byte) (exhibitID, error) {
	id, tree, _ := strings.Cut(strings.TrimPrefix(string(key), prefix), "/")
	b, err := hex.DecodeString(tree)
	if err != nil || len(b) != len(protocol.Digest{}) {
		return exhibitID{}, errors.New("exhibit: a key of evidence is damaged")
	}
	return exhibitID{protocol.CaseID(id), protocol.Digest(b)}, nil
}

func evidencePrefix(id protocol.CaseID) []byte { return []byte(prefixEvidence + string(id) + "/") }

// exhibitsOf calls each for every object of a case, in the order of their tree hashes.
func exhibitsOf(r lister, id protocol.CaseID, each func(exhibitID, exhibit) error) error {
	return r.Scan(store.Range{Prefix: evidencePrefix(id)}, func(key, value []byte) (bool, error) {
		x, err := parseExhibitKey(prefixEvidence, key)
		if err != nil {
			return false, err
		}
		e, err := record.Parse[exhibit](value)
		if err != nil {
			return false, err
		}
		return true, each(x, e)
	})
}

// numberObject returns the number of the next object of a case: in the order in which
// they were taken in or disclosed, and in one act in that of its manifest. A number
// stays its object's, and nobody else gets it, so people can go by it.
func numberObject(tx *journal.Tx, id protocol.CaseID) (int, error) {
	key := []byte(prefixNumber + string(id))
	last, err := record.Read[int](tx, key)
	if record.IgnoreMissing(err) != nil {
		return 0, err
	}
	return last + 1, record.Write(tx, key, last+1)
}

// A lister is a store.Reader or a transaction.
type lister interface {
	Scan(store.Range, func(key, value []byte) (bool, error)) error
}
