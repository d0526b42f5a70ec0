package node_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TestAnOrderIsNotPutToAnotherProvider: a request that names one as an authority to
// be notified, and an objection that takes the order to one, are refused. The
// identifiers of an order are not everybody's to read.
func TestAnOrderIsNotPutToAnotherProvider(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		notified := b.forged(office, initech)
		b.refused(b.smuggled("notified, a provider", notified, protocol.ReasonWrongRecipient).authentic(notified))

		id := b.served()
		reasons := []protocol.Reason{protocol.ReasonInsufficient}
		first := b.does(contoso, id, protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelIssuer, Grounds: reasons, Text: "why"}})
		b.await("the objection", func() bool { return b.item(police, id).Move == casefile.Reply })
		b.await("the objection at the office", func() bool { return len(b.thread(office, id)) == 3 })
		order, err := b.node(contoso).Signed(t.Context(), b.thread(contoso, id)[0])
		b.must(err)
		a := b.blank(protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelReceiving, Grounds: reasons, Text: "why",
			Answers: []protocol.Digest{first.Act}, Request: order}}, contoso, office, police, initech)
		a.Case, a.Follows = id, []protocol.Digest{first.Act}
		b.endorse(a)
		b.refused(b.smuggled("objected to another provider", a, protocol.ReasonWrongRecipient).authentic(a), id)
	}, police, office, contoso)
}
