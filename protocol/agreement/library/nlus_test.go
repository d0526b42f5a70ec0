package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const nlusID = "nl-us-mlat-1981"

var nlusMLAT = instrument{
	id: nlusID,
	scenes: []func() *scene{
		func() *scene { return mlaNamed(nlusID, mlaScene("nl.justice", "us.doj-oia", "affidavit_attached")) },
		func() *scene { return mlaNamed(nlusID, mlaScene("us.doj-oia", "nl.justice")) },
	},
	clean: protocol.Hold,
	rows:  nlusRows,
}

func nlusRecords(s *scene) { s.Ask(protocol.Production, protocol.CategoryTraffic) }

func nlusAnnex(code string) func(*scene) {
	return func(s *scene) { s.Req.Offence.Category = code }
}

func mlaAuthorised(kind protocol.AuthorityKind) func(*scene) {
	return func(s *scene) { s.Req.Authorisation.Kind = kind }
}

// mlaBankSent asks for the accounts of a person by the one who may ask for them.
func mlaBankSent(s *scene) {
	mlaBank(s)
	s.Attest("sent_by_attache")
}

var nlusRows = []row{
	{rule: "proceedings-stated", breaks: mlaStage(""), want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "proceedings-covered", breaks: mlaStage(protocol.StageSecurity), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: mlaStage("")},
	{rule: "sentence-execution", setup: mlaStage(protocol.StageSentence), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "administrative-prosecution", setup: mlaThen(mlaStage(protocol.StageAdministrative),
		func(s *scene) { s.Attest("prosecution_or_referral_expected") }), breaks: without("prosecution"),
		want: protocol.Held, reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "administrative-prosecution", setup: mlaThen(mlaStage(protocol.StageAdministrative),
		func(s *scene) { s.Attest("prosecution_or_referral_expected") }),
		breaks: func(s *scene) { s.Facts.Officer.Roles = []protocol.Role{protocol.RoleCentral} },
		want:   protocol.Held, reason: protocol.ReasonPurpose},

	{rule: "penalties-known-in-the-netherlands", breaks: mlaPenalties(13, 0), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: mlaBankSent},
	{rule: "penalties-known-in-the-netherlands", setup: mlaThen(mlaPenalties(0, 0), nlusAnnex("usc_26_7203")),
		breaks: nlusAnnex("murder"), want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "threshold-in-the-netherlands", setup: mlaPenalties(13, 13), breaks: mlaPenalties(12, 13),
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: mlaPenalties(13, 0)},
	{rule: "threshold-in-the-netherlands", setup: mlaPenalties(13, 13), breaks: mlaPenalties(13, 12),
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: mlaBankSent},
	{rule: "threshold-in-the-netherlands", setup: mlaThen(mlaPenalties(12, 12), nlusAnnex("sr_272")),
		breaks: nlusAnnex(""), want: protocol.Fail, reason: protocol.ReasonThreshold},
	{rule: "penalties-known-in-the-united-states", breaks: mlaPenalties(0, 13), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: nlusRecords},
	{rule: "threshold-in-the-united-states", setup: mlaPenalties(13, 13), breaks: mlaPenalties(12, 13),
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: nlusRecords},
	{rule: "threshold-in-the-united-states", setup: mlaThen(mlaPenalties(12, 6),
		func(s *scene) { s.Req.Offence.Lists = []string{"nlus_annex"} }),
		breaks: func(s *scene) { s.Req.Offence.Lists = nil }, want: protocol.Fail, reason: protocol.ReasonThreshold,
		unless: mlaPenalties(0, 0)},
	{rule: "particular-place", breaks: func(s *scene) { s.Req.Identifiers = nil }, want: protocol.Held,
		reason: protocol.ReasonOverbroad, unless: mlaBankSent},
	{rule: "particular-place", breaks: func(s *scene) {
		s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Value: "the server room"})
	}, want: protocol.Held, reason: protocol.ReasonOverbroad},
	{rule: "affidavit", breaks: without("affidavit"), want: protocol.Held, reason: protocol.ReasonInsufficient,
		unless: nlusRecords},
	{rule: "fiscal-restraint", setup: func(s *scene) { s.Req.Offence.Fiscal = true }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonSolelyFiscal, unless: func(s *scene) { s.Req.Offence.Fiscal = false }},

	{rule: "bank-person", setup: mlaBankSent, breaks: mlaNoTarget, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: nlusRecords},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoNexus, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: nlusRecords},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoFacts, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "bank-offence-in-the-netherlands", setup: mlaBankSent, breaks: mlaPenalties(48, 0), want: protocol.Held,
		reason: protocol.ReasonDualCriminality, unless: nlusRecords},
	{rule: "bank-offence-in-the-united-states", setup: mlaBankSent, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonThreshold, unless: nlusRecords},

	{rule: "requested-state-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
	{rule: "political-offence", setup: func(s *scene) { s.Req.Offence.Political = true }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPolitical, unless: func(s *scene) { s.Req.Offence.Political = false }},

	{rule: "procedure", setup: mlaProcedure, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonContraryToLaw, unless: func(s *scene) { s.Req.Procedure = "" }},
	{rule: "subject", breaks: mlaNoFacts, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "purpose", breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "nexus", breaks: mlaNoNexus, want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "person", breaks: mlaNoTarget, want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "central-sends", breaks: mlaSentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: mlaBankSent},
	{rule: "bank-sender-from-the-netherlands", setup: mlaBank, breaks: mlaSentBy(protocol.RoleIssuing),
		want: protocol.Held, reason: protocol.ReasonNotCompetent, unless: nlusRecords},
	{rule: "bank-sender-from-the-united-states", setup: mlaBankSent, breaks: without("sent_by"), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: nlusRecords},
	{rule: "origin-in-the-netherlands", setup: mlaProsecutor, breaks: mlaAuthorised(protocol.AuthorityPolice),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "origin-in-the-united-states", setup: mlaAuthorised(protocol.AuthorityPolice), breaks: mlaAuthorised(""),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "origin-in-the-united-states", setup: mlaThen(mlaAuthorised(protocol.AuthorityAdministrative),
		mlaStage(protocol.StageAdministrative)), breaks: mlaStage(protocol.StageTrial), want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
	{rule: "languages", setup: mlaSpeaks("en", "nl"), breaks: mlaSpeaks("en"), want: protocol.Held,
		reason: protocol.ReasonLanguage},
	{rule: "languages", setup: mlaSpeaks("nl", "en"), breaks: mlaSpeaks("nl"), want: protocol.Held,
		reason: protocol.ReasonLanguage},
}

func TestNLUSGrantsEvidenceInBothDirections(t *testing.T) {
	mlaGrants(t, nlusID, []mlaGrant{
		{"nl.justice", "us.doj-oia", protocol.Production, protocol.CategoryContent, ""},
		{"us.doj-oia", "nl.justice", protocol.Production, protocol.CategoryLocation, ""},
		{"us.doj-oia", "nl.justice", protocol.Subscriber, protocol.CategorySubscriber, ""},
		{"nl.justice", "us.doj-oia", protocol.Preservation, protocol.CategoryContent, protocol.ReasonNoRight},
		{"nl.justice", "us.doj-oia", protocol.Interception, protocol.CategoryContentLive, protocol.ReasonNoRight},
		{"us.doj-oia", "nl.justice", protocol.Production, protocol.CategoryContentLive, protocol.ReasonCategory},
		{"be.justice", "us.doj-oia", protocol.Production, protocol.CategoryContent, protocol.ReasonNotGoverning},
	})
}

func TestNLUSStandsFromItsDay(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, nlusID)})
	for at, want := range map[time.Time]protocol.Outcome{
		time.Date(2010, 1, 31, 23, 59, 59, 0, time.UTC): protocol.Fail,
		time.Date(2010, 2, 1, 0, 0, 0, 0, time.UTC):     protocol.Pass,
	} {
		s := mlaNamed(nlusID, mlaScene("nl.justice", "us.doj-oia"))
		s.Facts.At = at
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepInForce); f.Outcome != want {
			t.Errorf("%s: got %v, want %v", at, f.Outcome, want)
		}
	}
}

func TestNLUSIsTheMoreSpecificForTheNetherlands(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, nlusID), document(t, "eu-us-mla-2003")})
	for from, want := range map[protocol.ParticipantID]string{"nl.justice": nlusID, "be.justice": "eu-us-mla-2003"} {
		if d := mlaScene(from, "us.doj-oia").Decide(book); d.Agreement.ID != want {
			t.Errorf("%s: got %s, want %s", from, d.Agreement.ID, want)
		}
	}
}

func TestNLUSBarsGeneralDataProtection(t *testing.T) {
	mlaBars(t, nlusID, "US", "NL", protocol.ReasonDataProtection)
	mlaBars(t, nlusID, "NL", "US", protocol.ReasonDataProtection)
}
