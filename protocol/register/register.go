// Package register says who is who: a Party's signed list of its participants,
// with their roles, keys and addresses, and the credentials by which a
// participant vouches for its officers.
//
// A register is signed by k of the n root keys of its Party, which its peers
// pinned out of band (Pin). Versions count upwards and name their predecessor
// by digest; roots change by a version that the old and the new roots both
// sign. A node that was away may skip versions as long as the roots that it
// holds signed the newest; over a change of roots it needs the version that
// changed them. A Party speaks in its register for its own participants and
// keys only: nothing in it touches another Party's.
//
// A Directory holds the registers of all Parties that a node accepted.
//
// The package is trusted with this: a participant or officer that a lookup
// returns was vouched for by its Party's roots, and what is older, forked,
// lapsed, revoked or unsigned says so with an error that Reason translates.
package register

import (
	"fmt"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Limits of a register. A participant takes about 13 kB once it is signed, nearly
// all of it keys.
const (
	// MaxSigned bounds a signed register, in bytes, before it is parsed.
	MaxSigned = seal.MaxSigned
	// MaxParticipants bounds the participants of one register.
	MaxParticipants = 1000
	// MaxRoots bounds the root keys of a Party, so that the old and the new
	// ones can all sign one document (seal.MaxSigners).
	MaxRoots = seal.MaxSigners / 2
	// MaxRevoked bounds the revocations in one register. Each may leave it
	// when it can no longer matter (see Directory.With).
	MaxRevoked = 4096
	// MaxVersion bounds a version: RFC 8785 numbers are exact up to 2^53.
	MaxVersion = 1 << 32
	// MaxLife bounds the time from a register's issue to its expiry: a Party
	// that no longer tends its register stops being believed after it.
	MaxLife = 400 * 24 * time.Hour
)

// typeRegister is the typ of a signed register.
const typeRegister = "comity-register+jws"

// A Register is one version of a Party's list of its participants. All of it
// is signed by the Party's roots. It never changes once it is signed or parsed.
type Register struct {
	Format  string         `json:"v"` // protocol.Version
	Party   protocol.Party `json:"party"`
	Version uint64         `json:"version"` // from 1
	// Previous is the digest of the version before, zero for the first.
	Previous protocol.Digest `json:"previous"`
	Issued   time.Time       `json:"issued"`
	Expires  time.Time       `json:"expires"` // lapsed from then on
	Roots    Roots           `json:"roots"`
	// Participants stand in ascending order of their ids.
	Participants []Participant `json:"participants"`
	// Revoked stand in ascending order of their keys.
	Revoked []Revocation `json:"revoked"`
}

// Roots are the keys that speak for a Party: Threshold of them together.
type Roots struct {
	Threshold int `json:"threshold"`
	// Keys stand in ascending order of their fingerprints.
	Keys []*identity.Public `json:"keys"`
}

// A Revocation ends the validity of one of the Party's keys, whatever it is
// for: a participant's signing key, an officer's key, or a TLS key by its pin.
// What arrives at Time or later is not believed, whenever it says it was
// signed: whoever stole a key can date a signature back.
type Revocation struct {
	Key   identity.Fingerprint `json:"key"` // for a TLS key: the bytes of its pin
	Time  time.Time            `json:"time"`
	Cause Cause                `json:"cause"`
}

// A Cause says why a key was revoked.
type Cause string

// The causes of a revocation. The list is append-only.
const (
	CauseCompromised Cause = "compromised" // another may hold it
	CauseSuperseded  Cause = "superseded"  // the holder has a new one
	CauseCeased      Cause = "ceased"      // the holder left the office, or the office ended
)

func (c Cause) check() error {
	switch c {
	case CauseCompromised, CauseSuperseded, CauseCeased:
		return nil
	}
	return fmt.Errorf("cause: want one of %s, %s, %s",
		CauseCompromised, CauseSuperseded, CauseCeased)
}

// UnmarshalText refuses a cause that is not in the list.
func (c *Cause) UnmarshalText(b []byte) error {
	*c = Cause(b)
	return c.check()
}

// Encode returns the canonical form of r: what the roots sign and what its
// digest is of.
func (r *Register) Encode() ([]byte, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("register: encode: %w", err)
	}
	if len(b) > MaxSigned {
		return nil, fmt.Errorf("register: encode: %d bytes: want at most %d", len(b), MaxSigned)
	}
	return b, nil
}

// Parse reads a register from its canonical form and checks it. It does not
// say who signed it: Verify does.
func Parse(b []byte) (*Register, error) {
	if len(b) > MaxSigned {
		return nil, fmt.Errorf("register: parse: %d bytes: want at most %d: %w",
			len(b), MaxSigned, ErrMalformed)
	}
	r := new(Register)
	if err := canon.Decode(b, r); err != nil {
		return nil, fmt.Errorf("register: parse: %w: %w", ErrMalformed, err)
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

// find returns the index of id in r.Participants, or -1.
func (r *Register) find(id protocol.ParticipantID) int {
	for i := range r.Participants {
		if r.Participants[i].ID == id {
			return i
		}
	}
	return -1
}
