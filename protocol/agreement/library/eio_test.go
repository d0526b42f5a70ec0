package library_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

var euEIO = instrument{
	id: "eu-eio-2014",
	scenes: []func() *scene{
		func() *scene { return eio("nl.prosecution", "fr.parquet") },
		func() *scene { return eio("fr.parquet", "nl.prosecution") },
	},
	clean: protocol.Hold,
	rows:  eioRows,
}

// eio is a complete order of a judge for content, to an executing authority.
func eio(issuer, executing protocol.ParticipantID) *scene {
	s := agreementtest.Assistance(issuer, executing)
	s.Facts.Ref = protocol.AgreementRef{ID: "eu-eio-2014", Version: "1"}
	s.Req.Proceedings = protocol.StageInvestigation
	s.Req.Languages = []string{"en"}
	s.Req.Facts, s.Req.Nexus = "what happened", "why this data"
	s.Req.Attestations = nil
	s.Attest("content_accurate", "language_accepted", "necessary_and_proportionate", "similar_domestic_case")
	return s
}

// tap makes an order one for interception, with what Art. 30 asks for.
func tap(s *scene) {
	intercept(s)
	s.Attest("technical_assistance_needed", "one_state_only")
}

func subscription(s *scene) {
	s.Ask(protocol.Subscriber, protocol.CategorySubscriber)
	s.Req.Identifiers = []protocol.Identifier{{Type: protocol.IdentifierPhone, Value: "+31201234567"}}
}

func provisional(destination string) func(*scene) {
	return func(s *scene) {
		s.Ask(protocol.Preservation, protocol.CategoryContent)
		s.Attest(destination)
	}
}

func infringement(s *scene) {
	s.Req.Proceedings = protocol.StageAdministrative
	s.Attest("decision_may_go_to_court")
}

var eioRows = slices.Concat(eioIssuingRows, eioExecutingRows, eioInterceptionRows)

var eioIssuingRows = []row{
	{rule: "issued-after-application", setup: func(s *scene) { s.Facts.Issued = date(2017, 5, 22) },
		breaks: func(s *scene) { s.Facts.Issued = date(2017, 5, 22).Add(-time.Second) },
		want:   protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "issuing-authority", breaks: func(s *scene) { s.Facts.Issuing.Roles = []protocol.Role{protocol.RoleCentral} },
		want: protocol.Fail, reason: protocol.ReasonNotCompetent},
	{rule: "issuing-authority", setup: func(s *scene) { s.Facts.Issuing.Roles = []protocol.Role{protocol.RoleValidating} },
		breaks: func(s *scene) { s.Facts.Issuing.Roles = nil }, want: protocol.Fail, reason: protocol.ReasonNotCompetent},
	{rule: "judicial-decision", setup: approvedBy(protocol.AuthorityProsecutor),
		breaks: approvedBy(protocol.AuthorityPolice), want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "judicial-decision", setup: validatedBy(protocol.AuthorityCourt),
		breaks: validatedBy(protocol.AuthorityAdministrative), want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "judicial-decision", setup: validatedBy(protocol.AuthorityProsecutor), breaks: func(s *scene) {
		s.Req.Authorisation.ValidatedBy, s.Req.Authorisation.Unvalidated = nil, true
		s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	}, want: protocol.Fail, reason: protocol.ReasonNotValidated},
	{rule: "proceedings-named", breaks: func(s *scene) { s.Req.Proceedings = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "proceedings", setup: func(s *scene) { s.Req.Proceedings = protocol.StageTrial },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageControlOrder },
		want:   protocol.Fail, reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Req.Proceedings = "" }},
	{rule: "proceedings", breaks: func(s *scene) { s.Req.Proceedings = protocol.StageSecurity },
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "proceedings", setup: infringement, breaks: sentenced(24, false, true),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "court-of-infringements", setup: infringement, breaks: without("decision_may"), want: protocol.Held,
		reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Req.Proceedings = protocol.StageTrial }},
	{rule: "certified", breaks: without("content_accurate"), want: protocol.Held, reason: protocol.ReasonCertification},
	{rule: "facts-and-reasons", breaks: func(s *scene) { s.Req.Facts = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "facts-and-reasons", breaks: func(s *scene) { s.Req.Nexus = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "language", breaks: func(s *scene) { s.Req.Languages = nil }, want: protocol.Held,
		reason: protocol.ReasonLanguage},
	{rule: "language", breaks: without("language"), want: protocol.Held, reason: protocol.ReasonLanguage},
	{rule: "necessary", breaks: without("necessary"), want: protocol.Held, reason: protocol.ReasonProportionality},
	{rule: "similar-domestic-case", breaks: without("similar"), want: protocol.Held,
		reason: protocol.ReasonContraryToLaw},
	{rule: "transmitted-by", breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party },
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "transmitted-by", setup: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleCentral} },
		breaks: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleDesignated} },
		want:   protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "transmitted-by", setup: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleIssuing} },
		breaks: func(s *scene) { s.Facts.Sender.Roles = nil }, want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "transmitted-by", setup: func(s *scene) { s.Facts.Sender.Roles = []protocol.Role{protocol.RoleValidating} },
		breaks: func(s *scene) { s.Facts.Sender = agreement.Standing{} },
		want:   protocol.Held, reason: protocol.ReasonNotCompetent},
}

