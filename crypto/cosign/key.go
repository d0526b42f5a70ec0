package cosign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"
)

// SeedSize is the length of a log's private key at rest, in bytes: an Ed25519
// seed (RFC 8032) and then an ML-DSA-44 seed ξ (FIPS 204, algorithm 6).
const SeedSize = ed25519.SeedSize + mldsa44.SeedSize

// A LogKey is the private key of a log. It is safe for concurrent use, is not
// comparable, and prints as a word that says nothing.
type LogKey struct {
	_      [0]func()
	secret func() *secret // a function, because fmt can look behind a pointer
	public *LogPublic
}

type secret struct {
	seed    [SeedSize]byte
	ed25519 ed25519.PrivateKey
	mldsa44 *mldsa44.PrivateKey
}

// GenerateLogKey returns a new random key.
func GenerateLogKey() (*LogKey, error) {
	seed := make([]byte, SeedSize)
	rand.Read(seed) // never returns an error: crypto/rand ends the process instead
	return LogKeyFromSeed(seed)
}

// LogKeyFromSeed returns the key that seed (SeedSize bytes) stands for. It
// keeps a copy; the caller still owns seed.
func LogKeyFromSeed(seed []byte) (*LogKey, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("cosign: read seed: got %d bytes, want %d", len(seed), SeedSize)
	}
	s := &secret{seed: [SeedSize]byte(seed)}
	s.ed25519 = ed25519.NewKeyFromSeed(s.seed[:ed25519.SeedSize])
	pub, priv := mldsa44.NewKeyFromSeed((*[mldsa44.SeedSize]byte)(s.seed[ed25519.SeedSize:]))
	s.mldsa44 = priv
	public, err := newLogPublic(s.ed25519.Public().(ed25519.PublicKey), pub.Bytes())
	if err != nil {
		return nil, err
	}
	return &LogKey{secret: func() *secret { return s }, public: public}, nil
}

// Seed returns the private key in the form LogKeyFromSeed reads. It is the
// secret itself: it goes into a keyfile and nowhere else.
func (k *LogKey) Seed() []byte { return bytes.Clone(k.secret().seed[:]) }

// Public returns the public half.
func (k *LogKey) Public() *LogPublic { return k.public }

// Format prints the same for every key and verb.
func (LogKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "cosign.LogKey") }

// A LogPublic is the public key of a log. It never changes after it is made
// and is safe for concurrent use. The zero LogPublic opens nothing.
//
// As JSON it is {"ed25519":"…","mldsa44":"…"}, each the standard base64 of the
// public key (32 and 1312 bytes), as C2SP writes keys, without type and name:
// VerifierKeys adds them.
type LogPublic struct {
	_       [0]func()
	ed25519 ed25519.PublicKey
	mldsa44 *mldsa44.PublicKey
	packed  []byte // the ML-DSA-44 key as it is encoded
}

func newLogPublic(ed25519Key, mldsa44Key []byte) (*LogPublic, error) {
	if len(ed25519Key) != ed25519.PublicKeySize || len(mldsa44Key) != mldsa44.PublicKeySize {
		return nil, fmt.Errorf("cosign: read public key: got %d and %d bytes, want %d and %d",
			len(ed25519Key), len(mldsa44Key), ed25519.PublicKeySize, mldsa44.PublicKeySize)
	}
	p := &LogPublic{
		ed25519: bytes.Clone(ed25519Key),
		mldsa44: new(mldsa44.PublicKey),
		packed:  bytes.Clone(mldsa44Key),
	}
	if err := p.mldsa44.UnmarshalBinary(p.packed); err != nil {
		return nil, errors.New("cosign: read public key: not an ML-DSA-44 key")
	}
	return p, nil
}

// Equal reports whether p and q are the same key.
func (p *LogPublic) Equal(q *LogPublic) bool {
	if p == nil || q == nil {
		return p == q
	}
	return bytes.Equal(p.ed25519, q.ed25519) && bytes.Equal(p.packed, q.packed)
}

// VerifierKeys returns the keys of the log named origin in the C2SP vkey form,
// for the tools of others: Ed25519 first.
func (p *LogPublic) VerifierKeys(origin string) ([2]string, error) {
	if p.mldsa44 == nil {
		return [2]string{}, errors.New("cosign: write verifier keys: the key is empty")
	}
	if err := checkOrigin(origin); err != nil {
		return [2]string{}, fmt.Errorf("cosign: write verifier keys: %w", err)
	}
	return [2]string{
		verifierKey(origin, typeEd25519, p.ed25519),
		verifierKey(origin, typeMLDSA44, p.packed),
	}, nil
}

func (p *LogPublic) verifiers(origin string) note.Verifiers {
	return note.VerifierList(&ed25519Verifier{origin, p}, &mldsa44Verifier{origin, p})
}

type logJSON struct {
	Ed25519 string `json:"ed25519"`
	MLDSA44 string `json:"mldsa44"`
}

// MarshalJSON returns the JSON form of p, which is also canonical (RFC 8785).
func (p LogPublic) MarshalJSON() ([]byte, error) {
	if p.mldsa44 == nil {
		return nil, errors.New("cosign: write public key: it is empty")
	}
	return json.Marshal(logJSON{
		Ed25519: base64.StdEncoding.EncodeToString(p.ed25519),
		MLDSA44: base64.StdEncoding.EncodeToString(p.packed),
	})
}

// UnmarshalJSON accepts what MarshalJSON writes, in any order of members and
// spacing, and no other member.
func (p *LogPublic) UnmarshalJSON(b []byte) error {
	var read logJSON
	if err := json.Unmarshal(b, &read, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("cosign: read public key: want an object of ed25519 and mldsa44") // err quotes what is there
	}
	first, ok1 := decodeBase64(read.Ed25519)
	second, ok2 := decodeBase64(read.MLDSA44)
	if !ok1 || !ok2 {
		return errors.New("cosign: read public key: not base64 (RFC 4648, section 4)")
	}
	public, err := newLogPublic(first, second)
	if err != nil {
		return err
	}
	*p = *public
	return nil
}

// decodeBase64 refuses what the base64 package forgives: line ends inside, and
// bits set behind the last byte, either of which would be a second encoding.
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && !strings.ContainsAny(s, "\r\n")
}
