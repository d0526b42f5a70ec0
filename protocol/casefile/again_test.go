package casefile_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TestWhatDidNotArriveIsSentAgain: an answer or a relay that its recipient
// refused, or that expired, leads nowhere, and nothing follows it.
func TestWhatDidNotArriveIsSentAgain(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	served := apply(t, open(t, r), cert)
	d := disclosure(protocol.ProductionComplete, cert.Digest)
	lost := apply(t, served, d).Undelivered(d.Digest, office, casefile.Refused)
	if lost.State != casefile.Served || lost.Move(contoso) != casefile.Answer {
		t.Errorf("without the evidence the case is %s, and the provider is to %q", lost.State, lost.Move(contoso))
	}
	heads := lost.Heads(office)
	if !slices.Equal(heads, []protocol.Digest{cert.Digest}) {
		t.Errorf("the next act follows %v, want the certification alone", heads)
	}
	again := disclosure(protocol.ProductionComplete, heads...)
	after, err := lost.Send(again)
	if err != nil || after.State != casefile.Produced || after.Move(contoso) != casefile.None {
		t.Errorf("sent again: %s, %q, %v", after.State, after.Move(contoso), err)
	}
	if office := apply(t, served, again); office.State != casefile.Produced {
		t.Errorf("at its recipient the case is %s", office.State)
	}

	held := apply(t, served, d) // as the office holds it
	passed := relay(d, cert.Digest)
	unpassed := apply(t, held, passed).Undelivered(passed.Digest, police, casefile.Expired)
	if unpassed.State != casefile.Produced || unpassed.Move(office) != casefile.Pass {
		t.Errorf("without the relay the case is %s, and the office is to %q", unpassed.State, unpassed.Move(office))
	}
	if _, err := unpassed.Send(relay(d, unpassed.Heads(police)...)); err != nil {
		t.Errorf("passed on again: %v", err)
	}
}

// TestAnAnswerGoesToOneOnly: a provider that tells the designated authority one
// thing and the issuer another would split the case for good.
func TestAnAnswerGoesToOneOnly(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow)) // as the police hold it
	for name, to := range map[string][]protocol.ParticipantID{
		"to the issuer": to(police), "to both": to(office, police), "to a stranger": to(fbi),
	} {
		refusal := step(protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld}}, contoso, to, cert.Digest)
		refusal.Endorsed = true
		_, err := c.Apply(refusal)
		wantReason(t, "a refusal "+name, err, protocol.ReasonWrongRecipient)
		_, err = c.Apply(relay(refusal, cert.Digest))
		wantReason(t, "a relay of a refusal "+name, err, protocol.ReasonWrongRecipient)
	}
}

// TestWhatFollowsALostActIsStranded: its recipient will never hold what it
// follows. What others hold, and what follows nothing lost, goes on.
func TestWhatFollowsALostActIsStranded(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	served := apply(t, open(t, r), cert)
	first := disclosure(protocol.ProductionPartial, cert.Digest)
	second := disclosure(protocol.ProductionComplete, cert.Digest, first.Digest)
	c := apply(t, apply(t, served, first), second)
	if got := c.Stranded(first.Digest, office); len(got) != 0 {
		t.Errorf("behind an act that is on its way: %v", got)
	}
	lost := c.Undelivered(first.Digest, office, casefile.Refused)
	if got := lost.Stranded(first.Digest, office); !slices.Equal(got, []protocol.Digest{second.Digest}) {
		t.Errorf("behind a lost act: got %v, want the second part", got)
	}
	if got := lost.Stranded(cert.Digest, office); len(got) != 0 {
		t.Errorf("behind the certification: %v", got)
	}
	lost = lost.Undelivered(second.Digest, office, casefile.Expired)
	if got := lost.Stranded(first.Digest, office); len(got) != 0 || lost.State != casefile.Served {
		t.Errorf("when both are lost: %v, and the case is %s", got, lost.State)
	}
}
