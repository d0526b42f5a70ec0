package library_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// The EU-US agreement stands beside it as the other treaty that France and the
// United States have, and Japan and the United States do not.
var budapest = instrument{
	id:     "budapest-2001",
	beside: []string{"eu-us-mla-2003"},
	scenes: []func() *scene{budRequest("us.doj-oia", "jp.moj"), budRequest("jp.moj", "us.doj-oia")},
	clean:  protocol.Hold,
	rows:   budapestRows,
}

// budRequest is a request for stored content, between central authorities.
func budRequest(from, to protocol.ParticipantID) func() *scene {
	return func() *scene {
		s := agreementtest.Assistance(from, to)
		s.Facts.Ref = protocol.AgreementRef{ID: "budapest-2001", Version: "1"}
		s.Req.Attestations = nil
		s.Req.Proceedings = protocol.StageInvestigation
		s.Req.Facts, s.Req.Nexus = "A server was broken into.", "The account was used for it."
		s.Req.Offence.ReceivingMaxCustodyMonths = 60
		s.Req.Related = []protocol.Related{{Relation: protocol.RelationFollows, Reference: "P-1"}}
		return s
	}
}

func budPreserve(s *scene) {
	s.Ask(protocol.Preservation, protocol.CategoryContent, protocol.CategoryTraffic)
	s.Attest("custodian_stated", "preservation_necessary", "assistance_request_intended")
}

func budPath(s *scene) { s.Ask(protocol.PathDisclosure, protocol.CategoryTraffic) }

func budTraffic(s *scene) { s.Ask(protocol.Interception, protocol.CategoryTrafficLive) }

func budUrgent(s *scene) {
	s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "A threat to kill."}
}

// toFrance puts France in the place of the Party that is not the United States.
func toFrance(s *scene) {
	change := func(x *agreement.Standing) {
		if x.Party != "US" {
			x.ID, x.Party = "fr.justice", "FR"
		}
	}
	change(&s.Facts.Issuing)
	change(&s.Facts.Sender)
	change(&s.Facts.Addressee)
	s.Req.Issuer, s.Req.Addressee = s.Facts.Issuing.ID, s.Facts.Addressee.ID
}

func sentBy(roles ...protocol.Role) func(*scene) {
	return func(s *scene) { s.Facts.Sender.Roles = roles }
}

func noIdentifier(s *scene) { s.Req.Identifiers = nil }

func freeText(s *scene) {
	s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Value: "everybody in Leeds"})
}

func noRelated(s *scene) { s.Req.Related = nil }

func noFacts(s *scene) { s.Req.Facts = "" }

func noNexus(s *scene) { s.Req.Nexus = "" }

func noStage(s *scene) { s.Req.Proceedings = "" }

func stage(x protocol.Stage) func(*scene) { return func(s *scene) { s.Req.Proceedings = x } }

func both(steps ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, step := range steps {
			step(s)
		}
	}
}

// madeByBoth are notices by which each of two Parties made an option.
func madeByBoth(id, option string, kind agreement.NoticeKind, a, b protocol.Party) []*agreement.Notice {
	return []*agreement.Notice{made(a, id, option, kind), made(b, id, option, kind)}
}

