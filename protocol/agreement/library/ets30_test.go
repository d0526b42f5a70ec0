package library_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const ets30ID = "ets30-mla-1959"

var ets30MLA = instrument{
	id: ets30ID,
	scenes: []func() *scene{
		func() *scene { return mlaNamed(ets30ID, mlaScene("ch.justice", "fr.justice", "original_on_request")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("fr.justice", "ch.justice", "original_on_request")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("kr.justice", "gb.ukca")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("gb.ukca", "kr.justice")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("ch.justice", "ie.justice", "original_on_request")) },
	},
	clean: protocol.Hold,
	rows:  ets30Rows,
}

// France and Switzerland are bound by ETS 182, Korea is not.
var (
	ets182Pair  = mlaAmong("CH", "FR")
	ets182Other = mlaAmong("GB", "KR")
)

func ets30Made(p protocol.Party, option string) []*agreement.Notice {
	return []*agreement.Notice{made(p, ets30ID, option, agreement.Declare)}
}

func ets30Reserved(p protocol.Party, option string) []*agreement.Notice {
	return []*agreement.Notice{made(p, ets30ID, option, agreement.Reserve)}
}

var ets30Rows = []row{
	{rule: "proceedings-stated", breaks: mlaStage(""), want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "proceedings-covered", breaks: mlaStage(protocol.StageSecurity), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: mlaStage("")},
	{rule: "proceedings-covered", setup: mlaStage(protocol.StageTrial), breaks: mlaStage(protocol.StageControlOrder),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "sentence-measures", setup: mlaStage(protocol.StageSentence), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "military-offence", breaks: func(s *scene) { s.Req.Offence.Military = true }, want: protocol.Fail,
		reason: protocol.ReasonMilitary},
	{rule: "administrative-proceedings", setup: mlaStage(protocol.StageAdministrative), breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPurpose, unless: mlaStage(protocol.StageTrial)},
	{rule: "political-offence", setup: func(s *scene) { s.Req.Offence.Political = true }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonPolitical, unless: func(s *scene) { s.Req.Offence.Political = false }},
	{rule: "fiscal-offence", setup: func(s *scene) { s.Req.Offence.Fiscal = true }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonSolelyFiscal, unless: func(s *scene) { s.Req.Offence.Fiscal = false }},
	{rule: "requested-party-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
	{rule: "judicial-authority", breaks: mlaProsecutor, want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "judicial-authority", setup: mlaThen(mlaProsecutor,
		func(s *scene) { s.Attest("declared_judicial_authority") }), breaks: without("declared"),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	// An administrative authority asks for its own proceedings, Art. 1(3), and no others.
	{rule: "judicial-authority", setup: mlaThen(mlaStage(protocol.StageAdministrative), mlaAuthorised(protocol.AuthorityAdministrative)),
		breaks: mlaStage(protocol.StageInvestigation), want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "electronic-conditions", breaks: nothing, want: protocol.Held, reason: protocol.ReasonReservation, only: mlaTo("CH"),
		given: ets30Made("CH", "electronic-conditions")},
	{rule: "dual-criminality", breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 },
		want: protocol.Held, reason: protocol.ReasonDualCriminality, only: ets182Pair,
		given: ets30Made("CH", "search-dual-criminality"), unless: ets30Subscriber},
	{rule: "dual-criminality", setup: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 1 },
		breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 }, want: protocol.Held,
		reason: protocol.ReasonDualCriminality, only: ets182Pair, given: ets30Made("CH", "search-dual-criminality")},
	{rule: "extraditable", breaks: nothing, want: protocol.Held, reason: protocol.ReasonReservation, only: ets182Pair,
		given: ets30Made("CH", "search-extraditable"), unless: ets30Subscriber},
	{rule: "consistent-with-law", breaks: nothing, want: protocol.Held, reason: protocol.ReasonContraryToLaw,
		only: ets182Pair, given: ets30Made("CH", "search-consistent-with-law"), unless: ets30Subscriber},
	{rule: "purpose", breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "person", breaks: mlaNoTarget, want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "facts", breaks: func(s *scene) { s.Req.Facts = "" }, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "facts", setup: ets30Subscriber, breaks: func(s *scene) { s.Req.Facts = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "facts", breaks: func(s *scene) { s.Req.Facts = "" }, want: protocol.Held, reason: protocol.ReasonIncomplete,
		only: ets182Pair, unless: ets30Preserve},
	{rule: "sender", breaks: mlaSentBy(), want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "sender", setup: mlaSentBy(protocol.RoleIssuing),
		breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent, only: ets182Pair},
	{rule: "sender", setup: mlaSentBy(protocol.RoleCentral), breaks: mlaSentBy(protocol.RoleIssuing),
		want: protocol.Held, reason: protocol.ReasonNotCompetent, only: ets182Other},
	{rule: "copy-to-ministry-sent", setup: mlaThen(mlaSentBy(protocol.RoleIssuing),
		func(s *scene) { s.Attest("copy_to_ministry_sent") }), breaks: without("copy"), want: protocol.Held,
		reason: protocol.ReasonNotification, only: from("FR"), given: ets30Made("CH", "copy-to-ministry"),
		unless: mlaSentBy(protocol.RoleCentral)},
	{rule: "copy-to-ministry-sent", setup: mlaThen(mlaSentBy(protocol.RoleIssuing), func(s *scene) {
		s.Facts.Notified = []agreement.Standing{agreementtest.StandingOf("ch.ministry", protocol.RoleCentral)}
	}), breaks: func(s *scene) { s.Facts.Notified = nil }, want: protocol.Held, reason: protocol.ReasonNotification,
		only: from("FR"), given: ets30Made("CH", "copy-to-ministry")},
	{rule: "original-on-request", breaks: without("original"), want: protocol.Held, reason: protocol.ReasonPromise,
		only: ets182Pair},
	{rule: "electronic-means", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		only: ets182Other},
	{rule: "language-english-or-french", setup: mlaSpeaks("fr"), breaks: mlaSpeaks("de"), want: protocol.Held,
		reason: protocol.ReasonLanguage, only: ets182Pair, given: ets30Made("CH", "translation-english-or-french")},
	{rule: "language-english-or-french", setup: mlaSpeaks("en"), breaks: mlaSpeaks(), want: protocol.Held,
		reason: protocol.ReasonLanguage, only: ets182Pair, given: ets30Made("CH", "translation-english-or-french")},
	{rule: "language-english", setup: mlaSpeaks("en"), breaks: mlaSpeaks("fr"), want: protocol.Held,
		reason: protocol.ReasonLanguage, only: ets182Pair, given: ets30Made("CH", "translation-english")},
	{rule: "language-french", setup: mlaSpeaks("fr"), breaks: mlaSpeaks("en"), want: protocol.Held,
		reason: protocol.ReasonLanguage, only: ets182Pair, given: ets30Made("CH", "translation-french")},
	{rule: "language-own", setup: func(s *scene) { s.Attest("translated") }, breaks: without("translated"),
		want: protocol.Held, reason: protocol.ReasonLanguage, only: ets182Pair,
		given: ets30Made("CH", "translation-own-language")},
	{rule: "reservation-read", breaks: nothing, want: protocol.Held, reason: protocol.ReasonReservation,
		only: ets182Pair, given: ets30Reserved("CH", "reservation-other")},
	{rule: "special-procedure", setup: mlaProcedure, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonContraryToLaw, unless: func(s *scene) { s.Req.Procedure = "" }},
	{rule: "preservation-elsewhere", setup: ets30Preserve, breaks: func(s *scene) { // Ireland has not ratified ETS 185
		s.Facts.Addressee, s.Req.Addressee = agreementtest.StandingOf("fr.justice", protocol.RoleCentral), "fr.justice"
	}, want: protocol.Flag, reason: protocol.ReasonOtherTreaty, only: mlaTo("IE"), unless: produce},
	{rule: "confidentiality", setup: mlaSecret, breaks: func(s *scene) {
		s.Facts.Issuing, s.Req.Issuer = agreementtest.StandingOf("is.justice", protocol.RoleCentral), "is.justice"
	}, want: protocol.Flag, reason: protocol.ReasonDomesticLaw, only: from("FR"),
		unless: func(s *scene) { s.Req.Secrecy = nil }},
}

