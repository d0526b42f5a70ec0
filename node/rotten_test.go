package node_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// TestWhatRotsBeforeItIsComparedIsFetchedAgain: the disk of the reader is to blame, and
// not the key of who disclosed it.
func TestWhatRotsBeforeItIsComparedIsFetchedAgain(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		l, ids := b.liar(1)
		defer l.stop()
		var withheld atomic.Bool
		withheld.Store(true)
		x := &lie{content: bytes.Repeat([]byte("From falcon\n"), 3<<18), answers: func(_ context.Context, m, honest wire.Message) (wire.Message, error) {
			if m.Type() == wire.TypeShareQuery && withheld.Load() {
				return &wire.Busy{RetryAfter: time.Second}, nil
			}
			return honest, nil
		}}
		l.takeIn(ids[0], x)
		l.discloses(ids[0], protocol.ProductionComplete, x)
		b.fetch(office, ids[0], desk.Fetch{})
		b.await("the bytes, and no key", func() bool {
			i := b.exhibit(office, ids[0])
			return i.State == desk.EvidenceWaiting && i.Why != "" && len(b.incoming(office)) == 0
		})
		b.rot(office, x.tree, 1<<20)
		withheld.Store(false)
		b.awaitExhibit(office, ids[0], desk.EvidenceComplete)
		if got, err := b.opens(office, ids[0], x.tree); err != nil || got != string(x.content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}, police, office, contoso)
}
