package vault

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"

	"comity.example/crypto/stream"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// A liveContent is what a live object became, open.
type liveContent struct {
	v      *Vault
	at     place // of the live object
	key    stream.Key
	starts []int64 // where each segment begins in the content, and the end

	mu   sync.Mutex
	seq  int64  // of last
	last []byte // the segment that was read last
}

// unsealLive opens what a live object became.
func (v *Vault) unsealLive(p place, key stream.Key) (*liveContent, error) {
	l, done, err := v.live(p, false)
	if err != nil {
		return nil, err
	}
	defer done()
	c := &liveContent{v: v, at: p, key: key, seq: -1, starts: make([]int64, 1, len(l.frames)+1)}
	for seq := range l.frames {
		if !l.has(int64(seq)) {
			return nil, fmt.Errorf("segment %d: %w", seq, ErrDamaged)
		}
		_, sealed, err := l.header(l.frames[seq] - 1)
		if err != nil {
			return nil, err
		}
		size, err := stream.OpenedSize(sealed)
		if err != nil {
			return nil, unsealed(err)
		}
		c.starts = append(c.starts, c.starts[seq]+size)
	}
	return c, nil
}

func (c *liveContent) size() int64 { return c.starts[len(c.starts)-1] }

// find returns the segment in which a byte lies.
func (c *liveContent) find(off int64) int64 {
	return int64(sort.Search(len(c.starts)-1, func(i int) bool { return c.starts[i+1] > off }))
}

// segment returns what a segment holds. The caller does not change it.
func (c *liveContent) segment(seq int64) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seq == seq {
		return c.last, nil
	}
	sealed, err := c.v.Segment(c.at.id, c.at.object, seq)
	if err != nil {
		return nil, err
	}
	plain, err := openedSegment(c.key, evidence.SegmentContext(c.at.id, c.at.object, seq), sealed)
	if err != nil || int64(len(plain)) != c.starts[seq+1]-c.starts[seq] {
		return nil, errors.Join(ErrDamaged, err)
	}
	c.seq, c.last = seq, plain
	return plain, nil
}

// ReadAt implements io.ReaderAt.
func (c *liveContent) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("vault: read: negative offset")
	}
	done := 0
	for done < len(p) && off < c.size() {
		seq := c.find(off)
		plain, err := c.segment(seq)
		if err != nil {
			return done, err
		}
		n := copy(p[done:], plain[off-c.starts[seq]:])
		done, off = done+n, off+int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

func (c *liveContent) writeFrom(w io.Writer, off int64) (done int64, err error) {
	for off < c.size() {
		seq := c.find(off)
		plain, err := c.segment(seq)
		if err != nil {
			return done, err
		}
		n, err := w.Write(plain[off-c.starts[seq]:])
		done, off = done+int64(n), off+int64(n)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// checkLive reads what a live object became again, and compares it with its digest.
func (v *Vault) checkLive(p place, tree protocol.Digest, read func(int64)) error {
	var t evidence.Tree
	for seq := int64(0); ; seq++ {
		b, err := v.Segment(p.id, p.object, seq)
		if errors.Is(err, ErrAbsent) {
			break
		}
		if err != nil {
			return err
		}
		read(int64(len(b)))
		if err := t.Add(b); err != nil {
			return err
		}
	}
	if hash, err := t.Hash(); err != nil || hash != tree {
		return errors.Join(ErrDamaged, err)
	}
	return nil
}
