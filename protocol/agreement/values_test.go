package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// looking is an agreement with a rule for every variable, which looks at it.
func looking(t testing.TB) *agreement.Document {
	t.Helper()
	text := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "rights:",
		"offence_lists:\n  - {id: annex, article: A, entries: [{code: fraud, text: f}], provenance: unverified}\nrights:")
	for i, v := range agreement.VariablesDoc() {
		text += fmt.Sprintf("  - {id: see-%d, article: A, kind: computed, require: %s == %[2]s, otherwise: deny, "+
			"reason: incomplete, text: It is looked at., provenance: unverified}\n", i, v.Name)
	}
	return agreementtest.Parse(t, text)
}

// seen returns what the variables stood for.
func seen(t testing.TB, s *agreementtest.Scene) map[string]string {
	t.Helper()
	d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{looking(t)}))
	if !slices.IsSortedFunc(d.Inputs, func(a, b protocol.Input) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("the inputs are not in order: %v", d.Inputs)
	}
	out := map[string]string{}
	for _, in := range d.Inputs {
		out[in.Name] = in.Value
	}
	return out
}

// full is a request that says everything, and facts in which all is known.
func full() *agreementtest.Scene {
	s := agreementtest.UKOrder()
	day := agreementtest.Day
	r := &s.Req
	r.Attestations = []protocol.Attestation{{Statement: "own_purpose"}, {Statement: "b"}}
	r.Data = []protocol.DataItem{
		{Category: protocol.CategoryContent, From: day.AddDate(0, 0, -3), To: day},
		{Category: protocol.CategorySubscriber, From: day.Add(-25 * time.Hour), To: day},
		{Category: protocol.CategoryContent, From: day.Add(-73 * time.Hour), To: day}}
	r.Identifiers = []protocol.Identifier{{Type: protocol.IdentifierIP, Value: "198.51.100.7:443"},
		{Type: protocol.IdentifierEmail, Value: "a@example.com"},
		{Type: protocol.IdentifierIP, Value: "198.51.100.8:443", Seen: day}}
	r.Purpose, r.Facts, r.Nexus, r.Promise, r.Procedure = "p", "f", "n", "r", "s"
	r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "f"}
	r.Interception = &protocol.Window{Start: day, End: day.Add(49 * time.Hour), LessIntrusiveConsidered: true}
	r.Related = []protocol.Related{{Relation: protocol.RelationRenews}, {Relation: protocol.RelationFollows}}
	r.Proceedings, r.Languages = protocol.StageTrial, []string{"en", "fr"}
	r.Deadline = &protocol.Deadline{At: day, Reason: "r"}
	r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Until: day.Add(time.Second)}
	r.Sentence = &protocol.Sentence{Months: 5, InAbsentia: true, Absconded: true}
	r.Service = &protocol.Service{Class: protocol.ServiceDomain, Capacity: protocol.CapacityProcessor,
		CapacityReason: protocol.ControllerUnidentified}
	r.Offence = protocol.Offence{MaxCustodyMonths: 120, DeathPenalty: true, Speech: true,
		CommittedIn: []protocol.Party{"FR", "GB"}, Category: "fraud", Lists: []string{"eu_2019_713"},
		ByInformationSystem: true, ReceivingMaxCustodyMonths: 60, Fiscal: true, Political: true, Military: true}
	r.Target = protocol.Target{LocatedIn: "FR", Nationalities: []protocol.Party{"GB", "IE"}, ResidentIn: []protocol.Party{"GB"},
		Protected: []protocol.Protection{protocol.ProtectionPress}}
	r.Authorisation.Kind, r.Authorisation.Unvalidated = protocol.AuthorityPolice, true
	r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityCourt}
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"IE"}
	s.Facts.Notified = []agreement.Standing{
		agreementtest.StandingOf("us.contoso", protocol.RoleProvider), // the addressee
		agreementtest.StandingOf("fr.parquet", protocol.RoleOversight),
		agreementtest.StandingOf("us.doj", protocol.RoleEnforcing, protocol.RoleCentral),
		agreementtest.StandingOf("us.fbi", protocol.RoleCentral, protocol.RoleIssuing)}
	s.Facts.Certification.Attestations = []protocol.Attestation{{Statement: "necessary"}}
	return s
}

