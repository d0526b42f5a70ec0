package casefile_test

import (
	"errors"
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// moveOf is what somebody is asked to do in a group.
func (g *group) moveOf(id protocol.ParticipantID) casefile.Move { return g.holder(id).file.Move(id) }

// refused wants a word to be refused, with a reason.
func (g *group) refused(t *testing.T, by protocol.ParticipantID, kind protocol.Kind, what string, want protocol.Reason) {
	t.Helper()
	_, err := g.say(g.holder(by), word{kind, what})
	wantReason(t, string(by)+" says "+string(kind)+" "+what, err, want)
}

// TestObjectionSwitchedOff: the provider objects, the issuing side insists, and
// the receiving authority, which hears of the case for the first time, says that
// the agreement does not apply.
func TestObjectionSwitchedOff(t *testing.T) {
	g := served(t, settings()["certified"])
	g.refused(t, contoso, protocol.KindObjection, "receiving_authority", protocol.ReasonOutOfTurn)
	g.must(t, contoso, protocol.KindObjection, "issuer")
	if g.moveOf(office) != casefile.Reply || g.moveOf(contoso) != casefile.None {
		t.Errorf("the office is to %q, the provider to %q", g.moveOf(office), g.moveOf(contoso))
	}
	g.must(t, office, protocol.KindReply, "insists")
	s := g.must(t, contoso, protocol.KindObjection, "receiving_authority")
	if len(s.Act.Body.Objection.Answers) != 1 {
		t.Error("it does not name what it takes further")
	}
	c := g.holder(doj).file
	if c.State != casefile.Served || c.Certifier != office || c.Move(doj) != casefile.Determine || !slices.Equal(c.Joined, to(doj)) {
		t.Errorf("at the authority: %s, %s, %q, %v", c.State, c.Certifier, c.Move(doj), c.Joined)
	}
	g.refused(t, doj, protocol.KindRefusal, "", protocol.ReasonRole)
	g.refused(t, doj, protocol.KindConditions, "partial", protocol.ReasonRole)
	g.must(t, doj, protocol.KindDetermination, "not_applicable")
	for _, id := range to(police, office, contoso, doj) {
		if got := g.holder(id).file.State; got != casefile.NotApplicable {
			t.Errorf("at %s the case is %s", id, got)
		}
	}
	g.refused(t, contoso, protocol.KindDisclosure, "complete", protocol.ReasonOutOfTurn)
	g.must(t, police, protocol.KindClosure, "deleted")
}

// TestWhatJoinsOpensNoCaseForOthers: with an enforcement that overtakes the order,
// the addressee's own decision would be got round.
func TestWhatJoinsOpensNoCaseForOthers(t *testing.T) {
	g := newGroup(settings()["certified"])
	g.deliver(t, g.open())
	cert, _ := g.say(g.holder(office), word{protocol.KindCertification, ""})
	enforce, err := g.say(g.holder(office), word{protocol.KindEnforcement, ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range to(contoso, doj) {
		enforce.Self = id
		if _, err := casefile.Open(enforce); !errors.Is(err, casefile.ErrEarly) {
			t.Errorf("at %s: %v", id, err)
		}
	}
	enforce.Self = enforcing
	if c, err := casefile.Open(enforce); err != nil || c.Certifier != office || c.Addressee != contoso {
		t.Errorf("at the authority: %+v, %v", c, err)
	}
	bare := enforce
	bare.Inner = nil
	if _, err := g.holder(police).file.Apply(bare); err == nil {
		t.Error("an enforcement without the order is taken")
	}
	old := g.held[cert.Inner.Digest]
	bare.Inner = &old
	c := apply(t, *g.holder(office).file)
	bare.Digest = protocol.DigestOf([]byte("another"))
	_, err = c.Apply(bare)
	wantReason(t, "an enforcement of the request without its certification", err, protocol.ReasonThread)
}

// TestOnlyWhoSignedTheRequestAnswersAChallenge, though it came in a certification.
func TestOnlyWhoSignedTheRequestAnswersAChallenge(t *testing.T) {
	g := served(t, settings()["certified"])
	if got := g.holder(contoso).file.Matter.Officers; !slices.Equal(got, officersOf(police)) {
		t.Fatalf("at the addressee the request was signed by %v", got)
	}
	g.must(t, contoso, protocol.KindChallenge, "")
	if g.moveOf(police) != casefile.Respond || g.moveOf(contoso) != casefile.None {
		t.Errorf("the police are to %q, the provider to %q", g.moveOf(police), g.moveOf(contoso))
	}
	g.refused(t, contoso, protocol.KindDisclosure, "complete", protocol.ReasonChallenge)
	g.refused(t, office, protocol.KindResponse, "", protocol.ReasonChallenge) // another officer
	g.must(t, police, protocol.KindResponse, "")
	g.must(t, contoso, protocol.KindDisclosure, "complete")
}

// TestValidationThatIsDenied ends the case, after evidence came too, and the case
// is closed only once that is deleted.
func TestValidationThatIsDenied(t *testing.T) {
	x := settings()["direct"]
	x.unvalidated = true
	g := served(t, x)
	g.must(t, contoso, protocol.KindDisclosure, "complete")
	g.must(t, police, protocol.KindValidation, "denied")
	c := g.holder(police).file
	if c.State != casefile.Withdrawn || len(c.ToDelete()) != 1 {
		t.Errorf("the case is %s, %d to delete", c.State, len(c.ToDelete()))
	}
	s := step(protocol.Body{Closure: &protocol.Closure{}}, police, to(contoso), c.Heads(contoso)...)
	_, err := c.Send(s)
	wantReason(t, "closed with the evidence", err, protocol.ReasonPending)
	g.must(t, police, protocol.KindClosure, "deleted")
	if c := g.holder(police).file; c.State != casefile.Closed || len(c.ToDelete()) != 0 {
		t.Errorf("the case is %s, %d to delete", c.State, len(c.ToDelete()))
	}
	plain := served(t, settings()["direct"])
	plain.refused(t, police, protocol.KindValidation, "denied", protocol.ReasonOutOfTurn)
}

// TestAnAuthorityRefusesAfterItConsulted, and then nothing is disclosed.
func TestAnAuthorityRefusesAfterItConsulted(t *testing.T) {
	g := served(t, settings()["notified"])
	if g.moveOf(enforcing) != casefile.Examine {
		t.Errorf("it is to %q", g.moveOf(enforcing))
	}
	g.refused(t, enforcing, protocol.KindRefusal, "", protocol.ReasonConsultation)
	g.must(t, enforcing, protocol.KindConsultation, "")
	g.must(t, police, protocol.KindReply, "insists")
	g.must(t, enforcing, protocol.KindConditions, "partial")
	g.refused(t, contoso, protocol.KindDisclosure, "complete", protocol.ReasonNotified)
	g.must(t, police, protocol.KindAmendment, "")
	g.must(t, contoso, protocol.KindDisclosure, "partial")
	g.must(t, enforcing, protocol.KindRefusal, "")
	g.refused(t, contoso, protocol.KindDisclosure, "complete", protocol.ReasonOutOfTurn)
	if c := g.holder(police).file; c.State != casefile.GroundRaised || len(c.ToDelete()) != 1 || c.Move(police) != casefile.Read {
		t.Errorf("the case is %s, %d to delete, to %q", c.State, len(c.ToDelete()), c.Move(police))
	}
	g.must(t, police, protocol.KindWithdrawal, "")
}

// TestSilenceIsNoGround: when the time to raise one has lapsed, nobody is asked to
// examine the case any more.
func TestSilenceIsNoGround(t *testing.T) {
	g := served(t, settings()["notified"])
	c, fired := g.holder(enforcing).file.Tick([]casefile.Running{{ID: "notification", Effect: casefile.EffectLapse, Ends: g.now}}, g.now)
	if len(fired) != 1 || c.Move(enforcing) != casefile.Read || c.State != casefile.Served {
		t.Errorf("%v, it is to %q, the case is %s", fired, c.Move(enforcing), c.State)
	}
}

// TestAnswerableIsWhatIsMeant: what was asked first, and what is like it.
func TestAnswerableIsWhatIsMeant(t *testing.T) {
	g := served(t, settings()["direct"])
	first := g.must(t, contoso, protocol.KindClarification, "information")
	g.must(t, contoso, protocol.KindObjection, "issuer")
	again := g.must(t, contoso, protocol.KindClarification, "information")
	reply := protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyProvided}}
	if got := g.holder(police).file.Answerable(&reply, police); !slices.Equal(got, []protocol.Digest{first.Digest, again.Digest}) {
		t.Errorf("%d answered, want both clarifications and not the objection", len(got))
	}
	if got := g.holder(contoso).file.Answerable(&reply, contoso); len(got) != 0 {
		t.Error("it answers itself")
	}
}

// TestACourtIsOfEitherSide: whoever has its decision says so, and names it.
func TestACourtIsOfEitherSide(t *testing.T) {
	for _, by := range to(contoso, police) {
		g := served(t, settings()["direct"])
		g.must(t, contoso, protocol.KindObjection, "court")
		g.refused(t, contoso, protocol.KindDisclosure, "complete", protocol.ReasonCourtDecision)
		c := g.holder(by).file
		b := word{protocol.KindDetermination, "overruled"}.body(c, by, g.now)
		b.Determination.Reference = ""
		s := step(b, by, recipients(c, &b, by), c.Heads(recipients(c, &b, by)...)...)
		s.Roles = registered(by)
		_, err := c.Send(s)
		wantReason(t, "a court's decision that is not named", err, protocol.ReasonCourtDecision)
		g.must(t, by, protocol.KindDetermination, "overruled")
		g.must(t, contoso, protocol.KindDisclosure, "complete")
	}
}
