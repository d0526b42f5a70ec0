package wire

// A Receipt proves that what it answers was accepted and is durable.
//
//	proof  C2SP tlog-proof text, 1 to MaxProof bytes
//
// Nothing here has verified the proof.
type Receipt struct {
	Proof []byte
}

// Type returns TypeReceipt.
func (*Receipt) Type() Type { return TypeReceipt }

func (m *Receipt) appendBody(b []byte) ([]byte, error) { return append(b, m.Proof...), nil }

func decodeReceipt(b []byte) (Message, error) { return &Receipt{Proof: b}, nil }
