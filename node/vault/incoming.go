package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

const (
	// syncBlocks is after how many blocks what was received is synced, by one of
	// those who put; the others go on.
	syncBlocks = 32
	// behindBlocks is after how many blocks that are not synced they wait for it.
	behindBlocks = 2 * syncBlocks
)

// A Receipt announces an object that is to be received from a peer for a case.
type Receipt struct {
	Case protocol.CaseID
	Peer protocol.ParticipantID
	Tree protocol.Digest
	Size int64 // of the content, as it was signed
	// Despite takes it although a quota is used up.
	Despite bool
	// Urgent takes it although others were announced that would fill the disk: who
	// only announces keeps no emergency out.
	Urgent bool
}

// A coming object was announced, and is not complete.
type coming struct {
	peer   protocol.ParticipantID
	sealed int64
	left   int64     // bytes that the disk is still to take
	open   *Incoming // while somebody receives it
	users  int
}

// An Incoming is an object that is being received. Put is safe for concurrent use.
// A block that was put is not asked for again, unless the disk loses it.
type Incoming struct {
	v      *Vault
	at     place
	blocks int64
	sealed int64
	done   bool // it was complete when it was asked for

	peer protocol.ParticipantID

	bytes  *file
	leaves *file     // the leaf hash of each block that is there; none if it is brief
	leaf   tlog.Hash // of the block of a brief one

	syncing sync.Mutex // one sync at a time

	mu     sync.Mutex // guards what follows
	ended  bool
	have   []uint64 // a bit for each block
	fresh  []uint64 // of those, which were verified and written since the files were opened
	count  int64    // of blocks that are there
	size   int64    // their bytes
	busy   map[int64]bool
	unsync int  // blocks that were written since the last sync
	saving bool // somebody is on the way to sync them
}

// brief reports whether the object has one block: there is nothing to go on from
// then, and until it is complete it leaves nothing but a file in work.
func (in *Incoming) brief() bool { return in.blocks == 1 }

// Receive begins to receive an object, or goes on. Nothing is taken for what a
// quota or the disk has no room for: ErrQuota, ErrNoRoom. What is complete is Done.
func (v *Vault) Receive(ctx context.Context, in Receipt) (*Incoming, error) {
	p, err := at(in.Case, in.Tree)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if in.Size < 0 || in.Size > protocol.MaxObject || len(in.Peer) > protocol.MaxParticipantID {
		return nil, fmt.Errorf("vault: receive: %w", ErrReceipt)
	}
	defer v.object(p.object)()
	if err := v.standing(p); err != nil {
		return nil, fmt.Errorf("vault: receive: %w", err)
	}
	i := &Incoming{v: v, at: p, peer: in.Peer, sealed: stream.SealedSize(in.Size), busy: map[int64]bool{}}
	i.blocks = evidence.Blocks(i.sealed)
	there, err := i.resume()
	if err != nil || there != nil {
		return there, err
	}
	if err := i.announce(in); err != nil {
		return nil, fmt.Errorf("vault: receive: %w", err)
	}
	return i, nil
}

