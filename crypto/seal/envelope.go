package seal

import (
	"fmt"
	"strings"

	"comity.example/crypto/identity"
)

// An envelope is a JWE in the form of this package:
//
//	{"aad":"…","ciphertext":"…","iv":"…","protected":"…","recipients":[
//	{"encrypted_key":"…","header":{"alg":"HPKE-9-KE","ek":"…","kid":"…"}},…],"tag":"…"}
type envelope struct {
	binding    []byte // see bind
	ciphertext []byte
	iv         []byte
	typ        string
	recipients []recipient
	list       string // the recipients as they are encoded
	tag        []byte
}

// A recipient is one entry of the list of recipients.
type recipient struct {
	encryptedKey []byte
	ek           []byte // the HPKE encapsulated key
	kid          identity.Fingerprint
}

// protectedEnvelopeHeader returns the one protected header a type may have.
func protectedEnvelopeHeader(typ string) string {
	return `{"enc":"` + encA256GCM + `","typ":"` + typ + `"}`
}

// readEnvelope reads a JWE in its one encoding, and reports whether it is one.
func readEnvelope(b []byte) (*envelope, bool) {
	if len(b) > MaxEnvelope {
		return nil, false
	}
	s := &scanner{rest: string(b)}
	e := new(envelope)
	s.literal(`{"aad":"`)
	_, e.binding = s.base64()
	s.literal(`","ciphertext":"`)
	_, e.ciphertext = s.base64()
	s.literal(`","iv":"`)
	_, e.iv = s.base64()
	s.literal(`","protected":"`)
	_, protected := s.base64()
	header := &scanner{rest: string(protected)}
	header.literal(`{"enc":"` + encA256GCM + `","typ":"`)
	e.typ = header.text()
	header.literal(`"}`)
	s.literal(`","recipients":`)
	before := s.rest
	e.recipients = readRecipients(s)
	e.list = before[:len(before)-len(s.rest)]
	s.literal(`,"tag":"`)
	_, e.tag = s.base64()
	s.literal(`"}`)
	ok := s.end() && header.end() && checkType(e.typ) == nil &&
		len(e.binding) == bindingSize && len(e.iv) == ivSize && len(e.tag) == tagSize
	return e, ok
}

// readRecipients reads 1 to MaxRecipients recipients in ascending order of
// their keys, none twice.
func readRecipients(s *scanner) []recipient {
	var list []recipient
	s.literal(`[`)
	for !s.failed && len(list) < MaxRecipients {
		var r recipient
		s.literal(`{"encrypted_key":"`)
		_, r.encryptedKey = s.base64()
		s.literal(`","header":{"alg":"` + algHPKE + `","ek":"`)
		_, r.ek = s.base64()
		s.literal(`","kid":"`)
		kid, err := identity.ParseFingerprint(s.text())
		s.literal(`"}}`)
		if err != nil || len(list) > 0 && compare(list[len(list)-1].kid, kid) >= 0 {
			s.failed = true
		}
		r.kid = kid
		list = append(list, r)
		if !s.next(`,`) {
			break
		}
	}
	s.literal(`]`)
	return list
}

// address sets the recipients of e.
func (e *envelope) address(list []recipient) {
	e.recipients, e.list = list, encodeRecipients(list)
}

// encodeRecipients returns the one encoding of a list of recipients.
func encodeRecipients(list []recipient) string {
	var b strings.Builder
	for i, r := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"encrypted_key":"%s","header":{"alg":"%s","ek":"%s","kid":"%s"}}`,
			base64url.EncodeToString(r.encryptedKey), algHPKE,
			base64url.EncodeToString(r.ek), r.kid)
	}
	return `[` + b.String() + `]`
}

// encode returns the one encoding of e.
func (e *envelope) encode() []byte {
	const frame = 512 // bytes of what is neither the ciphertext nor the recipients
	b := make([]byte, 0, frame+base64url.EncodedLen(len(e.ciphertext))+len(e.list))
	b = append(b, `{"aad":"`...)
	b = base64url.AppendEncode(b, e.binding)
	b = append(b, `","ciphertext":"`...)
	b = base64url.AppendEncode(b, e.ciphertext)
	b = append(b, `","iv":"`...)
	b = base64url.AppendEncode(b, e.iv)
	b = append(b, `","protected":"`...)
	b = base64url.AppendEncode(b, []byte(protectedEnvelopeHeader(e.typ)))
	b = append(b, `","recipients":`...)
	b = append(b, e.list...)
	b = append(b, `,"tag":"`...)
	b = base64url.AppendEncode(b, e.tag)
	return append(b, `"}`...)
}

// Recipients returns the fingerprints of the keys that an envelope says it is
// sealed to, ascending. Anybody could have written them.
func Recipients(sealed []byte) ([]identity.Fingerprint, error) {
	e, ok := readEnvelope(sealed)
	if !ok {
		return nil, ErrOpen
	}
	kids := make([]identity.Fingerprint, len(e.recipients))
	for i, r := range e.recipients {
		kids[i] = r.kid
	}
	return kids, nil
}
