package node_test

import (
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

func TestZZ(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.request(newOrder()).Case
		b.awaitState(office, id, "requested")
		b.network.Partition(string(office), string(contoso))
		_, err := b.act(office, desk.Draft{Case: id, Body: certification()})
		b.must(err)
		b.awaitState(police, id, "served")
		_, err = b.act(police, desk.Draft{Case: id, Body: protocol.Body{Withdrawal: &protocol.Withdrawal{}}})
		b.must(err)
		time.Sleep(time.Minute)
		b.network.Heal(string(office), string(contoso))
		time.Sleep(5 * time.Minute)
		t.Log(b.state(police, id), b.state(office, id), b.state(contoso, id), b.inbox(contoso), b.deliveries(police, id))
	}, police, office, contoso)
}
