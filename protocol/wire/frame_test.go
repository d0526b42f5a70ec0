package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

func anyType(wire.Type) bool { return true }

// examples returns one message or more of every type, up to the limits.
func examples() []wire.Message {
	hashes := func(n int) []protocol.Digest {
		var out []protocol.Digest
		for i := range n {
			out = append(out, protocol.DigestOf([]byte{byte(i)}))
		}
		return out
	}
	full := func(n int) []byte { return bytes.Repeat([]byte{'x'}, n) }
	return []wire.Message{
		&wire.Deliver{Lane: wire.Emergency, Envelope: []byte("envelope")},
		&wire.Deliver{Lane: wire.Ordinary, Envelope: full(wire.MaxEnvelope)},
		&wire.Receipt{Proof: []byte("c2sp.org/tlog-proof@v1\n")},
		&wire.Receipt{Proof: full(wire.MaxProof)},
		&wire.Refusal{Proof: []byte("proof"), Findings: []byte(`[{"rule":"r"}]`)},
		&wire.Refusal{Proof: []byte("proof"), Findings: []byte{}},
		&wire.Refusal{Proof: full(wire.MaxProof), Findings: full(wire.MaxFindings)},
		&wire.Busy{},
		&wire.Busy{RetryAfter: wire.MaxRetryAfter},
		&wire.Publish{Kind: wire.KindRegister, Document: []byte("document")},
		&wire.Publish{Kind: wire.KindCheckpoint, Document: full(wire.MaxDocument)},
		&wire.Publish{Kind: wire.KindRegister, Document: full(wire.MaxRegister)},
		&wire.Pull{Kind: wire.KindAgreement, Have: protocol.DigestOf(nil), Name: "gb-us-daa"},
		&wire.Pull{Kind: wire.KindNotice},
		&wire.Pull{Kind: wire.KindRegister, Name: strings.Repeat("n", wire.MaxName)},
		&wire.Nothing{},
		&wire.CheckpointQuery{Size: 1<<63 + 5},
		&wire.CheckpointAnswer{Checkpoint: []byte("log\n5\nhash\n\n— sig\n"), Proof: hashes(3)},
		&wire.CheckpointAnswer{Checkpoint: full(wire.MaxCheckpoint), Proof: hashes(64)},
		&wire.CheckpointAnswer{Checkpoint: []byte("c")},
		&wire.Ping{Nonce: [16]byte{1, 2, 3}},
		&wire.Pong{Nonce: [16]byte{1, 2, 3}, Time: 1_800_000_000},
		&wire.Pong{Time: wire.MaxPongTime},
		&wire.HoldingsQuery{Kind: wire.KindNotice, Have: protocol.DigestOf(nil)},
		&wire.HoldingsQuery{Kind: wire.KindAgreement, After: protocol.DigestOf(nil)},
		&wire.HoldingsAnswer{Digests: sorted(hashes(3))},
		&wire.HoldingsAnswer{Digests: counted(wire.MaxHoldings)},
		&wire.BlockQuery{Act: protocol.DigestOf(nil), Tree: hashes(1)[0], Index: 1<<63 + 5},
		&wire.Block{Proof: hashes(3), Block: []byte("block")},
		&wire.Block{Proof: hashes(wire.MaxBlockProof), Block: full(wire.MaxBlock)},
		&wire.Block{Proof: []protocol.Digest{}, Block: full(1 << 20)},
		&wire.ShareQuery{Act: protocol.DigestOf(nil), Object: hashes(1)[0]},
		&wire.Share{Share: hashes(1)[0]},
		&wire.SegmentQuery{Act: protocol.DigestOf(nil), Seq: 1<<63 + 5},
		&wire.Segment{Segment: []byte("segment")},
		&wire.Segment{Segment: full(wire.MaxSegment)},
	}
}

func sorted(list []protocol.Digest) []protocol.Digest {
	slices.SortFunc(list, func(a, b protocol.Digest) int { return bytes.Compare(a[:], b[:]) })
	return list
}

