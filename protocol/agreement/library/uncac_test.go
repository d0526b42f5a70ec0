package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// The EU-US agreement stands beside it as the other treaty that France and the
// United States have, and Japan and the United States do not.
var uncac = instrument{
	id:     "uncac-2003",
	beside: []string{"eu-us-mla-2003"},
	scenes: []func() *scene{uncacRequest("us.doj-oia", "jp.moj"), uncacRequest("jp.moj", "us.doj-oia")},
	clean:  protocol.Hold,
	rows:   uncacRows,
}

// uncacRequest is a request for records about bribery, between central
// authorities.
func uncacRequest(from, to protocol.ParticipantID) func() *scene {
	return func() *scene {
		s := agreementtest.Assistance(from, to)
		s.Facts.Ref = protocol.AgreementRef{ID: "uncac-2003", Version: "1"}
		s.Req.Attestations = nil
		s.Req.Proceedings = protocol.StageInvestigation
		s.Req.Offence.Category = "bribery_foreign"
		s.Req.Offence.ReceivingMaxCustodyMonths = 60
		s.Req.Facts, s.Req.Purpose = "An official was paid.", "evidence for the trial"
		s.Req.Languages = []string{"en"}
		s.Attest("conducting_authority_stated")
		return s
	}
}

func uncacPreserve(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }

// uncacAgreed makes paragraphs 9 to 29 apply beside another treaty.
func uncacAgreed(s *scene) {
	toFrance(s)
	s.Attest("paragraphs_9_to_29_agreed")
}

var uncacRows = []row{
	{rule: "covered-offence", breaks: func(s *scene) { s.Req.Offence.Category = "" }, want: protocol.Held,
		reason: protocol.ReasonPurpose},
	{rule: "covered-offence", setup: func(s *scene) {
		s.Req.Offence.Category, s.Req.Offence.Lists = "", []string{"uncac_15_25"}
	}, breaks: func(s *scene) { s.Req.Offence.Category, s.Req.Offence.Lists = "terrorism", nil },
		want: protocol.Held, reason: protocol.ReasonPurpose},
	{rule: "criminal-proceedings", breaks: stage(protocol.StageAdministrative), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: noStage},
	{rule: "criminal-proceedings", setup: stage(protocol.StageTrial), breaks: stage(protocol.StageSecurity),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "sentence-execution", setup: stage(protocol.StageSentence), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPurpose, unless: stage(protocol.StageTrial)},
	{rule: "other-assistance", setup: uncacPreserve, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw, unless: produce},
	{rule: "other-assistance", setup: intercept, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw},
	{rule: "other-assistance", setup: budPath, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw},
	{rule: "no-other-treaty", breaks: toFrance, want: protocol.Flag, reason: protocol.ReasonOtherTreaty},
	{rule: "no-other-treaty", setup: uncacAgreed, breaks: without("paragraphs"), want: protocol.Flag,
		reason: protocol.ReasonOtherTreaty},

	{rule: "dual-criminality", breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 },
		want: protocol.Held, reason: protocol.ReasonDualCriminality, unless: toFrance},
	{rule: "central-sends", breaks: sentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: toFrance},
	{rule: "central-sends", setup: uncacAgreed, breaks: func(s *scene) { s.Facts.Sender = s.Facts.Addressee },
		want: protocol.Held, reason: protocol.ReasonNotCompetent, unless: without("paragraphs")},
	{rule: "diplomatic-channel", setup: func(s *scene) { s.Attest("sent_through_diplomatic_channel") },
		breaks: without("sent_through"), want: protocol.Held, reason: protocol.ReasonIncomplete, unless: toFrance,
		given: madeByBoth("uncac-2003", "diplomatic-channels", agreement.Declare, "US", "JP")},
	{rule: "diplomatic-channel", setup: func(s *scene) { s.Attest("sent_through_interpol") },
		breaks: without("sent_through"), want: protocol.Held, reason: protocol.ReasonIncomplete,
		given: madeByBoth("uncac-2003", "diplomatic-channels", agreement.Declare, "US", "JP")},
	{rule: "language", breaks: func(s *scene) { s.Req.Languages = nil }, want: protocol.Held,
		reason: protocol.ReasonLanguage, unless: toFrance},
	{rule: "nature", breaks: noStage, want: protocol.Held, reason: protocol.ReasonIncomplete, unless: toFrance},
	{rule: "conducting-authority", breaks: without("conducting"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: toFrance},
	{rule: "facts", breaks: noFacts, want: protocol.Held, reason: protocol.ReasonIncomplete, unless: toFrance},
	{rule: "description", breaks: noIdentifier, want: protocol.Held, reason: protocol.ReasonInsufficient,
		unless: toFrance},
	{rule: "description", breaks: freeText, want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "persons", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Flag,
		reason: protocol.ReasonInsufficient, unless: toFrance},
	{rule: "persons", breaks: func(s *scene) { s.Req.Target.Nationalities, s.Req.Target.ResidentIn = nil, nil },
		want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "purpose", breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: toFrance},
	{rule: "procedure", setup: func(s *scene) { s.Req.Procedure = "under oath" }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonContraryToLaw,
		unless: func(s *scene) { s.Req.Procedure = "" }},
	{rule: "confidentiality", setup: func(s *scene) {
		s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}}
	}, breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: func(s *scene) { s.Req.Secrecy = nil }},
	{rule: "conformity", breaks: nothing, want: protocol.Held, reason: protocol.ReasonIncomplete, unless: toFrance},
	{rule: "essential-interests", breaks: nothing, want: protocol.Held, reason: protocol.ReasonSovereignty,
		unless: toFrance},
	{rule: "domestic-law", breaks: nothing, want: protocol.Held, reason: protocol.ReasonContraryToLaw,
		unless: toFrance},
	{rule: "requested-state-decides", setup: toFrance, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: func(s *scene) { s.Attest("paragraphs_9_to_29_agreed") }},
}

