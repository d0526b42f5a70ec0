package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

var gbLaw = instrument{
	id:     "gb-law",
	beside: []string{"ukus-daa-2019", "letter-rogatory"},
	scenes: []func() *scene{
		func() *scene { return lawHeld(agreementtest.UKOrder()) },
		func() *scene { return lawHeld(agreementtest.USOrder()) },
	},
	clean: protocol.Hold,
	rows:  gbLawRows,
}

// gbAuthorisation asks for communications data with an authorisation that is
// not a judge's.
func gbAuthorisation(c protocol.Category) func(*scene) {
	return all(lawAsk(protocol.Production, c), lawKind(protocol.AuthorityAdministrative), lawReviewed)
}

func gbProtected(p protocol.Protection, statement string) func(*scene) {
	return func(s *scene) {
		s.Req.Target.Protected = []protocol.Protection{p}
		s.Attest(statement)
	}
}

// gbMade dates the judge's order, and gbAt the day on which it is served.
func gbMade(year int, month time.Month, day int) func(*scene) {
	return func(s *scene) { s.Req.Authorisation.Date = date(year, month, day) }
}

func gbAt(year int, month time.Month, day int) func(*scene) {
	return func(s *scene) { s.Facts.At = date(year, month, day) }
}

func gbUnprotected(s *scene) { s.Req.Target.Protected = nil }

// gbLetter turns an order into a letter rogatory for an interception.
func gbLetter(s *scene) {
	*s = *lawLetter("us.doj-oia", "gb.ukca")
	s.Ask(protocol.Interception, protocol.CategoryContentLive)
}

var gbLawRows = []row{
	// Orders of the United Kingdom.
	{rule: "order-by-a-judge", only: from("GB"), breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: lawRecords},
	{rule: "order-by-a-judge", only: from("GB"), breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: lawPreserve},
	{rule: "no-communications-data", only: from("GB"), setup: gbAuthorisation(protocol.CategoryTraffic),
		breaks: lawKind(protocol.AuthorityJudge), want: protocol.Flag, reason: protocol.ReasonCategory, unless: produce},
	{rule: "no-communications-data", only: from("GB"), setup: gbAuthorisation(protocol.CategoryLocation),
		breaks: lawKind(protocol.AuthorityCourt), want: protocol.Flag, reason: protocol.ReasonCategory,
		unless: lawAsk(protocol.Preservation, protocol.CategoryLocation)},
	{rule: "no-communications-data", only: from("GB"), setup: gbAuthorisation(protocol.CategoryUserID),
		breaks: lawKind(protocol.AuthorityJudge), want: protocol.Flag, reason: protocol.ReasonCategory},
	{rule: "no-communications-data", only: from("GB"), setup: all(lawAsk(protocol.Subscriber, protocol.CategorySubscriber),
		lawKind(protocol.AuthorityAdministrative), lawReviewed), breaks: lawKind(protocol.AuthorityJudge), want: protocol.Flag,
		reason: protocol.ReasonCategory},
	{rule: "no-communications-data", only: from("GB"), setup: gbAuthorisation(protocol.CategorySubscriber),
		breaks: lawKind(""), want: protocol.Flag, reason: protocol.ReasonCategory, unless: produce},
	{rule: "criminal-investigation", only: from("GB"), setup: func(s *scene) { s.Req.Proceedings = protocol.StageSecurity },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageControlOrder }, want: protocol.Flag,
		reason: protocol.ReasonPurpose, unless: lawRecords},
	{rule: "criminal-investigation", only: from("GB"), setup: usauStage(protocol.StageTrial), breaks: usauStage(""),
		want: protocol.Flag, reason: protocol.ReasonPurpose, unless: lawPreserve},
	{rule: "secrecy-has-an-end", only: from("GB"), setup: lawSecret(90, protocol.SecrecyTamper),
		breaks: lawSecret(0, protocol.SecrecyTamper), want: protocol.Held, reason: protocol.ReasonSecrecyEnd,
		unless: lawNotSecret},
	{rule: "secrecy-has-an-end", only: from("GB"), setup: lawSecret(90, protocol.SecrecyTamper),
		breaks: lawSecret(0, protocol.SecrecyTamper), want: protocol.Held, reason: protocol.ReasonSecrecyEnd,
		unless: lawPreserve},
	{rule: "secrecy-has-an-end", only: from("GB"), setup: lawSecret(90, protocol.SecrecyTamper),
		breaks: lawSecret(0, protocol.SecrecyTamper), want: protocol.Held, reason: protocol.ReasonSecrecyEnd,
		unless: lawProsecutor},
	{rule: "secrecy-has-an-end", only: from("GB"), setup: lawSecret(90, protocol.SecrecyTamper),
		breaks: lawSecret(0, protocol.SecrecyTamper), want: protocol.Held, reason: protocol.ReasonSecrecyEnd,
		unless: lawRecords},
	// Made on 23 August, an order may still be served on 22 November, and no later.
	{rule: "served-within-three-months", only: from("GB"), setup: gbMade(2026, 8, 23), breaks: gbMade(2026, 8, 22),
		want: protocol.Held, reason: protocol.ReasonExpired, unless: lawProsecutor},
	{rule: "served-within-three-months", only: from("GB"), setup: all(gbAt(2027, 2, 28), gbMade(2026, 11, 30)), breaks: gbAt(2027, 3, 1),
		want: protocol.Held, reason: protocol.ReasonExpired, unless: lawPreserve},
	{rule: "served-within-three-months", only: from("GB"), breaks: gbMade(2025, 11, 21),
		want: protocol.Held, reason: protocol.ReasonExpired, unless: lawRecords},
	{rule: "excepted-data", only: from("GB"), setup: gbProtected(protocol.ProtectionProfession, "excepted_data_left_out"),
		breaks: without("excepted"), want: protocol.Flag, reason: protocol.ReasonPrivilege, unless: gbUnprotected},
	{rule: "excepted-data", only: from("GB"), setup: gbProtected(protocol.ProtectionProfession, "excepted_data_left_out"),
		breaks: without("excepted"), want: protocol.Flag, reason: protocol.ReasonPrivilege, unless: lawPreserve},
	{rule: "excepted-data", only: from("GB"), setup: gbProtected(protocol.ProtectionProfession, "excepted_data_left_out"),
		breaks: without("excepted"), want: protocol.Flag, reason: protocol.ReasonPrivilege, unless: lawRecords},
	{rule: "journalistic-notice", only: from("GB"), setup: gbProtected(protocol.ProtectionPress, "journalistic_notice_served"),
		breaks: without("journalistic"), want: protocol.Flag, reason: protocol.ReasonPress, unless: gbUnprotected},
	{rule: "journalistic-notice", only: from("GB"), setup: gbProtected(protocol.ProtectionPress, "journalistic_notice_served"),
		breaks: without("journalistic"), want: protocol.Flag, reason: protocol.ReasonPress, unless: lawPreserve},
	{rule: "journalistic-notice", only: from("GB"), setup: gbProtected(protocol.ProtectionPress, "journalistic_notice_dispensed"),
		breaks: without("journalistic"), want: protocol.Flag, reason: protocol.ReasonPress, unless: lawRecords},

	// Interception in the United Kingdom for others.
	{rule: "interception-agreement", only: from("US"), setup: intercept, breaks: gbLetter, want: protocol.Flag,
		reason: protocol.ReasonDomesticLaw, unless: produce},
	{rule: "interception-outside-uk", only: from("US"), setup: intercept,
		breaks: func(s *scene) { s.Req.Target.LocatedIn = "" }, want: protocol.Flag, reason: protocol.ReasonPerson,
		unless: produce},
	{rule: "interception-outside-uk", only: from("US"), setup: all(gbLetter, func(s *scene) { s.Person("FR", "GB", "FR") }),
		breaks: func(s *scene) { s.Person("UK", "US", "US") }, want: protocol.Flag, reason: protocol.ReasonPerson},
}