// counted returns n digests in ascending order.
func counted(n int) []protocol.Digest {
	out := make([]protocol.Digest, n)
	for i := range out {
		binary.BigEndian.PutUint32(out[i][:], uint32(i)+1)
	}
	return out
}

func encode(t testing.TB, m wire.Message) []byte {
	t.Helper()
	b, err := wire.Encode(m)
	if err != nil {
		t.Fatalf("encode %s: %v", m.Type(), err)
	}
	return b
}

func TestEveryMessageComesBackAsItWas(t *testing.T) {
	for _, m := range examples() {
		var b bytes.Buffer
		if err := wire.Write(&b, m); err != nil {
			t.Fatalf("write %s: %v", m.Type(), err)
		}
		got, err := wire.Read(&b, anyType)
		if err != nil {
			t.Fatalf("read %s: %v", m.Type(), err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, want %+v", m.Type(), got, m)
		}
	}
}

func TestEveryTypeHasAnExampleAndAName(t *testing.T) {
	seen := make(map[wire.Type]bool)
	for _, m := range examples() {
		seen[m.Type()] = true
	}
	for typ := wire.Type(1); typ <= wire.TypeSegment; typ++ {
		if !seen[typ] || strings.HasPrefix(typ.String(), "type-") {
			t.Errorf("type %d (%s): no example or no name", typ, typ)
		}
	}
}

// cuts returns the prefixes of a frame worth trying: all of a short one, both
// ends and the seams between pieces of a long one.
func cuts(n int) []int {
	var out []int
	for i := range n {
		if n < 4096 || i < 10 || i > n-3 || i%(256<<10) == 5 {
			out = append(out, i)
		}
	}
	return out
}

func TestEveryPrefixIsRefused(t *testing.T) {
	for _, m := range examples() {
		b := encode(t, m)
		for _, n := range cuts(len(b)) {
			_, err := wire.Read(bytes.NewReader(b[:n]), anyType)
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("%s cut at %d of %d: got %v, want ErrMalformed", m.Type(), n, len(b), err)
			}
		}
	}
}

func TestOneByteMoreIsRefused(t *testing.T) {
	for _, m := range examples() {
		b := append(encode(t, m), 0)
		_, err := wire.Read(bytes.NewReader(b), anyType)
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s and a byte: got %v, want ErrMalformed", m.Type(), err)
		}
	}
}

func TestFlippedBitsGiveAnotherMessageOrAnError(t *testing.T) {
	for _, m := range examples() {
		b := encode(t, m)
		if len(b) > 16<<10 {
			continue // their layout is that of the short ones
		}
		for i := range min(len(b), 200) {
			for bit := range 8 {
				flipped := slices.Clone(b)
				flipped[i] ^= 1 << bit
				got, err := wire.Read(bytes.NewReader(flipped), anyType)
				if err != nil {
					continue
				}
				if again := encode(t, got); !bytes.Equal(again, flipped) {
					t.Fatalf("%s, bit %d of byte %d: two encodings of one message", m.Type(), bit, i)
				}
			}
		}
	}
}

func TestFrameMayArriveByteByByte(t *testing.T) {
	for _, m := range examples() {
		b := encode(t, m)
		if len(b) > 64<<10 {
			continue
		}
		r := iotest.OneByteReader(bytes.NewReader(b))
		if got, err := wire.Read(r, anyType); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %v, want the message", m.Type(), err)
		}
	}
}

