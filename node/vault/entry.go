package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// entryVersion is what a sealed file begins with.
const entryVersion = "comity-vault-1\n"

// What a sealed file is about is authenticated with it: none stands for another.
const (
	aboutEntry = "entry"
	aboutNote  = "note"
	aboutSeal  = "seal"
)

// A record is what an entry, or the note of what is being received, holds. Its
// size is fixed, so that its file says nothing by its length, and is overwritten
// in place.
type record struct {
	Refers   bool  // the case refers to the object; otherwise there is a key only
	Whole    bool  // the shares are there
	Size     int64 // of the plaintext
	Sealed   int64
	SHA512   [64]byte // of the plaintext, if it was taken in here
	Peer     [protocol.MaxParticipantID]byte
	Held     evidence.Share
	Sent     evidence.Share
	Live     protocol.Digest // the live object that it was delivered as
	Segments int64
}

// entrySize returns the size of every file that holds a record.
func (v *Vault) entrySize() int64 {
	return int64(len(entryVersion) + binary.Size(record{}) + v.aead.Overhead())
}

// newAEAD returns what seals files under the vault's key. Its nonces are random.
func newAEAD(key [KeySize]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return a, nil
}

// bound is what a sealed file is bound to.
func bound(about string, p place) []byte {
	return fmt.Appendf(nil, "%s%s\n%s\n%s\n", entryVersion, about, p.id, name(p.object))
}

// sealRecord returns a record as it stands in its file.
func (v *Vault) sealRecord(about string, p place, r *record) []byte {
	plain, err := binary.Append(nil, binary.BigEndian, r)
	if err != nil {
		panic(err) // its size is fixed
	}
	defer clear(plain)
	return v.aead.Seal([]byte(entryVersion), nil, plain, bound(about, p))
}

func (v *Vault) openRecord(about string, p place, b []byte) (*record, error) {
	sealed, ok := bytes.CutPrefix(b, []byte(entryVersion))
	if !ok {
		return nil, fmt.Errorf("vault: %s: %w", about, ErrDamaged)
	}
	plain, err := v.aead.Open(nil, nil, sealed, bound(about, p))
	if err != nil {
		return nil, fmt.Errorf("vault: %s: %w", about, ErrDamaged)
	}
	defer clear(plain)
	r := new(record)
	if n, err := binary.Decode(plain, binary.BigEndian, r); err != nil || n != len(plain) {
		return nil, fmt.Errorf("vault: %s: %w", about, ErrDamaged)
	}
	return r, nil
}

// readEntry returns an entry, or ErrAbsent.
func (v *Vault) readEntry(p place) (*record, error) {
	return v.readRecord(aboutEntry, p, v.entryPath(p))
}

func (v *Vault) readRecord(about string, p place, path string) (*record, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("vault: read: %w", err)
	}
	return v.openRecord(about, p, b)
}

// draft writes b under another name, to be moved to its own.
func (v *Vault) draft(b []byte) (*file, error) {
	f, err := v.disk.create(v.folder(workFolder))
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(b); err != nil {
		return nil, errors.Join(err, f.Close(), v.disk.shred(f.Name()))
	}
	return f, nil
}

// settle makes an entry durable, after what c does, and keeps it in mind. The bytes
// of the entry that it replaces are overwritten if they hold a key. The caller
// has locked the object, unless nobody knows it yet.
func (v *Vault) settle(p place, r *record, c *commit) error {
	if err := v.fold(v.casePath(p.id)); err != nil {
		return err
	}
	old := ""
	if !c.bare {
		var err error
		if old, err = v.lay(v.entryPath(p)); err != nil {
			return err
		}
	}
	draft, err := v.draft(v.sealRecord(aboutEntry, p, r))
	if err != nil {
		return err
	}
	defer draft.Close()
	c.files = append(c.files, draft)
	c.last = append(c.last, move{draft.Name(), v.entryPath(p)})
	if err := v.commit(c); err != nil {
		return errors.Join(err, v.disk.shred(draft.Name()), v.disk.shredSecond(old))
	}
	// From here the entry is there, whatever happens next.
	v.mu.Lock()
	v.index.set(p, entryOf(r))
	v.mu.Unlock()
	return v.disk.shredSecond(old)
}

// lay gives a file that is about to be replaced, and may be there, a second name,
// under which its bytes can be overwritten, after a crash too. It returns "" if
// there is none.
func (v *Vault) lay(path string) (second string, err error) {
	if !exists(path) {
		return "", nil
	}
	second = filepath.Join(v.folder(workFolder), randomName())
	if err := v.disk.do("link", func() error { return os.Link(path, second) }); err != nil {
		return "", err
	}
	if err := v.disk.syncDir(v.folder(workFolder)); err != nil {
		return "", errors.Join(err, v.disk.remove(second))
	}
	return second, nil
}

// place makes b durable under a path.
func (v *Vault) place(b []byte, path string) error {
	f, err := v.draft(b)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := v.commit(&commit{files: []*file{f}, last: []move{{f.Name(), path}}}); err != nil {
		return errors.Join(err, v.disk.shred(f.Name()))
	}
	return nil
}

// overwrite replaces all bytes of a file by zeros, durably.
func (f *file) overwrite() error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return err
	}
	return f.Sync()
}

// shred overwrites a file that may be there, and removes it.
func (d *disk) shred(path string) error {
	f, err := d.open(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.overwrite(); err != nil {
		return errors.Join(err, f.Close()) // and it stays, to be overwritten by the next try
	}
	return errors.Join(f.Close(), d.remove(path))
}

// shredSecond ends the second name that lay gave. If the file has its first name
// still, nothing replaced it, and it stays.
func (d *disk) shredSecond(path string) error {
	var st unix.Stat_t
	if path == "" {
		return nil
	}
	if err := unix.Lstat(path, &st); err == nil && st.Nlink > 1 {
		return d.remove(path)
	}
	return d.shred(path)
}

// fold makes a directory of a case or of objects.
func (v *Vault) fold(path string) error {
	v.mu.Lock()
	there := v.folded[path]
	v.mu.Unlock()
	if there {
		return nil
	}
	if err := v.disk.mkdir(path); err != nil {
		return err
	}
	v.mu.Lock()
	v.folded[path] = true
	v.mu.Unlock()
	return nil
}
