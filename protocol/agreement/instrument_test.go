package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A row says how one rule is met and how it is broken. It is run in every
// direction that the rule has.
type row struct {
	rule   string
	setup  func(*scene) // makes the rule's condition hold, and the rule be met
	breaks func(*scene)
	want   protocol.Outcome
	reason protocol.Reason
	// unless, if set, makes the rule not apply.
	unless func(*scene)
}

func nothing(*scene) {}

func without(code string) func(*scene) { return func(s *scene) { s.withdraw(code) } }

func intercept(s *scene) { s.ask(protocol.Interception, protocol.CategoryContentLive) }

func produce(s *scene) { s.ask(protocol.Production, protocol.CategoryContent) }

var ukusRows = []row{
	{"serious-crime", func(s *scene) { s.req.Offence.MaxCustodyMonths = 36 },
		func(s *scene) { s.req.Offence.MaxCustodyMonths = 35 }, protocol.Fail, protocol.ReasonThreshold,
		func(s *scene) { s.ask(protocol.Subscriber, protocol.CategorySubscriber) }},
	{"serious-crime", nothing, func(s *scene) { s.req.Offence.MaxCustodyMonths = 0 }, protocol.Fail,
		protocol.ReasonThreshold, func(s *scene) { s.ask(protocol.Preservation, protocol.CategoryContent) }},
	{"order-after-entry-into-force", nothing, func(s *scene) { s.facts.Issued = day.AddDate(-5, 0, 0) },
		protocol.Fail, protocol.ReasonNotInForce, nil},
	{"specific-identifier", nothing, func(s *scene) { s.req.Identifiers = nil }, protocol.Fail,
		protocol.ReasonOverbroad, nil},
	{"specific-identifier", nothing, func(s *scene) {
		s.req.Identifiers = append(s.req.Identifiers, protocol.Identifier{Value: "everybody in Leeds"})
	}, protocol.Fail, protocol.ReasonOverbroad, nil},
	{"us-person", nothing, func(s *scene) { s.person("GB", "US", "GB") }, protocol.Fail,
		protocol.ReasonPerson, nil},
	{"us-person", nothing, func(s *scene) { s.person("GB", "GB", "US") }, protocol.Fail,
		protocol.ReasonPerson, nil},
	{"us-person", nothing, func(s *scene) { s.person("US", "GB", "GB") }, protocol.Fail,
		protocol.ReasonPerson, nil},
	{"us-person", func(s *scene) { s.organisation("GB", "GB") },
		func(s *scene) { s.organisation("GB", "US") }, protocol.Fail, protocol.ReasonPerson, nil},
	{"us-government", func(s *scene) { s.authority("GB", "GB") },
		func(s *scene) { s.authority("GB", "US") }, protocol.Fail, protocol.ReasonPerson, nil},
	{"us-target-known", nothing, func(s *scene) { s.req.Target.LocatedIn = "" }, protocol.Held,
		protocol.ReasonInsufficient, nil},
	{"us-target-known", nothing, func(s *scene) { s.req.Target.ResidentIn = nil }, protocol.Held,
		protocol.ReasonInsufficient, nil},
	{"us-target-known", nothing, func(s *scene) { s.req.Target.Incorporated = "GB" }, protocol.Held,
		protocol.ReasonInsufficient, nil},
	{"uk-located", nothing, func(s *scene) { s.person("GB", "US", "US") }, protocol.Fail,
		protocol.ReasonPerson, nil},
	{"uk-body", func(s *scene) { s.organisation("US", "US") },
		func(s *scene) { s.organisation("US", "GB") }, protocol.Fail, protocol.ReasonPerson, nil},
	{"uk-body", func(s *scene) { s.authority("US", "US") },
		func(s *scene) { s.authority("US", "GB") }, protocol.Fail, protocol.ReasonPerson, nil},
	{"uk-target-known", nothing, func(s *scene) { s.req.Target.LocatedIn = "" }, protocol.Held,
		protocol.ReasonInsufficient, nil},
	{"targeting-statement", nothing, without("not_receiving_party_person"), protocol.Fail,
		protocol.ReasonInsufficient, nil},
	{"no-reverse-targeting", nothing, without("no_reverse_targeting"), protocol.Held,
		protocol.ReasonReverse, nil},
	{"free-speech", nothing, without("no_speech_infringement"), protocol.Held,
		protocol.ReasonFreeSpeech, nil},
	{"no-discrimination", nothing, without("no_discrimination"), protocol.Held,
		protocol.ReasonDiscrimination, nil},
	{"justification", nothing, without("reasonable_justification"), protocol.Held,
		protocol.ReasonInsufficient, nil},
	{"independent-review", nothing,
		func(s *scene) { s.req.Authorisation.Kind = protocol.AuthorityPolice }, protocol.Fail,
		protocol.ReasonNotValidated, nil},
	{"independent-review", func(s *scene) {
		s.req.Authorisation.Kind = protocol.AuthorityProsecutor
		s.attest("reviewed_before_enforcement")
	}, without("reviewed"), protocol.Fail, protocol.ReasonNotValidated, nil},
	{"interception-window", intercept, func(s *scene) { s.req.Interception.End = day }, protocol.Fail,
		protocol.ReasonInterception, produce},
	{"interception-window", intercept, func(s *scene) {
		s.req.Interception.Start, s.req.Interception.End = day.AddDate(0, 0, -9), day
	}, protocol.Fail, protocol.ReasonInterception, produce},
	{"interception-window", intercept, func(s *scene) { s.req.Interception = nil }, protocol.Fail,
		protocol.ReasonInterception, produce},
	{"interception-last-resort", intercept,
		func(s *scene) { s.req.Interception.LessIntrusiveConsidered = false }, protocol.Fail,
		protocol.ReasonInterception, produce},
	{"interception-no-longer-than-needed", intercept, without("interception_no"), protocol.Held,
		protocol.ReasonInterception, produce},
	{"own-purpose", nothing, without("own_purpose"), protocol.Held, protocol.ReasonThirdGovernment, nil},
	{"certified", nothing, func(s *scene) { s.facts.Certification.Present = false }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"certified", nothing, func(s *scene) { s.facts.Certification.By = s.facts.Addressee }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"certified", nothing, func(s *scene) { s.facts.Certification.By = s.facts.Issuing }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"certified", nothing, func(s *scene) {
		s.facts.Certification.By = agreement.Standing{ID: "other.designated",
			Party: s.facts.Addressee.Party, Roles: []protocol.Role{protocol.RoleDesignated}}
	}, protocol.Held, protocol.ReasonCertification, nil},
	{"invoked", nothing, func(s *scene) { s.facts.Certification.Invokes = false }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"contact", nothing, func(s *scene) { s.facts.Certification.Contact = "" }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"targeting-procedure", nothing, func(s *scene) { s.facts.Certification.Targeting = "" }, protocol.Held,
		protocol.ReasonCertification, nil},
	{"third-country-notice", func(s *scene) {
		s.person("FR", "FR", "FR")
		s.attest("third_country_notified")
	}, without("third_country"), protocol.Held, protocol.ReasonThirdNotice,
		func(s *scene) { s.person(s.req.Issuer.Party(), "FR", "FR") }},
	{"third-country-notice", func(s *scene) {
		s.person("FR", "FR", "FR")
		s.attest("third_country_exception_human_rights")
	}, without("third_country"), protocol.Held, protocol.ReasonThirdNotice,
		func(s *scene) { s.person("FR", s.req.Issuer.Party(), "FR") }},
	{"death-penalty", func(s *scene) {
		s.req.Offence.DeathPenalty = true
		s.attest("essential_interest_undertaking")
	}, without("essential"), protocol.Held, protocol.ReasonDeathPenalty,
		func(s *scene) { s.req.Offence.DeathPenalty = false }},
	{"speech-list", func(s *scene) {
		s.req.Offence.Speech = true
		s.attest("essential_interest_permission")
	}, without("essential"), protocol.Held, protocol.ReasonFreeSpeech,
		func(s *scene) { s.req.Offence.Speech = false }},
}