var budapestRows = []row{
	{rule: "criminal-matter", breaks: stage(protocol.StageAdministrative), want: protocol.Fail,
		reason: protocol.ReasonPurpose, unless: noStage},
	{rule: "criminal-matter", setup: stage(protocol.StageTrial), breaks: stage(protocol.StageSecurity),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "criminal-matter", setup: stage(protocol.StageSentence), breaks: stage(protocol.StageControlOrder),
		want: protocol.Fail, reason: protocol.ReasonPurpose},
	{rule: "proceedings-stated", breaks: noStage, want: protocol.Held, reason: protocol.ReasonIncomplete},
	{rule: "sentence-execution", setup: stage(protocol.StageSentence), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPurpose, unless: stage(protocol.StageTrial)},
	{rule: "requested-party-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: budPreserve},
	{rule: "same-conduct", breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 },
		want: protocol.Flag, reason: protocol.ReasonDualCriminality, unless: budPath},
	{rule: "no-other-treaty", breaks: toFrance, want: protocol.Flag, reason: protocol.ReasonOtherTreaty},
	{rule: "no-other-treaty", setup: func(s *scene) { toFrance(s); s.Attest("article_27_agreed") },
		breaks: without("article_27"), want: protocol.Flag, reason: protocol.ReasonOtherTreaty},
	{rule: "central-sends", breaks: sentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: toFrance},
	{rule: "central-sends", breaks: func(s *scene) { s.Facts.Sender = s.Facts.Addressee }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: budUrgent},
	{rule: "central-sends", setup: func(s *scene) { toFrance(s); s.Attest("article_27_agreed") },
		breaks: sentBy(), want: protocol.Held, reason: protocol.ReasonNotCompetent, unless: budPreserve},
	{rule: "urgent-sender", setup: budUrgent, breaks: sentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: toFrance},
	{rule: "urgent-sender", setup: func(s *scene) {
		budUrgent(s)
		s.Facts.Sender.Roles = []protocol.Role{protocol.RoleIssuing}
		s.Attest("central_copied")
	}, breaks: without("central_copied"), want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "urgent-sender", setup: func(s *scene) {
		budUrgent(s)
		s.Facts.Sender.Roles = []protocol.Role{protocol.RoleIssuing}
		s.Attest("central_copied")
	}, breaks: func(s *scene) { s.Req.Authorisation.Kind = protocol.AuthorityPolice }, want: protocol.Held,
		reason: protocol.ReasonNotCompetent},
	{rule: "urgent-receiver", setup: budUrgent, breaks: func(s *scene) {
		s.Facts.Sender.Roles = []protocol.Role{protocol.RoleIssuing}
		s.Attest("central_copied")
	}, want: protocol.Flag, reason: protocol.ReasonWrongAddressee, unless: toFrance,
		given: madeByBoth("budapest-2001", "urgent-to-central", agreement.Declare, "US", "JP")},
	{rule: "procedure", setup: func(s *scene) { s.Req.Procedure = "under oath" }, breaks: nothing,
		want: protocol.Held, reason: protocol.ReasonContraryToLaw,
		unless: func(s *scene) { s.Req.Procedure = "" }},
	{rule: "political-offence", breaks: nothing, want: protocol.Held, reason: protocol.ReasonPolitical,
		unless: toFrance},
	{rule: "political-offence", setup: both(toFrance, budPreserve), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPolitical, unless: produce},
	{rule: "political-offence", setup: both(toFrance, budPath), breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonPolitical, unless: budTraffic},
	{rule: "essential-interests", breaks: nothing, want: protocol.Held, reason: protocol.ReasonSovereignty,
		unless: toFrance},
	{rule: "confidentiality", setup: func(s *scene) {
		s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}}
	}, breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement,
		unless: func(s *scene) { s.Req.Secrecy = nil }},

	{rule: "preservation-sender", setup: budPreserve, breaks: sentBy(protocol.RoleIssuing), want: protocol.Held,
		reason: protocol.ReasonNotCompetent, unless: produce},
	{rule: "preservation-sender", setup: both(budPath, sentBy(protocol.RoleContact)), breaks: sentBy(),
		want: protocol.Held, reason: protocol.ReasonNotCompetent},
	{rule: "preservation-facts", setup: budPreserve, breaks: noFacts, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: produce},
	{rule: "specified-data", setup: budPreserve, breaks: noIdentifier, want: protocol.Held,
		reason: protocol.ReasonOverbroad, unless: produce},
	{rule: "specified-data", setup: budPath, breaks: freeText, want: protocol.Held, reason: protocol.ReasonOverbroad},
	{rule: "preservation-nexus", setup: budPreserve, breaks: noNexus, want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: produce},
	{rule: "custodian", setup: budPreserve, breaks: without("custodian"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: produce},
	{rule: "custodian", setup: both(budPreserve, without("custodian"),
		func(s *scene) { s.Attest("custodian_unknown") }), breaks: without("custodian"), want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "preservation-necessary", setup: budPreserve, breaks: without("preservation_n"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: produce},
	{rule: "assistance-intended", setup: budPreserve, breaks: without("assistance"), want: protocol.Held,
		reason: protocol.ReasonIncomplete, unless: produce},
	{rule: "preservation-dual-criminality", setup: budPreserve,
		breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 }, want: protocol.Held,
		reason: protocol.ReasonDualCriminality, unless: func(s *scene) { s.Req.Offence.Category = "illegal_access" },
		given: madeByBoth("budapest-2001", "preservation-dual-criminality", agreement.Reserve, "US", "JP")},
	{rule: "preservation-dual-criminality", setup: budPreserve,
		breaks: func(s *scene) { s.Req.Offence.ReceivingMaxCustodyMonths = 0 }, want: protocol.Held,
		reason: protocol.ReasonDualCriminality, unless: func(s *scene) { s.Req.Offence.Lists = []string{"ets185_2_11"} },
		given: madeByBoth("budapest-2001", "preservation-dual-criminality", agreement.Reserve, "US", "JP")},
	{rule: "preservation-grounds", setup: budPreserve, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonSovereignty, unless: produce},

	{rule: "path-follows-preservation", setup: budPath, breaks: noRelated, want: protocol.Held,
		reason: protocol.ReasonRelated, unless: produce},
	{rule: "path-follows-preservation", setup: budPath,
		breaks: func(s *scene) { s.Req.Related[0].Relation = protocol.RelationRenews }, want: protocol.Held,
		reason: protocol.ReasonRelated},
	{rule: "path-provider-abroad", setup: budPath, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonJudgement, unless: produce},
	{rule: "path-grounds", setup: budPath, breaks: nothing, want: protocol.Held, reason: protocol.ReasonSovereignty,
		unless: produce},
	{rule: "preserved-first", breaks: noRelated, want: protocol.Flag, reason: protocol.ReasonRelated,
		unless: budTraffic},
	{rule: "preserved-first", setup: func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) },
		breaks: noRelated, want: protocol.Flag, reason: protocol.ReasonRelated},
	{rule: "specified-communications", setup: budTraffic, breaks: noIdentifier, want: protocol.Fail,
		reason: protocol.ReasonOverbroad, unless: produce},
	{rule: "specified-communications", setup: intercept, breaks: freeText, want: protocol.Fail,
		reason: protocol.ReasonOverbroad},
	{rule: "real-time-traffic", setup: budTraffic, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw, unless: intercept},
	{rule: "real-time-content", setup: intercept, breaks: nothing, want: protocol.Held,
		reason: protocol.ReasonDomesticLaw, unless: budTraffic},
}

