// Package seal signs bytes, and encrypts them to those who may read them.
//
// What is signed is a JWS in the general JSON serialisation (RFC 7515) that
// carries two signatures for each key, "Ed25519" (RFC 9864) and "ML-DSA-65"
// (RFC 9964). Verify wants both: a JWS library is content with any one. Each
// protected header is exactly {alg, kid, typ}; nothing is unprotected. Keys
// stand in ascending order of their fingerprints, so that one set of
// signatures has one encoding, whoever signed first.
//
// What is sealed is a JWE in the general JSON serialisation (RFC 7516) under
// A256GCM, its key encrypted to each recipient with "HPKE-9-KE"
// (MLKEM768-X25519, which is X-Wing; SHAKE256; A256GCM) as numbered in
// draft-ietf-jose-hpke-pq-pqt of June 2026. The protected header is exactly
// {enc, typ}, each recipient's header exactly {alg, ek, kid}. The JWE "aad"
// member is HMAC-SHA-256, keyed with the content key, over a label and the
// recipients as encoded. JWE itself authenticates neither; this way no
// recipient can be removed, added or altered by one who cannot open the
// envelope, and no envelope opens under two content keys to two contents. It
// does not say who sealed the envelope: the JWS inside does.
//
// The content is padded before it is encrypted, so that the length of an
// envelope tells little: 4 bytes big-endian length, the content, and zeros up
// to the next Padmé size (Nikitin et al., PETS 2019: at most 12 % more), but
// at least 1 KiB.
//
// Both forms are read byte by byte against the one encoding that this package
// writes, which is also the canonical one (RFC 8785). Unknown, missing,
// repeated or reordered members, spaces, escapes, "crit", "zip", other base64
// of the same bytes, and trailing bytes are all refused by that one rule.
//
// The package is trusted with this: payload that Verify returns was signed by
// every signer it names, with both algorithms, under that type; and what Seal
// encrypted only the named recipients read, today and after quantum computers.
package seal

import (
	"errors"
	"fmt"
	"strings"
)

const (
	// MaxEnvelope bounds a sealed envelope, in bytes, before it is parsed.
	MaxEnvelope = 1 << 20
	// MaxPlaintext bounds what Seal takes, in bytes. Padded, in base64 and with
	// MaxRecipients it still fits into MaxEnvelope.
	MaxPlaintext = 720<<10 - lengthSize
	// MaxRecipients bounds the recipients of an envelope: each costs its sender
	// an encapsulation, and every reader 2 kB.
	MaxRecipients = 16
	// MaxSigned bounds a JWS, in bytes, before it is parsed: a register of a
	// thousand participants with their keys fits.
	MaxSigned = 15 << 20
	// MaxSigners bounds the keys that sign one JWS: each costs its reader two
	// verifications.
	MaxSigners = 16
	// maxType bounds the typ of a JWS or a JWE, in bytes.
	maxType = 64
)

var (
	// ErrSignatureMissing means that a JWS has no signature, or one half of the
	// two that each key must give.
	ErrSignatureMissing = errors.New("signature missing")
	// ErrSignatureInvalid means anything else for which a JWS is not believed.
	ErrSignatureInvalid = errors.New("signature invalid")
	// ErrOpen is the only error of Open. Which step failed is not said, so that
	// nobody can feel his way to a content by trying envelopes.
	ErrOpen = errors.New("seal: cannot open the envelope")
)

// typeAlphabet is what a typ may consist of: media types without parameters, in
// small letters, and nothing that JSON would escape.
const typeAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789+-./"

func checkType(typ string) error {
	if typ == "" || len(typ) > maxType || strings.Trim(typ, typeAlphabet) != "" {
		return fmt.Errorf("type %q: want 1 to %d of a-z 0-9 + - . /", typ, maxType)
	}
	return nil
}
