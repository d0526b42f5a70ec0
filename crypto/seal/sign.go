package seal

import (
	"errors"
	"fmt"
	"slices"

	"comity.example/crypto/identity"
)

// Sign returns payload as a JWS of the given type that every key signed twice.
// The payload stays readable.
func Sign(typ string, payload []byte, keys ...*identity.Key) ([]byte, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: sign: no key")
	}
	m := &message{content: payload, payload: base64url.EncodeToString(payload)}
	for _, key := range keys {
		if err := m.sign(typ, key); err != nil {
			return nil, fmt.Errorf("seal: sign: %w", err)
		}
	}
	return m.encodeBounded("sign")
}

// Cosign returns jws with the two signatures of one more key over the same
// payload and type. It does not verify the signatures that are there: whoever
// signs a payload has read it and verified it first.
func Cosign(typ string, jws []byte, key *identity.Key) ([]byte, error) {
	m, err := readMessage(jws)
	if err != nil {
		return nil, fmt.Errorf("seal: cosign: %w", err)
	}
	if err := m.checkPairs(typ); err != nil {
		return nil, fmt.Errorf("seal: cosign: %w", err)
	}
	if err := m.sign(typ, key); err != nil {
		return nil, fmt.Errorf("seal: cosign: %w", err)
	}
	return m.encodeBounded("cosign")
}

// sign adds the two signatures of key at its place in the order.
func (m *message) sign(typ string, key *identity.Key) error {
	if err := checkType(typ); err != nil {
		return err
	}
	if len(m.signatures) >= 2*MaxSigners {
		return fmt.Errorf("more than %d signers", MaxSigners)
	}
	kid := key.Public().Fingerprint()
	at, found := slices.BinarySearchFunc(m.signatures, kid,
		func(s signature, kid identity.Fingerprint) int { return compare(s.kid, kid) })
	if found {
		return fmt.Errorf("key %v signed already", kid)
	}
	first := signature{alg: algEd25519, kid: kid, typ: typ}
	first.protected = base64url.EncodeToString([]byte(protectedHeader(algEd25519, kid, typ)))
	value, err := key.SignEd25519(signingInput(first.protected, m.payload))
	if err != nil {
		return err
	}
	first.value = value

	second := signature{alg: algMLDSA65, kid: kid, typ: typ}
	second.protected = base64url.EncodeToString([]byte(protectedHeader(algMLDSA65, kid, typ)))
	if second.value, err = key.SignMLDSA65(signingInput(second.protected, m.payload)); err != nil {
		return err
	}
	m.signatures = slices.Insert(m.signatures, at, first, second)
	return nil
}

func (m *message) encodeBounded(verb string) ([]byte, error) {
	jws := m.encode()
	if len(jws) > MaxSigned {
		return nil, fmt.Errorf("seal: %s: %d bytes, want at most %d", verb, len(jws), MaxSigned)
	}
	return jws, nil
}

// Verify returns the payload of jws and those of the candidates that signed
// it, in the order of the candidates. It is an error if any signature is
// not by a candidate, stands alone, is out of place or does not verify: there
// is no signature in a believed JWS that was not checked. How many signers are
// enough, and which, is for the caller to say.
//
// The error is ErrSignatureMissing or ErrSignatureInvalid, with a reason.
func Verify(typ string, jws []byte, candidates ...*identity.Public) (
	payload []byte, signers []identity.Fingerprint, err error) {
	m, err := readMessage(jws)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: verify: %w", err)
	}
	return m.verify(typ, candidates)
}

// A Claim is a JWS that was read and is not believed: for one who must see the
// payload to find out whose key to verify with. The zero Claim has no signature.
type Claim struct {
	read message
}

// ReadClaim reads a JWS in its one encoding. No signature is checked.
func ReadClaim(jws []byte) (*Claim, error) {
	m, err := readMessage(jws)
	if err != nil {
		return nil, fmt.Errorf("seal: read claim: %w", err)
	}
	return &Claim{*m}, nil
}

// UnverifiedPayload returns what the JWS claims. The caller only reads it.
func (c *Claim) UnverifiedPayload() []byte { return c.read.content }

// Verify is the function Verify for the JWS that was read.
func (c *Claim) Verify(typ string, candidates ...*identity.Public) (
	payload []byte, signers []identity.Fingerprint, err error) {
	return c.read.verify(typ, candidates)
}

func (m *message) verify(typ string, candidates []*identity.Public) (
	payload []byte, signers []identity.Fingerprint, err error) {
	if err := m.checkPairs(typ); err != nil {
		return nil, nil, fmt.Errorf("seal: verify: %w", err)
	}
	signed := make(map[identity.Fingerprint]bool)
	for i := 0; i < len(m.signatures); i += 2 {
		if err := m.verifyPair(i, candidates); err != nil {
			return nil, nil, fmt.Errorf("seal: verify: %w", err)
		}
		signed[m.signatures[i].kid] = true
	}
	for _, candidate := range candidates {
		if f := candidate.Fingerprint(); signed[f] {
			signers = append(signers, f)
			delete(signed, f) // a candidate named twice is still one signer
		}
	}
	return m.content, signers, nil
}

// verifyPair checks the two signatures at i against the candidate they name.
func (m *message) verifyPair(i int, candidates []*identity.Public) error {
	first, second := m.signatures[i], m.signatures[i+1]
	at := slices.IndexFunc(candidates,
		func(p *identity.Public) bool { return p.Fingerprint() == first.kid })
	if at < 0 {
		return fmt.Errorf("unknown key %v: %w", first.kid, ErrSignatureInvalid)
	}
	key := candidates[at]
	if !key.VerifyMLDSA65(signingInput(second.protected, m.payload), second.value) ||
		!key.VerifyEd25519(signingInput(first.protected, m.payload), first.value) {
		return fmt.Errorf("key %v: %w", first.kid, ErrSignatureInvalid)
	}
	return nil
}

// UnverifiedPayload returns what jws claims, before anybody's signature was
// checked. It serves to find out whose key to verify with, and nothing else.
func UnverifiedPayload(jws []byte) ([]byte, error) {
	m, err := readMessage(jws)
	if err != nil {
		return nil, fmt.Errorf("seal: read payload: %w", err)
	}
	return m.content, nil
}

// UnverifiedSigners returns the keys that jws names, each once, as they stand.
// Whether they signed, only Verify knows.
func UnverifiedSigners(jws []byte) ([]identity.Fingerprint, error) {
	m, err := readMessage(jws)
	if err != nil {
		return nil, fmt.Errorf("seal: read signers: %w", err)
	}
	var signers []identity.Fingerprint
	for _, sig := range m.signatures {
		if !slices.Contains(signers, sig.kid) {
			signers = append(signers, sig.kid)
		}
	}
	return signers, nil
}
