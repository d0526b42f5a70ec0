package register

import (
	"fmt"
	"slices"

	"comity.example/crypto/identity"
)

// succeeds reports whether next may take the place of held. The same document
// again may: it changes nothing.
//
// Versions may be skipped: a node that was away gets the newest and need not
// see each one. Only between neighbours can the digest be compared; but the
// roots that are trusted signed both, and two documents with one version are a
// fork whenever both are seen.
func succeeds(held *Signed, next *Signed) error {
	switch {
	case next.Party != held.Party:
		return fmt.Errorf("%w: of another Party", ErrMalformed)
	case next.Version < held.Version:
		return fmt.Errorf("%w: version %d after %d", ErrRollback, next.Version, held.Version)
	case next.Version == held.Version && next.Digest != held.Digest:
		return fmt.Errorf("%w: two versions %d", ErrFork, next.Version)
	case next.Version == held.Version+1 && next.Previous != held.Digest:
		return fmt.Errorf("%w: version %d does not follow the one held", ErrFork, next.Version)
	}
	return follows(held.Register, next.Register)
}

// follows checks what must stay true from one version to a later one.
func follows(held, next *Register) error {
	if next.Issued.Before(held.Issued) {
		return fmt.Errorf("%w: issued before the version held", ErrRollback)
	}
	for _, v := range held.Revoked {
		at, found := slices.BinarySearchFunc(next.Revoked, v.Key,
			func(r Revocation, k identity.Fingerprint) int { return compare(r.Key, k) })
		if found && !next.Revoked[at].Time.After(v.Time) {
			continue
		}
		// It may leave once no credential that it ended could still be valid,
		// and no entry uses the key.
		if !found && next.Issued.Sub(v.Time) > MaxCredentialLife && !next.uses(v.Key) {
			continue
		}
		return fmt.Errorf("%w: of key %v", ErrRevival, v.Key)
	}
	return nil
}

// uses reports whether a participant's entry names the key.
func (r *Register) uses(key identity.Fingerprint) bool {
	for i := range r.Participants {
		p := &r.Participants[i]
		if p.Signing.Fingerprint() == key || p.Enrolment.Fingerprint() == key {
			return true
		}
		for _, pin := range p.TLS {
			if identity.Fingerprint(pin) == key {
				return true
			}
		}
	}
	return false
}