var euusRows = []row{
	{"request-after-entry-into-force", nothing, func(s *scene) { s.facts.Issued = day.AddDate(-17, 0, 0) },
		protocol.Fail, protocol.ReasonNotInForce, nil},
	{"central-sends", nothing, func(s *scene) { s.facts.Sender.Roles = nil }, protocol.Held,
		protocol.ReasonNotCompetent, nil},
	{"requested-state-decides", nothing, nothing, protocol.Held, protocol.ReasonJudgement, nil},
}

func TestEveryRuleIsMetAndBrokenInItsDirections(t *testing.T) {
	docs := library(t)
	for _, inst := range []struct {
		id     string
		rows   []row
		scenes []func() *scene
		clean  protocol.Verdict // of a scene that breaks no rule
	}{
		{"ukus-daa-2019", ukusRows, []func() *scene{ukOrder, usOrder}, protocol.Allow},
		{"eu-us-mla-2003", euusRows, []func() *scene{
			func() *scene { return assistance("us.doj-oia", "ie.justice") },
			func() *scene { return assistance("ie.justice", "us.doj-oia") },
		}, protocol.Hold},
	} {
		doc := docs[slices.IndexFunc(docs, func(d *agreement.Document) bool { return d.ID == inst.id })]
		for _, rule := range doc.Rules {
			covered := false
			for _, r := range inst.rows {
				if r.rule != rule.ID {
					continue
				}
				for _, make := range inst.scenes {
					covered = runRow(t, doc, &rule, r, make, inst.clean) || covered
				}
			}
			if !covered {
				t.Errorf("%s: rule %s has no row that meets and breaks it", inst.id, rule.ID)
			}
		}
		for _, r := range inst.rows {
			if !slices.ContainsFunc(doc.Rules, func(x agreement.Rule) bool { return x.ID == r.rule }) {
				t.Errorf("%s: row for %s, which is no rule", inst.id, r.rule)
			}
		}
	}
}