var eioExecutingRows = []row{
	{rule: "recognition", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
	{rule: "recognition", setup: subscription, breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
	{rule: "other-measure", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement, unless: subscription},
	{rule: "immunity-or-press", breaks: nothing, want: protocol.Held, reason: protocol.ReasonPrivilege},
	{rule: "national-security", breaks: nothing, want: protocol.Held, reason: protocol.ReasonSovereignty},
	{rule: "infringement-at-home", setup: infringement, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonContraryToLaw, unless: func(s *scene) { s.Req.Proceedings = protocol.StageTrial }},
	{rule: "ne-bis-in-idem", breaks: nothing, want: protocol.Held, reason: protocol.ReasonNeBisInIdem},
	{rule: "territoriality", breaks: nothing, want: protocol.Held, reason: protocol.ReasonDualCriminality, unless: atHome},
	{rule: "territoriality", setup: func(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{s.Facts.Addressee.Party} },
		breaks: nothing, want: protocol.Held, reason: protocol.ReasonDualCriminality},
	{rule: "fundamental-rights", breaks: nothing, want: protocol.Held, reason: protocol.ReasonFundamentalRight},
	{rule: "dual-criminality", breaks: nothing, want: protocol.Held, reason: protocol.ReasonDualCriminality,
		unless: subscription},
	{rule: "dual-criminality", breaks: func(s *scene) {
		s.Req.Offence.Category, s.Req.Offence.MaxCustodyMonths = "terrorism", 35
	}, want: protocol.Held, reason: protocol.ReasonDualCriminality,
		unless: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 }},
	{rule: "restricted-measure", breaks: nothing, want: protocol.Held, reason: protocol.ReasonThreshold,
		unless: subscription},
	{rule: "postponement", breaks: nothing, want: protocol.Held, reason: protocol.ReasonOwnInvestigation},
	{rule: "annex-d-category", setup: func(s *scene) { s.Req.Offence.Category = "corruption" },
		breaks: func(s *scene) { s.Req.Offence.Category = "jaywalking" }, want: protocol.Flag,
		reason: protocol.ReasonDualCriminality, unless: subscription},
	{rule: "annex-d-category", setup: func(s *scene) {
		s.Req.Offence.Category, s.Req.Offence.MaxCustodyMonths = "corruption", 36
	}, breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 }, want: protocol.Flag,
		reason: protocol.ReasonDualCriminality},
}

