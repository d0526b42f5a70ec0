package node_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/seal"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/ledger"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// A crime is an envelope that must be refused.
type crime struct {
	name     string
	as       protocol.ParticipantID // who delivers it
	at       protocol.ParticipantID // whose node must refuse it
	envelope []byte
	want     protocol.Reason
	// act is set when the act was read and found authentic: then the record
	// names the act, otherwise the envelope.
	act *protocol.Act
}

// smuggled is a crime by the act's own sender.
func (b *border) smuggled(name string, a *protocol.Act, want protocol.Reason) crime {
	return crime{name: name, as: a.From, at: a.To[0], envelope: b.seal(b.sign(a), a.To...), want: want}
}

// authentic says that the act's chain of signatures is good.
func (c crime) authentic(a *protocol.Act) crime {
	c.act = a
	return c
}

// scene is what a refusal must leave as it was.
type scene struct {
	inbox []desk.Item
	cases []desk.CaseView
}

func (b *border) scene(at protocol.ParticipantID, cases ...protocol.CaseID) scene {
	s := scene{inbox: b.inbox(at)}
	for _, id := range cases {
		v, _ := b.node(at).Case(b.t.Context(), id) // the zero view if there is none
		s.cases = append(s.cases, v)
	}
	return s
}

// refused delivers a crime twice: it is answered with the same refusal, which
// is one record in the ledger and all that is left of it.
func (b *border) refused(c crime, cases ...protocol.CaseID) {
	b.t.Helper()
	if c.act != nil {
		cases = append(cases, c.act.Case)
	}
	before, size := b.scene(c.at, cases...), b.size(c.at)
	f := b.thief(c.as)
	answer := f.deliver(c.at, c.envelope)
	if _, ok := answer.(*wire.Refusal); !ok {
		b.t.Errorf("%s: answered with a %v, want a refusal for %s", c.name, answer.Type(), c.want)
		return
	}
	e := b.proven(c.at, answer)
	named := protocol.DigestOf(c.envelope)
	if c.act != nil {
		payload, err := c.act.Encode()
		b.must(err)
		named = protocol.DigestOf(payload)
	}
	rec := e.Record
	if rec.Kind != ledger.KindRefused || rec.Peer != c.as || rec.Act != named || rec.Verdict != "deny" ||
		!slices.Equal(rec.Reasons, []protocol.Reason{c.want}) {
		b.t.Errorf("%s: the record is %+v, want a refusal of %v for %s", c.name, rec, named, c.want)
	}
	again := b.proven(c.at, f.deliver(c.at, c.envelope))
	if again.Index != e.Index {
		b.t.Errorf("%s: refused again by entry %d, at first by %d", c.name, again.Index, e.Index)
	}
	if got := b.size(c.at); got != size+1 || e.Index != size {
		b.t.Errorf("%s: the ledger went from %d to %d entries and the refusal is %d, want one more",
			c.name, size, got, e.Index)
	}
	if after := b.scene(c.at, cases...); !reflect.DeepEqual(before, after) {
		b.t.Errorf("%s: it left something: %+v\nbefore: %+v", c.name, after, before)
	}
}

