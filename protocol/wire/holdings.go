package wire

import (
	"bytes"
	"fmt"

	"comity.example/protocol"
)

// A HoldingsQuery asks which agreements or notices the peer holds between the
// asker's Party and its own, of those whose digests follow After. Nothing
// answers it when they are all that the asker has, or when none follows.
//
//	kind   1 byte: KindAgreement or KindNotice
//	have   32 bytes: SetDigest of the set that the asker holds
//	after  32 bytes: the last digest that was answered before, zero at first
//
// What stands for a document in the set says SPEC.md, section 11.2.
type HoldingsQuery struct {
	Kind  Kind
	Have  protocol.Digest
	After protocol.Digest
}

// Type returns TypeHoldingsQuery.
func (*HoldingsQuery) Type() Type { return TypeHoldingsQuery }

// listed reports whether documents of the kind are held in sets.
func (k Kind) listed() bool { return k == KindAgreement || k == KindNotice }

func (m *HoldingsQuery) appendBody(b []byte) ([]byte, error) {
	if !m.Kind.listed() {
		return nil, fmt.Errorf("no holdings of kind %d", uint8(m.Kind))
	}
	b = append(append(b, byte(m.Kind)), m.Have[:]...)
	return append(b, m.After[:]...), nil
}

func decodeHoldingsQuery(b []byte) (Message, error) {
	m := &HoldingsQuery{
		Kind:  Kind(b[0]),
		Have:  protocol.Digest(b[1 : 1+digestSize]),
		After: protocol.Digest(b[1+digestSize:]),
	}
	if !m.Kind.listed() {
		return nil, fmt.Errorf("%w: no holdings of kind %d", ErrMalformed, b[0])
	}
	return m, nil
}

// A HoldingsAnswer says which documents the peer holds: the first of those
// that were asked for. A full one may be followed by more.
//
//	digests  32 bytes each, 1 to MaxHoldings of them, in ascending order
type HoldingsAnswer struct {
	Digests []protocol.Digest
}

// Type returns TypeHoldingsAnswer.
func (*HoldingsAnswer) Type() Type { return TypeHoldingsAnswer }

func (m *HoldingsAnswer) appendBody(b []byte) ([]byte, error) {
	if !ascending(m.Digests) {
		return nil, fmt.Errorf("digests: want each once, in ascending order")
	}
	for i := range m.Digests {
		b = append(b, m.Digests[i][:]...)
	}
	return b, nil
}

func decodeHoldingsAnswer(b []byte) (Message, error) {
	if len(b)%digestSize != 0 {
		return nil, fmt.Errorf("%w: holdings of %d bytes", ErrMalformed, len(b))
	}
	m := &HoldingsAnswer{Digests: make([]protocol.Digest, len(b)/digestSize)}
	for i := range m.Digests {
		m.Digests[i] = protocol.Digest(b[i*digestSize:])
	}
	if !ascending(m.Digests) {
		return nil, fmt.Errorf("%w: holdings are not in ascending order", ErrMalformed)
	}
	return m, nil
}

// SetDigest returns the digest of a set of documents, given by their digests in
// ascending order; zero for none.
func SetDigest(list []protocol.Digest) protocol.Digest {
	if len(list) == 0 {
		return protocol.Digest{}
	}
	all := []byte("comity holdings v1\n")
	for i := range list {
		all = append(all, list[i][:]...)
	}
	return protocol.DigestOf(all)
}

func ascending(list []protocol.Digest) bool {
	for i := 1; i < len(list); i++ {
		if bytes.Compare(list[i-1][:], list[i][:]) >= 0 {
			return false
		}
	}
	return true
}
