package casefile_test

import (
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/evidence/evidencetest"
	"comity.example/protocol/register"
)

func onDuty(grades ...register.Grade) chain.Officer {
	return chain.Officer{ID: register.NewOfficerID(), Participant: police, Roles: []protocol.Role{protocol.RoleIssuing}, Grades: grades}
}

// TestAnEmergencyTakesTwoOfficersOnDuty, one of them a supervisor: a stolen key is
// not enough, and neither is the ordinary pair.
func TestAnEmergencyTakesTwoOfficersOnDuty(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	g := grounds(t, w)
	const duty, supervisor = register.GradeDuty, register.GradeSupervisor
	other := func(o chain.Officer, change func(*chain.Officer)) chain.Officer { change(&o); return o }
	for _, c := range []struct {
		name     string
		officers []chain.Officer
		want     protocol.Outcome
	}{
		{"one who is both", []chain.Officer{onDuty(duty, supervisor)}, protocol.Held},
		{"nobody", nil, protocol.Held},
		{"two, no supervisor", []chain.Officer{onDuty(duty), onDuty(duty)}, protocol.Held},
		{"a supervisor who is not on duty", []chain.Officer{onDuty(duty), onDuty(supervisor)}, protocol.Held},
		{"two without a grade", []chain.Officer{onDuty(), onDuty()}, protocol.Held},
		{"one in another role", []chain.Officer{onDuty(duty, supervisor), other(onDuty(duty),
			func(o *chain.Officer) { o.Roles = []protocol.Role{protocol.RoleContact} })}, protocol.Held},
		{"one for other requests", []chain.Officer{onDuty(duty, supervisor), other(onDuty(duty),
			func(o *chain.Officer) { o.Types = []protocol.RequestType{protocol.Preservation} })}, protocol.Held},
		{"two, one a supervisor", []chain.Officer{onDuty(duty), onDuty(duty, supervisor)}, protocol.Pass},
		{"and a third", []chain.Officer{onDuty(), onDuty(duty, supervisor), onDuty(duty)}, protocol.Pass},
	} {
		for _, urgent := range []bool{true, false} {
			r := chaintest.Order(police, contoso)
			if urgent {
				r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
			}
			act := w.Act(protocol.Body{Request: r}, police, office)
			act.Agreement = daa
			a := &chain.Authentic{Act: act, Officers: c.officers}
			found := own(g.Decide(a, chaintest.Now), casefile.RuleEmergencyOfficers)
			if !urgent {
				if found != nil {
					t.Errorf("%s: asked of what is no emergency: %+v", c.name, found)
				}
				continue
			}
			certified := w.Act(protocol.Body{Certification: &protocol.Certification{Request: []byte("{}"), Invokes: true, Contact: "desk",
				Targeting: "1"}}, office, contoso)
			certified.Agreement = daa
			d := g.Decide(&chain.Authentic{Act: certified, Inner: a}, chaintest.Now)
			for _, f := range []*protocol.Finding{found, own(d, casefile.RuleEmergencyOfficers)} {
				if f == nil || f.Outcome != c.want {
					t.Fatalf("%s: got %+v, want %v", c.name, f, c.want)
				}
				if c.want == protocol.Held && (f.Side != protocol.SideReceiving || f.Role != protocol.RoleProvider ||
					f.Reason != protocol.ReasonApproval) {
					t.Errorf("%s: got %+v, want a hold for the provider", c.name, f)
				}
			}
			if c.want == protocol.Held && d.Verdict == protocol.Allow {
				t.Errorf("%s: got %v", c.name, d.Verdict)
			}
		}
	}
}

func own(d protocol.Decision, rule string) *protocol.Finding {
	for i := range d.Findings {
		if d.Findings[i].Rule == rule {
			return &d.Findings[i]
		}
	}
	return nil
}

// TestWhatIsDeniedStaysDenied: a rule of the protocol takes nothing back.
func TestWhatIsDeniedStaysDenied(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	r := chaintest.Order(police, "us.nobody")
	r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	a := &chain.Authentic{Act: w.Act(protocol.Body{Request: r}, police, office)}
	if d := grounds(t, w).Decide(a, chaintest.Now); d.Verdict != protocol.Deny {
		t.Errorf("got %v", d.Verdict)
	}
}

func TestADecisionSaysThatItIsADrill(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	r := chaintest.Order(police, contoso)
	act := w.Act(protocol.Body{Request: r}, police, office)
	act.Agreement = daa
	a := &chain.Authentic{Act: act}
	before := grounds(t, w).Decide(a, chaintest.Now)
	if own(before, casefile.RuleDrill) != nil {
		t.Error("an order is called a drill")
	}
	r.Drill = true
	d := grounds(t, w).Decide(a, chaintest.Now)
	if f := own(d, casefile.RuleDrill); f == nil || f.Outcome != protocol.Flag || f.Reason != protocol.ReasonDrill || d.Verdict != before.Verdict {
		t.Errorf("got %+v, %v, want a flag that changes nothing", f, d.Verdict)
	}
}

// servedTo is a case as its addressee holds it, of a request after a change.
func servedTo(t *testing.T, change func(*protocol.Request)) (casefile.Case, casefile.Step) {
	t.Helper()
	r := request()
	change(r.Act.Body.Request)
	r.Keys = []identity.Fingerprint{{1}, {2}}
	r.Officers = []register.OfficerID{"officer-one", "officer-two"}
	c := certification(r, decision(protocol.Allow))
	return open(t, c), c
}

