package node_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// samples is how many prefixes, and how many bit flips, of an envelope are tried.
const samples = 40

// damaged are envelopes that came of a good one and do not open.
func damaged(envelope []byte) map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	out := map[string][]byte{
		"one byte more": append(bytes.Clone(envelope), '\n'),
		"twice":         append(bytes.Clone(envelope), envelope...),
		"a zero":        {0},
		"zeros":         make([]byte, wire.MaxEnvelope),
		"noise":         noise(random, 4<<10),
		"all noise":     noise(random, wire.MaxEnvelope),
	}
	for range samples {
		cut := 1 + random.IntN(len(envelope)-1)
		out[fmt.Sprintf("the first %d bytes", cut)] = envelope[:cut]
		bit := random.IntN(8 * len(envelope))
		flipped := bytes.Clone(envelope)
		flipped[bit/8] ^= 1 << (bit % 8)
		out[fmt.Sprintf("bit %d flipped", bit)] = flipped
	}
	return out
}

func noise(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func TestEnvelopesThatDoNotOpenAreRecordedOnceEach(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		envelope := b.seal(signed, office)
		f := b.thief(police)
		size := b.size(office)
		bad := damaged(envelope)
		for range 2 { // the second time it makes no entry
			for name, e := range bad {
				answer := f.deliver(office, e)
				if _, ok := answer.(*wire.Refusal); !ok {
					t.Errorf("%s: answered with a %v", name, answer.Type())
					continue
				}
				rec := b.proven(office, answer).Record
				if rec.Act != protocol.DigestOf(e) || len(rec.Reasons) != 1 || rec.Reasons[0] != protocol.ReasonUnreadable {
					t.Errorf("%s: the record is %+v", name, rec)
				}
			}
		}
		if got := b.size(office) - size; got != int64(len(bad)) {
			t.Errorf("%d envelopes made %d entries", len(bad), got)
		}
		if len(b.inbox(office)) != 0 {
			t.Error("something of them is in the inbox")
		}
		b.proven(office, f.deliver(office, envelope))
		b.once(office, a) // and the good one is taken as if nothing had been
		b.check(office)
	}, office)
}
