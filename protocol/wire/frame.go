package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped by every error that the bytes themselves cause: the
// peer does not speak this protocol. Other errors are those of the stream.
var ErrMalformed = errors.New("malformed frame")

// Encode returns the frame that carries m. An error means that m breaks a
// limit; nobody has seen it then.
func Encode(m Message) ([]byte, error) {
	b, err := m.appendBody(make([]byte, headerSize, 512))
	if err != nil {
		return nil, fmt.Errorf("wire: encode %s: %w", m.Type(), err)
	}
	size := len(b) - headerSize
	if least, most, ok := m.Type().bounds(); !ok || size < least || size > most {
		return nil, fmt.Errorf("wire: encode %s: body of %d bytes, want %d to %d",
			m.Type(), size, least, most)
	}
	b[0] = byte(m.Type())
	binary.BigEndian.PutUint32(b[1:headerSize], uint32(size))
	return b, nil
}

// Split returns the frame that carries m in two parts, of which the second is
// the document of a Publish or the block of a Block, not copied: however many
// peers are being sent something large, it is held once. The caller changes
// neither.
func Split(m Message) (head, rest []byte, err error) {
	var small Message // as m, with the first byte of what is large
	switch m := m.(type) {
	case *Publish:
		if rest = m.Document; len(rest) >= firstRead && len(rest) <= m.Kind.most() {
			small = &Publish{Kind: m.Kind, Document: rest[:1]}
		}
	case *Block:
		if rest = m.Block; len(rest) >= firstRead && len(rest) <= MaxBlock {
			small = &Block{Proof: m.Proof, Block: rest[:1]}
		}
	}
	if small == nil {
		head, err = Encode(m)
		return head, nil, err
	}
	if head, err = Encode(small); err != nil {
		return nil, nil, err
	}
	head = head[:len(head)-1]
	binary.BigEndian.PutUint32(head[1:headerSize], uint32(len(head)-headerSize+len(rest)))
	return head, rest, nil
}

// Write writes the frame that carries m to w, in one call of w.Write.
func Write(w io.Writer, m Message) error {
	b, err := Encode(m)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("wire: write %s: %w", m.Type(), err)
	}
	return nil
}

// Read reads the one frame that r holds, and then the end of r: a byte after
// the frame is an error. Types that allow does not allow are refused before
// their body is read, and a length out of bounds before anything is allocated.
// The caller bounds the time.
//
// The fields of the message are parts of one buffer that nobody else holds.
func Read(r io.Reader, allow func(Type) bool) (Message, error) {
	m, err := read(r, allow, readBody)
	if err != nil {
		return nil, fmt.Errorf("wire: read: %w", err)
	}
	return m, nil
}

// ReadRequest reads the frame that opens an exchange, as Read does.
func ReadRequest(r io.Reader) (Message, error) {
	return Read(r, Type.IsRequest)
}

// ReadAnswer reads the frame that answers request, as Read does. A Pong with
// another nonce, a document of another kind, or holdings that do not follow what
// was answered before are no answer.
//
// The answer to a request of the lane Bulk is read into one piece of memory of the
// size that its header says, within the bounds of its type: whoever asks for a
// block has room for one, and frees it when it is done with it.
func ReadAnswer(r io.Reader, request Message) (Message, error) {
	body := readBody
	var block Block
	switch {
	case request.Type() == TypeBlockQuery:
		body = block.read
	case LaneOf(request) == Bulk:
		body = readAtOnce
	}
	m, err := read(r, func(t Type) bool { return t.Answers(request.Type()) }, body)
	if err != nil {
		block.Free()
		return nil, fmt.Errorf("wire: read: %w", err)
	}
	if b, ok := m.(*Block); ok {
		b.room = block.room
	}
	if !fits(m, request) {
		return nil, fmt.Errorf("wire: read: %w: %s answers another %s",
			ErrMalformed, m.Type(), request.Type())
	}
	return m, nil
}

// fits reports whether answer is about what request asked, as far as their
// types do not say so already.
func fits(answer, request Message) bool {
	switch a := answer.(type) {
	case *Pong:
		q, ok := request.(*Ping)
		return ok && a.Nonce == q.Nonce
	case *Publish:
		q, ok := request.(*Pull)
		return ok && a.Kind == q.Kind
	case *HoldingsAnswer:
		q, ok := request.(*HoldingsQuery)
		return ok && bytes.Compare(a.Digests[0][:], q.After[:]) > 0
	}
	return true
}

