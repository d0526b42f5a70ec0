package vault

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// blockPlain is how many bytes of plaintext are in a block that is not the last.
const blockPlain = evidence.BlockChunks * stream.ChunkSize

// smallPlain is how many bytes of memory small content is read into, without more.
const smallPlain = 32 << 10

// writeAhead is after how many blocks the system is asked to begin writing them.
const writeAhead = 8

// Taken describes what was taken in.
type Taken struct {
	Tree   protocol.Digest
	Size   int64  // of the content
	Sealed int64  // of what is stored and travels
	SHA512 string // of the content, in hexadecimal digits
	// Already says that the case had this content: the object is that one.
	Already bool
}

// A parcel is one block on its way into the vault.
type parcel struct {
	n      int64
	plain  []byte // what was read
	last   bool
	sealed []byte
	leaf   tlog.Hash
	ready  chan struct{} // it was sealed
	summed chan struct{} // its plaintext was hashed
	err    error
}

func newParcel() *parcel {
	return &parcel{ready: make(chan struct{}, 1), summed: make(chan struct{}, 1)}
}

// A taking is an object on its way into the vault.
type taking struct {
	v      *Vault
	id     protocol.CaseID
	key    stream.Key
	aead   *stream.Aead
	object *file
	hashes hashing
	size   int64
	sealed int64
	held   int64 // bytes that were counted against the quota of the case
	tell   func(done int64)
}

// TakeIn reads content to its end, seals it under a fresh key, and keeps both for
// a case. progress, if there is one, is told from another goroutine how many bytes
// of the content were stored. On any error nothing stays. Content that was taken in for the case before is kept once.
func (v *Vault) TakeIn(
	ctx context.Context, id protocol.CaseID, r io.Reader, progress func(done int64),
) (Taken, error) {
	if _, err := protocol.ParseCaseID(string(id)); err != nil {
		return Taken{}, fmt.Errorf("vault: take in: %w", err)
	}
	if err := v.alive(); err != nil {
		return Taken{}, err
	}
	t := &taking{v: v, id: id, key: stream.NewKey(), tell: progress}
	taken, err := t.run(ctx, r)
	clear(t.key[:])
	if err != nil {
		return Taken{}, fmt.Errorf("vault: take in: %w", err)
	}
	return taken, nil
}

func (t *taking) run(ctx context.Context, r io.Reader) (taken Taken, err error) {
	if t.aead, err = stream.Seal(t.key, evidence.Context(t.id)); err != nil {
		return Taken{}, err
	}
	if t.object, err = t.v.disk.create(t.v.folder(workFolder)); err != nil {
		return Taken{}, err
	}
	t.hashes.v, t.hashes.tree.Keep = t.v, t.hashes.keep
	sum, err := t.seal(ctx, r)
	if err == nil {
		taken, err = t.finish(sum)
	}
	if err != nil || taken.Already {
		err = errors.Join(err, t.v.disk.remove(t.object.Name()), t.hashes.discard())
	}
	t.object.Close()
	t.hashes.close()
	t.v.mu.Lock()
	t.v.index.use(t.id, "", -t.held)
	t.v.mu.Unlock()
	if err != nil {
		return Taken{}, err
	}
	return taken, nil
}

// seal reads r to its end and writes it, sealed. It returns the SHA-512 of what it read.
func (t *taking) seal(ctx context.Context, r io.Reader) (sum [64]byte, err error) {
	p := t.v.buffers.Get().(*parcel)
	if err := p.read(ctx, r); err != nil {
		t.v.buffers.Put(p)
		return sum, err
	}
	if !p.last {
		return t.sealMany(ctx, r, p)
	}
	defer t.v.buffers.Put(p)
	sum = sha512.Sum512(p.plain)
	p.seal(t.aead)
	return sum, t.write(p)
}

// read fills the parcel.
func (p *parcel) read(ctx context.Context, r io.Reader) error {
	p.plain = slices.Grow(p.plain[:0], smallPlain)
	p.plain = p.plain[:min(cap(p.plain), blockPlain)]
	done := 0
	for done < blockPlain {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done == len(p.plain) {
			p.plain = slices.Grow(p.plain, blockPlain-done)[:blockPlain]
		}
		n, err := r.Read(p.plain[done:])
		done += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the content: %w", err)
		}
	}
	p.plain = p.plain[:done]
	p.last = done < blockPlain
	return nil
}

// seal seals the parcel's chunks and hashes the block.
func (p *parcel) seal(a *stream.Aead) {
	p.sealed = slices.Grow(p.sealed[:0], int(stream.SealedSize(int64(len(p.plain)))))
	if p.n == 0 {
		header := a.Header()
		p.sealed = append(p.sealed, header[:]...)
	}
	plain := p.plain
	for chunk := p.n * evidence.BlockChunks; ; chunk++ {
		size := min(len(plain), stream.ChunkSize)
		if size == 0 && !p.last {
			break
		}
		p.sealed = a.SealChunk(p.sealed, chunk, plain[:size])
		plain = plain[size:]
		if size < stream.ChunkSize {
			break
		}
	}
	p.leaf = evidence.Leaf(p.sealed)
}

