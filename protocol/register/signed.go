package register

import (
	"errors"
	"fmt"
	"slices"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Signed is a register whose signatures were verified against roots that the
// caller trusts. Only Verify makes one.
type Signed struct {
	*Register
	Digest  protocol.Digest        // of the register's canonical form
	Bytes   []byte                 // as they were signed, to be handed to others
	Signers []identity.Fingerprint // the roots that signed
}

// Sign returns r as a document that the given roots signed. It takes as many
// signatures as the roots' threshold to be believed: Cosign adds more.
func Sign(r *Register, keys ...*identity.Key) ([]byte, error) {
	payload, err := r.Encode()
	if err != nil {
		return nil, err
	}
	signed, err := seal.Sign(typeRegister, payload, keys...)
	if err != nil {
		return nil, fmt.Errorf("register: sign: %w", err)
	}
	return signed, nil
}

// Cosign returns signed with the signatures of one more root. Whoever signs
// has read what Diff says of it.
func Cosign(signed []byte, key *identity.Key) ([]byte, error) {
	if _, err := Claim(signed); err != nil {
		return nil, err
	}
	more, err := seal.Cosign(typeRegister, signed, key)
	if err != nil {
		return nil, fmt.Errorf("register: cosign: %w", err)
	}
	return more, nil
}

// Claim returns the register that signed claims to hold, before anybody's
// signature was checked: what a root's keeper reads before signing.
func Claim(signed []byte) (*Register, error) {
	payload, err := seal.UnverifiedPayload(signed)
	if err != nil {
		return nil, fmt.Errorf("register: read: %w: %w", ErrMalformed, err)
	}
	return Parse(payload)
}

// Verify returns the register in signed if enough of the trusted roots signed
// it, and enough of the roots that it names itself: where the two differ, it
// changes the roots, and the new ones have shown that they hold their keys.
func Verify(signed []byte, trusted Roots) (*Signed, error) {
	if err := trusted.check(); err != nil {
		return nil, fmt.Errorf("register: verify: trusted roots: %w: %w", ErrMalformed, err)
	}
	_, own, err := claimed(signed)
	if err != nil {
		return nil, err
	}
	either := slices.Concat(trusted.Keys, own.Keys)
	payload, signers, err := seal.Verify(typeRegister, signed, either...)
	if err != nil {
		return nil, fmt.Errorf("register: verify: %w", err)
	}
	if n := trusted.count(signers); n < trusted.Threshold {
		return nil, fmt.Errorf("register: verify: %w: %d of the trusted roots, want %d",
			ErrThreshold, n, trusted.Threshold)
	}
	if n := own.count(signers); n < own.Threshold {
		return nil, fmt.Errorf("register: verify: %w: %d of its own roots, want %d",
			ErrThreshold, n, own.Threshold)
	}
	r, err := Parse(payload)
	if err != nil {
		return nil, err
	}
	return &Signed{
		Register: r, Digest: protocol.DigestOf(payload), Bytes: signed, Signers: signers,
	}, nil
}

// claimed reads the Party and the roots alone: all that is needed to find out
// who must have signed. The rest, which may be megabytes of keys, is parsed
// after its signatures were verified. The roots that it returns are checked.
func claimed(signed []byte) (protocol.Party, Roots, error) {
	bad := func(err error) (protocol.Party, Roots, error) {
		return "", Roots{}, fmt.Errorf("register: read roots: %w: %w", ErrMalformed, err)
	}
	payload, err := seal.UnverifiedPayload(signed)
	if err != nil {
		return bad(err)
	}
	var claim struct {
		Party protocol.Party `json:"party"`
		Roots struct {
			Threshold int              `json:"threshold"`
			Keys      []jsontext.Value `json:"keys"`
		} `json:"roots"`
	}
	if json.Unmarshal(payload, &claim) != nil {
		return bad(errors.New("want a party and its roots")) // the library's error quotes what is there
	}
	if len(claim.Roots.Keys) > MaxRoots {
		return bad(fmt.Errorf("keys: want at most %d", MaxRoots))
	}
	roots := Roots{Threshold: claim.Roots.Threshold}
	for _, raw := range claim.Roots.Keys {
		key := new(identity.Public)
		if err := key.UnmarshalJSON(raw); err != nil {
			return bad(err)
		}
		roots.Keys = append(roots.Keys, key)
	}
	if err := roots.check(); err != nil {
		return bad(err)
	}
	return claim.Party, roots, nil
}
