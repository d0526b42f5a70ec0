package library_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const euMLAID = "eu-mla-2000"

// euMLAScene is a request of one Member State's judicial authority to another.
func euMLAScene(from, to protocol.ParticipantID) *scene {
	s := mlaNamed(euMLAID, mlaScene(from, to))
	mlaSentBy(protocol.RoleIssuing)(s)
	return s
}

var euMLA = instrument{
	id: euMLAID,
	scenes: []func() *scene{
		func() *scene { return euMLAScene("dk.prosecution", "fr.parquet") },
		func() *scene { return euMLAScene("fr.parquet", "dk.prosecution") },
	},
	clean: protocol.Hold,
	rows:  euMLARows,
}

// euMLATap asks for an interception of a person who is at home.
func euMLATap(s *scene) {
	intercept(s)
	s.Req.Target.LocatedIn = s.Facts.Issuing.Party
	s.Attest("interception_order_issued", "technical_assistance_needed")
}

// euMLATapThere asks for one of a person in the requested Member State.
func euMLATapThere(s *scene) {
	euMLATap(s)
	s.Req.Target.LocatedIn = s.Facts.Addressee.Party
}

// euMLATapElsewhere asks for one of a person in a third Member State.
func euMLATapElsewhere(s *scene) {
	euMLATap(s)
	s.Req.Target.LocatedIn = "SE"
	s.Attest("third_member_state_notified")
}

var euMLARecords = []*agreement.Notice{made("DK", euMLAID, "recording-only", agreement.Declare)}

