package library_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

var ukusDAA = instrument{
	id:     "ukus-daa-2019",
	scenes: []func() *scene{agreementtest.UKOrder, agreementtest.USOrder},
	clean:  protocol.Allow,
	rows:   ukusRows,
}

var ukusRows = []row{
	{rule: "serious-crime", setup: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 },
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 }, want: protocol.Fail, reason: protocol.ReasonThreshold,
		unless: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }},
	{rule: "serious-crime", breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }, want: protocol.Fail,
		reason: protocol.ReasonThreshold, unless: func(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }},
	{rule: "order-after-entry-into-force", breaks: func(s *scene) { s.Facts.Issued = agreementtest.Day.AddDate(-5, 0, 0) },
		want: protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "specific-identifier", breaks: func(s *scene) { s.Req.Identifiers = nil }, want: protocol.Fail,
		reason: protocol.ReasonOverbroad},
	{rule: "specific-identifier", breaks: func(s *scene) {
		s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Value: "everybody in Leeds"})
	}, want: protocol.Fail, reason: protocol.ReasonOverbroad},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "US", "GB") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "GB", "US") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("US", "GB", "GB") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", setup: func(s *scene) { s.Organisation("GB", "GB") },
		breaks: func(s *scene) { s.Organisation("GB", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-government", setup: func(s *scene) { s.Authority("GB", "GB") },
		breaks: func(s *scene) { s.Authority("GB", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.ResidentIn = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.Incorporated = "GB" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "uk-located", breaks: func(s *scene) { s.Person("GB", "US", "US") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "uk-body", setup: func(s *scene) { s.Organisation("US", "US") },
		breaks: func(s *scene) { s.Organisation("US", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-body", setup: func(s *scene) { s.Authority("US", "US") },
		breaks: func(s *scene) { s.Authority("US", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "targeting-statement", breaks: without("not_receiving_party_person"), want: protocol.Fail,
		reason: protocol.ReasonInsufficient},
	{rule: "no-reverse-targeting", breaks: without("no_reverse_targeting"), want: protocol.Held,
		reason: protocol.ReasonReverse},
	{rule: "free-speech", breaks: without("no_speech_infringement"), want: protocol.Held,
		reason: protocol.ReasonFreeSpeech},
	{rule: "no-discrimination", breaks: without("no_discrimination"), want: protocol.Held,
		reason: protocol.ReasonDiscrimination},
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
	{rule: "contact", breaks: func(s *scene) { s.Facts.Certification.Contact = "" }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "targeting-procedure", breaks: func(s *scene) { s.Facts.Certification.Targeting = "" }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "third-country-notice", setup: func(s *scene) {
		s.Person("FR", "FR", "FR")
		s.Attest("third_country_notified")
	}, breaks: without("third_country"), want: protocol.Held, reason: protocol.ReasonThirdNotice,
		unless: func(s *scene) { s.Person(s.Req.Issuer.Party(), "FR", "FR") }},
	{rule: "third-country-notice", setup: func(s *scene) {
		s.Person("FR", "FR", "FR")
		s.Attest("third_country_exception_human_rights")
	}, breaks: without("third_country"), want: protocol.Held, reason: protocol.ReasonThirdNotice,
		unless: func(s *scene) { s.Person("FR", s.Req.Issuer.Party(), "FR") }},
	{rule: "death-penalty", setup: func(s *scene) {
		s.Req.Offence.DeathPenalty = true
		s.Attest("essential_interest_undertaking")
	}, breaks: without("essential"), want: protocol.Held, reason: protocol.ReasonDeathPenalty,
		unless: func(s *scene) { s.Req.Offence.DeathPenalty = false }},
	{rule: "speech-list", setup: func(s *scene) {
		s.Req.Offence.Speech = true
		s.Attest("essential_interest_permission")
	}, breaks: without("essential"), want: protocol.Held, reason: protocol.ReasonFreeSpeech,
		unless: func(s *scene) { s.Req.Offence.Speech = false }},
}

func TestRuleIsMarkedVerifiedOnlyWhereItsSourceProvesIt(t *testing.T) {
	book := agreementtest.LibraryBook(t)
	uk, us := agreementtest.UKOrder().Decide(book), agreementtest.USOrder().Decide(book)
	for rule, want := range map[string][2]string{
		"own-purpose":       {"verified", "unverified"},
		"certified":         {"unverified", "unverified"},
		"serious-crime":     {"secondary", "secondary"},
		"us-person":         {"verified", "verified"},
		"no-discrimination": {"unverified", "unverified"},
	} {
		if got := [2]string{agreementtest.Found(t, uk, rule).Provenance, agreementtest.Found(t, us, rule).Provenance}; got != want {
			t.Errorf("%s: got %v, want %v", rule, got, want)
		}
	}
}
