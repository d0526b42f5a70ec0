package wire

import "fmt"

// A Kind says what sort of document is published or pulled.
type Kind uint8

// The kinds. Numbers are never used again for another kind.
const (
	KindRegister   Kind = 1 // a Party's register
	KindAgreement  Kind = 2 // an agreement with its signatures
	KindNotice     Kind = 3 // a suspension, reservation, denunciation or the like
	KindCheckpoint Kind = 4 // a signed checkpoint of a ledger
)

func (k Kind) known() bool { return k >= KindRegister && k <= KindCheckpoint }

// String returns the name of the kind.
func (k Kind) String() string {
	switch k {
	case KindRegister:
		return "register"
	case KindAgreement:
		return "agreement"
	case KindNotice:
		return "notice"
	case KindCheckpoint:
		return "checkpoint"
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}

// A Publish hands over a signed document. As a request it is answered by
// Receipt, Refusal or Busy; it is also what answers a Pull.
//
//	kind      1 byte
//	document  the rest, 1 to MaxDocument bytes
type Publish struct {
	Kind     Kind
	Document []byte
}

// Type returns TypePublish.
func (*Publish) Type() Type { return TypePublish }

func (m *Publish) appendBody(b []byte) ([]byte, error) {
	if !m.Kind.known() {
		return nil, fmt.Errorf("unknown kind %d", uint8(m.Kind))
	}
	return append(append(b, byte(m.Kind)), m.Document...), nil
}

func decodePublish(b []byte) (Message, error) {
	m := &Publish{Kind: Kind(b[0]), Document: b[1:]}
	if !m.Kind.known() {
		return nil, fmt.Errorf("%w: unknown kind %d", ErrMalformed, b[0])
	}
	return m, nil
}
