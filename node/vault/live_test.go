package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

var spoken = protocol.DigestOf([]byte("what is spoken"))

// A provider has a live object into which something was fed.
func provider(t *testing.T, c vault.Config, id protocol.CaseID, fed ...[]byte) *vault.Vault {
	t.Helper()
	v := mustOpen(t, c)
	if _, _, err := v.StartLive(id, spoken); err != nil {
		t.Fatal(err)
	}
	for i, b := range fed {
		if seq, err := v.Append(id, spoken, b); err != nil || seq != int64(i) {
			t.Fatal(seq, err)
		}
	}
	return v
}

// reader has the key of the live object of from.
func reader(t *testing.T, c vault.Config, id protocol.CaseID, from *vault.Vault) *vault.Vault {
	t.Helper()
	v := mustOpen(t, c)
	held, sent, err := from.Key(id, spoken)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.AwaitLive(vault.Awaited{Case: id, Live: spoken, Peer: peer}, held, sent); err != nil {
		t.Fatal(err)
	}
	return v
}

// pull has segments of from come to v.
func pull(t *testing.T, id protocol.CaseID, from, v *vault.Vault, seqs ...int64) {
	t.Helper()
	for _, seq := range seqs {
		b, err := from.Segment(id, spoken, seq)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.PutSegment(id, spoken, seq, b); err != nil {
			t.Fatal(err)
		}
	}
}

func pieces(n int) (out [][]byte, all []byte) {
	for i := range n {
		b := random(uint64(i), int64(1+i*7919%vault.MaxSegment))
		out, all = append(out, b), append(all, b...)
	}
	return out, all
}