// TestNothingIsDisclosedInADrill, whoever asks and however little.
func TestNothingIsDisclosedInADrill(t *testing.T) {
	one := evidencetest.Object("a", "text/plain", []byte("a"))
	for _, drill := range []bool{true, false} {
		c, opened := servedTo(t, func(r *protocol.Request) { r.Drill = drill })
		for _, d := range []protocol.Disclosure{
			{Status: protocol.ProductionComplete, Objects: []protocol.Object{one}},
			{Status: protocol.ProductionPartial, Objects: []protocol.Object{one}},
			{Status: protocol.ProductionNoData, Objects: []protocol.Object{one}},
			{Status: protocol.ProductionNoData},
		} {
			s := step(protocol.Body{Disclosure: &d}, contoso, to(office), opened.Digest)
			_, sent := c.Send(s)
			_, came := c.Apply(s)
			for _, err := range []error{sent, came} {
				if drill && (d.Status != protocol.ProductionNoData || len(d.Objects) > 0) {
					wantReason(t, string(d.Status), err, protocol.ReasonDrill)
				} else if err != nil {
					t.Errorf("drill %v, %s: %v", drill, d.Status, err)
				}
			}
		}
	}
}

// TestOnlyTheKeyThatSignedAnswersAChallenge: an id that another key was given
// does not do, and neither does another challenge's nonce.
func TestOnlyTheKeyThatSignedAnswersAChallenge(t *testing.T) {
	c, opened := servedTo(t, func(*protocol.Request) {})
	asked := step(protocol.Body{Challenge: &protocol.Challenge{Nonce: "n1", Until: opened.Act.Issued.Add(time.Hour)}}, contoso, to(police, office), opened.Digest)
	c = apply(t, c, asked)
	answer := func(nonce string, key identity.Fingerprint, id register.OfficerID) casefile.Step {
		s := step(protocol.Body{Response: &protocol.Response{Nonce: nonce, Answers: []protocol.Digest{asked.Digest}}}, police,
			to(office, contoso), asked.Digest)
		s.Keys, s.Officers, s.Endorsed = []identity.Fingerprint{key}, []register.OfficerID{id}, true
		return s
	}
	for name, s := range map[string]casefile.Step{
		"another key under the id": answer("n1", identity.Fingerprint{9}, "officer-one"),
		"another nonce":            answer("n2", identity.Fingerprint{1}, "officer-one"),
	} {
		_, err := c.Apply(s)
		wantReason(t, name, err, protocol.ReasonChallenge)
	}
	early := step(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData}}, contoso, to(office), asked.Digest)
	_, err := c.Send(early)
	wantReason(t, "disclosed before the answer", err, protocol.ReasonChallenge)
	answered := answer("n1", identity.Fingerprint{2}, "officer-two")
	c = apply(t, c, answered)
	late := step(early.Act.Body, contoso, to(office), answered.Digest)
	if _, err := c.Send(late); err != nil {
		t.Errorf("after the answer: %v", err)
	}
}

// TestARefusalForSilenceComesAfterTheTime: not without a challenge, not before its
// time is over, and without a consultation also by an authority.
func TestARefusalForSilenceComesAfterTheTime(t *testing.T) {
	c, opened := servedTo(t, func(*protocol.Request) {})
	refusal := func(answers []protocol.Digest, after time.Duration, follows protocol.Digest) casefile.Step {
		s := step(protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonChallenge, Answers: answers}}, contoso, to(office), follows)
		s.Act.Issued, s.Roles, s.Endorsed = opened.Act.Issued.Add(after), []protocol.Role{protocol.RoleCentral}, true
		return s
	}
	_, err := c.Send(refusal(nil, time.Hour, opened.Digest))
	wantReason(t, "without a challenge", err, protocol.ReasonQuestion)
	asked := step(protocol.Body{Challenge: &protocol.Challenge{Nonce: "n1", Until: opened.Act.Issued.Add(time.Minute)}}, contoso,
		to(police, office), opened.Digest)
	c = apply(t, c, asked)
	_, err = c.Send(refusal([]protocol.Digest{asked.Digest}, time.Minute-time.Second, asked.Digest))
	wantReason(t, "too early", err, protocol.ReasonQuestion)
	if _, err := c.Send(refusal([]protocol.Digest{asked.Digest}, time.Minute, asked.Digest)); err != nil {
		t.Errorf("in time: %v", err)
	}
}

// TestAChallengeLeavesItsOfficerTime: one that is over as it is sent would be a way
// to refuse without a consultation.
func TestAChallengeLeavesItsOfficerTime(t *testing.T) {
	c, opened := servedTo(t, func(*protocol.Request) {})
	for _, within := range []time.Duration{-time.Hour, 0, casefile.MinChallenge - time.Second} {
		asked := step(protocol.Body{Challenge: &protocol.Challenge{Nonce: "n1", Until: opened.Act.Issued.Add(within)}}, contoso,
			to(police, office), opened.Digest)
		_, err := c.Apply(asked)
		wantReason(t, within.String(), err, protocol.ReasonChallenge)
	}
}