// resume returns what was announced before, or is complete; nil if neither.
func (in *Incoming) resume() (*Incoming, error) {
	v := in.v
	v.mu.Lock()
	e, c := v.index.get(in.at), v.coming[in.at]
	if c != nil && c.sealed != in.sealed || c == nil && e != nil && e.refers && !e.damaged && e.sealed != in.sealed {
		v.mu.Unlock()
		return nil, fmt.Errorf("vault: receive: %w", ErrReceipt)
	}
	if c != nil && c.open != nil {
		c.users++
		v.mu.Unlock()
		return c.open, nil
	}
	v.mu.Unlock()
	if c == nil {
		if e == nil || !e.refers || !v.whole(in.at.object, in.sealed) {
			return nil, nil
		}
		in.done, in.ended, in.count, in.size = true, true, in.blocks, in.sealed
		return in, nil
	}
	in.peer = c.peer
	if err := in.openFiles(); err != nil {
		return nil, fmt.Errorf("vault: receive: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.index.announced += in.sealed - in.size - c.left
	c.left = in.sealed - in.size
	c.open, c.users = in, 1
	return in, nil
}

// whole reports whether an object lies there with its size.
func (v *Vault) whole(tree protocol.Digest, sealed int64) bool {
	info, err := os.Stat(v.objectPath(tree))
	return err == nil && info.Mode().IsRegular() && info.Size() == sealed
}

// announce counts a new object against the quotas and the room, and then makes
// durable that it is being received.
func (in *Incoming) announce(r Receipt) error {
	v := in.v
	free, err := v.disk.free(v.dir)
	if err != nil {
		return err
	}
	if err := v.admit(in, r, free-v.reserve); err != nil {
		return err
	}
	err = in.note(r)
	if err == nil {
		err = in.openFiles()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.forget(in.at)
		return errors.Join(err, v.removeIncoming(in.at))
	}
	v.coming[in.at].open, v.coming[in.at].users = in, 1
	return nil
}

// admit counts what is announced, if it fits.
func (v *Vault) admit(in *Incoming, r Receipt, room int64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e := v.index.get(in.at); e != nil && e.refers { // what was there is lost, and its entry counts already
		v.index.set(in.at, &entry{whole: e.whole, live: e.live})
	}
	if !r.Despite {
		if err := v.index.within(v.quota, r.Case, r.Peer, in.sealed); err != nil {
			return err
		}
	}
	left := room
	if !r.Urgent {
		left -= v.index.announced
	}
	if left < in.sealed {
		return fmt.Errorf("%w: %d bytes are free beside the reserve and what was announced, and %d are wanted",
			ErrNoRoom, max(0, left), in.sealed)
	}
	if !r.Despite {
		if err := v.index.withinShare(v.quota, room, r.Peer, in.sealed); err != nil {
			return err
		}
	}
	v.expect(in.at, &coming{peer: r.Peer, sealed: in.sealed, left: in.sealed})
	return nil
}

// expect counts what was announced. The caller holds the vault's lock.
func (v *Vault) expect(p place, c *coming) {
	v.coming[p] = c
	v.index.use(p.id, c.peer, c.sealed)
	v.index.announced += c.left
}

// forget counts it no more. The caller holds the vault's lock.
func (v *Vault) forget(p place) {
	if c := v.coming[p]; c != nil {
		delete(v.coming, p)
		v.index.use(p.id, c.peer, -c.sealed)
		v.index.announced -= c.left
	}
}

func (in *Incoming) note(r Receipt) error {
	if in.brief() {
		return nil
	}
	v, path := in.v, in.v.incomingPath(in.at)
	if err := v.disk.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	n := &record{Size: r.Size, Sealed: in.sealed}
	copy(n.Peer[:], r.Peer)
	return v.place(v.sealRecord(aboutNote, in.at, n), path+noteSuffix)
}

// openFiles opens the files and reads which blocks are there. Memory is two bits for
// each block.
func (in *Incoming) openFiles() (err error) {
	in.have, in.fresh = make([]uint64, (in.blocks+63)/64), make([]uint64, (in.blocks+63)/64)
	if in.brief() {
		in.bytes, err = in.v.disk.create(in.v.folder(workFolder))
		return err
	}
	path := in.v.incomingPath(in.at)
	if in.bytes, err = in.v.disk.open(path, os.O_RDWR|os.O_CREATE); err != nil {
		return err
	}
	if in.leaves, err = in.v.disk.open(path+leavesSuffix, os.O_RDWR|os.O_CREATE); err != nil {
		return errors.Join(err, in.bytes.Close())
	}
	if err = in.readLeaves(); err != nil {
		return errors.Join(err, in.bytes.Close(), in.leaves.Close())
	}
	return nil
}

// leavesRead is how many leaf hashes are read at once.
const leavesRead = 2048

func (in *Incoming) readLeaves() error {
	buf := make([]byte, min(leavesRead, in.blocks)*tlog.HashSize)
	for first := int64(0); first < in.blocks; first += leavesRead {
		n, err := in.leaves.ReadAt(buf, first*tlog.HashSize)
		for i := range int64(n / tlog.HashSize) {
			if leaf := tlog.Hash(buf[i*tlog.HashSize:]); leaf != (tlog.Hash{}) && first+i < in.blocks {
				in.mark(first + i)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("vault: read: %w", err)
		}
	}
	return nil
}

func (in *Incoming) has(i int64) bool { return in.have[i/64]&(1<<(i%64)) != 0 }

// mark notes that a block is there.
func (in *Incoming) mark(i int64) {
	if !in.has(i) {
		_, size := evidence.BlockAt(in.sealed, i)
		in.have[i/64] |= 1 << (i % 64)
		in.count++
		in.size += size
	}
}

// unmark notes that a block is not there.
func (in *Incoming) unmark(i int64) {
	if in.has(i) {
		_, size := evidence.BlockAt(in.sealed, i)
		in.have[i/64] &^= 1 << (i % 64)
		in.fresh[i/64] &^= 1 << (i % 64)
		in.count--
		in.size -= size
	}
}

// Done reports whether the object was complete when Receive was called. Nothing is
// to be put then.
func (in *Incoming) Done() bool { return in.done }

// Missing returns the numbers of at most max blocks that are not there, in
// ascending order, of those that are greater than after: -1 for all.
func (in *Incoming) Missing(after int64, max int) []int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	var out []int64
	if in.done {
		return nil
	}
	for w := (after + 1) / 64; w < int64(len(in.have)) && len(out) < max; w++ {
		for free := ^in.have[w]; free != 0 && len(out) < max; free &= free - 1 {
			if i := w*64 + int64(bits.TrailingZeros64(free)); i > after && i < in.blocks {
				out = append(out, i)
			}
		}
	}
	return out
}

// Have returns how many blocks, and how many of their bytes, are there.
func (in *Incoming) Have() (blocks, bytes int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.count, in.size
}

// Put takes a block that its proof shows to be the one that was signed:
// evidence.ErrBlock if it is not. A block that is there costs nothing.
func (in *Incoming) Put(i int64, block []byte, proof []protocol.Digest) error {
	if i < 0 || i >= in.blocks {
		return fmt.Errorf("vault: put: %w", evidence.ErrBlock)
	}
	offset, size := evidence.BlockAt(in.sealed, i)
	if int64(len(block)) != size {
		return fmt.Errorf("vault: put: %w", evidence.ErrBlock)
	}
	if free, err := in.begin(i); err != nil || !free {
		return err
	}
	leaf := evidence.Leaf(block)
	err := evidence.Cut{Tree: in.at.object, Blocks: in.blocks}.VerifyLeaf(i, leaf, proof)
	if err == nil && in.v.spare() < size { // it was announced, and the disk has filled since
		err = ErrNoRoom
	}
	if err == nil {
		err = in.write(i, offset, block, leaf)
	}
	full := in.finish(i, err)
	if err != nil {
		return fmt.Errorf("vault: put: %w", err)
	}
	if full {
		return in.Sync()
	}
	return nil
}

// begin reports whether a block is wanted, and has nobody else put it meanwhile.
func (in *Incoming) begin(i int64) (wanted bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.done:
		return false, nil
	case in.ended:
		return false, fmt.Errorf("vault: put: %w", ErrClosed)
	case in.has(i) || in.busy[i]:
		return false, nil
	}
	in.busy[i] = true
	return true, nil
}

// write writes a block, and then its leaf hash, which says that it is there. The
// two may reach the disk in any order: Complete finds what a crash lost. The reserve
// stays free, whoever else fills the disk meanwhile.
func (in *Incoming) write(i, offset int64, block []byte, leaf tlog.Hash) error {
	switch free, err := in.v.disk.free(in.v.dir); {
	case err != nil:
		return err
	case in.v.reserve > 0 && free < in.v.reserve+int64(len(block)):
		return fmt.Errorf("%w: %d bytes are free, and %d stay free", ErrNoRoom, free, in.v.reserve)
	}
	if _, err := in.bytes.WriteAt(block, offset); err != nil {
		return err
	}
	if in.brief() {
		in.leaf = leaf
		return nil
	}
	_, err := in.leaves.WriteAt(leaf[:], i*tlog.HashSize)
	return err
}

// finish reports whether the caller is to sync, or to wait for who does.
func (in *Incoming) finish(i int64, err error) (full bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.busy, i)
	if err != nil {
		return false
	}
	before := in.size
	in.mark(i)
	in.fresh[i/64] |= 1 << (i % 64)
	in.v.arrived(in, in.size-before)
	in.unsync++
	if in.unsync >= syncBlocks && !in.saving {
		in.saving = true
		return true
	}
	return in.unsync >= behindBlocks
}