func TestLengthThatLiesAllocatesNothing(t *testing.T) {
	lies := [][]byte{
		{byte(wire.TypeDeliver), 0xff, 0xff, 0xff, 0xff, 1}, // 4 GiB: out of bounds
		{byte(wire.TypeDeliver), 0, 0x10, 0, 1, 1, 'x'},     // the largest, of which a byte comes
	}
	for _, lie := range lies {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const n = 64
		for range n {
			if _, err := wire.Read(bytes.NewReader(lie), anyType); !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("got %v, want ErrMalformed", err)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 40<<10 {
			t.Errorf("a lie costs %d bytes, want at most one piece of 32 KiB", each)
		}
	}
}

func TestEmptyPartsThatMustNotBeEmptyAreRefused(t *testing.T) {
	for _, m := range []wire.Message{
		&wire.Deliver{}, &wire.Receipt{}, &wire.Refusal{Findings: []byte("[]")},
		&wire.Publish{Kind: wire.KindRegister}, &wire.CheckpointAnswer{}, &wire.HoldingsAnswer{},
		&wire.Block{Proof: make([]protocol.Digest, 1)}, &wire.Segment{},
	} {
		if _, err := wire.Encode(m); err == nil {
			t.Errorf("empty %s: got no error", m.Type())
		}
	}
}

func TestMessagesBeyondTheLimitsAreNotWritten(t *testing.T) {
	over := func(n int) []byte { return make([]byte, n+1) }
	one := []byte("1")
	for name, m := range map[string]wire.Message{
		"envelope":    &wire.Deliver{Lane: wire.Ordinary, Envelope: over(wire.MaxEnvelope)},
		"lane":        &wire.Deliver{Lane: wire.Bulk, Envelope: one},
		"block":       &wire.Block{Block: over(wire.MaxBlock)},
		"block proof": &wire.Block{Block: one, Proof: make([]protocol.Digest, wire.MaxBlockProof+1)},
		"segment":     &wire.Segment{Segment: over(wire.MaxSegment)},
		"proof":       &wire.Receipt{Proof: over(wire.MaxProof)},
		"refusal":     &wire.Refusal{Proof: over(wire.MaxProof)},
		"findings":    &wire.Refusal{Proof: one, Findings: over(wire.MaxFindings)},
		"long wait":   &wire.Busy{RetryAfter: wire.MaxRetryAfter + time.Millisecond},
		"negative":    &wire.Busy{RetryAfter: -time.Millisecond},
		"microsecond": &wire.Busy{RetryAfter: time.Microsecond},
		"document":    &wire.Publish{Kind: wire.KindNotice, Document: over(wire.MaxDocument)},
		"register":    &wire.Publish{Kind: wire.KindRegister, Document: over(wire.MaxRegister)},
		"kind":        &wire.Publish{Document: one},
		"pull kind":   &wire.Pull{Kind: 5},
		"name":        &wire.Pull{Kind: wire.KindRegister, Name: string(over(wire.MaxName))},
		"line break":  &wire.Pull{Kind: wire.KindRegister, Name: "a\nb"},
		"hashes":      &wire.CheckpointAnswer{Checkpoint: one, Proof: make([]protocol.Digest, 65)},
		"checkpoint":  &wire.CheckpointAnswer{Checkpoint: over(wire.MaxCheckpoint)},
		"past":        &wire.Pong{Time: -1},
		"list of any": &wire.HoldingsQuery{Kind: wire.KindRegister},
		"holdings":    &wire.HoldingsAnswer{Digests: counted(wire.MaxHoldings + 1)},
		"twice":       &wire.HoldingsAnswer{Digests: make([]protocol.Digest, 2)},
		"future":      &wire.Pong{Time: wire.MaxPongTime + 1},
	} {
		var b bytes.Buffer
		if err := wire.Write(&b, m); err == nil || b.Len() > 0 {
			t.Errorf("%s: got error %v and %d bytes, want an error and none", name, err, b.Len())
		}
	}
}

func TestOnlyRequestsOpenAnExchange(t *testing.T) {
	for _, m := range examples() {
		_, err := wire.ReadRequest(bytes.NewReader(encode(t, m)))
		if ok := err == nil; ok != m.Type().IsRequest() {
			t.Errorf("%s as a request: got %v", m.Type(), err)
		}
	}
}

func TestAnswersFitTheirRequests(t *testing.T) {
	fit := map[wire.Type]string{
		wire.TypeDeliver:         "receipt refusal busy",
		wire.TypePublish:         "receipt refusal busy",
		wire.TypePull:            "busy publish nothing",
		wire.TypeCheckpointQuery: "busy checkpoint-answer",
		wire.TypePing:            "busy pong",
		wire.TypeHoldingsQuery:   "busy nothing holdings-answer",
		wire.TypeBlockQuery:      "busy nothing block",
		wire.TypeShareQuery:      "busy nothing share",
		wire.TypeSegmentQuery:    "busy nothing segment",
	}
	for request := wire.Type(0); request < 24; request++ {
		for answer := wire.Type(0); answer < 24; answer++ {
			want := slices.Contains(strings.Fields(fit[request]), answer.String())
			if got := answer.Answers(request); got != want {
				t.Errorf("%s answers %s: got %v, want %v", answer, request, got, want)
			}
		}
	}
}

func TestAnswerToAnotherQuestionIsRefused(t *testing.T) {
	ping := &wire.Ping{Nonce: [16]byte{1}}
	pull := &wire.Pull{Kind: wire.KindRegister}
	for _, c := range []struct{ request, answer wire.Message }{
		{ping, &wire.Pong{Nonce: [16]byte{2}}},
		{pull, &wire.Publish{Kind: wire.KindNotice, Document: []byte("d")}},
		{ping, &wire.Nothing{}},
		{&wire.HoldingsQuery{Kind: wire.KindNotice, After: counted(2)[1]}, &wire.HoldingsAnswer{Digests: counted(3)}},
		{&wire.HoldingsQuery{Kind: wire.KindNotice, After: counted(2)[1]}, &wire.HoldingsAnswer{Digests: counted(3)[1:]}},
	} {
		_, err := wire.ReadAnswer(bytes.NewReader(encode(t, c.answer)), c.request)
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s for %s: got %v, want ErrMalformed", c.answer.Type(), c.request.Type(), err)
		}
	}
	rest := &wire.HoldingsQuery{Kind: wire.KindNotice, After: counted(2)[1]}
	if _, err := wire.ReadAnswer(bytes.NewReader(encode(t, &wire.HoldingsAnswer{Digests: counted(3)[2:]})), rest); err != nil {
		t.Errorf("the next holdings: got %v, want no error", err)
	}
	pong := &wire.Pong{Nonce: ping.Nonce}
	if _, err := wire.ReadAnswer(bytes.NewReader(encode(t, pong)), ping); err != nil {
		t.Errorf("the right pong: got %v, want no error", err)
	}
}

