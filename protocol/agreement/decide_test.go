package agreement_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

func TestZeroValuesRefuse(t *testing.T) {
	book := libraryBook(t)
	for name, d := range map[string]protocol.Decision{
		"zero book":    new(agreement.Book).Decide(&ukOrder().req, ukOrder().facts),
		"zero request": book.Decide(&protocol.Request{}, ukOrder().facts),
		"no request":   book.Decide(nil, ukOrder().facts),
		"zero facts":   book.Decide(&ukOrder().req, agreement.Facts{}),
		"zero all":     new(agreement.Book).Decide(nil, agreement.Facts{}),
		"named":        book.Decide(nil, agreement.Facts{Ref: protocol.AgreementRef{ID: "ukus-daa-2019"}}),
	} {
		if d.Verdict != protocol.Deny || len(d.Findings) == 0 {
			t.Errorf("%s: got %v with %d findings, want deny with a finding", name, d.Verdict, len(d.Findings))
		}
	}
}

func TestUKOrderIsHeldUntilCertifiedAndThenAllowed(t *testing.T) {
	book := libraryBook(t)
	s := ukOrder()
	s.facts.Sender, s.facts.Certification = s.facts.Issuing, agreement.Certification{}
	d := s.decide(book)
	expect(t, d, protocol.Hold, protocol.ReasonCertification)
	for _, f := range d.Findings {
		if f.Outcome == protocol.Held && (f.Side != protocol.SideIssuing || f.Role != protocol.RoleDesignated) {
			t.Errorf("%s waits for the %s side's %s, want issuing designated", f.Rule, f.Side, f.Role)
		}
	}
	d = ukOrder().decide(book)
	expect(t, d, protocol.Allow)
	if want := (protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}); d.Agreement != want {
		t.Errorf("got agreement %v, want %v", d.Agreement, want)
	}
	if len(d.Routes) != 0 || len(d.Documents) != 1 || !d.At.Equal(day) {
		t.Errorf("got routes %v, documents %v, at %v", d.Routes, d.Documents, d.At)
	}
	expect(t, usOrder().decide(book), protocol.Allow)
}

func TestOrderToAProviderInIrelandIsDeniedWithTheRouteByMLA(t *testing.T) {
	book := libraryBook(t)
	s := usOrder()
	s.req.Addressee = "ie.contoso"
	s.facts.Addressee = standing("ie.contoso", protocol.RoleProvider)
	for _, c := range []struct {
		ref  string
		want protocol.Reason
	}{
		{"", protocol.ReasonNoAgreement},
		{"ukus-daa-2019", protocol.ReasonNotGoverning},
		{"eu-us-mla-2003", protocol.ReasonNoRight},
		{"budapest-2001", protocol.ReasonNoAgreement},
	} {
		s.facts.Ref.ID = c.ref
		d := s.decide(book)
		expect(t, d, protocol.Deny, c.want)
		if len(d.Routes) != 1 || d.Routes[0].Agreement != "eu-us-mla-2003" || d.Routes[0].Text == "" ||
			!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"us.doj-oia", "ie.justice"}) {
			t.Errorf("ref %q: got routes %+v", c.ref, d.Routes)
		}
	}
	s = assistance("us.doj-oia", "ie.justice")
	d := s.decide(book)
	expect(t, d, protocol.Hold, protocol.ReasonJudgement)
	f := found(t, d, "requested-state-decides")
	if f.Side != protocol.SideReceiving || f.Role != protocol.RoleCentral {
		t.Errorf("got %s %s, want receiving central", f.Side, f.Role)
	}
}

func TestRequestThatNoAgreementCarriesIsShownTheLetterRogatory(t *testing.T) {
	s := ukOrder()
	s.req.Addressee = "br.contoso"
	s.facts.Addressee = standing("br.contoso", protocol.RoleProvider)
	d := s.decide(libraryBook(t))
	expect(t, d, protocol.Deny, protocol.ReasonNoAgreement)
	if len(d.Routes) != 1 || d.Routes[0].Title != agreement.LetterRogatory ||
		!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"gb.ukca"}) {
		t.Errorf("got routes %+v, want the letter rogatory", d.Routes)
	}
}