// runRow reports whether the row is for the direction of the scene.
func runRow(t *testing.T, doc *agreement.Document, rule *agreement.Rule, r row, make func() *scene,
	clean protocol.Verdict) bool {
	from := make().facts.Issuing.Party
	book := newBook(t, []*agreement.Document{doc})
	if !rule.From.IsZero() && !rule.From.Has(from) {
		s := make()
		r.breaks(s)
		if f := found(t, s.decide(book), r.rule); f.Outcome != protocol.NotApplicable {
			t.Errorf("%s from %s: got %v, want n/a", r.rule, from, f.Outcome)
		}
		return false
	}
	t.Run(r.rule+" from "+string(from), func(t *testing.T) {
		s := make()
		r.setup(s)
		d := s.decide(book)
		met := protocol.Pass
		if rule.Kind == agreement.Judgement {
			met = protocol.Held
		}
		if got := found(t, d, r.rule).Outcome; got != met || d.Verdict != clean {
			t.Errorf("met: got %v, verdict %v%s", got, d.Verdict, failures(d))
		}
		r.breaks(s)
		d = s.decide(book)
		f := found(t, d, r.rule)
		if f.Outcome != r.want || f.Reason != r.reason || f.Text == "" || f.Article == "" || f.Provenance == "" {
			t.Errorf("broken: got %+v, want %v %s", f, r.want, r.reason)
		}
		if (r.want == protocol.Fail) != (d.Verdict == protocol.Deny) {
			t.Errorf("broken: got verdict %v%s", d.Verdict, failures(d))
		}
		if r.unless != nil {
			r.unless(s)
			if got := found(t, s.decide(book), r.rule).Outcome; got != protocol.NotApplicable {
				t.Errorf("unless: got %v, want n/a", got)
			}
		}
	})
	return true
}

func TestRuleIsMarkedVerifiedOnlyWhereItsSourceProvesIt(t *testing.T) {
	book := libraryBook(t)
	uk, us := ukOrder().decide(book), usOrder().decide(book)
	for rule, want := range map[string][2]string{
		"own-purpose":       {"verified", "unverified"},
		"certified":         {"unverified", "unverified"},
		"serious-crime":     {"secondary", "secondary"},
		"us-person":         {"verified", "verified"},
		"no-discrimination": {"unverified", "unverified"},
	} {
		if got := [2]string{found(t, uk, rule).Provenance, found(t, us, rule).Provenance}; got != want {
			t.Errorf("%s: got %v, want %v", rule, got, want)
		}
	}
}

// 18 USC 2523(b)(4) lists eleven things that an agreement with a foreign
// government contains.
func TestDataAccessAgreementHoldsWhat18USC2523AsksFor(t *testing.T) {
	for _, d := range library(t) {
		if d.Kind != agreement.KindDataAccess || !slices.Contains(d.Parties, "US") {
			continue
		}
		var sources strings.Builder
		for _, r := range d.Rules {
			sources.WriteString(r.Source + "\n")
		}
		for _, c := range slices.Concat(d.UseLimits, d.Notes) {
			sources.WriteString(c.Source + "\n")
		}
		for _, o := range d.Objection {
			sources.WriteString(o.Source + "\n")
		}
		for letter := 'A'; letter <= 'K'; letter++ {
			if want := "2523(b)(4)(" + string(letter) + ")"; !strings.Contains(sources.String(), want) {
				t.Errorf("%s: nothing rests on %s", d.ID, want)
			}
		}
	}
}
