package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// TestProviderSeesWhatItsReadersWereGiven: each block once, also after a restart, and
// when it was all.
func TestProviderSeesWhatItsReadersWereGiven(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		body := disclosure(protocol.ProductionComplete)
		body.Disclosure.Objects[0].Name = "large.bin"
		act := b.does(contoso, id, body).Act
		b.awaitState(office, id, "produced")
		item := b.exhibit(contoso, id)
		total, tree := item.Total, item.Object.Tree
		readers := []protocol.ParticipantID{office, police}
		given := func(what string) desk.Served {
			t.Helper()
			list := b.exhibit(contoso, id).Served
			var who []protocol.ParticipantID
			for _, s := range list {
				if who = append(who, s.Reader); s.Total != total || s.Reader == police && s.Bytes != 0 {
					t.Errorf("%s: got %+v", what, s)
				}
			}
			if !slices.Equal(who, readers) {
				t.Fatalf("%s: got the readers %v, want %v", what, who, readers)
			}
			return list[0]
		}
		ask := func(as protocol.ParticipantID, m wire.Message) {
			t.Helper()
			if _, err := b.thief(as).Exchange(t.Context(), contoso, m); err != nil {
				t.Fatal(err)
			}
		}
		block := func(i uint64) *wire.BlockQuery { return &wire.BlockQuery{Act: act, Tree: tree, Index: i} }

		if s := given("before"); s.Bytes != 0 || !s.Last.IsZero() || !s.All.IsZero() || !s.Key.IsZero() {
			t.Errorf("before anybody asked, got %+v", s)
		}
		ask(fbi, block(0))
		ask(office, block(0))
		once := given("one block")
		time.Sleep(time.Minute)
		ask(office, block(0))
		_, first := evidence.BlockAt(total, 0)
		half := given("one block, twice")
		if half.Bytes != first || half.Last != once.Last || half.Last.IsZero() || !half.All.IsZero() {
			t.Errorf("one block, twice: got %+v, want %d bytes, at %v", half, first, once.Last)
		}
		b.halt(contoso)
		b.start(contoso)
		if s := given("after a restart"); s != half {
			t.Errorf("after a restart, got %+v, want %+v", s, half)
		}
		ask(office, block(2))
		ask(office, block(1))
		whole := given("all blocks")
		if whole.Bytes != total || whole.All.IsZero() || whole.All != whole.Last || !whole.Key.IsZero() {
			t.Errorf("all blocks: got %+v", whole)
		}
		ask(office, &wire.ShareQuery{Act: act, Object: tree})
		keyed := given("the key")
		if keyed.Key.IsZero() {
			t.Error("the key was handed out, and nobody noted when")
		}
		ask(office, block(1))
		ask(office, &wire.ShareQuery{Act: act, Object: tree})
		b.halt(contoso)
		b.start(contoso)
		if s := given("asked again after a restart"); s != keyed {
			t.Errorf("asked again after a restart, got %+v, want %+v", s, keyed)
		}
		b.check(contoso)
	}, police, office, contoso)
}
