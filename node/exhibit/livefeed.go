package exhibit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"comity.example/node/desk"
	"comity.example/node/store"
	"comity.example/node/vault"
	"comity.example/protocol"
)

// Feed implements desk.Exhibits. It ends with its content or with the interception,
// whichever is first.
func (k *Keeper) Feed(ctx context.Context, id protocol.CaseID, content io.Reader) (fed desk.Fed, err error) {
	if closer, ok := content.(io.Closer); ok {
		defer closer.Close() // else whoever reads it would wait for what nobody takes
	}
	leave, err := k.lives.enter(id)
	if err != nil {
		return fed, err
	}
	defer leave()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l, err := k.mayFeed(ctx, id)
	if errors.Is(err, errStopped) {
		return fed, &desk.Problem{Status: http.StatusConflict, Text: "the interception has stopped: nothing is taken any more",
			Hint: "comity case show " + string(id) + " says when and why"}
	}
	if err != nil {
		return fed, err
	}
	fed.Live = l.ID
	c := newCutter(ctx, content)
	for {
		segment, err := c.next(ctx, k.lives.grown(id), func() error { return k.runs(ctx, id) })
		if len(segment) > 0 {
			if failed := k.appendLive(context.WithoutCancel(ctx), id, segment); failed != nil {
				err = failed
			} else {
				fed.Segments++
				fed.Bytes += int64(len(segment))
			}
		}
		switch {
		case errors.Is(err, errStopped):
			fed.Stopped = true
			return fed, nil
		case errors.Is(err, io.EOF):
			return fed, nil
		case err != nil:
			return fed, fed2(&fed, k.vaultProblem(err))
		}
	}
}

// fed2 says with a problem how much was taken before it.
func fed2(fed *desk.Fed, err error) error {
	var p *desk.Problem
	if errors.As(err, &p) && fed.Bytes > 0 {
		told := *p
		told.Text = fmt.Sprintf("%s; %d bytes in %d segments were taken before that", p.Text, fed.Bytes, fed.Segments)
		return &told
	}
	return err
}

// enter lets one feed at a time into a case: of two nobody could say which byte
// comes first.
func (s *lives) enter(id protocol.CaseID) (leave func(), err error) {
	g := s.gate(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.feeding {
		return nil, &desk.Problem{Status: http.StatusConflict, Text: "something is being fed into this interception already",
			Hint: "end the other comity tap feed first"}
	}
	g.feeding = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		g.feeding = false
	}, nil
}

// mayFeed returns the live object of an interception that runs here now.
func (k *Keeper) mayFeed(ctx context.Context, id protocol.CaseID) (l *liveRecord, err error) {
	now := k.lives.seen(k.cfg.Now())
	err = k.journal.View(ctx, func(r store.Reader) error {
		c, err := k.cfg.Cases.Case(r, id)
		if errors.Is(err, store.ErrNotFound) {
			return desk.NoCase()
		}
		if err != nil {
			return err
		}
		if l, err = liveOf(r, id); err != nil {
			return err
		}
		if l == nil || l.From != k.cfg.Self {
			return noLive(id)
		}
		if !l.Stop.IsZero() {
			return errStopped
		}
		return mayRun(c, now)
	})
	return l, err
}

// runs says why nothing may be taken now.
func (k *Keeper) runs(ctx context.Context, id protocol.CaseID) error {
	if _, err := k.mayFeed(ctx, id); err != nil {
		return err
	}
	g := k.lives.gate(id)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return errStopped
	}
	return nil
}

// appendLive takes a segment. Whether it may is seen under the lock under which it
// is appended, and under which the gate is shut: no byte is taken after the end.
func (k *Keeper) appendLive(ctx context.Context, id protocol.CaseID, segment []byte) error {
	g := k.lives.gate(id)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		if _, err := k.mayFeed(ctx, id); err != nil {
			return err // says why
		}
		return errStopped
	}
	l, err := k.mayFeed(ctx, id)
	if err != nil {
		return err
	}
	if _, err := k.vault.Append(id, l.ID, segment); err != nil {
		if errors.Is(err, vault.ErrSealed) {
			return errStopped
		}
		return err
	}
	k.lives.grew(id)
	return nil
}

// sealLive seals the live object of a case for good, and says what it became: nil if
// nothing was delivered. Whoever seals it again is told the same.
func (k *Keeper) sealLive(id protocol.CaseID, l *liveRecord) (*protocol.Object, error) {
	g := k.lives.gate(id)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	taken, segments, err := k.vault.Finish(id, l.ID)
	if err != nil {
		return nil, err
	}
	k.lives.grew(id)
	if segments == 0 {
		return nil, nil
	}
	return &protocol.Object{Name: l.Name, MediaType: l.MediaType, Size: taken.Size, SHA512: taken.SHA512,
		Tree: taken.Tree, Segments: segments}, nil
}

// A cutter cuts what it reads into segments: full ones, or what came within
// SegmentLinger.
type cutter struct {
	reads chan []byte // is closed at the end
	err   error       // of the reader; valid once reads is closed
	rest  []byte      // was read and belongs to the next segment
}

func newCutter(ctx context.Context, r io.Reader) *cutter {
	c := &cutter{reads: make(chan []byte)}
	go func() {
		defer close(c.reads)
		for {
			b := make([]byte, 32<<10)
			n, err := r.Read(b)
			if n > 0 {
				select {
				case c.reads <- b[:n]:
				case <-ctx.Done():
					c.err = ctx.Err()
					return
				}
			}
			if err != nil {
				c.err = err
				return
			}
		}
	}()
	return c
}

// next returns the next segment, and the reader's error after the last. While
// nothing comes it asks again and again whether anything still may, and at once when
// the gate was shut, which closes shut.
func (c *cutter) next(ctx context.Context, shut <-chan struct{}, may func() error) (segment []byte, err error) {
	segment, c.rest = c.rest, nil
	var full <-chan time.Time
	if len(segment) > 0 {
		full = time.After(SegmentLinger)
	}
	look := time.NewTicker(LiveLook)
	defer look.Stop()
	for len(segment) < vault.MaxSegment {
		select {
		case b, ok := <-c.reads:
			if !ok {
				return segment, c.err
			}
			if len(segment) == 0 {
				full = time.After(SegmentLinger)
			}
			room := min(vault.MaxSegment-len(segment), len(b))
			segment, c.rest = append(segment, b[:room]...), b[room:]
		case <-full:
			return segment, nil
		case <-shut:
			shut = nil
			if err := may(); err != nil {
				return segment, err
			}
		case <-look.C:
			if err := may(); err != nil {
				return segment, err
			}
		case <-ctx.Done():
			return segment, ctx.Err()
		}
	}
	return segment, nil
}
