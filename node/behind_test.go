package node_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/chain"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// behind runs the office, and somebody who lends for the police what the office
// does not hold, from the moment that it has caught up.
func (b *border) behind(lends func() (kind wire.Kind, document []byte, holding protocol.Digest)) (end func()) {
	b.t.Helper()
	i, end := b.impostor(police)
	b.start(office)
	b.await("the office to hear of the police", func() bool { return !b.isUnconfirmed(office, "GB") })
	kind, document, holding := lends()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lends = func(m wire.Message) wire.Message {
		switch m := m.(type) {
		case *wire.HoldingsQuery:
			if m.Kind == kind {
				return &wire.HoldingsAnswer{Digests: []protocol.Digest{holding}}
			}
		case *wire.Pull:
			if m.Kind == kind {
				return &wire.Publish{Kind: kind, Document: document}
			}
		}
		return &wire.Nothing{}
	}
	return end
}

func (b *border) isUnconfirmed(at protocol.ParticipantID, p protocol.Party) bool {
	return slices.ContainsFunc(b.unconfirmed(at), func(u desk.Unconfirmed) bool { return u.Party == p })
}

// TestActIsJudgedOnWhatItsSenderLends: the register that we hold has lapsed, and
// the sender has the next one.
func TestActIsJudgedOnWhatItsSenderLends(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		const day = 24 * time.Hour
		defer b.behind(func() (wire.Kind, []byte, protocol.Digest) {
			n := b.node(office)
			b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{Expires: founded.Add(day)})))
			next := b.update(n, "GB", register.Changes{Expires: founded.Add(60 * day)})
			b.turn(2 * day)
			return wire.KindRegister, next, protocol.Digest{}
		})()
		f := b.thief(police)
		var all sync.WaitGroup
		for range 8 { // all of them wait for the one answer
			all.Go(func() {
				rec := b.proven(office, f.deliver(office, b.seal(b.sign(b.forged(office)), office))).Record
				if rec.Kind != ledger.KindAccepted && rec.Kind != ledger.KindHeld {
					t.Errorf("the record is %s %v", rec.Kind, rec.Reasons)
				}
			})
		}
		all.Wait()
	})
}

// TestRightThatWasResumedIsNotRefused: the office has not heard of it yet.
func TestRightThatWasResumedIsNotRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		defer b.behind(func() (wire.Kind, []byte, protocol.Digest) {
			b.must(b.publish(b.node(office), "notice", b.notice(b.suspension("s1", "US"), b.root("US"))))
			b.turn(time.Minute)
			resumed := b.suspension("r1", "US")
			resumed.Kind = agreement.Resume
			return wire.KindNotice, b.notice(resumed, b.root("US")), protocol.DigestOf(b.payloadOf(resumed))
		})()
		rec := b.proven(office, b.smuggle(b.forged(office))).Record
		if rec.Kind != ledger.KindAccepted && rec.Kind != ledger.KindHeld {
			t.Errorf("the record is %s %v", rec.Kind, rec.Reasons)
		}
	})
}

// TestRefusalsAskAPeerOnceAMinute: what an attacker delivers is refused all the
// same, and makes us ask no more than that.
func TestRefusalsAskAPeerOnceAMinute(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		asked := 0
		i, end := b.impostor(police)
		defer end()
		i.lends = func(m wire.Message) wire.Message {
			if _, ok := m.(*wire.HoldingsQuery); ok {
				asked++
			}
			return &wire.Nothing{}
		}
		b.start(office)
		b.await("the office to hear of the police", func() bool { return !b.isUnconfirmed(office, "GB") })
		i.mu.Lock()
		asked = 0
		i.mu.Unlock()
		stranger, err := identity.Generate()
		b.must(err)
		for range 20 {
			signed, err := chain.Sign(b.forged(office), stranger)
			b.must(err)
			rec := b.proven(office, b.deliver(police, office, b.seal(signed, office))).Record
			if !slices.Equal(rec.Reasons, []protocol.Reason{protocol.ReasonNotAuthentic}) {
				t.Fatalf("refused for %v", rec.Reasons)
			}
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if asked != 2 { // agreements, notices
			t.Errorf("the peer was asked for %d lists, want 2", asked)
		}
		if got := b.size(office); got < 20 {
			t.Errorf("%d entries: want each refusal recorded", got)
		}
	})
}

// TestClockOfTheSenderIsNotOurs: nothing is asked, and the act is refused at once.
func TestClockOfTheSenderIsNotOurs(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.start(office) // nobody else runs
		time.Sleep(node.CatchUpWait)
		a := b.forged(office)
		a.Issued, a.Expires = a.Issued.Add(24*time.Hour), a.Expires.Add(24*time.Hour)
		b.endorse(a)
		began := time.Now()
		rec := b.proven(office, b.smuggle(a)).Record
		if !slices.Equal(rec.Reasons, []protocol.Reason{protocol.ReasonClock}) || time.Since(began) > time.Second {
			t.Errorf("refused for %v after %v", rec.Reasons, time.Since(began))
		}
	})
}
