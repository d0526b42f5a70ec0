package protocol

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"comity.example/protocol/canon"
)

// EvidenceKeys is what the keys of a disclosure, or of a live object, hold: of each
// object the share of its key that the readers get with the act. The other share
// they get when they fetch (SPEC.md §18).
type EvidenceKeys struct {
	Case   CaseID     `json:"case"`
	Shares []KeyShare `json:"shares"`
}

// A KeyShare is one share of an object's key.
type KeyShare struct {
	Object Digest `json:"object"` // its tree hash, or the id of a live object
	Share  []byte `json:"share"`  // 32 bytes
}

// Encode returns k in canonical form.
func (k *EvidenceKeys) Encode() ([]byte, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(k)
	if err != nil {
		return nil, fmt.Errorf("protocol: encode evidence keys: %w", err)
	}
	return b, nil
}

// ParseEvidenceKeys reads what Encode wrote, for a case.
func ParseEvidenceKeys(b []byte, id CaseID) (*EvidenceKeys, error) {
	k := new(EvidenceKeys)
	if err := canon.Decode(b, k); err != nil {
		return nil, errors.New("protocol: evidence keys: not in their form")
	}
	if err := k.check(); err != nil {
		return nil, err
	}
	if k.Case != id {
		return nil, errors.New("protocol: evidence keys: of another case")
	}
	return k, nil
}

// Of returns the share of an object.
func (k *EvidenceKeys) Of(object Digest) (share [sha256.Size]byte, ok bool) {
	for _, s := range k.Shares {
		if s.Object == object {
			return [sha256.Size]byte(s.Share), true
		}
	}
	return share, false
}

func (k *EvidenceKeys) check() error {
	if !caseForm.MatchString(string(k.Case)) || len(k.Shares) == 0 || len(k.Shares) > MaxObjects {
		return fmt.Errorf("protocol: evidence keys: want a case and 1 to %d shares", MaxObjects)
	}
	seen := map[Digest]bool{}
	for _, s := range k.Shares {
		if s.Object.IsZero() || seen[s.Object] || len(s.Share) != sha256.Size {
			return errors.New("protocol: evidence keys: want one share of 32 bytes for each object")
		}
		seen[s.Object] = true
	}
	return nil
}
