// Package vault keeps evidence at rest: objects that are sealed, each under a key
// of its own, and beside them, apart from them, their keys.
//
// An object lies under its tree hash (package evidence), once, however many cases
// refer to it. A case refers to it by an entry, which also holds the two shares of
// its key, and which is itself sealed under the vault's key. Names of files are
// digests and ids of cases; nothing in the clear says what an object is, what it
// is called, or whom it is about.
//
//	objects/ab/<tree>           the sealed bytes
//	objects/ab/<tree>.tree      the hashes of its tree, where it has more blocks than one
//	cases/<case>/<tree>         the entry: sizes, digest, whom it came from, shares
//	cases/<case>/<tree>.gone    the key was destroyed: it never comes back
//	incoming/<case>/<tree>      what is being received, with holes
//	incoming/<case>/<tree>.leaves  the leaf hash of each block that is there
//	incoming/<case>/<tree>.note    what was announced
//	live/<case>/<id>/           the segments of a live object
//	work/                       what is not an object yet, and what is being overwritten
//
// What a method returned for is durable. Everything is written under another
// name, synced, and renamed; the entry comes last. A crash at any write leaves
// either the whole object or none; Open removes the rest.
//
// Destroying a key overwrites the file that holds it, syncs it, and removes it.
// On a disk of flash memory, on a file system that copies on write or keeps
// snapshots, and in every backup, older copies of those bytes may stay, sealed
// under the vault's key. Whoever must be sure keeps the vault on a disk that is
// encrypted as a whole, and leaves cases/ out of backups, or destroys those too.
//
// The package is trusted with this: what it hands out of an object is what was
// taken in, or what a peer proved block by block; a key that it destroyed it
// cannot give back; and a peer that announces much takes no more of the disk than
// the quotas and the reserve allow. Whoever can read the disk and has the vault's
// key reads the evidence; either alone does not do.
package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"comity.example/protocol"
)

// KeySize is the size of the key of a vault, in bytes.
const KeySize = 32

// Errors. What a method returns wraps one of them where it fits.
var (
	// ErrAbsent says that there is no such object, block or reference.
	ErrAbsent = errors.New("vault: not in the vault")
	// ErrDestroyed says that the key of the object was destroyed in this case.
	ErrDestroyed = errors.New("vault: its key was destroyed")
	// ErrNoKey says that the object's key is not here.
	ErrNoKey = errors.New("vault: its key is not here")
	// ErrQuota says that a peer or a case would have more than its quota.
	ErrQuota = errors.New("vault: over the quota")
	// ErrNoRoom says that the disk has no room that the vault may use.
	ErrNoRoom = errors.New("vault: no room on the disk")
	// ErrDamaged says that what is on disk is not what was written.
	ErrDamaged = errors.New("vault: damaged")
	// ErrIncomplete says that blocks are missing.
	ErrIncomplete = errors.New("vault: blocks are missing")
	// ErrReceipt says that an object was announced with a size that it cannot have,
	// or another than before.
	ErrReceipt = errors.New("vault: not the size that was announced")
	// ErrKeyDiffers says that the object has another key than the one it is given.
	ErrKeyDiffers = errors.New("vault: it has another key")
	// ErrWrongKey says that the vault was made with another key.
	ErrWrongKey = errors.New("vault: another key than the one it was made with")
	// ErrInUse says that another process has the vault open.
	ErrInUse = errors.New("vault: in use by another process")
	// ErrClosed says that the vault, or what was to be received, was closed.
	ErrClosed = errors.New("vault: closed")
)

// A Config says where a vault is and what it may take.
type Config struct {
	Dir string
	// Key seals the entries, and with them the keys of the objects.
	Key   [KeySize]byte
	Quota Quota
	// Reserve is how many bytes of the disk stay free.
	Reserve int64
	Log     *slog.Logger
}

// A Quota bounds what a peer or a case may have, in bytes of sealed objects, those
// included that were only announced; 0: no bound.
type Quota struct {
	Peer, Case int64
	// PeerShare bounds, where Peer is 0, what a peer may have to so many percent of
	// what the vault may use of its disk: what it has, and the room that there is.
	PeerShare int64
}

// A Vault keeps evidence. It is safe for concurrent use.
type Vault struct {
	dir     string
	aead    cipher.AEAD
	quota   Quota
	reserve int64
	log     *slog.Logger
	disk    disk
	lock    *os.File
	group   group
	buffers sync.Pool // of *parcel
	stripes [stripes]sync.Mutex
	living  living

	mu      sync.Mutex // guards what follows
	closed  bool
	index   index
	coming  map[place]*coming
	making  map[content]chan struct{} // what is being taken in, until its entry is there
	settled map[protocol.Digest]int   // objects that are being moved to their names
	folded  map[string]bool           // directories that are there, durably
}

// stripes is how many locks share the objects among them.
const stripes = 64

// object locks all that is done to the files of one object.
func (v *Vault) object(tree protocol.Digest) (unlock func()) {
	m := &v.stripes[tree[0]%stripes]
	m.Lock()
	return m.Unlock
}

// Open opens the vault in a directory, which it makes if need be. It removes what
// a crash left half made, and what nothing refers to; what is being received stays.
func Open(ctx context.Context, c Config) (*Vault, error) { return open(ctx, c, disk{}) }

func open(ctx context.Context, c Config, d disk) (*Vault, error) {
	v := &Vault{dir: c.Dir, quota: c.Quota, reserve: c.Reserve, log: c.Log, disk: d,
		index: newIndex(), coming: map[place]*coming{}, making: map[content]chan struct{}{},
		settled: map[protocol.Digest]int{}, folded: map[string]bool{},
		living: living{logs: map[place]*liveLog{}}}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	v.buffers.New = func() any { return newParcel() }
	var err error
	if v.aead, err = newAEAD(c.Key); err != nil {
		return nil, err
	}
	if err := v.disk.mkdir(v.dir); err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	if v.lock, err = lockDir(v.lockPath()); err != nil {
		return nil, err
	}
	if err := v.load(ctx); err != nil {
		return nil, errors.Join(err, v.lock.Close())
	}
	return v, nil
}

// lockDir takes a directory for this process. The lock ends with the file
// handle, so a killed process leaves none behind.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	return nil, errors.Join(fmt.Errorf("vault: lock: %w", err), f.Close())
}

// Close ends the vault. What is being received is closed, and stays.
func (v *Vault) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil
	}
	v.closed = true
	var open []*Incoming
	for _, c := range v.coming {
		if c.open != nil {
			open = append(open, c.open)
		}
	}
	v.mu.Unlock()
	var err error
	for _, in := range open {
		err = errors.Join(err, in.end())
	}
	return errors.Join(err, v.closeLive(), v.lock.Close())
}

// alive returns ErrClosed after Close.
func (v *Vault) alive() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	return nil
}

// Room returns how many bytes may still be written: what the disk has free, less
// the reserve, less what was announced and is still to come.
func (v *Vault) Room() int64 {
	spare := v.spare()
	v.mu.Lock()
	defer v.mu.Unlock()
	return max(0, spare-v.index.announced)
}

// spare returns what the disk has free, less the reserve: whatever was announced, it is
// there now.
func (v *Vault) spare() int64 {
	free, err := v.disk.free(v.dir)
	if err != nil {
		v.log.Error("vault: ask for free space", "err", err)
		return 0
	}
	return max(0, free-v.reserve)
}
