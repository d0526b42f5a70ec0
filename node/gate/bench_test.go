package gate_test

import (
	"strings"
	"testing"

	"comity.example/crypto/seal"
	"comity.example/node/gate"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain/chaintest"
)

// A crossing is a request of 4 KiB on its way over a border.
type crossing struct {
	world   *chaintest.World
	grounds casefile.Grounds
	act     *protocol.Act
	from    *gate.Gate
	to      *gate.Gate
}

func newCrossing(b *testing.B) *crossing {
	const police, office, contoso = "gb.met-police", "gb.home-office", "us.contoso"
	w := chaintest.New(b, "GB", "US")
	docs, err := library.Documents()
	if err != nil {
		b.Fatal(err)
	}
	book, err := agreement.NewBook(docs, nil)
	if err != nil {
		b.Fatal(err)
	}
	order := chaintest.Order(police, contoso)
	order.Target.Nationalities = []protocol.Party{"GB"}
	order.Target.ResidentIn = order.Target.Nationalities
	order.Purpose = strings.Repeat("p", 3<<10)
	for _, s := range []string{"not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose"} {
		order.Attestations = append(order.Attestations, protocol.Attestation{Statement: s})
	}
	c := &crossing{world: w, grounds: casefile.Grounds{Directory: w.Directory, Book: book},
		act: w.Act(protocol.Body{Request: order}, police, office)}
	w.Endorse(c.act, w.Member(police).Officer)
	gateOf := func(id protocol.ParticipantID, open *seal.OpenKey) *gate.Gate {
		return gate.New(gate.Config{Self: id, Sign: w.Member(id).Signing, Open: open})
	}
	c.from, c.to = gateOf(police, nil), gateOf(office, w.Member(office).Open)
	return c
}

func (c *crossing) depart(b *testing.B) gate.Departure {
	d := c.from.Out(c.grounds, c.act, chaintest.Now)
	if d.Refused() {
		b.Fatal(d.Reason, d.Err, d.Decision.Reasons())
	}
	return d
}

func (c *crossing) seal(b *testing.B, d gate.Departure) []byte {
	envelope, err := c.from.Seal(c.grounds, d.Act.Signed, office, chaintest.Now)
	if err != nil {
		b.Fatal(err)
	}
	return envelope
}

func BenchmarkOut(b *testing.B) {
	c := newCrossing(b)
	b.ReportAllocs()
	for b.Loop() {
		c.seal(b, c.depart(b))
	}
}

func BenchmarkIn(b *testing.B) {
	c := newCrossing(b)
	envelope := c.seal(b, c.depart(b))
	b.ReportAllocs()
	for b.Loop() {
		a := c.to.In(c.grounds, c.act.From, envelope, chaintest.Now)
		if a.Refused() {
			b.Fatal(a.Reason, a.Err, a.Decision.Reasons())
		}
	}
	b.ReportMetric(float64(len(envelope)), "bytes")
}
