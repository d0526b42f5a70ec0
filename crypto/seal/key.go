package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"comity.example/crypto/identity"
	"github.com/go-json-experiment/json"
)

const (
	// OpenSeedSize is the length of a private key at rest, in bytes: an X-Wing
	// decapsulation key (draft-connolly-cfrg-xwing-kem, section 5.2).
	OpenSeedSize = 32

	algHPKE = "HPKE-9-KE"
	// fingerprintLabel keeps a sealing key from having a signing key's name.
	fingerprintLabel = "comity seal v1\n"
)

// An OpenKey is a private key that opens what was sealed to it. It is safe for
// concurrent use, is not comparable, and prints as its fingerprint.
type OpenKey struct {
	_       [0]func()
	private func() hpke.PrivateKey // a function, because fmt can look behind a pointer
	public  *SealKey
}

// GenerateOpenKey returns a new random key.
func GenerateOpenKey() (*OpenKey, error) {
	private, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("seal: generate key: %w", err)
	}
	return newOpenKey(private)
}

// OpenKeyFromSeed returns the key that seed (OpenSeedSize bytes) stands for.
func OpenKeyFromSeed(seed []byte) (*OpenKey, error) {
	private, err := hpke.MLKEM768X25519().NewPrivateKey(seed)
	if err != nil {
		return nil, fmt.Errorf("seal: read seed: got %d bytes, want %d", len(seed), OpenSeedSize)
	}
	return newOpenKey(private)
}

func newOpenKey(private hpke.PrivateKey) (*OpenKey, error) {
	public, err := newSealKey(private.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	return &OpenKey{private: func() hpke.PrivateKey { return private }, public: public}, nil
}

// Seed returns the private key in the form OpenKeyFromSeed reads. It is the
// secret itself: it goes into a keyfile and nowhere else.
func (k *OpenKey) Seed() []byte {
	seed, err := k.private().Bytes()
	if err != nil {
		panic("seal: a key that was made from a seed has none")
	}
	return seed
}

// Public returns the key to seal with.
func (k *OpenKey) Public() *SealKey { return k.public }

// Format prints the fingerprint for every verb.
func (k OpenKey) Format(f fmt.State, _ rune) {
	if k.public == nil {
		fmt.Fprint(f, "no key")
		return
	}
	fmt.Fprint(f, k.public.fingerprint.String())
}

// A SealKey is a public key to seal with. It never changes after it is made
// and is safe for concurrent use. The zero SealKey seals nothing.
type SealKey struct {
	_           [0]func()
	public      hpke.PublicKey
	packed      []byte
	fingerprint identity.Fingerprint
}

func newSealKey(packed []byte) (*SealKey, error) {
	public, err := hpke.MLKEM768X25519().NewPublicKey(packed)
	if err != nil {
		return nil, errors.New("seal: read public key: not an MLKEM768-X25519 key")
	}
	k := &SealKey{public: public, packed: public.Bytes()}
	k.fingerprint = sha256.Sum256(append([]byte(fingerprintLabel), k.packed...))
	return k, nil
}

// Fingerprint returns the name of the key: the SHA-256 digest of a label and
// of the public bytes.
func (k *SealKey) Fingerprint() identity.Fingerprint { return k.fingerprint }

// String returns the fingerprint as text.
func (k SealKey) String() string { return k.fingerprint.String() }

// Equal reports whether k and other are the same key.
func (k *SealKey) Equal(other *SealKey) bool {
	if k == nil || other == nil {
		return k == other
	}
	return string(k.packed) == string(other.packed)
}

// A sealJWK has its members in canonical order (RFC 8785).
type sealJWK struct {
	Alg string `json:"alg"`
	Kty string `json:"kty"`
	Pub string `json:"pub"`
}

// MarshalJSON returns k as a JWK (draft-ietf-jose-hpke-pq-pqt).
func (k SealKey) MarshalJSON() ([]byte, error) {
	if k.public == nil {
		return nil, errors.New("seal: write public key: it is empty")
	}
	return json.Marshal(sealJWK{algHPKE, "AKP", base64url.EncodeToString(k.packed)})
}

// UnmarshalJSON accepts what MarshalJSON writes, in any order of members and
// spacing. Every other member is refused, and with that every private key.
func (k *SealKey) UnmarshalJSON(b []byte) error {
	var jwk sealJWK
	if err := json.Unmarshal(b, &jwk, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("seal: read public key: want an object of alg, kty and pub") // err quotes what is there
	}
	if jwk.Kty != "AKP" || jwk.Alg != algHPKE {
		return fmt.Errorf("seal: read public key: want kty AKP and alg %s", algHPKE)
	}
	packed, err := base64url.DecodeString(jwk.Pub)
	if err != nil || strings.ContainsAny(jwk.Pub, "\r\n") {
		return errors.New("seal: read public key: not base64url (RFC 7515, section 2)")
	}
	read, err := newSealKey(packed)
	if err != nil {
		return err
	}
	*k = *read
	return nil
}
