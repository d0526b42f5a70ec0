package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// What the agreements under 18 USC 2523 have in common.

// daaRows are of rules that all of them have, under one name.
var daaRows = []row{
	{rule: "specific-identifier", breaks: func(s *scene) { s.Req.Identifiers = nil }, want: protocol.Fail,
		reason: protocol.ReasonOverbroad},
	{rule: "specific-identifier", breaks: func(s *scene) {
		s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Value: "everybody in Leeds"})
	}, want: protocol.Fail, reason: protocol.ReasonOverbroad},
	// All the boxes of a mail service are not one object.
	{rule: "one-holder", setup: all(daaDomain, certifying("domain_of_one_holder")), breaks: uncertify, want: protocol.Held,
		reason: protocol.ReasonOverbroad},
	{rule: "one-holder", setup: all(daaDomain, certifying("domain_of_one_holder")), breaks: uncertify, want: protocol.Held,
		reason: protocol.ReasonOverbroad, unless: func(s *scene) { s.Req.Identifiers = s.Req.Identifiers[:1] }},
	{rule: "service-said", breaks: daaService(""), want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "service-said", breaks: func(s *scene) { s.Req.Service = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "covered-provider", setup: daaService(protocol.ServiceInformation), breaks: daaService(protocol.ServiceFinancial),
		want: protocol.Fail, reason: protocol.ReasonServiceClass},
	{rule: "independent-review", setup: func(s *scene) { s.Req.Authorisation.Date = s.Facts.At },
		breaks: func(s *scene) { s.Req.Authorisation.Date = s.Facts.At.Add(time.Hour) }, want: protocol.Fail,
		reason: protocol.ReasonNotValidated},
	{rule: "independent-review", breaks: func(s *scene) { s.Req.Authorisation.Date = time.Time{} }, want: protocol.Fail,
		reason: protocol.ReasonNotValidated},
	{rule: "targeting-statement", breaks: without("not_receiving_party_person"), want: protocol.Fail,
		reason: protocol.ReasonInsufficient},
	{rule: "no-reverse-targeting", breaks: without("no_reverse_targeting"), want: protocol.Held,
		reason: protocol.ReasonReverse},
	{rule: "free-speech", breaks: without("no_speech_infringement"), want: protocol.Held,
		reason: protocol.ReasonFreeSpeech},
	{rule: "justification", breaks: without("reasonable_justification"), want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "independent-review",
		breaks: func(s *scene) { s.Req.Authorisation.Kind = protocol.AuthorityPolice }, want: protocol.Fail,
		reason: protocol.ReasonNotValidated},
	{rule: "independent-review", setup: func(s *scene) {
		s.Req.Authorisation.Kind = protocol.AuthorityProsecutor
		s.Attest("reviewed_before_enforcement")
	}, breaks: without("reviewed"), want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "interception-window", setup: intercept, breaks: func(s *scene) { s.Req.Interception.End = agreementtest.Day }, want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-window", setup: intercept, breaks: func(s *scene) {
		s.Req.Interception.Start, s.Req.Interception.End = agreementtest.Day.AddDate(0, 0, -9), agreementtest.Day
	}, want: protocol.Fail, reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-window", setup: intercept, breaks: func(s *scene) { s.Req.Interception = nil }, want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-limited", setup: interceptFor(366), breaks: interceptFor(367), want: protocol.Held,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-limited", setup: all(interceptFor(36500), certifying("interception_term_lawful")), breaks: uncertify,
		want: protocol.Held, reason: protocol.ReasonInterception},
	{rule: "interception-last-resort", setup: intercept,
		breaks: func(s *scene) { s.Req.Interception.LessIntrusiveConsidered = false }, want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-no-longer-than-needed", setup: intercept, breaks: without("interception_no"), want: protocol.Held,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "own-purpose", breaks: without("own_purpose"), want: protocol.Held, reason: protocol.ReasonThirdGovernment},
	{rule: "certified", breaks: func(s *scene) { s.Facts.Certification.Present = false }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "certified", breaks: func(s *scene) { s.Facts.Certification.By = s.Facts.Addressee }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "certified", breaks: func(s *scene) { s.Facts.Certification.By = s.Facts.Issuing }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "certified", breaks: func(s *scene) {
		s.Facts.Certification.By = agreement.Standing{ID: "other.designated",
			Party: s.Facts.Addressee.Party, Roles: []protocol.Role{protocol.RoleDesignated}}
	}, want: protocol.Held, reason: protocol.ReasonCertification},
	{rule: "invoked", breaks: func(s *scene) { s.Facts.Certification.Invokes = false }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "targeting-procedure", breaks: func(s *scene) { s.Facts.Certification.Targeting = "" }, want: protocol.Held,
		reason: protocol.ReasonCertification},
}

// certify and uncertify change what the officer of the designated authority
// states in its certification.
func certify(s *scene, codes ...string) {
	for _, c := range codes {
		s.Facts.Certification.Attestations = append(s.Facts.Certification.Attestations,
			protocol.Attestation{Statement: c})
	}
}

func daaDomain(s *scene) {
	s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Type: protocol.IdentifierDomain, Value: "example.com"})
}

func daaService(class protocol.ServiceClass) func(*scene) {
	return func(s *scene) { s.Req.Service = &protocol.Service{Class: class} }
}

