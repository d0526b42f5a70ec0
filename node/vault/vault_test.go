package vault_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"comity.example/crypto/stream"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// block is how much content is in a block.
const block = evidence.BlockChunks * stream.ChunkSize

const peer = protocol.ParticipantID("us.contoso-mail")

// sizes of content, with everything that may be off by one.
var sizes = []int64{
	0, 1, stream.ChunkSize - 1, stream.ChunkSize, stream.ChunkSize + 1,
	block - 1, block, block + 1, 2 * block, 5*block + 12345, 9 * block,
}

func config(dir string) vault.Config { return vault.Config{Dir: dir, Key: [vault.KeySize]byte{7}} }

func mustOpen(t testing.TB, c vault.Config) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// random returns content that is the same for the same seed.
func random(seed uint64, size int64) []byte {
	b := make([]byte, size)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	rand.NewChaCha8(key).Read(b)
	return b
}

func mustTakeIn(t testing.TB, v *vault.Vault, id protocol.CaseID, b []byte) vault.Taken {
	t.Helper()
	taken, err := v.TakeIn(context.Background(), id, bytes.NewReader(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// requireContent checks that an object of a case opens to content, and is whole.
func requireContent(t testing.TB, v *vault.Vault, id protocol.CaseID, tree protocol.Digest, want []byte) {
	t.Helper()
	c, err := v.Open(id, tree, id)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, offset := range []int64{0, int64(len(want)) / 2, int64(len(want))} {
		var got bytes.Buffer
		n, err := c.WriteFrom(&got, offset)
		if err != nil || n != int64(got.Len()) || !bytes.Equal(got.Bytes(), want[offset:]) {
			t.Errorf("from %d: got %d bytes, %d written, %v, want %d", offset, got.Len(), n, err, int64(len(want))-offset)
		}
	}
	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the %d that were taken in", len(got), err, len(want))
	}
}

// carry receives an object from one vault into another.
func carry(t testing.TB, from, to *vault.Vault, r vault.Receipt) {
	t.Helper()
	in, err := to.Receive(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	put(t, from, in, r.Tree)
	if err := in.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
}

// put puts what is missing.
func put(t testing.TB, from *vault.Vault, in *vault.Incoming, tree protocol.Digest) {
	t.Helper()
	for _, i := range in.Missing(-1, 1<<20) {
		b, err := from.Block(tree, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Put(i, b.Block, b.Proof); err != nil {
			t.Fatal(err)
		}
	}
}

// requireSound checks that a vault finds nothing wrong with itself.
func requireSound(t testing.TB, v *vault.Vault, objects int) {
	t.Helper()
	r, err := v.Check(context.Background(), nil)
	if err != nil || r.Objects != objects || len(r.Damaged)+len(r.Missing)+len(r.Keys)+r.Stray != 0 {
		t.Errorf("check: got %+v, %v, want %d sound objects", r, err, objects)
	}
}

// files lists what is below a folder of a vault.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestContentComesBackFromEitherEnd(t *testing.T) {
	dir, dir2 := t.TempDir(), t.TempDir()
	v, other := mustOpen(t, config(dir)), mustOpen(t, config(dir2))
	id := protocol.NewCaseID()
	for n, size := range sizes {
		want := random(uint64(n), size)
		var told int64
		taken, err := v.TakeIn(t.Context(), id, bytes.NewReader(want), func(n int64) { told = n })
		if err != nil {
			t.Fatal(err)
		}
		sum := sha512.Sum512(want)
		if taken.Size != size || taken.Sealed != stream.SealedSize(size) || taken.Already || told != size ||
			taken.SHA512 != hex.EncodeToString(sum[:]) {
			t.Errorf("%d bytes: got %+v and %d told", size, taken, told)
		}
		requireContent(t, v, id, taken.Tree, want)

		carry(t, v, other, vault.Receipt{Case: id, Peer: peer, Tree: taken.Tree, Size: size})
		if _, err := other.Open(id, taken.Tree, id); !errors.Is(err, vault.ErrNoKey) {
			t.Errorf("without a key: got %v, want ErrNoKey", err)
		}
		held, sent, err := v.Key(id, taken.Tree)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.SetKey(id, taken.Tree, held, sent); err != nil {
			t.Fatal(err)
		}
		requireContent(t, other, id, taken.Tree, want)
	}
	requireSound(t, v, len(sizes))
	requireSound(t, other, len(sizes))
}