// TestDocumentOfAnotherKindMayNotBeAsLargeAsARegister: it is refused when its
// first byte has come.
func TestDocumentOfAnotherKindMayNotBeAsLargeAsARegister(t *testing.T) {
	large := func(k wire.Kind) [wire.PreviewSize]byte {
		head := [wire.PreviewSize]byte{byte(wire.TypePublish), 0, 0, 0, 0, byte(k)}
		binary.BigEndian.PutUint32(head[1:5], wire.MaxDocument+2)
		return head
	}
	for k := wire.KindRegister; k <= wire.KindCheckpoint; k++ {
		head := large(k)
		_, err := wire.PreviewRequest(head)
		if (err == nil) != (k == wire.KindRegister) {
			t.Errorf("preview of a %s: got %v", k, err)
		}
		if k == wire.KindRegister {
			continue
		}
		endless := iotest.ErrReader(errors.New("more was read"))
		_, err = wire.Read(io.MultiReader(bytes.NewReader(head[:]), endless), anyType)
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("a %s: got %v, want ErrMalformed", k, err)
		}
	}
}

func TestPartsOfAFrameAreTheFrame(t *testing.T) {
	for _, m := range examples() {
		head, rest, err := wire.Split(m)
		if err != nil || !bytes.Equal(slices.Concat(head, rest), encode(t, m)) {
			t.Errorf("%s: the parts are not the frame (%v)", m.Type(), err)
		}
		if p, ok := m.(*wire.Publish); ok && len(p.Document) >= 1<<20 && &rest[0] != &p.Document[0] {
			t.Errorf("a %s was copied", p.Kind)
		}
		if b, ok := m.(*wire.Block); ok && len(b.Block) >= 1<<20 && &rest[0] != &b.Block[0] {
			t.Error("a block was copied")
		}
	}
	for _, m := range []wire.Message{&wire.Publish{Kind: wire.KindNotice, Document: make([]byte, wire.MaxDocument+1)},
		&wire.Publish{Document: make([]byte, 1<<20)}, &wire.Block{Block: make([]byte, wire.MaxBlock+1)},
		&wire.Block{Block: make([]byte, wire.MaxBlock), Proof: make([]protocol.Digest, wire.MaxBlockProof+1)}} {
		if _, _, err := wire.Split(m); err == nil {
			t.Error("got parts of a frame that breaks a limit")
		}
	}
}