// TestALiveObjectBecomesWhatWasSigned at both ends, whatever was started again.
func TestALiveObjectBecomesWhatWasSigned(t *testing.T) {
	id := protocol.NewCaseID()
	parts, all := pieces(9)
	parts = append(parts, bytes.Repeat([]byte{1}, vault.MaxSegment))
	all = append(all, parts[9]...)
	ours, theirs := config(t.TempDir()), config(t.TempDir())
	p := provider(t, ours, id, parts[:6]...)
	r := reader(t, theirs, id, p)
	pull(t, id, p, r, 0, 2, 1, 5)
	if have, gaps, _, err := r.Segments(id, spoken); err != nil || have != 4 || fmt.Sprint(gaps) != "[3 4]" {
		t.Errorf("got %d, without %v, %v", have, gaps, err)
	}
	for _, v := range []*vault.Vault{p, r} { // both are started again
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p, r = mustOpen(t, ours), mustOpen(t, theirs)
	for _, b := range parts[6:] {
		if _, err := p.Append(id, spoken, b); err != nil {
			t.Fatal(err)
		}
	}
	taken, n, err := p.Finish(id, spoken)
	if err != nil || n != 10 || taken.Size != int64(len(all)) {
		t.Fatal(taken, n, err)
	}
	product := protocol.Object{Tree: taken.Tree, Size: taken.Size, SHA512: taken.SHA512, Segments: n}
	if err := r.Adopt(id, spoken, product); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("with gaps: got %v", err)
	}
	pull(t, id, p, r, 3, 4, 6, 7, 8, 9)
	other := product
	other.SHA512 = product.SHA512[1:] + "0"
	if err := r.Adopt(id, spoken, other); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("another content: got %v", err)
	}
	for range 2 {
		if err := r.Adopt(id, spoken, product); err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range map[string]*vault.Vault{"provider": p, "reader": r} {
		requireContent(t, v, id, taken.Tree, all)
		requireSound(t, v, 1)
		if _, err := v.Segment(id, spoken, 4); err != nil { // for a reader who comes late
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := v.Key(id, spoken); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, n, err := p.Finish(id, spoken); err != nil || n != 10 || again.Tree != taken.Tree || again.SHA512 != taken.SHA512 {
		t.Errorf("finished again: %v %d %v", again, n, err)
	}
}

// TestWhatIsSealedStaysSealed, also for the process that comes after.
func TestWhatIsSealedStaysSealed(t *testing.T) {
	id := protocol.NewCaseID()
	c := config(t.TempDir())
	p := provider(t, c, id, []byte("a"))
	if _, _, err := p.Finish(id, spoken); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Append(id, spoken, []byte("b")); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("got %v", err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = mustOpen(t, c)
	}
	if taken, n, err := p.Finish(id, spoken); err != nil || n != 1 || taken.Size != 1 {
		t.Error(taken, n, err)
	}
}

// TestNothingDeliveredIsNoObject.
func TestNothingDeliveredIsNoObject(t *testing.T) {
	id := protocol.NewCaseID()
	p := provider(t, config(t.TempDir()), id)
	if taken, n, err := p.Finish(id, spoken); err != nil || n != 0 || taken != (vault.Taken{}) {
		t.Error(taken, n, err)
	}
	if _, err := p.Append(id, spoken, []byte("b")); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("got %v", err)
	}
	requireSound(t, p, 0)
}

// TestASegmentOpensAtItsPlaceOnly: of another seq, object, case or key, or changed, it
// is not taken, nor is one of far ahead.
func TestASegmentOpensAtItsPlaceOnly(t *testing.T) {
	id, other := protocol.NewCaseID(), protocol.NewCaseID()
	p := provider(t, config(t.TempDir()), id, []byte("a"), []byte("b"))
	r := reader(t, config(t.TempDir()), id, p)
	first, err := p.Segment(id, spoken, 0)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := provider(t, config(t.TempDir()), other, []byte("a"))
	foreign, err := elsewhere.Segment(other, spoken, 0)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(first)
	changed[len(changed)-1] ^= 1
	for name, x := range map[string]struct {
		seq int64
		b   []byte
	}{
		"replayed":        {1, first},
		"of another case": {0, foreign},
		"changed":         {0, changed},
		"cut off":         {0, first[:len(first)-1]},
		"empty":           {0, nil},
		"negative":        {-1, first},
	} {
		if err := r.PutSegment(id, spoken, x.seq, x.b); !errors.Is(err, vault.ErrSegment) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if have, _, _, err := r.Segments(id, spoken); err != nil || have != 0 {
		t.Error(have, err)
	}
	pull(t, id, p, r, 1, 1)
}

// logOf is the log of the only live object in a vault.
func logOf(t *testing.T, dir string) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(filepath.Join(dir, "live"), func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == "segments" {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatal(found, err)
	}
	return found
}

// TestATornTailIsCutOff wherever it was torn, and nothing before it: what was handed
// out once is there for ever.
func TestATornTailIsCutOff(t *testing.T) {
	id := protocol.NewCaseID()
	c := config(t.TempDir())
	p := provider(t, c, id, []byte("first"), []byte("second"))
	whole, err := os.ReadFile(logOf(t, c.Dir))
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.Segment(id, spoken, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	begins := len(whole) - len(second) - 16
	try := func(name string, log []byte, want int64) {
		t.Helper()
		if err := os.WriteFile(logOf(t, c.Dir), log, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := vault.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		have, _, _, err := v.Segments(id, spoken)
		if err != nil || have != want {
			t.Errorf("%s: got %d segments, %v", name, have, err)
		}
		if seq, err := v.Append(id, spoken, []byte("next")); err != nil || seq != want {
			t.Errorf("%s: the next is %d, %v", name, seq, err)
		}
		if b, err := v.PlainSegment(id, spoken, want); err != nil || string(b) != "next" {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
	for cut := begins; cut < len(whole); cut++ {
		try(fmt.Sprintf("cut at %d", cut), whole[:cut], 1)
	}
	for i := begins; i < len(whole); i += 7 {
		torn := bytes.Clone(whole)
		torn[i] ^= 0xff
		try(fmt.Sprintf("changed at %d", i), torn, 1)
	}
	try("whole", whole, 2)
}

// TestDestroyingWhatItBecameDestroysTheSegments, and the key does not come back.
func TestDestroyingWhatItBecameDestroysTheSegments(t *testing.T) {
	id := protocol.NewCaseID()
	c := config(t.TempDir())
	p := provider(t, c, id, []byte("secret"))
	held, sent, err := p.Key(id, spoken)
	if err != nil {
		t.Fatal(err)
	}
	taken, _, err := p.Finish(id, spoken)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Destroy(id, taken.Tree); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, object := range []protocol.Digest{taken.Tree, spoken} {
			if _, _, err := p.Key(id, object); !errors.Is(err, vault.ErrDestroyed) {
				t.Errorf("got %v", err)
			}
			if err := p.SetKey(id, object, held, sent); !errors.Is(err, vault.ErrDestroyed) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := p.Segment(id, spoken, 0); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("got %v", err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = mustOpen(t, c)
	}
	key := evidence.Join(held, sent)
	for _, path := range files(t, c.Dir) {
		b, err := os.ReadFile(path)
		if err == nil && (bytes.Contains(b, key[:]) || bytes.Contains(b, held[:])) || filepath.Base(path) == "segments" {
			t.Errorf("%s is left", path)
		}
	}
}

// TestWhatComesLiveCountsAgainstTheQuotas.
func TestWhatComesLiveCountsAgainstTheQuotas(t *testing.T) {
	id := protocol.NewCaseID()
	p := provider(t, config(t.TempDir()), id, random(1, 1000), random(2, 1000))
	c := config(t.TempDir())
	c.Quota.Peer = 1500
	r := reader(t, c, id, p)
	pull(t, id, p, r, 0)
	for range 2 {
		b, err := p.Segment(id, spoken, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.PutSegment(id, spoken, 1, b); !errors.Is(err, vault.ErrQuota) {
			t.Errorf("got %v", err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		r = mustOpen(t, c)
	}
}

// TestDestroyingALiveObjectDestroysWhatItBecame: it became that before whoever destroys
// it heard so.
func TestDestroyingALiveObjectDestroysWhatItBecame(t *testing.T) {
	id := protocol.NewCaseID()
	v := provider(t, vault.Config{Dir: t.TempDir()}, id, []byte("one"))
	taken, _, err := v.Finish(id, spoken)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Destroy(id, spoken); err != nil {
		t.Fatal(err)
	}
	for _, name := range []protocol.Digest{spoken, taken.Tree} {
		if _, _, err := v.Key(id, name); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("the key by %v: %v, want %v", name, err, vault.ErrDestroyed)
		}
	}
}