func ets30Preserve(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }

func ets30Subscriber(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }

func TestETS30CarriesWhatTheInvestigationOrderLeaves(t *testing.T) {
	const production, preservation = protocol.Production, protocol.Preservation
	mlaGrants(t, ets30ID, []mlaGrant{
		{"ch.justice", "fr.justice", production, protocol.CategoryContent, ""},
		{"fr.justice", "ch.justice", protocol.Subscriber, protocol.CategorySubscriber, ""},
		{"dk.justice", "ie.justice", production, protocol.CategoryTraffic, ""},
		{"fr.justice", "ie.justice", production, protocol.CategoryLocation, ""},
		{"fr.justice", "de.justice", production, protocol.CategoryContent, protocol.ReasonNoRight},
		{"gr.justice", "it.justice", preservation, protocol.CategoryContent, protocol.ReasonNoRight},
		{"ch.justice", "fr.justice", preservation, protocol.CategoryContent, ""},
		{"fr.justice", "ch.justice", preservation, protocol.CategoryContent, ""},
		{"gr.justice", "ch.justice", preservation, protocol.CategoryContent, protocol.ReasonNoRight},
		{"kr.justice", "ch.justice", preservation, protocol.CategoryContent, protocol.ReasonNoRight},
		{"ch.justice", "fr.justice", production, protocol.CategoryContentLive, protocol.ReasonCategory},
		{"ch.justice", "fr.justice", protocol.Interception, protocol.CategoryContentLive, protocol.ReasonNoRight},
		{"us.doj-oia", "fr.justice", production, protocol.CategoryContent, protocol.ReasonNotGoverning},
	})
}

