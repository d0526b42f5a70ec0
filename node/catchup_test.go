package node_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// holds reports whether a node holds a document of that name.
func (b *border) holds(at protocol.ParticipantID, name string) bool {
	b.t.Helper()
	docs, err := b.node(at).Documents(b.t.Context())
	b.must(err)
	return slices.ContainsFunc(docs, func(d desk.Document) bool { return d.Name == name })
}

// outlive makes the registers valid for longer than a publication waits, at
// each of these nodes.
func (b *border) outlive(ids ...protocol.ParticipantID) {
	b.t.Helper()
	for party := range smallWorld().Parties {
		next := b.update(b.node(ids[0]), party, register.Changes{Expires: founded.Add(300 * 24 * time.Hour)})
		for _, id := range ids {
			b.must(b.publish(b.node(id), "register", next))
		}
	}
}

// suspendedLongAgo publishes a suspension at a node, and waits until it is no
// longer on its way to anybody.
func (b *border) suspendedLongAgo(at protocol.ParticipantID) {
	b.t.Helper()
	b.must(b.publish(b.node(at), "notice", b.notice(b.suspension("s1", "US"), b.root("US"))))
	b.turn(node.PublicationLifetime + 24*time.Hour)
	b.await("the publication to be given up", func() bool { return b.waiting(at) == 0 })
}

func (b *border) denied(at protocol.ParticipantID, want protocol.Reason) {
	b.t.Helper()
	_, d := b.grounds(at)
	if d.Verdict != protocol.Deny || !slices.Contains(d.Reasons(), want) {
		b.t.Errorf("%s: the verdict is %v %v, want a denial for %s", at, d.Verdict, d.Reasons(), want)
	}
}

func TestNodeThatWasAwayHearsOfASuspension(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.outlive(police, contoso)
		if _, d := b.grounds(police); d.Verdict == protocol.Deny {
			t.Fatalf("denied before the suspension: %v", d.Reasons())
		}
		b.halt(police)
		b.suspendedLongAgo(contoso)
		began := time.Now()
		b.start(police)
		b.denied(police, protocol.ReasonNotReciprocal)
		if took := time.Since(began); took > node.CatchUpWait {
			t.Errorf("it was denied after %v", took)
		}
		b.check(police)
	}, police, contoso)
}

func (b *border) unconfirmed(at protocol.ParticipantID) []desk.Unconfirmed {
	b.t.Helper()
	s, err := b.node(at).Status(b.t.Context())
	b.must(err)
	return s.Unconfirmed
}

func TestParticipantThatJoinsLaterHearsOfASuspension(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.outlive(contoso)
		n := b.node(contoso)
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{Remove: []protocol.ParticipantID{police}})))
		b.suspendedLongAgo(contoso) // nobody sends it to the police
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{Put: []register.Participant{*b.entry(police)}})))
		b.start(police)
		b.denied(police, protocol.ReasonNotReciprocal)
	}, contoso)
}

// TestNoticesOfOthersComeByTheNextRefresh: nobody restarts.
func TestNoticesOfOthersComeByTheNextRefresh(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.outlive(police, contoso)
		b.network.Partition(string(police), string(contoso))
		b.suspendedLongAgo(contoso)
		b.network.Heal(string(police), string(contoso))
		b.await("the suspension", func() bool { return b.holds(police, "US.s1") })
		b.denied(police, protocol.ReasonNotReciprocal)
	}, police, contoso)
}

func TestPeersThatAreDownDelayANodeForSecondsOnly(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		emergency := b.blank(protocol.Body{Request: newOrder()}, police, office)
		emergency.Body.Request.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
		b.endorse(emergency)
		for _, c := range []struct {
			act   *protocol.Act
			lane  wire.Lane
			least time.Duration
			most  time.Duration
		}{
			{emergency, wire.Emergency, node.EmergencyWait, node.EmergencyWait + time.Second},
			{b.forged(office), wire.Ordinary, node.CatchUpWait, node.CatchUpWait + time.Second},
			{b.forged(office), wire.Emergency, node.CatchUpWait, node.CatchUpWait + time.Second}, // which it is not
		} {
			b.start(office)
			began := time.Now()
			envelope := b.seal(b.sign(c.act), office)
			answer, err := b.thief(police).Exchange(t.Context(), office, &wire.Deliver{Lane: c.lane, Envelope: envelope})
			b.must(err)
			if rec := b.proven(office, answer).Record; rec.Kind != ledger.KindAccepted && rec.Kind != ledger.KindHeld {
				t.Errorf("lane %d: %+v", c.lane, rec)
			}
			if took := time.Since(began); took < c.least/2 || took > c.most {
				t.Errorf("lane %d: answered after %v", c.lane, took)
			}
			b.halt(office)
		}
		b.start(office)
		time.Sleep(node.CatchUpWait)
		if got := b.unconfirmed(office); len(got) != 2 || got[0].Party != "GB" || !got[0].Since.IsZero() {
			t.Errorf("unconfirmed are %v, want both Parties", got)
		}
		if !strings.Contains(b.logged.String(), "decides without having heard from every Party") {
			t.Error("the log does not say so")
		}
		b.start(contoso)
		b.await("one Party to be confirmed", func() bool { return len(b.unconfirmed(office)) == 1 })
		b.halt(contoso)
		time.Sleep(3 * node.RefreshEvery)
		if got := b.unconfirmed(office); len(got) != 2 || got[1].Party != "US" || got[1].Since.IsZero() {
			t.Errorf("unconfirmed are %v, the US since some time", got)
		}
	})
}

