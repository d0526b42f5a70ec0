package seal_test

import (
	"errors"
	"fmt"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"github.com/go-jose/go-jose/v4"
)

// verifyWithGoJose verifies a JWS of one signer with another implementation of
// RFC 7515, which knows neither algorithm and asks us for the bare signatures.
func verifyWithGoJose(jws []byte, key *identity.Public) error {
	parsed, err := jose.ParseSignedJSON(string(jws),
		[]jose.SignatureAlgorithm{"Ed25519", "ML-DSA-65"})
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for i := range parsed.Signatures {
		header := parsed.Signatures[i].Protected
		if header.KeyID != key.Fingerprint().String() {
			return fmt.Errorf("signature %d: kid %s", i, header.KeyID)
		}
		one := *parsed
		one.Signatures = parsed.Signatures[i : i+1]
		if _, err := one.Verify(bareVerifier{key}); err != nil {
			return fmt.Errorf("signature %d: %w", i, err)
		}
		seen[header.Algorithm] = true
	}
	if len(seen) != 2 {
		return fmt.Errorf("got algorithms %v, want two", seen)
	}
	return nil
}

type bareVerifier struct{ key *identity.Public }

func (v bareVerifier) VerifyPayload(input, signature []byte, alg jose.SignatureAlgorithm) error {
	if alg == "Ed25519" && v.key.VerifyEd25519(input, signature) ||
		alg == "ML-DSA-65" && v.key.VerifyMLDSA65(input, signature) {
		return nil
	}
	return errors.New("does not verify")
}

type bareSigner struct {
	key *identity.Key
	alg jose.SignatureAlgorithm
}

func (s bareSigner) Public() *jose.JSONWebKey        { return nil }
func (s bareSigner) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{s.alg} }

func (s bareSigner) SignPayload(input []byte, alg jose.SignatureAlgorithm) ([]byte, error) {
	if alg == "Ed25519" {
		return s.key.SignEd25519(input)
	}
	return s.key.SignMLDSA65(input)
}

func TestGoJoseVerifiesOurJWS(t *testing.T) {
	key := signingKey(t, 1)
	if err := verifyWithGoJose(sign(t, "payload", key), key.Public()); err != nil {
		t.Error(err)
	}
}

func TestWeVerifyTheJWSOfGoJose(t *testing.T) {
	key := signingKey(t, 1)
	var both *jose.JSONWebSignature
	for _, alg := range []jose.SignatureAlgorithm{"Ed25519", "ML-DSA-65"} {
		options := (&jose.SignerOptions{}).WithType(jwsType)
		options.WithHeader("kid", key.Public().Fingerprint().String())
		signer, err := jose.NewSigner(
			jose.SigningKey{Algorithm: alg, Key: bareSigner{key, alg}}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte("payload"))
		if err != nil {
			t.Fatal(err)
		}
		if both == nil {
			both = signed
			continue
		}
		both.Signatures = append(both.Signatures, signed.Signatures...)
	}
	payload, _, err := seal.Verify(jwsType, []byte(both.FullSerialize()), key.Public())
	if err != nil || string(payload) != "payload" {
		t.Errorf("got %q and error %v, want the payload", payload, err)
	}
}