var eioInterceptionRows = []row{
	{rule: "interception-assistance", setup: tap, breaks: without("technical"), want: protocol.Held,
		reason: protocol.ReasonWrongAddressee, unless: produce},
	{rule: "interception-one-state", setup: tap, breaks: without("one_state"), want: protocol.Held,
		reason: protocol.ReasonWrongAddressee, unless: produce},
	{rule: "interception-one-state", setup: func(s *scene) {
		tap(s)
		s.Withdraw("one_state")
		s.Attest("several_states_needed")
	}, breaks: without("several"), want: protocol.Held, reason: protocol.ReasonWrongAddressee},
	{rule: "interception-subject", setup: tap, breaks: func(s *scene) { s.Req.Identifiers = nil },
		want: protocol.Fail, reason: protocol.ReasonOverbroad, unless: produce},
	{rule: "interception-subject", setup: tap, breaks: func(s *scene) {
		s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Value: "everybody in Lyon"})
	}, want: protocol.Fail, reason: protocol.ReasonOverbroad},
	{rule: "interception-duration", setup: tap, breaks: func(s *scene) { s.Req.Interception.End = s.Req.Interception.Start },
		want: protocol.Fail, reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-duration", setup: tap, breaks: func(s *scene) {
		s.Req.Interception.Start, s.Req.Interception.End = agreementtest.Day.AddDate(0, 0, -9), agreementtest.Day
	}, want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-duration", setup: tap, breaks: func(s *scene) {
		s.Req.Interception.Start = s.Req.Interception.End.AddDate(0, 0, 1)
	}, want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-duration", setup: tap, breaks: func(s *scene) { s.Req.Interception = nil },
		want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-reasons", setup: tap, breaks: func(s *scene) { s.Req.Nexus = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "interception-at-home", setup: tap, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-method", setup: tap, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: produce},
	{rule: "interception-third-state", setup: func(s *scene) {
		tap(s)
		s.Req.Target.LocatedIn = "BE"
		s.Attest("annex_c_notified")
	}, breaks: without("annex_c"), want: protocol.Held, reason: protocol.ReasonNotification,
		unless: func(s *scene) { s.Req.Target.LocatedIn = s.Facts.Addressee.Party }},
	{rule: "interception-third-state", setup: func(s *scene) {
		tap(s)
		s.Req.Target.LocatedIn = "SK"
		s.Attest("annex_c_notified")
	}, breaks: without("annex_c"), want: protocol.Held, reason: protocol.ReasonNotification,
		unless: func(s *scene) { s.Req.Target.LocatedIn = "DK" }},
	{rule: "provisional-item", setup: provisional("evidence_to_be_transferred"), breaks: without("evidence_"),
		want: protocol.Held, reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "provisional-end", setup: all(provisional("evidence_remains"), func(s *scene) { s.Attest("lifting_date_stated") }),
		breaks: without("lifting"), want: protocol.Held, reason: protocol.ReasonInsufficient,
		unless: without("evidence_remains")},
	{rule: "provisional-end", setup: all(provisional("evidence_remains"), func(s *scene) { s.Attest("transfer_date_stated") }),
		breaks: without("transfer"), want: protocol.Held, reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "provisional-end", setup: all(provisional("lifting_date_stated"), func(s *scene) {
		s.Facts.Certification = agreement.Certification{Present: true, By: s.Facts.Issuing,
			Attestations: []protocol.Attestation{{Statement: "evidence_remains"}}}
	}), breaks: without("lifting"), want: protocol.Held, reason: protocol.ReasonInsufficient, unless: produce},
}

func TestRowsOfEIOSpoilNothingElse(t *testing.T) {
	spoilNothing(t, euEIO, func() *scene { return eio("nl.prosecution", "fr.parquet") }, map[string][]string{
		"interception-reasons": {"facts-and-reasons"}, // Art. 30(4) asks again for what Art. 5(1)(b) asks for
		"proceedings":          {"court-of-infringements"},
	})
}

func TestWhatEIOGrants(t *testing.T) {
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain,
		protocol.CategoryTraffic, protocol.CategoryLocation, protocol.CategoryContent, protocol.CategoryOther}
	for _, p := range [][2]protocol.ParticipantID{{"nl.prosecution", "fr.parquet"}, {"fr.parquet", "nl.prosecution"},
		{"mt.court", "hr.court"}} {
		grants(t, euEIO, func() *scene { return eio(p[0], p[1]) }, map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Preservation: stored,
			protocol.Subscriber:   stored[:3],
			protocol.Interception: {protocol.CategoryContentLive, protocol.CategoryTrafficLive, protocol.CategoryLocation},
		})
		s := eio(p[0], p[1])
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
		agreementtest.Expect(t, s.Decide(euEIO.book(t)), protocol.Deny, protocol.ReasonNoRight)
	}
}

func TestEIOAppliesSinceMay2017WithoutDenmarkAndIreland(t *testing.T) {
	bound(t, euEIO, func(from, to protocol.Party) *scene {
		return eio(participant(from, "court"), participant(to, "court"))
	}, date(2017, 5, 22), "DK", "IE", "GB", "NO")
	if n := len(document(t, "eu-eio-2014").Parties()); n != 25 {
		t.Errorf("got %d Member States, want 25", n)
	}
}

