package agreement_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func TestZeroValuesRefuse(t *testing.T) {
	book := agreementtest.PairBook(t)
	for name, d := range map[string]protocol.Decision{
		"zero book":    new(agreement.Book).Decide(&agreementtest.UKOrder().Req, agreementtest.UKOrder().Facts),
		"zero request": book.Decide(&protocol.Request{}, agreementtest.UKOrder().Facts),
		"no request":   book.Decide(nil, agreementtest.UKOrder().Facts),
		"zero facts":   book.Decide(&agreementtest.UKOrder().Req, agreement.Facts{}),
		"zero all":     new(agreement.Book).Decide(nil, agreement.Facts{}),
		"named":        book.Decide(nil, agreement.Facts{Ref: protocol.AgreementRef{ID: "ukus-daa-2019"}}),
	} {
		if d.Verdict != protocol.Deny || len(d.Findings) == 0 {
			t.Errorf("%s: got %v with %d findings, want deny with a finding", name, d.Verdict, len(d.Findings))
		}
	}
}

func TestUKOrderIsHeldUntilCertifiedAndThenAllowed(t *testing.T) {
	book := agreementtest.PairBook(t)
	s := agreementtest.UKOrder()
	s.Facts.Sender, s.Facts.Certification = s.Facts.Issuing, agreement.Certification{}
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonCertification)
	for _, f := range d.Findings {
		if f.Outcome == protocol.Held && (f.Side != protocol.SideIssuing || f.Role != protocol.RoleDesignated) {
			t.Errorf("%s waits for the %s side's %s, want issuing designated", f.Rule, f.Side, f.Role)
		}
	}
	d = agreementtest.UKOrder().Decide(book)
	agreementtest.Expect(t, d, protocol.Allow)
	if want := (protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"}); d.Agreement != want {
		t.Errorf("got agreement %v, want %v", d.Agreement, want)
	}
	if len(d.Routes) != 0 || len(d.Documents) != 1 || !d.At.Equal(agreementtest.Day) {
		t.Errorf("got routes %v, documents %v, at %v", d.Routes, d.Documents, d.At)
	}
	agreementtest.Expect(t, agreementtest.USOrder().Decide(book), protocol.Allow)
}

func TestOrderToAProviderInIrelandIsDeniedWithTheRouteByMLA(t *testing.T) {
	book := agreementtest.PairBook(t)
	s := agreementtest.USOrder()
	s.Req.Addressee = "ie.contoso"
	s.Facts.Addressee = agreementtest.StandingOf("ie.contoso", protocol.RoleProvider)
	for _, c := range []struct {
		ref  string
		want protocol.Reason
	}{
		{"", protocol.ReasonNoAgreement},
		{"ukus-daa-2019", protocol.ReasonNotGoverning},
		{"eu-us-mla-2003", protocol.ReasonNoRight},
		{"budapest-2001", protocol.ReasonNoAgreement},
	} {
		s.Facts.Ref.ID = c.ref
		d := s.Decide(book)
		agreementtest.Expect(t, d, protocol.Deny, c.want)
		if len(d.Routes) != 1 || d.Routes[0].Agreement != "eu-us-mla-2003" || d.Routes[0].Text == "" ||
			!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"us.doj-oia", "ie.justice"}) {
			t.Errorf("ref %q: got routes %+v", c.ref, d.Routes)
		}
	}
	s = agreementtest.Assistance("us.doj-oia", "ie.justice")
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonJudgement)
	f := agreementtest.Found(t, d, "requested-state-decides")
	if f.Side != protocol.SideReceiving || f.Role != protocol.RoleCentral {
		t.Errorf("got %s %s, want receiving central", f.Side, f.Role)
	}
}

func TestRequestThatNoAgreementCarriesIsShownTheLetterRogatory(t *testing.T) {
	s := agreementtest.UKOrder()
	s.Req.Addressee = "br.contoso"
	s.Facts.Addressee = agreementtest.StandingOf("br.contoso", protocol.RoleProvider)
	d := s.Decide(agreementtest.PairBook(t))
	agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNoAgreement)
	if len(d.Routes) != 1 || d.Routes[0].Title != agreement.LetterRogatory ||
		!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"gb.ukca"}) {
		t.Errorf("got routes %+v, want the letter rogatory", d.Routes)
	}
}

