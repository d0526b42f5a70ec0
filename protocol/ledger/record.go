// Package ledger is what a node's append-only Merkle log says and how that is
// proved: records (the leaves), checkpoints (the signed roots) and proofs, in
// the formats of C2SP tlog-checkpoint and tlog-proof, with the tree of RFC 6962.
//
// A record holds digests, codes and random identifiers only, so that a ledger
// can be shown to a peer, an auditor or a court without showing a person. The
// package is trusted with this: a proof that verifies speaks of exactly the
// record it returns, and of a tree that the holder of the log key signed.
package ledger

import (
	"encoding"
	"errors"
	"fmt"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

const (
	// Version is the version of the record format.
	Version = 1
	// MaxRecord bounds an encoded record, in bytes.
	MaxRecord = 4 << 10
	// MaxReasons bounds the reasons in a record.
	MaxReasons = 32
)

// A Record is one leaf of a ledger. Which members a record has depends on its
// kind; all but V, Kind and At may be missing.
type Record struct {
	V    int       `json:"v"` // Version; Encode sets it
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"` // legal time, UTC, whole seconds

	// Act is the digest of the signed act, or of the envelope if it could not
	// be opened or read.
	Act  protocol.Digest        `json:"act,omitzero"`
	ID   protocol.ActID         `json:"id,omitzero"`
	Case protocol.CaseID        `json:"case,omitzero"`
	Peer protocol.ParticipantID `json:"peer,omitzero"` // who sent the act to us, or whom we send it to

	Verdict  Verdict           `json:"verdict,omitzero"`
	Decision protocol.Digest   `json:"decision,omitzero"` // of the decision's canonical bytes
	Reasons  []protocol.Reason `json:"reasons,omitempty"`

	// Document is the digest of what the record is about when that is not an
	// act: a register, an agreement, a notice, a receipt, a checkpoint, a note, the
	// effect of a clock.
	Document protocol.Digest `json:"document,omitzero"`
	// Previous is the digest of what Document replaces.
	Previous protocol.Digest `json:"previous,omitzero"`
}

// A Verdict is the name of a protocol.Verdict, or "" where none was given: the
// zero protocol.Verdict is a denial, and most records are about no decision.
type Verdict string

// VerdictOf returns the name of v.
func VerdictOf(v protocol.Verdict) Verdict { return Verdict(v.String()) }

// UnmarshalText refuses what is not the name of a protocol.Verdict.
func (v *Verdict) UnmarshalText(b []byte) error {
	var known protocol.Verdict
	if err := known.UnmarshalText(b); err != nil {
		return err
	}
	*v = Verdict(b)
	return nil
}

// Encode returns r in its one encoding, with V set. It returns an error for
// whatever ParseRecord would refuse.
func (r Record) Encode() ([]byte, error) {
	r.V = Version
	err := r.check()
	if err == nil {
		err = r.checkMembers()
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: encode a record: %w", err)
	}
	b, err := canon.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("ledger: encode a record: %w", err)
	}
	if len(b) > MaxRecord {
		return nil, fmt.Errorf("ledger: record of %d bytes, at most %d", len(b), MaxRecord)
	}
	return b, nil
}

// ParseRecord reads what Encode writes and nothing else.
func ParseRecord(b []byte) (Record, error) {
	if len(b) > MaxRecord {
		return Record{}, fmt.Errorf("ledger: record of %d bytes, at most %d", len(b), MaxRecord)
	}
	var r Record
	err := canon.Decode(b, &r)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Record{}, fmt.Errorf("ledger: read a record: %w", err)
	}
	return r, nil
}

var (
	errVersion = fmt.Errorf("the record's version is not %d", Version)
	errKind    = errors.New("the record has no kind")
	errTime    = errors.New("the record's time is not in UTC and whole seconds")
	errReasons = fmt.Errorf("the record has more than %d reasons", MaxReasons)
)

func (r *Record) check() error {
	_, offset := r.At.Zone()
	switch {
	case r.V != Version:
		return errVersion
	case r.Kind == "":
		return errKind
	case r.At.IsZero() || offset != 0 || r.At.Nanosecond() != 0:
		return errTime
	case len(r.Reasons) > MaxReasons:
		return errReasons
	}
	return nil
}

// checkMembers holds each member against the type that reads it.
func (r *Record) checkMembers() error {
	members := []struct {
		text string
		kind encoding.TextUnmarshaler
	}{
		{string(r.Kind), new(Kind)},
		{string(r.ID), new(protocol.ActID)},
		{string(r.Case), new(protocol.CaseID)},
		{string(r.Peer), new(protocol.ParticipantID)},
		{string(r.Verdict), new(Verdict)},
	}
	for _, m := range members {
		if m.text == "" {
			continue
		}
		if err := m.kind.UnmarshalText([]byte(m.text)); err != nil {
			return err
		}
	}
	for _, reason := range r.Reasons {
		if err := new(protocol.Reason).UnmarshalText([]byte(reason)); err != nil {
			return err
		}
	}
	return nil
}
