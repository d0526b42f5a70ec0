package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"comity.example/node/journal"
	"comity.example/node/store"
)

// TestHintOfAStoreThatDoesNotOpen: what was not damaged is not to be put back.
func TestHintOfAStoreThatDoesNotOpen(t *testing.T) {
	for _, c := range []struct {
		err    error
		status exitStatus
		hint   string
	}{
		{journal.ErrVersion, exitStore, "nothing is damaged"},
		{journal.ErrDamaged, exitStore, "put back the newest copy"},
		{journal.ErrAnchorMissing, exitStore, "with its anchor"},
		{store.ErrDamaged, exitStore, "put back the newest copy"},
		{store.ErrNoSpace, exitError, "make room"},
		{errors.Join(journal.ErrStopped, store.ErrNoSpace), exitError, "make room"},
	} {
		if got := explain(fmt.Errorf("node: open: %w", c.err)); got.status != c.status || !strings.Contains(got.hint, c.hint) {
			t.Errorf("%v: got status %d and the hint %q, want %d and %q", c.err, got.status, got.hint, c.status, c.hint)
		}
	}
}
