package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// bilateral is a synthetic agreement; each change takes the place of a text.
func bilateral(t testing.TB, changes ...string) *agreement.Document {
	t.Helper()
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	for i := 0; i < len(changes); i += 2 {
		text = replace(t, text, changes[i], changes[i+1])
	}
	return agreementtest.Parse(t, text)
}

func bookOf(t testing.TB, docs ...*agreement.Document) *agreement.Book {
	t.Helper()
	return agreementtest.NewBook(t, docs)
}

func TestOwnCodesMustStandForWhatIsAskedFor(t *testing.T) {
	book := bookOf(t, bilateral(t, "rights:", `terms:
  - {of: content_stored, own: content, text: content, article: A, provenance: unverified}
  - {of: production, own: order, text: order, article: A, provenance: unverified}
  - {of: location, own: location, text: location, article: A, provenance: unverified}
rights:`))
	for _, c := range []struct {
		own  []string
		want string // "" if all stand for it
	}{
		{[]string{"content"}, ""},
		{[]string{"order", "content"}, ""},
		{[]string{"content", "location"}, "one of data[1] does not stand for content_stored."},
		{[]string{"unknown"}, "one of data[1] does not stand for content_stored."},
	} {
		s := agreementtest.UKOrder()
		s.Ask(protocol.Production, protocol.CategorySubscriber, protocol.CategoryContent)
		if agreementtest.Has(s.Decide(book), agreement.StepTerms) {
			t.Error("codes were looked at that nobody gave")
		}
		s.Req.Data[1].Own = c.own
		d := s.Decide(book)
		text := "Each code of the agreement's own must stand for what is asked for."
		if c.want == "" {
			agreementtest.Expect(t, d, protocol.Allow)
		} else {
			agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonTerms)
			text = strings.TrimSuffix(text, ".") + ": " + c.want
		}
		if f := agreementtest.Found(t, d, agreement.StepTerms); f.Text != text {
			t.Errorf("%v: got %q, want %q", c.own, f.Text, text)
		}
	}
}

func TestRightForEmergenciesIsForNothingElse(t *testing.T) {
	book := bookOf(t, bilateral(t, "reciprocity: mirrored", "reciprocity: mirrored\n    emergency: only"))
	s := agreementtest.UKOrder()
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoAgreement)
	s.Facts.Ref.ID = "a-b"
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonEmergencyScope)
	expectText(t, d, agreement.StepRight, protocol.Fail, "The agreement grants this for content_stored in an emergency only.")
	s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "f"}
	agreementtest.Expect(t, s.Decide(book), protocol.Allow)
	s.Ask(protocol.Production, protocol.CategoryLocation)
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
}

func TestWhoMustBeToldAtTheSameTime(t *testing.T) {
	const tell = "reciprocity: mirrored\n    notifies: {role: enforcing, article: Art. 9, text: They are told., provenance: unverified%s}"
	plain := bookOf(t, bilateral(t, "reciprocity: mirrored", fmt.Sprintf(tell, "")))
	when := bookOf(t, bilateral(t, "reciprocity: mirrored", fmt.Sprintf(tell, ", when: request.has_facts")))
	fails := bookOf(t, bilateral(t, "reciprocity: mirrored", fmt.Sprintf(tell, `, when: 'attested[9] == "x"'`)))
	sent := bookOf(t, bilateral(t, "reciprocity: mirrored", fmt.Sprintf(tell, "")+
		"\n    transmitted_by: {role: designated, article: Art. 8, text: They send it., provenance: unverified}"))
	told := func(id protocol.ParticipantID, roles ...protocol.Role) []agreement.Standing {
		return []agreement.Standing{agreementtest.StandingOf(id, roles...)}
	}
	for _, c := range []struct {
		name   string
		book   *agreement.Book
		told   []agreement.Standing
		want   protocol.Outcome
		reason protocol.Reason
		role   protocol.Role
		tell   []protocol.Role
	}{
		{"told", plain, told("us.marshals", protocol.RoleCentral, protocol.RoleEnforcing), protocol.Pass, "", "", []protocol.Role{"enforcing"}},
		{"nobody", plain, nil, protocol.Held, protocol.ReasonNotification, protocol.RoleIssuing, []protocol.Role{"enforcing"}},
		{"another role", plain, told("us.marshals", protocol.RoleCentral), protocol.Held, protocol.ReasonNotification, protocol.RoleIssuing, []protocol.Role{"enforcing"}},
		{"another Party", plain, told("gb.marshals", protocol.RoleEnforcing), protocol.Held, protocol.ReasonNotification, protocol.RoleIssuing, []protocol.Role{"enforcing"}},
		{"the addressee", plain, told("us.contoso", protocol.RoleEnforcing), protocol.Held, protocol.ReasonNotification, protocol.RoleIssuing, []protocol.Role{"enforcing"}},
		{"for who alone may send it", sent, nil, protocol.Held, protocol.ReasonNotification, protocol.RoleDesignated, []protocol.Role{"enforcing"}},
		{"not asked for", when, nil, protocol.NotApplicable, "", "", nil},
		{"not computed", fails, told("us.marshals", protocol.RoleEnforcing), protocol.Fail, protocol.ReasonRuleError, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := agreementtest.UKOrder()
			s.Facts.Notified = c.told
			f := agreementtest.Found(t, s.Decide(c.book), agreement.StepNotification)
			if f.Outcome != c.want || f.Reason != c.reason || f.Role != c.role || f.Text != "They are told." || f.Article != "Art. 9" {
				t.Errorf("got %+v", f)
			}
			if got := c.book.Notifies(&s.Req, s.Facts); !slices.Equal(got, c.tell) {
				t.Errorf("got %v to be told, want %v", got, c.tell)
			}
		})
	}
}