// Each right of Art. 46(3), granted to a central authority and withheld from a
// provider, in both directions.
func TestUNCACGrantsAssistanceToCentralAuthorities(t *testing.T) {
	book := uncac.book(t)
	for _, make := range uncac.scenes {
		for _, c := range []struct {
			article, provenance string
			ask                 func(*scene)
		}{
			{"Art. 46(3)(e)-(f)", "verified", produce},
			{"Art. 46(3)(e)-(f)", "verified", func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }},
			{"Art. 46(3)(i)", "unverified", uncacPreserve},
			{"Art. 46(3)(i)", "unverified", budPath},
			{"Art. 46(3)(i)", "unverified", intercept},
		} {
			s := make()
			c.ask(s)
			d := s.Decide(book)
			if f := agreementtest.Found(t, d, "right"); f.Outcome != protocol.Pass || f.Article != c.article ||
				f.Provenance != c.provenance || d.Verdict != protocol.Hold {
				t.Errorf("%s: got %v, %v%s", c.article, f, d.Verdict, agreementtest.Failures(d))
			}
			s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
		}
		s := make()
		s.Ask(protocol.Interception, protocol.CategoryContent)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
	}
}

func TestUNCACCarriesNothingBeforeItsDayOrForAStranger(t *testing.T) {
	book := uncac.book(t)
	for _, make := range uncac.scenes {
		s := make()
		for _, c := range []struct {
			at   time.Time
			want protocol.Verdict
		}{
			{time.Date(2005, 12, 13, 23, 59, 59, 0, time.UTC), protocol.Deny},
			{time.Date(2005, 12, 14, 0, 0, 0, 0, time.UTC), protocol.Hold},
		} {
			s.Facts.At = c.at
			if d := s.Decide(book); d.Verdict != c.want {
				t.Errorf("at %s: got %v%s", c.at, d.Verdict, agreementtest.Failures(d))
			}
		}
	}
	for _, s := range []*scene{uncacRequest("us.doj-oia", "sm.tribunal")(), uncacRequest("sm.tribunal", "us.doj-oia")()} {
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotGoverning)
	}
}

// Art. 46(7): where another treaty binds the two, what that treaty lets a State
// refuse for stands in the place of paragraph 22, and not of paragraph 8.
func TestUNCACBarsFiscalMattersOnlyWithoutAnotherTreaty(t *testing.T) {
	book := uncac.book(t)
	for _, c := range []struct {
		from, to    protocol.Party
		bank, money protocol.Verdict
	}{
		{"US", "JP", protocol.Deny, protocol.Deny},
		{"US", "FR", protocol.Deny, protocol.Allow},
		{"FR", "US", protocol.Deny, protocol.Allow},
	} {
		for ground, want := range map[protocol.Reason]protocol.Verdict{
			protocol.ReasonBankSecrecy: c.bank, protocol.ReasonSolelyFiscal: c.money} {
			d := book.Refuse(agreement.Ground{Agreement: document(t, "uncac-2003").Ref(), Reason: ground,
				From: c.from, To: c.to, At: agreementtest.Day})
			if d.Verdict != want {
				t.Errorf("%s from %s to %s: got %v, want %v", ground, c.from, c.to, d.Verdict, want)
			}
		}
	}
}

// Art. 46(8) and (22): nobody refuses for bank secrecy, or for fiscal matters
// alone. Other grounds stay.
func TestUNCACBarsBankSecrecyAndFiscalMatters(t *testing.T) {
	book := uncac.book(t)
	ref := protocol.AgreementRef{ID: "uncac-2003", Version: "1"}
	for _, pair := range [][2]protocol.Party{{"US", "JP"}, {"JP", "US"}, {"GB", "CH"}} {
		for ground, article := range map[protocol.Reason]string{
			protocol.ReasonBankSecrecy:  "Art. 46(8)",
			protocol.ReasonSolelyFiscal: "Art. 46(7), 46(22)",
		} {
			d := book.Refuse(agreement.Ground{Agreement: ref, Reason: ground, From: pair[0], To: pair[1], At: agreementtest.Day})
			agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonBarredGround)
			if d.Findings[0].Article != article || d.Findings[0].Provenance != "verified" {
				t.Errorf("%s: got %+v", ground, d.Findings[0])
			}
		}
		for _, ground := range []protocol.Reason{protocol.ReasonDualCriminality, protocol.ReasonSovereignty} {
			if d := book.Refuse(agreement.Ground{Agreement: ref, Reason: ground, From: pair[0], To: pair[1], At: agreementtest.Day}); d.Verdict != protocol.Allow {
				t.Errorf("%s: got %v", ground, d.Verdict)
			}
		}
	}
}