// endless is a list of documents that never ends, from a digest on.
func endless(after protocol.Digest) *wire.HoldingsAnswer {
	m := &wire.HoldingsAnswer{Digests: make([]protocol.Digest, wire.MaxHoldings)}
	from := binary.BigEndian.Uint64(after[:])
	for i := range m.Digests {
		binary.BigEndian.PutUint64(m.Digests[i][:], from+uint64(i)+1)
	}
	return m
}

func TestHostileLenderIsNotFollowedForEver(t *testing.T) {
	var once sync.Once
	var held []byte
	for name, lend := range map[string]func(*border, *wire.Pull) wire.Message{
		"never shows what it lists": func(*border, *wire.Pull) wire.Message { return &wire.Nothing{} },
		"shows noise": func(_ *border, m *wire.Pull) wire.Message {
			return &wire.Publish{Kind: m.Kind, Document: []byte("noise")}
		},
		"shows what is held": func(b *border, m *wire.Pull) wire.Message {
			once.Do(func() {
				same := func(text []byte) []byte { return text }
				held = b.agreed(same, map[protocol.Party]*identity.Key{"GB": b.root("GB"), "US": b.root("US")})
			})
			return &wire.Publish{Kind: m.Kind, Document: held}
		},
	} {
		t.Run(name, func(t *testing.T) {
			atBorder(t, func(t *testing.T, b *border) {
				asked, lists := 0, 0
				i, end := b.impostor(contoso)
				defer end()
				i.mu.Lock()
				i.lends = func(m wire.Message) wire.Message {
					asked++
					switch m := m.(type) {
					case *wire.HoldingsQuery:
						lists++
						return endless(m.After)
					case *wire.Pull:
						if m.Kind != wire.KindRegister {
							return lend(b, m)
						}
					}
					return &wire.Nothing{}
				}
				i.mu.Unlock()
				b.start(office)
				size := b.size(office)
				time.Sleep(node.RefreshEvery)
				i.mu.Lock()
				if lists == 0 || asked > 40*lists {
					t.Errorf("it was asked %d times for %d lists", asked, lists)
				}
				if lists > 24 {
					t.Errorf("it was asked for %d lists in %v", lists, node.RefreshEvery)
				}
				i.mu.Unlock()
				if got := b.size(office); got != size {
					t.Errorf("%d entries were made", got-size)
				}
				// Those of Parties that answer are taken all the same.
				b.start(police)
				b.must(b.publish(b.node(police), "notice", b.notice(b.suspension("s1", "GB"), b.root("GB"))))
				b.await("the suspension", func() bool { return b.holds(office, "GB.s1") && len(b.unconfirmed(office)) < 2 })
				if got := b.unconfirmed(office); len(got) != 1 || got[0].Party != "US" {
					t.Errorf("unconfirmed are %v, want US", got)
				}
			})
		})
	}
}

// TestUnchangedHoldingsCostOneSmallExchange: equal sets are not listed.
func TestUnchangedHoldingsCostOneSmallExchange(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		notice := b.suspension("s1", "US")
		b.must(b.publish(b.node(office), "notice", b.notice(notice, b.root("US"))))
		// Signed again, it is the same notice in other bytes.
		b.must(b.publish(b.node(contoso), "notice", b.notice(notice, b.root("US"))))
		digest := protocol.DigestOf(b.payloadOf(notice))
		f := b.thief(contoso)
		for have, want := range map[protocol.Digest]wire.Type{
			wire.SetDigest([]protocol.Digest{digest}): wire.TypeNothing,
			{}: wire.TypeHoldingsAnswer,
		} {
			answer, err := f.Exchange(t.Context(), office, &wire.HoldingsQuery{Kind: wire.KindNotice, Have: have})
			b.must(err)
			if answer.Type() != want {
				t.Errorf("got a %v, want a %v", answer.Type(), want)
			}
		}
		answer, err := f.Exchange(t.Context(), office, &wire.HoldingsQuery{Kind: wire.KindNotice, After: digest})
		b.must(err)
		if answer.Type() != wire.TypeNothing {
			t.Errorf("after the last: got a %v", answer.Type())
		}
		for id, down := range map[protocol.ParticipantID]protocol.Party{office: "GB", contoso: "US"} {
			b.await("the other Party to be confirmed", func() bool {
				u := b.unconfirmed(id)
				return len(u) == 1 && u[0].Party == down // of its own Party nobody runs
			})
		}
	}, office, contoso)
}

// TestWhoWaitsForANodeThatEndsIsTold: an act that is submitted before anybody was
// heard does not hang when the node ends.
func TestWhoWaitsForANodeThatEndsIsTold(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.start(police)
		n := b.node(police)
		ended := make(chan error, 1)
		go func() {
			_, err := n.Submit(t.Context(), desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: newOrder()}})
			ended <- err
		}()
		time.Sleep(node.EmergencyWait)
		b.halt(police)
		if err := <-ended; err == nil {
			t.Error("it was sent by a node that has ended")
		}
	})
}
