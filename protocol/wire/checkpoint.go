package wire

import (
	"encoding/binary"
	"fmt"

	"comity.example/protocol"
)

// A CheckpointQuery asks for the newest checkpoint of the peer's ledger and
// for the proof that the tree of the given size is its beginning.
//
//	size  8 bytes: leaves of the tree that the asker holds, 0 for none
type CheckpointQuery struct {
	Size uint64
}

// Type returns TypeCheckpointQuery.
func (*CheckpointQuery) Type() Type { return TypeCheckpointQuery }

func (m *CheckpointQuery) appendBody(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(b, m.Size), nil
}

func decodeCheckpointQuery(b []byte) (Message, error) {
	return &CheckpointQuery{Size: binary.BigEndian.Uint64(b)}, nil
}

// A CheckpointAnswer is a checkpoint and a consistency proof (RFC 6962,
// section 2.1.2) from the size that was asked for. A ledger that is smaller
// than that size answers with its checkpoint and no proof, which convicts it.
//
//	hashes      1 byte: number of hashes in the proof, 0 to MaxConsistencyProof
//	proof       32 bytes each
//	checkpoint  the rest, C2SP signed note, 1 to MaxCheckpoint bytes
//
// Nothing here has verified either.
type CheckpointAnswer struct {
	Checkpoint []byte
	Proof      []protocol.Digest
}

// Type returns TypeCheckpointAnswer.
func (*CheckpointAnswer) Type() Type { return TypeCheckpointAnswer }

func (m *CheckpointAnswer) appendBody(b []byte) ([]byte, error) {
	if len(m.Proof) > MaxConsistencyProof {
		return nil, fmt.Errorf("proof of %d hashes, want at most %d",
			len(m.Proof), MaxConsistencyProof)
	}
	if len(m.Checkpoint) == 0 || len(m.Checkpoint) > MaxCheckpoint {
		return nil, fmt.Errorf("checkpoint of %d bytes, want 1 to %d",
			len(m.Checkpoint), MaxCheckpoint)
	}
	b = append(b, byte(len(m.Proof)))
	for _, h := range m.Proof {
		b = append(b, h[:]...)
	}
	return append(b, m.Checkpoint...), nil
}

func decodeCheckpointAnswer(b []byte) (Message, error) {
	n, rest := int(b[0]), b[1:]
	if n > MaxConsistencyProof || n*digestSize >= len(rest) {
		return nil, fmt.Errorf("%w: proof of %d hashes", ErrMalformed, n)
	}
	var m CheckpointAnswer
	for range n {
		m.Proof = append(m.Proof, protocol.Digest(rest[:digestSize]))
		rest = rest[digestSize:]
	}
	if len(rest) > MaxCheckpoint {
		return nil, fmt.Errorf("%w: checkpoint of %d bytes", ErrMalformed, len(rest))
	}
	m.Checkpoint = rest
	return &m, nil
}
