package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/courier"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// waiting is how many deliveries wait in a node's outbox.
func (b *border) waiting(at protocol.ParticipantID) int {
	b.t.Helper()
	s, err := b.node(at).Status(b.t.Context())
	b.must(err)
	return s.Outbox
}

// accepted counts how often a node's ledger says that each act came in.
func (b *border) accepted(at protocol.ParticipantID) map[protocol.Digest]int {
	b.t.Helper()
	out := map[protocol.Digest]int{}
	for _, rec := range b.records(at) {
		if rec.Kind == ledger.KindAccepted || rec.Kind == ledger.KindHeld {
			out[rec.Act]++
		}
	}
	return out
}

// allOnce checks that each act is in the ledger of its receiver once, and
// receipted at its sender.
func (b *border) allOnce(from, at protocol.ParticipantID, sent []desk.Submitted) {
	b.t.Helper()
	got := b.accepted(at)
	for i, s := range sent {
		if got[s.Act] != 1 {
			b.t.Errorf("act %d of %d is there %d times", i, len(sent), got[s.Act])
		}
		if d := b.deliveries(from, s.Case); d["receipted"] != 1 || len(d) != 1 {
			b.t.Errorf("act %d of %d: its deliveries are %v", i, len(sent), d)
		}
	}
	if len(got) != len(sent) {
		b.t.Errorf("%d acts came in, %d were sent", len(got), len(sent))
	}
	b.check(from)
	b.check(at)
}

func TestOutboxSurvivesRestartAndIsDeliveredOnce(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		var sent []desk.Submitted
		for range 5 {
			sent = append(sent, b.request(newOrder()))
		}
		b.halt(police)
		b.start(police)
		if got := b.waiting(police); got != len(sent) {
			t.Errorf("%d deliveries wait after a restart, want %d", got, len(sent))
		}
		b.start(office)
		b.await("the outbox to be empty", func() bool { return b.waiting(police) == 0 })
		b.allOnce(police, office, sent)

		size := b.size(office)
		b.halt(police)
		b.start(police)
		time.Sleep(courier.LastRetry)
		if got := b.size(office); got != size {
			t.Errorf("what was receipted was delivered again: %d entries more", got-size)
		}
	}, police)
}

// TestLostReceiptIsGivenAgain: the receiver has made the act durable, and its
// sender is gone before the receipt arrives.
func TestLostReceiptIsGivenAgain(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		size := b.size(office)
		sent := b.request(newOrder())
		for b.size(office) == size {
			time.Sleep(time.Millisecond)
		}
		b.network.Partition(string(police), string(office))
		b.halt(police)
		b.network.Heal(string(police), string(office))
		b.start(police)
		if got := b.waiting(police); got != 1 {
			t.Fatalf("%d deliveries wait, want the one whose receipt was lost", got)
		}
		b.await("the outbox to be empty", func() bool { return b.waiting(police) == 0 })
		b.allOnce(police, office, []desk.Submitted{sent})
	}, police, office)
}

func emergency() *protocol.Request {
	r := newOrder()
	r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	return r
}

// TestReceiverThatWasDownForHoursGetsEverything: nothing is lost, and the
// emergencies overtake what was written before them.
func TestReceiverThatWasDownForHoursGetsEverything(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		const ordinary, urgent = 24, 6
		var sent []desk.Submitted
		for range ordinary {
			sent = append(sent, b.request(newOrder()))
		}
		time.Sleep(time.Hour)
		emergencies := map[protocol.Digest]bool{}
		for range urgent {
			s := b.request(emergency())
			sent = append(sent, s)
			emergencies[s.Act] = true
		}
		time.Sleep(time.Hour)
		b.start(office)
		b.await("the outbox to be empty", func() bool { return b.waiting(police) == 0 })
		b.allOnce(police, office, sent)

		// Ordinary deliveries that were in flight when the emergencies came may
		// be before them, those that waited may not.
		before := 0
		for _, rec := range b.records(office) {
			switch {
			case emergencies[rec.Act]:
				delete(emergencies, rec.Act)
			case rec.Kind == ledger.KindHeld && len(emergencies) > 0:
				before++
			}
		}
		if before > 1 {
			t.Errorf("%d ordinary orders came before the last emergency, want at most the one that tried the way", before)
		}
		if in := b.inbox(office); len(in) != len(sent) || slices.ContainsFunc(in[:urgent], func(i desk.Item) bool { return !i.Emergency }) ||
			slices.ContainsFunc(in[urgent:], func(i desk.Item) bool { return i.Emergency }) {
			t.Errorf("the inbox holds %d, and not the emergencies first", len(in))
		}
	}, police)
}

