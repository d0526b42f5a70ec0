package library_test

import (
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// usLaw is run on requests that are held for other reasons, so that orders and
// letters have one verdict: its own rules never hold.
var usLaw = instrument{
	id:     "us-law",
	beside: []string{"ukus-daa-2019", "letter-rogatory", "eu-epoc-2023"},
	scenes: []func() *scene{
		func() *scene { return lawHeld(agreementtest.UKOrder()) },
		func() *scene { return lawHeld(agreementtest.USOrder()) },
		func() *scene { return lawLetter("ke.justice", "us.doj-oia") },
	},
	clean: protocol.Hold,
	rows:  usLawRows,
}

// lawHeld names the agreement and takes a statement back, for which an order is
// held.
func lawHeld(s *scene) *scene {
	s.Facts.Ref = protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}
	s.Req.Proceedings = protocol.StageInvestigation
	s.Withdraw("own_purpose")
	return s
}

// lawLetter is a letter rogatory for which everything is said.
func lawLetter(from, to protocol.ParticipantID) *scene {
	s := letter(from, to)
	s.Req.Offence.ReceivingMaxCustodyMonths = 24
	return s
}

// lawCertificate turns an order into an EPOC to a provider in the Union that
// another Party's law binds too. It lacks a statement, and is held.
func lawCertificate(also protocol.Party, ask ...func(*scene)) func(*scene) {
	return func(s *scene) {
		*s = *agreementtest.CertifiedOrder("nl.prosecution", "nl.prosecution", "ie.contoso")
		s.Facts.Ref = protocol.AgreementRef{ID: "eu-epoc-2023", Version: "1"}
		s.Facts.Addressee.AlsoUnder = []protocol.Party{also}
		s.Facts.Sender, s.Facts.Certification = s.Facts.Issuing, agreement.Certification{}
		s.Req.Proceedings = protocol.StageInvestigation
		s.Req.Offence.CommittedIn = []protocol.Party{"NL"}
		s.Req.Service = &protocol.Service{Class: protocol.ServiceCommunications, Capacity: protocol.CapacityController}
		s.Req.Languages = []string{"en"}
		for _, f := range ask {
			f(s)
		}
	}
}

func lawPreserve(s *scene) { s.Ask(protocol.Preservation, protocol.CategoryContent) }

func lawEmergency(s *scene) {
	s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a child is missing"}
}

// lawAsk asks for one category.
func lawAsk(t protocol.RequestType, c protocol.Category) func(*scene) {
	return func(s *scene) { s.Ask(t, c) }
}

func lawKind(k protocol.AuthorityKind) func(*scene) {
	return func(s *scene) { s.Req.Authorisation.Kind = k }
}

// lawDays makes an interception last some days.
func lawDays(c protocol.Category, n int) func(*scene) {
	return func(s *scene) {
		s.Ask(protocol.Interception, c)
		s.Req.Interception.End = agreementtest.Day.AddDate(0, 0, n)
	}
}

func lawSecret(days int, grounds ...protocol.SecrecyGround) func(*scene) {
	return func(s *scene) {
		s.Req.Secrecy = &protocol.Secrecy{Grounds: grounds}
		if days > 0 {
			s.Req.Secrecy.Until = agreementtest.Day.AddDate(0, 0, days)
		}
	}
}

func lawNotSecret(s *scene) { s.Req.Secrecy = nil }

func lawNoFacts(s *scene) { s.Req.Facts = "" }

func lawNoNexus(s *scene) { s.Req.Nexus = "" }

func lawThere(months int64) func(*scene) {
	return func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = months }
}

var lawRecords = lawAsk(protocol.Production, protocol.CategoryTraffic)

