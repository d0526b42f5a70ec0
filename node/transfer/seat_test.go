package transfer_test

import (
	"context"
	"testing"
	"time"

	"comity.example/node/transfer"
	"comity.example/protocol"
)

// A slow disk takes hours to look at what came.
type slowDisk struct{ *disk }

func (d slowDisk) Complete(ctx context.Context) error {
	select {
	case <-time.After(2 * time.Hour):
	case <-ctx.Done():
	}
	return d.disk.Complete(ctx)
}

// TestAnEmergencyHasASeat: objects that take hours to look at once more keep no
// emergency waiting.
func TestAnEmergencyHasASeat(t *testing.T) {
	inWorld(t, 8, func(t *testing.T, w *world) {
		for i := range 4 {
			w.mu.Lock()
			o := newObject(mib, uint64(100+i))
			w.objects[o.tree] = o
			w.mu.Unlock()
			j := transfer.Job{Peer: "xx.bad", Case: "c", Act: protocol.DigestOf([]byte("act")), Tree: o.tree, Sealed: o.sealed(),
				Target: slowDisk{newDisk(o)}}
			if err := w.engine.Add(j); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		urgent := job("us.bob", "e")
		urgent.Urgent = true
		o, d := w.fetch(t, mib, urgent)
		time.Sleep(10 * time.Second)
		w.wantDone(t, o, d)
	})
}
