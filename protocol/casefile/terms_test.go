package casefile_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// began is when the acts of these tests are issued.
var began = time.Unix(1795341600, 0).UTC()

func days(n int) time.Time { return began.AddDate(0, 0, n) }

// direct is a case that a request opens at its addressee, under terms.
func direct(t testing.TB, r protocol.Request, terms casefile.Terms, d *protocol.Decision) (casefile.Case, casefile.Step) {
	t.Helper()
	r.Issuer, r.Addressee = police, contoso
	s := step(protocol.Body{Request: &r}, police, to(contoso))
	s.Decision, s.Terms, s.At = d, &terms, began
	return open(t, s), s
}

// uttered is an act of the case's life, after the acts in follows.
func uttered(body protocol.Body, from protocol.ParticipantID, at time.Time, follows ...protocol.Digest) casefile.Step {
	other := police
	if from == police {
		other = contoso
	}
	s := step(body, from, to(other), follows...)
	s.Act.Issued, s.At = at, at
	return s
}

func secrecy(action protocol.SecrecyAction, until time.Time) protocol.Body {
	return protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: action, Start: began, End: until}}
}

func told(status protocol.NoticeStatus, until time.Time) protocol.Body {
	return protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeUser, Status: status, At: days(50), Until: until}}
}

func kept(action protocol.KeptAction) protocol.Body {
	return protocol.Body{Preservation: &protocol.Kept{Action: action, Until: days(90)}}
}

func evidence(follows ...protocol.Digest) casefile.Step {
	return step(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete}}, contoso, to(police), follows...)
}

func wantStand(t *testing.T, c *casefile.Case, name casefile.Name, at time.Time, want string) {
	t.Helper()
	if got := c.Stand(name, at).State; got != want {
		t.Errorf("%s on day %d is %q, want %q", name, int(at.Sub(began).Hours()/24), got, want)
	}
}

// TestThirdStateIsToldWhereTheAgreementAsks, and what was attested at issue counts.
func TestThirdStateIsToldWhereTheAgreementAsks(t *testing.T) {
	terms := casefile.Terms{StateRule: "third", Sent: []string{"told"}, Exceptions: []string{"harm"}}
	found := func(o protocol.Outcome) *protocol.Decision {
		return &protocol.Decision{Verdict: protocol.Allow, Findings: []protocol.Finding{{Rule: "third", Outcome: o}}}
	}
	abroad := func(codes ...string) protocol.Request {
		r := protocol.Request{Target: protocol.Target{LocatedIn: "FR"}}
		for _, c := range codes {
			r.Attestations = append(r.Attestations, protocol.Attestation{Statement: c})
		}
		return r
	}
	for name, c := range map[string]struct {
		request protocol.Request
		outcome protocol.Outcome
		want    string
	}{
		"told at issue":        {abroad("told"), protocol.Pass, "sent"},
		"an exception":         {abroad("harm"), protocol.Pass, "exception"},
		"both":                 {abroad("harm", "told"), protocol.Pass, "sent"},
		"another statement":    {abroad("else"), protocol.Flag, "to_do"},
		"not asked for at all": {abroad(), protocol.NotApplicable, ""},
	} {
		got, s := direct(t, c.request, terms, found(c.outcome))
		if state := got.Stand(casefile.RegionThirdState, began).State; state != c.want {
			t.Errorf("%s: the notice is %q, want %q", name, state, c.want)
		}
		if c.want != "to_do" {
			continue
		}
		if move := got.Due(police, began); move != casefile.Notify {
			t.Errorf("%s: the police are to %q", name, move)
		}
		n := protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeState, State: "FR", Status: protocol.NoticeOmitted}}
		got = apply(t, got, uttered(n, police, days(1), s.Digest))
		wantStand(t, &got, casefile.RegionThirdState, days(1), "exception")
	}
}