var euMLARows = []row{
	{rule: "request-after-entry-into-force", breaks: func(s *scene) {
		s.Facts.Issued = time.Date(2005, 8, 22, 12, 0, 0, 0, time.UTC)
	}, want: protocol.Fail, reason: protocol.ReasonNotInForce},
	{rule: "proceedings-stated", breaks: mlaStage(""), want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "proceedings-covered", breaks: mlaStage(protocol.StageSentence), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: mlaStage("")},
	{rule: "proceedings-covered", setup: mlaStage(protocol.StageTrial), breaks: mlaStage(protocol.StageControlOrder),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "administrative-proceedings", setup: mlaStage(protocol.StageAdministrative), breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "procedure", setup: mlaProcedure, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonContraryToLaw, unless: func(s *scene) { s.Req.Procedure = "" }},
	{rule: "sender", breaks: mlaSentBy(), want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "sender", setup: mlaSentBy(protocol.RoleCentral),
		breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
	{rule: "military-offence", breaks: func(s *scene) { s.Req.Offence.Military = true }, want: protocol.Fail,
		reason: protocol.ReasonMilitary},
	{rule: "judicial-authority", breaks: mlaProsecutor, want: protocol.Held, reason: protocol.ReasonNotCompetent,
		unless: euMLATap},
	{rule: "judicial-authority", setup: mlaThen(mlaProsecutor,
		func(s *scene) { s.Attest("declared_judicial_authority") }), breaks: without("declared_judicial"),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "purpose", breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: euMLATap},
	{rule: "facts", breaks: mlaNoFacts, want: protocol.Held, reason: protocol.ReasonIncomplete, unless: euMLATap},
	{rule: "requested-state-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},

	{rule: "interception-authority", setup: euMLATap, breaks: mlaProsecutor, want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: produce},
	{rule: "interception-authority", setup: mlaThen(euMLATap, mlaProsecutor,
		func(s *scene) { s.Attest("declared_interception_authority") }), breaks: without("declared_interception"),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "interception-investigation", setup: euMLATap, breaks: mlaStage(protocol.StageTrial), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: mlaStage("")},
	{rule: "interception-located", setup: euMLATap, breaks: func(s *scene) { s.Req.Target.LocatedIn = "" },
		want: protocol.Held, reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "interception-assistance", setup: euMLATap, breaks: without("technical"), want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: euMLATapThere},
	{rule: "interception-assistance", setup: euMLATapElsewhere, breaks: without("technical"), want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: func(s *scene) { s.Req.Target.LocatedIn = "" }},
	{rule: "interception-third-state", setup: euMLATapElsewhere, breaks: without("third_member"),
		want: protocol.Held, reason: protocol.ReasonThirdNotice, unless: euMLATapThere},
	{rule: "interception-third-state", setup: euMLATapElsewhere, breaks: without("third_member"),
		want: protocol.Held, reason: protocol.ReasonThirdNotice,
		unless: func(s *scene) { s.Req.Target.LocatedIn = s.Facts.Issuing.Party }},
	{rule: "interception-order", setup: euMLATap, breaks: without("interception_order"), want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "interception-in-a-member-state", setup: euMLATapElsewhere, breaks: mlaLocated("US"), want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: mlaLocated("")},
	{rule: "interception-in-a-member-state", setup: euMLATapElsewhere, breaks: mlaLocated("GB"), want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-person", setup: mlaThen(euMLATap, mlaNoTarget, mlaLocated("SE"),
		func(s *scene) { s.Attest("third_member_state_notified", "interception_person_identified") }),
		breaks: without("interception_person"), want: protocol.Held, reason: protocol.ReasonInsufficient},
	{rule: "interception-person", setup: euMLATap, breaks: mlaNoTarget, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "interception-duration", setup: euMLATap,
		breaks: func(s *scene) { s.Req.Interception.End = agreementtest.Day }, want: protocol.Fail,
		reason: protocol.ReasonInterception, unless: produce},
	{rule: "interception-duration", setup: euMLATap, breaks: func(s *scene) { s.Req.Interception = nil },
		want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-duration", setup: euMLATap, breaks: func(s *scene) {
		s.Req.Interception.Start = s.Req.Interception.End.AddDate(0, 0, 1)
	}, want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-duration", setup: euMLATap, breaks: func(s *scene) {
		s.Req.Interception.Start, s.Req.Interception.End = agreementtest.Day.AddDate(0, 0, -9), agreementtest.Day
	}, want: protocol.Fail, reason: protocol.ReasonInterception},
	{rule: "interception-number", setup: euMLATap, breaks: func(s *scene) { s.Req.Identifiers = nil },
		want: protocol.Flag, reason: protocol.ReasonWrongIdentifier, unless: produce},
	{rule: "interception-facts", setup: euMLATapThere, breaks: mlaNoFacts, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: euMLATap},
	{rule: "interception-similar-case", setup: euMLATapThere, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonInterception, unless: euMLATapElsewhere},
	{rule: "recording-facts", setup: euMLATapElsewhere, breaks: mlaNoFacts, want: protocol.Held,
		reason: protocol.ReasonIncomplete, given: euMLARecords, unless: produce},
	{rule: "recording-similar-case", setup: euMLATapElsewhere, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonInterception, given: euMLARecords, unless: euMLATapThere},

	{rule: "bank-accounts-penalties-known", setup: mlaBank, breaks: mlaPenalties(48, 0), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: mlaTransactions},
	{rule: "bank-accounts-penalties-known", setup: mlaThen(mlaBank, mlaPenalties(0, 0),
		func(s *scene) { s.Req.Offence.Lists = []string{"europol_1995"} }),
		breaks: func(s *scene) { s.Req.Offence.Lists = nil }, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "bank-accounts-threshold", setup: mlaThen(mlaBank, mlaPenalties(48, 24)), breaks: mlaPenalties(47, 24),
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: mlaPenalties(48, 0)},
	{rule: "bank-accounts-threshold", setup: mlaThen(mlaBank, mlaPenalties(48, 24)), breaks: mlaPenalties(48, 23),
		want: protocol.Fail, reason: protocol.ReasonThreshold, unless: mlaTransactions},
	{rule: "bank-accounts-threshold", setup: mlaThen(mlaBank, mlaPenalties(12, 12),
		func(s *scene) { s.Req.Offence.Lists = []string{"pfi_1995"} }),
		breaks: func(s *scene) { s.Req.Offence.Lists = []string{"another"} }, want: protocol.Fail,
		reason: protocol.ReasonThreshold},
	{rule: "bank-reasons", setup: mlaBank, breaks: mlaNoNexus, want: protocol.Held,
		reason: protocol.ReasonInsufficient, unless: func(s *scene) { s.Req.Service = nil }},
	{rule: "bank-reasons", setup: mlaTransactions, breaks: mlaNoNexus, want: protocol.Held,
		reason: protocol.ReasonInsufficient},
	{rule: "bank-search-conditions", setup: mlaTransactions, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw, unless: func(s *scene) { s.Req.Service = nil }},
	{rule: "political-offence", setup: func(s *scene) { s.Req.Offence.Political = true }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPolitical, only: mlaTo("DK"),
		given:  []*agreement.Notice{made("DK", euMLAID, "political-offences", agreement.Reserve)},
		unless: func(s *scene) { s.Req.Offence.Political = false }},
}

