package evidence_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// stored are hashes in the order of package tlog.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(s)) {
			return nil, errors.New("not there")
		}
		out[i] = s[x]
	}
	return out, nil
}

func blockOf(i int64) []byte { return fmt.Appendf(nil, "block %d", i) }

// grown returns a tree of n blocks, and all its hashes.
func grown(t testing.TB, n int64) (*evidence.Tree, stored) {
	t.Helper()
	var kept stored
	tree := &evidence.Tree{Keep: func(h []tlog.Hash) error { kept = append(kept, h...); return nil }}
	for i := range n {
		if err := tree.Add(blockOf(i)); err != nil {
			t.Fatal(err)
		}
	}
	return tree, kept
}

func hashOf(t testing.TB, tree *evidence.Tree) protocol.Digest {
	t.Helper()
	h, err := tree.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestTreeIsThatOfTlog: the hash after each block, and the hashes that are kept.
func TestTreeIsThatOfTlog(t *testing.T) {
	var want, kept stored
	tree := evidence.Tree{Keep: func(h []tlog.Hash) error { kept = append(kept, h...); return nil }}
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, want)
		if err != nil || protocol.Digest(root) != hashOf(t, &tree) || tree.Blocks() != n {
			t.Fatalf("%d blocks: another tree (%v)", n, err)
		}
		more, err := tlog.StoredHashes(n, blockOf(n), want)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, more...)
		if err := tree.Add(blockOf(n)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(kept, want) {
			t.Fatalf("%d blocks: other hashes are kept", n+1)
		}
	}
}

// TestTreeOfRFC9162 has the eight leaves of the reference implementation of RFC 6962
// and RFC 9162, and the root that its vectors have.
func TestTreeOfRFC9162(t *testing.T) {
	var tree evidence.Tree
	for _, leaf := range []string{"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57",
		"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"} {
		if err := tree.Add([]byte(leaf)); err != nil {
			t.Fatal(err)
		}
	}
	const want = "sha256:5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
	if got := hashOf(t, &tree); got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestInclusionVectors reads those that package ledger holds.
func TestInclusionVectors(t *testing.T) {
	read := 0
	root := os.DirFS("../ledger/testdata/transparency-dev-merkle")
	err := fs.WalkDir(root, "inclusion", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		var v struct {
			WantErr        bool
			Proof          []string
			LeafIdx        uint64
			TreeSize       int64
			Root, LeafHash string
		}
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		read++
		hashes, ok := digests(append([]string{v.Root, v.LeafHash}, v.Proof...))
		refused := !ok || (evidence.Cut{Tree: hashes[0], Blocks: v.TreeSize}).VerifyLeaf(int64(v.LeafIdx), tlog.Hash(hashes[1]), hashes[2:]) != nil
		if refused != v.WantErr {
			t.Errorf("%s: refused: %t, want %t", path, refused, v.WantErr)
		}
		return nil
	})
	if err != nil || read != 98 {
		t.Errorf("%d vectors, %v", read, err)
	}
}

func digests(text []string) (out []protocol.Digest, ok bool) {
	for _, s := range text {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(b) != 32 {
			return nil, false
		}
		out = append(out, protocol.Digest(b))
	}
	return out, true
}

// TestEachBlockIsVerifiedAlone, and at no other place, in no object of another size,
// with no other proof.
func TestEachBlockIsVerifiedAlone(t *testing.T) {
	for n := int64(1); n <= 33; n++ {
		tree, kept := grown(t, n)
		hash := hashOf(t, tree)
		for i := range n {
			proof, err := evidence.Prove(n, i, kept)
			if err != nil {
				t.Fatal(err)
			}
			if err := (evidence.Cut{Tree: hash, Blocks: n}).Verify(i, blockOf(i), proof); err != nil {
				t.Fatalf("block %d of %d: %v", i, n, err)
			}
			for j := int64(-1); j <= n; j++ {
				if j != i && (evidence.Cut{Tree: hash, Blocks: n}).Verify(j, blockOf(i), proof) == nil {
					t.Errorf("block %d of %d is taken for %d", i, n, j)
				}
				if j != i && (evidence.Cut{Tree: hash, Blocks: n}).Verify(i, blockOf(j), proof) == nil {
					t.Errorf("block %d of %d is taken at %d", j, n, i)
				}
			}
		}
	}
}

