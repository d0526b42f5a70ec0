package ledger_test

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol/ledger"
)

// The vectors of transparency-dev/merkle that are about whole trees. Its 322
// others, on subtrees that begin elsewhere than at leaf 0, are not here: no
// Comity checkpoint or proof has one.

type vector struct {
	Description string   `json:"desc"`
	WantErr     bool     `json:"wantErr"`
	Proof       []string `json:"proof"`

	// Inclusion. An index may be 2^64-1.
	Index    uint64 `json:"leafIdx"`
	TreeSize int64  `json:"treeSize"`
	Root     string `json:"root"`
	LeafHash string `json:"leafHash"`

	// Consistency.
	Size1 int64  `json:"size1"`
	Size2 int64  `json:"size2"`
	Root1 string `json:"root1"`
	Root2 string `json:"root2"`
}

const wantVectors = 98 // of each of the two

func readVectors(t *testing.T, kind string) map[string]vector {
	t.Helper()
	out := map[string]vector{}
	root := os.DirFS("testdata/transparency-dev-merkle")
	err := fs.WalkDir(root, kind, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		var v vector
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		out[strings.TrimSuffix(path, ".json")] = v
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != wantVectors {
		t.Fatalf("%d vectors, want %d", len(out), wantVectors)
	}
	return out
}

// hashes reads base64. What is no hash cannot stand where the package takes
// one: the type refuses it, which is the refusal that such a vector wants.
func hashes(t *testing.T, text ...string) (out []tlog.Hash, ok bool) {
	t.Helper()
	for _, s := range text {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != tlog.HashSize {
			return nil, false
		}
		out = append(out, tlog.Hash(b))
	}
	return out, true
}

func TestInclusionVectors(t *testing.T) {
	for name, v := range readVectors(t, "inclusion") {
		refused := true
		ends, ok := hashes(t, v.Root, v.LeafHash)
		path, ok2 := hashes(t, v.Proof...)
		if ok && ok2 {
			c := ledger.Checkpoint{Size: v.TreeSize, Root: ends[0]}
			refused = c.Includes(int64(v.Index), ends[1], path) != nil
		}
		if refused != v.WantErr {
			t.Errorf("%s (%s): refused: %v, want %v", name, v.Description, refused, v.WantErr)
		}
	}
}

// notAHash wants two roots of 12 bytes, "don't care 2", to be taken for equal.
const notAHash = "consistency/additional/sizes-are-equal-one-and-proof-is-empty"

func TestConsistencyVectors(t *testing.T) {
	for name, v := range readVectors(t, "consistency") {
		if name == notAHash {
			v.WantErr = true
		}
		refused := true
		roots, ok := hashes(t, v.Root1, v.Root2)
		proof, ok2 := hashes(t, v.Proof...)
		if ok && ok2 {
			old := ledger.Checkpoint{Size: v.Size1, Root: roots[0]}
			c := ledger.Checkpoint{Size: v.Size2, Root: roots[1]}
			refused = c.Extends(old, proof) != nil
		}
		if refused != v.WantErr {
			t.Errorf("%s (%s): refused: %v, want %v", name, v.Description, refused, v.WantErr)
		}
	}
}
