package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// Block returns a block of a sealed object that some case refers to, with its
// proof, as it lies on the disk: whoever gets it verifies it. ErrAbsent.
func (v *Vault) Block(tree protocol.Digest, i int64) (*wire.Block, error) {
	f, err := v.openObject(tree)
	if err != nil {
		return nil, fmt.Errorf("vault: block: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("vault: block: %w", err)
	}
	sealed := info.Size()
	n := evidence.Blocks(sealed)
	if i < 0 || i >= n {
		return nil, fmt.Errorf("vault: block %d of %d: %w", i, n, ErrAbsent)
	}
	kept, done, err := v.kept(tree, n)
	if err != nil {
		return nil, fmt.Errorf("vault: block: %w: %w", ErrDamaged, err)
	}
	proof, err := evidence.Prove(n, i, kept)
	if err = errors.Join(err, done()); err != nil {
		return nil, fmt.Errorf("vault: block: %w", err)
	}
	offset, size := evidence.BlockAt(sealed, i)
	b := wire.NewBlock(int(size))
	b.Proof = proof
	if _, err := f.ReadAt(b.Block, offset); err != nil {
		b.Free()
		return nil, fmt.Errorf("vault: block: %w", err)
	}
	return b, nil
}

// openObject opens the sealed bytes of an object that some case refers to.
func (v *Vault) openObject(tree protocol.Digest) (*os.File, error) {
	v.mu.Lock()
	closed, refs := v.closed, v.index.refs[tree]
	v.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case refs == 0:
		return nil, ErrAbsent
	}
	f, err := os.Open(v.objectPath(tree))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: its file is missing", ErrAbsent)
	}
	return f, err
}

// Content is an open object. It may be read from many goroutines. What is opened
// stays readable until Close, even if it is destroyed meanwhile.
type Content struct {
	v      *Vault
	file   io.ReaderAt
	close  func() error
	aead   *stream.Aead
	opened *stream.ReaderAt
	sealed int64
	live   *liveContent // instead of the file, of what a live object became
}

// Open opens an object of a case, which was taken in for the case bound: the same
// one, unless it was passed on. Errors are ErrAbsent, ErrNoKey, ErrDestroyed, and
// ErrDamaged where the key and the bytes do not belong together.
func (v *Vault) Open(id protocol.CaseID, tree protocol.Digest, bound protocol.CaseID) (*Content, error) {
	p, err := at(id, tree)
	if err != nil {
		return nil, err
	}
	defer v.object(tree)()
	held, sent, err := v.key(p)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	e := v.index.get(p)
	v.mu.Unlock()
	if e == nil || !e.refers {
		return nil, fmt.Errorf("vault: open: %w", ErrAbsent)
	}
	if !e.live.IsZero() {
		live, err := v.unsealLive(place{bound, e.live}, evidence.Join(held, sent))
		if err != nil {
			return nil, fmt.Errorf("vault: open: %w", err)
		}
		return &Content{v: v, live: live, close: func() error { return nil }}, nil
	}
	f, err := v.openObject(tree)
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	c, err := v.unseal(f, evidence.Join(held, sent), evidence.Context(bound))
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", errors.Join(err, f.Close()))
	}
	return c, nil
}

func (v *Vault) unseal(f *os.File, key stream.Key, bound []byte) (*Content, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	c := &Content{v: v, file: f, close: f.Close, sealed: info.Size()}
	if c.opened, err = stream.NewReaderAt(f, c.sealed, key, bound); err != nil {
		return nil, unsealed(err)
	}
	var header [stream.HeaderSize]byte
	if _, err := f.ReadAt(header[:], 0); err != nil {
		return nil, err
	}
	if c.aead, err = stream.Open(key, bound, header); err != nil {
		return nil, unsealed(err)
	}
	return c, nil
}

// unsealed marks an error that says that the bytes are not what was sealed.
func unsealed(err error) error {
	if errors.Is(err, stream.ErrKey) || errors.Is(err, stream.ErrChanged) || errors.Is(err, stream.ErrTruncated) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Size returns how many bytes the content has.
func (c *Content) Size() int64 {
	if c.live != nil {
		return c.live.size()
	}
	return c.opened.Size()
}

// ReadAt implements io.ReaderAt.
func (c *Content) ReadAt(p []byte, off int64) (int, error) {
	if c.live != nil {
		return c.live.ReadAt(p, off)
	}
	n, err := c.opened.ReadAt(p, off)
	return n, unsealed(err)
}

// WriteFrom writes the content from offset on, on all processors, and returns how
// many bytes it wrote. Nothing is written that was not authenticated.
func (c *Content) WriteFrom(w io.Writer, offset int64) (int64, error) {
	if offset < 0 || offset > c.Size() {
		return 0, fmt.Errorf("vault: read: want an offset of 0 to %d", c.Size())
	}
	if c.live != nil {
		return c.live.writeFrom(w, offset)
	}
	var done int64
	first := offset / blockPlain
	err := c.v.ordered(context.Background(), span{first, c.sealed}, func(p *parcel) error {
		if err := p.load(c.file, c.sealed); err != nil {
			return err
		}
		return p.open(c.aead)
	}, func(p *parcel) error {
		plain := p.plain
		if p.n == first {
			plain = plain[offset%blockPlain:]
		}
		n, err := w.Write(plain)
		done += int64(n)
		return err
	})
	if err != nil {
		return done, fmt.Errorf("vault: read: %w", unsealed(err))
	}
	return done, nil
}

// open opens the chunks of a sealed block.
func (p *parcel) open(a *stream.Aead) (err error) {
	sealed := p.sealed
	if p.n == 0 {
		sealed = sealed[stream.HeaderSize:]
	}
	p.plain = slices.Grow(p.plain[:0], len(sealed))
	for n := p.n * evidence.BlockChunks; len(sealed) > 0; n++ {
		size := min(len(sealed), stream.SealedChunk)
		if p.plain, err = a.OpenChunk(p.plain, n, sealed[:size]); err != nil {
			return err
		}
		sealed = sealed[size:]
	}
	return nil
}

// Close closes the object.
func (c *Content) Close() error { return c.close() }
