package lint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/lint"
)

// day is the legal time of the tests.
var day = agreementtest.Day

// noFacts is a regulation whose addressee must not read the facts.
const noFacts = `id: no-facts
version: "1"
title: Regulation
citation: synthetic
kind: regulation
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
parties: [DE, IE, GB, US]
provenance: synthetic
rights:
  - {id: data, from: any party, to: any party, types: [production], categories: [content_stored], channel: direct, article: Art. 1, reciprocity: mirrored, provenance: unverified}
rules:
  - id: no-facts-to-the-addressee
    article: Art. 9
    kind: computed
    require: "!request.has_facts && !request.has_nexus"
    otherwise: deny
    reason: contrary_to_law
    text: The facts never go to the addressee.
    provenance: unverified
  - id: language
    article: Art. 10
    kind: attested
    statements: [{code: language_accepted, text: The addressee accepts the language.}]
    otherwise: hold
    reason: language
    side: issuing
    role: issuing
    text: The language must be accepted.
    provenance: unverified
`

func documents(t *testing.T) (order, assistance, regulation *agreement.Document) {
	t.Helper()
	for _, d := range agreementtest.Library(t) {
		switch d.ID {
		case "ukus-daa-2019":
			order = d
		case "eu-us-mla-2003":
			assistance = d
		}
	}
	return order, assistance, agreementtest.Parse(t, noFacts)
}

// clean is an order that nothing is wrong with.
func clean() *protocol.Request {
	r := agreementtest.UKOrder().Req
	r.Authorisation.Instrument = "overseas production order, Crime (Overseas Production Orders) Act 2019 s.1"
	r.Offence.Provisions = []string{"Fraud Act 2006 s.1"}
	r.Data[0].Description = "messages with the victims"
	r.Purpose = "to prove the false representations"
	return &r
}

// helped is a request for assistance that nothing is wrong with.
func helped() *protocol.Request {
	r := clean()
	r.Issuer, r.Addressee = "ie.justice", "us.doj-oia"
	r.Facts, r.Nexus = "the suspect wrote to victims on 3 August", "the letters came from this account"
	r.Related = []protocol.Related{{Relation: protocol.RelationFollows, Reference: "24/7-2026-9"}}
	return r
}

// governs says under which document a row's request goes.
type governs int

const (
	byOrder governs = iota
	byAssistance
	byRegulation
	byNothing
)

