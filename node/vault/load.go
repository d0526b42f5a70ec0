package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"comity.example/protocol"
)

// fanOut is how many folders the objects are spread over.
const fanOut = 256

// load makes the folders of a new vault, or reads what is in it and ends what a
// crash interrupted.
func (v *Vault) load(ctx context.Context) error {
	if err := v.found(); err != nil {
		return fmt.Errorf("vault: open: %w", err)
	}
	for _, step := range []func(context.Context) error{v.clean, v.loadCases, v.loadIncoming, v.loadLive} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("vault: open: %w", err)
		}
	}
	_, err := v.Collect(ctx)
	return err
}

// found makes the folders. A vault that is there must have those that hold
// evidence: without them everything else would be collected as garbage.
func (v *Vault) found() error {
	b, err := os.ReadFile(v.sealPath())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return v.create()
	case err != nil:
		return err
	}
	if _, err := v.openRecord(aboutSeal, place{}, b); err != nil {
		if bytes.HasPrefix(b, []byte(entryVersion)) {
			return ErrWrongKey
		}
		return err
	}
	for _, folder := range []string{objectsFolder, casesFolder} {
		if !exists(v.folder(folder)) {
			return fmt.Errorf("%w: %s is missing: restore it", ErrDamaged, folder)
		}
	}
	return v.folders()
}

func (v *Vault) create() error {
	for _, folder := range []string{objectsFolder, casesFolder, incomingFolder} {
		if names, err := os.ReadDir(v.folder(folder)); err == nil && folder != objectsFolder && len(names) > 0 {
			return fmt.Errorf("%w: %s is not empty, and the file seal is missing: restore it", ErrDamaged, folder)
		}
	}
	if err := v.folders(); err != nil {
		return err
	}
	return v.place(v.sealRecord(aboutSeal, place{}, new(record)), v.sealPath())
}

func (v *Vault) folders() error {
	for _, folder := range []string{objectsFolder, casesFolder, incomingFolder, liveFolder, workFolder} {
		if err := v.disk.mkdir(v.folder(folder)); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what was not an object yet, and what was replaced. What has the
// size of an entry may hold a key.
func (v *Vault) clean(context.Context) error {
	files, err := os.ReadDir(v.folder(workFolder))
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(v.folder(workFolder), f.Name())
		end := v.disk.remove
		if info, err := f.Info(); err == nil && info.Size() == v.entrySize() {
			end = v.disk.shredSecond
		}
		if err := end(path); err != nil {
			return err
		}
	}
	return nil
}

// eachCase calls do for each file of each case in a folder.
func (v *Vault) eachCase(ctx context.Context, folder string, do func(p place, suffix string) error) error {
	cases, err := os.ReadDir(v.folder(folder))
	if err != nil {
		return err
	}
	for _, c := range cases {
		id, err := protocol.ParseCaseID(c.Name())
		if err != nil || !c.IsDir() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		files, err := os.ReadDir(filepath.Join(v.folder(folder), c.Name()))
		if err != nil {
			return err
		}
		for _, f := range files {
			if object, suffix, ok := named(f.Name()); ok {
				if err := do(place{id, object}, suffix); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (v *Vault) loadCases(ctx context.Context) error {
	var ending []place // keys whose destruction a crash interrupted
	err := v.eachCase(ctx, casesFolder, func(p place, suffix string) error {
		v.folded[v.casePath(p.id)] = true
		switch suffix {
		case "":
			return v.loadEntry(p)
		case goneSuffix:
			ending = append(ending, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range ending {
		left := v.index.get(p) != nil || exists(v.incomingPath(p)+noteSuffix) || exists(v.livePath(p))
		v.index.set(p, &entry{gone: true})
		if left {
			if err := v.remove(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// loadEntry keeps an entry in mind. One that cannot be read refers to its object all
// the same: nothing is collected because a file is damaged.
func (v *Vault) loadEntry(p place) error {
	r, err := v.readEntry(p)
	if errors.Is(err, ErrDamaged) {
		v.log.Error("vault: an entry cannot be read: run vault check", "case", p.id, "object", p.object)
		v.index.set(p, &entry{refers: true, damaged: true})
		return nil
	}
	if err != nil {
		return err
	}
	v.index.set(p, entryOf(r))
	return nil
}

func (v *Vault) loadIncoming(ctx context.Context) error {
	return v.eachCase(ctx, incomingFolder, func(p place, suffix string) error {
		path := v.incomingPath(p)
		switch suffix {
		case noteSuffix:
			return v.loadNote(p)
		case "", leavesSuffix:
			if !exists(path + noteSuffix) { // of what was complete, or dropped
				return v.disk.remove(path + suffix)
			}
		}
		return nil
	})
}

func (v *Vault) loadNote(p place) error {
	path := v.incomingPath(p)
	note, err := v.readRecord(aboutNote, p, path+noteSuffix)
	if errors.Is(err, ErrDamaged) {
		v.log.Error("vault: a note cannot be read: what was being received is dropped", "case", p.id, "object", p.object)
		return v.removeIncoming(p)
	}
	if err != nil {
		return err
	}
	e := v.index.get(p)
	if !exists(path) {
		switch moved := v.whole(p.object, note.Sealed); {
		case moved && e != nil && e.refers: // complete, but for this
			return v.removeIncoming(p)
		case moved:
			return v.refer(p, note)
		}
		if err := v.disk.remove(path + leavesSuffix); err != nil {
			return err
		}
	}
	if e != nil && e.refers { // what it referred to was lost, and is received again
		v.index.set(p, &entry{whole: e.whole, live: e.live})
	}
	c := &coming{peer: peerOf(note), sealed: note.Sealed, left: note.Sealed}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err == nil {
		c.left = max(0, note.Sealed-int64(st.Blocks)*512) // exactly, when it goes on
	}
	v.expect(p, c)
	return nil
}

// refer ends Complete, of which a crash let only the move of the object happen.
func (v *Vault) refer(p place, note *record) error {
	r, err := v.readEntry(p)
	if errors.Is(err, ErrAbsent) || errors.Is(err, ErrDamaged) {
		r, err = new(record), nil
	}
	if err != nil {
		return err
	}
	r.Refers, r.Size, r.Sealed, r.Peer = true, note.Size, note.Sealed, note.Peer
	if err := v.setEntry(p, r); err != nil {
		return err
	}
	return v.removeIncoming(p)
}