func TestOneYearOffenceIsDeniedByArticle1(t *testing.T) {
	s := ukOrder()
	s.req.Offence.MaxCustodyMonths = 12
	d := s.decide(libraryBook(t))
	expect(t, d, protocol.Deny, protocol.ReasonThreshold)
	if f := found(t, d, "serious-crime"); f.Article != "Art. 1(5), 1(14)" || f.Provenance != "secondary" {
		t.Errorf("got article %q, provenance %q", f.Article, f.Provenance)
	}
}

func TestTargetsAreProtectedDifferentlyInTheTwoDirections(t *testing.T) {
	book := libraryBook(t)
	for _, c := range []struct {
		name    string
		scene   func() *scene
		target  func(*scene)
		verdict protocol.Verdict
		reasons []protocol.Reason
	}{
		{"UK order, US national abroad", ukOrder, func(s *scene) { s.person("FR", "US", "FR") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, UK national in the US", ukOrder, func(s *scene) { s.person("US", "GB", "GB") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, dual national", ukOrder, func(s *scene) {
			s.req.Target.Nationalities = []protocol.Party{"GB", "US"}
		}, protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"US order, UK national in France", usOrder, func(s *scene) { s.person("FR", "GB", "FR") },
			protocol.Hold, []protocol.Reason{protocol.ReasonThirdNotice}},
		{"US order, UK national in France, France notified", usOrder, func(s *scene) {
			s.person("FR", "GB", "FR")
			s.attest("third_country_notified")
		}, protocol.Allow, nil},
		{"US order, US national in the UK", usOrder, func(s *scene) { s.person("GB", "US", "US") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, nothing known", ukOrder, func(s *scene) { s.req.Target = protocol.Target{} },
			protocol.Hold, []protocol.Reason{protocol.ReasonInsufficient, protocol.ReasonThirdNotice}},
		{"US order, nothing known", usOrder, func(s *scene) { s.req.Target = protocol.Target{} },
			protocol.Hold, []protocol.Reason{protocol.ReasonInsufficient, protocol.ReasonThirdNotice}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.scene()
			c.target(s)
			expect(t, s.decide(book), c.verdict, c.reasons...)
		})
	}
}

func TestSuspensionTakesTheMirroredRightWithIt(t *testing.T) {
	book := libraryBook(t, suspension("US", "us-1", protocol.CategoryContent))
	for name, order := range map[string]func() *scene{"GB to US": ukOrder, "US to GB": usOrder} {
		s := order()
		expect(t, s.decide(book), protocol.Allow)
		s.facts.At = day.AddDate(0, 0, 1)
		d := s.decide(book)
		expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
		if len(d.Documents) != 2 {
			t.Errorf("%s: got %d documents, want the agreement and the notice", name, len(d.Documents))
		}
		s.ask(protocol.Production, protocol.CategoryTraffic)
		expect(t, s.decide(book), protocol.Allow)
		s.ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
		expect(t, s.decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
	}
}

func TestSuspensionEndsWhenItsOwnPartyResumes(t *testing.T) {
	stop := suspension("US", "us-1")
	resume := suspension("US", "us-2", protocol.CategoryContent)
	resume.Kind, resume.Effective = agreement.Resume, day.AddDate(0, 0, 5)
	other := suspension("GB", "gb-1")
	other.Kind, other.Effective = agreement.Resume, day.AddDate(0, 0, 3)
	book := libraryBook(t, resume, other, stop)
	s := ukOrder()
	for days, want := range map[int]protocol.Verdict{0: protocol.Allow, 1: protocol.Deny, 4: protocol.Deny,
		5: protocol.Allow} {
		s.facts.At = day.AddDate(0, 0, days)
		if got := s.decide(book).Verdict; got != want {
			t.Errorf("after %d days: got %v, want %v", days, got, want)
		}
	}
	s.facts.At = day.AddDate(0, 0, 5)
	s.ask(protocol.Production, protocol.CategoryTraffic) // was not resumed
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
}

func TestSuspensionAndResumptionAtOneMomentSuspend(t *testing.T) {
	resume := suspension("US", "us-0")
	resume.Kind = agreement.Resume
	s := ukOrder()
	s.facts.At = day.AddDate(0, 0, 2)
	expect(t, s.decide(libraryBook(t, suspension("US", "us-1"), resume)), protocol.Deny,
		protocol.ReasonNotReciprocal)
}

func TestDeniedDirectRightIsShownTheOtherAgreement(t *testing.T) {
	text := bilateral("gb-us-mla", "GB", "US", standing2020)
	text = replace(t, text, "channel: direct", "channel: central")
	book := newBook(t, append(library(t), parse(t, text)), suspension("US", "us-1"))
	s := ukOrder()
	s.facts.At = day.AddDate(0, 0, 1)
	d := s.decide(book)
	expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
	if len(d.Routes) != 1 || d.Routes[0].Agreement != "gb-us-mla" ||
		!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"gb.ukca", "us.doj-oia"}) {
		t.Errorf("got routes %+v", d.Routes)
	}
	too := suspension("US", "us-2")
	too.Agreement = "gb-us-mla"
	book = newBook(t, append(library(t), parse(t, text)), suspension("US", "us-1"), too)
	if d = s.decide(book); len(d.Routes) != 1 || d.Routes[0].Title != agreement.LetterRogatory {
		t.Errorf("got routes %+v, want none that is suspended too", d.Routes)
	}
}

