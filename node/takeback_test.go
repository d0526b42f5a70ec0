package node_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// TestAStopTakesNoOtherEvidenceBack: a provider whose stop names an object that it
// disclosed before has not made that unreadable.
func TestAStopTakesNoOtherEvidenceBack(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		b.await("one segment", func() bool { return b.exhibit(police, id).Segments == 1 })
		b.does(contoso, id, disclosure(protocol.ProductionPartial))
		b.awaitState(office, id, "partly_produced")
		b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
		var tree protocol.Digest
		b.await("the mailbox", func() bool {
			for _, i := range b.evidence(police, id) {
				if i.State == desk.EvidenceComplete {
					tree = i.Object.Tree
				}
			}
			return !tree.IsZero()
		})
		b.must(b.node(police).FalsifyProduct(t.Context(), id, tree))
		b.await("that what was delivered is not what the stop says", func() bool {
			for _, i := range b.evidence(police, id) {
				if i.State == desk.EvidenceDamaged && strings.Contains(i.Why, "names other evidence") {
					return true
				}
			}
			return false
		})
		if got, err := b.opens(police, id, tree); err != nil || got != contents["mailbox.mbox"] {
			t.Errorf("the mailbox reads %q, %v", got, err)
		}
	}, police, office, contoso)
}

// TestALiveObjectIsNotHandedOutForEver: what its provider has deleted it hands out
// by segments no more than as an object.
func TestALiveObjectIsNotHandedOutForEver(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.tapped()
		_, err := b.feeds(id, "one")
		b.must(err)
		var start protocol.Digest
		for _, a := range b.view(contoso, id).Acts {
			if i := a.Content.Body.Interception; i != nil && i.Live != nil {
				start = a.Act
			}
		}
		b.await("one segment", func() bool { return b.exhibit(police, id).Segments == 1 })
		live := b.exhibit(police, id).Object.Tree
		b.turn(30 * 24 * time.Hour)
		b.ticks(id, contoso)
		item := b.awaitExhibit(police, id, desk.EvidenceComplete)
		ask := func(want wire.Type) {
			t.Helper()
			for _, m := range []wire.Message{&wire.SegmentQuery{Act: start}, &wire.ShareQuery{Act: start, Object: live}} {
				answer, err := b.thief(police).Exchange(t.Context(), contoso, m)
				b.must(err)
				if got := answer.Type(); (got == wire.TypeNothing) != (want == wire.TypeNothing) {
					t.Errorf("a %v is answered with a %v", m.Type(), got)
				}
			}
		}
		ask(wire.TypeSegment)
		b.does(contoso, id, purging(item.Object.Tree))
		ask(wire.TypeNothing)
	}, police, office, contoso)
}

// TestNoKeyOutlivesItsCertificate: a second split of a key that was only prepared, to
// pass the object on, goes with the first. What was passed on is deleted there first.
func TestNoKeyOutlivesItsCertificate(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, item := b.disclosed()
		tree := item.Object.Tree
		b.fetch(office, id, desk.Fetch{})
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		prepared, passed := protocol.NewCaseID(), protocol.NewCaseID()
		n := b.node(office)
		b.must(n.PassOn(t.Context(), id, passed, tree, true))
		for _, body := range []protocol.Body{deleting(tree), restricting(tree)} {
			_, err := b.act(office, desk.Draft{Case: id, Body: body})
			wantProblem(t, "what was passed on stays readable", err, "passed on into another case")
		}
		if got, err := b.opens(office, id, tree); err != nil || got == "" {
			t.Errorf("nothing was certified, and it reads %q, %v", got, err)
		}
		b.must(n.DestroyKey(passed, tree)) // as a deletion there does
		b.must(n.PassOn(t.Context(), id, prepared, tree, false))
		b.does(office, id, deleting(tree))
		if n.HasKey(id, tree) || n.HasKey(prepared, tree) {
			t.Error("it was certified as deleted, and its key is there still")
		}
	}, police, office, contoso)
}
