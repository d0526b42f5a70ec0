package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity.example/crypto/stream"
	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

func TestDestroyedKeyNeverComesBack(t *testing.T) {
	c := config(t.TempDir())
	v := mustOpen(t, c)
	id, other := protocol.NewCaseID(), protocol.NewCaseID()
	content := random(1, 3*block)
	taken := mustTakeIn(t, v, id, content)
	if err := v.Refer(other, taken.Tree); err != nil {
		t.Fatal(err)
	}
	held, sent, err := v.Key(id, taken.Tree)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Key(other, taken.Tree); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("key of the other case: %v", err)
	}
	if err := v.SetKey(other, taken.Tree, sent, held); err != nil { // a split of its own
		t.Fatal(err)
	}
	opened, err := v.Open(id, taken.Tree, id)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	// The file that held the key is overwritten, not only removed.
	entry := filepath.Join(c.Dir, "cases", string(id), hexOf(taken.Tree))
	second := filepath.Join(t.TempDir(), "second")
	if err := os.Link(entry, second); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := v.Destroy(id, taken.Tree); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(second)
	if err != nil || len(b) == 0 || !bytes.Equal(b, make([]byte, len(b))) {
		t.Errorf("the file of the key has %d bytes, %v, want zeros", len(b), err)
	}
	for range 2 {
		if _, _, err := v.Key(id, taken.Tree); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("key: %v", err)
		}
		if err := v.SetKey(id, taken.Tree, held, sent); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("set key: %v", err)
		}
		if _, err := v.Open(id, taken.Tree, id); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("open: %v", err)
		}
		if err := v.Refer(id, taken.Tree); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("refer: %v", err)
		}
		_, err := v.Receive(t.Context(), vault.Receipt{Case: id, Peer: peer, Tree: taken.Tree, Size: taken.Size})
		if !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("receive: %v", err)
		}
		v = reopen(t, v, c)
	}
	// The other case has it still.
	var got bytes.Buffer
	o, err := v.Open(other, taken.Tree, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteFrom(&got, 0); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("the other case: %d bytes, %v", got.Len(), err)
	}
	o.Close()
	requireSound(t, v, 1)
	if err := v.Destroy(other, taken.Tree); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Block(taken.Tree, 0); !errors.Is(err, vault.ErrAbsent) {
		t.Errorf("block: %v", err)
	}
	if left := files(t, filepath.Join(c.Dir, "objects")); len(left) > 0 {
		t.Errorf("nobody refers to it, and there are %q", left)
	}
	requireSound(t, v, 0)
}

func hexOf(d protocol.Digest) string { return d.String()[len("sha256:"):] }

