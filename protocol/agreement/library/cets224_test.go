package library_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// The Protocol is not in force and denies everything. Its rules are shown as
// though all who signed it had been bound since 2023.
var cets224 = instrument{
	id:     "cets224-2022",
	as:     cetsInForce,
	scenes: []func() *scene{cetsRequest("gb.ukca", "us.doj-oia"), cetsRequest("us.doj-oia", "gb.ukca")},
	clean:  protocol.Hold,
	rows:   cets224Rows,
}

var cetsMember = regexp.MustCompile(`(?m)^  - \{party: ("?[A-Z]{2}"?), signed: [^}]*\}$`)

func cetsInForce(text string) string {
	text = strings.Replace(text, "status: signed_not_in_force\n", "status: in_force\nin_force: 2023-01-01\n", 1)
	return cetsMember.ReplaceAllString(text, "  - $1")
}

// cetsRequest is a request to give effect to an order for traffic data (Art. 8).
func cetsRequest(from, to protocol.ParticipantID) func() *scene {
	return func() *scene {
		s := agreementtest.Assistance(from, to)
		s.Facts.Ref = protocol.AgreementRef{ID: "cets224-2022", Version: "1"}
		s.Req.Attestations = nil
		s.Ask(protocol.Production, protocol.CategorySubscriber, protocol.CategoryUserID)
		s.Req.Proceedings = protocol.StageInvestigation
		s.Req.Languages = []string{"en"}
		s.Req.Facts, s.Req.Nexus = "A server was broken into.", "The account was used for it."
		s.Req.Purpose = "to find who did it"
		s.Attest("supporting_information_given", "language_accepted")
		return s
	}
}

// toProvider addresses a scene to a provider of the receiving Party.
func toProvider(s *scene) {
	s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
	s.Attest("issued_under_protocol", "legal_grounds_stated")
}

func cetsOrder(s *scene) {
	toProvider(s)
	s.Ask(protocol.Subscriber, protocol.CategorySubscriber)
}

func cetsDomain(s *scene) {
	toProvider(s)
	s.Ask(protocol.Production, protocol.CategoryDomain)
}

// cetsUrgent asks the contact point for content in an emergency (Art. 9).
func cetsUrgent(s *scene) {
	budUrgent(s)
	s.Ask(protocol.Production, protocol.CategoryContent)
	s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral, protocol.RoleContact}
	s.Facts.Sender.Roles = []protocol.Role{protocol.RoleContact}
}

// cetsUrgentAssistance asks a central authority for an interception (Art. 10).
func cetsUrgentAssistance(s *scene) {
	budUrgent(s)
	intercept(s)
}

func cetsPolice(s *scene) {
	s.Req.Authorisation.Kind = protocol.AuthorityPolice
	s.Req.Authorisation.ValidatedBy = nil
	s.Withdraw("independently")
}

func cetsMade(option string, kind agreement.NoticeKind) []*agreement.Notice {
	return madeByBoth("cets224-2022", option, kind, "GB", "US")
}

// cetsMadeBy is a row's notice by one Party, and by the other's requests it is
// seen mirrored.
func cetsMadeBy(p protocol.Party, option string, kind agreement.NoticeKind) []*agreement.Notice {
	return []*agreement.Notice{made(p, "cets224-2022", option, kind)}
}

