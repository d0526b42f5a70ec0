package register

import (
	"errors"
	"fmt"
	"slices"

	"comity.example/crypto/identity"
	"comity.example/protocol"
)

// Check reports whether r is complete and well formed, whatever the time is.
func (r *Register) Check() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("register: document: %w: %w", ErrMalformed, err)
	}
	return nil
}

func (r *Register) check() error {
	if r.Format != protocol.Version {
		return fmt.Errorf("v: want %q", protocol.Version)
	}
	if _, err := protocol.ParseParty(string(r.Party)); err != nil {
		return err
	}
	if r.Version < 1 || r.Version > MaxVersion {
		return fmt.Errorf("version: want 1 to %d", uint64(MaxVersion))
	}
	if (r.Version == 1) != r.Previous.IsZero() {
		return errors.New("previous: want a digest exactly from the second version on")
	}
	err := errors.Join(checkTime("issued", r.Issued), checkTime("expires", r.Expires))
	if err != nil {
		return err
	}
	if life := r.Expires.Sub(r.Issued); life <= 0 || life > MaxLife {
		return fmt.Errorf("expires: want after issued, by at most %v", MaxLife)
	}
	if err := r.Roots.check(); err != nil {
		return fmt.Errorf("roots: %w", err)
	}
	if err := r.checkParticipants(); err != nil {
		return err
	}
	return r.checkRevoked()
}

func (r *Roots) check() error {
	if len(r.Keys) == 0 || len(r.Keys) > MaxRoots {
		return fmt.Errorf("keys: want 1 to %d", MaxRoots)
	}
	if r.Threshold < 1 || r.Threshold > len(r.Keys) {
		return errors.New("threshold: want 1 to the number of keys")
	}
	for i, k := range r.Keys {
		if k == nil || k.Fingerprint() == (identity.Fingerprint{}) {
			return errors.New("keys: want no empty key")
		}
		// A root that stood here twice would count as two of the threshold.
		if i > 0 && compare(r.Keys[i-1].Fingerprint(), k.Fingerprint()) >= 0 {
			return errors.New("keys: want ascending fingerprints, each once")
		}
	}
	return nil
}

// has reports whether f is one of the roots.
func (r *Roots) has(f identity.Fingerprint) bool {
	return slices.ContainsFunc(r.Keys, func(k *identity.Public) bool {
		return k.Fingerprint() == f
	})
}

// count returns how many of the signers are roots. The signers are distinct.
func (r *Roots) count(signers []identity.Fingerprint) int {
	n := 0
	for _, f := range signers {
		if r.has(f) {
			n++
		}
	}
	return n
}

func (r *Register) checkParticipants() error {
	if len(r.Participants) > MaxParticipants {
		return fmt.Errorf("participants: want at most %d", MaxParticipants)
	}
	keys := map[identity.Fingerprint]bool{}
	for i := range r.Participants {
		p := &r.Participants[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("participants[%d]: %w", i, err)
		}
		if p.ID.Party() != r.Party {
			return fmt.Errorf("participants[%d]: %q is not of Party %s", i, p.ID, r.Party)
		}
		if i > 0 && r.Participants[i-1].ID >= p.ID {
			return fmt.Errorf("participants[%d]: want ascending ids, each once", i)
		}
		// One key with two names would make every signature ambiguous, and a
		// root that serves in a node daily is not a root.
		for _, f := range []identity.Fingerprint{p.Signing.Fingerprint(), p.Enrolment.Fingerprint()} {
			if keys[f] || r.Roots.has(f) {
				return fmt.Errorf("participants[%d]: signing, enrolment: the key stands here twice", i)
			}
			keys[f] = true
		}
	}
	return nil
}

func (r *Register) checkRevoked() error {
	if len(r.Revoked) > MaxRevoked {
		return fmt.Errorf("revoked: want at most %d", MaxRevoked)
	}
	for i, v := range r.Revoked {
		if err := errors.Join(v.Cause.check(), checkTime("time", v.Time)); err != nil {
			return fmt.Errorf("revoked[%d]: %w", i, err)
		}
		if i > 0 && compare(r.Revoked[i-1].Key, v.Key) >= 0 {
			return fmt.Errorf("revoked[%d]: want ascending keys, each once", i)
		}
		if r.Roots.has(v.Key) {
			return fmt.Errorf("revoked[%d]: a root is not revoked: take it out of the roots", i)
		}
	}
	return nil
}

// compare orders keys by their fingerprints.
func compare(a, b identity.Fingerprint) int { return slices.Compare(a[:], b[:]) }