func TestDestroyBeforeAnythingCame(t *testing.T) {
	s := newSender(t, 5*block)
	c := config(t.TempDir())
	v := mustOpen(t, c)
	if err := v.Destroy(s.id, protocol.DigestOf(nil)); err != nil {
		t.Fatal(err)
	}
	if err := v.SetKey(s.id, protocol.DigestOf(nil), evidence.Share{}, evidence.Share{1}); !errors.Is(err, vault.ErrDestroyed) {
		t.Errorf("set key: %v", err)
	}
	in := s.mustReceive(t, v)
	s.mustPut(t, in, 0, 1)
	if err := v.Destroy(s.id, s.taken.Tree); err != nil {
		t.Fatal(err)
	}
	b, err := s.v.Block(s.taken.Tree, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Put(2, b.Block, b.Proof); !errors.Is(err, vault.ErrClosed) {
		t.Errorf("put: %v", err)
	}
	if err := in.Complete(t.Context()); err == nil {
		t.Error("complete")
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if left := files(t, filepath.Join(c.Dir, "incoming")); len(left) > 0 {
		t.Errorf("incoming: %q", left)
	}
	v = reopen(t, v, c)
	if _, _, err := v.Key(s.id, s.taken.Tree); !errors.Is(err, vault.ErrDestroyed) {
		t.Errorf("key: %v", err)
	}
}

func TestKeyIsSetOnce(t *testing.T) {
	v := mustOpen(t, config(t.TempDir()))
	id, object := protocol.NewCaseID(), protocol.DigestOf(nil)
	key := stream.NewKey()
	held, sent := evidence.Split(key)
	again, sentAgain := evidence.Split(key)
	for range 2 {
		if err := v.SetKey(id, object, held, sent); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.SetKey(id, object, again, sent); !errors.Is(err, vault.ErrKeyDiffers) {
		t.Errorf("another key: %v", err)
	}
	if h, s, err := v.Key(id, object); err != nil || h != held || s != sent {
		t.Errorf("after another key: %v", err)
	}
	if err := v.SetKey(id, object, again, sentAgain); err != nil {
		t.Errorf("another split of it: %v", err)
	}
	if h, s, err := v.Key(id, object); err != nil || h != again || s != sentAgain {
		t.Errorf("after another split: %v", err)
	}
	if _, err := v.Open(id, object, id); !errors.Is(err, vault.ErrAbsent) {
		t.Errorf("open without the object: %v", err)
	}
	for name, bad := range map[string]protocol.CaseID{"none": "", "a path": "../../x", "a folder": "case-a/../x"} {
		if err := v.SetKey(bad, object, held, sent); err == nil {
			t.Errorf("%s is a case", name)
		}
	}
}

func TestSameContentIsKeptOnceInACaseOnly(t *testing.T) {
	c := config(t.TempDir())
	v := mustOpen(t, c)
	one, two := protocol.NewCaseID(), protocol.NewCaseID()
	content := random(5, 2*block+1)
	first := mustTakeIn(t, v, one, content)
	again := mustTakeIn(t, v, one, content)
	if !again.Already || again.Tree != first.Tree || again.Size != first.Size || again.Sealed != first.Sealed {
		t.Errorf("got %+v, want %+v already", again, first)
	}
	if other := mustTakeIn(t, v, two, content); other.Already || other.Tree == first.Tree {
		t.Errorf("in another case: %+v", other)
	}
	v = reopen(t, v, c)
	if again := mustTakeIn(t, v, one, content); !again.Already || again.Tree != first.Tree {
		t.Errorf("after a restart: %+v", again)
	}
	requireSound(t, v, 2)
	if err := v.Drop(one, first.Tree); err != nil {
		t.Fatal(err)
	}
	anew := mustTakeIn(t, v, one, content)
	if anew.Already || anew.Tree == first.Tree {
		t.Errorf("after it was dropped: %+v", anew)
	}
	requireContent(t, v, one, anew.Tree, content)
	requireSound(t, v, 2)
	// What was lost on the disk is not "already there".
	if err := os.Remove(filepath.Join(c.Dir, "objects", hexOf(anew.Tree)[:2], hexOf(anew.Tree))); err != nil {
		t.Fatal(err)
	}
	if mended := mustTakeIn(t, v, one, content); mended.Already {
		t.Errorf("after its loss: %+v", mended)
	}
}

func TestCaseHasAQuota(t *testing.T) {
	c := config(t.TempDir())
	c.Quota.Case = 3 << 20
	v := mustOpen(t, c)
	id := protocol.NewCaseID()
	mustTakeIn(t, v, id, random(1, 1<<20))
	if _, err := v.TakeIn(t.Context(), id, bytes.NewReader(random(2, 2<<20)), nil); !errors.Is(err, vault.ErrQuota) {
		t.Errorf("got %v, want ErrQuota", err)
	}
	mustTakeIn(t, v, id, random(3, 1<<20)) // what was refused holds nothing
	mustTakeIn(t, v, protocol.NewCaseID(), random(2, 2<<20))
	v = reopen(t, v, c)
	if _, err := v.TakeIn(t.Context(), id, bytes.NewReader(random(4, 1<<20)), nil); !errors.Is(err, vault.ErrQuota) {
		t.Errorf("after a restart: got %v, want ErrQuota", err)
	}
	requireSound(t, v, 3)
}
