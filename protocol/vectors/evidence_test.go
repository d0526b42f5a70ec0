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
	"comity.example/protocol/canon"
	"comity.example/protocol/evidence"
)

// An exhibit is an object with what an act says of it.
type exhibit struct {
	sealed []byte
	key    stream.Key
	id     protocol.CaseID
	tree   protocol.Digest
	size   int64
	sha512 string
}

// exhibit seals content, always to the same bytes.
func (w world) exhibit(content []byte) *exhibit {
	w.t.Helper()
	x := &exhibit{key: stream.Key(seed("evidence")[:stream.KeySize]), id: protocol.CaseID(id("case-", "1")), size: int64(len(content))}
	x.sealed = w.sealed(x.key, evidence.Context(x.id), seed("salt")[:stream.SaltSize], content)
	sum := sha512.Sum512(content)
	x.sha512, x.tree = hex.EncodeToString(sum[:]), w.treeOf(x.sealed)
	return x
}

func (w world) treeOf(sealed []byte) protocol.Digest {
	w.t.Helper()
	var tree evidence.Tree
	if len(sealed) > 0 {
		w.must(tree.AddAll(bytes.NewReader(sealed), int64(len(sealed)), nil))
	}
	h, err := tree.Hash()
	w.must(err)
	return h
}

func (x *exhibit) fields() []field {
	return []field{{"form", "hex"}, {"key", hex.EncodeToString(x.key[:])}, {"case", string(x.id)}, {"tree", x.tree.String()},
		{"size", strconv.FormatInt(x.size, 10)}, {"sha512", x.sha512}}
}

// objectArea holds sealed objects, and what an act says of them.
func (w world) objectArea() area {
	one := func(name, expect, about, content string, change func(*exhibit)) recipe {
		x := w.exhibit([]byte(content))
		change(x)
		return recipe{name, expect, about, x.fields(), func() []byte { return x.sealed }}
	}
	as := func(*exhibit) {}
	// changed seals anew what an act says of changed bytes: the tree hash fits.
	changed := func(change func([]byte) []byte) func(*exhibit) {
		return func(x *exhibit) { x.sealed = change(x.sealed); x.tree = w.treeOf(x.sealed) }
	}
	const mail = "From a\n"
	two := strings.Repeat("evidence", stream.ChunkSize/8) + "!"
	return area{"object", []recipe{
		one("small", "valid", "seven bytes", mail, as),
		one("empty", "valid", "no byte", "", as),
		one("full-chunk", "valid", "one full chunk, and an empty one", two[:stream.ChunkSize], as),
		one("two-chunks", "valid", "a byte more than a chunk", two, as),
		one("tree", "refused", "another tree hash", mail, func(x *exhibit) { x.tree[0] ^= 1 }),
		one("size", "refused", "another size", mail, func(x *exhibit) { x.size++ }),
		one("sha512", "refused", "another content", mail, func(x *exhibit) { x.sha512 = strings.Repeat("0", 128) }),
		one("key", "refused", "another key", mail, func(x *exhibit) { x.key[0] ^= 1 }),
		one("case", "refused", "of another case", mail, func(x *exhibit) { x.id = protocol.CaseID(id("case-", "2")) }),
		one("bit", "refused", "a bit of the content is another", mail, changed(func(b []byte) []byte { b[stream.HeaderSize] ^= 1; return b })),
		one("commitment", "refused", "a bit of the commitment is another", mail, changed(func(b []byte) []byte { b[stream.SaltSize] ^= 1; return b })),
		one("cut", "refused", "the last chunk is missing", two[:stream.ChunkSize],
			changed(func(b []byte) []byte { return b[:len(b)-stream.Overhead] })),
		one("cut-tag", "refused", "the last byte is missing", mail, changed(func(b []byte) []byte { return b[:len(b)-1] })),
		one("more", "refused", "a byte behind the end", mail, changed(func(b []byte) []byte { return append(b, 0) })),
		one("order", "refused", "the first chunk stands second too", two[:stream.ChunkSize], changed(func(b []byte) []byte {
			first := bytes.Clone(b[stream.HeaderSize:][:stream.SealedChunk])
			return append(b[:stream.HeaderSize+stream.SealedChunk], append(first, b[len(b)-stream.Overhead:]...)...)
		})),
	}, func(_ world, v *vector) string {
		if checkObject(v) != nil {
			return "refused"
		}
		return "valid"
	}}
}

