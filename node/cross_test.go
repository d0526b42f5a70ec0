package node_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/casepack"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

var withdrawal = protocol.Body{Withdrawal: &protocol.Withdrawal{}}

func (b *border) does(id protocol.ParticipantID, c protocol.CaseID, body protocol.Body) desk.Submitted {
	b.t.Helper()
	done, err := b.act(id, desk.Draft{Case: c, Body: body})
	b.must(err)
	if done.Act.IsZero() {
		b.t.Fatalf("%s's %s was not sent: %v", id, body.Kind(), done.Decision.Reasons())
	}
	return done
}

// TestWithdrawalThatOvertakesItsOrder: the provider is not reached by who
// certified the order, but by the police, who withdraw it.
func TestWithdrawalThatOvertakesItsOrder(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.network.Partition(string(office), string(contoso))
		id := b.request(newOrder()).Case
		b.awaitState(office, id, "requested")
		b.does(office, id, certification())
		b.awaitState(police, id, "served")
		size := b.size(contoso)
		b.does(police, id, withdrawal)
		b.awaitState(office, id, "withdrawn")
		time.Sleep(time.Minute)
		if got := b.size(contoso); got != size {
			t.Errorf("the early act made %d entries", got-size)
		}
		if d := b.deliveries(police, id); d["refused"] != 0 || d["waiting"] != 1 {
			t.Errorf("the deliveries of the police are %v", d)
		}
		b.network.Heal(string(office), string(contoso))
		b.awaitState(contoso, id, "withdrawn")
		b.awaitReceipt(police, id)
		b.awaitReceipt(office, id)
		b.wantEnded(contoso, id)
		if _, err := b.act(contoso, desk.Draft{Case: id, Body: disclosure(protocol.ProductionComplete)}); err == nil {
			t.Error("the provider disclosed on an order that was withdrawn")
		}
		b.check(contoso)
	}, police, office, contoso)
}

// TestEarlyActCostsNoWrite, however often it comes; what can never fit is
// refused, and a peer has only so much refused.
func TestEarlyActCostsNoWrite(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		size := b.size(contoso)
		early := b.blank(withdrawal, police, contoso)
		early.Follows = []protocol.Digest{protocol.DigestOf([]byte("on its way"))}
		b.endorse(early)
		inCase := *early
		inCase.ID, inCase.Case = protocol.NewActID(), id
		b.endorse(&inCase)
		f := b.thief(police)
		for name, a := range map[string]*protocol.Act{"of no case": early, "in a case": &inCase} {
			envelope := b.seal(b.sign(a), contoso)
			for range 3 {
				m, ok := f.deliver(contoso, envelope).(*wire.Busy)
				if !ok || m.RetryAfter != node.EarlyActPause {
					t.Errorf("an early act %s was not answered with busy: %v", name, m)
				}
			}
		}
		if got := b.size(contoso); got != size {
			t.Errorf("early acts made %d entries", got-size)
		}

		never := inCase
		never.Follows = []protocol.Digest{}
		refused, busy := 0, 0
		for range node.RefusalBurst + 5 {
			never.ID = protocol.NewActID()
			switch m := f.deliver(contoso, b.seal(b.sign(&never), contoso)).(type) {
			case *wire.Refusal:
				refused++
			case *wire.Busy:
				if busy++; m.RetryAfter != node.RefusalPause {
					t.Fatalf("asked to wait %v", m.RetryAfter)
				}
			}
		}
		if got := b.size(contoso); busy == 0 || refused < node.RefusalBurst || got != size+int64(refused) {
			t.Errorf("%d were refused, %d answered with busy, %d entries", refused, busy, got-size)
		}
	}, police, office, contoso)
}