func TestEUMLACarriesRequestsFromAndToDenmarkAlone(t *testing.T) {
	const production, interception = protocol.Production, protocol.Interception
	mlaGrants(t, euMLAID, []mlaGrant{
		{"dk.prosecution", "fr.parquet", production, protocol.CategoryContent, ""},
		{"fr.parquet", "dk.prosecution", protocol.Subscriber, protocol.CategorySubscriber, ""},
		{"dk.prosecution", "fr.parquet", interception, protocol.CategoryContentLive, ""},
		{"fr.parquet", "dk.prosecution", interception, protocol.CategoryTrafficLive, ""},
		{"fr.parquet", "de.prosecution", production, protocol.CategoryContent, protocol.ReasonNoRight},
		{"de.prosecution", "fr.parquet", interception, protocol.CategoryContentLive, protocol.ReasonNoRight},
		{"dk.prosecution", "fr.parquet", protocol.Preservation, protocol.CategoryContent, protocol.ReasonNoRight},
		{"dk.prosecution", "fr.parquet", production, protocol.CategoryContentLive, protocol.ReasonCategory},
		{"ie.justice", "fr.parquet", production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"fr.parquet", "ie.justice", production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"dk.prosecution", "it.justice", production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"gr.justice", "dk.prosecution", production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"hr.justice", "dk.prosecution", production, protocol.CategoryContent, protocol.ReasonNotInForce},
		{"gb.ukca", "dk.prosecution", production, protocol.CategoryContent, protocol.ReasonNotGoverning},
		{"no.justice", "dk.prosecution", production, protocol.CategoryContent, protocol.ReasonNotGoverning},
	})
}

func TestEUMLABindsAPartyFromItsOwnDay(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, euMLAID)})
	for _, c := range []struct {
		to   protocol.ParticipantID
		at   time.Time
		want protocol.Outcome
	}{
		{"fr.parquet", time.Date(2005, 8, 22, 0, 0, 0, 0, time.UTC), protocol.Fail},
		{"fr.parquet", time.Date(2005, 8, 23, 0, 0, 0, 0, time.UTC), protocol.Pass},
		{"lu.parquet", time.Date(2011, 3, 5, 0, 0, 0, 0, time.UTC), protocol.Fail},
		{"lu.parquet", time.Date(2011, 3, 6, 0, 0, 0, 0, time.UTC), protocol.Pass},
	} {
		s := euMLAScene("dk.prosecution", c.to)
		s.Facts.At = c.at
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepInForce); f.Outcome != c.want {
			t.Errorf("%s at %s: got %v, want %v", c.to, c.at, f.Outcome, c.want)
		}
	}
}

// The reservation of Protocol Art. 9(2) is not mirrored; that of Art. 18(7) is.
func TestEUMLAMirrorsOnlyTheRecordingDeclaration(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, euMLAID)}, euMLARecords[0],
		made("DK", euMLAID, "political-offences", agreement.Reserve))
	s := euMLAScene("dk.prosecution", "fr.parquet")
	euMLATapElsewhere(s)
	s.Req.Offence.Political = true
	d := s.Decide(book)
	for rule, want := range map[string]protocol.Outcome{
		"recording-similar-case": protocol.Held, "political-offence": protocol.NotApplicable,
	} {
		if f := agreementtest.Found(t, d, rule); f.Outcome != want {
			t.Errorf("%s asked by the Party that made it: got %v, want %v", rule, f.Outcome, want)
		}
	}
}

func TestEUMLAOwnWordsForInterception(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, euMLAID)})
	for own, want := range map[string]protocol.Outcome{
		"immediate_transmission": protocol.Pass, "recorded_transmission": protocol.Pass,
		"bank_transactions": protocol.Fail,
	} {
		s := euMLAScene("dk.prosecution", "fr.parquet")
		euMLATap(s)
		s.Req.Data[0].Own = []string{own}
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepTerms); f.Outcome != want {
			t.Errorf("%s: got %v, want %v", own, f.Outcome, want)
		}
	}
}

