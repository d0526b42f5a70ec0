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

// most returns the greatest size of a document of the kind, in bytes.
func (k Kind) most() int {
	if k == KindRegister {
		return MaxRegister
	}
	return MaxDocument
}

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
//	document  the rest, 1 to MaxRegister bytes of a register, else to MaxDocument
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
	if len(m.Document) > m.Kind.most() {
		return nil, fmt.Errorf("%s of %d bytes, want at most %d", m.Kind, len(m.Document), m.Kind.most())
	}
	return append(append(b, byte(m.Kind)), m.Document...), nil
}

// checkPublish refuses a Publish by its first byte and its length, before the
// rest is read.
func checkPublish(kind Kind, size int) error {
	if !kind.known() {
		return fmt.Errorf("%w: unknown kind %d", ErrMalformed, uint8(kind))
	}
	if size-1 > kind.most() {
		return fmt.Errorf("%w: %s of %d bytes, want at most %d", ErrMalformed, kind, size-1, kind.most())
	}
	return nil
}

func decodePublish(b []byte) (Message, error) {
	m := &Publish{Kind: Kind(b[0]), Document: b[1:]}
	if err := checkPublish(m.Kind, len(b)); err != nil {
		return nil, err
	}
	return m, nil
}