// Each right of Arts. 29 to 34, granted to a central authority and withheld
// from a provider, in both directions.
func TestBudapestGrantsWhatItsArticlesSayToCentralAuthorities(t *testing.T) {
	book := budapest.book(t)
	for _, make := range budapest.scenes {
		for _, c := range []struct {
			article string
			ask     func(*scene)
		}{
			{"Art. 29(1)", budPreserve},
			{"Art. 30(1)", budPath},
			{"Art. 31(1)", produce},
			{"Art. 31(1)", func(s *scene) { s.Ask(protocol.Subscriber, protocol.CategorySubscriber) }},
			{"Art. 33(1)", budTraffic},
			{"Art. 34", intercept},
		} {
			s := make()
			c.ask(s)
			d := s.Decide(book)
			if f := agreementtest.Found(t, d, "right"); f.Outcome != protocol.Pass || f.Article != c.article ||
				f.Provenance != "verified" || d.Verdict != protocol.Hold {
				t.Errorf("%s: got %v, %v%s", c.article, f, d.Verdict, agreementtest.Failures(d))
			}
			s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoRight)
		}
		for _, c := range []struct {
			typ protocol.RequestType
			of  protocol.Category
		}{
			{protocol.Production, protocol.CategoryContentLive}, {protocol.Interception, protocol.CategoryContent},
			{protocol.PathDisclosure, protocol.CategoryContent}, {protocol.Preservation, protocol.CategoryTrafficLive},
		} {
			s := make()
			s.Ask(c.typ, c.of)
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonCategory)
		}
	}
}