var rows = []struct {
	code, member string
	under        governs
	breaks       func(*protocol.Request)
}{
	{"no_legal_basis", "authorisation.instrument", byOrder, func(r *protocol.Request) { r.Authorisation.Instrument = "order" }},
	{"no_legal_basis", "offence.provisions[0]", byOrder, func(r *protocol.Request) { r.Offence.Provisions[0] = "criminal law" }},
	{"authorisation_old", "authorisation.date", byOrder, func(r *protocol.Request) { r.Authorisation.Date = day.AddDate(0, -3, -1) }},
	{"needs_judicial_route", "authorisation.kind", byOrder, func(r *protocol.Request) { r.Authorisation.Kind = protocol.AuthorityProsecutor }},
	{"needs_judicial_route", "authorisation.kind", byNothing, func(r *protocol.Request) { r.Authorisation.Kind = protocol.AuthorityPolice }},
	{"basis_empty", "target.basis", byOrder, func(r *protocol.Request) { r.Target.Basis = "Police intelligence." }},
	{"basis_empty", "target.basis", byOrder, func(r *protocol.Request) { r.Target.Basis = "suspicion" }},
	{"ip_without_time", "identifiers[1].seen", byOrder, func(r *protocol.Request) { address(r, "198.51.100.7:443", time.Time{}) }},
	{"ip_without_port", "identifiers[1].value", byOrder, func(r *protocol.Request) { address(r, "198.51.100.7:0", day) }},
	{"identifier_twice", "identifiers[1]", byOrder, func(r *protocol.Request) {
		r.Identifiers = append(r.Identifiers, protocol.Identifier{Type: protocol.IdentifierEmail, Value: "NAME@example.com"})
	}},
	{"range_too_broad", "data[0]", byOrder, func(r *protocol.Request) { r.Data[0].From = r.Data[0].To.AddDate(0, -12, -1) }},
	{"range_ahead", "data[0].to", byOrder, func(r *protocol.Request) { r.Data[0].To = day.AddDate(0, 0, 2) }},
	{"content_undescribed", "data[0].description", byOrder, func(r *protocol.Request) { r.Data[0].Description = " " }},
	{"all_categories", "data", byOrder, func(r *protocol.Request) {
		for _, c := range []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryTraffic, protocol.CategoryLocation} {
			r.Data = append(r.Data, protocol.DataItem{Category: c, From: day.AddDate(0, -1, 0), To: day})
		}
	}},
	{"emergency_facts_short", "emergency.facts", byOrder, func(r *protocol.Request) {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a life is in danger"}
	}},
	{"emergency_without_person", "emergency.kind", byOrder, func(r *protocol.Request) {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyInfrastructure, Facts: strings.Repeat("the dam may break ", 8)}
	}},
	{"preservation_not_referenced", "related", byAssistance, func(r *protocol.Request) { r.Related = nil }},
	{"language", "languages", byAssistance, func(r *protocol.Request) { r.Languages = []string{"ga"} }},
	{"language", "languages", byOrder, func(r *protocol.Request) { r.Issuer, r.Languages = "de.lka", nil }},
	{"secrecy_without_end", "secrecy.until", byOrder, func(r *protocol.Request) {
		r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}}
	}},
	{"secrecy_over", "secrecy.until", byOrder, func(r *protocol.Request) {
		r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Until: day}
	}},
	{"deadline_past", "deadline.at", byOrder, func(r *protocol.Request) {
		r.Deadline = &protocol.Deadline{At: day, Reason: "the hearing is on that day"}
	}},
	{"deadline_unreasoned", "deadline.reason", byOrder, func(r *protocol.Request) {
		r.Deadline = &protocol.Deadline{At: day.AddDate(0, 0, 3), Reason: "urgent"}
	}},
	{"no_facts", "facts", byAssistance, func(r *protocol.Request) { r.Facts = "" }},
	{"no_nexus", "nexus", byAssistance, func(r *protocol.Request) { r.Nexus = "" }},
	{"facts_to_addressee", "facts", byRegulation, func(r *protocol.Request) { r.Facts = "what happened" }},
	{"facts_to_addressee", "nexus", byRegulation, func(r *protocol.Request) { r.Nexus = "why it belongs to it" }},
	{"identifier_in_text", "purpose", byOrder, func(r *protocol.Request) { r.Purpose = "to read what name@example.com wrote" }},
	{"identifier_in_text", "data[0].description", byOrder, func(r *protocol.Request) { r.Data[0].Description = "calls to +44 1632 960961" }},
	{"identifier_in_text", "offence.description", byOrder, func(r *protocol.Request) { r.Offence.Description = "fraud with card 4111111111111111" }},
	{"identifier_in_text", "target.basis", byOrder, func(r *protocol.Request) { r.Target.Basis = "subscribed as name@example.com" }},
	{"identifier_in_text", "procedure", byOrder, func(r *protocol.Request) { r.Procedure = "ask name@example.com" }},
	{"identifier_in_text", "deadline.reason", byOrder, func(r *protocol.Request) {
		r.Deadline = &protocol.Deadline{At: day.AddDate(0, 0, 3), Reason: "name@example.com is heard"}
	}},
	{"identifier_in_text", "facts", byOrder, func(r *protocol.Request) { r.Facts = "written from name@example.com" }},
	{"identifier_in_text", "nexus", byOrder, func(r *protocol.Request) { r.Nexus = "written from name@example.com" }},
}

func address(r *protocol.Request, value string, seen time.Time) {
	r.Identifiers = append(r.Identifiers, protocol.Identifier{Type: protocol.IdentifierIP, Value: value, Seen: seen})
}