func TestGroundsThatEIOBars(t *testing.T) {
	barred(t, euEIO, protocol.ReasonSolelyFiscal, protocol.ReasonBankSecrecy)
}

// No order is carried out without a person of the executing State.
func TestEveryEIOIsHeldForTheExecutingAuthority(t *testing.T) {
	for _, change := range []func(*scene){nothing, subscription, tap, provisional("evidence_to_be_transferred"), infringement} {
		s := eio("fr.parquet", "nl.prosecution")
		change(s)
		f := agreementtest.Found(t, s.Decide(euEIO.book(t)), "recognition")
		if f.Outcome != protocol.Held || f.Side != protocol.SideReceiving || f.Role != protocol.RoleCentral || f.Ask == "" {
			t.Errorf("got %+v", f)
		}
	}
}

// Art. 10(2)(e), 11(2): only who holds a phone number or an IP address is asked
// without a test of dual criminality or of a list of offences.
func TestWhoHoldsASubscriptionIsAlwaysAvailable(t *testing.T) {
	phone := protocol.Identifier{Type: protocol.IdentifierPhone, Value: "+31201234567"}
	ip := protocol.Identifier{Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: agreementtest.Day}
	mail := protocol.Identifier{Type: protocol.IdentifierEmail, Value: "name@example.com"}
	who := []protocol.Category{protocol.CategorySubscriber}
	book := euEIO.book(t)
	for _, c := range []struct {
		typ         protocol.RequestType
		of          []protocol.Category
		identifiers []protocol.Identifier
		tested      bool
	}{
		{protocol.Subscriber, who, []protocol.Identifier{phone}, false},
		{protocol.Subscriber, who, []protocol.Identifier{ip}, false},
		{protocol.Subscriber, who, []protocol.Identifier{ip, phone}, false},
		{protocol.Subscriber, who, []protocol.Identifier{mail}, true},
		{protocol.Subscriber, who, []protocol.Identifier{phone, mail}, true},
		{protocol.Subscriber, who, nil, true},
		{protocol.Production, who, []protocol.Identifier{phone}, true},
		{protocol.Preservation, who, []protocol.Identifier{ip}, true},
		// Which addresses a subscriber used is more than who holds the number.
		{protocol.Subscriber, []protocol.Category{protocol.CategoryUserID}, []protocol.Identifier{phone}, true},
		{protocol.Subscriber, append(who, protocol.CategoryUserID), []protocol.Identifier{phone}, true},
		{protocol.Production, append(who, protocol.CategoryContent), []protocol.Identifier{phone}, true},
	} {
		s := eio("nl.prosecution", "fr.parquet")
		s.Ask(c.typ, c.of...)
		s.Req.Identifiers = c.identifiers
		d := s.Decide(book)
		for _, rule := range []string{"other-measure", "dual-criminality", "restricted-measure", "annex-d-category"} {
			if f := agreementtest.Found(t, d, rule); c.tested != (f.Outcome != protocol.NotApplicable) {
				t.Errorf("%s %v by %d identifiers: %s: got %v, tested should be %v", c.typ, c.of, len(c.identifiers),
					rule, f.Outcome, c.tested)
			}
		}
	}
}

// Art. 31: the State where the subject is, if it is a third one that the
// Directive binds.
func TestThirdMemberStateOfAnInterceptionIsNotified(t *testing.T) {
	book := euEIO.book(t)
	at := func(p protocol.Party, change func(*scene)) protocol.Outcome {
		s := eio("nl.prosecution", "fr.parquet")
		tap(s)
		s.Req.Target.LocatedIn = p
		change(s)
		return agreementtest.Found(t, s.Decide(book), "interception-third-state").Outcome
	}
	for _, p := range document(t, "eu-eio-2014").Parties() {
		want := protocol.Held
		if p == "NL" || p == "FR" {
			want = protocol.NotApplicable
		}
		if got := at(p, nothing); got != want {
			t.Errorf("%s: got %v, want %v", p, got, want)
		}
	}
	for _, p := range []protocol.Party{"DK", "IE", "US", ""} {
		if got := at(p, nothing); got != protocol.NotApplicable {
			t.Errorf("%q: got %v, want n/a", p, got)
		}
	}
	if got := at("BE", produce); got != protocol.NotApplicable {
		t.Errorf("production: got %v, want n/a", got)
	}
}