func read(r io.Reader, allow func(Type) bool,
	readBody func(r io.Reader, size int) ([]byte, error)) (Message, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, truncated(err)
	}
	t, size, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	if !allow(t) {
		return nil, fmt.Errorf("%w: %s is out of place", ErrMalformed, t)
	}
	if t == TypePublish {
		var kind [1]byte
		if _, err := io.ReadFull(r, kind[:]); err != nil {
			return nil, truncated(err)
		}
		if err := checkPublish(Kind(kind[0]), size); err != nil {
			return nil, err
		}
		r = io.MultiReader(bytes.NewReader(kind[:]), r)
	}
	body, err := readBody(r, size)
	if err != nil {
		return nil, err
	}
	if err := expectEnd(r); err != nil {
		return nil, err
	}
	return decode(t, body)
}

// parseHeader returns the type and the length of a frame, which are within
// the bounds of the type.
func parseHeader(head [headerSize]byte) (Type, int, error) {
	t := Type(head[0])
	least, most, ok := t.bounds()
	if !ok {
		return 0, 0, fmt.Errorf("%w: unknown type %d", ErrMalformed, head[0])
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < uint32(least) || size > uint32(most) {
		return 0, 0, fmt.Errorf("%w: %s of %d bytes, want %d to %d",
			ErrMalformed, t, size, least, most)
	}
	return t, int(size), nil
}

// readBody reads size bytes in pieces of firstRead bytes, so that a length
// that lies costs the sender as many bytes as it costs us.
func readBody(r io.Reader, size int) ([]byte, error) {
	var whole [][]byte
	for left := size; left > 0 || whole == nil; {
		piece := make([]byte, min(left, firstRead))
		if _, err := io.ReadFull(r, piece); err != nil {
			return nil, truncated(err)
		}
		whole = append(whole, piece)
		left -= len(piece)
	}
	if len(whole) == 1 {
		return whole[0], nil
	}
	return bytes.Join(whole, nil), nil
}

// readAtOnce reads size bytes into one piece.
func readAtOnce(r io.Reader, size int) ([]byte, error) {
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, truncated(err)
	}
	return body, nil
}

// read reads the body of a Block into room that Free gives back, if it is large.
func (m *Block) read(r io.Reader, size int) ([]byte, error) {
	if size < firstRead {
		return readAtOnce(r, size)
	}
	m.room = blockRooms.Get().(*blockRoom)
	if _, err := io.ReadFull(r, m.room[:size]); err != nil {
		return nil, truncated(err)
	}
	return m.room[:size], nil
}

// expectEnd fails unless r ends here.
func expectEnd(r io.Reader) error {
	var one [1]byte
	switch n, err := io.ReadFull(r, one[:]); {
	case n > 0:
		return fmt.Errorf("%w: bytes after the frame", ErrMalformed)
	case err != io.EOF:
		return err
	}
	return nil
}

// truncated turns the end of a stream inside a frame into an ErrMalformed.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: ends too early", ErrMalformed)
	}
	return err
}

// PreviewSize is how many bytes of a request Preview needs. No request is
// shorter.
const PreviewSize = headerSize + 1

// A Preview is what a node needs to know of a request before it makes room
// for the rest.
type Preview struct {
	Type Type
	Lane Lane // as LaneOf says
	Size int  // of the body, in bytes
}

// PreviewRequest reads the first bytes of a request, as strictly as Read does.
func PreviewRequest(b [PreviewSize]byte) (Preview, error) {
	t, size, err := parseHeader([headerSize]byte(b[:headerSize]))
	if err != nil {
		return Preview{}, fmt.Errorf("wire: preview: %w", err)
	}
	if !t.IsRequest() {
		return Preview{}, fmt.Errorf("wire: preview: %w: %s is out of place", ErrMalformed, t)
	}
	p := Preview{Type: t, Lane: t.lane(), Size: size}
	switch t {
	case TypeDeliver:
		if p.Lane = Lane(b[headerSize]); !p.Lane.known() {
			return Preview{}, fmt.Errorf("wire: preview: %w: unknown lane", ErrMalformed)
		}
	case TypePublish:
		if err := checkPublish(Kind(b[headerSize]), size); err != nil {
			return Preview{}, fmt.Errorf("wire: preview: %w", err)
		}
	}
	return p, nil
}
