package library_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

var ukusDAA = instrument{
	id:     "ukus-daa-2019",
	scenes: []func() *scene{agreementtest.UKOrder, agreementtest.USOrder},
	clean:  protocol.Allow,
	rows:   slices.Concat(daaRows, ukusRows),
}

var ukusRows = []row{
	{rule: "serious-crime", setup: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 },
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 }, want: protocol.Fail, reason: protocol.ReasonThreshold,
		unless: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }},
	{rule: "serious-crime", breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }, want: protocol.Fail,
		reason: protocol.ReasonThreshold, unless: func(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }},
	{rule: "order-after-entry-into-force", breaks: func(s *scene) { s.Facts.Issued = agreementtest.Day.AddDate(-5, 0, 0) },
		want: protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "US", "GB") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "GB", "US") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("US", "GB", "GB") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "us-person", setup: func(s *scene) { s.Organisation("GB", "GB") },
		breaks: func(s *scene) { s.Organisation("GB", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	// What is of the United States under a code of its own.
	{rule: "us-person", breaks: func(s *scene) { s.Person("PR", "GB", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "AS", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("GB", "GB", "GU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Organisation("GB", "VI") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-government", breaks: func(s *scene) { s.Authority("GB", "MP") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-government", setup: func(s *scene) { s.Authority("GB", "GB") },
		breaks: func(s *scene) { s.Authority("GB", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.ResidentIn = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.Incorporated = "GB" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", setup: all(daaStranger, certifying("target_believed_unprotected")), breaks: uncertify,
		want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "uk-target-known", setup: all(daaStranger, certifying("target_believed_unprotected")), breaks: uncertify,
		want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "uk-located", breaks: func(s *scene) { s.Person("UK", "US", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-body", breaks: func(s *scene) { s.Organisation("US", "UK") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-body", breaks: func(s *scene) { s.Authority("US", "UK") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-located", breaks: func(s *scene) { s.Person("GB", "US", "US") }, want: protocol.Fail,
		reason: protocol.ReasonPerson},
	{rule: "uk-body", setup: func(s *scene) { s.Organisation("US", "US") },
		breaks: func(s *scene) { s.Organisation("US", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-body", setup: func(s *scene) { s.Authority("US", "US") },
		breaks: func(s *scene) { s.Authority("US", "GB") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "uk-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "no-discrimination", breaks: without("no_discrimination"), want: protocol.Held,
		reason: protocol.ReasonDiscrimination},
	{rule: "contact", breaks: func(s *scene) { s.Facts.Certification.Contact = "" }, want: protocol.Held,
		reason: protocol.ReasonCertification},
	{rule: "third-country-notice", setup: func(s *scene) {
		s.Person("FR", "FR", "FR")
		certify(s, "third_country_notified")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonThirdNotice,
		unless: func(s *scene) { s.Person(s.Req.Issuer.Party(), "FR", "FR") }},
	{rule: "third-country-notice", setup: func(s *scene) {
		s.Person("FR", "FR", "FR")
		certify(s, "third_country_exception_human_rights")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonThirdNotice,
		unless: func(s *scene) { s.Person("FR", s.Req.Issuer.Party(), "FR") }},
	{rule: "death-penalty", setup: func(s *scene) {
		s.Req.Offence.DeathPenalty = true
		certify(s, "essential_interest_undertaking")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonDeathPenalty,
		unless: func(s *scene) { s.Req.Offence.DeathPenalty = false }},
	{rule: "speech-list", setup: func(s *scene) {
		s.Req.Offence.Speech = true
		certify(s, "essential_interest_permission")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonFreeSpeech,
		unless: func(s *scene) { s.Req.Offence.Speech = false }},
	{rule: "purpose-said", breaks: func(s *scene) { s.Req.Proceedings = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "purpose-said", setup: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) },
		breaks: func(s *scene) { s.Req.Proceedings = "" }, want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "purpose-of-process", setup: func(s *scene) {
		s.Ask(protocol.Subscriber, protocol.CategorySubscriber)
		s.Req.Proceedings, s.Req.Offence.MaxCustodyMonths = protocol.StageSentence, 1
	}, breaks: func(s *scene) { s.Req.Proceedings = protocol.StageAdministrative }, want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Req.Proceedings = "" }},
	{rule: "purpose-of-process", setup: func(s *scene) {
		s.Ask(protocol.Preservation, protocol.CategoryContent)
		s.Req.Proceedings = protocol.StageInvestigation
	}, breaks: func(s *scene) { s.Req.Proceedings = protocol.StageAdministrative }, want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: produce},
	{rule: "purpose", setup: func(s *scene) { s.Req.Proceedings = protocol.StageTrial },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageAdministrative }, want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }},
	{rule: "purpose", setup: func(s *scene) { s.Req.Proceedings = protocol.StageControlOrder },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageSentence }, want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: func(s *scene) { s.Req.Proceedings = "" }},
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

// daaStranger makes the target one of whom only the country is known.
func daaStranger(s *scene) {
	s.Req.Target = protocol.Target{LocatedIn: "FR", Basis: "address of the network"}
	certify(s, "third_country_notified")
}

// A target of whom little can be known is for the designated authority: the
// issuing one has nothing to add, and the request must not stay with it.
func TestDesignatedAuthorityTakesOnATargetThatIsNotKnown(t *testing.T) {
	unknown := func(s *scene) { s.Req.Target = protocol.Target{Basis: "nothing is known"} }
	for _, i := range []*instrument{&ukusDAA, &usauDAA} {
		daaSays(t, i, "us-target-known", unknown)
	}
	daaSays(t, &ukusDAA, "uk-target-known", unknown)
	daaSays(t, &usauDAA, "au-target-known", unknown)
}

// A US order reaches what its provider controls, wherever it is stored.
func TestThatDataIsAbroadIsNoGroundAgainstAUSOrder(t *testing.T) {
	for id, other := range map[string]protocol.Party{"ukus-daa-2019": "GB", "us-au-daa-2021": "AU"} {
		mlaBars(t, id, "US", other, protocol.ReasonStoredAbroad)
		mlaBars(t, id, other, "US")
	}
}

func TestWhatUKUSAgreementGrants(t *testing.T) {
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryTraffic,
		protocol.CategoryLocation, protocol.CategoryContent, protocol.CategoryOther}
	for _, make := range ukusDAA.scenes {
		grants(t, ukusDAA, daaNamed(&ukusDAA, make), map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Preservation: stored,
			protocol.Subscriber:   {protocol.CategorySubscriber, protocol.CategoryUserID},
			protocol.Interception: {protocol.CategoryContentLive, protocol.CategoryTrafficLive},
		})
	}
}

func TestUKUSAgreementIsInForceSinceOctober2022(t *testing.T) {
	daaBound(t, &ukusDAA, date(2022, 10, 3))
}

// Its term, and then the determination that it rests on, are confirmed by a
// person from a day on.
func TestUKUSAgreementIsConfirmedFromADayOn(t *testing.T) {
	daaConfirmed(t, &ukusDAA, "treaty-term", date(2027, 10, 3))
	daaConfirmed(t, &ukusDAA, "us-redetermination", date(2029, 11, 27))
}

// What only the designated authority can say, no other officer says for it.
func TestOnlyTheDesignatedAuthoritySpeaksForItself(t *testing.T) {
	abroad := func(s *scene) { s.Person("FR", "FR", "FR") }
	daaDesignatedOnly(t, &ukusDAA, "third-country-notice", "third_country_notified", abroad)
	daaDesignatedOnly(t, &ukusDAA, "death-penalty", "essential_interest_permission",
		func(s *scene) { s.Req.Offence.DeathPenalty = true })
	daaDesignatedOnly(t, &ukusDAA, "speech-list", "essential_interest_undertaking",
		func(s *scene) { s.Req.Offence.Speech = true })
}

func TestOwnCodesOfUKUSAgreement(t *testing.T) {
	daaTerms(t, &ukusDAA, protocol.CategoryTraffic, "traffic_data", "subscriber_information")
	daaTerms(t, &ukusDAA, protocol.CategoryContent, "stored_content", "intercepted_content")
}
