// Package identity holds hybrid signing keys: Ed25519 (RFC 8032) together with
// ML-DSA-65 (FIPS 204, pure, empty context). A message is signed only when both
// algorithms say so: the one is well understood, the other survives a quantum
// computer, and a break of either alone forges nothing.
//
// A public key is named by its Fingerprint, which covers both halves, so that
// no half can be combined with another's. As JSON it is a JWK set of exactly
// two public keys (RFC 8037, RFC 9964).
//
// The package is trusted with this: a private key leaves it only through Seed,
// and Verify answers true only if both halves signed exactly these bytes.
package identity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
)

// SeedSize is the length of a private key at rest, in bytes: an Ed25519 seed
// (RFC 8032) and then an ML-DSA-65 seed ξ (FIPS 204, algorithm 6).
const SeedSize = ed25519.SeedSize + mldsa65.SeedSize

// TokenSeedSize is the length of the half that a token does not hold: an
// ML-DSA-65 seed ξ.
const TokenSeedSize = mldsa65.SeedSize

// A Key is a private hybrid signing key. It is safe for concurrent use.
//
// Keys are not comparable, and print as the fingerprint of their public half
// whatever the verb. The secret is behind a function because fmt does not call
// Format on unexported fields, and follows pointers for some verbs: printed
// from inside another struct, a Key shows an address.
type Key struct {
	_      [0]func()
	secret func() *secret
	public *Public
}

type secret struct {
	seed    []byte        // none of a key whose Ed25519 half is on a token
	ed25519 crypto.Signer // an ed25519.PrivateKey, or a token
	mldsa65 *mldsa65.PrivateKey
}

// Signatures are the two signatures over one message; neither counts alone.
type Signatures struct {
	Ed25519 []byte // 64 bytes
	MLDSA65 []byte // 3309 bytes
}

// Generate returns a new random key.
func Generate() (*Key, error) {
	seed := make([]byte, SeedSize)
	rand.Read(seed) // never returns an error: crypto/rand ends the process instead
	return FromSeed(seed)
}

// FromSeed returns the key that seed (SeedSize bytes) stands for. It keeps a
// copy; the caller still owns seed.
func FromSeed(seed []byte) (*Key, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("identity: read seed: got %d bytes, want %d", len(seed), SeedSize)
	}
	s := &secret{seed: append([]byte(nil), seed...), ed25519: ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize])}
	return newKey(s, seed[ed25519.SeedSize:])
}

// OnToken returns the key whose Ed25519 half a hardware token holds, and whose
// ML-DSA-65 half the seed ξ stands for (TokenSeedSize bytes): today's tokens
// know no post-quantum mechanism. The token never gives its half away.
func OnToken(token crypto.Signer, seed []byte) (*Key, error) {
	if len(seed) != TokenSeedSize {
		return nil, fmt.Errorf("identity: read seed: got %d bytes, want %d", len(seed), TokenSeedSize)
	}
	return newKey(&secret{ed25519: token}, seed)
}

func newKey(s *secret, second []byte) (*Key, error) {
	first, ok := s.ed25519.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("identity: the token's key is no Ed25519 key")
	}
	pub, priv := mldsa65.NewKeyFromSeed((*[mldsa65.SeedSize]byte)(second))
	s.mldsa65 = priv
	public, err := NewPublic(first, pub.Bytes())
	if err != nil {
		return nil, err
	}
	return &Key{secret: func() *secret { return s }, public: public}, nil
}

// Seed returns the private key in the form FromSeed reads, nil of a key on a
// token. It is the secret itself: it goes into a keyfile and nowhere else.
func (k *Key) Seed() []byte { return append([]byte(nil), k.secret().seed...) }

// Public returns the public half.
func (k *Key) Public() *Public { return k.public }

// Sign signs message with both algorithms.
func (k *Key) Sign(message []byte) (Signatures, error) {
	first, err := k.SignEd25519(message)
	if err != nil {
		return Signatures{}, err
	}
	second, err := k.SignMLDSA65(message)
	if err != nil {
		return Signatures{}, err
	}
	return Signatures{Ed25519: first, MLDSA65: second}, nil
}

// SignEd25519 returns the Ed25519 half of a signature. The caller sees to it
// that the ML-DSA-65 half travels with it. Only a token fails.
func (k *Key) SignEd25519(message []byte) ([]byte, error) {
	if own, ok := k.secret().ed25519.(ed25519.PrivateKey); ok {
		return ed25519.Sign(own, message), nil
	}
	signature, err := k.secret().ed25519.Sign(nil, message, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("identity: sign with Ed25519: %w", err)
	}
	if !k.public.VerifyEd25519(message, signature) {
		return nil, errors.New("identity: sign with Ed25519: the token holds another key")
	}
	return signature, nil
}

// SignMLDSA65 returns the ML-DSA-65 half of a signature. It is randomised
// (FIPS 204 "hedged"), against fault and side-channel attacks on the signer.
func (k *Key) SignMLDSA65(message []byte) ([]byte, error) {
	signature := make([]byte, mldsa65.SignatureSize)
	if err := mldsa65.SignTo(k.secret().mldsa65, message, nil, true, signature); err != nil {
		return nil, errors.New("identity: sign with ML-DSA-65")
	}
	return signature, nil
}

// Format prints the fingerprint of the public half for every verb, so that no
// log line or error can hold the secret.
func (k Key) Format(f fmt.State, _ rune) {
	if k.public == nil {
		fmt.Fprint(f, "no key")
		return
	}
	fmt.Fprint(f, k.public.fingerprint.String())
}
