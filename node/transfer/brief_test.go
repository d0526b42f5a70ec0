package transfer_test

import (
	"testing"
	"time"

	"comity.example/protocol"
)

// TestBriefObjectsGoBesideALargeOne of the same case and peer, which goes on.
func TestBriefObjectsGoBesideALargeOne(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		const briefs = 80
		large, disk := w.fetch(t, 64*mib, job("us.bob", "c"))
		time.Sleep(50 * time.Millisecond)
		w.mu.Lock()
		from := len(w.order)
		w.mu.Unlock()
		brief := map[protocol.Digest]bool{}
		for i := range briefs {
			o, _ := w.fetch(t, 4<<10+i, job("us.bob", "c"))
			brief[o.tree] = true
		}
		time.Sleep(2 * time.Second)
		w.wantDone(t, large, disk)
		w.mu.Lock()
		defer w.mu.Unlock()
		left, beside := briefs, 0
		for _, tree := range w.order[from:] {
			if left == 0 {
				break
			}
			if brief[tree] {
				left--
			} else {
				beside++
			}
		}
		if left > 0 || beside < briefs/16 || beside > briefs/4 {
			t.Errorf("%d of %d brief ones were not asked for, and %d blocks of the large one beside them", left, briefs, beside)
		}
		if w.order[len(w.order)-1] != large.tree {
			t.Error("the large one was complete first")
		}
	})
}