func checkObject(v *vector) error {
	var tree evidence.Tree
	size := int64(len(v.body))
	if err := tree.AddAll(bytes.NewReader(v.body), size, nil); err != nil {
		return err
	}
	if h, err := tree.Hash(); err != nil || h.String() != v.field("tree") {
		return errors.New("tree")
	}
	key, err := hex.DecodeString(v.field("key"))
	if err != nil {
		return err
	}
	r, err := stream.NewReaderAt(bytes.NewReader(v.body), size, stream.Key(key), evidence.Context(protocol.CaseID(v.field("case"))))
	if err != nil {
		return err
	}
	want, err := strconv.ParseInt(v.field("size"), 10, 64)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, evidence.Checked(io.NewSectionReader(r, 0, r.Size()), want, v.field("sha512")))
	return err
}

// listed are three files of one pack, and one of another.
func listed() []evidence.Entry {
	one, two := protocol.DigestOf([]byte("one")), protocol.DigestOf([]byte("two"))
	sum := sha512.Sum512([]byte("From a\n"))
	digest := hex.EncodeToString(sum[:])
	file := func(pack protocol.Digest, name string, offset int64) evidence.Entry {
		return evidence.Entry{Name: name, MediaType: "message/rfc822", Size: 7, SHA512: digest, Pack: pack, Offset: offset}
	}
	out := []evidence.Entry{file(one, "1.eml", 0), file(one, "2.eml", 7), file(one, "2.eml", 14), file(two, "\u202e3.eml", 0)}
	out[1].Collected, out[1].Collector = now, "export 4"
	return out
}

// listArea holds lists, as somebody writes them who checks nothing.
func (w world) listArea() area {
	packs := []protocol.Object{
		{Role: protocol.RolePack, Tree: protocol.DigestOf([]byte("one")), Size: 21},
		{Role: protocol.RolePack, Tree: protocol.DigestOf([]byte("two")), Size: 7},
	}
	fields := []field{{"packs", fmt.Sprintf("%s=21 %s=7", packs[0].Tree, packs[1].Tree)}}
	text := func(list []evidence.Entry) []byte {
		var out bytes.Buffer
		for i := range list {
			b, err := canon.Encode(&list[i])
			w.must(err)
			out.Write(append(b, '\n'))
		}
		return out.Bytes()
	}
	one := func(name, expect, about string, change func([]evidence.Entry) []evidence.Entry) recipe {
		return recipe{name, expect, about, fields, func() []byte { return text(change(listed())) }}
	}
	set := func(change func([]evidence.Entry)) func([]evidence.Entry) []evidence.Entry {
		return func(l []evidence.Entry) []evidence.Entry { change(l); return l }
	}
	raw := func(name, about, from, to string) recipe {
		return recipe{"raw-" + name, "malformed", about, fields, func() []byte { return bytes.Replace(text(listed()), []byte(from), []byte(to), 1) }}
	}
	bad := func(name, about string, change func([]evidence.Entry)) recipe {
		return one(name, "malformed", about, set(change))
	}
	return area{"list", []recipe{
		one("valid", "valid", "the files of two packs", set(func([]evidence.Entry) {})),
		one("other-order", "valid", "the second pack first", func(l []evidence.Entry) []evidence.Entry { return append(l[3:4:4], l[:3]...) }),
		one("one-pack", "valid", "a pack that another list may have", func(l []evidence.Entry) []evidence.Entry { return l[:3] }),
		bad("path", "a name that is a path", func(l []evidence.Entry) { l[1].Name = "../2.eml" }),
		bad("nul", "a name with a NUL", func(l []evidence.Entry) { l[1].Name = "2\x00.eml" }),
		bad("name", "a name of 256 bytes", func(l []evidence.Entry) { l[1].Name = strings.Repeat("n", protocol.MaxObjectName+1) }),
		bad("line", "a line of more than 4096 bytes", func(l []evidence.Entry) { l[1].Name = strings.Repeat("n", evidence.MaxLine) }),
		bad("gap", "a gap between two files", func(l []evidence.Entry) { l[2].Offset++ }),
		bad("over", "one file over the other", func(l []evidence.Entry) { l[2].Offset-- }),
		bad("beyond", "a file that ends behind its pack", func(l []evidence.Entry) { l[2].Size++ }),
		bad("short", "bytes that belong to no file", func(l []evidence.Entry) { l[2].Size-- }),
		bad("pack", "a pack that is not disclosed", func(l []evidence.Entry) { l[3].Pack = protocol.DigestOf(nil) }),
		bad("sha512", "a file without a digest", func(l []evidence.Entry) { l[1].SHA512 = "" }),
		one("again", "malformed", "a pack in two places", func(l []evidence.Entry) []evidence.Entry {
			return []evidence.Entry{l[0], l[1], l[3], l[2]}
		}),
		one("half", "malformed", "the last file of the pack is missing", func(l []evidence.Entry) []evidence.Entry { return l[:2] }),
		raw("space", "a space", `"media_type":`, `"media_type": `),
		raw("member", "a member that is not known", `"name":`, `"mode":"0777","name":`),
		raw("tree", "a member of an object", `"size":7}`, `"size":7,"tree":""}`),
		raw("empty", "an empty line", "}\n{", "}\n\n{"),
	}, func(_ world, v *vector) string {
		l := evidence.NewListReader(bytes.NewReader(v.body), packs)
		for {
			if _, err := l.Next(); errors.Is(err, io.EOF) {
				return "valid"
			} else if err != nil {
				return "malformed"
			}
		}
	}}
}