func TestBlocksThatWereChangedAreRefused(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64Range(1, 200).Draw(rt, "n")
		tree, kept := grown(t, n)
		hash, i := hashOf(t, tree), rapid.Int64Range(0, n-1).Draw(rt, "i")
		proof, err := evidence.Prove(n, i, kept)
		if err != nil {
			rt.Fatal(err)
		}
		block := blockOf(i)
		switch k := rapid.IntRange(0, 6).Draw(rt, "crime"); {
		case k == 0:
			block[rapid.IntRange(0, len(block)-1).Draw(rt, "byte")] ^= 1
		case k == 1:
			block = block[:len(block)-1]
		case k == 2:
			block = append(block, 0)
		case k == 3:
			hash[rapid.IntRange(0, 31).Draw(rt, "byte")] ^= 1
		case k == 4 && len(proof) > 0:
			proof[rapid.IntRange(0, len(proof)-1).Draw(rt, "hash")][3] ^= 1
		case k == 5 && len(proof) > 0:
			proof = proof[1:]
		default:
			proof = append(proof, protocol.Digest{1})
		}
		if err := (evidence.Cut{Tree: hash, Blocks: n}).Verify(i, block, proof); !errors.Is(err, evidence.ErrBlock) {
			rt.Fatalf("got %v", err)
		}
	})
}

func TestVerifyTakesAnything(t *testing.T) {
	for _, c := range []struct{ n, i int64 }{{0, 0}, {-1, 0}, {-1, -2}, {1, -1}, {1, 1}, {1 << 62, 1<<62 - 1}, {1<<63 - 1, 1<<63 - 2}} {
		for _, hashes := range []int{0, 1, 63, evidence.MaxProof, evidence.MaxProof + 1} {
			if (evidence.Cut{Tree: protocol.Digest{}, Blocks: c.n}).Verify(c.i, nil, make([]protocol.Digest, hashes)) == nil {
				t.Errorf("%d of %d with %d hashes is taken", c.i, c.n, hashes)
			}
		}
	}
	if n := evidence.Blocks(stream.SealedSize(protocol.MaxObject)); n > evidence.MaxBlocks {
		t.Errorf("the largest object has %d blocks", n)
	}
	big := make([]byte, evidence.MaxBlock+1)
	var tree evidence.Tree
	if err := tree.Add(big); err != nil {
		t.Fatal(err)
	}
	if (evidence.Cut{Tree: hashOf(t, &tree), Blocks: 1}).Verify(0, big, nil) == nil {
		t.Error("a block that is too large is taken")
	}
}

// TestBlocksLieOneBehindTheOther, without a gap, and none is larger than MaxBlock.
func TestBlocksLieOneBehindTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const block = evidence.BlockChunks * stream.ChunkSize
		size := rapid.OneOf(rapid.Int64Range(0, protocol.MaxObject), rapid.Int64Range(0, 4*block),
			rapid.SampledFrom([]int64{0, 1, block - 1, block, block + 1, 2*block - 1, 2 * block, protocol.MaxObject})).Draw(t, "size")
		sealed := stream.SealedSize(size)
		n, end := evidence.Blocks(sealed), int64(0)
		if want := size/block + 1; n != want {
			t.Fatalf("got %d blocks, want %d", n, want)
		}
		first := max(0, n-rapid.Int64Range(1, 40).Draw(t, "blocks"))
		if first > 0 {
			offset, size := evidence.BlockAt(sealed, first-1)
			end = offset + size
		}
		for i := first; i < n; i++ {
			offset, size := evidence.BlockAt(sealed, i)
			if offset != end || size < 1 || size > evidence.MaxBlock {
				t.Fatalf("block %d of %d: %d bytes at %d", i, n, size, offset)
			}
			end = offset + size
		}
		if end != sealed {
			t.Fatalf("they end at %d of %d", end, sealed)
		}
	})
}