func TestEUMLABarsBankSecrecyAndFiscalCharacterAmongPartiesToTheProtocol(t *testing.T) {
	mlaBars(t, euMLAID, "DK", "FR", protocol.ReasonBankSecrecy, protocol.ReasonSolelyFiscal)
	mlaBars(t, euMLAID, "FR", "DK", protocol.ReasonBankSecrecy, protocol.ReasonSolelyFiscal)
	seen := []protocol.Party{"AT", "BE", "BG", "DE", "DK", "ES", "FI", "FR", "HU", "LT", "LV", "NL", "PL", "RO",
		"SE", "SI"}
	for _, m := range document(t, euMLAID).Members {
		if m.Party == "DK" { // asks nothing of itself
			continue
		}
		var want []protocol.Reason
		if slices.Contains(seen, m.Party) {
			want = []protocol.Reason{protocol.ReasonBankSecrecy, protocol.ReasonSolelyFiscal}
		}
		mlaBars(t, euMLAID, m.Party, "DK", want...)
		mlaBars(t, euMLAID, "DK", m.Party, want...)
	}
}

func TestEUMLARulesApplyWhereTheyShould(t *testing.T) {
	const (
		always   = "request-after-entry-into-force proceedings-stated proceedings-covered military-offence sender requested-state-decides "
		evidence = "judicial-authority purpose facts "
		tap      = "interception-authority interception-investigation interception-located interception-order " +
			"interception-person interception-duration interception-number "
		where = "interception-in-a-member-state "
		bank  = "bank-reasons bank-search-conditions "
	)
	for _, pair := range [][2]protocol.ParticipantID{{"dk.prosecution", "fr.parquet"}, {"fr.parquet", "dk.prosecution"}} {
		for _, c := range []struct {
			ask   func(*scene)
			rules string
		}{
			{produce, evidence},
			{mlaThen(euMLATapThere, produce), evidence},
			{mlaThen(euMLATapElsewhere, produce), evidence},
			{ets30Subscriber, evidence},
			{mlaBank, evidence + bank + "bank-accounts-penalties-known bank-accounts-threshold"},
			{mlaTransactions, evidence + bank},
			{euMLATap, tap + where + "interception-assistance"},
			{euMLATapThere, tap + where + "interception-facts interception-similar-case"},
			{euMLATapElsewhere, tap + where + "interception-assistance interception-third-state"},
			{mlaThen(euMLATap, func(s *scene) { s.Req.Target.LocatedIn = "" }), tap},
		} {
			s := euMLAScene(pair[0], pair[1])
			c.ask(s)
			mlaApplies(t, euMLAID, s, always+c.rules)
		}
		s := euMLAScene(pair[0], pair[1])
		euMLATapElsewhere(s)
		produce(s)
		mlaApplies(t, euMLAID, s, always+evidence, euMLARecords...)
	}
}

// Protocol Art. 1(3): what is not stated holds, what is too little denies.
func TestEUMLABankAccountsNeedFourYearsHereAndTwoThere(t *testing.T) {
	for _, c := range []struct {
		here, there      int64
		known, threshold protocol.Outcome
	}{
		{0, 0, protocol.Held, protocol.NotApplicable},
		{0, 24, protocol.Held, protocol.NotApplicable},
		{48, 0, protocol.Held, protocol.NotApplicable},
		{1, 24, protocol.Pass, protocol.Fail},
		{48, 1, protocol.Pass, protocol.Fail},
		{47, 24, protocol.Pass, protocol.Fail},
		{48, 23, protocol.Pass, protocol.Fail},
		{48, 24, protocol.Pass, protocol.Pass},
	} {
		s := euMLAScene("dk.prosecution", "fr.parquet")
		mlaBank(s)
		mlaPenalties(c.here, c.there)(s)
		got := mlaFinds(t, euMLAID, s, "bank-accounts-penalties-known", "bank-accounts-threshold")
		if got[0] != c.known || got[1] != c.threshold {
			t.Errorf("%d here, %d there: got %v, want %v %v", c.here, c.there, got, c.known, c.threshold)
		}
	}
}

func TestEUMLAOptionsAreMirroredAsTheirArticlesSay(t *testing.T) {
	mlaMirrors(t, euMLAID, map[string]string{"recording-only": "Art. 18(7)", "political-offences": "",
		"luxembourg-data": ""})
}

func TestEUMLAJoinsDenmarkAndIrelandWithEachMemberState(t *testing.T) {
	one := func(from, to protocol.Party) bool {
		return !slices.Contains(eioStates, from) || !slices.Contains(eioStates, to)
	}
	mlaPairs(t, euMLAID, protocol.Production, protocol.CategoryContent, one)
	mlaPairs(t, euMLAID, protocol.Interception, protocol.CategoryContentLive, one)
}
