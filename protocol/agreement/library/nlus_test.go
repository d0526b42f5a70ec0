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

	{rule: "state-records", setup: func(s *scene) { s.Authority(s.Facts.Addressee.Party, s.Facts.Addressee.Party) }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPublicAuthority,
		unless: func(s *scene) { s.Authority(s.Facts.Issuing.Party, s.Facts.Issuing.Party) }},
	{rule: "confidentiality", setup: mlaSecret, breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: func(s *scene) { s.Req.Secrecy = nil }},
	{rule: "bank-person", setup: mlaThen(mlaBankSent, mlaNoTarget, func(s *scene) { s.Attest("bank_person_named") }),
		breaks: without("bank_person"), want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "bank-person", setup: mlaBankSent, breaks: mlaNoTarget, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: nlusRecords},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoNexus, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: nlusRecords},
	{rule: "bank-grounds", setup: mlaBankSent, breaks: mlaNoFacts, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "bank-offence-in-the-netherlands", setup: mlaBankSent, breaks: mlaPenalties(48, 0), want: protocol.Held,
		reason: protocol.ReasonDualCriminality, unless: nlusRecords},
	{rule: "bank-offence-in-the-netherlands", setup: mlaThen(mlaBankSent, mlaPenalties(48, 1)),
		breaks: mlaPenalties(48, 0), want: protocol.Held, reason: protocol.ReasonDualCriminality},
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
	{rule: "central-sends", breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party },
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "bank-sender-from-the-netherlands", setup: mlaBank,
		breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
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

func TestNLUSRulesApplyWhereTheyShould(t *testing.T) {
	const (
		always = "proceedings-stated proceedings-covered requested-state-decides subject purpose nexus person languages "
		fromNL = always + "origin-in-the-netherlands "
		fromUS = always + "origin-in-the-united-states "
		toNL   = "penalties-known-in-the-netherlands threshold-in-the-netherlands particular-place central-sends "
		bank   = "bank-person bank-grounds "
	)
	fiscal := func(s *scene) { s.Req.Offence.Fiscal = true }
	for _, c := range []struct {
		from, to protocol.ParticipantID
		ask      func(*scene)
		rules    string
	}{
		{"nl.justice", "us.doj-oia", produce, fromNL + "particular-place central-sends affidavit " +
			"penalties-known-in-the-united-states threshold-in-the-united-states"},
		{"nl.justice", "us.doj-oia", nlusRecords, fromNL + "particular-place central-sends"},
		{"nl.justice", "us.doj-oia", ets30Subscriber, fromNL + "particular-place central-sends"},
		{"nl.justice", "us.doj-oia", mlaThen(nlusRecords, fiscal), fromNL + "particular-place central-sends"},
		{"nl.justice", "us.doj-oia", mlaBank, fromNL + bank +
			"bank-offence-in-the-united-states bank-sender-from-the-netherlands"},
		{"us.doj-oia", "nl.justice", produce, fromUS + toNL},
		{"us.doj-oia", "nl.justice", nlusRecords, fromUS + toNL},
		{"us.doj-oia", "nl.justice", ets30Subscriber, fromUS + toNL},
		{"us.doj-oia", "nl.justice", mlaThen(nlusRecords, fiscal), fromUS + toNL + "fiscal-restraint"},
		{"us.doj-oia", "nl.justice", mlaBank, fromUS + bank +
			"bank-offence-in-the-netherlands bank-sender-from-the-united-states"},
	} {
		s := mlaNamed(nlusID, mlaScene(c.from, c.to))
		c.ask(s)
		mlaApplies(t, nlusID, s, c.rules)
	}
}

