package wire

import "time"

const (
	// MaxEnvelope bounds the envelope of a Deliver, in bytes: the largest signed
	// act fits, sealed and padded.
	MaxEnvelope = 1 << 20

	// MaxDocument bounds the document of a Publish that is no register, in bytes.
	MaxDocument = 1 << 20

	// MaxRegister bounds a register in a Publish, in bytes: one with a thousand
	// participants fits. No other frame is as large.
	MaxRegister = 15 << 20

	// MaxProof bounds a tlog-proof, in bytes: a checkpoint with its
	// signatures (ML-DSA takes 4.5 KiB in base64) and 64 hashes.
	MaxProof = 16 << 10

	// MaxFindings bounds the findings that come with a Refusal, in bytes.
	MaxFindings = 64 << 10

	// MaxCheckpoint bounds a signed checkpoint, in bytes.
	MaxCheckpoint = 8 << 10

	// MaxConsistencyProof bounds a consistency proof, in hashes. A tree of
	// 2^63 leaves needs no more.
	MaxConsistencyProof = 64

	// MaxName bounds the name in a Pull, in bytes: a Party, or a digest as text.
	MaxName = 128

	// MaxHoldings bounds the digests of a HoldingsAnswer. A full one is not the
	// whole answer: the asker asks on.
	MaxHoldings = 1024

	// MaxBlock bounds a block of an object, in bytes: 64 sealed chunks, and the
	// header before the first (package evidence).
	MaxBlock = 56 + 64*(16<<10+16)

	// MaxBlockProof bounds the hashes with a block.
	MaxBlockProof = 64

	// MaxSegment bounds a segment of a live object, in bytes: 256 KiB, sealed.
	MaxSegment = 256<<10 + 56 + 17*16

	// MaxRetryAfter is the longest time a Busy can ask for. Whoever is busy
	// for longer says so again.
	MaxRetryAfter = time.Hour

	// MaxPongTime is the last second of the year 9999, the last that the
	// formats of Comity can write.
	MaxPongTime = 253402300799
)

const (
	// headerSize is the size of type and length, in bytes.
	headerSize = 5

	// firstRead is how much is allocated for a body before a byte of it has
	// arrived, in bytes, and the size of each further piece: a length that
	// lies costs this much.
	firstRead = 32 << 10

	digestSize = 32
	nonceSize  = 16
	shareSize  = 32
)

// MostAnswer returns the greatest size of the body that answers a request of type
// t in the lane Bulk, in bytes.
func (t Type) MostAnswer() int {
	answer := TypeBusy
	switch t {
	case TypeBlockQuery:
		answer = TypeBlock
	case TypeShareQuery:
		answer = TypeShare
	case TypeSegmentQuery:
		answer = TypeSegment
	}
	_, most, _ := answer.bounds()
	return most
}

// bounds returns the least and greatest size of a body of type t, in bytes,
// and false when there is no such type. It is asked before anything is
// allocated.
func (t Type) bounds() (least, most int, known bool) {
	switch t {
	case TypeDeliver:
		return 1 + 1, 1 + MaxEnvelope, true
	case TypeReceipt:
		return 1, MaxProof, true
	case TypeRefusal:
		return 4 + 1, 4 + MaxProof + MaxFindings, true
	case TypeBusy:
		return 4, 4, true
	case TypePublish:
		return 1 + 1, 1 + MaxRegister, true // and see Kind.most
	case TypePull:
		return 1 + digestSize, 1 + digestSize + MaxName, true
	case TypeNothing:
		return 0, 0, true
	case TypeCheckpointQuery:
		return 8, 8, true
	case TypeCheckpointAnswer:
		return 1 + 1, 1 + MaxConsistencyProof*digestSize + MaxCheckpoint, true
	case TypePing:
		return nonceSize, nonceSize, true
	case TypePong:
		return nonceSize + 8, nonceSize + 8, true
	case TypeHoldingsQuery:
		return 1 + 2*digestSize, 1 + 2*digestSize, true
	case TypeHoldingsAnswer:
		return digestSize, MaxHoldings * digestSize, true
	case TypeBlockQuery:
		return 2*digestSize + 8, 2*digestSize + 8, true
	case TypeBlock:
		return 1 + 1, 1 + MaxBlockProof*digestSize + MaxBlock, true
	case TypeShareQuery:
		return 2 * digestSize, 2 * digestSize, true
	case TypeShare:
		return shareSize, shareSize, true
	case TypeSegmentQuery:
		return digestSize + 8, digestSize + 8, true
	case TypeSegment:
		return 1, MaxSegment, true
	}
	return 0, 0, false
}