// A variable is made once: what a notification asks for must not be made before
// the other treaties are counted.
func TestOtherTreatyIsKnownToTheFirstWhoAsks(t *testing.T) {
	doc := bilateral(t, "reciprocity: mirrored", "reciprocity: mirrored\n    notifies: {role: enforcing, when: treaty.other, "+
		"article: Art. 9, text: They are told., provenance: unverified}", "offence.max_custody_months >= 12", "treaty.other")
	other := func(kind, status string) *agreement.Document {
		return agreementtest.Parse(t, replace(t, agreementtest.Bilateral("z-b", "GB", "US", status), "data_access_agreement", kind))
	}
	earlier := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), `"1"`, `"0"`)
	for _, c := range []struct {
		name  string
		other *agreement.Document
		want  protocol.Outcome
	}{
		{"a treaty of assistance", other("mutual_assistance", agreementtest.Standing2020), protocol.Pass},
		{"a directive", other("directive", agreementtest.Standing2020), protocol.Pass},
		{"a convention on one sort of crime", other("convention", agreementtest.Standing2020), protocol.Fail},
		{"a data access agreement", other("data_access_agreement", agreementtest.Standing2020), protocol.Fail},
		{"one that is not in force", other("mutual_assistance", "status: signed"), protocol.Fail},
		{"an earlier version", agreementtest.Parse(t, replace(t, earlier, "data_access_agreement", "mutual_assistance")), protocol.Fail},
	} {
		s := agreementtest.UKOrder()
		s.Facts.Ref = protocol.AgreementRef{ID: "a-b", Version: "1"}
		d := s.Decide(bookOf(t, doc, c.other))
		if got := agreementtest.Found(t, d, "threshold").Outcome; got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		told := agreementtest.Found(t, d, agreement.StepNotification).Outcome == protocol.Held
		if told != (c.want == protocol.Pass) {
			t.Errorf("%s: the notification sees another treaty: %v", c.name, told)
		}
	}
}

func TestStatementIsMadeByWhomTheRuleNames(t *testing.T) {
	rule := "kind: attested\n    statements: [{code: said, text: said}]"
	require := "kind: computed\n    require: offence.max_custody_months >= 12"
	anyone, designated := bookOf(t, bilateral(t, require, rule)), bookOf(t, bilateral(t, require, rule+"\n    by: designated"))
	said := []protocol.Attestation{{Statement: "other"}, {Statement: "said"}}
	for _, c := range []struct {
		name        string
		change      func(*agreementtest.Scene)
		anyone, who protocol.Verdict
	}{
		{"nobody", func(*agreementtest.Scene) {}, protocol.Deny, protocol.Deny},
		{"the officer", func(s *agreementtest.Scene) { s.Req.Attestations = said }, protocol.Allow, protocol.Deny},
		{"a designated officer", func(s *agreementtest.Scene) {
			s.Req.Attestations, s.Facts.Officer.Roles = said, []protocol.Role{protocol.RoleIssuing, protocol.RoleDesignated}
		}, protocol.Allow, protocol.Allow},
		{"the certifying authority", func(s *agreementtest.Scene) { s.Facts.Certification.Attestations = said }, protocol.Allow, protocol.Allow},
		{"a certification that was not verified", func(s *agreementtest.Scene) {
			s.Facts.Certification.Attestations, s.Facts.Certification.Present = said, false
		}, protocol.Deny, protocol.Deny},
		{"an authority of another role", func(s *agreementtest.Scene) {
			s.Facts.Certification.Attestations, s.Facts.Certification.By.Roles = said, []protocol.Role{protocol.RoleCentral}
		}, protocol.Allow, protocol.Deny},
	} {
		s := agreementtest.UKOrder()
		c.change(s)
		if got := s.Decide(anyone).Verdict; got != c.anyone {
			t.Errorf("%s, by anyone: got %v, want %v", c.name, got, c.anyone)
		}
		if got := s.Decide(designated).Verdict; got != c.who {
			t.Errorf("%s, by a designated one: got %v, want %v", c.name, got, c.who)
		}
	}
}

