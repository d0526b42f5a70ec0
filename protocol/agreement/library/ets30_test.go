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

// mlaScene is a request for stored content from one central authority to
// another, with all that a treaty of mutual assistance asks for.
func mlaScene(from, to protocol.ParticipantID, statements ...string) *scene {
	s := agreementtest.Assistance(from, to)
	s.Req.Proceedings = protocol.StageInvestigation
	s.Req.Purpose = "evidence for trial"
	s.Req.Facts, s.Req.Nexus = "what was done", "why this account"
	s.Req.Languages = []string{"en", "fr", "nl"}
	s.Req.Offence.ReceivingMaxCustodyMonths = 48
	s.Attest(statements...)
	return s
}

// mlaNamed names the agreement on which the request relies.
func mlaNamed(id string, s *scene) *scene {
	s.Facts.Ref = protocol.AgreementRef{ID: id}
	return s
}

func mlaStage(stage protocol.Stage) func(*scene) {
	return func(s *scene) { s.Req.Proceedings = stage }
}

func mlaNoTarget(s *scene) { s.Req.Target = protocol.Target{Basis: "nothing is known"} }

func mlaProsecutor(s *scene) { s.Req.Authorisation.Kind = protocol.AuthorityProsecutor }

func mlaSentBy(roles ...protocol.Role) func(*scene) {
	return func(s *scene) { s.Facts.Sender.Roles = roles }
}

// mlaThen does one thing after another.
func mlaThen(steps ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, step := range steps {
			step(s)
		}
	}
}

// mlaAmong makes a row one for requests between the Parties of a list.
func mlaAmong(parties ...protocol.Party) func(*scene) bool {
	return func(s *scene) bool {
		return slices.Contains(parties, s.Facts.Issuing.Party) &&
			slices.Contains(parties, s.Facts.Addressee.Party)
	}
}

// A mlaGrant is what one Party asks of another, and why it is not granted; ""
// if it is.
type mlaGrant struct {
	from, to protocol.ParticipantID
	typ      protocol.RequestType
	category protocol.Category
	reason   protocol.Reason
}

func mlaGrants(t *testing.T, id string, grants []mlaGrant, notices ...*agreement.Notice) {
	t.Helper()
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, id)}, notices...)
	for _, g := range grants {
		s := mlaNamed(id, mlaScene(g.from, g.to))
		s.Ask(g.typ, g.category)
		d := s.Decide(book)
		var got protocol.Reason
		for _, f := range d.Findings {
			step := slices.Contains([]string{agreement.StepAgreement, agreement.StepInForce, agreement.StepRight,
				agreement.StepReciprocal}, f.Rule)
			if got == "" && step && f.Outcome == protocol.Fail {
				got = f.Reason
			}
		}
		if got != g.reason {
			t.Errorf("%s asks %s, %s of %s: got %q, want %q%s", g.from, g.to, g.typ, g.category, got, g.reason,
				agreementtest.Failures(d))
		}
		if d.Verdict == protocol.Allow {
			t.Errorf("%s asks %s: allowed, want a person of the requested Party to decide", g.from, g.to)
		}
	}
}

// mlaBars fails unless the document bars exactly the grounds in that direction.
func mlaBars(t *testing.T, id string, from, to protocol.Party, grounds ...protocol.Reason) {
	t.Helper()
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, id)})
	ref := protocol.AgreementRef{ID: id, Version: "1"}
	for _, ground := range protocol.Reasons() {
		d := book.Refuse(ref, ground, from, to, agreementtest.Day)
		want := protocol.Allow
		if slices.Contains(grounds, ground) {
			want = protocol.Deny
		}
		if d.Verdict != want {
			t.Errorf("%s refuses %s with %s: got %v, want %v", to, from, ground, d.Verdict, want)
		}
	}
}

var ets30MLA = instrument{
	id: ets30ID,
	scenes: []func() *scene{
		func() *scene { return mlaNamed(ets30ID, mlaScene("ch.justice", "fr.justice", "original_on_request")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("fr.justice", "ch.justice", "original_on_request")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("kr.justice", "gb.ukca")) },
		func() *scene { return mlaNamed(ets30ID, mlaScene("gb.ukca", "kr.justice")) },
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
	{rule: "dual-criminality", breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 },
		want: protocol.Held, reason: protocol.ReasonDualCriminality, only: ets182Pair,
		given: ets30Made("CH", "search-dual-criminality"), unless: ets30Subscriber},
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
		only: ets182Pair, unless: func(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }},
	{rule: "sender", breaks: mlaSentBy(), want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "sender", setup: mlaSentBy(protocol.RoleIssuing),
		breaks: func(s *scene) { s.Facts.Sender.Party = s.Facts.Addressee.Party }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent, only: ets182Pair},
	{rule: "sender", setup: mlaSentBy(protocol.RoleCentral), breaks: mlaSentBy(protocol.RoleIssuing),
		want: protocol.Held, reason: protocol.ReasonNotCompetent, only: ets182Other},
	{rule: "copy-to-ministry-sent", setup: mlaThen(mlaSentBy(protocol.RoleIssuing),
		func(s *scene) { s.Attest("copy_to_ministry_sent") }), breaks: without("copy"), want: protocol.Held,
		reason: protocol.ReasonNotification, only: mlaTo("CH"), given: ets30Made("CH", "copy-to-ministry"),
		unless: mlaSentBy(protocol.RoleCentral)},
	{rule: "copy-to-ministry-sent", setup: mlaThen(mlaSentBy(protocol.RoleIssuing), func(s *scene) {
		s.Facts.Notified = []agreement.Standing{agreementtest.StandingOf("ch.ministry", protocol.RoleCentral)}
	}), breaks: func(s *scene) { s.Facts.Notified = nil }, want: protocol.Held, reason: protocol.ReasonNotification,
		only: mlaTo("CH"), given: ets30Made("CH", "copy-to-ministry")},
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
	{rule: "confidentiality", setup: mlaSecret, breaks: func(s *scene) {
		s.Facts.Issuing, s.Req.Issuer = agreementtest.StandingOf("is.justice", protocol.RoleCentral), "is.justice"
	}, want: protocol.Flag, reason: protocol.ReasonDomesticLaw, only: mlaTo("CH"),
		unless: func(s *scene) { s.Req.Secrecy = nil }},
}

func ets30Subscriber(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }

func mlaSpeaks(languages ...string) func(*scene) {
	return func(s *scene) { s.Req.Languages = languages }
}

func mlaProcedure(s *scene) { s.Req.Procedure = "hash the files before they are handed over" }

func mlaSecret(s *scene) {
	s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper},
		Until: agreementtest.Day.AddDate(0, 6, 0)}
}

// mlaTo makes a row one for requests to a Party.
func mlaTo(p protocol.Party) func(*scene) bool {
	return func(s *scene) bool { return s.Facts.Addressee.Party == p }
}

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
		{"no.justice", "lv.justice", "language-english", false},
		{"lv.justice", "no.justice", "language-english", true},
		{"no.justice", "se.justice", "language-own", false},
		{"se.justice", "no.justice", "language-own", true},
	} {
		s := mlaNamed(ets30ID, mlaScene(c.from, c.to))
		s.Req.Languages, s.Req.Offence.ReceivingMaxCustodyMonths = nil, 0
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
