package agreement

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// The JWS types of what is signed here, so that no signature serves as another.
const (
	TypeDocument = "comity-agreement+jws"
	TypeNotice   = "comity-notice+jws"
)

// Errors of VerifyDocument and VerifyNotice.
var (
	ErrUnsigned      = errors.New("no Party signed it")
	ErrOneSignature  = errors.New("fewer Parties signed it than it needs")
	ErrOtherBytes    = errors.New("a Party signed other bytes")
	ErrBadSignature  = errors.New("a signature does not stand")
	ErrNotThatParty  = errors.New("a Party signed that is not Party to it")
	ErrUnknownRoots  = errors.New("the root keys of a Party are not known")
	ErrTooFewSigners = errors.New("fewer root keys signed than the Party asks for")
)

// MaxSignatures bounds a file of signatures, in bytes: 100 Parties of three
// keys each.
const MaxSignatures = 4 << 20

// PartySignatures is the content of a document's file of signatures: one JWS
// for each Party that signed, in the order of the Parties' codes. It is JSON:
//
//	{"agreement":{"id":"ukus-daa-2019","version":"1"},
//	 "signatures":[{"party":"GB","jws":"<base64 of the JWS>"}, …]}
//
// The payload of each JWS, of type TypeDocument, is canonical JSON (RFC 8785):
//
//	{"agreement":{"id":…,"version":…},"document":"sha256:…","party":"GB",
//	 "signed":"2026-11-22T10:00:00Z"}
type PartySignatures struct {
	Agreement  protocol.AgreementRef `json:"agreement"`
	Signatures []PartySignature      `json:"signatures"`
}

// A PartySignature is one Party's signature. The JWS holds the payload.
type PartySignature struct {
	Party protocol.Party `json:"party"`
	JWS   []byte         `json:"jws"`
}

// A payload is what a Party signs of a document: these bytes, under this name.
type payload struct {
	Agreement protocol.AgreementRef `json:"agreement"`
	Document  protocol.Digest       `json:"document"` // of the YAML bytes
	Party     protocol.Party        `json:"party"`
	Signed    time.Time             `json:"signed"`
}

// Roots returns the root keys with which a Party signs, and how many of them
// must. It is what the Parties' registers are pinned by.
type Roots func(protocol.Party) (keys []*identity.Public, threshold int, ok bool)

// A SignedDocument is a document with the Parties whose signatures were
// verified. Only VerifyDocument makes one.
type SignedDocument struct {
	doc    *Document
	by     []protocol.Party
	digest protocol.Digest
}

// Document returns the document.
func (s SignedDocument) Document() *Document { return s.doc }

// By returns the Parties that signed, in the order of their codes.
func (s SignedDocument) By() []protocol.Party { return slices.Clone(s.by) }

// Digest returns what stands for the document and for who signed it, the same
// however the signatures were made (SPEC.md, section 11.2).
func (s SignedDocument) Digest() protocol.Digest { return s.digest }

// digestSigned is the digest of a document's bytes together with its signers.
func digestSigned(document protocol.Digest, by []protocol.Party) (protocol.Digest, error) {
	b, err := canon.Encode(struct {
		Document protocol.Digest  `json:"document"`
		Signed   []protocol.Party `json:"signed"`
	}{document, by})
	return protocol.DigestOf(b), err
}

// SignDocument returns a Party's signature over the bytes of a document.
func SignDocument(d *Document, p protocol.Party, at time.Time, keys ...*identity.Key) (
	PartySignature, error) {
	if !d.Has(p) {
		return PartySignature{}, fmt.Errorf("agreement: sign %s: %w", d.ID, ErrNotThatParty)
	}
	enc, err := canon.Encode(payload{Agreement: d.Ref(), Document: d.digest, Party: p,
		Signed: at.UTC().Truncate(time.Second)})
	if err != nil {
		return PartySignature{}, fmt.Errorf("agreement: sign %s: %w", d.ID, err)
	}
	jws, err := seal.Sign(TypeDocument, enc, keys...)
	if err != nil {
		return PartySignature{}, fmt.Errorf("agreement: sign %s: %w", d.ID, err)
	}
	return PartySignature{Party: p, JWS: jws}, nil
}

// ParseSignatures reads a file of signatures.
func ParseSignatures(b []byte) (*PartySignatures, error) {
	if len(b) > MaxSignatures {
		return nil, fmt.Errorf("agreement: parse signatures: %d bytes: want at most %d",
			len(b), MaxSignatures)
	}
	s := new(PartySignatures)
	if err := canon.Read(b, s); err != nil {
		return nil, fmt.Errorf("agreement: parse signatures: %w", err)
	}
	for i := 1; i < len(s.Signatures); i++ {
		if compareParty(s.Signatures[i-1].Party, s.Signatures[i].Party) >= 0 {
			return nil, errors.New("agreement: parse signatures: want each Party once, " +
				"in the order of the codes")
		}
	}
	return s, nil
}

// Add puts in a Party's signature, in the place of an older one.
func (s *PartySignatures) Add(sig PartySignature) {
	at, found := slices.BinarySearchFunc(s.Signatures, sig.Party,
		func(x PartySignature, p protocol.Party) int { return compareParty(x.Party, p) })
	if found {
		s.Signatures[at] = sig
		return
	}
	s.Signatures = slices.Insert(s.Signatures, at, sig)
}

