package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

var update = flag.Bool("update", false, "write testdata/*.hex anew")

// A vector is one file of testdata: a header of lines "name: value", an empty
// line, and the stream in hexadecimal digits. Expect is "accepted" or
// "refused"; there is one crime for each refused vector.
type vector struct {
	name    string // of the file
	message string
	expect  string
	about   string
	stream  []byte
}

func (v vector) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "message: %s\nexpect: %s\nabout: %s\n\n", v.message, v.expect, v.about)
	for line := range slices.Chunk(v.stream, 32) {
		fmt.Fprintf(&b, "%x\n", line)
	}
	return []byte(b.String())
}

func parseVector(name string, b []byte) (vector, error) {
	head, body, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return vector{}, errors.New("no empty line")
	}
	v := vector{name: name}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "message":
			v.message = value
		case "expect":
			v.expect = value
		case "about":
			v.about = value
		default:
			return vector{}, fmt.Errorf("header %q", key)
		}
	}
	var err error
	v.stream, err = hex.DecodeString(strings.ReplaceAll(body, "\n", ""))
	return v, err
}

// accepted are the vectors that every implementation reads and writes.
func accepted(t *testing.T) []vector {
	var nonce [16]byte
	copy(nonce[:], "0123456789abcdef")
	proof := []byte("c2sp.org/tlog-proof@v1\nindex 7\n")
	list := []struct {
		name, about string
		m           wire.Message
	}{
		{"deliver-emergency", "an envelope in the emergency lane",
			&wire.Deliver{Lane: wire.Emergency, Envelope: []byte("envelope")}},
		{"deliver-ordinary", "an envelope in the ordinary lane",
			&wire.Deliver{Lane: wire.Ordinary, Envelope: []byte("envelope")}},
		{"receipt", "a proof", &wire.Receipt{Proof: proof}},
		{"refusal", "a proof with findings",
			&wire.Refusal{Proof: proof, Findings: []byte(`[{"rule":"gb-us-4.2"}]`)}},
		{"refusal-bare", "a proof without findings", &wire.Refusal{Proof: proof}},
		{"busy", "come back in 1.5 seconds", &wire.Busy{RetryAfter: 1500e6}},
		{"busy-hour", "the longest wait", &wire.Busy{RetryAfter: wire.MaxRetryAfter}},
		{"publish-register", "a register",
			&wire.Publish{Kind: wire.KindRegister, Document: []byte("document")}},
		{"pull", "a register that the asker has in an older version",
			&wire.Pull{Kind: wire.KindRegister, Have: protocol.DigestOf(nil), Name: "GB"}},
		{"pull-notice", "a notice by its digest",
			&wire.Pull{Kind: wire.KindNotice, Name: protocol.DigestOf(nil).String()}},
		{"pull-unnamed", "no name, nothing held", &wire.Pull{Kind: wire.KindCheckpoint}},
		{"nothing", "an empty body", &wire.Nothing{}},
		{"checkpoint-query", "from a tree of 1000 leaves", &wire.CheckpointQuery{Size: 1000}},
		{"checkpoint-answer", "two hashes and a checkpoint", &wire.CheckpointAnswer{
			Checkpoint: []byte("log.example\n1024\nroot\n\n"),
			Proof:      []protocol.Digest{protocol.DigestOf([]byte("a")), protocol.DigestOf([]byte("b"))},
		}},
		{"ping", "a nonce", &wire.Ping{Nonce: nonce}},
		{"holdings-query", "which notices, from the beginning",
			&wire.HoldingsQuery{Kind: wire.KindNotice, Have: protocol.DigestOf(nil)}},
		{"holdings-query-after", "which agreements, after a digest",
			&wire.HoldingsQuery{Kind: wire.KindAgreement, After: protocol.DigestOf(nil)}},
		{"holdings-answer", "two digests", &wire.HoldingsAnswer{Digests: counted(2)}},
		{"block-query", "block 7 of an object", &wire.BlockQuery{
			Act: protocol.DigestOf([]byte("act")), Tree: protocol.DigestOf([]byte("tree")), Index: 7}},
		{"block", "a block with two hashes", &wire.Block{
			Proof: []protocol.Digest{protocol.DigestOf([]byte("a")), protocol.DigestOf([]byte("b"))},
			Block: []byte("block")}},
		{"block-only", "the one block of an object, which needs no proof",
			&wire.Block{Proof: []protocol.Digest{}, Block: []byte("block")}},
		{"share-query", "the share of an object", &wire.ShareQuery{
			Act: protocol.DigestOf([]byte("act")), Object: protocol.DigestOf([]byte("tree"))}},
		{"share", "a share", &wire.Share{Share: protocol.DigestOf([]byte("share"))}},
		{"segment-query", "the first segment of a live object",
			&wire.SegmentQuery{Act: protocol.DigestOf([]byte("act"))}},
		{"segment", "a segment", &wire.Segment{Segment: []byte("segment")}},
		{"pong", "the same nonce and a time", &wire.Pong{Nonce: nonce, Time: 1_800_000_000}},
	}
	var out []vector
	for _, l := range list {
		out = append(out, vector{l.name, l.m.Type().String(), "accepted", l.about, encode(t, l.m)})
	}
	return out
}