var cets224Rows = []row{
	{rule: "criminal-matter", breaks: stage(protocol.StageSentence), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: noStage},
	{rule: "criminal-matter", setup: both(cetsOrder, stage(protocol.StageTrial)), clean: protocol.Allow,
		breaks: stage(protocol.StageAdministrative), want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "proceedings-stated", breaks: noStage, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "emergency-kind", setup: cetsUrgent,
		breaks: func(s *scene) { s.Req.Emergency.Kind = protocol.EmergencyInfrastructure }, want: protocol.Fail,
		reason: protocol.ReasonEmergencyScope,
		unless: func(s *scene) { s.Ask(protocol.Production, protocol.CategoryTraffic); s.Req.Emergency = nil }},
	{rule: "language", setup: cetsOrder, breaks: without("language_accepted"), want: protocol.Held,
		reason: protocol.ReasonLanguage, clean: protocol.Allow},
	{rule: "language", breaks: func(s *scene) { s.Req.Languages = nil }, want: protocol.Held,
		reason: protocol.ReasonLanguage},
	{rule: "specified-data", breaks: noIdentifier, want: protocol.Fail, reason: protocol.ReasonOverbroad},
	{rule: "specified-data", setup: cetsOrder, clean: protocol.Allow, breaks: freeText, want: protocol.Fail,
		reason: protocol.ReasonOverbroad},

	{rule: "domain-relevance", setup: cetsDomain, clean: protocol.Allow, breaks: noNexus, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsOrder},
	{rule: "domain-relevance", setup: cetsDomain, clean: protocol.Allow,
		breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "domain-basis", setup: cetsDomain, clean: protocol.Allow, breaks: without("issued"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsOrder},

	{rule: "supervised-order", setup: cetsOrder, clean: protocol.Allow, breaks: cetsPolice, want: protocol.Fail,
		reason: protocol.ReasonNotValidated, unless: cetsDomain, given: cetsMade("supervised-orders", agreement.Declare)},
	{rule: "supervised-order", setup: func(s *scene) {
		cetsOrder(s)
		cetsPolice(s)
		s.Attest("independently_supervised")
	}, clean: protocol.Allow, breaks: without("independently"), want: protocol.Fail,
		reason: protocol.ReasonNotValidated, given: cetsMade("supervised-orders", agreement.Declare)},
	{rule: "supervised-order", setup: func(s *scene) {
		cetsOrder(s)
		cetsPolice(s)
		s.Req.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityProsecutor}
	}, clean: protocol.Allow, breaks: cetsPolice, want: protocol.Fail, reason: protocol.ReasonNotValidated,
		given: cetsMade("supervised-orders", agreement.Declare)},
	{rule: "order-basis", setup: cetsOrder, clean: protocol.Allow, breaks: without("issued"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsDomain},
	{rule: "order-penalty", setup: cetsOrder, clean: protocol.Allow,
		breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsDomain},
	{rule: "order-grounds", setup: cetsOrder, clean: protocol.Allow, breaks: without("legal"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsDomain},
	{rule: "notified-facts", setup: both(cetsOrder, cetsNotify), clean: protocol.Allow, breaks: noFacts,
		want: protocol.Held, reason: protocol.ReasonNotification, unless: cetsDomain,
		given: cetsMade("notify-orders", agreement.Declare)},
	{rule: "provider-consults", setup: cetsOrder, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: cetsDomain, given: cetsMade("consult-first", agreement.Declare)},

	{rule: "emergency-facts", setup: cetsUrgent, breaks: noFacts, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsOrder},
	{rule: "emergency-facts", setup: cetsUrgentAssistance, breaks: noNexus, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "emergency-penalty", setup: cetsUrgent, breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 },
		want: protocol.Held, reason: protocol.ReasonIncomplete, unless: intercept},
	{rule: "emergency-contact-sends", setup: cetsUrgent, breaks: sentBy(protocol.RoleCentral), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: intercept},
	{rule: "emergency-subscriber-alone", setup: cetsUrgent,
		breaks: func(s *scene) { s.Ask(protocol.Production, protocol.CategorySubscriber, protocol.CategoryUserID) },
		want:   protocol.Fail, reason: protocol.ReasonReservation, unless: intercept,
		given: cetsMade("no-subscriber-emergency", agreement.Declare)},
	{rule: "emergency-decision", setup: cetsUrgent, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: intercept},
	{rule: "emergency-formal-request", setup: func(s *scene) { cetsUrgent(s); s.Attest("formal_request_follows") },
		breaks: without("formal"), want: protocol.Flag, reason: protocol.ReasonIncomplete, unless: intercept,
		given: cetsMade("formal-request-after", agreement.Declare)},
	{rule: "emergency-assistance-decision", setup: cetsUrgentAssistance, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: cetsUrgent},

	{rule: "provider-tried-first",
		setup: func(s *scene) {
			s.Req.Related = []protocol.Related{{Relation: protocol.RelationConvertedFrom, Reference: "O-1"}}
		},
		breaks: noRelated, want: protocol.Held, reason: protocol.ReasonRelated,
		unless: func(s *scene) { s.Ask(protocol.Production, protocol.CategoryTraffic, protocol.CategorySubscriber) },
		given:  cetsMade("provider-first", agreement.Declare)},
	{rule: "provider-tried-first", setup: func(s *scene) { s.Attest("article_7_not_tried_explained") },
		breaks: without("article_7"), want: protocol.Held, reason: protocol.ReasonRelated, unless: cetsUrgent,
		given: cetsMade("provider-first", agreement.Declare)},
	{rule: "supporting-facts", breaks: noFacts, want: protocol.Held, reason: protocol.ReasonIncomplete,
		unless: cetsUrgent},
	{rule: "supporting-facts", breaks: noNexus, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "supporting-facts", breaks: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsOrder},
	{rule: "supporting-statements", breaks: without("supporting"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: cetsUrgent},
	{rule: "further-information", setup: func(s *scene) { s.Attest("further_supporting_information_given") },
		breaks: without("further"), want: protocol.Held, reason: protocol.ReasonIncomplete, unless: cetsUrgent,
		given: cetsMade("supporting-information", agreement.Declare)},
	{rule: "order-grounds-to-refuse", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: cetsOrder},
	{rule: "central-submits", breaks: sentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: cetsUrgent, given: cetsMade("central-submits", agreement.Declare)},
	// Made by the United States: against it directly, and mirrored for it.
	{rule: "no-traffic-data",
		breaks: func(s *scene) { s.Ask(protocol.Production, protocol.CategorySubscriber, protocol.CategoryTraffic) },
		want:   protocol.Fail, reason: protocol.ReasonReservation, unless: cetsUrgent,
		given: cetsMadeBy("US", "no-traffic-data", agreement.Reserve)},
}

// cetsNotify sends the order to the authority of the receiving Party as well.
func cetsNotify(s *scene) {
	p := s.Facts.Addressee.Party
	s.Facts.Notified = []agreement.Standing{{ID: "x.authority", Party: p, Roles: []protocol.Role{protocol.RoleEnforcing}}}
}

// As it is shipped nothing of it is in force, for those who ratified either.
func TestCETS224IsNotInForce(t *testing.T) {
	doc := document(t, "cets224-2022")
	book := agreementtest.NewBook(t, []*agreement.Document{doc})
	for _, pair := range [][2]protocol.ParticipantID{{"gb.ukca", "us.doj-oia"}, {"us.doj-oia", "gb.ukca"},
		{"rs.moj", "hu.moj"}, {"cr.moj", "rs.moj"}} {
		for _, ask := range []func(*scene){nothing, cetsOrder, cetsDomain, cetsUrgent, cetsUrgentAssistance} {
			s := cetsRequest(pair[0], pair[1])()
			ask(s)
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotInForce)
		}
	}
	agreementtest.Expect(t, cetsRequest("us.doj-oia", "ie.justice")().Decide(book), protocol.Deny,
		protocol.ReasonNotGoverning)
	ratified := ""
	for _, m := range doc.Members {
		if !m.Ratified.IsZero() {
			ratified += string(m.Party) + " " + m.Ratified.String() + "; "
		}
		if m.Signed.IsZero() || !m.InForce.IsZero() {
			t.Errorf("%s: want a day of signature and none of entry into force", m.Party)
		}
	}
	if want := "CR 2026-04-15; HU 2026-02-05; JP 2023-08-10; RS 2023-02-09; "; ratified != want {
		t.Errorf("got %q, want %q", ratified, want)
	}
	if len(doc.Members) != 52 {
		t.Errorf("got %d signatories, want 52", len(doc.Members))
	}
}

// Whoever is Party to the Protocol must be Party to the Convention.
func TestCETS224SignatoriesAreBoundByTheConvention(t *testing.T) {
	budapest := document(t, "budapest-2001")
	for _, m := range document(t, "cets224-2022").Members {
		if !budapest.StandsFor(agreementtest.Day, m.Party) {
			t.Errorf("%s signed the Protocol and is not bound by the Convention", m.Party)
		}
	}
}

// Nothing of a text that could not be read is marked as verified.
func TestCETS224ClaimsNothingVerified(t *testing.T) {
	doc := document(t, "cets224-2022")
	if n := strings.Count(string(doc.Bytes()), "provenance: verified"); n != 0 {
		t.Errorf("got %d statements marked verified, want none", n)
	}
	for _, r := range doc.Rules {
		if r.Provenance != agreement.Unverified {
			t.Errorf("%s: got %s", r.ID, r.Provenance)
		}
	}
}

// Each right as it would be, and the channel that each has.
func TestCETS224RightsAsThoughInForce(t *testing.T) {
	book := cets224.book(t)
	for _, make := range cets224.scenes {
		for _, c := range []struct {
			article string
			ask     func(*scene)
			want    protocol.Verdict
		}{
			{"Art. 6(1)", cetsDomain, protocol.Allow},
			{"Art. 7(1)", cetsOrder, protocol.Allow},
			{"Art. 8(1)", nothing, protocol.Hold},
			{"Art. 9(1), 10(1)", cetsUrgent, protocol.Hold},
			{"Art. 10(1)", cetsUrgentAssistance, protocol.Hold},
		} {
			s := make()
			c.ask(s)
			d := s.Decide(book)
			if f := agreementtest.Found(t, d, "right"); f.Outcome != protocol.Pass || f.Article != c.article ||
				f.Provenance != "unverified" || d.Verdict != c.want {
				t.Errorf("%s: got %v, %v%s", c.article, f, d.Verdict, agreementtest.Failures(d))
			}
		}
		s := make() // content from a central authority, without an emergency
		s.Ask(protocol.Production, protocol.CategoryContent)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonEmergencyScope)
		s = make() // traffic data from a provider
		toProvider(s)
		s.Ask(protocol.Production, protocol.CategoryTraffic)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
	}
}

