package node

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"comity.example/protocol/wire"
)

// Ordinary work waits for a processor; an emergency does not wait for it.
func TestAnEmergencyNeedsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrecedence()
		release, at := make(chan struct{}), make(chan struct{}, 10)
		for range runtime.GOMAXPROCS(0) {
			go p.do(t.Context(), wire.Ordinary, func() { <-release })
		}
		synctest.Wait()
		go p.do(t.Context(), wire.Ordinary, func() { at <- struct{}{} })
		synctest.Wait()
		if len(at) != 0 {
			t.Error("more ordinary acts are at work than there are processors")
		}
		ran := false
		if err := p.do(t.Context(), wire.Emergency, func() { ran = true }); err != nil || !ran {
			t.Errorf("an emergency: ran %v, %v", ran, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.do(ended, wire.Ordinary, func() { t.Error("it ran") }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
		close(release)
		synctest.Wait()
		if len(at) != 1 {
			t.Error("it did not run when there was a place")
		}
	})
}

// A bug that a peer's bytes can reach must not take the places away one by one.
func TestAPanicGivesThePlaceBack(t *testing.T) {
	p := newPrecedence()
	for range runtime.GOMAXPROCS(0) {
		func() {
			defer func() { _ = recover() }()
			p.do(t.Context(), wire.Ordinary, func() { panic("a bug") })
		}()
	}
	if len(p.places) != 0 {
		t.Errorf("%d places are lost", len(p.places))
	}
}