// TestSetDigestIsAsTheSpecSays: section 11.2 of SPEC.md.
func TestSetDigestIsAsTheSpecSays(t *testing.T) {
	list := counted(2)
	want := protocol.DigestOf(slices.Concat([]byte("comity holdings v1\n"), list[0][:], list[1][:]))
	if got := wire.SetDigest(list); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := wire.SetDigest(nil); !got.IsZero() {
		t.Errorf("of nothing: got %s, want none", got)
	}
}

func TestStreamErrorsAreNotMalformedFrames(t *testing.T) {
	broken := errors.New("connection lost")
	b := encode(t, &wire.Receipt{Proof: make([]byte, wire.MaxProof)})
	for _, n := range []int{0, 3, 5, 100, len(b)} {
		r := io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken))
		_, err := wire.Read(r, anyType)
		if !errors.Is(err, broken) || errors.Is(err, wire.ErrMalformed) {
			t.Errorf("broken after %d bytes: got %v, want the error of the stream", n, err)
		}
	}
}

func TestPreviewSaysWhatTheRequestIs(t *testing.T) {
	for _, m := range examples() {
		b := encode(t, m)
		if len(b) < wire.PreviewSize {
			continue
		}
		p, err := wire.PreviewRequest([wire.PreviewSize]byte(b))
		if (err == nil) != m.Type().IsRequest() {
			t.Errorf("%s: got %v", m.Type(), err)
			continue
		}
		want := wire.Preview{Type: m.Type(), Lane: wire.Ordinary, Size: len(b) - 5}
		switch m := m.(type) {
		case *wire.Deliver:
			want.Lane = m.Lane
		case *wire.BlockQuery, *wire.ShareQuery, *wire.SegmentQuery:
			want.Lane = wire.Bulk
		}
		if got := wire.LaneOf(m); err == nil && got != want.Lane {
			t.Errorf("%s goes by the lane %s, want %s", m.Type(), got, want.Lane)
		}
		if err == nil && p != want {
			t.Errorf("%s: got %+v, want %+v", m.Type(), p, want)
		}
	}
	for lane := byte(wire.Bulk); lane < 4; lane++ {
		bad := [wire.PreviewSize]byte{byte(wire.TypeDeliver), 0, 0, 0, 2, lane}
		if _, err := wire.PreviewRequest(bad); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("an envelope in lane %d: got %v, want ErrMalformed", lane, err)
		}
	}
}

// TestBlockIsReadIntoOnePiece, which is as large as was announced, and no larger
// than a block may be.
func TestBlockIsReadIntoOnePiece(t *testing.T) {
	cost := func(frame []byte, want error) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const n = 16
		for range n {
			if _, err := wire.ReadAnswer(bytes.NewReader(frame), &wire.BlockQuery{}); !errors.Is(err, want) {
				t.Fatalf("got %v, want %v", err, want)
			}
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / n
	}
	block := encode(t, &wire.Block{Proof: counted(20), Block: make([]byte, wire.MaxBlock)})
	if got := cost(block, nil); got > wire.MaxBlock+64<<10 {
		t.Errorf("a block costs %d bytes, want one copy", got)
	}
	lie := []byte{byte(wire.TypeBlock), 0x7f, 0xff, 0xff, 0xff, 0}
	if got := cost(lie, wire.ErrMalformed); got > 4<<10 {
		t.Errorf("a length out of bounds costs %d bytes, want none", got)
	}
	late := encode(t, &wire.Deliver{Lane: wire.Ordinary, Envelope: make([]byte, wire.MaxEnvelope)})
	if got := cost(late, wire.ErrMalformed); got > 4<<10 {
		t.Errorf("what is no answer costs %d bytes, want none", got)
	}
}