// TestAddAllAddsWhatIsNotThere, in lots, in order.
func TestAddAllAddsWhatIsNotThere(t *testing.T) {
	sealed := make([]byte, 5*evidence.MaxBlock+1234)
	rand.NewChaCha8([32]byte{1}).Read(sealed)
	size := int64(len(sealed))
	add := func(tree *evidence.Tree, i int64) {
		offset, n := evidence.BlockAt(size, i)
		if err := tree.Add(sealed[offset : offset+n]); err != nil {
			t.Fatal(err)
		}
	}
	var want evidence.Tree
	for i := range evidence.Blocks(size) {
		add(&want, i)
	}
	for first := range evidence.Blocks(size) + 1 {
		var got evidence.Tree
		for i := range first {
			add(&got, i)
		}
		said := first
		err := got.AddAll(bytes.NewReader(sealed), size, func(n int64) error {
			if n <= said {
				t.Errorf("done with %d after %d", n, said)
			}
			said = n
			return nil
		})
		if err != nil || hashOf(t, &got) != hashOf(t, &want) || said != evidence.Blocks(size) {
			t.Errorf("from %d: %d blocks, %v", first, got.Blocks(), err)
		}
	}
	var tree evidence.Tree
	if err := tree.AddAll(bytes.NewReader(sealed[:len(sealed)-1]), size, nil); err == nil {
		t.Error("the last byte is missing")
	}
	stop := errors.New("stop")
	if err := tree.AddAll(bytes.NewReader(sealed), size, func(int64) error { return stop }); tree.Blocks() < evidence.Blocks(size) && !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	broken := evidence.Tree{Keep: func([]tlog.Hash) error { return stop }}
	if err := broken.AddAll(bytes.NewReader(sealed), size, nil); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestSharesMakeTheKeyTogetherOnly(t *testing.T) {
	key := stream.NewKey()
	held, sent := evidence.Split(key)
	if evidence.Join(held, sent) != key || evidence.Other(key, sent) != held {
		t.Error("the shares do not make the key")
	}
	if again, _ := evidence.Split(key); again == held {
		t.Error("two splits of one key have one share")
	}
	if held == evidence.Share(key) || sent == evidence.Share(key) {
		t.Error("a share is the key")
	}
}

func TestContextsAreApart(t *testing.T) {
	one, two := protocol.NewCaseID(), protocol.NewCaseID()
	live := protocol.DigestOf([]byte("live"))
	seen := map[string]bool{}
	for _, c := range [][]byte{evidence.Context(one), evidence.Context(two), evidence.SegmentContext(one, live, 0),
		evidence.SegmentContext(one, live, 1), evidence.SegmentContext(one, live, 10), evidence.SegmentContext(two, live, 0),
		evidence.SegmentContext(one, protocol.DigestOf(nil), 0)} {
		if seen[string(c)] || !strings.HasPrefix(string(c), "comity evidence v1\n") {
			t.Errorf("%q", c)
		}
		seen[string(c)] = true
	}
}

// BenchmarkTree adds the leaf hashes of 8 GiB: 8192 blocks.
func BenchmarkTree(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		tree := evidence.Tree{Keep: func([]tlog.Hash) error { return nil }}
		for i := range 8192 {
			if err := tree.AddLeaf(tlog.Hash{byte(i), byte(i >> 8)}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAddAll(b *testing.B) {
	sealed := make([]byte, 32*evidence.MaxBlock)
	b.SetBytes(int64(len(sealed)))
	for b.Loop() {
		var tree evidence.Tree
		if err := tree.AddAll(bytes.NewReader(sealed), int64(len(sealed)), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	block := make([]byte, evidence.MaxBlock)
	b.SetBytes(int64(len(block)))
	for b.Loop() {
		if (evidence.Cut{Tree: protocol.Digest{}, Blocks: 1}).Verify(0, block, nil) == nil {
			b.Fatal("taken")
		}
	}
}