// A pair is bound from the day on which the later of the two is.
func TestBudapestBindsEachPartyFromItsOwnDay(t *testing.T) {
	book := budapest.book(t)
	for _, c := range []struct {
		from, to protocol.ParticipantID
		at       string
		want     protocol.Verdict
		reasons  []protocol.Reason
	}{
		{"us.doj-oia", "jp.moj", "2012-10-31", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"us.doj-oia", "jp.moj", "2012-11-01", protocol.Hold, nil},
		{"jp.moj", "us.doj-oia", "2012-10-31", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"nz.crown-law", "au.agd", "2025-11-30", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"nz.crown-law", "au.agd", "2025-12-01", protocol.Hold, nil},
		{"al.mod", "hr.mop", "2004-06-30", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"al.mod", "hr.mop", "2004-07-01", protocol.Hold, nil},
		// Ireland and South Africa have signed only; Korea is only invited.
		{"gb.ukca", "ie.justice", "2026-11-22", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"ie.justice", "gb.ukca", "2026-11-22", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"za.npa", "us.doj-oia", "2026-11-22", protocol.Deny, []protocol.Reason{protocol.ReasonNotInForce}},
		{"us.doj-oia", "kr.moj", "2026-11-22", protocol.Deny, []protocol.Reason{protocol.ReasonNotGoverning}},
	} {
		s := budRequest(c.from, c.to)()
		at, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		s.Facts.At = at
		d := s.Decide(book)
		if d.Verdict != c.want || c.reasons != nil && (len(d.Reasons()) != 1 || d.Reasons()[0] != c.reasons[0]) {
			t.Errorf("%s to %s at %s: got %v %v", c.from, c.to, c.at, d.Verdict, d.Reasons())
		}
	}
}

// Arts. 36(4) and 37(2) count the day of entry into force from that of
// ratification or accession, so each Party's days check each other.
func TestBudapestDaysOfItsPartiesFitTogether(t *testing.T) {
	bound := 0
	doc := document(t, "budapest-2001")
	first, _ := time.Parse(time.DateOnly, doc.InForce.String())
	for _, m := range doc.Members {
		if m.InForce.IsZero() {
			continue
		}
		bound++
		r := m.Ratified.Time()
		want := time.Date(r.Year(), r.Month()+4, 1, 0, 0, 0, 0, time.UTC)
		if want.Before(first) {
			want = first
		}
		if !m.InForce.Time().Equal(want) {
			t.Errorf("%s: ratified %s: got %s, want %s", m.Party, m.Ratified, m.InForce, want.Format(time.DateOnly))
		}
	}
	if bound != 81 || len(doc.Members) != 83 {
		t.Errorf("got %d Parties bound of %d, want 81 of 83", bound, len(doc.Members))
	}
}

