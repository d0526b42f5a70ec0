package node_test

import (
	"testing"
	"time"

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