// TestWithdrawalThatCrossesADisclosure: the case is withdrawn everywhere, and
// the evidence reaches the issuer, marked, through a person of the office.
func TestWithdrawalThatCrossesADisclosure(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.network.Partition(string(office), string(contoso))
		answer := b.does(contoso, id, disclosure(protocol.ProductionComplete)).Act
		b.does(police, id, withdrawal)
		b.awaitState(office, id, "withdrawn")
		b.awaitState(contoso, id, "withdrawn")
		b.network.Heal(string(office), string(contoso))
		b.await("the evidence at the office", func() bool { return slices.Contains(b.thread(office, id), answer) })
		if in := b.inbox(office); len(in) != 1 || in[0].Move != casefile.Pass || in[0].State != casefile.Withdrawn {
			t.Errorf("the inbox of the office is %+v, want the evidence to pass on", in)
		}
		passed := b.does(office, id, protocol.Body{Relay: &protocol.Relay{}}).Act
		b.await("the evidence at the police", func() bool { return slices.Contains(b.thread(police, id), passed) })
		if in := b.inbox(police); len(in) != 1 || in[0].Move != casefile.Read || in[0].State != casefile.Withdrawn {
			t.Errorf("the inbox of the police is %+v, want the evidence to read", in)
		}
		for at, d := range map[protocol.ParticipantID]protocol.Digest{contoso: answer, office: answer, police: passed} {
			b.awaitReceipt(at, id)
			v, err := b.node(at).Case(t.Context(), id)
			b.must(err)
			for _, a := range v.Acts {
				if a.Crossed != (a.Act == d || a.Inner == d) && a.Act != passed {
					t.Errorf("at %s a %s is marked %v", at, a.Kind, a.Crossed)
				}
			}
			b.verifies(at, id)
			b.check(at)
		}
	}, police, office, contoso)
}

// verifies exports a case and verifies it with no node.
func (b *border) verifies(at protocol.ParticipantID, id protocol.CaseID) {
	b.t.Helper()
	b.fetched(at, id)
	var file bytes.Buffer
	b.must(b.node(at).Export(b.t.Context(), id, &file))
	pack, err := casepack.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	b.must(err)
	pins, err := b.Home(at).Pins()
	b.must(err)
	for _, c := range pack.Verify(pins).Claims {
		if !c.Holds { // unproved, too: all was receipted
			b.t.Errorf("the package of %s: %s: %s: %s", at, c.About, c.Claim, c.Why)
		}
	}
}

// TestWithdrawalThatCrossesTheCertification: the police do not know that the
// provider has the order; the office's node tells it, once.
func TestWithdrawalThatCrossesTheCertification(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.request(newOrder()).Case
		b.awaitState(office, id, "requested")
		b.network.Partition(string(police), string(office))
		b.does(office, id, certification())
		b.awaitState(contoso, id, "served")
		ended := b.does(police, id, withdrawal).Act
		b.network.Heal(string(police), string(office))
		for _, at := range []protocol.ParticipantID{office, contoso} {
			b.awaitState(at, id, "withdrawn")
		}
		b.awaitReceipt(office, id)
		b.awaitReceipt(police, id)
		b.wantEnded(contoso, id)
		b.wantEnded(office, id)
		if got := b.carrying(contoso, id, ended); got != 1 {
			t.Errorf("the withdrawal was passed on %d times", got)
		}
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			b.verifies(at, id)
			b.check(at)
		}
	}, police, office, contoso)
}

// TestEvidenceIsNeverPassedOnByTheNode, not even where a person has passed on
// the withdrawal that the node owed.
func TestEvidenceIsNeverPassedOnByTheNode(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		answer := b.does(contoso, id, disclosure(protocol.ProductionComplete)).Act
		b.awaitState(office, id, "produced")
		b.must(b.node(office).OweRelay(t.Context(), id, answer))
		b.await("the duty to be dropped", func() bool {
			n, err := b.node(office).Duties(t.Context())
			return err == nil && n == 0
		})
		if got := b.carrying(office, id, answer); got != 0 {
			t.Errorf("the node passed evidence on %d times", got)
		}
		if in := b.inbox(office); len(in) != 1 || in[0].Move != casefile.Pass {
			t.Errorf("the inbox of the office is %+v, want the evidence to pass on", in)
		}
	}, police, office, contoso)
}

// carrying counts the acts of a case that carry another.
func (b *border) carrying(at protocol.ParticipantID, id protocol.CaseID, inner protocol.Digest) int {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	n := 0
	for _, a := range v.Acts {
		if a.Inner == inner {
			n++
		}
	}
	return n
}