// Austria is the Party whose reservation to Art. 29(4) a text shows. Nothing
// says that others may apply the same to it.
func TestBudapestReservationOfAustriaIsNotMirrored(t *testing.T) {
	book := budapest.book(t)
	for _, c := range []struct {
		from, to protocol.ParticipantID
		at       time.Time
		want     protocol.Outcome
	}{
		{"us.doj-oia", "at.bmj", agreementtest.Day, protocol.Held},
		{"at.bmj", "us.doj-oia", agreementtest.Day, protocol.NotApplicable},
		{"us.doj-oia", "jp.moj", agreementtest.Day, protocol.NotApplicable},
	} {
		s := budRequest(c.from, c.to)()
		budPreserve(s)
		s.Req.Offence.ReceivingMaxCustodyMonths = 0
		f := agreementtest.Found(t, s.Decide(book), "preservation-dual-criminality")
		if f.Outcome != c.want || f.Outcome == protocol.Held && !strings.Contains(f.Text, "AT made this reservation") {
			t.Errorf("%s to %s: got %v", c.from, c.to, f)
		}
	}
}

// A rule that hangs on an option applies to requests to whoever made it, and
// to those from it only if the option is mirrored.
func TestOptionOfConventionMattersWhereItWasMade(t *testing.T) {
	for _, inst := range []instrument{budapest, uncac, cets224} {
		doc := inst.document(t)
		seen := map[string]bool{}
		for _, r := range inst.rows {
			i := slices.IndexFunc(doc.Rules, func(x agreement.Rule) bool { return x.ID == r.rule })
			id := doc.Rules[i].Option
			if id == "" && len(r.given) > 0 {
				t.Errorf("%s: %s hangs on no option", inst.id, r.rule)
			}
			if id == "" || seen[r.rule] {
				continue
			}
			seen[r.rule] = true
			o := doc.Options[slices.IndexFunc(doc.Options, func(x agreement.Option) bool { return x.ID == id })]
			kind := agreement.Declare
			if o.Kind == agreement.OptionReservation {
				kind = agreement.Reserve
			}
			for _, make := range inst.scenes {
				s := make()
				if r.setup != nil {
					r.setup(s)
				}
				for _, c := range []struct {
					who    string
					given  []*agreement.Notice
					expect bool
				}{
					{"nobody", nil, false},
					{"the receiving Party", []*agreement.Notice{made(s.Facts.Addressee.Party, inst.id, id, kind)}, true},
					{"the issuing Party", []*agreement.Notice{made(s.Facts.Issuing.Party, inst.id, id, kind)}, o.Mirrored != ""},
				} {
					f := agreementtest.Found(t, s.Decide(inst.book(t, c.given...)), r.rule)
					if (f.Outcome != protocol.NotApplicable) != c.expect {
						t.Errorf("%s: made by %s: got %v", r.rule, c.who, f.Outcome)
					}
				}
			}
		}
		for _, rule := range doc.Rules {
			if rule.Option != "" && !seen[rule.ID] {
				t.Errorf("%s: %s was not seen", inst.id, rule.ID)
			}
		}
	}
}

// A fiscal offence is no sole ground to refuse for offences of Arts. 2 to 11
// alone, so no ground is barred for every request.
func TestBudapestBarsNoGroundForEveryRequest(t *testing.T) {
	d := budapest.book(t).Refuse(agreement.Ground{Agreement: protocol.AgreementRef{ID: "budapest-2001", Version: "1"},
		Reason: protocol.ReasonSolelyFiscal, From: "US", To: "JP", At: agreementtest.Day})
	if d.Verdict != protocol.Allow {
		t.Errorf("got %v, want %v", d.Verdict, protocol.Allow)
	}
}

// Its own words must stand for what is asked.
func TestBudapestOwnCodesStandForTheirCategories(t *testing.T) {
	book := budapest.book(t)
	s := budapest.scenes[0]()
	s.Req.Data[0].Own = []string{"stored_computer_data"}
	if d := s.Decide(book); d.Verdict != protocol.Hold {
		t.Errorf("got %v%s", d.Verdict, agreementtest.Failures(d))
	}
	s.Req.Data[0].Own = []string{"traffic_data"}
	agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonTerms)
}