func TestForgedActsAreRefusedAndLeaveOneRecord(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		good := b.forged(contoso)
		late, early := b.forged(contoso), b.forged(contoso)
		late.Issued, late.Expires = b.now().Add(-25*time.Hour), b.now().Add(-time.Hour)
		early.Issued, early.Expires = b.now().Add(24*time.Hour), b.now().Add(48*time.Hour)
		elsewhere := b.forged(contoso)
		elsewhere.Case = protocol.NewCaseID() // endorsed for another
		unendorsed := b.blank(protocol.Body{Request: newOrder()}, police, contoso)
		stranger, militia := b.forged(contoso), b.forged(contoso)
		stranger.From, militia.From = "zz.police", "gb.militia"
		minor := b.blank(protocol.Body{Request: newOrder()}, police, contoso)
		minor.Body.Request.Offence.MaxCustodyMonths = 6
		b.endorse(minor)
		certified := b.blank(certification(), police, contoso) // the police are not designated
		certified.Case, certified.Follows = good.Case, []protocol.Digest{b.digest(good)}
		certified.Body.Certification.Request = b.sign(good)
		b.endorse(certified)

		for _, c := range []crime{
			{"sealed to another", police, contoso, b.seal(b.sign(good), office), protocol.ReasonUnreadable, nil},
			{"no envelope", police, contoso, []byte("{}"), protocol.ReasonUnreadable, nil},
			{"not an act", police, contoso, b.seal(chaintest.Wrap(b.signedAs("comity-act+jws", []byte("{}"), police)), contoso),
				protocol.ReasonMalformed, nil},
			{"addressed to another", police, contoso, b.seal(b.sign(b.forged(office)), contoso),
				protocol.ReasonWrongRecipient, nil},
			{"delivered by another", office, contoso, b.seal(b.sign(good), contoso), protocol.ReasonWrongSender, nil},
			{"Ed25519 alone", police, contoso, b.seal(b.half(good, 0), contoso),
				protocol.ReasonSignatureMissing, nil},
			{"ML-DSA alone", police, contoso, b.seal(b.half(good, 1), contoso),
				protocol.ReasonSignatureMissing, nil},
			{"signed by another", police, contoso, b.seal(b.signedBy(good, office), contoso),
				protocol.ReasonNotAuthentic, nil},
			{"of an unknown Party", police, contoso, b.seal(b.signedBy(stranger, police), contoso),
				protocol.ReasonUnknownParty, nil},
			{"of nobody in the register", police, contoso, b.seal(b.signedBy(militia, police), contoso),
				protocol.ReasonUnregistered, nil},
			b.smuggled("expired", late, protocol.ReasonExpired),
			b.smuggled("from tomorrow", early, protocol.ReasonClock),
			b.smuggled("endorsed for another case", elsewhere, protocol.ReasonWrongCase),
			b.smuggled("without an officer", unendorsed, protocol.ReasonOfficerMissing),
			b.smuggled("certified by the police", certified, protocol.ReasonRole),
			b.smuggled("not certified", good, protocol.ReasonCertification).authentic(good),
		} {
			b.refused(c)
		}
		b.check(contoso)
	}, contoso)
}

func TestDeniedActLeavesItsFindingsAndNothingElse(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		a := b.blank(protocol.Body{Request: newOrder()}, police, office)
		a.Body.Request.Offence.MaxCustodyMonths = 6
		b.endorse(a)
		answer := b.smuggle(a)
		m, ok := answer.(*wire.Refusal)
		if !ok {
			t.Fatalf("answered with a %v", answer.Type())
		}
		rec := b.proven(office, m).Record
		if !slices.Contains(rec.Reasons, protocol.ReasonThreshold) || rec.Decision != protocol.DigestOf(m.Findings) {
			t.Errorf("the record is %+v, want the threshold and the digest of the findings", rec)
		}
		if len(b.inbox(office)) != 0 || b.state(office, a.Case) != "none" {
			t.Error("what was denied is at hand")
		}
	}, office)
}

func TestActsThatDoNotFitTheirCaseAreRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		opened := b.thread(contoso, id)[0] // the certification
		in := func(body protocol.Body, from, to protocol.ParticipantID) *protocol.Act {
			a := b.blank(body, from, to)
			a.Case, a.Follows = id, []protocol.Digest{opened}
			return a
		}
		withdrawal := protocol.Body{Withdrawal: &protocol.Withdrawal{}}

		first := in(withdrawal, police, contoso)
		first.Follows = []protocol.Digest{}
		b.endorse(first)
		strange := in(withdrawal, fbi, contoso)
		b.endorse(strange)
		notMine := in(disclosure(protocol.ProductionComplete), initech, office)
		moved := in(disclosure(protocol.ProductionComplete), contoso, office)
		moved.Case, moved.Follows = protocol.NewCaseID(), []protocol.Digest{}
		ungoverned := in(withdrawal, police, contoso)
		ungoverned.Agreement = protocol.AgreementRef{ID: daa.ID, Version: "2"}
		b.endorse(ungoverned)
		again := b.blank(protocol.Body{Request: newOrder()}, office, contoso)
		again.Case, again.Follows = id, []protocol.Digest{}
		again.Body.Request.Issuer = office
		for _, c := range []crime{
			b.smuggled("follows nothing", first, protocol.ReasonThread).authentic(first),
			b.smuggled("withdrawn by a stranger to the case", strange, protocol.ReasonRole).authentic(strange),
			b.smuggled("disclosed by another provider", notMine, protocol.ReasonRole).authentic(notMine),
			b.smuggled("disclosed into another case", moved, protocol.ReasonOutOfTurn).authentic(moved),
			b.smuggled("under another agreement", ungoverned, protocol.ReasonNotGoverning).authentic(ungoverned),
		} {
			b.refused(c, id)
		}

		// Everything is disclosed; then some more.
		all := b.takeIn(contoso, desk.Draft{Case: id, Body: disclosure(protocol.ProductionComplete)})
		_, err := b.act(contoso, all)
		b.must(err)
		b.awaitState(office, id, "produced")
		more := in(disclosure(protocol.ProductionPartial), contoso, office)
		b.refused(b.smuggled("disclosed again", more, protocol.ReasonOutOfTurn).authentic(more), id)
		if _, err := b.act(contoso, all); err == nil ||
			!strings.Contains(err.Error(), string(protocol.ReasonOutOfTurn)) {
			t.Errorf("a second disclosure on the own node: got %v, want out_of_turn", err)
		}
		for _, at := range []protocol.ParticipantID{police, office, contoso} {
			b.check(at)
		}
	}, police, office, contoso)
}

