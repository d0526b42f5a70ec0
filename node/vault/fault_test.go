package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"comity.example/node/vault"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

var errFault = errors.New("the disk failed")

// A trouble fails the n-th step on the disk and, if the process is to be dead then,
// all that follow.
type trouble struct {
	n    int
	part vault.Part
	dead bool
	err  error

	mu    sync.Mutex // guards what follows: files are synced together
	steps int
	hit   string
}

func (f *trouble) fault(step string) (vault.Part, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	switch {
	case f.steps == f.n:
		f.hit = step
		return f.part, f.err
	case f.steps > f.n && f.dead && f.n > 0:
		return vault.Lost, f.err
	}
	return vault.Lost, nil
}

// quick returns a directory in memory, if there is one: what is synced there is
// not the matter of these tests.
func quick(t *testing.T) string {
	const memory = "/dev/shm"
	if dir, err := os.MkdirTemp(memory, "comity-vault"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// A deed is something that a vault does. Before it ran, and after it failed, and
// after the vault was opened again, the vault is sound; what the deed returned for
// is there then.
type deed struct {
	name    string
	prepare func(t *testing.T, w *world)
	run     func(w *world) error
	// after looks at the vault that was opened again: done says that run returned nil.
	after func(t *testing.T, w *world, done bool)
}

// A world is a vault, one that it receives from, and what is in them.
type world struct {
	dir     string
	v, from *vault.Vault
	id      protocol.CaseID
	content []byte
	taken   vault.Taken // in from
	mine    vault.Taken // in v
	held    evidence.Share
	sent    evidence.Share
}

func (w *world) receive() error {
	in, err := w.v.Receive(context.Background(), vault.Receipt{Case: w.id, Peer: peer, Tree: w.taken.Tree, Size: w.taken.Size})
	if err != nil || in.Done() {
		return err
	}
	defer in.Close()
	for _, i := range in.Missing(-1, 100) {
		b, err := w.from.Block(w.taken.Tree, i)
		if err != nil {
			return err
		}
		if err := in.Put(i, b.Block, b.Proof); err != nil {
			return err
		}
	}
	if err := in.Sync(); err != nil {
		return err
	}
	return in.Complete(context.Background())
}

func (w *world) takeIn() (err error) {
	w.mine, err = w.v.TakeIn(context.Background(), w.id, bytes.NewReader(w.content), nil)
	return err
}

// requireMine checks what was taken in: it is there, whole, or it is not.
func (w *world) requireMine(t *testing.T, done bool) {
	t.Helper()
	n := 0
	if done {
		n = 1
		requireContent(t, w.v, w.id, w.mine.Tree, w.content)
	}
	r, err := w.v.Check(t.Context(), nil)
	if err != nil || r.Objects != n && done || r.Objects > 1 || len(r.Damaged)+len(r.Missing)+len(r.Keys)+r.Stray != 0 {
		t.Errorf("check: %+v, %v", r, err)
	}
}

func deeds() []deed {
	return []deed{
		{"take in", nil, (*world).takeIn, func(t *testing.T, w *world, done bool) { w.afterTakeIn(t, done) }},
		{"receive", nil, (*world).receive, func(t *testing.T, w *world, done bool) {
			if err := w.receive(); err != nil {
				t.Errorf("receive again: %v", err)
			}
			if err := w.v.SetKey(w.id, w.taken.Tree, w.held, w.sent); err != nil {
				t.Error(err)
			}
			requireContent(t, w.v, w.id, w.taken.Tree, w.content)
			requireSound(t, w.v, 1)
		}},
		{"set a key and another split of it", func(t *testing.T, w *world) {
			if err := w.receive(); err != nil {
				t.Fatal(err)
			}
		}, func(w *world) error {
			key := evidence.Join(w.held, w.sent)
			held, sent := evidence.Split(key)
			if err := w.v.SetKey(w.id, w.taken.Tree, held, sent); err != nil {
				return err
			}
			return w.v.SetKey(w.id, w.taken.Tree, w.held, w.sent)
		}, func(t *testing.T, w *world, done bool) {
			held, _, err := w.v.Key(w.id, w.taken.Tree)
			if done && (err != nil || held != w.held) || err != nil && !errors.Is(err, vault.ErrNoKey) {
				t.Errorf("key: %v", err)
			}
			if err := w.v.SetKey(w.id, w.taken.Tree, w.held, w.sent); err != nil {
				t.Error(err)
			}
			requireContent(t, w.v, w.id, w.taken.Tree, w.content)
			requireSound(t, w.v, 1)
		}},
		{"destroy", func(t *testing.T, w *world) {
			if err := w.takeIn(); err != nil {
				t.Fatal(err)
			}
		}, func(w *world) error { return w.v.Destroy(w.id, w.mine.Tree) },
			func(t *testing.T, w *world, done bool) {
				if _, _, err := w.v.Key(w.id, w.mine.Tree); done && !errors.Is(err, vault.ErrDestroyed) ||
					err != nil && !errors.Is(err, vault.ErrDestroyed) {
					t.Errorf("key: %v", err)
				} else if err == nil {
					requireContent(t, w.v, w.id, w.mine.Tree, w.content)
				}
				if err := w.v.Destroy(w.id, w.mine.Tree); err != nil {
					t.Error(err)
				}
				requireSound(t, w.v, 0)
			}},
		{"drop", func(t *testing.T, w *world) {
			if err := w.takeIn(); err != nil {
				t.Fatal(err)
			}
		}, func(w *world) error { return w.v.Drop(w.id, w.mine.Tree) },
			func(t *testing.T, w *world, done bool) {
				if _, err := w.v.Open(w.id, w.mine.Tree, w.id); err == nil && !done {
					requireContent(t, w.v, w.id, w.mine.Tree, w.content)
				} else if !errors.Is(err, vault.ErrNoKey) && !errors.Is(err, vault.ErrAbsent) {
					t.Errorf("open: %v", err)
				}
				if err := w.v.Drop(w.id, w.mine.Tree); err != nil {
					t.Error(err)
				}
				requireSound(t, w.v, 0)
			}},
	}
}

func (w *world) afterTakeIn(t *testing.T, done bool) {
	w.requireMine(t, done)
	if done {
		return
	}
	if err := w.takeIn(); err != nil {
		t.Errorf("take in again: %v", err)
	}
	w.requireMine(t, true)
}

func TestEachStepOnTheDiskFails(t *testing.T) {
	for _, size := range []int64{1000, block + 5} {
		for _, d := range deeds() {
			t.Run(fmt.Sprintf("%s/%d", d.name, size), func(t *testing.T) {
				from := mustOpen(t, config(filepath.Join(t.TempDir(), "from")))
				content := random(3, size)
				id := protocol.NewCaseID()
				taken := mustTakeIn(t, from, id, content)
				held, sent, err := from.Key(id, taken.Tree)
				if err != nil {
					t.Fatal(err)
				}
				w := world{dir: quick(t), from: from, id: id, content: content, taken: taken, held: held, sent: sent}
				stride := 1
				if size > block {
					stride = slowdown
				}
				for n := 1; ; n += stride {
					hit := ""
					for _, dead := range []bool{true, false} {
						for _, part := range []vault.Part{vault.Lost, vault.Torn, vault.Persisted} {
							if part == vault.Torn && hit != "write" || part == vault.Persisted && !dead {
								continue // no news
							}
							hit = w.try(t, d, &trouble{n: n, part: part, dead: dead, err: errFault})
						}
					}
					if hit == "" { // there is no n-th step
						if n < 5 {
							t.Errorf("only %d steps", n)
						}
						return
					}
				}
			})
		}
	}
}

// try runs a deed in a new vault on a disk that gets into trouble.
func (w world) try(t *testing.T, d deed, f *trouble) (hit string) {
	t.Helper()
	dir, err := os.MkdirTemp(w.dir, "vault")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	armed := false
	c := config(dir)
	v, err := vault.OpenFaulty(t.Context(), c, func(step string) (vault.Part, error) {
		if !armed {
			return vault.Lost, nil
		}
		return f.fault(step)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.v = v
	if d.prepare != nil {
		d.prepare(t, &w)
	}
	armed = true
	err = d.run(&w)
	if f.hit != "" && err != nil && !errors.Is(err, f.err) {
		t.Errorf("step %d (%s): got %v, want what the disk said", f.n, f.hit, err)
	}
	if f.hit == "" && err != nil {
		t.Errorf("without trouble: %v", err)
	}
	done := err == nil
	v.Close() // may say again what the disk said
	if w.v, err = vault.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if left := files(t, filepath.Join(dir, "work")); len(left) > 0 {
		t.Errorf("step %d (%s): Open left %q", f.n, f.hit, left)
	}
	d.after(t, &w, done)
	if t.Failed() {
		t.Fatalf("step %d (%s), part %v, dead %v: the deed said %v", f.n, f.hit, f.part, f.dead, done)
	}
	if err := w.v.Close(); err != nil {
		t.Error(err)
	}
	return f.hit
}

// TestWhatWasReceivedIsNotReceivedAgain: wherever Complete is cut off, all blocks
// are there afterwards.
func TestWhatWasReceivedIsNotReceivedAgain(t *testing.T) {
	s := newSender(t, 2*block)
	for n := 1; ; n++ {
		dir, err := os.MkdirTemp(quick(t), "vault")
		if err != nil {
			t.Fatal(err)
		}
		f := &trouble{err: errFault, dead: true}
		v, err := vault.OpenFaulty(t.Context(), config(dir), f.fault)
		if err != nil {
			t.Fatal(err)
		}
		in := s.mustReceive(t, v)
		s.mustPut(t, in, 0, 1, 2)
		if err := in.Sync(); err != nil {
			t.Fatal(err)
		}
		f.n = f.steps + n
		err = in.Complete(t.Context())
		v.Close()
		if f.hit == "" {
			if err != nil || n < 8 {
				t.Errorf("after %d steps: %v", n, err)
			}
			return
		}
		v = mustOpen(t, config(dir))
		in = s.mustReceive(t, v)
		if missing := in.Missing(-1, 9); len(missing) > 0 {
			t.Errorf("step %d (%s): %v are missing", n, f.hit, missing)
		}
		if err := errors.Join(in.Complete(t.Context()), in.Close()); err != nil {
			t.Error(err)
		}
		requireSound(t, v, 1)
	}
}

// TestCollectLeavesWhatIsOnItsWay: at every step of taking in and receiving.
func TestCollectLeavesWhatIsOnItsWay(t *testing.T) {
	s := newSender(t, 2*block)
	var v *vault.Vault
	var collecting sync.Mutex
	ready, collected := false, 0
	v, err := vault.OpenFaulty(t.Context(), config(quick(t)), func(string) (vault.Part, error) {
		if ready && collecting.TryLock() {
			defer collecting.Unlock()
			if _, err := v.Collect(context.Background()); err != nil {
				t.Error(err)
			}
			collected++
		}
		return vault.Lost, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	id := protocol.NewCaseID()
	mustTakeIn(t, v, id, []byte("first")) // the folders
	ready = true
	content := random(8, 100)
	taken := mustTakeIn(t, v, id, content)
	if collected < 5 {
		t.Errorf("collected %d times", collected)
	}
	ready = false
	requireContent(t, v, id, taken.Tree, content)
	carry(t, s.v, v, s.receipt())
	requireSound(t, v, 3)
}

// TestFullDiskIsSaid: every step may find the disk full, and says so.
func TestFullDiskIsSaid(t *testing.T) {
	dir := quick(t)
	content := random(4, 2*block)
	for n := 1; ; n++ {
		f := &trouble{err: &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}}
		v, err := vault.OpenFaulty(t.Context(), config(dir), f.fault)
		if err != nil {
			t.Fatal(err)
		}
		f.n = f.steps + n
		id := protocol.NewCaseID()
		_, err = v.TakeIn(t.Context(), id, bytes.NewReader(content), nil)
		if f.hit == "" {
			if err != nil || n < 5 {
				t.Errorf("after %d steps: %v", n, err)
			}
			v.Close()
			return
		}
		if !errors.Is(err, vault.ErrNoRoom) {
			t.Errorf("step %d (%s): got %v, want ErrNoRoom", n, f.hit, err)
		}
		if strings.Contains(f.hit, "remove") {
			t.Errorf("step %d removes before anything failed", n)
		}
		for _, path := range files(t, dir) {
			if name := filepath.Base(path); name != "lock" && name != "seal" {
				t.Errorf("step %d (%s): %s stays", n, f.hit, path)
			}
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
}