func TestOneYearOffenceIsDeniedByArticle1(t *testing.T) {
	s := agreementtest.UKOrder()
	s.Req.Offence.MaxCustodyMonths = 12
	d := s.Decide(agreementtest.PairBook(t))
	agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonThreshold)
	if f := agreementtest.Found(t, d, "serious-crime"); f.Article != "Art. 1(5), 1(14)" || f.Provenance != "secondary" {
		t.Errorf("got article %q, provenance %q", f.Article, f.Provenance)
	}
}

func TestTargetsAreProtectedDifferentlyInTheTwoDirections(t *testing.T) {
	book := agreementtest.PairBook(t)
	for _, c := range []struct {
		name    string
		scene   func() *agreementtest.Scene
		target  func(*agreementtest.Scene)
		verdict protocol.Verdict
		reasons []protocol.Reason
	}{
		{"UK order, US national abroad", agreementtest.UKOrder, func(s *agreementtest.Scene) { s.Person("FR", "US", "FR") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, UK national in the US", agreementtest.UKOrder, func(s *agreementtest.Scene) { s.Person("US", "GB", "GB") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, dual national", agreementtest.UKOrder, func(s *agreementtest.Scene) {
			s.Req.Target.Nationalities = []protocol.Party{"GB", "US"}
		}, protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"US order, UK national in France", agreementtest.USOrder, func(s *agreementtest.Scene) { s.Person("FR", "GB", "FR") },
			protocol.Hold, []protocol.Reason{protocol.ReasonThirdNotice}},
		{"US order, UK national in France, France notified", agreementtest.USOrder, func(s *agreementtest.Scene) {
			s.Person("FR", "GB", "FR")
			s.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "third_country_notified"}}
		}, protocol.Allow, nil},
		{"US order, US national in the UK", agreementtest.USOrder, func(s *agreementtest.Scene) { s.Person("GB", "US", "US") },
			protocol.Deny, []protocol.Reason{protocol.ReasonPerson}},
		{"UK order, nothing known", agreementtest.UKOrder, func(s *agreementtest.Scene) { s.Req.Target = protocol.Target{} },
			protocol.Hold, []protocol.Reason{protocol.ReasonInsufficient, protocol.ReasonThirdNotice}},
		{"US order, nothing known", agreementtest.USOrder, func(s *agreementtest.Scene) { s.Req.Target = protocol.Target{} },
			protocol.Hold, []protocol.Reason{protocol.ReasonInsufficient, protocol.ReasonThirdNotice}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.scene()
			c.target(s)
			agreementtest.Expect(t, s.Decide(book), c.verdict, c.reasons...)
		})
	}
}

func TestSuspensionTakesTheMirroredRightWithIt(t *testing.T) {
	book := agreementtest.PairBook(t, agreementtest.Suspension("US", "us-1", protocol.CategoryContent))
	for name, order := range map[string]func() *agreementtest.Scene{"GB to US": agreementtest.UKOrder, "US to GB": agreementtest.USOrder} {
		s := order()
		agreementtest.Expect(t, s.Decide(book), protocol.Allow)
		s.Facts.At = agreementtest.Day.AddDate(0, 0, 1)
		d := s.Decide(book)
		agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
		if len(d.Documents) != 2 {
			t.Errorf("%s: got %d documents, want the agreement and the notice", name, len(d.Documents))
		}
		s.Ask(protocol.Production, protocol.CategoryTraffic)
		agreementtest.Expect(t, s.Decide(book), protocol.Allow)
		s.Ask(protocol.Production, protocol.CategoryTraffic, protocol.CategoryContent)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
	}
}