func TestRevokedNodeKeyIsCutOff(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(office)
		before := b.thief(police) // its session is open when the key is revoked
		before.deliver(office, []byte("garbage"))
		pin := b.entry(police).TLS[0]
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{Revoke: []register.Revocation{
			{Key: [32]byte(pin), Time: b.now(), Cause: register.CauseCompromised}}})))
		size := b.size(office)
		after := b.thief(police)
		for name, f := range map[string]*thief{"an open session": before, "a new one": after} {
			m := &wire.Deliver{Lane: wire.Ordinary, Envelope: b.seal(b.sign(b.forged(office)), office)}
			if answer, err := f.Exchange(t.Context(), office, m); err == nil {
				t.Errorf("%s was answered with a %v", name, answer.Type())
			}
		}
		if got := b.size(office); got != size {
			t.Errorf("who was cut off made %d entries", got-size)
		}
	}, office)
}

func TestRevokedSigningKeyIsRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(office)
		envelope := b.seal(b.sign(b.forged(office)), office) // signed before it was revoked
		b.must(b.publish(n, "register", b.update(n, "GB", register.Changes{Revoke: []register.Revocation{
			{Key: b.entry(police).Signing.Fingerprint(), Time: b.now(), Cause: register.CauseCompromised}}})))
		b.refused(crime{"revoked", police, office, envelope, protocol.ReasonKeyRevoked, nil})
	}, office)
}

func TestLapsedRegisterStopsNewActs(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.turn(91 * 24 * time.Hour)
		a := b.blank(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)
		a.Follows = []protocol.Digest{protocol.DigestOf(nil)}
		b.refused(b.smuggled("lapsed", a, protocol.ReasonRegisterLapsed))
	}, office)
}

// thread is the acts of a case as a node holds them.
func (b *border) thread(at protocol.ParticipantID, id protocol.CaseID) []protocol.Digest {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	var out []protocol.Digest
	for _, a := range v.Acts {
		out = append(out, a.Entry.Act)
	}
	return out
}

func (b *border) publish(n *runner, kind string, document []byte) error {
	_, err := n.Publish(b.t.Context(), kind, document)
	return err
}

func (b *border) payload(a *protocol.Act) []byte {
	b.t.Helper()
	payload, err := a.Encode()
	b.must(err)
	return payload
}

func (b *border) digest(a *protocol.Act) protocol.Digest { return protocol.DigestOf(b.payload(a)) }

// signedAs signs a payload with the key of whoever the test wants.
func (b *border) signedAs(typ string, payload []byte, by protocol.ParticipantID) []byte {
	b.t.Helper()
	signed, err := seal.Sign(typ, payload, b.keys(by).Sign)
	b.must(err)
	return signed
}

// signedBy returns an act that somebody signed, whoever it says it is from.
func (b *border) signedBy(a *protocol.Act, by protocol.ParticipantID) []byte {
	b.t.Helper()
	return chaintest.Wrap(b.signedAs("comity-act+jws", b.payload(a), by), a.Endorsements...)
}

// half returns a signed act with one of its two signatures only.
func (b *border) half(a *protocol.Act, keep int) []byte {
	b.t.Helper()
	return chaintest.Wrap(stripped(b.t, chaintest.Unwrap(b.sign(a)), keep), a.Endorsements...)
}

// stripped returns a JWS with one of its two signatures only.
func stripped(t *testing.T, jws []byte, keep int) []byte {
	t.Helper()
	head, tail, ok := strings.Cut(string(jws), `"signatures":[`)
	one := strings.SplitAfter(strings.TrimSuffix(tail, "]}"), `"}`)
	if !ok || len(one) < 2 {
		t.Fatal("not a JWS of two signatures")
	}
	return []byte(head + `"signatures":[` + strings.TrimPrefix(one[keep], ",") + "]}")
}
