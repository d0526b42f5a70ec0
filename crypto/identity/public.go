package identity

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Public is the public half of a Key. It never changes after it is made and
// is safe for concurrent use; the ML-DSA key in it is already unpacked (which
// costs as much as a verification), so keep a Public rather than its JSON.
//
// The zero Public verifies nothing and has no JSON.
type Public struct {
	_           [0]func()
	ed25519     ed25519.PublicKey
	mldsa65     *mldsa65.PublicKey
	packed      []byte // the ML-DSA-65 key as it is encoded
	fingerprint Fingerprint
}

// NewPublic returns the public key that consists of an Ed25519 key (32 bytes)
// and an ML-DSA-65 key (1952 bytes). It keeps copies.
func NewPublic(ed25519Key, mldsa65Key []byte) (*Public, error) {
	if len(ed25519Key) != ed25519.PublicKeySize || len(mldsa65Key) != mldsa65.PublicKeySize {
		return nil, fmt.Errorf("identity: read public key: got %d and %d bytes, want %d and %d",
			len(ed25519Key), len(mldsa65Key), ed25519.PublicKeySize, mldsa65.PublicKeySize)
	}
	p := &Public{
		ed25519: bytes.Clone(ed25519Key),
		mldsa65: new(mldsa65.PublicKey),
		packed:  bytes.Clone(mldsa65Key),
	}
	if err := p.mldsa65.UnmarshalBinary(p.packed); err != nil {
		return nil, errors.New("identity: read public key: not an ML-DSA-65 key")
	}
	p.fingerprint = fingerprintOf(p.ed25519, p.packed)
	return p, nil
}

// Fingerprint returns the name of the key.
func (p *Public) Fingerprint() Fingerprint { return p.fingerprint }

// String returns the fingerprint as text.
func (p Public) String() string { return p.fingerprint.String() }

// Equal reports whether p and q are the same key.
func (p *Public) Equal(q *Public) bool {
	if p == nil || q == nil {
		return p == q
	}
	return bytes.Equal(p.ed25519, q.ed25519) && bytes.Equal(p.packed, q.packed)
}

// Verify reports whether both halves of s are signatures of p over message.
func (p *Public) Verify(message []byte, s Signatures) bool {
	return p.VerifyMLDSA65(message, s.MLDSA65) && p.VerifyEd25519(message, s.Ed25519)
}

// VerifyEd25519 reports whether signature is the Ed25519 half of a signature
// over message. It proves nothing without the other half.
func (p *Public) VerifyEd25519(message, signature []byte) bool {
	// The length is checked here because ed25519.Verify panics on a key of
	// another size, which the zero Public has.
	return len(p.ed25519) == ed25519.PublicKeySize &&
		ed25519.Verify(p.ed25519, message, signature)
}

// VerifyMLDSA65 reports whether signature is the ML-DSA-65 half of a signature
// over message. It proves nothing without the other half.
func (p *Public) VerifyMLDSA65(message, signature []byte) bool {
	return p.mldsa65 != nil && len(signature) == mldsa65.SignatureSize &&
		mldsa65.Verify(p.mldsa65, message, nil, signature)
}

// The members of each JWK in canonical order (RFC 8785).
type (
	okpKey struct { // RFC 8037, with the algorithm name of RFC 9864
		Alg string `json:"alg"`
		Crv string `json:"crv"`
		Kty string `json:"kty"`
		X   string `json:"x"`
	}
	akpKey struct { // RFC 9964
		Alg string `json:"alg"`
		Kty string `json:"kty"`
		Pub string `json:"pub"`
	}
)

// MarshalJSON returns p as a JWK set of two keys, Ed25519 first.
func (p Public) MarshalJSON() ([]byte, error) {
	if p.mldsa65 == nil {
		return nil, errors.New("identity: write public key: it is empty")
	}
	first := okpKey{"Ed25519", "Ed25519", "OKP", base64.RawURLEncoding.EncodeToString(p.ed25519)}
	second := akpKey{"ML-DSA-65", "AKP", base64.RawURLEncoding.EncodeToString(p.packed)}
	return json.Marshal(struct {
		Keys [2]any `json:"keys"`
	}{[2]any{first, second}})
}

// UnmarshalJSON accepts what MarshalJSON writes, in any order of members and
// spacing. Every other member is refused, and with that every private key.
func (p *Public) UnmarshalJSON(b []byte) error {
	var set struct {
		Keys [2]jsontext.Value `json:"keys"`
	}
	var first okpKey
	var second akpKey
	strict := json.RejectUnknownMembers(true)
	// The library's errors quote what is there, which could be a private key.
	if json.Unmarshal(b, &set, strict) != nil {
		return errors.New("identity: read public key: want an object of two keys")
	}
	if json.Unmarshal(set.Keys[0], &first, strict) != nil {
		return errors.New("identity: read Ed25519 key: want an object of alg, crv, kty and x")
	}
	if json.Unmarshal(set.Keys[1], &second, strict) != nil {
		return errors.New("identity: read ML-DSA-65 key: want an object of alg, kty and pub")
	}
	if first.Kty != "OKP" || first.Crv != "Ed25519" || first.Alg != "Ed25519" ||
		second.Kty != "AKP" || second.Alg != "ML-DSA-65" {
		return errors.New("identity: read public key: want an Ed25519 and an ML-DSA-65 key")
	}
	x, err := decodeKey(first.X)
	if err != nil {
		return err
	}
	pub, err := decodeKey(second.Pub)
	if err != nil {
		return err
	}
	read, err := NewPublic(x, pub)
	if err != nil {
		return err
	}
	*p = *read
	return nil
}

// decodeKey refuses what the base64 package forgives: line ends inside, and
// bits set behind the last byte, either of which would be a second encoding.
func decodeKey(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("identity: read public key: not base64url (RFC 7515, section 2)")
	}
	return b, nil
}
