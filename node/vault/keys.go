package vault

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// SetKey keeps the two shares of an object's key for a case. It is durable when it
// returns. The object need not be here yet. Other shares take the place of those
// that are there only if they make the same key.
func (v *Vault) SetKey(id protocol.CaseID, object protocol.Digest, held, sent evidence.Share) error {
	p, err := at(id, object)
	if err != nil {
		return err
	}
	defer v.object(object)()
	if err := v.standing(p); err != nil {
		return fmt.Errorf("vault: set a key: %w", err)
	}
	r, err := v.readEntry(p)
	bare := err == nil && !r.Whole
	switch {
	case errors.Is(err, ErrAbsent):
		r = new(record)
	case errors.Is(err, ErrDamaged):
		r = v.rebuilt(p)
	case err != nil:
		return fmt.Errorf("vault: set a key: %w", err)
	case r.Whole && r.Held == held && r.Sent == sent:
		return nil
	case r.Whole && !same(r, held, sent):
		return fmt.Errorf("vault: set a key: %w", ErrKeyDiffers)
	}
	r.Whole, r.Held, r.Sent = true, held, sent
	if err := v.settle(p, r, &commit{bare: bare}); err != nil {
		return fmt.Errorf("vault: set a key: %w", err)
	}
	return nil
}

// rebuilt returns the record of an object whose entry cannot be read, as far as
// the object itself tells.
func (v *Vault) rebuilt(p place) *record {
	r := new(record)
	info, err := os.Lstat(v.objectPath(p.object))
	if err != nil {
		return r
	}
	if size, err := stream.OpenedSize(info.Size()); err == nil {
		r.Refers, r.Size, r.Sealed = true, size, info.Size()
	}
	return r
}

func same(r *record, held, sent evidence.Share) bool {
	a, b := evidence.Join(r.Held, r.Sent), evidence.Join(held, sent)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// standing returns ErrDestroyed if the key of a place is to come back no more, and
// ErrClosed after Close.
func (v *Vault) standing(p place) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	if e := v.index.get(p); e != nil && e.gone {
		return ErrDestroyed
	}
	return nil
}

// Key returns the shares of an object's key: ErrDestroyed or ErrNoKey.
func (v *Vault) Key(id protocol.CaseID, object protocol.Digest) (held, sent evidence.Share, err error) {
	p, err := at(id, object)
	if err != nil {
		return held, sent, err
	}
	defer v.object(object)()
	return v.key(p)
}

// Keeps returns nil if the key of an object is here, and otherwise what Key returns.
func (v *Vault) Keeps(id protocol.CaseID, object protocol.Digest) error {
	p, err := at(id, object)
	if err != nil {
		return err
	}
	if err := v.standing(p); err != nil {
		return fmt.Errorf("vault: key: %w", err)
	}
	v.mu.Lock()
	e := v.index.get(p)
	v.mu.Unlock()
	if e != nil && e.whole && !e.damaged {
		return nil
	}
	_, _, err = v.Key(id, object)
	return err
}

// key is Key for who has locked the object.
func (v *Vault) key(p place) (held, sent evidence.Share, err error) {
	if err := v.standing(p); err != nil {
		return held, sent, fmt.Errorf("vault: key: %w", err)
	}
	r, err := v.readEntry(p)
	if errors.Is(err, ErrAbsent) {
		if became, ok := v.product(p); ok { // a live object's key has moved
			r, err = v.readEntry(became)
		}
	}
	if errors.Is(err, ErrAbsent) || err == nil && !r.Whole {
		return held, sent, fmt.Errorf("vault: key: %w", ErrNoKey)
	}
	if err != nil {
		return held, sent, fmt.Errorf("vault: key: %w", err)
	}
	return r.Held, r.Sent, nil
}

// Destroy destroys the key of an object in a case, for good: its file is
// overwritten, synced and removed, and a mark stays that it was. The sealed bytes
// are removed if no other case refers to them. What was destroyed already, or was
// never here, is no error; its key cannot be set afterwards either. With a live object
// goes what it became.
func (v *Vault) Destroy(id protocol.CaseID, object protocol.Digest) error {
	p, err := at(id, object)
	if err != nil {
		return err
	}
	if err := v.alive(); err != nil {
		return err
	}
	if became, ok := v.product(p); ok {
		return v.Destroy(id, became.object)
	}
	defer v.abandon(p)()
	defer v.object(object)()
	if err := v.fold(v.casePath(id)); err != nil {
		return fmt.Errorf("vault: destroy: %w", err)
	}
	v.mu.Lock()
	e := v.index.get(p)
	v.mu.Unlock()
	if e != nil && !e.live.IsZero() {
		if err := v.destroyLive(place{id, e.live}); err != nil {
			return fmt.Errorf("vault: destroy: %w", err)
		}
	}
	// The mark comes first: after a crash Open goes on from it.
	if !exists(v.gonePath(p)) {
		if err := v.place(nil, v.gonePath(p)); err != nil {
			return fmt.Errorf("vault: destroy: %w", err)
		}
	}
	v.mu.Lock()
	v.index.set(p, &entry{gone: true})
	v.forget(p)
	v.mu.Unlock()
	if err := v.remove(p); err != nil {
		return fmt.Errorf("vault: destroy: %w", err)
	}
	return nil
}

