package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
)

// TestClockThatWentBackKeepsTheOrderOfACase: the second act of a case would
// overtake the first, be early, and keep it waiting until both had expired.
func TestClockThatWentBackKeepsTheOrderOfACase(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.network.Partition(string(office), string(contoso))
		first := b.does(contoso, id, disclosure(protocol.ProductionPartial)).Act
		b.halt(contoso)
		b.turn(-4 * time.Minute)
		b.start(contoso)
		second := b.does(contoso, id, disclosure(protocol.ProductionComplete)).Act
		b.network.Heal(string(office), string(contoso))
		b.awaitState(office, id, "produced")
		got := b.thread(office, id)
		if want := []protocol.Digest{first, second}; !slices.Equal(got[len(got)-2:], want) {
			t.Errorf("the office holds %v, want %v at the end", got, want)
		}
		b.check(contoso)
	}, police, office, contoso)
}
