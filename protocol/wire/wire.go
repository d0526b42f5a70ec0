// Package wire is what crosses a stream between two nodes: frames, and the
// messages in them.
//
// An exchange is one bidirectional stream. The dialling side writes one frame
// and closes its side; the other side answers with one frame and closes. A
// frame is
//
//	type    1 byte
//	length  4 bytes, big-endian: the bytes of the body
//	body    as the file of each message says; integers are big-endian
//
// Every value has one encoding, and every byte of a body is spoken for: what
// is left over, out of range or unknown is an error, and so is anything after
// the frame. Package wire is trusted with this: whatever a peer sends, reading
// it costs no more memory than the bytes that arrived and a constant, and what
// Read returns is within the limits of limits.go.
package wire

import "fmt"

// A Message is what one frame carries. The set is closed: the messages are
// those of this package.
type Message interface {
	// Type returns the first byte of the frame.
	Type() Type
	// appendBody appends the body to b, or says which limit the message breaks.
	appendBody(b []byte) ([]byte, error)
}

// A Type is the first byte of a frame. The zero Type stands for no message.
type Type uint8

// The types. Numbers are never used again for another message.
const (
	TypeDeliver          Type = 1
	TypeReceipt          Type = 2
	TypeRefusal          Type = 3
	TypeBusy             Type = 4
	TypePublish          Type = 5
	TypePull             Type = 6
	TypeNothing          Type = 7
	TypeCheckpointQuery  Type = 8
	TypeCheckpointAnswer Type = 9
	TypePing             Type = 10
	TypePong             Type = 11
	TypeHoldingsQuery    Type = 12
	TypeHoldingsAnswer   Type = 13
	TypeBlockQuery       Type = 14
	TypeBlock            Type = 15
	TypeShareQuery       Type = 16
	TypeShare            Type = 17
	TypeSegmentQuery     Type = 18
	TypeSegment          Type = 19
)

// String returns the name of the message.
func (t Type) String() string {
	switch t {
	case TypeDeliver:
		return "deliver"
	case TypeReceipt:
		return "receipt"
	case TypeRefusal:
		return "refusal"
	case TypeBusy:
		return "busy"
	case TypePublish:
		return "publish"
	case TypePull:
		return "pull"
	case TypeNothing:
		return "nothing"
	case TypeCheckpointQuery:
		return "checkpoint-query"
	case TypeCheckpointAnswer:
		return "checkpoint-answer"
	case TypePing:
		return "ping"
	case TypePong:
		return "pong"
	case TypeHoldingsQuery:
		return "holdings-query"
	case TypeHoldingsAnswer:
		return "holdings-answer"
	case TypeBlockQuery:
		return "block-query"
	case TypeBlock:
		return "block"
	case TypeShareQuery:
		return "share-query"
	case TypeShare:
		return "share"
	case TypeSegmentQuery:
		return "segment-query"
	case TypeSegment:
		return "segment"
	}
	return fmt.Sprintf("type-%d", uint8(t))
}

// IsRequest reports whether t may open an exchange.
func (t Type) IsRequest() bool {
	switch t {
	case TypeDeliver, TypePublish, TypePull, TypeCheckpointQuery, TypePing,
		TypeHoldingsQuery, TypeBlockQuery, TypeShareQuery, TypeSegmentQuery:
		return true
	}
	return false
}

// Answers reports whether a message of type t may answer one of type request.
// Busy answers every request.
func (t Type) Answers(request Type) bool {
	if t == TypeBusy {
		return request.IsRequest()
	}
	switch request {
	case TypeDeliver, TypePublish:
		return t == TypeReceipt || t == TypeRefusal
	case TypePull:
		return t == TypePublish || t == TypeNothing
	case TypeCheckpointQuery:
		return t == TypeCheckpointAnswer
	case TypePing:
		return t == TypePong
	case TypeHoldingsQuery:
		return t == TypeHoldingsAnswer || t == TypeNothing
	case TypeBlockQuery:
		return t == TypeBlock || t == TypeNothing
	case TypeShareQuery:
		return t == TypeShare || t == TypeNothing
	case TypeSegmentQuery:
		return t == TypeSegment || t == TypeNothing
	}
	return false
}

// decode returns the message of type t whose body is b. The message keeps b.
func decode(t Type, b []byte) (Message, error) {
	switch t {
	case TypeDeliver:
		return decodeDeliver(b)
	case TypeReceipt:
		return decodeReceipt(b)
	case TypeRefusal:
		return decodeRefusal(b)
	case TypeBusy:
		return decodeBusy(b)
	case TypePublish:
		return decodePublish(b)
	case TypePull:
		return decodePull(b)
	case TypeNothing:
		return decodeNothing(b)
	case TypeCheckpointQuery:
		return decodeCheckpointQuery(b)
	case TypeCheckpointAnswer:
		return decodeCheckpointAnswer(b)
	case TypePing:
		return decodePing(b)
	case TypePong:
		return decodePong(b)
	case TypeHoldingsQuery:
		return decodeHoldingsQuery(b)
	case TypeHoldingsAnswer:
		return decodeHoldingsAnswer(b)
	case TypeBlockQuery:
		return decodeBlockQuery(b)
	case TypeBlock:
		return decodeBlock(b)
	case TypeShareQuery:
		return decodeShareQuery(b)
	case TypeShare:
		return decodeShare(b)
	case TypeSegmentQuery:
		return decodeSegmentQuery(b)
	case TypeSegment:
		return decodeSegment(b)
	}
	return nil, fmt.Errorf("%w: unknown type %d", ErrMalformed, uint8(t))
}
