package agreement_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// unknown is what each type of variable is when nothing is known, as JSON and as
// an expression that holds then.
var unknown = map[string][2]string{
	"string":       {`""`, `%s == ""`},
	"list(string)": {`[]`, `size(%s) == 0`},
	"int":          {`0`, `%s == 0`},
	"bool":         {`false`, `!%s`},
	"timestamp":    {`"0001-01-01T00:00:00Z"`, `%s == timestamp("0001-01-01T00:00:00Z")`},
}

// known is what each variable is of the scene that says and knows everything.
var known = map[string]string{
	"at":                       `"2026-11-22T10:00:00Z"`,
	"request.type":             `"interception"`,
	"request.categories":       `["subscriber","content_realtime"]`,
	"request.identifier_count": `2`, "request.identifiers_typed": `true`,
	"request.emergency": `"life"`, "request.issued": `"2026-11-22T09:00:00Z"`,
	"request.related": `["follows","renews"]`, "request.proceedings": `"trial"`,
	"request.languages": `["en","fr"]`, "request.identifier_types": `["email","ip"]`,
	"request.ip_without_time": `true`, "request.range_days": `3`,
	"request.range_end":   `"2026-11-22T10:00:00Z"`,
	"request.has_purpose": `true`, "request.has_facts": `true`, "request.has_nexus": `true`,
	"request.has_promise": `true`, "request.has_deadline": `true`, "request.has_procedure": `true`,
	"secrecy.requested": `true`, "secrecy.grounds": `["flight"]`, "secrecy.ends": `true`, "secrecy.days": `31`,
	"offence.max_custody_months": `120`, "offence.death_penalty": `true`, "offence.speech": `true`,
	"offence.committed_in": `["FR"]`, "offence.category": `"terrorism"`, "offence.listed_in": `["annex"]`,
	"offence.lists": `["eu_2019_713"]`, "offence.by_information_system": `true`,
	"offence.receiving_max_custody_months": `60`, "offence.fiscal": `true`, "offence.political": `true`,
	"offence.military": `true`,
	"sentence.months":  `8`, "sentence.in_absentia": `true`, "sentence.absconded": `true`,
	"target.shape": `"person"`, "target.located_in": `"GB"`, "target.nationalities": `["GB","FR"]`,
	"target.resident_in": `["NO"]`, "target.protected": `["press"]`,
	"service.class": `"financial"`, "service.capacity": `"processor"`,
	"service.capacity_reason": `"controller_unidentified"`,
	"interception.start":      `"2026-11-22T10:00:00Z"`, "interception.end": `"2026-12-20T10:00:00Z"`,
	"interception.less_intrusive_considered": `true`, "interception.days": `28`,
	"authorisation.kind": `"court"`, "authorisation.independent": `true`, "authorisation.judicial": `true`,
	"authorisation.validated_by": `"judge"`, "authorisation.unvalidated": `true`,
	"authorisation.date": `"2026-11-21T10:00:00Z"`,
	"issuing.party":      `"GB"`, "issuing.roles": `["issuing"]`, "receiving.party": `"US"`,
	"addressee.roles": `["provider"]`, "addressee.law": `["US","FR"]`, "notified.roles": `["enforcing"]`,
	"sender.party": `"GB"`, "sender.roles": `["designated"]`,
	"officer.present": `true`, "officer.roles": `["issuing"]`,
	"certification.present": `true`, "certification.party": `"GB"`, "certification.roles": `["designated"]`,
	"certification.invokes": `true`, "certification.contact": `"desk@GB"`, "certification.targeting": `"TP-3"`,
	"certified": `["sworn"]`, "attested": `["own_purpose"]`,
	"agreement.id": `"a-b"`, "agreement.kind": `"data_access_agreement"`, "treaty.other": `true`,
	"target.incorporated_in": `"US"`, "target.government_of": `"FR"`,
}

// Without these there is no decision that asks a rule.
var always = map[string]string{"request.type": `"interception"`, "request.categories": `["content_realtime"]`,
	"issuing.party": `"GB"`, "receiving.party": `"US"`, "addressee.roles": `["provider"]`, "addressee.law": `["US"]`,
	"agreement.id": `"a-b"`, "agreement.kind": `"data_access_agreement"`, "at": `"2026-11-22T10:00:00Z"`}

// asksAll is an agreement with a rule for each variable, which requires that it
// is not known.
func asksAll(t *testing.T) *agreement.Book {
	text := replace(t, replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020),
		"types: [production, subscriber]", "types: [interception]"),
		"categories: [content_stored, subscriber]", "categories: [content_realtime, subscriber]")
	text = replace(t, text, "rights:", "offence_lists:\n  - {id: annex, article: A, provenance: unverified, "+
		"entries: [{code: terrorism, text: T}]}\nrights:")
	for i, v := range agreement.VariablesDoc() {
		text += fmt.Sprintf("  - {id: rule-%d, article: A, kind: computed, require: '%s', otherwise: flag, advice: do it, "+
			"reason: incomplete, text: T, provenance: unverified}\n", i, fmt.Sprintf(unknown[v.Type][1], v.Name))
	}
	other := replace(t, agreementtest.Bilateral("other", "GB", "US", agreementtest.Standing2020),
		"data_access_agreement", "mutual_assistance")
	return agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, text), agreementtest.Parse(t, other)})
}

