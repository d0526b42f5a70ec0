package register

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
)

// Changes are what a new version of a register does differently.
type Changes struct {
	Issued  time.Time
	Expires time.Time
	// Roots take the place of the present ones; nil keeps them.
	Roots *Roots
	// Put adds entries, or replaces those with the same id.
	Put []Participant
	// Remove takes entries out. Their keys are not thereby revoked.
	Remove []protocol.ParticipantID
	// Revoke adds revocations, or moves those of the same key to an earlier time.
	Revoke []Revocation
	// Forget takes out revocations that can no longer matter.
	Forget []identity.Fingerprint
}

// Draft returns the first version of a Party's register, not yet signed.
func Draft(party protocol.Party, c Changes) (*Register, error) {
	if c.Roots == nil {
		return nil, fmt.Errorf("register: draft: %w: the first version needs roots", ErrMalformed)
	}
	r := &Register{Format: protocol.Version, Party: party, Version: 1}
	if err := r.apply(c); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// Next returns the version that follows previous, not yet signed. It refuses
// what a Directory that holds previous would refuse.
func Next(previous *Signed, c Changes) (*Register, error) {
	r := &Register{
		Format:       protocol.Version,
		Party:        previous.Party,
		Version:      previous.Version + 1,
		Previous:     previous.Digest,
		Roots:        previous.Roots,
		Participants: slices.Clone(previous.Participants),
		Revoked:      slices.Clone(previous.Revoked),
	}
	if err := r.apply(c); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	if err := follows(previous.Register, r); err != nil {
		return nil, fmt.Errorf("register: draft: %w", err)
	}
	return r, nil
}

// apply makes the changes and brings the lists into their order.
func (r *Register) apply(c Changes) error {
	r.Issued, r.Expires = c.Issued, c.Expires
	if c.Roots != nil {
		r.Roots = SortedRoots(c.Roots.Threshold, c.Roots.Keys...)
	}
	for _, id := range c.Remove {
		at := r.find(id)
		if at < 0 {
			return fmt.Errorf("register: draft: remove %q: %w", id, ErrUnregistered)
		}
		r.Participants = slices.Delete(r.Participants, at, at+1)
	}
	for _, p := range c.Put {
		if at := r.find(p.ID); at >= 0 {
			r.Participants[at] = p
		} else {
			r.Participants = append(r.Participants, p)
		}
	}
	r.Revoked = slices.DeleteFunc(r.Revoked, func(v Revocation) bool {
		return slices.Contains(c.Forget, v.Key) ||
			slices.ContainsFunc(c.Revoke, func(w Revocation) bool { return w.Key == v.Key })
	})
	r.Revoked = append(r.Revoked, c.Revoke...)

	slices.SortFunc(r.Participants, func(a, b Participant) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	slices.SortFunc(r.Revoked, func(a, b Revocation) int { return compare(a.Key, b.Key) })
	return nil
}

// SortedRoots returns the keys in their order, with the threshold.
func SortedRoots(threshold int, keys ...*identity.Public) Roots {
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, func(a, b *identity.Public) int {
		return compare(a.Fingerprint(), b.Fingerprint())
	})
	return Roots{Threshold: threshold, Keys: sorted}
}
