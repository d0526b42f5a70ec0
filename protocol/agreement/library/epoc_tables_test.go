package library_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement/agreementtest"
)

func TestRowsOfEPOCSpoilNothingElse(t *testing.T) {
	for _, make := range []func() *scene{
		func() *scene { return epoc("nl.prosecution", "ie.contoso") },
		func() *scene { return epoc("ie.garda", "nl.contoso") },
	} {
		if d := make().Decide(euEPOC.book(t)); d.Verdict != protocol.Allow {
			t.Errorf("a complete order: got %v%s", d.Verdict, agreementtest.Failures(d))
		}
		spoilNothing(t, euEPOC, make, map[string][]string{
			// No service is of no class, and nobody holds its data.
			"service-named": {"controller-or-processor"},
			// An order that was not validated says why.
			"issued-for-traffic-and-content": {"emergency-kind", "emergency-imminent"},
		})
	}
}

// The rules that the Regulation has for traffic and content data alone, and
// those that it has for identification.
func TestEPOCTakesTrafficAndContentApart(t *testing.T) {
	strict := []string{"issued-for-traffic-and-content", "threshold", "privileged-professional",
		"immunity-or-privilege", "press", "enforcing-authority-informed", "enforcing-language", "enforcing-privilege",
		"enforcing-fundamental-right", "enforcing-ne-bis-in-idem", "enforcing-dual-criminality", "annex-iv-category"}
	book := euEPOC.book(t)
	applies := func(s *scene, rules []string, want bool) {
		t.Helper()
		d := s.Decide(book)
		for _, rule := range rules {
			if f := agreementtest.Found(t, d, rule); want != (f.Outcome != protocol.NotApplicable) {
				t.Errorf("%s %v: %s: got %v, applies should be %v", s.Req.Type, s.Req.Categories(), rule, f.Outcome, want)
			}
		}
	}
	loaded := func(typ protocol.RequestType, c ...protocol.Category) *scene {
		s := epoc("nl.prosecution", "ie.contoso")
		notified(s)
		s.Req.Target.Protected = []protocol.Protection{protocol.ProtectionProfession, protocol.ProtectionPress,
			protocol.ProtectionImmunity}
		s.Ask(typ, c...)
		return s
	}
	identification := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain}
	for _, c := range []protocol.Category{protocol.CategoryTraffic, protocol.CategoryLocation,
		protocol.CategoryContent, protocol.CategoryOther} {
		applies(loaded(protocol.Production, c), strict, true)
		applies(loaded(protocol.Production, c, identification[0]), strict, true)
		applies(loaded(protocol.Production, c, identification[0]), []string{"issued-for-identification"}, false)
		applies(loaded(protocol.Preservation, c), strict, false)
		s := loaded(protocol.Production, c)
		s.Req.Target.Protected = nil
		applies(s, []string{"privileged-professional", "immunity-or-privilege", "press"}, false)
		urgent(protocol.EmergencyLife)(s)
		applies(s, []string{"enforcing-privilege", "enforcing-fundamental-right", "enforcing-ne-bis-in-idem",
			"enforcing-dual-criminality"}, false)
	}
	for _, c := range identification {
		for _, typ := range []protocol.RequestType{protocol.Production, protocol.Subscriber} {
			applies(loaded(typ, c), strict, false)
			applies(loaded(typ, c), []string{"issued-for-identification"}, true)
		}
		applies(loaded(protocol.Preservation, c), []string{"issued-for-identification"}, false)
	}
}

func TestEmergenciesOfEPOC(t *testing.T) {
	book := euEPOC.book(t)
	for kind, want := range map[protocol.EmergencyKind]protocol.Outcome{
		protocol.EmergencyLife:           protocol.Pass,
		protocol.EmergencyInjury:         protocol.Pass,
		protocol.EmergencySafety:         protocol.Pass,
		protocol.EmergencyInfrastructure: protocol.Pass,
		protocol.EmergencyChild:          protocol.Held,
	} {
		s := epoc("ie.garda", "nl.contoso")
		urgent(kind)(s)
		if f := agreementtest.Found(t, s.Decide(book), "emergency-kind"); f.Outcome != want {
			t.Errorf("%s: got %v, want %v", kind, f.Outcome, want)
		}
	}
}