// TestCertificationSaysWhatTheThirdStateWasTold: it comes after the request.
func TestCertificationSaysWhatTheThirdStateWasTold(t *testing.T) {
	r := step(protocol.Body{Request: &protocol.Request{Issuer: police, Addressee: contoso,
		Target: protocol.Target{LocatedIn: "FR"}}}, police, to(office))
	r.Decision = &protocol.Decision{Verdict: protocol.Hold, Findings: []protocol.Finding{
		{Rule: "third", Outcome: protocol.Held, Side: protocol.SideIssuing}}}
	r.Terms = &casefile.Terms{StateRule: "third", Sent: []string{"told"}}
	c := open(t, r)
	wantStand(t, &c, casefile.RegionThirdState, began, "to_do")
	if move := c.Due(police, began); move != casefile.None {
		t.Errorf("before the certification the police are to %q", move)
	}
	s := certification(r, decision(protocol.Allow))
	s.Act.Body.Certification.Attestations = []protocol.Attestation{{Statement: "told"}}
	c = apply(t, c, s)
	wantStand(t, &c, casefile.RegionThirdState, began, "sent")
	if !c.Stand(casefile.RegionThirdState, began).Ended {
		t.Error("the notice has not ended")
	}
}

// TestIssuerTellsTheUserOfWhatWasDisclosed, and of nothing else.
func TestIssuerTellsTheUserOfWhatWasDisclosed(t *testing.T) {
	terms := casefile.Terms{Issuer: true, Owed: true}
	c, s := direct(t, protocol.Request{}, terms, decision(protocol.Allow))
	wantStand(t, &c, casefile.RegionUserNotice, days(1), "")
	d := evidence(s.Digest)
	c = apply(t, c, d)
	wantStand(t, &c, casefile.RegionUserNotice, days(1), "due")
	if c.Due(police, days(1)) != casefile.Notify || c.Due(contoso, days(1)) != casefile.None {
		t.Errorf("the police are to %q, the provider to %q", c.Due(police, days(1)), c.Due(contoso, days(1)))
	}
	c = apply(t, c, uttered(told(protocol.NoticeDelayed, days(30)), police, days(2), d.Digest))
	wantStand(t, &c, casefile.RegionUserNotice, days(29), "delayed")
	wantStand(t, &c, casefile.RegionUserNotice, days(30), "due")
	c = apply(t, c, uttered(told(protocol.NoticeDelivered, time.Time{}), police, days(50), d.Digest))
	wantStand(t, &c, casefile.RegionUserNotice, days(50), "done")

	secret := protocol.Request{Secrecy: &protocol.Secrecy{Until: days(10)}}
	c, s = direct(t, secret, terms, decision(protocol.Allow))
	c = apply(t, c, uttered(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, days(1), s.Digest))
	if st := c.Stand(casefile.RegionUserNotice, days(11)); st.State != "not_due" || !st.Ended {
		t.Errorf("with nothing disclosed the notice is %+v", st)
	}
	if c, _ = direct(t, secret, casefile.Terms{}, decision(protocol.Allow)); c.Due(contoso, days(11)) != casefile.Notify {
		t.Error("a provider that may tell is not asked to")
	}
}

// TestWhatAnOrderAsksForIsKept from its receipt until it is produced or withdrawn.
func TestWhatAnOrderAsksForIsKept(t *testing.T) {
	terms := casefile.Terms{Keeps: true}
	for name, end := range map[string]func(protocol.Digest) casefile.Step{
		"produced": func(d protocol.Digest) casefile.Step { return evidence(d) },
		"withdrawn": func(d protocol.Digest) casefile.Step {
			return uttered(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, began, d)
		},
	} {
		c, s := direct(t, protocol.Request{Type: protocol.Production}, terms, decision(protocol.Hold, protocol.SideReceiving))
		wantStand(t, &c, casefile.RegionPreservation, began, "held")
		c, s = direct(t, protocol.Request{Type: protocol.Production}, terms, decision(protocol.Allow))
		wantStand(t, &c, casefile.RegionPreservation, began, "held")
		c = apply(t, c, end(s.Digest))
		if st := c.Stand(casefile.RegionPreservation, began); st.State != "released" || !st.Ended {
			t.Errorf("%s: what was kept is %+v", name, st)
		}
	}
	c, _ := direct(t, protocol.Request{Type: protocol.Production}, casefile.Terms{}, decision(protocol.Allow))
	wantStand(t, &c, casefile.RegionPreservation, began, "")
}

