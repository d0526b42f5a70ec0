package wire

import (
	"fmt"

	"comity.example/protocol"
)

// A Pull asks for a document: for the newest register of the Party that it
// names, or for the agreement or notice with the digest that it names. Publish
// answers it, or Nothing when the document is the one the asker has, or unknown.
//
//	kind  1 byte
//	have  32 bytes: the SHA-256 digest of what the asker has, zero for none
//	name  the rest, 0 to MaxName bytes of visible ASCII
type Pull struct {
	Kind Kind
	Have protocol.Digest
	Name string
}

// Type returns TypePull.
func (*Pull) Type() Type { return TypePull }

func (m *Pull) appendBody(b []byte) ([]byte, error) {
	if !m.Kind.known() {
		return nil, fmt.Errorf("unknown kind %d", uint8(m.Kind))
	}
	if len(m.Name) > MaxName || !visible(m.Name) {
		return nil, fmt.Errorf("name of %d bytes: want at most %d, visible ASCII",
			len(m.Name), MaxName)
	}
	b = append(append(b, byte(m.Kind)), m.Have[:]...)
	return append(b, m.Name...), nil
}

func decodePull(b []byte) (Message, error) {
	m := &Pull{
		Kind: Kind(b[0]),
		Have: protocol.Digest(b[1 : 1+digestSize]),
		Name: string(b[1+digestSize:]),
	}
	if !m.Kind.known() {
		return nil, fmt.Errorf("%w: unknown kind %d", ErrMalformed, b[0])
	}
	if !visible(m.Name) {
		return nil, fmt.Errorf("%w: name is not visible ASCII", ErrMalformed)
	}
	return m, nil
}

// visible keeps control characters and look-alikes out of logs and keys.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
