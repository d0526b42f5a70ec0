package seal_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
)

const (
	jwsType = "test+jws"
	jweType = "test+jwe"
	// flipStep is how many bytes lie between two flipped bits, and coprime to
	// 8, so that every bit of a byte has its turn. Each flip costs two
	// verifications or a decapsulation.
	flipStep = 3
)

// signingKey returns the key whose seed is all b. The order of the keys 1, 2
// and 3 by fingerprint is not their order by number.
func signingKey(t testing.TB, b byte) *identity.Key {
	t.Helper()
	key, err := identity.FromSeed(bytes.Repeat([]byte{b}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openKey(t testing.TB, b byte) *seal.OpenKey {
	t.Helper()
	key, err := seal.OpenKeyFromSeed(bytes.Repeat([]byte{b}, seal.OpenSeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, payload string, keys ...*identity.Key) []byte {
	t.Helper()
	jws, err := seal.Sign(jwsType, []byte(payload), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func sealed(t testing.TB, plaintext []byte, to ...*seal.SealKey) []byte {
	t.Helper()
	envelope, err := seal.Seal(jweType, plaintext, to...)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// header returns the protected header that this package wants.
func header(alg string, key *identity.Key) string {
	return fmt.Sprintf(`{"alg":"%s","kid":"%s","typ":"%s"}`, alg, key.Public().Fingerprint(), jwsType)
}

// signatureEntry returns one entry of the signatures of a JWS: a signature
// with alg that really covers the given header and payload.
func signatureEntry(t testing.TB, key *identity.Key, alg, header string) string {
	t.Helper()
	input := []byte(b64(header) + "." + b64("payload"))
	value, err := key.SignEd25519(input)
	if err != nil {
		t.Fatal(err)
	}
	if alg == "ML-DSA-65" {
		var err error
		if value, err = key.SignMLDSA65(input); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf(`{"protected":"%s","signature":"%s"}`, b64(header), b64(string(value)))
}

// jwsOf returns a JWS over "payload" with the given signature entries.
func jwsOf(entries ...string) []byte {
	list := ""
	for i, entry := range entries {
		if i > 0 {
			list += ","
		}
		list += entry
	}
	return []byte(`{"payload":"` + b64("payload") + `","signatures":[` + list + `]}`)
}
