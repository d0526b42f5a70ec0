package wire

import "fmt"

// A Lane is how urgent a delivery says it is. Lanes never wait for each other.
type Lane uint8

// The lanes. That an envelope is in the emergency lane is the sender's claim,
// outside the signature: it buys speed, not trust. Bulk is the lane of what asks
// for pieces of evidence; a Deliver is never in it.
const (
	Emergency Lane = 0
	Ordinary  Lane = 1
	Bulk      Lane = 2
)

// known reports whether a Deliver may be in l.
func (l Lane) known() bool { return l == Emergency || l == Ordinary }

// LaneOf returns the lane that a request goes by.
func LaneOf(m Message) Lane {
	if d, ok := m.(*Deliver); ok {
		return d.Lane
	}
	return m.Type().lane()
}

// lane returns the lane of requests that are no Deliver.
func (t Type) lane() Lane {
	switch t {
	case TypeBlockQuery, TypeShareQuery, TypeSegmentQuery:
		return Bulk
	}
	return Ordinary
}

// String returns the name of the lane.
func (l Lane) String() string {
	switch l {
	case Emergency:
		return "emergency"
	case Ordinary:
		return "ordinary"
	case Bulk:
		return "bulk"
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