func TestETS30BindsAPartyFromItsOwnDay(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, ets30ID)})
	for _, c := range []struct {
		from, to protocol.ParticipantID
		at       time.Time
		want     protocol.Outcome
	}{
		{"it.justice", "no.justice", time.Date(1962, 6, 11, 0, 0, 0, 0, time.UTC), protocol.Fail},
		{"it.justice", "no.justice", time.Date(1962, 6, 12, 0, 0, 0, 0, time.UTC), protocol.Pass},
		{"ge.justice", "no.justice", time.Date(2000, 1, 10, 23, 0, 0, 0, time.UTC), protocol.Fail},
		{"no.justice", "ge.justice", time.Date(2000, 1, 10, 23, 0, 0, 0, time.UTC), protocol.Fail},
		{"no.justice", "ge.justice", time.Date(2000, 1, 11, 0, 0, 0, 0, time.UTC), protocol.Pass},
	} {
		s := mlaNamed(ets30ID, mlaScene(c.from, c.to))
		s.Facts.At = c.at
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepInForce); f.Outcome != c.want {
			t.Errorf("%s asks %s at %s: got %v, want %v", c.from, c.to, c.at, f.Outcome, c.want)
		}
	}
}

func TestETS30MirrorsReservations(t *testing.T) {
	given := ets30Reserved("CH", "reservation-article-3")
	mlaGrants(t, ets30ID, []mlaGrant{
		{"fr.justice", "ch.justice", protocol.Production, protocol.CategoryContent, protocol.ReasonNotReciprocal},
		{"ch.justice", "fr.justice", protocol.Production, protocol.CategoryContent, protocol.ReasonNotReciprocal},
		{"ch.justice", "fr.justice", protocol.Preservation, protocol.CategoryContent, ""},
		{"no.justice", "fr.justice", protocol.Production, protocol.CategoryContent, ""},
	}, given...)

	// A declaration under Art. 15(8) is nobody's but its Party's.
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, ets30ID)},
		ets30Made("CH", "copy-to-ministry")...)
	s := mlaNamed(ets30ID, mlaScene("ch.justice", "fr.justice"))
	mlaSentBy(protocol.RoleIssuing)(s)
	if f := agreementtest.Found(t, s.Decide(book), "copy-to-ministry-sent"); f.Outcome != protocol.NotApplicable {
		t.Errorf("copy-to-ministry-sent: got %v against the Party that declared it", f.Outcome)
	}
}

func TestETS30PositionsWorkInBothDirections(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, ets30ID)})
	for _, c := range []struct {
		from, to protocol.ParticipantID
		rule     string
		mirrored bool
	}{
		{"no.justice", "al.justice", "dual-criminality", false},
		{"al.justice", "no.justice", "dual-criminality", true},
		{"no.justice", "al.justice", "consistent-with-law", false},
		{"al.justice", "no.justice", "consistent-with-law", true},
		{"no.justice", "al.justice", "language-english-or-french", false},
		{"al.justice", "no.justice", "language-english-or-french", true},
		{"no.justice", "al.justice", "copy-to-ministry-sent", false},
		{"no.justice", "lv.justice", "language-english", false},
		{"lv.justice", "no.justice", "language-english", true},
		{"no.justice", "se.justice", "language-own", false},
		{"se.justice", "no.justice", "language-own", true},
	} {
		s := mlaNamed(ets30ID, mlaScene(c.from, c.to))
		s.Req.Languages, s.Req.Offence.ReceivingMaxCustodyMonths = nil, 0
		mlaSentBy(protocol.RoleIssuing)(s)
		f := agreementtest.Found(t, s.Decide(book), c.rule)
		if f.Outcome != protocol.Held || strings.Contains(f.Text, "the other Parties may apply the same") != c.mirrored {
			t.Errorf("%s from %s to %s: got %v %q", c.rule, c.from, c.to, f.Outcome, f.Text)
		}
	}
	s := mlaNamed(ets30ID, mlaScene("no.justice", "al.justice"))
	s.Facts.At = time.Date(2000, 7, 2, 0, 0, 0, 0, time.UTC)
	if f := agreementtest.Found(t, s.Decide(book), "dual-criminality"); f.Outcome != protocol.NotApplicable {
		t.Errorf("before it was made: got %v", f.Outcome)
	}
}

