package wire

import (
	"encoding/binary"
	"fmt"
)

// A Refusal proves that what it answers was examined and not accepted.
//
//	length    4 bytes: the bytes of the proof, 1 to MaxProof
//	proof     C2SP tlog-proof text
//	findings  the rest, 0 to MaxFindings bytes: JSON, or nothing
//
// Nothing here has verified the proof or looked at the findings.
type Refusal struct {
	Proof    []byte
	Findings []byte
}

// Type returns TypeRefusal.
func (*Refusal) Type() Type { return TypeRefusal }

func (m *Refusal) appendBody(b []byte) ([]byte, error) {
	if len(m.Proof) == 0 || len(m.Proof) > MaxProof {
		return nil, fmt.Errorf("proof of %d bytes, want 1 to %d", len(m.Proof), MaxProof)
	}
	if len(m.Findings) > MaxFindings {
		return nil, fmt.Errorf("findings of %d bytes, want at most %d", len(m.Findings), MaxFindings)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Proof)))
	return append(append(b, m.Proof...), m.Findings...), nil
}

func decodeRefusal(b []byte) (Message, error) {
	size, rest := binary.BigEndian.Uint32(b), b[4:]
	if size == 0 || size > MaxProof || size > uint32(len(rest)) {
		return nil, fmt.Errorf("%w: proof of %d bytes", ErrMalformed, size)
	}
	m := &Refusal{Proof: rest[:size:size], Findings: rest[size:]}
	if len(m.Findings) > MaxFindings {
		return nil, fmt.Errorf("%w: findings of %d bytes", ErrMalformed, len(m.Findings))
	}
	return m, nil
}