func certifying(codes ...string) func(*scene) { return func(s *scene) { certify(s, codes...) } }

func interceptFor(days int) func(*scene) {
	return func(s *scene) {
		intercept(s)
		s.Req.Interception.End = s.Req.Interception.Start.AddDate(0, 0, days)
	}
}

// daaSays sees who is to act on a hold: the designated authority, which gets
// the request even though the issuing authority can add nothing.
func daaSays(t *testing.T, i *instrument, rule string, breaks func(*scene)) {
	t.Helper()
	for _, make := range i.scenes {
		s := make()
		d := s.Decide(i.book(t))
		if !agreementtest.Has(d, rule) || agreementtest.Found(t, d, rule).Outcome == protocol.NotApplicable {
			continue
		}
		breaks(s)
		f := agreementtest.Found(t, s.Decide(i.book(t)), rule)
		if f.Outcome != protocol.Held || f.Side != protocol.SideIssuing || f.Role != protocol.RoleDesignated {
			t.Errorf("%s: got %+v, want a hold for the designated authority", rule, f)
		}
	}
}

func uncertify(s *scene) { s.Facts.Certification.Attestations = nil }

// daaNamed makes a scene that names its agreement.
func daaNamed(i *instrument, make func() *scene) func() *scene {
	return func() *scene {
		s := make()
		s.Facts.Ref = protocol.AgreementRef{ID: i.id, Version: "1"}
		return s
	}
}

// daaBound sees that the agreement begins on a day, and binds no third State.
func daaBound(t *testing.T, i *instrument, first time.Time) {
	t.Helper()
	book := i.book(t)
	for _, make := range i.scenes {
		s := make()
		s.Facts.Issued = first
		for at, want := range map[time.Time]protocol.Outcome{first: protocol.Pass, first.Add(-time.Second): protocol.Fail} {
			s.Facts.At = at
			if f := agreementtest.Found(t, s.Decide(book), agreement.StepInForce); f.Outcome != want {
				t.Errorf("%s at %v: got %v, want %v", i.id, at, f.Outcome, want)
			}
		}
		s = daaNamed(i, make)()
		s.Req.Addressee = "fr.contoso"
		s.Facts.Addressee = agreementtest.StandingOf("fr.contoso", protocol.RoleProvider)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotGoverning)
	}
}

// daaConfirmed sees that a clock holds orders for the designated authority from
// a day on.
func daaConfirmed(t *testing.T, i *instrument, clock string, day time.Time) {
	t.Helper()
	book := i.book(t)
	for _, make := range i.scenes {
		s := make()
		for at, want := range map[time.Time]protocol.Outcome{day: protocol.Held, day.Add(-time.Second): protocol.Pass} {
			s.Facts.At = at
			f := agreementtest.Found(t, s.Decide(book), clock)
			if f.Outcome != want || want == protocol.Held && (f.Side != protocol.SideIssuing || f.Role != protocol.RoleDesignated) {
				t.Errorf("%s at %v: got %+v, want %v", clock, at, f, want)
			}
		}
	}
}

// daaDesignatedOnly sees that a statement counts from the designated authority
// and from nobody else.
func daaDesignatedOnly(t *testing.T, i *instrument, rule, statement string, setup func(*scene)) {
	t.Helper()
	book, ran := i.book(t), false
	for _, make := range i.scenes {
		s := make()
		setup(s)
		if agreementtest.Found(t, s.Decide(book), rule).Outcome == protocol.NotApplicable {
			continue
		}
		ran = true
		s.Attest(statement)
		f := agreementtest.Found(t, s.Decide(book), rule)
		if f.Outcome != protocol.Held || f.Side != protocol.SideIssuing || f.Role != protocol.RoleDesignated {
			t.Errorf("%s: said by the issuing authority: got %+v", rule, f)
		}
		certify(s, statement)
		if f := agreementtest.Found(t, s.Decide(book), rule); f.Outcome != protocol.Pass {
			t.Errorf("%s: certified: got %v", rule, f.Outcome)
		}
		s.Facts.Certification.By.Roles = []protocol.Role{protocol.RoleIssuing}
		if f := agreementtest.Found(t, s.Decide(book), rule); f.Outcome != protocol.Held {
			t.Errorf("%s: certified by another: got %v", rule, f.Outcome)
		}
	}
	if !ran {
		t.Errorf("%s applies in no direction", rule)
	}
}

// daaTerms sees that an own code stands for a category, and another does not.
func daaTerms(t *testing.T, i *instrument, c protocol.Category, right, wrong string) {
	t.Helper()
	for _, make := range i.scenes {
		s := make()
		s.Ask(protocol.Production, c)
		s.Req.Data[0].Own = []string{right}
		if f := agreementtest.Found(t, s.Decide(i.book(t)), agreement.StepTerms); f.Outcome != protocol.Pass {
			t.Errorf("%s for %s: got %v", right, c, f.Outcome)
		}
		s.Req.Data[0].Own = []string{wrong}
		if f := agreementtest.Found(t, s.Decide(i.book(t)), agreement.StepTerms); f.Reason != protocol.ReasonTerms {
			t.Errorf("%s for %s: got %+v", wrong, c, f)
		}
	}
}