// keysArea holds what the keys of a disclosure hold.
func (w world) keysArea() area {
	mine := protocol.CaseID(id("case-", "1"))
	form := func(name, expect, about string, shares int, change func(*protocol.EvidenceKeys)) recipe {
		return recipe{name, expect, about, []field{{"case", string(mine)}}, func() []byte {
			k := &protocol.EvidenceKeys{Case: mine}
			for i := range shares {
				k.Shares = append(k.Shares, protocol.KeyShare{Object: protocol.DigestOf([]byte{byte(i)}), Share: seed(strconv.Itoa(i))[:32]})
			}
			change(k)
			b, err := canon.Encode(k)
			w.must(err)
			return b
		}}
	}
	as := func(*protocol.EvidenceKeys) {}
	return area{"keys", []recipe{
		form("one", "valid", "the share of one object", 1, as),
		form("many", "valid", "those of 64 objects", protocol.MaxObjects, as),
		form("too-many", "malformed", "those of 65 objects", protocol.MaxObjects+1, as),
		form("none", "malformed", "no share", 0, func(k *protocol.EvidenceKeys) { k.Shares = []protocol.KeyShare{} }),
		form("case", "malformed", "of another case", 1, func(k *protocol.EvidenceKeys) { k.Case = protocol.CaseID(id("case-", "2")) }),
		form("twice", "malformed", "one object twice", 2, func(k *protocol.EvidenceKeys) { k.Shares[1].Object = k.Shares[0].Object }),
		form("short", "malformed", "a share of 31 bytes", 1, func(k *protocol.EvidenceKeys) { k.Shares[0].Share = k.Shares[0].Share[1:] }),
		form("long", "malformed", "a share of 33 bytes", 1, func(k *protocol.EvidenceKeys) {
			k.Shares[0].Share = append(bytes.Clone(k.Shares[0].Share), 0)
		}),
	}, func(_ world, v *vector) string {
		if _, err := protocol.ParseEvidenceKeys(v.body, protocol.CaseID(v.field("case"))); err != nil {
			return string(protocol.ReasonMalformed)
		}
		return "valid"
	}}
}
