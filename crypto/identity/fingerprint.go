package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// fingerprintLabel keeps a fingerprint from being the digest of anything else.
const fingerprintLabel = "comity identity v1\n"

// A Fingerprint names a public key: the SHA-256 digest of a label and of the
// public bytes. As text it is 64 small hexadecimal digits.
type Fingerprint [sha256.Size]byte

// fingerprintOf covers both halves. Their lengths are fixed, so no two pairs
// give the same input.
func fingerprintOf(ed25519Key, mldsa65Key []byte) Fingerprint {
	h := sha256.New()
	h.Write([]byte(fingerprintLabel))
	h.Write(ed25519Key)
	h.Write(mldsa65Key)
	return Fingerprint(h.Sum(nil))
}

// ParseFingerprint returns s as a Fingerprint.
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	err := f.UnmarshalText([]byte(s))
	return f, err
}

// String returns the text form.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText returns the text form.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText accepts what MarshalText writes and nothing else: capitals
// would be a second name for the same key.
func (f *Fingerprint) UnmarshalText(b []byte) error {
	var read Fingerprint
	if len(b) != hex.EncodedLen(len(read)) {
		return errFingerprint
	}
	if _, err := hex.Decode(read[:], b); err != nil || read.String() != string(b) {
		return errFingerprint
	}
	*f = read
	return nil
}

var errFingerprint = errors.New("identity: read fingerprint: want 64 small hexadecimal digits")