// A request of the United Kingdom to another State orders nobody to produce, and
// is no overseas production order. Nor is an order of another Party.
func TestUKLawOnOrdersIsAskedOfOrdersToProvidersOnly(t *testing.T) {
	rules := []string{"order-by-a-judge", "no-communications-data", "criminal-investigation", "secrecy-has-an-end",
		"served-within-three-months", "excepted-data", "journalistic-notice"}
	for _, make := range []func() *scene{
		func() *scene { return lawLetter("gb.ukca", "ke.justice") },
		func() *scene { return lawHeld(agreementtest.USOrder()) },
	} {
		s := make()
		s.Ask(protocol.Production, protocol.CategoryContent, protocol.CategoryTraffic)
		lawSecret(0, protocol.SecrecyLife)(s)
		s.Req.Target.Protected = []protocol.Protection{protocol.ProtectionProfession, protocol.ProtectionPress}
		d := s.Decide(gbLaw.book(t))
		for _, rule := range rules {
			if agreementtest.Has(d, "gb-law/"+rule) {
				t.Errorf("%s is asked from %s under %s", rule, s.Facts.Issuing.Party, d.Agreement.ID)
			}
		}
	}
}

// With the three months of service it keeps a request: the order itself would be
// incomplete. Who wrote it must mend it, so it stays a draft.
func TestUKOrderOfSecrecyWithoutAnEndStaysADraft(t *testing.T) {
	s := agreementtest.UKOrder()
	lawSecret(0, protocol.SecrecyTamper)(s)
	d := s.Decide(gbLaw.book(t))
	agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonSecrecyEnd)
	f := agreementtest.Found(t, d, "gb-law/secrecy-has-an-end")
	if f.Side != protocol.SideIssuing || f.Role != protocol.RoleIssuing || f.Provenance != "verified" {
		t.Errorf("got %+v", f)
	}
	lawSecret(30, protocol.SecrecyTamper)(s)
	agreementtest.Expect(t, s.Decide(gbLaw.book(t)), protocol.Allow)
}
