package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const euusID = "eu-us-mla-2003"

var euusMLA = instrument{
	id: euusID,
	scenes: []func() *scene{
		func() *scene { return mlaNamed(euusID, mlaScene("us.doj-oia", "ie.justice")) },
		func() *scene { return mlaNamed(euusID, mlaScene("ie.justice", "us.doj-oia")) },
	},
	clean: protocol.Hold,
	rows:  euusRows,
}

func euusMade(p protocol.Party, option string) []*agreement.Notice {
	return []*agreement.Notice{made(p, euusID, option, agreement.Declare)}
}

var euusRows = []row{
	{rule: "bank-person", setup: mlaThen(mlaBankSent, mlaNoTarget, func(s *scene) { s.Attest("bank_person_named") }),
		breaks: without("bank_person"), want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "bank-person", setup: mlaBankSent, breaks: mlaNoTarget, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoFacts, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoNexus, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: mlaTransactions},
	{rule: "bank-dual-criminality-met", setup: mlaBankSent, breaks: mlaPenalties(120, 0), want: protocol.Held,
		reason: protocol.ReasonDualCriminality, only: mlaTo("IE"), given: euusMade("IE", "bank-dual-criminality"),
		unless: produce},
	{rule: "bank-dual-criminality-met", setup: mlaBankSent, breaks: mlaPenalties(120, 0), want: protocol.Held,
		reason: protocol.ReasonDualCriminality, only: mlaTo("US"), given: euusMade("US", "bank-dual-criminality")},
	{rule: "bank-dual-criminality-met", setup: mlaThen(mlaBankSent, mlaPenalties(120, 1)),
		breaks: mlaPenalties(120, 0), want: protocol.Held, reason: protocol.ReasonDualCriminality, only: mlaTo("IE"),
		given: euusMade("IE", "bank-dual-criminality")},
	{rule: "bank-penalties-met", setup: mlaThen(mlaBankSent, mlaPenalties(48, 24)), breaks: mlaPenalties(47, 24),
		want: protocol.Held, reason: protocol.ReasonThreshold, only: mlaTo("IE"),
		given: euusMade("IE", "bank-penalties"), unless: produce},
	{rule: "bank-penalties-met", setup: mlaThen(mlaBankSent, mlaPenalties(48, 24)), breaks: mlaPenalties(48, 23),
		want: protocol.Held, reason: protocol.ReasonThreshold, only: mlaTo("US"),
		given: euusMade("US", "bank-penalties")},
	{rule: "bank-designated-met", setup: mlaBankSent, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonThreshold, only: mlaTo("US"), unless: produce},
	{rule: "bank-designated-met", setup: mlaBankSent, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonThreshold, only: mlaTo("IE"), given: euusMade("IE", "bank-designated")},

	{rule: "proceedings-stated", breaks: mlaStage(""), want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "proceedings-covered", setup: mlaStage(protocol.StageSentence), breaks: mlaStage(protocol.StageControlOrder),
		want: protocol.Fail, reason: protocol.ReasonPurpose, unless: mlaStage("")},
	{rule: "proceedings-covered", setup: mlaStage(protocol.StageTrial), breaks: mlaStage(protocol.StageSecurity),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "administrative-prosecution", setup: mlaThen(mlaStage(protocol.StageAdministrative),
		func(s *scene) { s.Attest("prosecution_or_referral_expected") }), breaks: without("prosecution"),
		want: protocol.Held, reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "administrative-prosecution", setup: mlaThen(mlaStage(protocol.StageAdministrative),
		func(s *scene) { s.Attest("prosecution_or_referral_expected") }),
		breaks: func(s *scene) { s.Facts.Officer.Roles = []protocol.Role{protocol.RoleCentral} },
		want:   protocol.Held, reason: protocol.ReasonPurpose},
	{rule: "other-administrative-authority", setup: mlaStage(protocol.StageAdministrative), breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonJudgement, unless: mlaStage(protocol.StageTrial)},

	{rule: "central-sends", breaks: mlaSentBy(), want: protocol.Held, reason: protocol.ReasonNotCompetent,
		unless: mlaBankSent},
	{rule: "bank-sender-from-the-united-states", setup: mlaBankSent, breaks: without("sent_by"), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: produce},
	{rule: "bank-sender-to-the-united-states", setup: mlaThen(mlaBank, mlaSentBy(protocol.RoleIssuing)),
		breaks: mlaSentBy(protocol.RoleContact), want: protocol.Held, reason: protocol.ReasonNotCompetent,
		unless: produce},

	{rule: "central-sends", breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party },
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "bank-sender-to-the-united-states", setup: mlaThen(mlaBank, mlaSentBy(protocol.RoleCentral)),
		breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
	{rule: "confidentiality", setup: mlaSecret, breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: func(s *scene) { s.Req.Secrecy = nil }},
	{rule: "request-after-entry-into-force", breaks: func(s *scene) {
		s.Facts.Issued = time.Date(2010, 1, 31, 12, 0, 0, 0, time.UTC)
	}, want: protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "requested-state-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
}

func TestEUUSJoinsTheUnitedStatesWithEachMemberState(t *testing.T) {
	mlaGrants(t, euusID, []mlaGrant{
		{"us.doj-oia", "ie.justice", protocol.Production, protocol.CategoryContent, ""},
		{"ie.justice", "us.doj-oia", protocol.Production, protocol.CategoryContent, ""},
		{"fr.justice", "us.doj-oia", protocol.Preservation, protocol.CategoryTraffic, ""},
		{"us.doj-oia", "de.justice", protocol.Subscriber, protocol.CategorySubscriber, ""},
		{"fr.justice", "ie.justice", protocol.Production, protocol.CategoryContent, protocol.ReasonNoRight},
		{"us.doj-oia", "fr.justice", protocol.Interception, protocol.CategoryContentLive, protocol.ReasonNoRight},
		{"us.doj-oia", "fr.justice", protocol.Production, protocol.CategoryContentLive, protocol.ReasonCategory},
		{"us.doj-oia", "hr.justice", protocol.Production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"hr.justice", "us.doj-oia", protocol.Production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"us.doj-oia", "gb.ukca", protocol.Production, protocol.CategoryContent, protocol.ReasonNotGoverning},
	})
}

func TestEUUSStandsFromItsDay(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, euusID)})
	for at, want := range map[time.Time]protocol.Outcome{
		time.Date(2010, 1, 31, 23, 59, 59, 0, time.UTC): protocol.Fail,
		time.Date(2010, 2, 1, 0, 0, 0, 0, time.UTC):     protocol.Pass,
	} {
		s := mlaNamed(euusID, mlaScene("fr.justice", "us.doj-oia"))
		s.Facts.At = at
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepInForce); f.Outcome != want {
			t.Errorf("%s: got %v, want %v", at, f.Outcome, want)
		}
	}
}