// Encode returns the file of signatures.
func (s *PartySignatures) Encode() ([]byte, error) {
	b, err := canon.Encode(s)
	if err != nil {
		return nil, fmt.Errorf("agreement: encode signatures: %w", err)
	}
	return b, nil
}

// VerifyDocument returns d with the Parties that signed it. Every signature
// that is there must stand; at least two Parties must have signed, of domestic
// law its own. Which two matters when a right is used.
func VerifyDocument(d *Document, sigs *PartySignatures, roots Roots) (SignedDocument, error) {
	out := SignedDocument{doc: d}
	if sigs == nil || len(sigs.Signatures) == 0 {
		return SignedDocument{}, fmt.Errorf("agreement: verify %s: %w", d.ID, ErrUnsigned)
	}
	if sigs.Agreement != d.Ref() {
		return SignedDocument{}, fmt.Errorf("agreement: verify %s: the file is for %q: %w",
			d.ID, sigs.Agreement.ID, ErrOtherBytes)
	}
	for _, sig := range sigs.Signatures {
		if err := VerifySignature(d, sig, roots); err != nil {
			return SignedDocument{}, fmt.Errorf("agreement: verify %s: %s: %w", d.ID, sig.Party, err)
		}
		if !slices.Contains(out.by, sig.Party) {
			out.by = append(out.by, sig.Party)
		}
	}
	slices.SortFunc(out.by, compareParty)
	if len(out.by) < 2 && d.Kind != KindDomestic {
		return SignedDocument{}, fmt.Errorf("agreement: verify %s: only %s signed: %w",
			d.ID, out.by[0], ErrOneSignature)
	}
	var err error
	if out.digest, err = digestSigned(d.digest, out.by); err != nil {
		return SignedDocument{}, fmt.Errorf("agreement: verify %s: %w", d.ID, err)
	}
	return out, nil
}

// VerifySignature returns an error unless the Party is Party to d and enough of
// its roots signed these bytes.
func VerifySignature(d *Document, sig PartySignature, roots Roots) error {
	if !d.Has(sig.Party) {
		return ErrNotThatParty
	}
	return sig.verify(d.digest, d.Ref(), roots)
}

// verify returns an error unless its Party signed these bytes under this name.
func (sig *PartySignature) verify(document protocol.Digest, ref protocol.AgreementRef, roots Roots) error {
	b, err := verifyRoots(TypeDocument, sig.JWS, sig.Party, roots)
	if err != nil {
		return err
	}
	var p payload
	if err := canon.Decode(b, &p); err != nil {
		return fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	if p.Party != sig.Party || p.Agreement != ref || p.Document != document {
		return ErrOtherBytes
	}
	return nil
}

// verifyRoots returns what enough of the Party's root keys signed.
func verifyRoots(typ string, jws []byte, p protocol.Party, roots Roots) ([]byte, error) {
	keys, threshold, ok := roots(p)
	if !ok || len(keys) == 0 || threshold < 1 {
		return nil, ErrUnknownRoots
	}
	b, signers, err := seal.Verify(typ, jws, keys...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	distinct := map[identity.Fingerprint]bool{}
	for _, s := range signers {
		distinct[s] = true
	}
	if len(distinct) < threshold {
		return nil, ErrTooFewSigners
	}
	return b, nil
}

// A SignedNotice is a notice whose Party's signature was verified. Only
// VerifyNotice makes one.
type SignedNotice struct {
	notice *Notice
	digest protocol.Digest
}

// Notice returns the notice.
func (s SignedNotice) Notice() *Notice { return s.notice }

// Digest returns the digest of the notice's canonical form, as decisions name it.
func (s SignedNotice) Digest() protocol.Digest { return s.digest }

// SignNotice returns the notice as its Party's JWS, which holds it.
func SignNotice(n *Notice, keys ...*identity.Key) ([]byte, error) {
	enc, err := n.Encode()
	if err != nil {
		return nil, err
	}
	jws, err := seal.Sign(TypeNotice, enc, keys...)
	if err != nil {
		return nil, fmt.Errorf("agreement: sign notice %s: %w", n.ID, err)
	}
	return jws, nil
}

// VerifyNotice returns the notice that a Party signed. The claimed Party is
// read first to find its keys, and nothing of the notice is used before they
// are seen to have signed it.
func VerifyNotice(jws []byte, roots Roots) (SignedNotice, error) {
	claimed, err := seal.UnverifiedPayload(jws)
	if err != nil {
		return SignedNotice{}, fmt.Errorf("agreement: verify notice: %w: %w", ErrBadSignature, err)
	}
	n, err := ParseNotice(claimed)
	if err != nil {
		return SignedNotice{}, err
	}
	b, err := verifyRoots(TypeNotice, jws, n.Party, roots)
	if err != nil {
		return SignedNotice{}, fmt.Errorf("agreement: verify notice of %s: %w", n.Party, err)
	}
	if n, err = ParseNotice(b); err != nil {
		return SignedNotice{}, err
	}
	return SignedNotice{notice: n, digest: protocol.DigestOf(b)}, nil
}

func compareParty(a, b protocol.Party) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