// TestPreservationHasNoDeadEnd: nobody answers it, it is extended once, confirmed,
// released, and closed.
func TestPreservationHasNoDeadEnd(t *testing.T) {
	c, s := direct(t, protocol.Request{Type: protocol.Preservation}, casefile.Terms{Extensions: 1}, decision(protocol.Allow))
	if got := c.Move(contoso); got != casefile.Read {
		t.Errorf("the provider is to %q", got)
	}
	closure := func(at time.Time, follows protocol.Digest) casefile.Step {
		return uttered(protocol.Body{Closure: &protocol.Closure{}}, police, at, follows)
	}
	refused(t, c, closure(days(1), s.Digest), protocol.ReasonPending)
	first := uttered(kept(protocol.KeptExtended), police, days(1), s.Digest)
	c = apply(t, c, first)
	wantStand(t, &c, casefile.RegionPreservation, days(89), "extended")
	wantStand(t, &c, casefile.RegionPreservation, days(90), "expired")
	refused(t, c, uttered(kept(protocol.KeptExtended), police, days(2), first.Digest), protocol.ReasonOutOfTurn)
	confirmed := uttered(kept(protocol.KeptConfirmed), police, days(3), first.Digest)
	c = apply(t, c, confirmed)
	wantStand(t, &c, casefile.RegionPreservation, days(90), "held_pending_production")
	released := uttered(kept(protocol.KeptReleased), police, days(4), confirmed.Digest)
	c = apply(t, c, released)
	after, err := c.Send(closure(days(5), released.Digest))
	if err != nil || after.State != casefile.Closed {
		t.Errorf("released, the case is %s: %v", after.State, err)
	}
	_, unkept := direct(t, protocol.Request{Type: protocol.Production}, casefile.Terms{}, decision(protocol.Allow))
	c = open(t, unkept)
	refused(t, c, closure(days(1), unkept.Digest), protocol.ReasonOutOfTurn)
}

// refused wants a holder not to be able to send an act.
func refused(t *testing.T, c casefile.Case, s casefile.Step, want protocol.Reason) {
	t.Helper()
	var e *casefile.TurnError
	if _, err := c.Send(s); !errors.As(err, &e) || e.Reason != want {
		t.Errorf("a %s: %v, want %s", s.Act.Body.Kind(), err, want)
	}
}

// TestSecrecyWithoutAnEndIsRefusedWhereItNeedsOne, and whoever says it.
func TestSecrecyWithoutAnEndIsRefusedWhereItNeedsOne(t *testing.T) {
	c, s := direct(t, protocol.Request{}, casefile.Terms{SecrecyEnd: "s.8(3)"}, decision(protocol.Allow))
	endless := uttered(secrecy(protocol.SecrecyOrdered, time.Time{}), police, began, s.Digest)
	refused(t, c, endless, protocol.ReasonSecrecyEnd)
	if _, err := c.Apply(endless); err == nil {
		t.Error("it was taken from a peer")
	}
	apply(t, c, uttered(secrecy(protocol.SecrecyOrdered, days(9)), police, began, s.Digest))
	c, s = direct(t, protocol.Request{}, casefile.Terms{}, decision(protocol.Allow))
	c = apply(t, c, uttered(secrecy(protocol.SecrecyOrdered, time.Time{}), police, began, s.Digest))
	if st := c.Stand(casefile.RegionSecrecy, days(9999)); st.State != "active" || !st.NoEnd {
		t.Errorf("secrecy is %+v, want it without an end", st)
	}
}