func TestSuspensionEndsWhenItsOwnPartyResumes(t *testing.T) {
	stop := agreementtest.Suspension("US", "us-1")
	resume := agreementtest.Suspension("US", "us-2", protocol.CategoryContent)
	resume.Kind, resume.Effective = agreement.Resume, agreementtest.Day.AddDate(0, 0, 5)
	other := agreementtest.Suspension("GB", "gb-1")
	other.Kind, other.Effective = agreement.Resume, agreementtest.Day.AddDate(0, 0, 3)
	book := agreementtest.PairBook(t, resume, other, stop)
	s := agreementtest.UKOrder()
	for days, want := range map[int]protocol.Verdict{0: protocol.Allow, 1: protocol.Deny, 4: protocol.Deny,
		5: protocol.Allow} {
		s.Facts.At = agreementtest.Day.AddDate(0, 0, days)
		if got := s.Decide(book).Verdict; got != want {
			t.Errorf("after %d days: got %v, want %v", days, got, want)
		}
	}
	s.Facts.At = agreementtest.Day.AddDate(0, 0, 5)
	s.Ask(protocol.Production, protocol.CategoryTraffic) // was not resumed
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
}

func TestSuspensionAndResumptionAtOneMomentSuspend(t *testing.T) {
	resume := agreementtest.Suspension("US", "us-0")
	resume.Kind = agreement.Resume
	s := agreementtest.UKOrder()
	s.Facts.At = agreementtest.Day.AddDate(0, 0, 2)
	agreementtest.Expect(t, s.Decide(agreementtest.PairBook(t, agreementtest.Suspension("US", "us-1"), resume)), protocol.Deny,
		protocol.ReasonNotReciprocal)
}

func TestDeniedDirectRightIsShownTheOtherAgreement(t *testing.T) {
	text := agreementtest.Bilateral("gb-us-mla", "GB", "US", agreementtest.Standing2020)
	text = replace(t, text, "channel: direct", "channel: central")
	book := agreementtest.NewBook(t, append(agreementtest.Pair(t), agreementtest.Parse(t, text)), agreementtest.Suspension("US", "us-1"))
	s := agreementtest.UKOrder()
	s.Facts.At = agreementtest.Day.AddDate(0, 0, 1)
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
	if len(d.Routes) != 1 || d.Routes[0].Agreement != "gb-us-mla" ||
		!slices.Equal(d.Routes[0].Via, []protocol.ParticipantID{"gb.ukca", "us.doj-oia"}) {
		t.Errorf("got routes %+v", d.Routes)
	}
	too := agreementtest.Suspension("US", "us-2")
	too.Agreement = "gb-us-mla"
	book = agreementtest.NewBook(t, append(agreementtest.Pair(t), agreementtest.Parse(t, text)), agreementtest.Suspension("US", "us-1"), too)
	if d = s.Decide(book); len(d.Routes) != 1 || d.Routes[0].Title != agreement.LetterRogatory {
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
		book := agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", c.status))})
		s := agreementtest.UKOrder()
		s.Facts.At, _ = time.Parse(time.RFC3339, c.at)
		for _, ref := range []string{"", "a-b"} {
			s.Facts.Ref.ID = ref
			d := s.Decide(book)
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
	s := agreementtest.UKOrder()
	for at, want := range map[string]protocol.Verdict{"2027-10-02T23:59:59Z": protocol.Allow,
		"2027-10-03T00:00:00Z": protocol.Hold} {
		s.Facts.At, _ = time.Parse(time.RFC3339, at)
		d := s.Decide(agreementtest.PairBook(t))
		if d.Verdict != want {
			t.Errorf("at %s: got %v, want %v", at, d.Verdict, want)
		}
		if f := agreementtest.Found(t, d, "treaty-term"); f.Provenance != "unverified" {
			t.Errorf("got provenance %q, want unverified", f.Provenance)
		}
	}
}

func TestNamedVersionMustBeHeld(t *testing.T) {
	first := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US",
		"status: terminated\nin_force: 2020-06-01\nended: 2024-01-01"))
	second := agreementtest.Parse(t, replace(t, replace(t, agreementtest.Bilateral("a-b", "GB", "US",
		"status: in_force\nin_force: 2024-01-01"), `"1"`, `"2"`), ">= 12", ">= 24"))
	book := agreementtest.NewBook(t, []*agreement.Document{first, second})
	s := agreementtest.UKOrder()
	s.Req.Offence.MaxCustodyMonths = 18
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
		s.Facts.Ref = protocol.AgreementRef{ID: "a-b", Version: c.version}
		s.Facts.At, _ = time.Parse(time.RFC3339, c.at)
		d := s.Decide(book)
		if d.Verdict != c.verdict || d.Agreement.Version != c.used {
			t.Errorf("version %q at %s: got %v by version %q, want %v by %q",
				c.version, c.at, d.Verdict, d.Agreement.Version, c.verdict, c.used)
		}
	}
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonVersion)
}

