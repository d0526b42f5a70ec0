package library_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

var auLaw = instrument{
	id:     "au-law",
	beside: []string{"us-au-daa-2021", "eu-epoc-2023"},
	scenes: []func() *scene{
		func() *scene { return auHeld(usauDAA.scenes[0]()) },
		func() *scene { return auHeld(usauDAA.scenes[1]()) },
	},
	clean: protocol.Hold,
	rows:  auLawRows,
}

func auHeld(s *scene) *scene {
	s.Withdraw("own_purpose")
	return s
}

// auSecurity makes an interception for security last some days.
func auSecurity(days int) func(*scene) {
	return all(lawDays(protocol.CategoryContentLive, days), usauStage(protocol.StageSecurity))
}

func auYears(n int64) func(*scene) { return func(s *scene) { s.Req.Offence.MaxCustodyMonths = 12 * n } }

var auLawRows = []row{
	{rule: "order-purpose", only: from("AU"), setup: usauStage(protocol.StageControlOrder), breaks: usauStage(""),
		want: protocol.Flag, reason: protocol.ReasonPurpose},
	{rule: "order-issuer", only: from("AU"), setup: all(lawKind(protocol.AuthorityAdministrative), lawReviewed),
		breaks: lawProsecutor, want: protocol.Flag, reason: protocol.ReasonNotValidated},
	{rule: "interception-seven-years", only: from("AU"), setup: all(intercept, auYears(7)), breaks: auYears(6),
		want: protocol.Flag, reason: protocol.ReasonThreshold, unless: usauStage(protocol.StageControlOrder)},
	{rule: "interception-seven-years", only: from("AU"), setup: all(intercept, usauStage(protocol.StageTrial)),
		breaks: auYears(6), want: protocol.Flag, reason: protocol.ReasonThreshold, unless: produce},
	{rule: "interception-duration", only: from("AU"), setup: lawDays(protocol.CategoryContentLive, 90),
		breaks: lawDays(protocol.CategoryContentLive, 91), want: protocol.Flag, reason: protocol.ReasonInterception,
		unless: produce},
	{rule: "interception-duration", only: from("AU"), setup: auSecurity(184), breaks: auSecurity(185),
		want: protocol.Flag, reason: protocol.ReasonInterception, unless: produce},
	{rule: "incoming-order", only: from("US"), breaks: lawCertificate("AU"), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw, unless: lawPreserve},
	{rule: "incoming-order", only: from("US"), setup: lawAsk(protocol.Subscriber, protocol.CategorySubscriber),
		breaks: lawCertificate("AU", lawAsk(protocol.Subscriber, protocol.CategorySubscriber)), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw},
	{rule: "incoming-order", only: from("US"), setup: intercept, breaks: lawCertificate("AU"), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw},
}

// A request of Australia to another State is no order, and its own orders are
// not incoming.
func TestAustralianLawOnOrdersIsAskedOfOrdersToProvidersOnly(t *testing.T) {
	away := lawLetter("au.central", "ke.justice")
	lawProsecutor(away)
	auYears(1)(away)
	lawDays(protocol.CategoryContentLive, 200)(away)
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, "au-law"), document(t, "letter-rogatory")})
	d := away.Decide(book)
	for _, r := range document(t, "au-law").Rules {
		if agreementtest.Has(d, "au-law/"+r.ID) {
			t.Errorf("%s is asked of a letter", r.ID)
		}
	}
	own := auLaw.scenes[0]()
	own.Facts.Addressee.AlsoUnder = []protocol.Party{"AU"}
	if agreementtest.Has(own.Decide(auLaw.book(t)), "au-law/incoming-order") {
		t.Error("an order of Australia is incoming")
	}
}

// What this document says of Australian law was hardly read: it never keeps a
// request.
func TestAustralianLawOnlyWarns(t *testing.T) {
	for _, r := range document(t, "au-law").Rules {
		if r.Otherwise != "flag" || r.Provenance == "verified" {
			t.Errorf("%s: %s, %s", r.ID, r.Otherwise, r.Provenance)
		}
	}
	s := usauDAA.scenes[0]()
	lawProsecutor(s)
	agreementtest.Expect(t, s.Decide(auLaw.book(t)), protocol.Allow)
}