var usLawRows = []row{
	// A provider that US law binds.
	{rule: "content-bar", only: from("GB"), breaks: lawCertificate("US"), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw, unless: lawRecords},
	{rule: "content-bar", only: from("GB"), setup: intercept, breaks: lawCertificate("US"), want: protocol.Flag,
		reason: protocol.ReasonThirdCountryLaw, unless: lawPreserve},
	{rule: "emergency-content-bar", only: from("GB"), setup: lawEmergency, breaks: lawCertificate("US", lawEmergency),
		want: protocol.Flag, reason: protocol.ReasonThirdCountryLaw, unless: func(s *scene) { s.Req.Emergency = nil }},
	{rule: "emergency-content-bar", only: from("GB"), setup: lawEmergency, breaks: lawCertificate("US", lawEmergency),
		want: protocol.Flag, reason: protocol.ReasonThirdCountryLaw, unless: lawPreserve},
	{rule: "emergency-content-bar", only: from("GB"), setup: lawEmergency, breaks: lawCertificate("US", lawEmergency),
		want: protocol.Flag, reason: protocol.ReasonThirdCountryLaw, unless: lawRecords},
	{rule: "preservation-for-foreigners", only: from("GB"), setup: lawPreserve, breaks: lawCertificate("US", lawPreserve),
		want: protocol.Flag, reason: protocol.ReasonDomesticLaw, unless: produce},

	// Orders of the United States.
	{rule: "content-warrant", only: from("US"), breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: lawRecords},
	{rule: "content-warrant", only: from("US"), breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: lawPreserve},
	{rule: "records-order", only: from("US"), setup: lawRecords, breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: produce},
	{rule: "records-order", only: from("US"), setup: lawAsk(protocol.Production, protocol.CategoryOther),
		breaks: lawProsecutor, want: protocol.Flag, reason: protocol.ReasonNotValidated,
		unless: lawAsk(protocol.Preservation, protocol.CategoryOther)},
	{rule: "records-order", only: from("US"), setup: lawAsk(protocol.Production, protocol.CategoryLocation),
		breaks: lawProsecutor, want: protocol.Flag, reason: protocol.ReasonNotValidated},
	{rule: "basic-records-subpoena", only: from("US"),
		setup:  all(lawAsk(protocol.Subscriber, protocol.CategorySubscriber), lawProsecutor),
		breaks: lawKind(protocol.AuthorityPolice), want: protocol.Flag, reason: protocol.ReasonNotValidated,
		unless: lawAsk(protocol.Preservation, protocol.CategorySubscriber)},
	{rule: "basic-records-subpoena", only: from("US"), setup: all(lawAsk(protocol.Subscriber, protocol.CategorySubscriber),
		lawKind(protocol.AuthorityPolice), lawValidated), breaks: func(s *scene) { s.Req.Authorisation.ValidatedBy = nil },
		want: protocol.Flag, reason: protocol.ReasonNotValidated},
	{rule: "basic-records-subpoena", only: from("US"),
		setup:  all(lawAsk(protocol.Production, protocol.CategoryUserID), lawKind(protocol.AuthorityAdministrative), lawReviewed),
		breaks: lawKind(""), want: protocol.Flag, reason: protocol.ReasonNotValidated, unless: produce},
	{rule: "interception-order", only: from("US"), setup: intercept, breaks: lawProsecutor, want: protocol.Flag,
		reason: protocol.ReasonNotValidated, unless: lawAsk(protocol.Interception, protocol.CategoryTrafficLive)},
	{rule: "interception-thirty-days", only: from("US"), setup: lawDays(protocol.CategoryContentLive, 30),
		breaks: lawDays(protocol.CategoryContentLive, 31), want: protocol.Flag, reason: protocol.ReasonInterception,
		unless: lawDays(protocol.CategoryTrafficLive, 31)},
	{rule: "pen-register-sixty-days", only: from("US"), setup: lawDays(protocol.CategoryTrafficLive, 60),
		breaks: lawDays(protocol.CategoryTrafficLive, 61), want: protocol.Flag, reason: protocol.ReasonInterception,
		unless: lawDays(protocol.CategoryContentLive, 61)},
	{rule: "pen-register-sixty-days", only: from("US"), setup: lawDays(protocol.CategoryTrafficLive, 60),
		breaks: lawProsecutor, want: protocol.Flag, reason: protocol.ReasonInterception},
	{rule: "comity-motion", only: from("US"), setup: func(s *scene) { s.Person("FR", "US", "FR") },
		breaks: func(s *scene) { s.Person("FR", "FR", "FR") }, want: protocol.Flag, reason: protocol.ReasonQFGLaw,
		unless: lawRecords},
	{rule: "comity-motion", only: from("US"), setup: func(s *scene) { s.Organisation("FR", "US") },
		breaks: func(s *scene) { s.Req.Target = protocol.Target{LocatedIn: "US"} }, want: protocol.Flag,
		reason: protocol.ReasonQFGLaw, unless: lawPreserve},
	{rule: "comity-motion", only: from("US"), setup: func(s *scene) { s.Person("FR", "FR", "US") },
		breaks: func(s *scene) { s.Req.Target = protocol.Target{} }, want: protocol.Flag, reason: protocol.ReasonQFGLaw},
	{rule: "secrecy-order", only: from("US"), setup: lawSecret(90, protocol.SecrecyFlight),
		breaks: lawSecret(90, protocol.SecrecyRights), want: protocol.Flag, reason: protocol.ReasonInsufficient,
		unless: lawNotSecret},
	{rule: "secrecy-order", only: from("US"), setup: lawSecret(90, protocol.SecrecyInvestigation),
		breaks: lawProsecutor, want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "secrecy-one-year", only: from("US"), setup: lawSecret(365, protocol.SecrecyFlight),
		breaks: lawSecret(366, protocol.SecrecyFlight), want: protocol.Flag, reason: protocol.ReasonSecrecyEnd,
		unless: lawNotSecret},
	{rule: "secrecy-one-year", only: from("US"), setup: lawSecret(90, protocol.SecrecyFlight),
		breaks: lawSecret(0, protocol.SecrecyFlight), want: protocol.Flag, reason: protocol.ReasonSecrecyEnd},

	// Requests that the United States is to execute.
	{rule: "search-warrant-year", only: from("KE"), setup: lawThere(13), breaks: lawThere(12), want: protocol.Flag,
		reason: protocol.ReasonThreshold, unless: lawRecords},
	{rule: "search-warrant-year", only: from("KE"), breaks: lawThere(0), want: protocol.Flag,
		reason: protocol.ReasonThreshold, unless: lawPreserve},
	{rule: "warrant-facts", only: from("KE"), breaks: lawNoFacts, want: protocol.Flag, reason: protocol.ReasonInsufficient,
		unless: lawRecords},
	{rule: "warrant-facts", only: from("KE"), breaks: lawNoNexus, want: protocol.Flag,
		reason: protocol.ReasonInsufficient, unless: lawPreserve},
	{rule: "records-facts", only: from("KE"), setup: lawRecords, breaks: lawNoFacts, want: protocol.Flag,
		reason: protocol.ReasonInsufficient, unless: produce},
	{rule: "records-facts", only: from("KE"), setup: lawAsk(protocol.Production, protocol.CategoryLocation),
		breaks: lawNoNexus, want: protocol.Flag, reason: protocol.ReasonInsufficient,
		unless: lawAsk(protocol.Preservation, protocol.CategoryLocation)},
	{rule: "records-facts", only: from("KE"), setup: lawAsk(protocol.Production, protocol.CategoryOther),
		breaks: lawNoNexus, want: protocol.Flag, reason: protocol.ReasonInsufficient},
	{rule: "criminal-matter", only: from("KE"), setup: func(s *scene) { s.Req.Proceedings = protocol.StageTrial },
		breaks: func(s *scene) { s.Req.Proceedings = protocol.StageAdministrative }, want: protocol.Flag,
		reason: protocol.ReasonPurpose},
	{rule: "criminal-matter", only: from("KE"), breaks: func(s *scene) { s.Req.Proceedings = "" }, want: protocol.Flag,
		reason: protocol.ReasonPurpose},
	{rule: "no-interception-order", only: from("KE"), setup: lawDays(protocol.CategoryTrafficLive, 30), breaks: intercept,
		want: protocol.Flag, reason: protocol.ReasonInterception, unless: produce},
	{rule: "foreign-pen-register-sixty-days", only: from("KE"), setup: lawDays(protocol.CategoryTrafficLive, 60),
		breaks: lawDays(protocol.CategoryTrafficLive, 61), want: protocol.Flag, reason: protocol.ReasonInterception,
		unless: intercept},
}

