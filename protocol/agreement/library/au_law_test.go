package library_test

import (
	"testing"

	"comity.example/protocol"
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
	{rule: "interception-duration", only: from("AU"), setup: lawDays(protocol.CategoryContentLive, 90),
		breaks: lawDays(protocol.CategoryContentLive, 91), want: protocol.Flag, reason: protocol.ReasonInterception,
		unless: produce},
	{rule: "interception-duration", only: from("AU"), setup: auSecurity(184), breaks: auSecurity(185),
		want: protocol.Flag, reason: protocol.ReasonInterception, unless: produce},
	{rule: "incoming-order", only: from("US"), breaks: lawCertificate("AU"), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw, unless: lawPreserve},
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