// Art. 6(1): more than a year in both States, or an offence of the annex. What is
// not stated holds.
func TestNLUSSearchNeedsMoreThanAYearInBothStates(t *testing.T) {
	for _, c := range []struct {
		here, there      int64
		category         string
		lists            []string
		known, threshold protocol.Outcome
	}{
		{0, 0, "", nil, protocol.Held, protocol.NotApplicable},
		{0, 13, "", nil, protocol.Held, protocol.NotApplicable},
		{13, 0, "", nil, protocol.Held, protocol.NotApplicable},
		{1, 13, "", nil, protocol.Pass, protocol.Fail},
		{13, 1, "", nil, protocol.Pass, protocol.Fail},
		{12, 13, "", nil, protocol.Pass, protocol.Fail},
		{13, 12, "", nil, protocol.Pass, protocol.Fail},
		{13, 13, "", nil, protocol.Pass, protocol.Pass},
		{12, 12, "sr_336", nil, protocol.Pass, protocol.Pass},
		{12, 12, "", []string{"nlus_annex"}, protocol.Pass, protocol.Pass},
		{0, 0, "sr_336", nil, protocol.Pass, protocol.NotApplicable},
		{0, 0, "", []string{"nlus_annex"}, protocol.Pass, protocol.NotApplicable},
		{0, 0, "sr_300", []string{"another"}, protocol.Held, protocol.NotApplicable},
	} {
		for where, pair := range map[string][2]protocol.ParticipantID{
			"the-netherlands":   {"us.doj-oia", "nl.justice"},
			"the-united-states": {"nl.justice", "us.doj-oia"},
		} {
			s := mlaNamed(nlusID, mlaScene(pair[0], pair[1]))
			mlaPenalties(c.here, c.there)(s)
			s.Req.Offence.Category, s.Req.Offence.Lists = c.category, c.lists
			got := mlaFinds(t, nlusID, s, "penalties-known-in-"+where, "threshold-in-"+where)
			if got[0] != c.known || got[1] != c.threshold {
				t.Errorf("%+v in %s: got %v", c, where, got)
			}
		}
	}
}

// The notes of 1981 on Art. 14 say from whom a request may come.
func TestNLUSRequestsComeFromTheRightAuthority(t *testing.T) {
	for _, c := range []struct {
		kind   protocol.AuthorityKind
		nl, us protocol.Outcome
	}{
		{protocol.AuthorityJudge, protocol.Pass, protocol.Pass},
		{protocol.AuthorityCourt, protocol.Pass, protocol.Pass},
		{protocol.AuthorityInvestigating, protocol.Pass, protocol.Pass},
		{protocol.AuthorityProsecutor, protocol.Pass, protocol.Pass},
		{protocol.AuthorityPolice, protocol.Held, protocol.Pass},
		{protocol.AuthorityAdministrative, protocol.Held, protocol.Held},
		{"", protocol.Held, protocol.Held},
	} {
		for _, stage := range []protocol.Stage{protocol.StageInvestigation, protocol.StageAdministrative} {
			nl := mlaNamed(nlusID, mlaScene("nl.justice", "us.doj-oia"))
			us := mlaNamed(nlusID, mlaScene("us.doj-oia", "nl.justice"))
			nl.Req.Authorisation.Kind, us.Req.Authorisation.Kind = c.kind, c.kind
			nl.Req.Proceedings, us.Req.Proceedings = stage, stage
			wantUS := c.us
			if c.kind == protocol.AuthorityAdministrative && stage == protocol.StageAdministrative {
				wantUS = protocol.Pass
			}
			if got := mlaFinds(t, nlusID, nl, "origin-in-the-netherlands"); got[0] != c.nl {
				t.Errorf("a Dutch %q, %s: got %v, want %v", c.kind, stage, got[0], c.nl)
			}
			if got := mlaFinds(t, nlusID, us, "origin-in-the-united-states"); got[0] != wantUS {
				t.Errorf("a US %q, %s: got %v, want %v", c.kind, stage, got[0], wantUS)
			}
		}
	}
}

func TestNLUSHasNoOptions(t *testing.T) { mlaMirrors(t, nlusID, map[string]string{}) }
