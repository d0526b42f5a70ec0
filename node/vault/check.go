package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// A Report is what Check found.
type Report struct {
	Objects int               // that cases refer to
	Bytes   int64             // of their sealed bytes, as many as could be read
	Damaged []protocol.Digest // objects that are not what their digest says
	Missing []protocol.Digest // objects that are referred to, and not there
	Keys    []protocol.Digest // objects of which an entry, with the key, cannot be read
	Stray   int               // files that nothing refers to
}

// Collect removes the objects that no case refers to, and returns how many files
// that were. Files that are not the vault's, by their names, stay.
func (v *Vault) Collect(ctx context.Context) (int, error) {
	removed := 0
	err := v.strays(ctx, func(tree protocol.Digest, path string) error {
		defer v.object(tree)()
		v.mu.Lock()
		referred := v.referred(tree)
		v.mu.Unlock()
		if referred {
			return nil
		}
		removed++
		return v.disk.remove(path)
	})
	if err != nil {
		return removed, fmt.Errorf("vault: collect: %w", err)
	}
	return removed, nil
}

// strays calls do for each file of an object that nothing refers to.
func (v *Vault) strays(ctx context.Context, do func(tree protocol.Digest, path string) error) error {
	for i := range fanOut {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := filepath.Join(v.folder(objectsFolder), fmt.Sprintf("%02x", i))
		files, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, f := range files {
			tree, suffix, ok := named(f.Name())
			if !ok || int(tree[0]) != i || suffix != "" && suffix != treeSuffix {
				continue
			}
			v.mu.Lock()
			referred := v.referred(tree)
			v.mu.Unlock()
			if referred {
				continue
			}
			if err := do(tree, filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// A checked object is one that Check is to read.
type checked struct {
	tree   protocol.Digest
	sealed int64 // 0: not known
	live   place // of what a live object became
}

// Check reads every object again and compares it with its digest, and every entry.
// progress, if there is one, is told how many bytes of how many were read.
func (v *Vault) Check(ctx context.Context, progress func(done, total int64)) (Report, error) {
	var r Report
	if err := v.alive(); err != nil {
		return r, err
	}
	objects, places, total := v.toCheck()
	if progress == nil {
		progress = func(int64, int64) {}
	}
	for _, o := range objects {
		before := r.Bytes
		err := v.checkObject(ctx, o, func(n int64) {
			r.Bytes += n
			progress(r.Bytes, total)
		})
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return r, fmt.Errorf("vault: check: %w", ctx.Err())
		case !v.stillReferred(o.tree): // dropped meanwhile
			r.Bytes = before
			continue
		case errors.Is(err, os.ErrNotExist):
			r.Missing = append(r.Missing, o.tree)
		default:
			r.Damaged = append(r.Damaged, o.tree)
		}
		r.Objects++
	}
	for _, p := range places {
		if err := v.checkEntry(p); errors.Is(err, ErrDamaged) {
			r.Keys = append(r.Keys, p.object)
		} else if err != nil {
			return r, fmt.Errorf("vault: check: %w", err)
		}
	}
	err := v.strays(ctx, func(protocol.Digest, string) error { r.Stray++; return nil })
	if err != nil {
		return r, fmt.Errorf("vault: check: %w", err)
	}
	return r, nil
}

func (v *Vault) toCheck() (objects []checked, places []place, total int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	seen := map[protocol.Digest]bool{}
	for id, c := range v.index.cases {
		for object, e := range c {
			if e.gone {
				continue
			}
			places = append(places, place{id, object})
			if e.refers && !seen[object] {
				seen[object] = true
				objects = append(objects, checked{tree: object, sealed: e.sealed, live: place{id, e.live}})
				total += e.sealed
			}
		}
	}
	return objects, places, total
}

func (v *Vault) stillReferred(tree protocol.Digest) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.index.refs[tree] > 0
}

func (v *Vault) checkEntry(p place) error {
	defer v.object(p.object)()
	v.mu.Lock()
	e := v.index.get(p)
	v.mu.Unlock()
	if e == nil || e.gone {
		return nil
	}
	_, err := v.readEntry(p)
	if errors.Is(err, ErrAbsent) {
		return ErrDamaged
	}
	return err
}

// Sound reports whether the bytes of an object are, on the disk, those of its tree hash.
func (v *Vault) Sound(ctx context.Context, tree protocol.Digest) (bool, error) {
	err := v.checkObject(ctx, checked{tree: tree}, func(int64) {})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrDamaged):
		return false, nil
	}
	return false, fmt.Errorf("vault: check: %w", err)
}

// checkObject computes the tree of an object, and compares the hashes beside it.
func (v *Vault) checkObject(ctx context.Context, o checked, read func(int64)) error {
	if !o.live.object.IsZero() {
		return v.checkLive(o.live, o.tree, read)
	}
	f, err := os.Open(v.objectPath(o.tree))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sealed := info.Size()
	if o.sealed != 0 && sealed != o.sealed {
		return ErrDamaged
	}
	kept, done, err := v.kept(o.tree, evidence.Blocks(sealed))
	if err != nil {
		return fmt.Errorf("%w: no hashes", ErrDamaged) // the object itself is there
	}
	defer done()
	var tree evidence.Tree
	next := int64(0)
	tree.Keep = func(hashes []tlog.Hash) error {
		for _, h := range hashes {
			if stored, err := kept.ReadHashes([]int64{next}); err != nil || stored[0] != h {
				return ErrDamaged
			}
			next++
		}
		return nil
	}
	err = v.ordered(ctx, span{0, sealed}, func(p *parcel) error {
		if err := p.load(f, sealed); err != nil {
			return err
		}
		p.leaf = evidence.Leaf(p.sealed)
		return nil
	}, func(p *parcel) error {
		read(int64(len(p.sealed)))
		return tree.AddLeaf(p.leaf)
	})
	if err != nil {
		return err
	}
	if hash, err := tree.Hash(); err != nil || hash != o.tree {
		return errors.Join(ErrDamaged, err)
	}
	return nil
}