func TestEachDefectIsFoundAndNoOther(t *testing.T) {
	order, assistance, regulation := documents(t)
	under := map[governs]*agreement.Document{byOrder: order, byAssistance: assistance, byRegulation: regulation, byNothing: nil}
	for _, row := range rows {
		r := clean()
		if row.under == byAssistance {
			r = helped()
		}
		if got := lint.Lint(r, under[row.under], day); len(got) > 0 {
			t.Fatalf("%s: got %v of a clean request, want nothing", row.code, got)
		}
		row.breaks(r)
		got := lint.Lint(r, under[row.under], day)
		if len(got) != 1 || got[0].Code != row.code || got[0].Member != row.member {
			t.Errorf("got %v, want %s at %s alone", got, row.code, row.member)
		}
	}
}

// What a rule of thumb must leave alone.
func TestWhatIsRightIsNoDefect(t *testing.T) {
	order, assistance, regulation := documents(t)
	for name, c := range map[string]struct {
		doc *agreement.Document
		req *protocol.Request
		is  func(*protocol.Request)
	}{
		"a prosecutor validated by a court": {order, clean(), func(r *protocol.Request) {
			r.Authorisation.Kind = protocol.AuthorityProsecutor
			r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityCourt}
		}},
		"a prosecutor through authorities": {assistance, helped(), func(r *protocol.Request) { r.Authorisation.Kind = protocol.AuthorityProsecutor }},
		"a prosecutor for preservation": {order, clean(), func(r *protocol.Request) {
			r.Type, r.Authorisation.Kind = protocol.Preservation, protocol.AuthorityProsecutor
		}},
		"the facts for an authority": {assistance, helped(), func(r *protocol.Request) { r.Facts = "written from name@example.com on 3 August" }},
		"who a subscriber is, for years": {order, clean(), func(r *protocol.Request) {
			r.Data[0] = protocol.DataItem{Category: protocol.CategorySubscriber, From: day.AddDate(-9, 0, 0), To: day}
		}},
		"one address at two times": {order, clean(), func(r *protocol.Request) {
			address(r, "198.51.100.7:443", day)
			address(r, "198.51.100.7:443", day.Add(time.Hour))
		}},
		"a date in a text": {order, clean(), func(r *protocol.Request) {
			r.Purpose = "what was written from 2026-08-01 to 2026-11-01 in case 2026/117"
		}},
		"a language that is agreed": {regulation, clean(), func(r *protocol.Request) { r.Languages = []string{"fr"}; attest(r, "language_accepted") }},
		"a translation":             {assistance, helped(), func(r *protocol.Request) { r.Languages = []string{"ga", "en"} }},
		"a Party that is not known": {nil, clean(), func(r *protocol.Request) { r.Addressee, r.Languages = "br.contoso", []string{"en"} }},
		"the facts under an order":  {order, clean(), func(r *protocol.Request) { r.Facts = "the suspect wrote to victims" }},
		"no basis at all":           {order, clean(), func(r *protocol.Request) { r.Target.Basis = "" }},
	} {
		c.is(c.req)
		if got := lint.Lint(c.req, c.doc, day); len(got) > 0 {
			t.Errorf("%s: got %v, want nothing", name, got)
		}
	}
	if got := lint.Lint(nil, nil, day); got != nil {
		t.Errorf("got %v of no request, want nothing", got)
	}
}

func attest(r *protocol.Request, code string) {
	r.Attestations = append(r.Attestations, protocol.Attestation{Statement: code})
}

// mark stands in every text of a request and in no sentence of ours.
const mark = "ZQX"