func TestAskIsSaidOnlyOfWhatIsNotMet(t *testing.T) {
	book := bookOf(t, bilateral(t, "otherwise: deny", "otherwise: flag\n    advice: Take another."))
	s := agreementtest.UKOrder()
	if f := agreementtest.Found(t, s.Decide(book), "threshold"); f.Ask != "" || f.Outcome != protocol.Pass {
		t.Errorf("got %+v", f)
	}
	s.Req.Offence.MaxCustodyMonths = 1
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Allow)
	if f := agreementtest.Found(t, d, "threshold"); f.Ask != "Take another." || f.Outcome != protocol.Flag ||
		f.Reason != protocol.ReasonThreshold || f.Side != "" || f.Role != "" {
		t.Errorf("got %+v", f)
	}
}

func TestAgreementMustBindBothParties(t *testing.T) {
	text := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "parties: [GB, US]",
		"parties: [GB, {party: US, signed: 2020-01-01, in_force: 2025-01-01, left: 2026-01-01}]")
	book := bookOf(t, agreementtest.Parse(t, text))
	for at, want := range map[string]string{
		"2024-12-31T23:59:59Z": "The agreement must be in force for both Parties: for US it is not.",
		"2025-01-01T00:00:00Z": "",
		"2026-01-01T00:00:00Z": "The agreement must be in force for both Parties: for US it is not.",
		"2019-01-01T00:00:00Z": "The agreement must be in force at the time of the request.",
	} {
		for name, s := range map[string]*agreementtest.Scene{"to": agreementtest.UKOrder(), "from": agreementtest.USOrder()} {
			s.Facts.At = moment(t, at)
			d := s.Decide(book)
			if want == "" {
				agreementtest.Expect(t, d, protocol.Allow)
				continue
			}
			agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotInForce)
			if f := agreementtest.Found(t, d, agreement.StepInForce); f.Text != want {
				t.Errorf("%s US at %s: got %q", name, at, f.Text)
			}
		}
	}
}

func TestDomesticLawAppliesInItsCapacity(t *testing.T) {
	law := func(party, capacity, more string) *agreement.Document {
		low := strings.ToLower(party)
		text := strings.NewReplacer("gb-law", low+"-law", "[GB]", "["+party+"]", "capacity: receiving", "capacity: "+capacity,
			"    otherwise: hold", more+"    otherwise: hold").Replace(domesticLaw)
		return agreementtest.Parse(t, text)
	}
	base := bilateral(t)
	for _, c := range []struct {
		name  string
		law   *agreement.Document
		scene func() *agreementtest.Scene
		found string // "" for nothing
		doc   bool   // whether the decision rests on it
	}{
		{"issuing", law("GB", "issuing", ""), agreementtest.UKOrder, "gb-law/consent", true},
		{"issuing, of the receiving Party", law("US", "issuing", ""), agreementtest.UKOrder, "", true},
		{"receiving", law("US", "receiving", ""), agreementtest.UKOrder, "us-law/consent", true},
		{"receiving, of the issuing Party", law("GB", "receiving", ""), agreementtest.UKOrder, "", true},
		{"provider", law("US", "provider", ""), agreementtest.UKOrder, "us-law/consent", true},
		{"provider, of a third Party", law("IE", "provider", ""), agreementtest.UKOrder, "ie-law/consent", true},
		{"issuing, of that third Party", law("IE", "issuing", ""), agreementtest.UKOrder, "", true},
		{"provider, of a fourth Party", law("FR", "provider", ""), agreementtest.UKOrder, "", false},
		{"it does not apply", law("US", "receiving", "    when: offence.fiscal\n"), agreementtest.UKOrder, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.scene()
			s.Facts.Addressee.AlsoUnder = []protocol.Party{"IE"}
			d := s.Decide(bookOf(t, base, c.law))
			rule := strings.ToLower(string(c.law.Members[0].Party)) + "-law/consent"
			if got := agreementtest.Has(d, rule); got != (c.found != "") {
				t.Errorf("a finding of %s: %v", rule, got)
			}
			if got := slices.Contains(d.Documents, c.law.Digest()); got != c.doc {
				t.Errorf("the decision rests on the law: %v, want %v", got, c.doc)
			}
			if (d.Verdict == protocol.Hold) != (c.found != "") {
				t.Errorf("got %v", d.Verdict)
			}
		})
	}
	s := agreementtest.Assistance("us.doj-oia", "ie.justice")
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"GB"}
	d := s.Decide(bookOf(t, append(agreementtest.Pair(t), law("GB", "provider", ""))...))
	if agreementtest.Has(d, "gb-law/consent") {
		t.Error("law for providers was applied to a central authority")
	}
}