func TestLawOfAMemberStateIsNoThirdCountryLaw(t *testing.T) {
	book := euEPOC.book(t)
	at := func(p protocol.Party) protocol.Outcome {
		s := epoc("nl.prosecution", "ie.contoso")
		s.Facts.Addressee.AlsoUnder = []protocol.Party{p}
		return agreementtest.Found(t, s.Decide(book), "third-country-law").Outcome
	}
	for _, p := range append(document(t, "eu-epoc-2023").Parties(), "DK") {
		if got := at(p); got != protocol.Pass {
			t.Errorf("%s: got %v, want pass", p, got)
		}
	}
	for _, p := range []protocol.Party{"US", "GB", "NO", "CH"} {
		if got := at(p); got != protocol.Flag {
			t.Errorf("%s: got %v, want flag", p, got)
		}
	}
}

// What Art. 4 lets each authority issue.
func TestAuthorityByCategoryOfEPOC(t *testing.T) {
	book := euEPOC.book(t)
	for _, c := range []struct {
		by      func(*scene)
		reaches [3]bool // identification, traffic and content, preservation
	}{
		{approvedBy(protocol.AuthorityJudge), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityCourt), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityInvestigating), [3]bool{true, true, true}},
		{approvedBy(protocol.AuthorityProsecutor), [3]bool{true, false, true}},
		{approvedBy(protocol.AuthorityPolice), [3]bool{false, false, false}},
		{approvedBy(protocol.AuthorityAdministrative), [3]bool{false, false, false}},
		{approvedBy(""), [3]bool{false, false, false}},
		{validatedBy(protocol.AuthorityCourt), [3]bool{true, true, true}},
		{validatedBy(protocol.AuthorityProsecutor), [3]bool{true, false, true}},
		{validatedBy(protocol.AuthorityPolice), [3]bool{false, false, false}},
		{all(approvedBy(protocol.AuthorityPolice), urgent(protocol.EmergencyLife)), [3]bool{false, false, false}},
		{unvalidated, [3]bool{true, false, true}},
	} {
		for i, kind := range [][]func(*scene){
			{identify, func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategoryDomain) },
				func(s *scene) {
					s.Ask(protocol.Production, protocol.CategoryUserID)
					s.Attest("identification_only")
				}},
			{produce, func(s *scene) { s.Ask(protocol.Production, protocol.CategoryTraffic) },
				func(s *scene) { s.Ask(protocol.Production, protocol.CategoryLocation) },
				func(s *scene) { s.Ask(protocol.Production, protocol.CategoryOther) }},
			{keep},
		} {
			for j, ask := range kind {
				s := epoc("nl.prosecution", "ie.contoso")
				ask(s)
				c.by(s)
				want := protocol.Deny
				if c.reaches[i] {
					want = protocol.Allow
				}
				if d := s.Decide(book); d.Verdict != want {
					t.Errorf("%v, kind %d.%d: got %v, want %v%s", s.Req.Authorisation.Kind, i, j, d.Verdict, want,
						agreementtest.Failures(d))
				}
			}
		}
	}
}

func TestWhatEPOCGrants(t *testing.T) {
	book := euEPOC.book(t)
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain,
		protocol.CategoryTraffic, protocol.CategoryLocation, protocol.CategoryContent, protocol.CategoryOther}
	for _, p := range [][2]protocol.ParticipantID{{"nl.prosecution", "ie.contoso"}, {"ie.garda", "nl.contoso"},
		{"gr.court", "se.contoso"}} {
		grants(t, euEPOC, func() *scene { return epoc(p[0], p[1]) }, map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Preservation: stored,
			protocol.Subscriber:   stored[:3],
		})
		s := epoc(p[0], p[1])
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
	}
}

