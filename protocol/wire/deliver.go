package wire

import "fmt"

// A Lane is how urgent a delivery says it is. Lanes never wait for each other.
type Lane uint8

// The lanes. That an envelope is in the emergency lane is the sender's claim,
// outside the signature: it buys speed, not trust.
const (
	Emergency Lane = 0
	Ordinary  Lane = 1
)

func (l Lane) known() bool { return l == Emergency || l == Ordinary }

// String returns the name of the lane.
func (l Lane) String() string {
	switch l {
	case Emergency:
		return "emergency"
	case Ordinary:
		return "ordinary"
	}
	return fmt.Sprintf("lane-%d", uint8(l))
}

// A Deliver hands over a sealed envelope. Receipt, Refusal or Busy answer it.
//
//	lane      1 byte: 0 emergency, 1 ordinary
//	envelope  the rest, 1 to MaxEnvelope bytes
type Deliver struct {
	Lane     Lane
	Envelope []byte
}

// Type returns TypeDeliver.
func (*Deliver) Type() Type { return TypeDeliver }

func (m *Deliver) appendBody(b []byte) ([]byte, error) {
	if !m.Lane.known() {
		return nil, fmt.Errorf("unknown lane %d", uint8(m.Lane))
	}
	return append(append(b, byte(m.Lane)), m.Envelope...), nil
}

func decodeDeliver(b []byte) (Message, error) {
	m := &Deliver{Lane: Lane(b[0]), Envelope: b[1:]}
	if !m.Lane.known() {
		return nil, fmt.Errorf("%w: unknown lane %d", ErrMalformed, b[0])
	}
	return m, nil
}