// anyRequest is a request of whatever content, well formed or not.
func anyRequest(t *rapid.T) *protocol.Request {
	word := rapid.SampledFrom([]string{"", mark, mark + "@example.com", "see " + mark, mark + " 1", "+441632960961" + mark,
		strings.Repeat(mark, 50)})
	text := func(name string) string { return word.Draw(t, name) }
	when := func(name string) time.Time {
		return rapid.SampledFrom([]time.Time{{}, day.AddDate(-9, 0, 0), day.AddDate(0, -4, 0), day, day.AddDate(0, 0, 9)}).Draw(t, name)
	}
	r := &protocol.Request{Type: rapid.SampledFrom(append(protocol.RequestTypes(), "", mark)).Draw(t, "type"),
		Issuer: protocol.ParticipantID(text("issuer")), Addressee: protocol.ParticipantID(text("addressee")),
		Purpose: text("purpose"), Procedure: text("procedure"), Facts: text("facts"), Nexus: text("nexus")}
	r.Authorisation.Kind = rapid.SampledFrom([]protocol.AuthorityKind{"", "judge", "police", mark}).Draw(t, "kind")
	r.Authorisation.Instrument, r.Authorisation.Date = text("instrument"), when("approved")
	r.Offence.Description, r.Target.Basis = text("offence"), text("basis")
	for range rapid.IntRange(0, 3).Draw(t, "n") {
		r.Offence.Provisions = append(r.Offence.Provisions, text("provision"))
		r.Identifiers = append(r.Identifiers, rapid.SampledFrom([]protocol.Identifier{{Type: "ip", Value: mark},
			{Type: "ip", Value: "198.51.100.7:0", Service: mark, Seen: day}, {Type: "email", Value: mark + "@example.com"},
			{Type: mark, Value: mark}}).Draw(t, "identifier"))
		r.Data = append(r.Data, protocol.DataItem{
			Category: rapid.SampledFrom(append(protocol.Categories(), "", mark)).Draw(t, "category"),
			From:     when("from"), To: when("to"), Description: text("description")})
		r.Languages = append(r.Languages, text("language"))
		r.Related = append(r.Related, protocol.Related{Relation: protocol.Relation(text("relation"))})
		attest(r, text("statement"))
	}
	if rapid.Bool().Draw(t, "more") {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyKind(text("emergency")), Facts: text("danger")}
		r.Secrecy = &protocol.Secrecy{Until: when("secrecy")}
		r.Deadline = &protocol.Deadline{At: when("deadline"), Reason: text("reason")}
		r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityKind(text("validated"))}
	}
	return r
}

func TestNoDefectCarriesWhatARequestHolds(t *testing.T) {
	order, assistance, regulation := documents(t)
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest(t)
		doc := rapid.SampledFrom([]*agreement.Document{nil, order, assistance, regulation}).Draw(t, "document")
		for _, d := range lint.Lint(r, doc, day) {
			if strings.Contains(d.Code+d.Member+d.Text+d.Write, mark) {
				t.Errorf("%s carries a value of the request", d.Code)
			}
			if d.Member == "" || d.Text == "" || d.Write == "" {
				t.Errorf("%s lacks its member, its text or what to write instead", d.Code)
			}
		}
	})
}

func TestLanguagesAreKnownOfTheShippedParties(t *testing.T) {
	for _, p := range []protocol.Party{"AU", "DE", "GB", "US"} {
		if len(lint.Languages(p)) == 0 {
			t.Errorf("got no language of %s", p)
		}
	}
	if got := lint.Languages("BE"); !slices.Equal(got, []string{"nl", "fr", "de"}) {
		t.Errorf("got %v of BE, want nl, fr and de", got)
	}
}

// TestALanguageThatIsAcceptedMustBeNamed: where a rule asks for both, one that
// is attested and not said is what the request comes back for.
func TestALanguageThatIsAcceptedMustBeNamed(t *testing.T) {
	_, _, doc := documents(t)
	both := agreementtest.Parse(t, strings.Replace(noFacts, `    kind: attested
`, `    kind: computed
    require: request.languages.size() > 0 && "language_accepted" in attested
`, 1))
	r := clean()
	r.Languages = nil
	attest(r, "language_accepted")
	for name, c := range map[string]struct {
		doc  *agreement.Document
		want int
	}{"both are asked for": {both, 1}, "the statement alone": {doc, 0}} {
		got := 0
		for _, d := range lint.Lint(r, c.doc, day) {
			if d.Member == "languages" {
				got++
			}
		}
		if got != c.want {
			t.Errorf("%s: got %d defects of the languages, want %d", name, got, c.want)
		}
	}
}