// refused are one vector for each crime.
func refused() []vector {
	frame := func(typ wire.Type, body string) []byte {
		n := len(body)
		head := []byte{byte(typ), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		return append(head, body...)
	}
	lie := []byte{byte(wire.TypeDeliver), 0xff, 0xff, 0xff, 0xff, 0, 'x'}
	pull := "\x01" + strings.Repeat("\x00", 32)
	bad := func(name string, typ wire.Type, about string, stream []byte) vector {
		return vector{"bad-" + name, typ.String(), "refused", about, stream}
	}
	return []vector{
		bad("type-zero", 0, "there is no type 0", frame(0, "x")),
		bad("type-unknown", 20, "there is no type 20", frame(20, "x")),
		bad("empty", 0, "a stream without a frame", nil),
		bad("header-cut", wire.TypePing, "four bytes of a header", frame(wire.TypePing, "")[:4]),
		bad("length-lie", wire.TypeDeliver, "a length of 4 GiB", lie),
		bad("body-cut", wire.TypeReceipt, "one byte is missing",
			frame(wire.TypeReceipt, "proof")[:9]),
		bad("trailing", wire.TypeNothing, "a byte after the frame",
			append(frame(wire.TypeNothing, ""), 0)),
		bad("two-frames", wire.TypePing, "a second frame on the stream",
			bytes.Repeat(frame(wire.TypePing, "0123456789abcdef"), 2)),
		bad("deliver-lane", wire.TypeDeliver, "there is no lane 3", frame(wire.TypeDeliver, "\x03x")),
		bad("deliver-empty", wire.TypeDeliver, "no envelope", frame(wire.TypeDeliver, "\x01")),
		bad("receipt-empty", wire.TypeReceipt, "no proof", frame(wire.TypeReceipt, "")),
		bad("refusal-empty", wire.TypeRefusal, "findings without a proof",
			frame(wire.TypeRefusal, "\x00\x00\x00\x00[]")),
		bad("refusal-beyond", wire.TypeRefusal, "the proof is longer than the body",
			frame(wire.TypeRefusal, "\x00\x00\x00\x06proof")),
		bad("busy-long", wire.TypeBusy, "an hour and a millisecond",
			frame(wire.TypeBusy, "\x00\x36\xee\x81")),
		bad("busy-short", wire.TypeBusy, "three bytes of four", frame(wire.TypeBusy, "\x00\x00\x01")),
		bad("publish-kind", wire.TypePublish, "there is no kind 0",
			frame(wire.TypePublish, "\x00document")),
		bad("pull-space", wire.TypePull, "a name with a space", frame(wire.TypePull, pull+"a b")),
		bad("pull-long", wire.TypePull, "a name of 129 bytes",
			frame(wire.TypePull, pull+strings.Repeat("n", 129))),
		bad("nothing-full", wire.TypeNothing, "a body where there is none",
			frame(wire.TypeNothing, "x")),
		bad("query-short", wire.TypeCheckpointQuery, "seven bytes of eight",
			frame(wire.TypeCheckpointQuery, "1234567")),
		bad("answer-hashes", wire.TypeCheckpointAnswer, "two hashes are said, one is there",
			frame(wire.TypeCheckpointAnswer, "\x02"+strings.Repeat("h", 33))),
		bad("answer-bare", wire.TypeCheckpointAnswer, "a proof without a checkpoint",
			frame(wire.TypeCheckpointAnswer, "\x01"+strings.Repeat("h", 32))),
		bad("answer-many", wire.TypeCheckpointAnswer, "65 hashes",
			frame(wire.TypeCheckpointAnswer, "\x41"+strings.Repeat("h", 65*32+1))),
		bad("ping-long", wire.TypePing, "a nonce of 17 bytes",
			frame(wire.TypePing, "0123456789abcdefg")),
		bad("holdings-query-kind", wire.TypeHoldingsQuery, "registers are not held in sets",
			frame(wire.TypeHoldingsQuery, "\x01"+strings.Repeat("\x00", 64))),
		bad("holdings-query-short", wire.TypeHoldingsQuery, "63 bytes of two digests",
			frame(wire.TypeHoldingsQuery, "\x03"+strings.Repeat("\x00", 63))),
		bad("holdings-none", wire.TypeHoldingsAnswer, "no digest", frame(wire.TypeHoldingsAnswer, "")),
		bad("holdings-half", wire.TypeHoldingsAnswer, "a digest and a half",
			frame(wire.TypeHoldingsAnswer, strings.Repeat("h", 48))),
		bad("holdings-twice", wire.TypeHoldingsAnswer, "a digest that is there twice",
			frame(wire.TypeHoldingsAnswer, strings.Repeat("h", 64))),
		bad("holdings-down", wire.TypeHoldingsAnswer, "a smaller digest after a greater one",
			frame(wire.TypeHoldingsAnswer, strings.Repeat("h", 32)+strings.Repeat("a", 32))),
		bad("deliver-bulk", wire.TypeDeliver, "an envelope in the lane of evidence",
			frame(wire.TypeDeliver, "\x02x")),
		bad("block-query-short", wire.TypeBlockQuery, "71 bytes of 72",
			frame(wire.TypeBlockQuery, strings.Repeat("q", 71))),
		bad("block-empty", wire.TypeBlock, "a hash and no block",
			frame(wire.TypeBlock, "\x01"+strings.Repeat("h", 32))),
		bad("block-hashes", wire.TypeBlock, "two hashes are said, one is there",
			frame(wire.TypeBlock, "\x02"+strings.Repeat("h", 33))),
		bad("block-many", wire.TypeBlock, "65 hashes",
			frame(wire.TypeBlock, "\x41"+strings.Repeat("h", 65*32+1))),
		bad("share-query-long", wire.TypeShareQuery, "65 bytes of 64",
			frame(wire.TypeShareQuery, strings.Repeat("q", 65))),
		bad("share-short", wire.TypeShare, "31 bytes of 32", frame(wire.TypeShare, strings.Repeat("s", 31))),
		bad("segment-query-short", wire.TypeSegmentQuery, "39 bytes of 40",
			frame(wire.TypeSegmentQuery, strings.Repeat("q", 39))),
		bad("segment-empty", wire.TypeSegment, "no segment", frame(wire.TypeSegment, "")),
		bad("pong-late", wire.TypePong, "the year 10000",
			frame(wire.TypePong, "0123456789abcdef\x00\x00\x00\x3a\xff\xf4\x41\x80")),
	}
}

func TestVectorsAreReadAsTheySay(t *testing.T) {
	want := append(accepted(t), refused()...)
	if *update {
		for _, v := range want {
			if err := os.WriteFile(filepath.Join("testdata", v.name+".hex"), v.text(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) != len(want) {
		t.Fatalf("got %d vectors (%v), want %d: run with -update", len(files), err, len(want))
	}
	for _, v := range want {
		b, err := os.ReadFile(filepath.Join("testdata", v.name+".hex"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, v.text()) {
			t.Errorf("%s is not what its generator writes: run with -update, and read it", v.name)
		}
		checkVector(t, v.name, b)
	}
}

func checkVector(t *testing.T, name string, b []byte) {
	t.Helper()
	v, err := parseVector(name, b)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	m, err := wire.Read(bytes.NewReader(v.stream), anyType)
	switch v.expect {
	case "accepted":
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		} else if got := m.Type().String(); got != v.message || !bytes.Equal(encode(t, m), v.stream) {
			t.Errorf("%s: got %s with another encoding, want %s", name, got, v.message)
		}
	case "refused":
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s (%s): got %v, want ErrMalformed", name, v.about, err)
		}
	default:
		t.Errorf("%s: expect: %q", name, v.expect)
	}
}