func TestRightIsNeededForEachCategoryAndChannel(t *testing.T) {
	book := agreementtest.PairBook(t)
	s := agreementtest.UKOrder()
	s.Facts.Ref.ID = "ukus-daa-2019"
	s.Ask(protocol.Production, protocol.CategoryContent, protocol.CategoryDomain)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
	s.Ask(protocol.Subscriber, protocol.CategoryContent)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
	s.Ask(protocol.Production)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonIncomplete)
	s = agreementtest.UKOrder()
	s.Facts.Ref.ID = "ukus-daa-2019"
	s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
	s.Facts.Addressee.Roles = nil
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
}

func TestRightWithoutItsMirrorIsDeniedUnlessTheAgreementSaysSo(t *testing.T) {
	oneWay := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "from: any party", "from: GB")
	s := agreementtest.UKOrder()
	agreementtest.Expect(t, s.Decide(agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, oneWay)})), protocol.Deny,
		protocol.ReasonNotReciprocal)
	said := replace(t, oneWay, "reciprocity: mirrored",
		"reciprocity: one-sided\n    one_sided_article: Art. 9")
	agreementtest.Expect(t, s.Decide(agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, said)})), protocol.Allow)

	promised := agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t,
		replace(t, oneWay, "reciprocity: mirrored", "reciprocity: promise"))})
	agreementtest.Expect(t, s.Decide(promised), protocol.Hold, protocol.ReasonNotReciprocal)
	s.Attest(agreement.PromiseStatement)
	agreementtest.Expect(t, s.Decide(promised), protocol.Hold, protocol.ReasonNotReciprocal)
	s.Req.Promise = "we shall do the same"
	agreementtest.Expect(t, s.Decide(promised), protocol.Allow)
}

func TestNothingIsBelievedOfACertificationThatWasNotVerified(t *testing.T) {
	s := agreementtest.UKOrder()
	s.Facts.Certification.Present = false
	d := s.Decide(agreementtest.PairBook(t))
	for _, rule := range []string{"certified", "invoked", "contact", "targeting-procedure"} {
		if got := agreementtest.Found(t, d, rule).Outcome; got != protocol.Held {
			t.Errorf("%s: got %v, want hold", rule, got)
		}
	}
}

func TestAgreementInForceIsFoundBeforeOneThatEnded(t *testing.T) {
	ended := agreementtest.Parse(t, agreementtest.Bilateral("a-ended", "GB", "US",
		"status: lapsed\nin_force: 2020-06-01\nended: 2021-01-01"))
	current := agreementtest.Parse(t, agreementtest.Bilateral("b-current", "GB", "US", agreementtest.Standing2020))
	d := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{ended, current}))
	agreementtest.Expect(t, d, protocol.Allow)
	if d.Agreement.ID != "b-current" {
		t.Errorf("got %s, want b-current", d.Agreement.ID)
	}
}

func TestRuleThatCannotBeComputedDenies(t *testing.T) {
	for old, new := range map[string]string{
		"require: offence.max_custody_months >= 12": `require: attested[99] == "x"`,
		"    require:": "    when: 1 / (request.identifier_count - 1) == 1\n    require:",
	} {
		doc := agreementtest.Parse(t, replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), old, new))
		d := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{doc}))
		agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonRuleError)
	}
}