func TestEveryVariableStandsForWhatItSays(t *testing.T) {
	want := map[string]string{
		"at": `"2026-11-22T10:00:00Z"`, "request.issued": `"2026-11-22T10:00:00Z"`,
		"request.type": `"production"`, "request.categories": `["subscriber","content_stored"]`,
		"request.identifier_count": "3", "request.identifiers_typed": "true", "request.identifier_types": `["ip","email"]`,
		"request.ip_without_time": "true", "request.range_days": "4", "request.range_end": `"2026-11-22T10:00:00Z"`, "request.emergency": `"life"`,
		"request.related": `["renews","follows"]`, "request.proceedings": `"trial"`, "request.languages": `["en","fr"]`,
		"request.has_purpose": "true", "request.has_facts": "true", "request.has_nexus": "true",
		"request.has_promise": "true", "request.has_deadline": "true", "request.has_procedure": "true",
		"secrecy.requested": "true", "secrecy.grounds": `["flight"]`, "secrecy.ends": "true", "secrecy.days": "1",
		"offence.max_custody_months": "120", "offence.death_penalty": "true", "offence.speech": "true",
		"offence.committed_in": `["FR","GB"]`, "offence.category": `"fraud"`, "offence.listed_in": `["annex"]`,
		"offence.lists": `["eu_2019_713"]`, "offence.by_information_system": "true",
		"offence.receiving_max_custody_months": "60", "offence.fiscal": "true", "offence.political": "true",
		"offence.military": "true", "sentence.months": "5", "sentence.in_absentia": "true", "sentence.absconded": "true",
		"target.shape": `"person"`, "target.located_in": `"FR"`, "target.nationalities": `["GB","IE"]`,
		"target.resident_in": `["GB"]`, "target.incorporated_in": `""`, "target.government_of": `""`,
		"target.protected": `["press"]`, "service.class": `"domain_or_ip"`, "service.capacity": `"processor"`,
		"service.capacity_reason": `"controller_unidentified"`, "interception.start": `"2026-11-22T10:00:00Z"`,
		"interception.end": `"2026-11-24T11:00:00Z"`, "interception.less_intrusive_considered": "true",
		"interception.days": "3", "authorisation.kind": `"police"`, "authorisation.independent": "false",
		"authorisation.judicial": "true", "authorisation.validated_by": `"court"`, "authorisation.unvalidated": "true",
		"authorisation.date": `"2026-11-21T10:00:00Z"`, "issuing.party": `"GB"`, "issuing.roles": `["issuing"]`,
		"receiving.party": `"US"`, "addressee.roles": `["provider"]`, "addressee.law": `["US","IE"]`,
		"notified.roles": `["enforcing","central","issuing"]`, "sender.party": `"GB"`, "sender.roles": `["designated"]`,
		"officer.present": "true", "officer.roles": `["issuing"]`, "certification.present": "true",
		"certification.party": `"GB"`, "certification.roles": `["designated"]`, "certification.invokes": "true",
		"certification.contact": `"desk@GB"`, "certification.targeting": `"TP-3"`, "certified": `["necessary"]`,
		"attested": `["own_purpose","b"]`, "agreement.id": `"a-b"`, "agreement.kind": `"data_access_agreement"`,
		"treaty.other": "false",
	}
	got := seen(t, full())
	for _, v := range agreement.VariablesDoc() {
		if _, ok := want[v.Name]; !ok {
			t.Errorf("%s is not tested", v.Name)
		}
		if got[v.Name] != want[v.Name] {
			t.Errorf("%s: got %s, want %s", v.Name, got[v.Name], want[v.Name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d variables, want %d", len(got), len(want))
	}
}

// What is not known must be what no rule takes for a yes.
func TestWhatIsNotKnownIsEmpty(t *testing.T) {
	s := agreementtest.UKOrder()
	order := s.Req
	s.Req = protocol.Request{Type: protocol.Production, Issuer: order.Issuer, Addressee: order.Addressee,
		Data: []protocol.DataItem{{Category: protocol.CategoryContent}}}
	s.Facts = agreement.Facts{Issuing: agreement.Standing{ID: order.Issuer, Party: "GB"}, At: agreementtest.Day,
		Addressee: agreement.Standing{ID: order.Addressee, Party: "US", Roles: []protocol.Role{protocol.RoleProvider}},
		// A certification that was not verified says nothing.
		Certification: agreement.Certification{Invokes: true, Contact: "desk", Targeting: "TP",
			By:           agreementtest.StandingOf("gb.home-office", protocol.RoleDesignated),
			Attestations: []protocol.Attestation{{Statement: "necessary"}}}}
	known := []string{"at", "request.type", "request.categories", "issuing.party", "receiving.party",
		"addressee.roles", "addressee.law", "agreement.id", "agreement.kind"}
	empty := map[string]string{"string": `""`, "list(string)": "[]", "int": "0", "bool": "false",
		"timestamp": `"0001-01-01T00:00:00Z"`}
	got := seen(t, s)
	for _, v := range agreement.VariablesDoc() {
		if v.Name == "" || empty[v.Type] == "" || !strings.HasSuffix(v.Doc, ".") {
			t.Errorf("it is not said what this is: %+v", v)
		}
		if slices.Contains(known, v.Name) {
			continue
		}
		if got[v.Name] != empty[v.Type] {
			t.Errorf("%s: got %s, want %s", v.Name, got[v.Name], empty[v.Type])
		}
	}
}

func TestVariablesThatAreComputed(t *testing.T) {
	day := agreementtest.Day
	for _, c := range []struct {
		variable, want string
		change         func(*agreementtest.Scene)
	}{
		{"target.shape", `"organisation"`, func(s *agreementtest.Scene) { s.Organisation("GB", "GB") }},
		{"target.shape", `"public_authority"`, func(s *agreementtest.Scene) { s.Authority("GB", "GB") }},
		{"target.shape", `""`, func(s *agreementtest.Scene) { s.Req.Target.Incorporated = "GB" }},
		{"target.shape", `""`, func(s *agreementtest.Scene) { s.Req.Target.GovernmentOf = "GB" }},
		{"target.shape", `""`, func(s *agreementtest.Scene) {
			s.Organisation("GB", "GB")
			s.Req.Target.GovernmentOf = "GB"
		}},
		{"request.identifiers_typed", "false", func(s *agreementtest.Scene) { s.Req.Identifiers[1].Value = "nobody" }},
		{"request.ip_without_time", "false", func(s *agreementtest.Scene) { s.Req.Identifiers[0].Seen = day }},
		{"request.range_days", "3", func(s *agreementtest.Scene) { s.Req.Data = s.Req.Data[:2] }},
		{"request.range_days", "0", func(s *agreementtest.Scene) {
			s.Req.Data = []protocol.DataItem{{Category: protocol.CategoryContent, From: day, To: day.Add(-time.Hour)}}
		}},
		// Of some ranges of which one is not known the longest is not known.
		{"request.range_days", "0", func(s *agreementtest.Scene) { s.Req.Data[0].From = time.Time{} }},
		{"request.range_days", "0", func(s *agreementtest.Scene) { s.Req.Data[1].To = time.Time{} }},
		{"interception.days", "0", func(s *agreementtest.Scene) { s.Req.Interception.Start = time.Time{} }},
		{"interception.days", "0", func(s *agreementtest.Scene) { s.Req.Interception.End = time.Time{} }},
		{"request.range_end", `"2026-11-23T10:00:00Z"`, func(s *agreementtest.Scene) { s.Req.Data[1].To = day.AddDate(0, 0, 1) }},
		{"request.range_end", `"0001-01-01T00:00:00Z"`, func(s *agreementtest.Scene) { s.Req.Data[1].To = time.Time{} }},
		{"secrecy.days", "2", func(s *agreementtest.Scene) { s.Req.Secrecy.Until = day.Add(24*time.Hour + 1) }},
		{"secrecy.days", "1", func(s *agreementtest.Scene) { s.Req.Secrecy.Until = day.Add(24 * time.Hour) }},
		{"secrecy.days", "0", func(s *agreementtest.Scene) { s.Req.Secrecy.Until = day.Add(-time.Hour) }},
		{"secrecy.days", "0", func(s *agreementtest.Scene) { s.Req.Secrecy.Until = time.Time{} }},
		{"secrecy.days", "0", func(s *agreementtest.Scene) { s.Facts.Issued = time.Time{} }},
		{"offence.listed_in", "[]", func(s *agreementtest.Scene) { s.Req.Offence.Category = "theft" }},
		{"authorisation.independent", "true", func(s *agreementtest.Scene) { s.Req.Authorisation.Kind = protocol.AuthorityInvestigating }},
		{"authorisation.judicial", "true", func(s *agreementtest.Scene) {
			s.Req.Authorisation.Kind, s.Req.Authorisation.ValidatedBy = protocol.AuthorityJudge, nil
		}},
		{"authorisation.judicial", "false", func(s *agreementtest.Scene) { s.Req.Authorisation.ValidatedBy.Kind = protocol.AuthorityProsecutor }},
		{"authorisation.judicial", "false", func(s *agreementtest.Scene) { s.Req.Authorisation.ValidatedBy = nil }},
		{"notified.roles", "[]", func(s *agreementtest.Scene) { s.Facts.Notified = s.Facts.Notified[:2] }},
		{"at", `"2026-11-22T10:00:00Z"`, func(s *agreementtest.Scene) {
			s.Facts.At = s.Facts.At.In(time.FixedZone("", 3600))
		}},
		{"request.proceedings", `"tri\"al"`, func(s *agreementtest.Scene) { s.Req.Proceedings = `tri"al` }},
	} {
		s := full()
		if strings.HasPrefix(c.variable, "target") {
			s.Person("GB", "GB", "GB")
		}
		c.change(s)
		if got := seen(t, s)[c.variable]; got != c.want {
			t.Errorf("%s: got %s, want %s", c.variable, got, c.want)
		}
	}
}

// A finding names what its rule looks at, and the decision nothing else.
func TestInputsAreThoseThatRulesLookAt(t *testing.T) {
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + `  - id: said
    article: Art. 4
    kind: attested
    when: request.has_facts || request.has_facts
    by: designated
    statements: [{code: necessary, text: it is}]
    otherwise: deny
    reason: incomplete
    text: It must be said.
    provenance: unverified
  - id: back
    article: Art. 5
    kind: computed
    from: US
    require: offence.speech
    otherwise: deny
    reason: free_speech
    text: In the other direction.
    provenance: unverified
`
	s := agreementtest.UKOrder()
	d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{agreementtest.Parse(t, text)}))
	for rule, want := range map[string]string{"threshold": "[offence.max_custody_months]", "back": "[]",
		"said":              "[attested certification.roles certified officer.roles request.has_facts]",
		agreement.StepRight: "[]"} {
		if got := fmt.Sprint(agreementtest.Found(t, d, rule).Inputs); got != want {
			t.Errorf("%s: got %s, want %s", rule, got, want)
		}
	}
	var names []string
	for _, in := range d.Inputs {
		names = append(names, in.Name)
	}
	if got := strings.Join(names, " "); got != "attested certification.roles certified offence.max_custody_months "+
		"officer.roles request.has_facts" {
		t.Errorf("got %s", got)
	}
}