func TestOnlyQuestionsForEvidenceHaveLargeAnswersInTheBulkLane(t *testing.T) {
	for _, m := range examples() {
		for _, q := range []wire.Message{&wire.BlockQuery{}, &wire.ShareQuery{}, &wire.SegmentQuery{}} {
			if size := len(encode(t, m)) - 5; m.Type().Answers(q.Type()) && size > q.Type().MostAnswer() {
				t.Errorf("%s of %d bytes answers %s, want at most %d", m.Type(), size, q.Type(), q.Type().MostAnswer())
			}
		}
	}
}

// fuzz checks that what is read as a message of this type is written as the
// same bytes.
func fuzz(f *testing.F, typ wire.Type) {
	for _, m := range examples() {
		if m.Type() == typ {
			if b := encode(f, m); len(b) < 4096 {
				f.Add(b[5:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		frame := append([]byte{byte(typ)}, binary.BigEndian.AppendUint32(nil, uint32(len(body)))...)
		frame = append(frame, body...)
		m, err := wire.Read(bytes.NewReader(frame), anyType)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("got %v, want ErrMalformed", err)
			}
			return
		}
		if again := encode(t, m); !bytes.Equal(again, frame) {
			t.Fatalf("got %x, want %x", again, frame)
		}
	})
}

func FuzzDeliver(f *testing.F)          { fuzz(f, wire.TypeDeliver) }
func FuzzReceipt(f *testing.F)          { fuzz(f, wire.TypeReceipt) }
func FuzzRefusal(f *testing.F)          { fuzz(f, wire.TypeRefusal) }
func FuzzBusy(f *testing.F)             { fuzz(f, wire.TypeBusy) }
func FuzzPublish(f *testing.F)          { fuzz(f, wire.TypePublish) }
func FuzzPull(f *testing.F)             { fuzz(f, wire.TypePull) }
func FuzzNothing(f *testing.F)          { fuzz(f, wire.TypeNothing) }
func FuzzCheckpointQuery(f *testing.F)  { fuzz(f, wire.TypeCheckpointQuery) }
func FuzzCheckpointAnswer(f *testing.F) { fuzz(f, wire.TypeCheckpointAnswer) }
func FuzzPing(f *testing.F)             { fuzz(f, wire.TypePing) }
func FuzzPong(f *testing.F)             { fuzz(f, wire.TypePong) }
func FuzzHoldingsQuery(f *testing.F)    { fuzz(f, wire.TypeHoldingsQuery) }
func FuzzHoldingsAnswer(f *testing.F)   { fuzz(f, wire.TypeHoldingsAnswer) }
func FuzzBlockQuery(f *testing.F)       { fuzz(f, wire.TypeBlockQuery) }
func FuzzBlock(f *testing.F)            { fuzz(f, wire.TypeBlock) }
func FuzzShareQuery(f *testing.F)       { fuzz(f, wire.TypeShareQuery) }
func FuzzShare(f *testing.F)            { fuzz(f, wire.TypeShare) }
func FuzzSegmentQuery(f *testing.F)     { fuzz(f, wire.TypeSegmentQuery) }
func FuzzSegment(f *testing.F)          { fuzz(f, wire.TypeSegment) }

// FuzzFrame feeds whole streams, headers and all.
func FuzzFrame(f *testing.F) {
	for _, m := range examples() {
		if b := encode(f, m); len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		m, err := wire.Read(bytes.NewReader(stream), anyType)
		if err != nil {
			return
		}
		if again := encode(t, m); !bytes.Equal(again, stream) {
			t.Fatalf("got %x, want %x", again, stream)
		}
	})
}