func TestTransmissionIsForTheDesignatedAuthority(t *testing.T) {
	book := agreementtest.PairBook(t)
	for name, sender := range map[string]agreement.Standing{
		"the issuer":                   agreementtest.StandingOf("gb.met-police", protocol.RoleIssuing),
		"the other Party's designated": agreementtest.StandingOf("us.doj-oia", protocol.RoleDesignated),
		"nobody":                       {},
	} {
		s := agreementtest.UKOrder()
		s.Facts.Sender = sender
		d := s.Decide(book)
		if f := agreementtest.Found(t, d, agreement.StepTransmission); d.Verdict != protocol.Hold ||
			f.Role != protocol.RoleDesignated || f.Side != protocol.SideIssuing {
			t.Errorf("%s: got %v, finding %+v", name, d.Verdict, f)
		}
	}
}

func TestFactsAboutOtherParticipantsAreRefused(t *testing.T) {
	book := agreementtest.PairBook(t)
	for name, change := range map[string]func(*agreementtest.Scene){
		"another issuer":    func(s *agreementtest.Scene) { s.Facts.Issuing.ID = "gb.hmrc" },
		"another addressee": func(s *agreementtest.Scene) { s.Facts.Addressee.ID = "us.fabrikam" },
		"another Party":     func(s *agreementtest.Scene) { s.Facts.Issuing.Party = "US" },
		"unregistered":      func(s *agreementtest.Scene) { s.Facts.Addressee = agreement.Standing{} },
	} {
		s := agreementtest.UKOrder()
		change(s)
		t.Run(name, func(t *testing.T) {
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonUnregistered)
		})
	}
}

func TestDomesticRequestIsNotCarried(t *testing.T) {
	s := agreementtest.UKOrder()
	s.Req.Addressee = "gb.contoso"
	s.Facts.Addressee = agreementtest.StandingOf("gb.contoso", protocol.RoleProvider)
	for _, ref := range []string{"", "ukus-daa-2019"} {
		s.Facts.Ref.ID = ref
		if d := s.Decide(agreementtest.PairBook(t)); d.Verdict != protocol.Deny || len(d.Routes) != 0 {
			t.Errorf("ref %q: got %v, routes %v", ref, d.Verdict, d.Routes)
		}
	}
}

// TestReplacedVersionCarriesNothing: what a newer version took away is not to be
// had by naming the older one, or by naming none. Before the newer version is in
// force, or between Parties who have not signed it, the older one stands.
func TestReplacedVersionCarriesNothing(t *testing.T) {
	first := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	second := replace(t, replace(t, first, `version: "1"`, `version: "2"`), "content_stored, subscriber", "subscriber")
	later := replace(t, second, "in_force: 2020-06-01", "in_force: 2030-01-01")
	docs := func(texts ...string) (out []*agreement.Document) {
		for _, text := range texts {
			out = append(out, agreementtest.Parse(t, text))
		}
		return out
	}
	s := agreementtest.UKOrder()
	replaced := agreementtest.NewBook(t, docs(first, second))
	agreementtest.Expect(t, s.Decide(replaced), protocol.Deny, protocol.ReasonNoAgreement)
	s.Facts.Ref = protocol.AgreementRef{ID: "a-b", Version: "1"}
	agreementtest.Expect(t, s.Decide(replaced), protocol.Deny, protocol.ReasonVersion)
	s.Facts.Ref.Version = ""
	agreementtest.Expect(t, s.Decide(replaced), protocol.Deny, protocol.ReasonCategory)
	if c := replaced.Candidates(agreement.Query{From: "GB", To: "US", Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategoryContent}, At: agreementtest.Day}); len(c) > 0 {
		t.Errorf("got the candidates %+v", c)
	}

	for _, version := range []string{"1", ""} {
		s.Facts.Ref.Version = version
		agreementtest.Expect(t, s.Decide(agreementtest.NewBook(t, docs(first, later))), protocol.Allow)
	}
}