func TestEPOCAppliesSinceAugust2026WithoutDenmark(t *testing.T) {
	bound(t, euEPOC, func(from, to protocol.Party) *scene {
		return epoc(participant(from, "court"), participant(to, "contoso"))
	}, date(2026, 8, 18), "DK", "GB", "US", "NO")
	if n := len(document(t, "eu-epoc-2023").Parties()); n != 26 {
		t.Errorf("got %d Member States, want 26", n)
	}
}

// Art. 8: who is notified, and what that suspends.
func TestEnforcingAuthorityIsNotifiedUnlessAllIsAtHome(t *testing.T) {
	book := euEPOC.book(t)
	held := []protocol.Reason{protocol.ReasonPrivilege, protocol.ReasonFundamentalRight, protocol.ReasonNeBisInIdem,
		protocol.ReasonDualCriminality}
	missing := []protocol.Reason{protocol.ReasonNotification, protocol.ReasonLanguage}
	for _, c := range []struct {
		name    string
		change  func(*scene)
		verdict protocol.Verdict
		reasons []protocol.Reason
	}{
		{"all at home", nothing, protocol.Allow, nil},
		{"offence elsewhere", func(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{"FR"} }, protocol.Hold,
			slices.Concat(missing, held)},
		{"offence not known", func(s *scene) { s.Req.Offence.CommittedIn = nil }, protocol.Hold,
			slices.Concat(missing, held)},
		{"offence here and elsewhere", func(s *scene) { s.Req.Offence.CommittedIn = []protocol.Party{"FR", "NL"} },
			protocol.Allow, nil},
		{"person elsewhere", func(s *scene) { s.Person("NL", "NL", "IE") }, protocol.Hold, slices.Concat(missing, held)},
		{"residence not known", func(s *scene) { s.Req.Target.ResidentIn = nil }, protocol.Hold,
			slices.Concat(missing, held)},
		{"notified", notified, protocol.Hold, held},
		{"notified of a listed offence", all(notified, func(s *scene) { s.Req.Offence.Category = "fraud" }),
			protocol.Hold, held[:3]},
		{"the wrong State notified", all(notified, func(s *scene) { s.Facts.Notified[0].Party = "FR" }), protocol.Hold,
			slices.Concat(missing[:1], held)},
		{"emergency", all(notified, urgent(protocol.EmergencyLife)), protocol.Allow, nil},
		{"emergency, not notified", all(notified, urgent(protocol.EmergencyLife),
			func(s *scene) { s.Facts.Notified = nil }), protocol.Hold, missing[:1]},
		{"subscriber data", func(s *scene) {
			identify(s)
			s.Req.Offence.CommittedIn, s.Req.Target.ResidentIn = nil, nil
		}, protocol.Allow, nil},
		{"preservation", func(s *scene) {
			keep(s)
			s.Req.Offence.CommittedIn, s.Req.Target.ResidentIn = nil, nil
		}, protocol.Allow, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := epoc("nl.prosecution", "ie.contoso")
			c.change(s)
			agreementtest.Expect(t, s.Decide(book), c.verdict, c.reasons...)
		})
	}
}

func TestOwnCodesOfEPOCStandForTheirCategory(t *testing.T) {
	book := euEPOC.book(t)
	for _, term := range document(t, "eu-epoc-2023").Terms {
		for _, c := range protocol.Categories() {
			s := epoc("ie.garda", "nl.contoso")
			s.Ask(protocol.Preservation, c)
			s.Req.Data[0].Own = []string{term.Own}
			d := s.Decide(book)
			if !agreementtest.Has(d, "terms") {
				continue // of what is not granted, no words are looked at
			}
			want := protocol.Fail
			if term.Category == c || term.Type == protocol.Preservation {
				want = protocol.Pass
			}
			if f := agreementtest.Found(t, d, "terms"); f.Outcome != want {
				t.Errorf("%s for %s: got %v, want %v", term.Own, c, f.Outcome, want)
			}
		}
	}
}

func TestGroundsThatEPOCBars(t *testing.T) { barred(t, euEPOC, protocol.ReasonStoredAbroad) }