// TestCourtsOrderTakesThePlaceOfTheRequests.
func TestCourtsOrderTakesThePlaceOfTheRequests(t *testing.T) {
	r := protocol.Request{Secrecy: &protocol.Secrecy{Until: days(100)}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	wantStand(t, &c, casefile.RegionSecrecy, days(99), "active")
	c = apply(t, c, uttered(secrecy(protocol.SecrecyOrdered, days(20)), police, days(1), s.Digest))
	wantStand(t, &c, casefile.RegionSecrecy, days(20), "expired")
}

// TestInterceptionKeepsWithinItsAuthorisation: it is started and renewed before
// its end, and not after.
func TestInterceptionKeepsWithinItsAuthorisation(t *testing.T) {
	r := protocol.Request{Type: protocol.Interception, Interception: &protocol.Window{Start: began, End: days(30)}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	tap := func(a protocol.TapAction, from protocol.ParticipantID, day int, until time.Time, follows protocol.Digest) casefile.Step {
		return uttered(protocol.Body{Interception: &protocol.Tap{Action: a, At: days(day), Until: until}}, from, days(day), follows)
	}
	refused(t, c, tap(protocol.TapStarted, contoso, 30, time.Time{}, s.Digest), protocol.ReasonInterception)
	refused(t, c, tap(protocol.TapRenewed, police, 30, days(60), s.Digest), protocol.ReasonInterception)
	renewed := tap(protocol.TapRenewed, police, 29, days(60), s.Digest)
	c = apply(t, c, renewed)
	started := tap(protocol.TapStarted, contoso, 31, time.Time{}, renewed.Digest)
	c = apply(t, c, started)
	wantStand(t, &c, casefile.RegionInterception, days(59), "renewed")
	wantStand(t, &c, casefile.RegionInterception, days(60), "stopped")
}

// TestDeniedValidationHasEvidenceDeleted before the case is closed.
func TestDeniedValidationHasEvidenceDeleted(t *testing.T) {
	r := protocol.Request{Authorisation: protocol.Authorisation{Unvalidated: true}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	if c.Due(police, began) != casefile.Validate {
		t.Errorf("the police are to %q", c.Due(police, began))
	}
	d := evidence(s.Digest)
	no := uttered(protocol.Body{Validation: &protocol.Validated{Result: protocol.ValidationDenied}}, police, days(1), d.Digest)
	c = apply(t, c, d, no)
	if len(c.ToDelete()) == 0 || c.State != casefile.Withdrawn {
		t.Errorf("the case is %s, to be deleted %v", c.State, c.ToDelete())
	}
	refused(t, c, uttered(protocol.Body{Closure: &protocol.Closure{}}, police, days(2), no.Digest), protocol.ReasonPending)
	if _, err := c.Send(uttered(protocol.Body{Closure: &protocol.Closure{Deleted: true}}, police, days(2), no.Digest)); err != nil {
		t.Error(err)
	}
}

// TestRegionsDoNotDependOnTheOrderInWhichActsCame.
func TestRegionsDoNotDependOnTheOrderInWhichActsCame(t *testing.T) {
	r := protocol.Request{Type: protocol.Preservation, Secrecy: &protocol.Secrecy{Until: days(10)},
		Authorisation: protocol.Authorisation{Unvalidated: true}}
	start, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	var acts []casefile.Step
	for i, b := range []protocol.Body{secrecy(protocol.SecrecyOrdered, days(20)), secrecy(protocol.SecrecyOrdered, days(15)),
		secrecy(protocol.SecrecyExtended, days(40)), told(protocol.NoticeDelayed, days(60)), told(protocol.NoticeDelayed, days(45)),
		kept(protocol.KeptExtended), kept(protocol.KeptConfirmed), {Validation: &protocol.Validated{Result: protocol.ValidationSought}},
		{Costs: &protocol.Costs{Action: protocol.CostsAgreed}}, {Costs: &protocol.Costs{Action: protocol.CostsAgreed}}, {Costs: &protocol.Costs{Action: protocol.CostsDisputed}}} {
		acts = append(acts, uttered(b, police, began.Add(time.Duration(i)*time.Hour), s.Digest))
	}
	want := apply(t, start, acts...)
	rng := rand.New(rand.NewPCG(4, 7))
	for range 200 {
		rng.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		got := apply(t, start, slices.Clone(acts)...)
		for _, at := range []time.Time{began, days(16), days(41), days(50), days(61), days(91)} {
			if !reflect.DeepEqual(got.Regions(at), want.Regions(at)) {
				t.Fatalf("on %s: %+v, want %+v", at, got.Regions(at), want.Regions(at))
			}
		}
	}
}
