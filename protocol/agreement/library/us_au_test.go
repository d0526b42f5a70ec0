package library_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

var usauDAA = instrument{
	id: "us-au-daa-2021",
	scenes: []func() *scene{
		func() *scene { return usauOrder("au.police", "au.designated", "us.contoso") },
		func() *scene { return usauOrder("us.fbi", "us.doj-oia", "au.contoso") },
	},
	clean: protocol.Allow,
	rows:  slices.Concat(daaRows, usauRows),
}

func usauOrder(issuer, designated, provider protocol.ParticipantID) *scene {
	return agreementtest.CertifiedOrder(issuer, designated, provider)
}

func usauStage(x protocol.Stage) func(*scene) { return func(s *scene) { s.Req.Proceedings = x } }

var usauRows = []row{
	{rule: "serious-crime", setup: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 36 },
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 35 }, want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "serious-crime", setup: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) },
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }, want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "purpose-said", breaks: usauStage(""), want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "purpose-of-australia", setup: usauStage(protocol.StageControlOrder), breaks: usauStage(protocol.StageAdministrative),
		want: protocol.Fail, reason: protocol.ReasonPurpose, unless: usauStage("")},
	{rule: "purpose-of-australia", setup: usauStage(protocol.StageSecurity), breaks: usauStage(protocol.StageSentence),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "purpose-of-the-united-states", setup: usauStage(protocol.StageTrial), breaks: usauStage(protocol.StageControlOrder),
		want: protocol.Fail, reason: protocol.ReasonPurpose, unless: usauStage("")},
	{rule: "order-after-entry-into-force", breaks: func(s *scene) { s.Facts.Issued = agreementtest.Day.AddDate(-3, 0, 0) },
		want: protocol.Fail, reason: protocol.ReasonNotInForce},

	{rule: "us-person", breaks: func(s *scene) { s.Person("AU", "US", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("AU", "AU", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Person("US", "AU", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", setup: func(s *scene) { s.Organisation("AU", "AU") },
		breaks: func(s *scene) { s.Organisation("AU", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-government", setup: func(s *scene) { s.Authority("AU", "AU") },
		breaks: func(s *scene) { s.Authority("AU", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.Nationalities = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-target-known", breaks: func(s *scene) { s.Req.Target.ResidentIn = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "us-person", breaks: func(s *scene) { s.Person("PR", "AU", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-person", breaks: func(s *scene) { s.Organisation("AU", "VI") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-government", breaks: func(s *scene) { s.Authority("AU", "MP") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "us-target-known", setup: all(daaStranger, certifying("target_believed_unprotected")), breaks: uncertify,
		want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "au-target-known", setup: all(daaStranger, certifying("target_believed_unprotected")), breaks: uncertify,
		want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "au-person", breaks: func(s *scene) { s.Person("US", "US", "CX") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-located", breaks: func(s *scene) { s.Person("NF", "US", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-body", breaks: func(s *scene) { s.Organisation("US", "CC") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	// The same test in the other direction: an Australian abroad is protected.
	{rule: "au-person", breaks: func(s *scene) { s.Person("US", "AU", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-person", breaks: func(s *scene) { s.Person("US", "US", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-located", breaks: func(s *scene) { s.Person("AU", "US", "US") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-body", setup: func(s *scene) { s.Organisation("US", "US") },
		breaks: func(s *scene) { s.Organisation("US", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-body", setup: func(s *scene) { s.Authority("US", "US") },
		breaks: func(s *scene) { s.Authority("US", "AU") }, want: protocol.Fail, reason: protocol.ReasonPerson},
	{rule: "au-target-known", breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "au-target-known", breaks: func(s *scene) { s.Req.Target.ResidentIn = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "au-target-known", breaks: func(s *scene) { s.Req.Target.Nationalities = nil }, want: protocol.Held,
		reason: protocol.ReasonInsufficient},

	{rule: "death-penalty", setup: func(s *scene) {
		s.Req.Offence.DeathPenalty = true
		certify(s, "essential_interest_undertaking")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonDeathPenalty,
		unless: func(s *scene) { s.Req.Offence.DeathPenalty = false }},
	{rule: "speech-offence", setup: func(s *scene) {
		s.Req.Offence.Speech = true
		certify(s, "essential_interest_permission")
	}, breaks: uncertify, want: protocol.Held, reason: protocol.ReasonFreeSpeech,
		unless: func(s *scene) { s.Req.Offence.Speech = false }},
}

func TestWhatUSAUAgreementGrants(t *testing.T) {
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryTraffic,
		protocol.CategoryLocation, protocol.CategoryContent}
	for _, make := range usauDAA.scenes {
		grants(t, usauDAA, daaNamed(&usauDAA, make), map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Subscriber:   stored,
			protocol.Interception: {protocol.CategoryContentLive, protocol.CategoryTrafficLive},
		})
	}
}

func TestUSAUAgreementIsInForceSinceJanuary2024(t *testing.T) {
	daaBound(t, &usauDAA, date(2024, 1, 31))
}

func TestUSAUAgreementIsConfirmedFromADayOn(t *testing.T) {
	daaConfirmed(t, &usauDAA, "us-redetermination-at-the-latest", date(2028, 8, 3))
}

func TestOnlyTheDesignatedAuthorityGivesUndertakingsToAustralia(t *testing.T) {
	daaDesignatedOnly(t, &usauDAA, "death-penalty", "essential_interest_permission",
		func(s *scene) { s.Req.Offence.DeathPenalty = true })
	daaDesignatedOnly(t, &usauDAA, "speech-offence", "essential_interest_undertaking",
		func(s *scene) { s.Req.Offence.Speech = true })
}

func TestOwnCodesOfUSAUAgreement(t *testing.T) {
	daaTerms(t, &usauDAA, protocol.CategoryTraffic, "telecommunications_data", "stored_communications")
	daaTerms(t, &usauDAA, protocol.CategoryContent, "stored_communications", "telecommunications_data")
}