// A limit under Art. 4(4) is its Party's own: no article mirrors it.
func TestEUUSLimitsOfBankInformationAreNotMirrored(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, euusID)})
	s := mlaNamed(euusID, mlaScene("us.doj-oia", "ie.justice"))
	mlaBankSent(s)
	if f := agreementtest.Found(t, s.Decide(book), "bank-designated-met"); f.Outcome != protocol.NotApplicable {
		t.Errorf("asked by the Party that made it: got %v", f.Outcome)
	}
}

func TestEUUSBarsBankSecrecyAndGeneralDataProtection(t *testing.T) {
	mlaBars(t, euusID, "US", "IE", protocol.ReasonBankSecrecy, protocol.ReasonDataProtection)
	mlaBars(t, euusID, "IE", "US", protocol.ReasonBankSecrecy, protocol.ReasonDataProtection)
}

func TestEUUSRulesApplyWhereTheyShould(t *testing.T) {
	const always = "proceedings-stated proceedings-covered request-after-entry-into-force requested-state-decides "
	for _, c := range []struct {
		from, to protocol.ParticipantID
		ask      func(*scene)
		rules    string
	}{
		{"us.doj-oia", "ie.justice", produce, "central-sends"},
		{"ie.justice", "us.doj-oia", produce, "central-sends"},
		{"us.doj-oia", "ie.justice", ets30Subscriber, "central-sends"},
		{"ie.justice", "us.doj-oia", ets30Subscriber, "central-sends"},
		{"us.doj-oia", "ie.justice", mlaBank, "bank-person bank-grounds bank-sender-from-the-united-states"},
		{"ie.justice", "us.doj-oia", mlaBank,
			"bank-person bank-grounds bank-designated-met bank-sender-to-the-united-states"},
	} {
		s := mlaNamed(euusID, mlaScene(c.from, c.to))
		c.ask(s)
		mlaApplies(t, euusID, s, always+c.rules)
	}
	// A limit of the requested State is for bank accounts alone.
	for _, option := range []string{"bank-dual-criminality", "bank-penalties", "bank-designated"} {
		s := mlaNamed(euusID, mlaScene("us.doj-oia", "ie.justice"))
		ets30Subscriber(s)
		mlaApplies(t, euusID, s, always+"central-sends", euusMade("IE", option)...)
	}
}

func TestEUUSOptionsAreNotMirrored(t *testing.T) {
	mlaMirrors(t, euusID, map[string]string{"bank-dual-criminality": "", "bank-penalties": "", "bank-designated": ""})
}

func TestEUUSJoinsNoTwoMemberStates(t *testing.T) {
	mlaPairs(t, euusID, protocol.Preservation, protocol.CategoryTraffic,
		func(from, to protocol.Party) bool { return from == "US" || to == "US" })
}