// everything is a scene that says and knows everything; but a target has one
// shape only.
func everything() *agreementtest.Scene {
	s := agreementtest.UKOrder()
	day := agreementtest.Day
	s.Ask(protocol.Interception, protocol.CategoryContentLive, protocol.CategorySubscriber)
	s.Req.Data[0].From, s.Req.Data[0].To = day.AddDate(0, 0, -3).Add(time.Second), day
	s.Req.Data[1].From, s.Req.Data[1].To = day.AddDate(0, 0, -1), day
	s.Facts.Ref.ID, s.Facts.Issued = "a-b", day.Add(-time.Hour)
	s.Req.Attestations = []protocol.Attestation{{Statement: "own_purpose"}}
	s.Req.Identifiers = append(s.Req.Identifiers, protocol.Identifier{Type: protocol.IdentifierIP, Value: "192.0.2.7:443"})
	s.Req.Purpose, s.Req.Facts, s.Req.Nexus, s.Req.Promise, s.Req.Procedure = "p", "f", "n", "r", "v"
	s.Req.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	s.Req.Related = []protocol.Related{{Relation: protocol.RelationFollows}, {Relation: protocol.RelationRenews}}
	s.Req.Proceedings, s.Req.Languages = protocol.StageTrial, []string{"en", "fr"}
	s.Req.Deadline = &protocol.Deadline{At: day, Reason: "a hearing"}
	s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Until: day.AddDate(0, 0, 30)}
	s.Req.Offence = protocol.Offence{MaxCustodyMonths: 120, DeathPenalty: true, Speech: true,
		CommittedIn: []protocol.Party{"FR"}, Category: "terrorism", Lists: []string{"eu_2019_713"},
		ByInformationSystem: true, ReceivingMaxCustodyMonths: 60, Fiscal: true, Political: true, Military: true}
	s.Req.Sentence = &protocol.Sentence{Months: 8, InAbsentia: true, Absconded: true}
	s.Req.Target = protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB", "FR"},
		ResidentIn: []protocol.Party{"NO"}, Protected: []protocol.Protection{protocol.ProtectionPress}}
	s.Req.Service = &protocol.Service{Class: protocol.ServiceFinancial, Capacity: protocol.CapacityProcessor,
		CapacityReason: protocol.ControllerUnidentified}
	s.Req.Authorisation.Kind, s.Req.Authorisation.Unvalidated = protocol.AuthorityCourt, true
	s.Req.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityJudge}
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"FR"}
	s.Facts.Notified = []agreement.Standing{agreementtest.StandingOf("us.enforcer", protocol.RoleEnforcing)}
	s.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "sworn"}}
	return s
}

func TestVariablesAreWhatTheirDocumentationSays(t *testing.T) {
	book := asksAll(t)
	least := &agreementtest.Scene{Req: protocol.Request{Type: protocol.Interception, Issuer: "gb.met-police",
		Addressee: "us.contoso", Data: []protocol.DataItem{{Category: protocol.CategoryContentLive}}},
		Facts: agreement.Facts{At: agreementtest.Day, Ref: protocol.AgreementRef{ID: "a-b"},
			Issuing: agreementtest.StandingOf("gb.met-police"), Addressee: agreementtest.StandingOf("us.contoso", protocol.RoleProvider)}}
	body, authority := everything(), everything()
	body.Organisation("GB", "US")
	authority.Authority("GB", "FR")
	for _, v := range agreement.VariablesDoc() {
		if v.Name == "" || unknown[v.Type][0] == "" || !strings.HasSuffix(v.Doc, ".") {
			t.Errorf("got %+v", v)
		}
		scene := everything()
		switch v.Name {
		case "target.incorporated_in":
			scene = body
		case "target.government_of":
			scene = authority
		}
		value(t, book, scene, v.Name, known[v.Name])
		if v.Name == "treaty.other" { // the book knows it, whatever the request
			continue
		}
		want := unknown[v.Type][0]
		if a, ok := always[v.Name]; ok {
			want = a
		}
		value(t, book, least, v.Name, want)
	}
	if len(known) != len(agreement.VariablesDoc()) {
		t.Errorf("%d variables are known here, there are %d", len(known), len(agreement.VariablesDoc()))
	}
}

// What has no start or no end has no length, and of some ranges of which one is
// not known the longest is not known: nothing long passes for short, or for long.
func TestLengthOfWhatHasNoStartOrEndIsNotKnown(t *testing.T) {
	book := asksAll(t)
	for name, change := range map[string]func(*agreementtest.Scene){
		"interception.days":  func(s *agreementtest.Scene) { s.Req.Interception.Start = time.Time{} },
		"interception.days ": func(s *agreementtest.Scene) { s.Req.Interception.End = time.Time{} },
		"request.range_days": func(s *agreementtest.Scene) { s.Req.Data[1].From = time.Time{} },
		"secrecy.days":       func(s *agreementtest.Scene) { s.Facts.Issued = time.Time{} },
		"secrecy.days ":      func(s *agreementtest.Scene) { s.Req.Secrecy.Until = time.Time{} },
	} {
		s := everything()
		change(s)
		value(t, book, s, strings.TrimSpace(name), "0")
	}
}

// value checks what a variable is, in its input and in its expression.
func value(t *testing.T, book *agreement.Book, s *agreementtest.Scene, name, want string) {
	t.Helper()
	d := s.Decide(book)
	if why := agreementtest.Unexplained(d); why != "" {
		t.Error(why)
	}
	got := ""
	for _, in := range d.Inputs {
		if in.Name == name {
			got = in.Value
		}
	}
	if got != want {
		t.Errorf("%s: got %s, want %s", name, got, want)
	}
	for i, v := range agreement.VariablesDoc() {
		if v.Name != name {
			continue
		}
		outcome := agreementtest.Found(t, d, fmt.Sprintf("rule-%d", i)).Outcome
		if (outcome == protocol.Pass) != (want == unknown[v.Type][0]) || outcome != protocol.Pass && outcome != protocol.Flag {
			t.Errorf("%s is %s: the rule that wants it unknown says %v", name, want, outcome)
		}
	}
}
