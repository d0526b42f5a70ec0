package agreement

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// MaxSigned bounds an agreement with its signatures, in bytes.
const MaxSigned = 1 << 20

// signedFile is an agreement as it is exchanged: the document's bytes, and the
// file of its Parties' signatures.
type signedFile struct {
	Document   []byte `json:"document"`
	Signatures []byte `json:"signatures"`
}

// EncodeSigned returns the form in which an agreement is exchanged, of the
// bytes of the document and of the file of its signatures.
func EncodeSigned(document, signatures []byte) ([]byte, error) {
	b, err := canon.Encode(signedFile{document, signatures})
	if err == nil && len(b) > MaxSigned {
		err = fmt.Errorf("%d bytes: want at most %d", len(b), MaxSigned)
	}
	if err != nil {
		return nil, fmt.Errorf("agreement: encode signed: %w", err)
	}
	return b, nil
}

// SplitSigned returns the two files of which EncodeSigned made b, unverified.
func SplitSigned(b []byte) (document, signatures []byte, err error) {
	if len(b) > MaxSigned {
		return nil, nil, fmt.Errorf("agreement: parse signed: %d bytes: want at most %d", len(b), MaxSigned)
	}
	var f signedFile
	if err := canon.Decode(b, &f); err != nil {
		return nil, nil, fmt.Errorf("agreement: parse signed: %w", err)
	}
	return f.Document, f.Signatures, nil
}

// JoinSigned returns a with the signatures of b that a lacks, unverified. Both
// are of one document.
func JoinSigned(a, b []byte) ([]byte, error) {
	document, first, err1 := SplitSigned(a)
	other, second, err2 := SplitSigned(b)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if !bytes.Equal(document, other) {
		return nil, fmt.Errorf("agreement: join: %w", ErrOtherBytes)
	}
	sigs, err1 := ParseSignatures(first)
	more, err2 := ParseSignatures(second)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	for _, sig := range more.Signatures {
		if !slices.ContainsFunc(sigs.Signatures, func(s PartySignature) bool { return s.Party == sig.Party }) {
			sigs.Add(sig)
		}
	}
	text, err := sigs.Encode()
	if err != nil {
		return nil, err
	}
	return EncodeSigned(document, text)
}

// ParseSigned reads and verifies what EncodeSigned wrote. A document that is one of
// those known is not read again.
func ParseSigned(b []byte, roots Roots, known ...*Document) (SignedDocument, error) {
	document, signatures, err := SplitSigned(b)
	if err != nil {
		return SignedDocument{}, err
	}
	sigs, err := ParseSignatures(signatures)
	if err != nil {
		return SignedDocument{}, err
	}
	if len(sigs.Signatures) == 0 {
		return SignedDocument{}, fmt.Errorf("agreement: parse signed: %w", ErrUnsigned)
	}
	// To read a large document takes some hundred times as long as to verify a
	// signature: no stranger's is read.
	digest := protocol.DigestOf(document)
	if err := sigs.Signatures[0].verify(digest, sigs.Agreement, roots); err != nil {
		return SignedDocument{}, fmt.Errorf("agreement: parse signed: %w", err)
	}
	for _, doc := range known {
		if doc.Digest() == digest {
			return VerifyDocument(doc, sigs, roots)
		}
	}
	doc, err := ParseDocument("agreement", document)
	if err != nil {
		return SignedDocument{}, err
	}
	return VerifyDocument(doc, sigs, roots)
}
