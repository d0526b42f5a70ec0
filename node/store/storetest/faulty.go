package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"comity.example/node/store"
)

// A Fault is what becomes of a write whose Update returns an error.
type Fault int

// The two things that may have happened when Update returns ErrBroken.
const (
	Lost Fault = iota
	Persisted
)

func (f Fault) String() string { return [...]string{"lost", "persisted"}[f] }

// A Faulty is a store whose n-th Update fails, and that keeps the promise of
// store.Store afterwards: it takes no more.
type Faulty struct {
	store.Store
	how Fault

	mu     sync.Mutex
	left   int  // Updates before the one that fails; guarded by mu
	broken bool // guarded by mu
}

// NewFaulty returns s with an Update that fails after n that do not.
func NewFaulty(s store.Store, n int, how Fault) *Faulty {
	return &Faulty{Store: s, left: n, how: how}
}

var errInjected = errors.New("storetest: injected fault")

// Update implements store.Store.
func (f *Faulty) Update(ctx context.Context, write func(store.Txn) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.broken:
		return fmt.Errorf("%w: %w", store.ErrBroken, errInjected)
	case f.left > 0:
		f.left--
		return f.Store.Update(ctx, write)
	}
	f.broken = true
	if f.how == Persisted {
		if err := f.Store.Update(ctx, write); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", store.ErrBroken, errInjected)
}

// Broken reports whether the fault has happened.
func (f *Faulty) Broken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}
