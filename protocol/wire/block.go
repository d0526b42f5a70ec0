package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"comity.example/protocol"
)

// A BlockQuery asks for one block of an object that was disclosed to the asker.
// Block answers it; Nothing where the peer has it no more; Busy where it has not
// got it yet, or others are being served.
//
//	act    32 bytes: the digest of the act that discloses it
//	tree   32 bytes: the object's tree hash
//	index  8 bytes: which block, from 0
type BlockQuery struct {
	Act   protocol.Digest
	Tree  protocol.Digest
	Index uint64
}

// Type returns TypeBlockQuery.
func (*BlockQuery) Type() Type { return TypeBlockQuery }

func (m *BlockQuery) appendBody(b []byte) ([]byte, error) {
	b = append(append(b, m.Act[:]...), m.Tree[:]...)
	return binary.BigEndian.AppendUint64(b, m.Index), nil
}

func decodeBlockQuery(b []byte) (Message, error) {
	return &BlockQuery{Act: protocol.Digest(b[:digestSize]), Tree: protocol.Digest(b[digestSize : 2*digestSize]),
		Index: binary.BigEndian.Uint64(b[2*digestSize:])}, nil
}

// A Block is one block with the proof that it stands at its place in the tree.
//
//	count  1 byte: how many hashes, 0 to MaxBlockProof
//	proof  32 bytes each
//	block  the rest, 1 to MaxBlock bytes
//
// Whoever is done with a Block that it read, or made with NewBlock, may Free it.
type Block struct {
	Proof []protocol.Digest
	Block []byte

	room *blockRoom // where it lies, if Free gives that back
}

// A blockRoom has room for the body of any Block.
type blockRoom [1 + MaxBlockProof*digestSize + MaxBlock]byte

// blockRooms are those that nobody uses: otherwise an object of a TiB on its way
// would be a million of them to be cleared, and to be collected as garbage.
var blockRooms = sync.Pool{New: func() any { return new(blockRoom) }}

// NewBlock returns a Block with so many bytes to be filled, at most MaxBlock.
func NewBlock(size int) *Block {
	if size < firstRead {
		return &Block{Block: make([]byte, size)}
	}
	room := blockRooms.Get().(*blockRoom)
	return &Block{Block: room[:size], room: room}
}

// Free gives the memory of a Block to the next one. Nobody uses its bytes then.
func (m *Block) Free() {
	if m.room != nil {
		blockRooms.Put(m.room)
		m.Block, m.room = nil, nil
	}
}

// Type returns TypeBlock.
func (*Block) Type() Type { return TypeBlock }

func (m *Block) appendBody(b []byte) ([]byte, error) {
	if len(m.Proof) > MaxBlockProof || len(m.Block) == 0 || len(m.Block) > MaxBlock {
		return nil, fmt.Errorf("block of %d bytes with %d hashes: want 1 to %d, and at most %d",
			len(m.Block), len(m.Proof), MaxBlock, MaxBlockProof)
	}
	b = append(b, byte(len(m.Proof)))
	for i := range m.Proof {
		b = append(b, m.Proof[i][:]...)
	}
	return append(b, m.Block...), nil
}

func decodeBlock(b []byte) (Message, error) {
	n, rest := int(b[0]), b[1:]
	if n > MaxBlockProof || len(rest) <= n*digestSize || len(rest)-n*digestSize > MaxBlock {
		return nil, fmt.Errorf("%w: block with %d hashes in %d bytes", ErrMalformed, n, len(b))
	}
	m := &Block{Proof: make([]protocol.Digest, n)}
	for i := range m.Proof {
		m.Proof[i], rest = protocol.Digest(rest[:digestSize]), rest[digestSize:]
	}
	m.Block = rest
	return m, nil
}

// A ShareQuery asks for the share of an object's key that its holder kept. Share
// answers it, Nothing where the share was destroyed, Busy as for a block.
//
//	act     32 bytes: the digest of the act that discloses the object, or starts the live one
//	object  32 bytes: its tree hash, or the id of a live object
type ShareQuery struct {
	Act    protocol.Digest
	Object protocol.Digest
}

// Type returns TypeShareQuery.
func (*ShareQuery) Type() Type { return TypeShareQuery }

func (m *ShareQuery) appendBody(b []byte) ([]byte, error) {
	return append(append(b, m.Act[:]...), m.Object[:]...), nil
}

func decodeShareQuery(b []byte) (Message, error) {
	return &ShareQuery{Act: protocol.Digest(b[:digestSize]), Object: protocol.Digest(b[digestSize:])}, nil
}

// A Share is one share of a key. The other is sealed in the act.
//
//	share  32 bytes
type Share struct {
	Share [shareSize]byte
}

// Type returns TypeShare.
func (*Share) Type() Type { return TypeShare }

func (m *Share) appendBody(b []byte) ([]byte, error) { return append(b, m.Share[:]...), nil }

func decodeShare(b []byte) (Message, error) { return &Share{[shareSize]byte(b)}, nil }

// A SegmentQuery asks for one segment of a live object. The peer may wait for it
// for some seconds. Segment answers it, Nothing where it has not come meanwhile,
// or will not come any more.
//
//	act  32 bytes: the digest of the act that starts the interception
//	seq  8 bytes: which segment, from 0
type SegmentQuery struct {
	Act protocol.Digest
	Seq uint64
}

// Type returns TypeSegmentQuery.
func (*SegmentQuery) Type() Type { return TypeSegmentQuery }

func (m *SegmentQuery) appendBody(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(append(b, m.Act[:]...), m.Seq), nil
}

func decodeSegmentQuery(b []byte) (Message, error) {
	return &SegmentQuery{Act: protocol.Digest(b[:digestSize]), Seq: binary.BigEndian.Uint64(b[digestSize:])}, nil
}

// A Segment is one segment of a live object, sealed by itself.
//
//	segment  1 to MaxSegment bytes
type Segment struct {
	Segment []byte
}

// Type returns TypeSegment.
func (*Segment) Type() Type { return TypeSegment }

func (m *Segment) appendBody(b []byte) ([]byte, error) {
	if len(m.Segment) == 0 {
		return nil, errors.New("an empty segment")
	}
	return append(b, m.Segment...), nil
}

func decodeSegment(b []byte) (Message, error) { return &Segment{b}, nil }
