package vault

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"

	"comity.example/protocol/evidence"
)

// A span is some blocks of a sealed object, in their order.
type span struct {
	from   int64 // the first block
	sealed int64 // bytes of the object
}

// ordered has work done on each block of a span, on all processors, and hands the
// blocks to then in their order. There are so many parcels and no more.
func (v *Vault) ordered(ctx context.Context, s span, work, then func(*parcel) error) error {
	blocks := evidence.Blocks(s.sealed)
	if blocks-s.from <= 1 {
		p := v.buffers.Get().(*parcel)
		defer v.buffers.Put(p)
		return p.alone(ctx, s.from, work, then)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := runtime.GOMAXPROCS(0)
	depth := workers + 2
	free, todo, order := make(chan *parcel, depth), make(chan *parcel, depth), make(chan *parcel, depth)
	for range depth {
		free <- v.buffers.Get().(*parcel)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for p := range todo {
				if p.err = ctx.Err(); p.err == nil {
					p.err = work(p)
				}
				p.ready <- struct{}{}
			}
		})
	}
	wg.Go(func() {
		for n := s.from; n < blocks && ctx.Err() == nil; n++ {
			p := <-free
			p.n = n
			todo <- p
			order <- p
		}
		close(todo)
		close(order)
	})
	for p := range order {
		<-p.ready
		if ctx.Err() == nil {
			if p.err == nil {
				p.err = then(p)
			}
			if p.err != nil {
				stop(p.err)
			}
		}
		free <- p
	}
	wg.Wait()
	for range depth {
		p := <-free
		p.n, p.err = 0, nil
		v.buffers.Put(p)
	}
	return context.Cause(ctx)
}

// alone is ordered for one block.
func (p *parcel) alone(ctx context.Context, n int64, work, then func(*parcel) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.n = n
	defer func() { p.n = 0 }()
	if err := work(p); err != nil {
		return err
	}
	return then(p)
}

// load reads a sealed block.
func (p *parcel) load(r io.ReaderAt, sealed int64) error {
	offset, size := evidence.BlockAt(sealed, p.n)
	p.sealed = slices.Grow(p.sealed[:0], int(size))[:size]
	_, err := io.ReadFull(io.NewSectionReader(r, offset, size), p.sealed)
	return err
}
