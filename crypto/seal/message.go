package seal

import (
	"fmt"
	"slices"

	"comity.example/crypto/identity"
)

const (
	algEd25519 = "Ed25519"   // RFC 9864
	algMLDSA65 = "ML-DSA-65" // RFC 9964
)

// A message is a JWS in the form of this package:
//
//	{"payload":"…","signatures":[{"protected":"…","signature":"…"},…]}
type message struct {
	content    []byte
	payload    string // the content in base64url, as it is signed
	signatures []signature
}

type signature struct {
	alg       string
	kid       identity.Fingerprint
	typ       string
	protected string // base64url of the header that says alg, kid and typ
	value     []byte
}

// protectedHeader returns the one header that alg, kid and typ may have.
func protectedHeader(alg string, kid identity.Fingerprint, typ string) string {
	return `{"alg":"` + alg + `","kid":"` + kid.String() + `","typ":"` + typ + `"}`
}

// signingInput returns what a signature covers (RFC 7515, section 5.1).
func signingInput(protected, payload string) []byte {
	return slices.Concat([]byte(protected), []byte("."), []byte(payload))
}

// readMessage reads a JWS in its one encoding. It checks the form only: not
// the types, not that each key signed twice, and no signature.
func readMessage(jws []byte) (*message, error) {
	if len(jws) > MaxSigned {
		return nil, fmt.Errorf("more than %d bytes: %w", MaxSigned, ErrSignatureInvalid)
	}
	s := &scanner{rest: string(jws)}
	m := new(message)
	s.literal(`{"payload":"`)
	m.payload, m.content = s.base64()
	s.literal(`","signatures":[`)
	for !s.next(`]}`) && !s.failed {
		if len(m.signatures) > 0 {
			s.literal(`,`)
		}
		if len(m.signatures) == 2*MaxSigners {
			return nil, fmt.Errorf("more than %d signers: %w", MaxSigners, ErrSignatureInvalid)
		}
		m.signatures = append(m.signatures, readSignature(s))
	}
	if !s.end() {
		return nil, fmt.Errorf("not a JWS in its one encoding: %w", ErrSignatureInvalid)
	}
	return m, nil
}

func readSignature(s *scanner) signature {
	var sig signature
	s.literal(`{"protected":"`)
	protected, decoded := s.base64()
	sig.protected = protected
	s.literal(`","signature":"`)
	_, sig.value = s.base64()
	s.literal(`"}`)

	header := &scanner{rest: string(decoded)}
	header.literal(`{"alg":"`)
	sig.alg = header.text()
	header.literal(`","kid":"`)
	kid, err := identity.ParseFingerprint(header.text())
	sig.kid = kid
	header.literal(`","typ":"`)
	sig.typ = header.text()
	header.literal(`"}`)
	known := sig.alg == algEd25519 || sig.alg == algMLDSA65
	if err != nil || !known || checkType(sig.typ) != nil || !header.end() {
		s.failed = true
	}
	return sig
}

// encode returns the one encoding of m.
func (m *message) encode() []byte {
	const frame = 64 // bytes of a signature that are not in base64
	size := frame + len(m.payload)
	for _, sig := range m.signatures {
		size += frame + len(sig.protected) + base64url.EncodedLen(len(sig.value))
	}
	b := make([]byte, 0, size)
	b = append(b, `{"payload":"`...)
	b = append(b, m.payload...)
	b = append(b, `","signatures":[`...)
	for i, sig := range m.signatures {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"protected":"`...)
		b = append(b, sig.protected...)
		b = append(b, `","signature":"`...)
		b = base64url.AppendEncode(b, sig.value)
		b = append(b, `"}`...)
	}
	return append(b, `]}`...)
}

// checkPairs accepts only whole pairs, Ed25519 and then ML-DSA-65, of keys in
// ascending order: no key twice, none by halves, and no second order.
func (m *message) checkPairs(typ string) error {
	if len(m.signatures) == 0 {
		return ErrSignatureMissing
	}
	for i := 0; i < len(m.signatures); i += 2 {
		if i+1 == len(m.signatures) || m.signatures[i].kid != m.signatures[i+1].kid {
			return fmt.Errorf("half of key %v: %w", m.signatures[i].kid, ErrSignatureMissing)
		}
		first, second := m.signatures[i], m.signatures[i+1]
		if first.alg != algEd25519 || second.alg != algMLDSA65 {
			return fmt.Errorf("algorithms of key %v: %w", first.kid, ErrSignatureInvalid)
		}
		if first.typ != typ || second.typ != typ {
			return fmt.Errorf("not of type %q: %w", typ, ErrSignatureInvalid)
		}
		if i > 0 && compare(m.signatures[i-1].kid, first.kid) >= 0 {
			return fmt.Errorf("keys out of order or twice: %w", ErrSignatureInvalid)
		}
	}
	return nil
}

// compare orders keys by their fingerprints.
func compare(a, b identity.Fingerprint) int { return slices.Compare(a[:], b[:]) }