// lawProsecutor makes a prosecutor approve the order; that a court reviews it
// later keeps the agreement content.
func lawProsecutor(s *scene) {
	s.Req.Authorisation.Kind = protocol.AuthorityProsecutor
	lawReviewed(s)
}

func lawValidated(s *scene) {
	s.Req.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityProsecutor}
	lawReviewed(s)
}

func lawReviewed(s *scene) { s.Attest("reviewed_before_enforcement") }

// The conflict of which everybody waits: it is foreseen while the order is a
// draft, changes no verdict, and comes with the other route.
func TestEPOCForContentAtAUSProviderIsForeseen(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, "us-law"), document(t, "eu-epoc-2023"),
		document(t, "eu-us-mla-2003")})
	var s scene
	lawCertificate("US")(&s)
	d := s.Decide(book)
	f := agreementtest.Found(t, d, "us-law/content-bar")
	if f.Outcome != protocol.Flag || f.Ask == "" || f.Provenance != "verified" || d.Verdict == protocol.Deny {
		t.Errorf("got %+v, verdict %v%s", f, d.Verdict, agreementtest.Failures(d))
	}
	lawCertificate("FR")(&s)
	if agreementtest.Has(s.Decide(book), "us-law/content-bar") {
		t.Error("US law is asked of a provider that it does not bind")
	}
	lawCertificate("US", lawAsk(protocol.Production, protocol.CategorySubscriber))(&s)
	if agreementtest.Has(s.Decide(book), "us-law/content-bar") {
		t.Error("records are no content")
	}
}

