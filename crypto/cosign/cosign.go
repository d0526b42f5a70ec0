// Package cosign signs and opens the checkpoints of a log: C2SP signed notes
// with two signature lines of the log, both required. The first is a plain
// Ed25519 note signature (signed-note, type 0x01), which every tool for
// transparency logs reads. The second is an ML-DSA-44 cosignature
// (tlog-cosignature, type 0x06), which survives a quantum computer and dates
// the checkpoint.
//
// A key does not contain the name under which it signs: that is the origin of
// the log, and whoever opens a checkpoint says which log he means.
//
// The package is trusted with this: a checkpoint that OpenCheckpoint returns
// was signed by both halves of the log's key, for this origin, size and root;
// the time was signed by the ML-DSA half alone. Whether it is consistent with
// earlier checkpoints is for the log and its peers to check.
package cosign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/mod/sumdb/note"
)

// Signature types of signed-note, "Signature types".
const (
	typeEd25519 = 0x01
	typeMLDSA44 = 0x06
)

// cosignedLabel begins every cosigned_message (tlog-cosignature).
const cosignedLabel = "subtree/v1\n\x00"

const (
	timestampSize   = 8 // bytes
	cosignatureSize = timestampSize + mldsa44.SignatureSize
)

// keyID returns the first four bytes of the digest of a name, a type and a
// public key (signed-note, "Signatures").
func keyID(name string, kind byte, public []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{kind})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// verifierKey returns a key in the vkey form (signed-note, "Verifier keys").
func verifierKey(name string, kind byte, public []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyID(name, kind, public),
		base64.StdEncoding.EncodeToString(append([]byte{kind}, public...)))
}

// cosignedMessage returns what an ML-DSA-44 cosignature of a checkpoint covers:
// a cosigned_message that starts at 0. The cosigner of its own checkpoints is
// the log itself.
func cosignedMessage(cosigner string, timestamp uint64, c Checkpoint) []byte {
	m := []byte(cosignedLabel)
	m = append(m, byte(len(cosigner)))
	m = append(m, cosigner...)
	m = binary.BigEndian.AppendUint64(m, timestamp)
	m = append(m, byte(len(c.Origin)))
	m = append(m, c.Origin...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, c.Size)
	return append(m, c.Root[:]...)
}

// An ed25519Signer makes plain note signatures.
type ed25519Signer struct {
	name string
	key  *LogKey
}

var _ note.Signer = (*ed25519Signer)(nil)

func (s *ed25519Signer) Name() string { return s.name }

func (s *ed25519Signer) KeyHash() uint32 {
	return keyID(s.name, typeEd25519, s.key.public.ed25519)
}

func (s *ed25519Signer) Sign(text []byte) ([]byte, error) {
	return ed25519.Sign(s.key.secret().ed25519, text), nil
}

// A mldsa44Signer makes cosignatures of checkpoints at one time.
type mldsa44Signer struct {
	name string
	key  *LogKey
	at   time.Time
}

var _ note.Signer = (*mldsa44Signer)(nil)

func (s *mldsa44Signer) Name() string { return s.name }

func (s *mldsa44Signer) KeyHash() uint32 {
	return keyID(s.name, typeMLDSA44, s.key.public.packed)
}

// Sign returns a timestamped_signature. Randomised (FIPS 204 "hedged").
func (s *mldsa44Signer) Sign(text []byte) ([]byte, error) {
	c, err := ParseCheckpoint(string(text))
	if err != nil {
		return nil, err
	}
	timestamp := uint64(s.at.Unix())
	out := make([]byte, cosignatureSize)
	binary.BigEndian.PutUint64(out, timestamp)
	message := cosignedMessage(s.name, timestamp, c)
	err = mldsa44.SignTo(s.key.secret().mldsa44, message, nil, true, out[timestampSize:])
	if err != nil {
		return nil, errors.New("sign with ML-DSA-44")
	}
	return out, nil
}

// An ed25519Verifier verifies plain note signatures.
type ed25519Verifier struct {
	name   string
	public *LogPublic
}

var _ note.Verifier = (*ed25519Verifier)(nil)

func (v *ed25519Verifier) Name() string { return v.name }

func (v *ed25519Verifier) KeyHash() uint32 {
	return keyID(v.name, typeEd25519, v.public.ed25519)
}

func (v *ed25519Verifier) Verify(text, signature []byte) bool {
	return ed25519.Verify(v.public.ed25519, text, signature)
}

// A mldsa44Verifier verifies cosignatures of checkpoints.
type mldsa44Verifier struct {
	name   string
	public *LogPublic
}

var _ note.Verifier = (*mldsa44Verifier)(nil)

func (v *mldsa44Verifier) Name() string { return v.name }

func (v *mldsa44Verifier) KeyHash() uint32 {
	return keyID(v.name, typeMLDSA44, v.public.packed)
}

// Verify refuses a timestamp of 0, which the specification allows: it would
// say nothing of when the tree was the largest.
func (v *mldsa44Verifier) Verify(text, signature []byte) bool {
	c, err := ParseCheckpoint(string(text))
	if err != nil || len(signature) != cosignatureSize {
		return false
	}
	timestamp := binary.BigEndian.Uint64(signature)
	if timestamp == 0 || timestamp > maxTimestamp {
		return false
	}
	return verifyMLDSA44(v.public, cosignedMessage(v.name, timestamp, c), signature[timestampSize:])
}

// verifyMLDSA44 verifies with the empty context, as tlog-cosignature wants.
func verifyMLDSA44(p *LogPublic, message, signature []byte) bool {
	return len(signature) == mldsa44.SignatureSize &&
		mldsa44.Verify(p.mldsa44, message, nil, signature)
}