func TestAgreementCarriesNothingOutsideItsTime(t *testing.T) {
	for _, c := range []struct {
		status string
		at     string
		want   protocol.Verdict
	}{
		{"status: in_force\nin_force: 2020-06-01", "2020-05-31T23:59:59Z", protocol.Deny},
		{"status: in_force\nin_force: 2020-06-01", "2020-06-01T00:00:00Z", protocol.Allow},
		{"status: in_force\nin_force: 2020-06-01\nexpires: 2025-06-01", "2025-05-31T23:59:59Z", protocol.Allow},
		{"status: in_force\nin_force: 2020-06-01\nexpires: 2025-06-01", "2025-06-01T00:00:00Z", protocol.Deny},
		{"status: terminated\nin_force: 2020-06-01\nended: 2024-01-01", "2023-12-31T23:59:59Z", protocol.Allow},
		{"status: suspended\nin_force: 2020-06-01\nended: 2024-01-01", "2024-01-01T00:00:00Z", protocol.Deny},
		{"status: lapsed\nin_force: 2020-06-01\nended: 2024-01-01", "2026-01-01T00:00:00Z", protocol.Deny},
		{"status: signed", "2026-01-01T00:00:00Z", protocol.Deny},
		{"status: signed_not_in_force", "2026-01-01T00:00:00Z", protocol.Deny},
		{"status: proposed", "2026-01-01T00:00:00Z", protocol.Deny},
	} {
		book := newBook(t, []*agreement.Document{parse(t, bilateral("a-b", "GB", "US", c.status))})
		s := ukOrder()
		s.facts.At, _ = time.Parse(time.RFC3339, c.at)
		for _, ref := range []string{"", "a-b"} {
			s.facts.Ref.ID = ref
			d := s.decide(book)
			if d.Verdict != c.want {
				t.Errorf("%q at %s, ref %q: got %v, want %v", c.status, c.at, ref, d.Verdict, c.want)
			}
			if c.want == protocol.Deny && d.Reasons()[0] != protocol.ReasonNotInForce {
				t.Errorf("%q at %s: got %v", c.status, c.at, d.Reasons())
			}
		}
	}
}