// arrived counts bytes that are to come no more, or with a negative number again.
func (v *Vault) arrived(in *Incoming, n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.coming[in.at]; c != nil && c.open == in {
		c.left -= n
		v.index.announced -= n
	}
}

// Sync makes durable what was put: first the blocks, then that they are there.
func (in *Incoming) Sync() error {
	in.syncing.Lock()
	defer in.syncing.Unlock()
	in.mu.Lock()
	n := in.unsync
	if n == 0 || in.ended || in.brief() { // what is brief is not kept
		in.saving = false
		in.mu.Unlock()
		return nil
	}
	in.mu.Unlock()
	err := errors.Join(in.bytes.datasync(), in.leaves.datasync())
	in.mu.Lock()
	defer in.mu.Unlock()
	in.saving = false
	if err != nil {
		clear(in.fresh)
		return fmt.Errorf("vault: sync: %w", err)
	}
	in.unsync -= n
	return nil
}

// stale has Complete read back every block: what is known to have been written is
// not known to be there any more. It reports whether there were any others.
func (in *Incoming) stale() (changed bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, w := range in.fresh {
		changed = changed || w != 0
	}
	clear(in.fresh)
	return changed
}

// Close ends receiving for this caller and keeps what is there, if there are more
// blocks than one.
func (in *Incoming) Close() error {
	in.v.mu.Lock()
	c := in.v.coming[in.at]
	if c == nil || c.open != in {
		in.v.mu.Unlock()
		return nil
	}
	if c.users--; c.users > 0 {
		in.v.mu.Unlock()
		return nil
	}
	c.open = nil
	if in.brief() {
		in.v.forget(in.at)
	}
	in.v.mu.Unlock()
	return in.end()
}

// end syncs and closes the files.
func (in *Incoming) end() error {
	err := in.Sync()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return err
	}
	in.ended = true
	if in.brief() {
		return errors.Join(err, in.bytes.Close(), in.v.disk.remove(in.bytes.Name()))
	}
	return errors.Join(err, in.bytes.Close(), in.leaves.Close())
}

// abandon returns what ends receiving whatever is on its way to a place now. It is
// to be called without the lock of the object: Complete takes that one second.
func (v *Vault) abandon(p place) (end func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.coming[p]
	if c == nil || c.open == nil {
		return func() {}
	}
	in := c.open
	return func() {
		if err := in.end(); err != nil {
			v.log.Warn("vault: end receiving", "err", err)
		}
	}
}

// removeIncoming removes the files of what was being received.
func (v *Vault) removeIncoming(p place) error {
	path := v.incomingPath(p)
	if _, err := os.Lstat(path + noteSuffix); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	// The note goes last: while it is there, Open knows what the rest is.
	err := errors.Join(v.disk.remove(path), v.disk.remove(path+leavesSuffix), v.disk.remove(path+noteSuffix))
	if err != nil {
		return err
	}
	return v.disk.syncDir(filepath.Dir(path))
}