// sealMany is a pipeline: blocks are read here, hashed one after the other and
// sealed many at a time elsewhere, and written in their order elsewhere again.
// There are so many parcels and no more, whatever the size of the content.
func (t *taking) sealMany(ctx context.Context, r io.Reader, first *parcel) (sum [64]byte, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := runtime.GOMAXPROCS(0)
	depth := workers + 3
	free, toSeal := make(chan *parcel, depth), make(chan *parcel, depth)
	toSum, toWrite := make(chan *parcel, depth), make(chan *parcel, depth)
	hash := sha512.New()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for p := range toSeal {
				p.seal(t.aead)
				p.ready <- struct{}{}
			}
		})
	}
	wg.Go(func() {
		for p := range toSum {
			hash.Write(p.plain)
			p.summed <- struct{}{}
		}
	})
	wg.Go(func() {
		var failed error
		for p := range toWrite {
			<-p.ready
			if failed == nil {
				if failed = t.write(p); failed != nil {
					stop(failed)
				}
			}
			<-p.summed
			free <- p
		}
	})
	for range depth - 1 {
		free <- t.v.buffers.Get().(*parcel)
	}
	p := first
	for n := int64(0); ; n++ {
		if n > 0 {
			p = <-free
			if err = p.read(ctx, r); err != nil {
				free <- p
				break
			}
		}
		p.n = n
		last := p.last // p is the others' from here on
		toSeal <- p
		toSum <- p
		toWrite <- p
		if last {
			break
		}
	}
	close(toSeal)
	close(toSum)
	close(toWrite)
	wg.Wait()
	for range depth {
		p := <-free
		p.n = 0
		t.v.buffers.Put(p)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return [64]byte(hash.Sum(nil)), err
}

// write writes the next block.
func (t *taking) write(p *parcel) error {
	if t.size += int64(len(p.plain)); t.size > protocol.MaxObject {
		return fmt.Errorf("%w: want at most %d bytes", ErrReceipt, int64(protocol.MaxObject))
	}
	if err := t.hold(int64(len(p.sealed))); err != nil {
		return err
	}
	if _, err := t.object.Write(p.sealed); err != nil {
		return err
	}
	t.sealed += int64(len(p.sealed))
	if n := p.n + 1; n%writeAhead == 0 {
		ahead(t.object.File, max(0, t.sealed-writeAhead*evidence.MaxBlock), writeAhead*evidence.MaxBlock)
	}
	if err := t.hashes.tree.AddLeaf(p.leaf); err != nil {
		return err
	}
	if t.tell != nil {
		t.tell(t.size)
	}
	return nil
}

// hold counts n bytes more against the quota of the case, and asks for room.
func (t *taking) hold(n int64) error {
	if room := t.v.Room(); room < n {
		return fmt.Errorf("%w: %d bytes are free beside the reserve", ErrNoRoom, room)
	}
	t.v.mu.Lock()
	defer t.v.mu.Unlock()
	if err := t.v.index.within(t.v.quota, t.id, "", n); err != nil {
		return err
	}
	t.v.index.use(t.id, "", n)
	t.held += n
	return nil
}

// finish makes the object durable under its name, unless the case has its content.
func (t *taking) finish(sum [64]byte) (Taken, error) {
	if err := t.hashes.flush(); err != nil {
		return Taken{}, err
	}
	tree, err := t.hashes.tree.Hash()
	if err != nil {
		return Taken{}, err
	}
	c := content{t.id, t.size, sum}
	taken := Taken{Tree: tree, Size: t.size, Sealed: t.sealed, SHA512: hex.EncodeToString(sum[:])}
	had, done := t.v.claim(c)
	defer done()
	if had != nil {
		taken.Tree, taken.Sealed, taken.Already = had.object, had.sealed, true
		return taken, nil
	}
	r := &record{Refers: true, Whole: true, Size: t.size, Sealed: t.sealed, SHA512: sum}
	r.Held, r.Sent = evidence.Split(t.key)
	if err := t.settle(place{t.id, tree}, r); err != nil {
		return Taken{}, err
	}
	return taken, nil
}

// A claimed object has the content that another would have.
type claimed struct {
	object protocol.Digest
	sealed int64
}

// claim returns the object of the case that has the content already. Otherwise
// nobody else takes in that content for that case until done is called.
func (v *Vault) claim(c content) (had *claimed, done func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for {
		if tree, ok := v.index.contents[c]; ok {
			had := &claimed{tree, v.index.get(place{c.id, tree}).sealed}
			if v.whole(had.object, had.sealed) {
				return had, func() {}
			}
		}
		other, busy := v.making[c]
		if !busy {
			break
		}
		v.mu.Unlock()
		<-other
		v.mu.Lock()
	}
	mine := make(chan struct{})
	v.making[c] = mine
	return nil, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.making, c)
		close(mine)
	}
}

// settle moves the files to their names, the entry last.
func (t *taking) settle(p place, r *record) error {
	v, c := t.v, &commit{files: []*file{t.object}}
	if hashes := t.hashes.file; hashes != nil {
		c.files = append(c.files, hashes)
		c.first = append(c.first, move{hashes.Name(), v.treePath(p.object)})
	}
	c.first = append(c.first, move{t.object.Name(), v.objectPath(p.object)})
	if err := v.fold(filepath.Dir(v.objectPath(p.object))); err != nil {
		return err
	}
	defer v.settling(p.object)()
	if err := v.settle(p, r, c); err != nil {
		return errors.Join(err, v.undo(p, c))
	}
	return nil
}

// undo removes what a commit that failed may have left under its names. While the
// entry cannot be removed the object stays: it is whole then, or Open finds it.
func (v *Vault) undo(p place, c *commit) error {
	if err := v.unlist(p); err != nil {
		return err
	}
	var errs []error
	for _, m := range c.first {
		errs = append(errs, v.disk.remove(m.to))
	}
	return errors.Join(errs...)
}