func TestUnverifiedEndOfTermHoldsAndNeverDenies(t *testing.T) {
	s := ukOrder()
	for at, want := range map[string]protocol.Verdict{"2027-10-02T23:59:59Z": protocol.Allow,
		"2027-10-03T00:00:00Z": protocol.Hold} {
		s.facts.At, _ = time.Parse(time.RFC3339, at)
		d := s.decide(libraryBook(t))
		if d.Verdict != want {
			t.Errorf("at %s: got %v, want %v", at, d.Verdict, want)
		}
		if f := found(t, d, "treaty-term"); f.Provenance != "unverified" {
			t.Errorf("got provenance %q, want unverified", f.Provenance)
		}
	}
}

func TestNamedVersionMustBeHeld(t *testing.T) {
	first := parse(t, bilateral("a-b", "GB", "US",
		"status: terminated\nin_force: 2020-06-01\nended: 2024-01-01"))
	second := parse(t, replace(t, replace(t, bilateral("a-b", "GB", "US",
		"status: in_force\nin_force: 2024-01-01"), `"1"`, `"2"`), ">= 12", ">= 24"))
	book := newBook(t, []*agreement.Document{first, second})
	s := ukOrder()
	s.req.Offence.MaxCustodyMonths = 18
	for _, c := range []struct {
		version, at string
		used        string
		verdict     protocol.Verdict
	}{
		{"", "2023-01-01T00:00:00Z", "1", protocol.Allow},
		{"", "2026-01-01T00:00:00Z", "2", protocol.Deny},
		{"", "2019-01-01T00:00:00Z", "2", protocol.Deny},
		{"1", "2026-01-01T00:00:00Z", "1", protocol.Deny},
		{"3", "2026-01-01T00:00:00Z", "3", protocol.Deny},
	} {
		s.facts.Ref = protocol.AgreementRef{ID: "a-b", Version: c.version}
		s.facts.At, _ = time.Parse(time.RFC3339, c.at)
		d := s.decide(book)
		if d.Verdict != c.verdict || d.Agreement.Version != c.used {
			t.Errorf("version %q at %s: got %v by version %q, want %v by %q",
				c.version, c.at, d.Verdict, d.Agreement.Version, c.verdict, c.used)
		}
	}
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonVersion)
}

func TestRightIsNeededForEachCategoryAndChannel(t *testing.T) {
	book := libraryBook(t)
	s := ukOrder()
	s.facts.Ref.ID = "ukus-daa-2019"
	s.ask(protocol.Production, protocol.CategoryContent, protocol.CategoryDomain)
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonCategory)
	s.ask(protocol.Subscriber, protocol.CategoryContent)
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonCategory)
	s.ask(protocol.Production)
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonIncomplete)
	s = ukOrder()
	s.facts.Ref.ID = "ukus-daa-2019"
	s.facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonNoRight)
	s.facts.Addressee.Roles = nil
	expect(t, s.decide(book), protocol.Deny, protocol.ReasonNoRight)
}

func TestRightWithoutItsMirrorIsDeniedUnlessTheAgreementSaysSo(t *testing.T) {
	oneWay := replace(t, bilateral("a-b", "GB", "US", standing2020), "from: any party", "from: GB")
	s := ukOrder()
	expect(t, s.decide(newBook(t, []*agreement.Document{parse(t, oneWay)})), protocol.Deny,
		protocol.ReasonNotReciprocal)
	said := replace(t, oneWay, "reciprocity: mirrored",
		"reciprocity: one-sided\n    one_sided_article: Art. 9")
	expect(t, s.decide(newBook(t, []*agreement.Document{parse(t, said)})), protocol.Allow)

	promised := newBook(t, []*agreement.Document{parse(t,
		replace(t, oneWay, "reciprocity: mirrored", "reciprocity: promise"))})
	expect(t, s.decide(promised), protocol.Hold, protocol.ReasonNotReciprocal)
	s.attest(agreement.PromiseStatement)
	expect(t, s.decide(promised), protocol.Allow)
}

