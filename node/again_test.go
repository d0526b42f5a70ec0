package node_test

import (
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
)

// TestIssuerThatWasAwayKeepsSightOfItsOrder: the right was suspended after the
// order was served and before the police's node came back. It takes the
// certification of its own request, and the evidence.
func TestIssuerThatWasAwayKeepsSightOfItsOrder(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.request(newOrder()).Case
		b.awaitState(office, id, "requested")
		b.halt(police)
		b.does(office, id, certification())
		b.awaitState(contoso, id, "served")
		b.must(b.publish(b.node(contoso), "notice", b.notice(b.suspension("s1", "US"), b.root("US"))))
		b.await("notice", func() bool { return b.holds(office, "US.s1") })
		b.start(police)
		b.awaitState(police, id, "served")
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.awaitState(office, id, "produced")
		b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
		b.awaitState(police, id, "produced")
		b.check(police)
		b.verifies(police, id)
	}, police, office, contoso)
}

// TestRefusedDisclosureIsSentAgain: the office's clock was wrong for a while.
func TestRefusedDisclosureIsSentAgain(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.network.Partition(string(office), string(contoso))
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.turn(-10 * time.Minute)
		b.network.Heal(string(office), string(contoso))
		b.awaitState(contoso, id, "served") // it was refused
		if i := b.exhibit(contoso, id); i.State != desk.EvidenceHeld || !i.Act.IsZero() {
			t.Errorf("what the office refused is %s", i.State)
		}
		b.turn(10 * time.Minute)
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.awaitState(office, id, "produced")
		b.awaitState(contoso, id, "produced")
		b.await("receipt", func() bool { return b.waiting(contoso) == 0 })
		b.verifies(contoso, id)
		b.verifies(office, id)
		if _, err := b.act(contoso, desk.Draft{Case: id, Body: disclosure(protocol.ProductionComplete)}); err == nil {
			t.Error("a third disclosure was taken")
		}
	}, police, office, contoso)
}

// TestEvidenceWhoseReceiptWasLostIsNotSentTwice: the office took the evidence,
// and its receipt did not come through until the act had expired. The provider
// does not know that it arrived, and must not believe that it did not.
func TestEvidenceWhoseReceiptWasLostIsNotSentTwice(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		for b.state(office, id) != "produced" {
			time.Sleep(time.Millisecond)
		}
		b.network.Partition(string(office), string(contoso))
		b.halt(contoso)
		b.start(contoso)
		if got := b.waiting(contoso); got != 1 {
			t.Fatalf("%d deliveries wait, want the one whose receipt was lost", got)
		}
		b.turn(node.Lifetime + time.Minute)
		time.Sleep(patience)
		if got := b.state(contoso, id); got != "produced" {
			t.Errorf("while nobody knows whether the evidence arrived, the case is %s", got)
		}
		b.network.Heal(string(office), string(contoso))
		b.await("receipt", func() bool { return b.waiting(contoso) == 0 })
		for _, at := range []protocol.ParticipantID{contoso, office} {
			if got := b.state(at, id); got != "produced" {
				t.Errorf("%s: the case is %s", at, got)
			}
			b.verifies(at, id)
		}
		if d := b.deliveries(contoso, id); d["receipted"] == 0 || d["expired"] > 0 {
			t.Errorf("the deliveries are %v", d)
		}
	}, police, office, contoso)
}

// TestEvidenceThatDidNotArriveInItsTimeIsSentAgain: the office says so itself.
func TestEvidenceThatDidNotArriveInItsTimeIsSentAgain(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.network.Partition(string(office), string(contoso))
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.turn(node.Lifetime + time.Minute)
		b.network.Heal(string(office), string(contoso))
		b.awaitState(contoso, id, "served")
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.awaitState(office, id, "produced")
		b.awaitState(contoso, id, "produced")
		b.verifies(contoso, id)
		b.verifies(office, id)
	}, police, office, contoso)
}

// TestWhatFollowsRefusedEvidenceIsSentAgain: the first part was refused, for a
// clock that was wrong, when the rest, which follows it, was on its way. Nobody
// will ever hold what the rest follows.
func TestWhatFollowsRefusedEvidenceIsSentAgain(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.network.Partition(string(office), string(contoso))
		b.turn(10 * time.Minute)
		b.does(contoso, id, disclosure(protocol.ProductionPartial))
		b.turn(-10 * time.Minute)
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.network.Heal(string(office), string(contoso))
		b.awaitState(contoso, id, "served")
		if got := b.waiting(contoso); got != 0 {
			t.Errorf("%d deliveries wait that can never be accepted", got)
		}
		b.does(contoso, id, disclosure(protocol.ProductionPartial))
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.awaitState(office, id, "produced")
		b.await("receipt", func() bool { return b.waiting(contoso) == 0 })
		for _, at := range []protocol.ParticipantID{contoso, office} {
			b.awaitState(at, id, "produced")
			b.check(at)
			b.verifies(at, id)
		}
	}, police, office, contoso)
}