// nondeliveries are those that a node holds in a case.
func (b *border) nondeliveries(at protocol.ParticipantID, id protocol.CaseID) []*protocol.Nondelivery {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	var out []*protocol.Nondelivery
	for _, a := range v.Acts {
		if n := a.Content.Body.Nondelivery; n != nil {
			out = append(out, n)
		}
	}
	return out
}

// certified takes a case to the office's certification.
func (b *border) certified() (protocol.CaseID, protocol.Digest) {
	b.t.Helper()
	id := b.request(newOrder()).Case
	b.awaitState(office, id, "requested")
	cert := b.does(office, id, certification()).Act
	b.awaitState(police, id, "served")
	return id, cert
}

// wantTold checks that the police were told once that their order failed.
func (b *border) wantTold(id protocol.CaseID, state casefile.State) *protocol.Nondelivery {
	b.t.Helper()
	b.awaitState(police, id, string(state))
	b.awaitState(office, id, string(state))
	time.Sleep(2 * node.DutyRetry) // what else would come has come
	told := b.nondeliveries(police, id)
	if len(told) != 1 || len(b.nondeliveries(office, id)) != 1 {
		b.t.Fatalf("the police were told %d times", len(told))
	}
	if in := b.inbox(police); len(in) != 1 || in[0].Move != casefile.Read || in[0].State != state {
		b.t.Errorf("the inbox of the police is %+v, want it to read", in)
	}
	b.reads(police, id)
	b.verifies(police, id)
	b.check(office)
	b.check(police)
	return told[0]
}

// wantEnded checks that people are told once that an order was withdrawn.
func (b *border) wantEnded(at protocol.ParticipantID, id protocol.CaseID) {
	b.t.Helper()
	in := b.inbox(at)
	if len(in) != 1 || in[0].Case != id || in[0].Move != casefile.Read || in[0].State != casefile.Withdrawn {
		b.t.Errorf("the inbox of %s is %+v, want the end of the order to read", at, in)
	}
	b.reads(at, id)
}

// reads has a person read a case, once: it leaves the inbox.
func (b *border) reads(at protocol.ParticipantID, id protocol.CaseID) {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	seen := desk.Seen{Acts: len(v.Acts), State: v.File.State}
	for _, wrong := range []desk.Seen{{}, {Acts: seen.Acts - 1, State: seen.State}, {Acts: seen.Acts, State: casefile.Served}} {
		if _, err := b.node(at).MarkRead(b.t.Context(), id, wrong); err == nil {
			b.t.Errorf("what was not seen is read: %+v", wrong)
		}
	}
	if v, err = b.node(at).MarkRead(b.t.Context(), id, seen); err != nil || v.Move != casefile.None {
		b.t.Errorf("read: %v, then to %q", err, v.Move)
	}
	if in := b.inbox(at); len(in) != 0 {
		b.t.Errorf("what was read is in the inbox: %+v", in)
	}
	if _, err = b.node(at).MarkRead(b.t.Context(), id, seen); err == nil {
		b.t.Error("it is read twice")
	}
}

// TestWhatWasReadComesBackWithSomethingNew.
func TestWhatWasReadComesBackWithSomethingNew(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		if _, err := b.node(police).MarkRead(t.Context(), id, desk.Seen{Acts: 2, State: casefile.Served}); err == nil {
			t.Error("nothing waits to be read, and is read")
		}
		for _, status := range []protocol.ProductionStatus{protocol.ProductionPartial, protocol.ProductionComplete} {
			b.does(contoso, id, disclosure(status))
			b.await("the answer", func() bool { return len(b.inbox(office)) == 1 })
			b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
			b.await("the evidence", func() bool { return len(b.inbox(police)) == 1 })
			b.reads(police, id)
		}
		b.halt(police)
		b.start(police)
		if in := b.inbox(police); len(in) != 0 {
			t.Errorf("after a restart what was read is in the inbox: %+v", in)
		}
	}, police, office, contoso)
}

func TestIssuerIsToldThatItsOrderWasRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		fake, stop := b.impostor(contoso)
		defer stop()
		id, cert := b.certified()
		why := []protocol.Reason{protocol.ReasonNotReciprocal}
		refusal := ledger.Record{Kind: ledger.KindRefused, Act: cert, Case: id, ID: protocol.NewActID(), Peer: office, Reasons: why}
		fake.mu.Lock()
		fake.answer = func(*wire.Deliver) wire.Message {
			return &wire.Refusal{Proof: b.proof(refusal, ledger.Origin(contoso), contoso)}
		}
		fake.mu.Unlock()
		n := b.wantTold(id, casefile.Refused)
		if n.Act != cert || n.Recipient != contoso || !slices.Equal(n.Reasons, why) || len(n.Proof) == 0 {
			t.Errorf("the police were told %+v", n)
		}
	}, police, office)
}

// TestIssuerIsToldThatItsOrderExpired, also by a node that ends between the
// commit in which it expired and the word of it.
func TestIssuerIsToldThatItsOrderExpired(t *testing.T) {
	for _, name := range []string{"at once", "after a restart"} {
		t.Run(name, func(t *testing.T) {
			atBorder(t, func(t *testing.T, b *border) {
				id, cert := b.certified()
				b.awaitOutbox(office, 1) // what is for the provider, who is not there
				b.halt(office)
				b.turn(node.Lifetime + time.Second)
				if name == "after a restart" {
					if act := b.endAtSettlement(office); act != cert {
						t.Fatal("something else was settled")
					}
					if got := b.state(police, id); got != "served" {
						t.Fatalf("the police were told before the restart: %s", got)
					}
				}
				b.start(office)
				n := b.wantTold(id, casefile.Expired)
				if n.Act != cert || n.Recipient != contoso || len(n.Reasons) != 0 || len(n.Proof) != 0 {
					t.Errorf("the police were told %+v", n)
				}
			}, police, office)
		})
	}
}

// endAtSettlement runs a node until it has committed what became of a delivery,
// and returns of what.
func (b *border) endAtSettlement(id protocol.ParticipantID) protocol.Digest {
	b.t.Helper()
	stopped := make(chan protocol.Digest, 1)
	b.alter = func(cfg *node.Config) {
		cfg.Settled = func(act protocol.Digest) {
			b.running[id].stop()
			stopped <- act
		}
	}
	r, err := b.open(id)
	b.must(err)
	b.run(id, r)
	act := <-stopped
	b.alter = nil
	b.halt(id)
	return act
}

// awaitOutbox waits until n deliveries are left in a node's outbox.
func (b *border) awaitOutbox(at protocol.ParticipantID, n int) {
	b.t.Helper()
	b.await("the outbox", func() bool {
		s, err := b.node(at).Status(b.t.Context())
		return err == nil && s.Outbox == n
	})
}

// TestNobodyElseTellsTheIssuer: a nondelivery is the certifier's node's, and
// its proof the recipient's.
func TestNobodyElseTellsTheIssuer(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, cert := b.certified()
		say := func(by protocol.ParticipantID, n *protocol.Nondelivery) *protocol.Act {
			a := b.blank(protocol.Body{Nondelivery: n}, by, police)
			a.Case, a.Follows = id, []protocol.Digest{cert}
			return a
		}
		why := []protocol.Reason{protocol.ReasonRole}
		own := b.proof(ledger.Record{Kind: ledger.KindRefused, Act: cert, Case: id, ID: protocol.NewActID(),
			Peer: office, Reasons: why}, ledger.Origin(office), office)
		forged := say(office, &protocol.Nondelivery{Act: cert, Recipient: contoso, State: protocol.FailureRefused,
			Reasons: why, Proof: own})
		another := say(contoso, &protocol.Nondelivery{Act: cert, Recipient: contoso, State: protocol.FailureExpired,
			Reasons: []protocol.Reason{}})
		b.refused(b.smuggled("with the sender's own proof", forged, protocol.ReasonNotAuthentic), id)
		b.refused(b.smuggled("by the provider", another, protocol.ReasonRole), id)
		_, err := b.node(office).Submit(t.Context(), desk.Draft{Case: id, Body: another.Body})
		if err == nil {
			t.Error("a person sent one")
		}
	}, police, office)
}