func TestNothingIsBelievedOfACertificationThatWasNotVerified(t *testing.T) {
	s := ukOrder()
	s.facts.Certification.Present = false
	d := s.decide(libraryBook(t))
	for _, rule := range []string{"certified", "invoked", "contact", "targeting-procedure"} {
		if got := found(t, d, rule).Outcome; got != protocol.Held {
			t.Errorf("%s: got %v, want hold", rule, got)
		}
	}
}

func TestAgreementInForceIsFoundBeforeOneThatEnded(t *testing.T) {
	ended := parse(t, bilateral("a-ended", "GB", "US",
		"status: lapsed\nin_force: 2020-06-01\nended: 2021-01-01"))
	current := parse(t, bilateral("b-current", "GB", "US", standing2020))
	d := ukOrder().decide(newBook(t, []*agreement.Document{ended, current}))
	expect(t, d, protocol.Allow)
	if d.Agreement.ID != "b-current" {
		t.Errorf("got %s, want b-current", d.Agreement.ID)
	}
}

func TestRuleThatCannotBeComputedDenies(t *testing.T) {
	for old, new := range map[string]string{
		"require: offence.max_custody_months >= 12": `require: attested[99] == "x"`,
		"    require:": "    when: 1 / (request.identifier_count - 1) == 1\n    require:",
	} {
		doc := parse(t, replace(t, bilateral("a-b", "GB", "US", standing2020), old, new))
		d := ukOrder().decide(newBook(t, []*agreement.Document{doc}))
		expect(t, d, protocol.Deny, protocol.ReasonRuleError)
	}
}

func TestTransmissionIsForTheDesignatedAuthority(t *testing.T) {
	book := libraryBook(t)
	for name, sender := range map[string]agreement.Standing{
		"the issuer":                   standing("gb.met-police", protocol.RoleIssuing),
		"the other Party's designated": standing("us.doj-oia", protocol.RoleDesignated),
		"nobody":                       {},
	} {
		s := ukOrder()
		s.facts.Sender = sender
		d := s.decide(book)
		if f := found(t, d, agreement.StepTransmission); d.Verdict != protocol.Hold ||
			f.Role != protocol.RoleDesignated || f.Side != protocol.SideIssuing {
			t.Errorf("%s: got %v, finding %+v", name, d.Verdict, f)
		}
	}
}

func TestFactsAboutOtherParticipantsAreRefused(t *testing.T) {
	book := libraryBook(t)
	for name, change := range map[string]func(*scene){
		"another issuer":    func(s *scene) { s.facts.Issuing.ID = "gb.hmrc" },
		"another addressee": func(s *scene) { s.facts.Addressee.ID = "us.fabrikam" },
		"another Party":     func(s *scene) { s.facts.Issuing.Party = "US" },
		"unregistered":      func(s *scene) { s.facts.Addressee = agreement.Standing{} },
	} {
		s := ukOrder()
		change(s)
		t.Run(name, func(t *testing.T) {
			expect(t, s.decide(book), protocol.Deny, protocol.ReasonUnregistered)
		})
	}
}

func TestDomesticRequestIsNotCarried(t *testing.T) {
	s := ukOrder()
	s.req.Addressee = "gb.contoso"
	s.facts.Addressee = standing("gb.contoso", protocol.RoleProvider)
	for _, ref := range []string{"", "ukus-daa-2019"} {
		s.facts.Ref.ID = ref
		if d := s.decide(libraryBook(t)); d.Verdict != protocol.Deny || len(d.Routes) != 0 {
			t.Errorf("ref %q: got %v, routes %v", ref, d.Verdict, d.Routes)
		}
	}
}