// An agreement of the same kind to which the United States is no Party opens
// nothing.
func TestAgreementOfOthersDoesNotLiftTheBarOnContent(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, "us-law"), document(t, "au-law"),
		agreementtest.Parse(t, agreementtest.Bilateral("nl-ie-daa", "NL", "IE", agreementtest.Standing2020))})
	for party, rule := range map[protocol.Party]string{"US": "us-law/content-bar", "AU": "au-law/incoming-order"} {
		var s scene
		lawCertificate(party, lawEmergency)(&s)
		s.Facts.Ref = protocol.AgreementRef{ID: "nl-ie-daa", Version: "1"}
		d := s.Decide(book)
		if f := agreementtest.Found(t, d, rule); f.Outcome != protocol.Flag || d.Verdict != protocol.Allow {
			t.Errorf("got %+v, verdict %v%s", f, d.Verdict, agreementtest.Failures(d))
		}
		if f := "us-law/emergency-content-bar"; party == "US" && agreementtest.Found(t, d, f).Outcome != protocol.Flag {
			t.Errorf("%s is lifted", f)
		}
	}
}

func TestDomesticLawIsAskedInItsCapacityOnly(t *testing.T) {
	abroad := func(ask ...func(*scene)) func() *scene { // an order of the United States to its own provider's foreign house
		return func() *scene {
			s := usLaw.scenes[1]()
			s.Facts.Addressee.AlsoUnder = []protocol.Party{"US"}
			all(ask...)(s)
			return s
		}
	}
	// A request of the United States to another State, where no provider is ordered.
	away := func(ask ...func(*scene)) func() *scene {
		return func() *scene {
			s := lawLetter("us.doj-oia", "ke.justice")
			all(ask...)(s)
			return s
		}
	}
	toProvider := func() *scene { return lawHeld(agreementtest.UKOrder()) }
	live := lawDays(protocol.CategoryTrafficLive, 61)
	for _, x := range []struct {
		make  func() *scene
		rules []string
	}{
		{toProvider, []string{"content-warrant", "search-warrant-year", "warrant-facts", "criminal-matter"}},
		{func() *scene { s := toProvider(); lawRecords(s); return s }, []string{"records-facts"}},
		{func() *scene { s := toProvider(); live(s); return s },
			[]string{"no-interception-order", "foreign-pen-register-sixty-days"}},
		{abroad(lawEmergency), []string{"content-bar", "emergency-content-bar"}},
		{abroad(lawPreserve), []string{"preservation-for-foreigners"}},
		{away(lawSecret(0, protocol.SecrecyLife)), []string{"content-warrant", "comity-motion", "secrecy-order",
			"secrecy-one-year", "search-warrant-year"}},
		{away(lawRecords), []string{"records-order"}},
		{away(lawAsk(protocol.Subscriber, protocol.CategorySubscriber)), []string{"basic-records-subpoena"}},
		{away(intercept), []string{"interception-order", "interception-thirty-days"}},
		{away(live), []string{"pen-register-sixty-days"}},
	} {
		d := x.make().Decide(usLaw.book(t))
		for _, rule := range x.rules {
			if agreementtest.Has(d, "us-law/"+rule) {
				t.Errorf("%s is asked under %s", rule, d.Agreement.ID)
			}
		}
	}
}

// A government without an agreement of this kind is no qualifying one.
func TestMotionForComityNeedsAnAgreementOnDataAccess(t *testing.T) {
	text := strings.Replace(agreementtest.Bilateral("us-ie", "US", "IE", agreementtest.Standing2020),
		"kind: data_access_agreement", "kind: convention", 1)
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, "us-law"), agreementtest.Parse(t, text)})
	s := agreementtest.CertifiedOrder("us.fbi", "us.doj-oia", "ie.contoso")
	s.Person("IE", "IE", "IE")
	d := s.Decide(book)
	if d.Verdict != protocol.Allow || agreementtest.Has(d, "us-law/comity-motion") {
		t.Errorf("got %v%s", d.Verdict, agreementtest.Failures(d))
	}
}

// Before the youngest of its provisions was law, none of it is shown.
func TestUSLawIsSilentBeforeTheCLOUDAct(t *testing.T) {
	s := usLaw.scenes[2]()
	s.Facts.At = document(t, "us-law").InForce.Time().Add(-1)
	if d := s.Decide(usLaw.book(t)); agreementtest.Has(d, "us-law/search-warrant-year") {
		t.Error("it is shown")
	}
}

// Of the clocks of US law none is an agreement's: a desk finds them here.
func TestClocksOfUSLaw(t *testing.T) {
	want := map[string]string{
		"preservation-ninety-days":        "90 days, and 90 more on a renewed request",
		"comity-motion-time":              "14 days",
		"delayed-notice":                  "90 days at most, and 90 at most for each extension",
		"national-security-letter-review": "30 days",
		"national-security-report":        "180 days, 1 year, or 540 days for a new service",
		"interception-term":               "30 days at most",
		"pen-register-term":               "60 days at most",
	}
	for _, c := range document(t, "us-law").Clocks {
		if length, ok := want[c.ID]; ok && c.Length == length && c.Provenance == agreement.Verified {
			delete(want, c.ID)
		}
	}
	for id, length := range want {
		t.Errorf("%s: no clock of %s", id, length)
	}
}
