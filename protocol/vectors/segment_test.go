package vectors_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// A spool is a live object as its reader has it.
type spool struct {
	id           protocol.CaseID
	live         protocol.Digest
	held, sent   evidence.Share
	seq          int64 // of the first segment
	segments     [][]byte
	tree         protocol.Digest
	size, claims int64 // claims: how many segments the act says
	sha512       string
}

// spool seals segments, always to the same bytes.
func (w world) spool(seq int64, contents ...string) *spool {
	w.t.Helper()
	s := &spool{id: protocol.CaseID(id("case-", "1")), live: protocol.DigestOf([]byte("live")), seq: seq, claims: int64(len(contents))}
	copy(s.held[:], seed("held"))
	copy(s.sent[:], seed("sent"))
	whole := sha512.New()
	for i, c := range contents {
		context := evidence.SegmentContext(s.id, s.live, seq+int64(i))
		s.segments = append(s.segments, w.sealed(evidence.Join(s.held, s.sent), context, seed(fmt.Sprint("salt ", i))[:stream.SaltSize], []byte(c)))
		io.WriteString(whole, c)
		s.size += int64(len(c))
	}
	s.sha512 = hex.EncodeToString(whole.Sum(nil))
	s.settle(w)
	return s
}

// settle has the act say the tree hash of the segments that there are.
func (s *spool) settle(w world) {
	var tree evidence.Tree
	for _, b := range s.segments {
		w.must(tree.AddLeaf(evidence.Leaf(b)))
	}
	h, err := tree.Hash()
	w.must(err)
	s.tree = h
}

func (s *spool) fields() []field {
	return []field{{"case", string(s.id)}, {"live", s.live.String()}, {"held", hex.EncodeToString(s.held[:])},
		{"sent", hex.EncodeToString(s.sent[:])}, {"seq", strconv.FormatInt(s.seq, 10)}, {"tree", s.tree.String()},
		{"segments", strconv.FormatInt(s.claims, 10)}, {"size", strconv.FormatInt(s.size, 10)}, {"sha512", s.sha512}}
}

// segmentArea holds segments of live objects, a line each, and the product that an
// act says they are.
func (w world) segmentArea() area {
	one := func(name, expect, about string, s *spool, change func(*spool)) recipe {
		change(s)
		return recipe{name, expect, about, s.fields(), func() []byte {
			lines := make([]string, len(s.segments))
			for i, b := range s.segments {
				lines[i] = hex.EncodeToString(b)
			}
			return []byte(strings.Join(lines, "\n"))
		}}
	}
	as := func(*spool) {}
	three := func() *spool { return w.spool(0, "RING\r\n", "", "voice") }
	bad := func(name, about string, change func(*spool)) recipe {
		return one(name, "refused", about, three(), change)
	}
	return area{"segment", []recipe{
		one("one", "valid", "one segment", w.spool(0, "RING\r\n"), as),
		one("three", "valid", "three segments, of which one is empty", three(), as),
		one("later-two", "valid", "two that follow, of which one has two chunks", w.spool(3, "voice", strings.Repeat("voice ", 2731)), as),
		bad("later", "the numbers do not begin where the reader is", func(s *spool) { s.seq = 1 }),
		bad("order", "two segments in another order", func(s *spool) {
			s.segments[0], s.segments[1] = s.segments[1], s.segments[0]
			s.settle(w)
		}),
		bad("again", "one segment twice", func(s *spool) { s.segments[1] = s.segments[0]; s.settle(w) }),
		bad("missing", "the last segment is missing", func(s *spool) { s.segments = s.segments[:2] }),
		bad("fewer", "the act says fewer segments", func(s *spool) { s.claims-- }),
		bad("tree", "another tree hash", func(s *spool) { s.tree[31] ^= 1 }),
		bad("size", "another size", func(s *spool) { s.size++ }),
		bad("sha512", "another content", func(s *spool) { s.sha512 = strings.Repeat("0", 128) }),
		bad("held", "another share that was held", func(s *spool) { s.held[0] ^= 1 }),
		bad("sent", "another share that was sent", func(s *spool) { s.sent[31] ^= 1 }),
		bad("case", "of another case", func(s *spool) { s.id = protocol.CaseID(id("case-", "2")) }),
		bad("live", "of another live object", func(s *spool) { s.live[0] ^= 1 }),
		bad("object", "sealed as an object is, and not as a segment", func(s *spool) {
			s.segments[0] = w.sealed(evidence.Join(s.held, s.sent), evidence.Context(s.id), seed("salt 0")[:stream.SaltSize], []byte("RING\r\n"))
			s.settle(w)
		}),
	}, func(_ world, v *vector) string {
		if checkSegments(v) != nil {
			return "refused"
		}
		return "valid"
	}}
}

func checkSegments(v *vector) error {
	var live protocol.Digest
	if err := live.UnmarshalText([]byte(v.field("live"))); err != nil {
		return err
	}
	key := evidence.Join(evidence.Share(v.bytes("held")), evidence.Share(v.bytes("sent")))
	var tree evidence.Tree
	var content bytes.Buffer
	lines := strings.Split(string(v.body), "\n")
	for i, line := range lines {
		sealed, err := hex.DecodeString(line)
		if err != nil || len(sealed) > wire.MaxSegment {
			return errors.New("not a segment")
		}
		context := evidence.SegmentContext(protocol.CaseID(v.field("case")), live, v.number("seq")+int64(i))
		r, err := stream.NewReader(bytes.NewReader(sealed), key, context)
		if err != nil {
			return err
		}
		if _, err := io.Copy(&content, r); err != nil {
			return err
		}
		if err := tree.AddLeaf(evidence.Leaf(sealed)); err != nil {
			return err
		}
	}
	sum := sha512.Sum512(content.Bytes())
	h, err := tree.Hash()
	if err != nil || h.String() != v.field("tree") || int64(len(lines)) != v.number("segments") ||
		int64(content.Len()) != v.number("size") || hex.EncodeToString(sum[:]) != v.field("sha512") {
		return errors.New("not the product that was signed")
	}
	return nil
}