func TestOfDomesticLawTheNewestInForceApplies(t *testing.T) {
	first := agreementtest.Parse(t, domesticLaw)
	second := agreementtest.Parse(t, replace(t, replace(t, domesticLaw, `"1"`, `"2"`), "in_force: 2020-01-01", "in_force: 2027-01-01"))
	book := bookOf(t, bilateral(t), second, first)
	s := agreementtest.USOrder()
	for at, want := range map[string]*agreement.Document{"2026-11-22T10:00:00Z": first, "2027-01-01T00:00:00Z": second} {
		s.Facts.At = moment(t, at)
		d := s.Decide(book)
		n := 0
		for _, f := range d.Findings {
			if f.Rule == "gb-law/consent" {
				n++
			}
		}
		if n != 1 || len(d.Documents) != 2 || d.Documents[1] != want.Digest() {
			t.Errorf("at %s: got %d findings and documents %v, want those of version %s", at, n, d.Documents, want.Version)
		}
	}
	s.Facts.At = moment(t, "2019-06-01T00:00:00Z") // nothing is in force
	if d := s.Decide(book); agreementtest.Has(d, "gb-law/consent") || len(d.Documents) != 1 {
		t.Errorf("law that is not in force was applied: %v", d.Documents)
	}
}

func TestRightStepNamesItsArticlesOnceAndTheWeakestMark(t *testing.T) {
	right := func(id, category, article, mark string) string {
		return fmt.Sprintf("  - {id: %s, from: any party, to: any party, types: [production], categories: [%s], channel: direct, "+
			"article: %s, reciprocity: mirrored, provenance: %s, source: a text}\n", id, category, article, mark)
	}
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	start, end := strings.Index(text, "  - id: data"), strings.Index(text, "rules:")
	rights := right("one", "content_stored", "Art. 2", "verified") + right("two", "location", "Art. 2", "secondary") +
		right("three", "subscriber", "Art. 3", "verified")
	book := bookOf(t, agreementtest.Parse(t, text[:start]+rights+text[end:]))
	for _, c := range []struct {
		categories    []protocol.Category
		article, mark string
	}{
		{[]protocol.Category{protocol.CategoryContent}, "Art. 2", "verified"},
		{[]protocol.Category{protocol.CategoryContent, protocol.CategoryLocation}, "Art. 2", "secondary"},
		{[]protocol.Category{protocol.CategoryLocation, protocol.CategorySubscriber}, "Art. 3; Art. 2", "secondary"},
	} {
		s := agreementtest.UKOrder()
		s.Ask(protocol.Production, c.categories...)
		if f := agreementtest.Found(t, s.Decide(book), agreement.StepRight); f.Article != c.article || f.Provenance != c.mark {
			t.Errorf("%v: got %q %q, want %q %q", c.categories, f.Article, f.Provenance, c.article, c.mark)
		}
	}
}

func TestClockHoldsForWhoSendsByThatChannel(t *testing.T) {
	clock := "clocks:\n  - {id: term, article: A, text: It may have ended., date: 2025-01-01, provenance: unverified}\n"
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + clock
	for channel, want := range map[string]protocol.Role{"direct": protocol.RoleDesignated, "central": protocol.RoleCentral} {
		s := agreementtest.UKOrder()
		if channel == "central" {
			s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
		}
		s.Facts.Central = nil // whom to ask is not known
		d := s.Decide(bookOf(t, agreementtest.Parse(t, replace(t, text, "channel: direct", "channel: "+channel))))
		if f := agreementtest.Found(t, d, "term"); f.Outcome != protocol.Held || f.Role != want || f.Side != protocol.SideIssuing {
			t.Errorf("%s: got %+v, want it to wait for %s", channel, f, want)
		}
		s.Facts.Ref.ID = "unknown"
		if d := s.Decide(bookOf(t, agreementtest.Parse(t, replace(t, text, "channel: direct", "channel: central")))); len(d.Routes) != 1 || len(d.Routes[0].Via) != 0 {
			t.Errorf("got routes %+v, want one by nobody known", d.Routes)
		}
	}
}
