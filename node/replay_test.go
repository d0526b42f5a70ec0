package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// received is an act that a node accepts when it is delivered.
func (b *border) received() (*protocol.Act, []byte) {
	a := b.forged(office)
	return a, b.sign(a)
}

func TestReplayedEnvelopeGetsTheSameReceipt(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		envelope := b.seal(signed, office)
		f := b.thief(police)
		first := b.proven(office, f.deliver(office, envelope))
		if first.Record.Kind != ledger.KindHeld || first.Record.Act != b.digest(a) {
			t.Fatalf("the receipt is for %+v", first.Record)
		}
		size := b.size(office)
		for name, again := range map[string][]byte{"replayed": envelope, "sealed again": b.seal(signed, office)} {
			for range 3 {
				answer := f.deliver(office, again)
				if _, ok := answer.(*wire.Receipt); !ok {
					t.Fatalf("%s: answered with a %v", name, answer.Type())
				}
				if got := b.proven(office, answer); got.Index != first.Index {
					t.Errorf("%s: receipted by entry %d, at first by %d", name, got.Index, first.Index)
				}
			}
		}
		if got := b.size(office); got != size {
			t.Errorf("replays made %d entries", got-size)
		}
		b.once(office, a)
	}, office)
}

// once checks that a node holds an act once: in its case, its inbox, its ledger.
func (b *border) once(at protocol.ParticipantID, a *protocol.Act) {
	b.t.Helper()
	if got := b.thread(at, a.Case); !slices.Equal(got, []protocol.Digest{b.digest(a)}) {
		b.t.Errorf("the thread is %v", got)
	}
	if in := b.inbox(at); len(in) != 1 || in[0].Case != a.Case {
		b.t.Errorf("the inbox is %+v", in)
	}
	n := 0
	for _, rec := range b.records(at) {
		if rec.Act == b.digest(a) {
			n++
		}
	}
	if n != 1 {
		b.t.Errorf("the ledger holds the act %d times", n)
	}
}

func TestReplayAtOnceIsAcceptedOnce(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		f := b.thief(police)
		const copies = 32
		index := make(chan int64, copies)
		for range copies {
			envelope := b.seal(signed, office)
			go func() { index <- b.proven(office, f.deliver(office, envelope)).Index }()
		}
		first := <-index
		for range copies - 1 {
			if got := <-index; got != first {
				t.Errorf("receipted by entries %d and %d", first, got)
			}
		}
		b.once(office, a)
	}, office)
}

func TestSameIDWithOtherBytesIsAConflict(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		b.proven(office, b.deliver(police, office, b.seal(signed, office)))
		other := b.forged(office)
		other.ID = a.ID
		b.refused(b.smuggled("other case", other, protocol.ReasonConflict).authentic(other), a.Case)
		longer := *a
		longer.Expires = a.Expires.Add(time.Hour)
		b.refused(b.smuggled("other expiry", &longer, protocol.ReasonConflict).authentic(&longer))
		b.once(office, a)
	}, office)
}

func TestReplaySurvivesRestart(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		first := b.proven(office, b.deliver(police, office, b.seal(signed, office)))
		refused := b.proven(office, b.deliver(police, office, []byte("garbage")))
		b.halt(office)
		b.start(office)
		if again := b.proven(office, b.deliver(police, office, b.seal(signed, office))); again.Index != first.Index {
			t.Errorf("receipted by entry %d, before the restart by %d", again.Index, first.Index)
		}
		if again := b.proven(office, b.deliver(police, office, []byte("garbage"))); again.Index != refused.Index {
			t.Errorf("refused by entry %d, before the restart by %d", again.Index, refused.Index)
		}
		b.once(office, a)
	}, office)
}

// TestRefusalOfAnotherPeerIsNotHandedOn: an envelope that one peer was refused
// is answered to the next by an entry that names the next, or its courier
// could not tell the answer from a forged one.
func TestRefusalOfAnotherPeerIsNotHandedOn(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		early := b.forged(office)
		early.Issued, early.Expires = b.now().Add(24*time.Hour), b.now().Add(48*time.Hour)
		envelope := b.seal(b.sign(early), office)
		for _, as := range []protocol.ParticipantID{contoso, police} {
			if rec := b.proven(office, b.deliver(as, office, envelope)).Record; rec.Peer != as {
				t.Errorf("%s was answered with an entry about %s", as, rec.Peer)
			}
		}
	}, office)
}

func TestWithdrawalByItsPolice(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		_, err := b.act(police, desk.Draft{Case: id, Body: protocol.Body{Withdrawal: &protocol.Withdrawal{}}})
		b.must(err)
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			b.awaitState(at, id, "withdrawn")
		}
		b.wantEnded(contoso, id)
		b.wantEnded(office, id)
		if in := b.inbox(police); len(in) != 0 {
			t.Errorf("who withdrew is told so: %+v", in)
		}
	}, police, office, contoso)
}

// TestAcceptedActIsReceiptedAgainWhateverHasEnded: its receipt was lost, and by
// now the act would be refused. Only its sender, with the same bytes, is told.
func TestAcceptedActIsReceiptedAgainWhateverHasEnded(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a, signed := b.received()
		first := b.proven(office, b.deliver(police, office, b.seal(signed, office)))
		other := b.forged(office)
		unknown := b.sign(other)
		b.turn(8 * 24 * time.Hour)
		if again := b.proven(office, b.deliver(police, office, b.seal(signed, office))); again.Index != first.Index {
			t.Errorf("after it expired: answered by entry %d, a %s for %v, want the receipt %d",
				again.Index, again.Record.Kind, again.Record.Reasons, first.Index)
		}
		for name, m := range map[string]wire.Message{
			"another act":                b.deliver(police, office, b.seal(unknown, office)),
			"from another peer":          b.deliver(contoso, office, b.seal(signed, office)),
			"with a signature of others": b.deliver(police, office, b.seal(b.half(a, 1), office)),
		} {
			if rec := b.proven(office, m).Record; rec.Kind != ledger.KindRefused {
				t.Errorf("%s: the record is %s", name, rec.Kind)
			}
		}
		b.check(office)
	}, office)
}