// Art. 2(a) lets a fiscal offence be refused, so nothing is barred here.
func TestETS30BarsNoGround(t *testing.T) { mlaBars(t, ets30ID, "CH", "FR") }

func TestETS30RulesApplyWhereTheyShould(t *testing.T) {
	const always = "proceedings-stated proceedings-covered military-offence requested-party-decides " +
		"judicial-authority purpose person sender "
	for _, c := range []struct {
		from, to protocol.ParticipantID
		ask      func(*scene)
		rules    string
	}{
		{"ch.justice", "fr.justice", produce, "facts original-on-request"},
		{"fr.justice", "ch.justice", ets30Subscriber, "facts original-on-request"},
		{"gb.ukca", "kr.justice", produce, "facts electronic-means"},
		{"kr.justice", "gb.ukca", produce, "facts electronic-means"},
		{"ch.justice", "fr.justice", ets30Preserve, "original-on-request preservation-elsewhere"},
	} {
		s := mlaNamed(ets30ID, mlaScene(c.from, c.to))
		c.ask(s)
		mlaApplies(t, ets30ID, s, always+c.rules)
	}
}

// notETS182 are the Parties that were not seen as Parties to ETS 182.
var notETS182 = []protocol.Party{"AD", "AZ", "GR", "IS", "KR", "MC", "ME", "SM"}

// Who is not known to be bound by ETS 182 sends through its central authority,
// may not rely on electronic means, and has no duty of confidentiality.
func TestETS182ReachesOnlyItsParties(t *testing.T) {
	rules := []string{"sender", "original-on-request", "electronic-means", "confidentiality"}
	within := []protocol.Outcome{protocol.Pass, protocol.Pass, protocol.NotApplicable, protocol.Pass}
	outside := []protocol.Outcome{protocol.Held, protocol.NotApplicable, protocol.Held, protocol.Flag}
	for _, m := range document(t, ets30ID).Members {
		if m.Party == "CH" {
			continue
		}
		other := protocol.ParticipantID(strings.ToLower(string(m.Party)) + ".justice")
		for _, pair := range [][2]protocol.ParticipantID{{other, "ch.justice"}, {"ch.justice", other}} {
			s := mlaNamed(ets30ID, mlaScene(pair[0], pair[1], "original_on_request"))
			mlaSentBy(protocol.RoleIssuing)(s)
			mlaSecret(s)
			want := within
			if slices.Contains(notETS182, m.Party) {
				want = outside
			}
			if got := mlaFinds(t, ets30ID, s, rules...); !slices.Equal(got, want) {
				t.Errorf("%s asks %s: got %v, want %v", pair[0], pair[1], got, want)
			}
		}
	}
}

func TestETS30OptionsAreMirroredAsTheirArticlesSay(t *testing.T) {
	mlaMirrors(t, ets30ID, map[string]string{"search-dual-criminality": "Art. 5(2)", "search-extraditable": "Art. 5(2)",
		"search-consistent-with-law": "Art. 5(2)", "copy-to-ministry": "", "electronic-conditions": "",
		"translation-english-or-french": "Art. 16(2)", "translation-english": "Art. 16(2)",
		"translation-french": "Art. 16(2)", "translation-own-language": "Art. 16(2)",
		"reservation-article-3": "Art. 23(3)", "reservation-other": "Art. 23(3)"})
}

func TestETS30JoinsEveryPairThatTheInvestigationOrderDoesNot(t *testing.T) {
	free := func(from, to protocol.Party) bool {
		return !slices.Contains(eioStates, from) || !slices.Contains(eioStates, to)
	}
	mlaPairs(t, ets30ID, protocol.Production, protocol.CategoryContent, free)
	mlaPairs(t, ets30ID, protocol.Preservation, protocol.CategoryContent, func(from, to protocol.Party) bool {
		return free(from, to) && !slices.Contains(notETS182, from) && !slices.Contains(notETS182, to)
	})
}