// Drop ends that a case refers to an object, and overwrites its key in this case.
// The bytes go when no case refers to them. Unlike Destroy it leaves no mark.
func (v *Vault) Drop(id protocol.CaseID, tree protocol.Digest) error {
	p, err := at(id, tree)
	if err != nil {
		return err
	}
	if err := v.alive(); err != nil {
		return err
	}
	defer v.abandon(p)()
	defer v.object(tree)()
	v.mu.Lock()
	if e := v.index.get(p); e != nil && !e.gone {
		v.index.clear(p)
	}
	v.forget(p)
	v.mu.Unlock()
	if err := v.remove(p); err != nil {
		return fmt.Errorf("vault: drop: %w", err)
	}
	return nil
}

// remove removes the entry of a place which the index has no more, what was being
// received for it, and the object if nothing refers to it. The caller has locked
// the object.
func (v *Vault) remove(p place) error {
	if err := v.unlist(p); err != nil {
		return err
	}
	if err := v.removeIncoming(p); err != nil {
		return err
	}
	if err := v.removeLive(p); err != nil {
		return err
	}
	v.mu.Lock()
	referred := v.referred(p.object)
	v.mu.Unlock()
	if referred {
		return nil
	}
	return v.removeObject(p.object)
}

// unlist removes an entry that may be there, and then overwrites it: a crash leaves
// no half of one.
func (v *Vault) unlist(p place) error {
	path, second := v.entryPath(p), filepath.Join(v.folder(workFolder), randomName())
	if !exists(path) {
		return nil
	}
	if err := v.disk.rename(path, second); err != nil {
		return err
	}
	if err := errors.Join(v.disk.syncDir(v.casePath(p.id)), v.disk.syncDir(v.folder(workFolder))); err != nil {
		return errors.Join(err, v.disk.rename(second, path)) // for the next try
	}
	return v.disk.shred(second)
}

// removeObject removes the sealed bytes, the object before its hashes.
func (v *Vault) removeObject(tree protocol.Digest) error {
	path := v.objectPath(tree)
	if !exists(path) && !exists(v.treePath(tree)) {
		return nil
	}
	if err := errors.Join(v.disk.remove(path), v.disk.remove(v.treePath(tree))); err != nil {
		return err
	}
	return v.disk.syncDir(filepath.Dir(path))
}

// Refer makes a case refer to an object that another case has: it passes it on.
// Its key in this case is set apart.
func (v *Vault) Refer(id protocol.CaseID, tree protocol.Digest) error {
	p, err := at(id, tree)
	if err != nil {
		return err
	}
	defer v.object(tree)()
	if err := v.standing(p); err != nil {
		return fmt.Errorf("vault: refer: %w", err)
	}
	v.mu.Lock()
	mine, other := v.index.get(p), v.index.whoever(tree)
	v.mu.Unlock()
	switch {
	case mine != nil && mine.refers:
		return nil
	case other == nil:
		return fmt.Errorf("vault: refer: %w", ErrAbsent)
	}
	r, err := v.readEntry(p)
	if errors.Is(err, ErrAbsent) {
		r, err = new(record), nil
	}
	if err != nil {
		return fmt.Errorf("vault: refer: %w", err)
	}
	r.Refers, r.Size, r.Sealed, r.Live = true, other.size, other.sealed, other.live
	if err := v.setEntry(p, r); err != nil {
		return fmt.Errorf("vault: refer: %w", err)
	}
	return nil
}

// setEntry makes an entry durable.
func (v *Vault) setEntry(p place, r *record) error {
	return v.settle(p, r, &commit{})
}

// whoever returns the entry of some case that refers to an object and is whole.
func (x *index) whoever(tree protocol.Digest) *entry {
	for _, c := range x.cases {
		if e := c[tree]; e != nil && e.refers && !e.damaged {
			return e
		}
	}
	return nil
}