func TestExpiryIsRecordedAndEndsTheCase(t *testing.T) {
	for name, r := range map[string]*protocol.Request{"ordinary": newOrder(), "emergency": emergency()} {
		t.Run(name, func(t *testing.T) {
			life := node.Lifetime
			if r.Emergency != nil {
				life = node.EmergencyLifetime
			}
			testExpiry(t, r, life)
		})
	}
}

func testExpiry(t *testing.T, r *protocol.Request, life time.Duration) {
	atBorder(t, func(t *testing.T, b *border) {
		sent := b.request(r)
		b.turn(life - 2*patience)
		time.Sleep(patience)
		if got := b.state(police, sent.Case); got != "requested" {
			t.Errorf("before its time the case is %s", got)
		}
		b.halt(police) // it expires while its node is down
		b.turn(2 * patience)
		b.start(police)
		b.awaitState(police, sent.Case, "expired")
		if d := b.deliveries(police, sent.Case); d["expired"] != 1 || len(d) != 1 {
			t.Errorf("the deliveries are %v", d)
		}
		n := 0
		for _, rec := range b.records(police) {
			if rec.Kind == ledger.KindExpired && rec.Act == sent.Act && rec.Peer == office && rec.Case == sent.Case {
				n++
			}
		}
		if n != 1 {
			t.Errorf("the ledger says %d times that it expired", n)
		}
		if _, err := b.act(police, desk.Draft{Case: sent.Case, Body: protocol.Body{Withdrawal: &protocol.Withdrawal{}}}); err == nil {
			t.Error("a case that expired was withdrawn")
		}
		b.start(office)
		time.Sleep(patience)
		if got := b.accepted(office); len(got) != 0 {
			t.Errorf("what expired was delivered: %v", got)
		}
		b.check(police)
	}, police)
}

// TestCaseSurvivesRestartInEveryState: the sender and the receiver of each act of a
// case are stopped and opened again before it, and all at the end.
func TestCaseSurvivesRestartInEveryState(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		all := []protocol.ParticipantID{police, office, contoso}
		again := func(id protocol.CaseID, nodes ...protocol.ParticipantID) {
			for _, at := range nodes {
				before, _ := b.node(at).Case(t.Context(), id)
				b.halt(at)
				b.start(at)
				after, _ := b.node(at).Case(t.Context(), id)
				if before.State != after.State || before.Move != after.Move || len(before.Acts) != len(after.Acts) {
					t.Errorf("%s: the case was %s (%s, %d acts) and is %s (%s, %d acts)", at, before.State, before.Move,
						len(before.Acts), after.State, after.Move, len(after.Acts))
				}
			}
		}
		settled := func() {
			b.await("all to be delivered", func() bool {
				return b.waiting(police)+b.waiting(office)+b.waiting(contoso) == 0
			})
		}
		id := b.request(newOrder()).Case
		for _, step := range []struct {
			by   protocol.ParticipantID
			body protocol.Body
			at   protocol.ParticipantID
			want string
		}{
			{office, certification(), contoso, "served"},
			{contoso, disclosure(protocol.ProductionPartial), office, "partly_produced"},
			{office, protocol.Body{Relay: &protocol.Relay{}}, police, "partly_produced"},
			{contoso, disclosure(protocol.ProductionComplete), office, "produced"},
			{office, protocol.Body{Relay: &protocol.Relay{}}, police, "produced"},
		} {
			settled()
			again(id, step.by, step.at)
			_, err := b.act(step.by, desk.Draft{Case: id, Body: step.body})
			b.must(err)
			b.awaitState(step.at, id, step.want)
		}
		settled()
		again(id, all...)
		for _, at := range all {
			b.check(at)
		}
	}, police, office, contoso)
}