// Japan reserved not to apply Art. 7: nobody orders from its providers, and it
// orders from nobody's. Its other requests stand.
func TestCETS224ReservationOfJapanTakesAwayBothDirections(t *testing.T) {
	book := cets224.book(t)
	for _, pair := range [][2]protocol.ParticipantID{{"gb.ukca", "jp.moj"}, {"jp.moj", "gb.ukca"}} {
		s := cetsRequest(pair[0], pair[1])()
		cetsOrder(s)
		d := s.Decide(book)
		agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
		if f := agreementtest.Found(t, d, "reciprocal"); !strings.Contains(f.Text, "JP made a reservation, Art. 7(9)(a)") {
			t.Errorf("got %q", f.Text)
		}
		if got := cetsRequest(pair[0], pair[1])().Decide(book).Verdict; got != protocol.Hold {
			t.Errorf("Art. 8: got %v", got)
		}
		s.Facts.At = time.Date(2023, 8, 9, 23, 0, 0, 0, time.UTC) // before it was made
		if got := s.Decide(book).Verdict; got != protocol.Allow {
			t.Errorf("before: got %v", got)
		}
	}
	s := cetsRequest("gb.ukca", "jp.moj")()
	s.Facts.Sender.Roles = nil
	if f := agreementtest.Found(t, s.Decide(book), "central-submits"); f.Outcome != protocol.Held {
		t.Errorf("got %v", f)
	}
}

// A reservation for access numbers takes away these, and leaves the rest.
func TestCETS224ReservationForAccessNumbers(t *testing.T) {
	book := cets224.book(t, made("US", "cets224-2022", "no-access-numbers", agreement.Reserve))
	for _, make := range cets224.scenes {
		s := make()
		cetsOrder(s)
		agreementtest.Expect(t, s.Decide(book), protocol.Allow)
		s.Ask(protocol.Subscriber, protocol.CategorySubscriber, protocol.CategoryUserID)
		agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotReciprocal)
	}
}

// A declared notification is awaited, from its own Party alone.
func TestCETS224NotificationThatAPartyDeclared(t *testing.T) {
	book := cets224.book(t, made("US", "cets224-2022", "notify-orders", agreement.Declare))
	us, gb := cets224.scenes[0](), cets224.scenes[1]() // to the United States, to the United Kingdom
	cetsOrder(us)
	cetsOrder(gb)
	agreementtest.Expect(t, us.Decide(book), protocol.Hold, protocol.ReasonNotification)
	agreementtest.Expect(t, gb.Decide(book), protocol.Allow)
	cetsNotify(us)
	agreementtest.Expect(t, us.Decide(book), protocol.Allow)
}
