package vectors_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// pattern is content that is too long to be stored: byte n is n modulo 251.
func pattern(size int64) []byte {
	b := make([]byte, size)
	for n := range b {
		b[n] = byte(n % 251)
	}
	return b
}

// sealed is content that is sealed with a salt, always to the same bytes.
func (w world) sealed(key stream.Key, context, salt, content []byte) []byte {
	w.t.Helper()
	a, err := stream.SealWithSalt(key, context, salt)
	w.must(err)
	header := a.Header()
	out := bytes.Clone(header[:])
	for n := int64(0); ; n++ {
		k := min(len(content), stream.ChunkSize)
		out = a.SealChunk(out, n, content[:k])
		if content = content[k:]; k < stream.ChunkSize {
			return out
		}
	}
}

// A hashList keeps the hashes of a tree.
type hashList []tlog.Hash

func (l hashList) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = l[n]
	}
	return out, nil
}

// A piece is a block with its proof, as a vector says it.
type piece struct {
	content, size int64 // what was sealed, and what an act says
	index         int64 // at which the block is taken
	block         int64 // which it is
	tree          protocol.Digest
	proof         []byte
}

// piece cuts a block out of sealed content.
func (w world) piece(content, index int64) *piece {
	w.t.Helper()
	key, salt := stream.Key(seed("evidence")[:stream.KeySize]), seed("salt")[:stream.SaltSize]
	whole := w.sealed(key, evidence.Context(protocol.CaseID(id("case-", "1"))), salt, pattern(content))
	var kept hashList
	tree := evidence.Tree{Keep: func(h []tlog.Hash) error { kept = append(kept, h...); return nil }}
	w.must(tree.AddAll(bytes.NewReader(whole), int64(len(whole)), nil))
	proof, err := evidence.Prove(tree.Blocks(), index, kept)
	w.must(err)
	p := &piece{content: content, size: content, index: index, block: index}
	p.tree, err = tree.Hash()
	w.must(err)
	for _, h := range proof {
		p.proof = append(p.proof, h[:]...)
	}
	return p
}

func (p *piece) fields() []field {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return []field{{"form", "hex"}, {"key", hex.EncodeToString(seed("evidence")[:stream.KeySize])},
		{"salt", hex.EncodeToString(seed("salt")[:stream.SaltSize])}, {"case", id("case-", "1")}, {"content", n(p.content)},
		{"block", n(p.block)}, {"size", n(p.size)}, {"index", n(p.index)}, {"tree", p.tree.String()}}
}

// blockArea holds blocks as a reader gets them: both readers seal the content
// themselves, and take the block out of what they have sealed.
func (w world) blockArea() area {
	const mib = 1 << 20
	one := func(name, expect, about string, p *piece) recipe {
		return recipe{name, expect, about, p.fields(), func() []byte { return p.proof }}
	}
	good := func(name, about string, content, index int64) recipe {
		return one(name, "valid", about, w.piece(content, index))
	}
	bad := func(name, about string, change func(*piece)) recipe {
		p := w.piece(4*mib+5, 2)
		change(p)
		return one(name, "refused", about, p)
	}
	return area{"block", []recipe{
		good("empty", "the only block of an object of no bytes", 0, 0),
		good("byte", "one byte", 1, 0),
		good("chunk-less", "a byte less than a chunk", stream.ChunkSize-1, 0),
		good("chunk", "a chunk, and an empty one", stream.ChunkSize, 0),
		good("chunk-more", "a byte more than a chunk", stream.ChunkSize+1, 0),
		good("block-less", "a byte less than a block", mib-1, 0),
		good("block-first", "the first of two blocks, of which the last is an empty chunk", mib, 0),
		good("block-last", "the last of these", mib, 1),
		good("two", "the second of two", mib+1, 1),
		good("five-first", "the first of five", 4*mib+5, 0),
		good("five-middle", "the third of five", 4*mib+5, 2),
		good("five-last", "the last of five, whose proof has one hash", 4*mib+5, 4),
		bad("tree", "another tree hash", func(p *piece) { p.tree[0] ^= 1 }),
		bad("index", "at another place", func(p *piece) { p.index++ }),
		bad("beyond", "at a place that the object does not have", func(p *piece) { p.index = 5 }),
		bad("block", "another block", func(p *piece) { p.block = 3 }),
		bad("proof", "a bit of the proof is another", func(p *piece) { p.proof[40] ^= 1 }),
		bad("short", "a hash of the proof is missing", func(p *piece) { p.proof = p.proof[32:] }),
		bad("long", "a hash too many", func(p *piece) { p.proof = append(p.proof, p.proof[:32]...) }),
		bad("order", "the hashes in another order", func(p *piece) {
			p.proof = append(bytes.Clone(p.proof[32:64]), append(p.proof[:32:32], p.proof[64:]...)...)
		}),
		bad("fewer-blocks", "the act says a size of fewer blocks", func(p *piece) { p.size = mib }),
		one("size", "refused", "the act says a byte less: the proof fits, the length of the block does not",
			func() *piece { p := w.piece(mib+2, 1); p.size--; return p }()),
		one("size-middle", "valid", "so it is of a block that is full: the last one shows it",
			func() *piece { p := w.piece(mib+2, 0); p.size--; return p }()),
	}, func(w world, v *vector) string {
		if w.checkBlock(v) != nil {
			return "refused"
		}
		return "valid"
	}}
}

func (v *vector) number(key string) int64 {
	n, err := strconv.ParseInt(v.field(key), 10, 64)
	if err != nil {
		panic(err) // a vector that no recipe wrote
	}
	return n
}

func (v *vector) bytes(key string) []byte {
	b, err := hex.DecodeString(v.field(key))
	if err != nil {
		panic(err)
	}
	return b
}

func (w world) checkBlock(v *vector) error {
	whole := w.sealed(stream.Key(v.bytes("key")), evidence.Context(protocol.CaseID(v.field("case"))), v.bytes("salt"), pattern(v.number("content")))
	from, size := evidence.BlockAt(int64(len(whole)), v.number("block"))
	block := whole[from : from+size]
	var tree protocol.Digest
	if err := tree.UnmarshalText([]byte(v.field("tree"))); err != nil {
		return err
	}
	var proof []protocol.Digest
	for h := range slices.Chunk(v.body, len(tree)) {
		proof = append(proof, protocol.Digest(h))
	}
	signed := stream.SealedSize(v.number("size"))
	if _, size := evidence.BlockAt(signed, v.number("index")); size != int64(len(block)) {
		return errors.New("the length of the block")
	}
	return evidence.Cut{Tree: tree, Blocks: evidence.Blocks(signed)}.Verify(v.number("index"), block, proof)
}
