package agreement_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// members is an agreement with every member that an instrument may have. What
// stands where is part of the tests: they name lines.
const members = `id: a-b
version: "1"
title: An instrument
citation: synthetic
kind: convention
status: in_force
signed: 2019-01-01
in_force: 2020-01-01
parties:
  - GB
  - {party: US, signed: 2019-01-01, ratified: 2019-06-01, in_force: 2020-01-01, left: 2030-01-01}
provenance: synthetic
terms:
  - {of: subscriber, own: subscriber_data, text: data, article: Art. 1, provenance: unverified}
options:
  - {id: no-traffic, kind: reservation, article: Art. 2, text: none, mirrored: Art. 2(2), excludes: {categories: [traffic_stored]}, provenance: unverified}
positions:
  - {party: US, option: no-traffic, since: 2025-01-01, provenance: unverified}
offence_lists:
  - {id: annex, article: Annex, entries: [{code: fraud, text: fraud}, {code: theft, text: theft}], provenance: unverified}
rights:
  - id: data
    from: any party
    to: any party
    types: [production]
    categories: [content_stored]
    channel: direct
    article: Art. 3
    reciprocity: mirrored
    emergency: only
    notifies: {role: enforcing, when: request.has_facts, option: no-traffic, article: Art. 4, text: told, provenance: unverified}
    provenance: unverified
rules:
  - id: necessity
    article: Art. 5
    kind: attested
    by: designated
    option: no-traffic
    statements: [{code: necessary, text: it is}]
    otherwise: flag
    reason: proportionality
    text: It must be necessary.
    advice: Say why it is.
    provenance: unverified
barred_grounds:
  - {ground: bank_secrecy, from: GB, to: any party, article: Art. 6, text: barred, provenance: unverified}
`

// domesticLaw is a Party's own law.
const domesticLaw = `id: gb-law
version: "1"
title: The law
citation: synthetic
kind: domestic_law
status: in_force
signed: 2019-01-01
in_force: 2020-01-01
parties: [GB]
provenance: synthetic
rules:
  - id: consent
    article: s. 1
    kind: judgement
    capacity: receiving
    otherwise: hold
    reason: domestic_law
    side: receiving
    role: central
    text: The minister must consent.
    question: Does the minister consent?
    provenance: unverified
`

const courtesyParties = `parties:
  - GB
  - {party: US, signed: 2019-01-01, ratified: 2019-06-01, in_force: 2020-01-01, left: 2030-01-01}
`

func TestEveryMemberIsRead(t *testing.T) {
	agreementtest.Parse(t, replace(t, members, "own: subscriber_data", "own: "+strings.Repeat("a", agreement.MaxID)))
	d := agreementtest.Parse(t, members)
	us, ok := d.Member("US")
	if !ok || us.Ratified.String() != "2019-06-01" || us.Left.String() != "2030-01-01" {
		t.Errorf("got %+v, %v", us, ok)
	}
	if gb, ok := d.Member("GB"); !ok || gb != (agreement.Member{Party: "GB"}) {
		t.Errorf("got %+v, %v, want the Party alone", gb, ok)
	}
	if _, ok := d.Member("FR"); ok || d.Has("FR") || fmt.Sprint(d.Parties()) != "[GB US]" {
		t.Errorf("got Parties %v", d.Parties())
	}
	o, r := d.Options[0], d.Rights[0]
	if o.Mirrored != "Art. 2(2)" || o.Excludes == nil || len(o.Excludes.Types) != 0 || len(o.Excludes.Categories) != 1 {
		t.Errorf("got option %+v", o)
	}
	if !r.EmergencyOnly || r.Notifies == nil || r.Notifies.Role != "enforcing" || r.Notifies.Option != "no-traffic" {
		t.Errorf("got right %+v", r)
	}
	if rule := d.Rules[0]; rule.By != "designated" || rule.Ask != "Say why it is." || rule.Option != "no-traffic" {
		t.Errorf("got rule %+v", rule)
	}
	if len(d.Terms) != 1 || d.Terms[0].Category != "subscriber" || d.Terms[0].Type != "" {
		t.Errorf("got terms %+v", d.Terms)
	}
	if len(d.Lists) != 1 || len(d.Lists[0].Entries) != 2 || len(d.Positions) != 1 || len(d.Barred) != 1 {
		t.Errorf("got lists %+v, positions %+v, barred grounds %+v", d.Lists, d.Positions, d.Barred)
	}
}

// A changed document is one with one place changed, and what is said of it.
type changed struct{ name, old, new, want string }

func refused(t *testing.T, good string, c changed) {
	t.Run(c.name, func(t *testing.T) {
		_, err := agreement.ParseDocument("test.yaml", []byte(replace(t, good, c.old, c.new)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "agreement: test.yaml:") {
			t.Errorf("got %v, want an error that begins with the file", err)
		}
	})
}

func TestBadMembersAreRefusedWithFileLineAndMend(t *testing.T) {
	lists := "  - {id: annex-%d, article: Annex, entries: [{code: a, text: a}], provenance: unverified}\n"
	many := ""
	for i := range 33 {
		many += fmt.Sprintf(lists, i)
	}
	for _, c := range []changed{
		{"Party that nothing is said of", ", signed: 2019-01-01, ratified: 2019-06-01, in_force: 2020-01-01, left: 2030-01-01", "",
			"test.yaml:11: parties[1]: write the code alone, or say when it signed"},
		{"ratified before signed", "ratified: 2019-06-01", "ratified: 2018-12-31",
			"test.yaml:11: parties[1].ratified: 2018-12-31 is before signed, 2019-01-01: mend one of the two"},
		{"bound before ratified", "ratified: 2019-06-01, in_force: 2020-01-01", "ratified: 2020-01-02, in_force: 2020-01-01",
			"test.yaml:11: parties[1].in_force: 2020-01-01 is before ratified, 2020-01-02: mend one of the two"},
		{"bound before signed", "signed: 2019-01-01, ratified: 2019-06-01, in_force: 2020-01-01", "signed: 2020-01-02, in_force: 2020-01-01",
			"test.yaml:11: parties[1].in_force: 2020-01-01 is before signed, 2020-01-02: mend one of the two"},
		{"left when bound", "left: 2030-01-01", "left: 2020-01-01", "test.yaml:11: parties[1].left: want it after in_force, which must be there"},
		{"left and never bound", "in_force: 2020-01-01, left", "left", "test.yaml:11: parties[1].left: want it after in_force"},
		{"Party twice", "  - GB\n", "  - GB\n  - GB\n", "test.yaml:11: parties[1]: GB stands twice"},
		{"member of a Party", "{party: US,", "{party: US, role: none,", `test.yaml:11: parties[1]: unknown member "role": want one of party, signed`},
		{"any party", courtesyParties, "parties: any party\n", "test.yaml:1: document.parties: name them: only what rests on no treaty"},
		{"one Party", courtesyParties, "parties: [GB]\n", "document.parties: want two at least"},

		{"term of nothing", "of: subscriber,", "of: everything,", `test.yaml:14: terms[0].of: "everything": want a data category or a request type`},
		{"term with a hyphen", "own: subscriber_data", "own: subscriber-data", `test.yaml:14: terms[0].own: "subscriber-data": want small letters, digits and single underscores`},
		{"long term", "own: subscriber_data", "own: " + strings.Repeat("a", agreement.MaxID+1), "test.yaml:14: terms[0].own: "},
		{"term twice", "terms:\n", "terms:\n  - {of: subscriber, own: subscriber_data, text: x, article: x, provenance: unverified}\n",
			`test.yaml:15: terms[1].own: "subscriber_data" stands twice for the same: want it once`},
		{"term without a source", "text: data, article: Art. 1, provenance: unverified", "text: data, article: Art. 1, provenance: verified",
			"test.yaml:14: terms[0].source: missing"},

		{"option of no kind", "kind: reservation", "kind: wish", `test.yaml:16: options[0].kind: "wish" is not known: want one of reservation, declaration`},
		{"option twice", "options:\n", "options:\n  - {id: no-traffic, kind: declaration, article: x, text: x, provenance: unverified}\n",
			`test.yaml:17: options[1].id: two options are "no-traffic": want another id`},
		{"excluded category", "[traffic_stored]", "[thoughts]", `test.yaml:16: options[0].excludes.categories[0]: "thoughts" is not known`},
		{"excluded member", "excludes: {categories", "excludes: {parties", `test.yaml:16: options[0].excludes: unknown member "parties"`},

		{"position of a stranger", "- {party: US, option", "- {party: FR, option", "positions[0]: FR is not in parties: mend one of the two"},
		{"position of no option", "option: no-traffic, since", "option: no-content, since", `positions: there is no option "no-content": mend one of the two`},
		{"position twice", "positions:\n", "positions:\n  - {party: US, option: no-traffic, provenance: unverified}\n",
			"test.yaml:19: positions[1]: US made no-traffic twice: want it once"},
		{"position since never", "since: 2025-01-01", "since: soon", `test.yaml:18: positions[0].since: "soon": want a day`},

		{"list twice", "offence_lists:\n", "offence_lists:\n" + strings.Replace(fmt.Sprintf(lists, 0), "-0", "", 1),
			`test.yaml:21: offence_lists[1].id: two lists are "annex": want another id`},
		{"too many lists", "offence_lists:\n", "offence_lists:\n" + many, "offence_lists[32]: want at most 32 lists"},
		{"code twice", "code: theft", "code: fraud", `test.yaml:20: offence_lists[0].entries[1].code: "fraud" stands twice: want it once`},
		{"no entries", "entries: [{code: fraud, text: fraud}, {code: theft, text: theft}]", "entries: []", "test.yaml:20: offence_lists[0].entries: want 1 to"},

		{"emergency always", "emergency: only", "emergency: always", "test.yaml:30: rights[0].emergency: want only, or leave it out"},
		{"told role", "notifies: {role: enforcing", "notifies: {role: king", `test.yaml:31: rights[0].notifies.role: "king" is not known`},
		{"told when", "when: request.has_facts", "when: request.facts", "test.yaml:31: rights[0].notifies.when: column 8: there is no 'request.facts'"},
		{"told by no option", "when: request.has_facts, option: no-traffic", "when: request.has_facts, option: no-content",
			`right data: there is no option "no-content": mend one of the two`},
		{"told without a source", "text: told, provenance: unverified", "text: told, provenance: secondary", "test.yaml:31: rights[0].notifies.source: missing"},
		{"no rights", members[strings.Index(members, "rights:\n"):strings.Index(members, "rules:\n")], "",
			"test.yaml:1: document.rights: missing: only domestic law grants none"},

		{"by nobody", "by: designated", "by: king", `test.yaml:37: rules[0].by: "king" is not known`},
		{"by, computed", "kind: attested", "kind: computed\n    require: offence.speech", "rules[0].by: leave it out: only an attested rule has it"},
		{"flag without advice", "    advice: Say why it is.\n", "", "test.yaml:34: rule necessity: advice is missing: a rule that only warns says what to do"},
		{"flag with a side", "otherwise: flag", "otherwise: flag\n    side: issuing\n    role: central", "rules[0]: want side and role"},
		{"question, attested", "advice: Say why it is.", "question: Why?", "test.yaml:34: rule necessity: leave out question: only a rule left to judgement has one"},
		{"rule of no option", "option: no-traffic\n    statements", "option: no-content\n    statements",
			`rule necessity: there is no option "no-content": mend one of the two`},
		{"capacity", "by: designated", "by: designated\n    capacity: issuing", "rule necessity: want capacity, in which the Party's law matters, in domestic law only"},
		{"rule under the name of a step", "id: necessity", "id: terms", `rules[0].id: "terms" is the name of a step`},
		{"rule under the name of another step", "id: necessity", "id: notification", `rules[0].id: "notification" is the name of a step`},

		{"no such ground", "ground: bank_secrecy", "ground: habit", `test.yaml:46: barred_grounds[0].ground: "habit" is not known`},
		{"barred only then", "from: GB, to: any party", "only: sometimes", `barred_grounds[0].only: "sometimes" is not known: want one of no_other_treaty`},
		{"barred for a stranger", "from: GB, to: any party", "from: FR, to: any party", "barred ground bank_secrecy: FR is not in parties: mend one of the two"},
		{"barred without a source", "text: barred, provenance: unverified", "text: barred, provenance: verified", "test.yaml:46: barred_grounds[0].source: missing"},
		{"id of domestic law", "id: a-b\n", "id: gb-law-b\n", `document.id: "gb-law-b" is for domestic law: want another id`},
	} {
		refused(t, members, c)
	}
}

func TestDomesticLawIsOnlyThat(t *testing.T) {
	d := agreementtest.Parse(t, domesticLaw)
	if d.Governs("GB", "US") || d.Governs("US", "GB") || len(d.Rights) != 0 {
		t.Error("domestic law governs")
	}
	agreementtest.Parse(t, replace(t, domesticLaw, "id: gb-law", "id: gb-law-2018"))
	right := members[strings.Index(members, "rights:\n"):strings.Index(members, "    emergency: only")] + "    provenance: unverified\n"
	option := members[strings.Index(members, "options:\n"):strings.Index(members, "positions:\n")]
	for _, c := range []changed{
		{"rights", "rules:\n", right + "rules:\n", "right data: want within, in place of from and to, in domestic law only"},
		{"options", "rules:\n", option + "rules:\n", "document: domestic law has no options and positions"},
		{"a right of another Party", "rules:\n", withinGB("within: US") + "rules:\n", "right execution: US is not in parties"},
		{"a right with a direction", "rules:\n", withinGB("within: GB\n    to: GB") + "rules:\n", "rights[0].within: leave out from and to"},
		{"a right without one", "rules:\n", withinGB("from: GB") + "rules:\n", "rights[0].to: missing"},
		{"a mirrored right", "rules:\n", strings.Replace(strings.Replace(withinGB("within: GB"), "one-sided\n", "mirrored\n", 1),
			"    one_sided_article: s. 2\n", "", 1) + "rules:\n", "right execution: within a Party a right is direct, one-sided"},
		{"a right to an authority", "rules:\n", strings.Replace(withinGB("within: GB"), "direct", "central", 1) + "rules:\n",
			"right execution: within a Party a right is direct, one-sided"},
		{"a rule for no right", "capacity: receiving", "capacity: within", "rule consent: capacity within: the document grants no right"},
		{"two Parties", "[GB]", "[GB, US]", "domestic law has one Party, and an id that begins with its code: such as us-law"},
		{"the law of another", "[GB]", "[US]", "domestic law has one Party, and an id that begins with its code"},
		{"any party", "[GB]", "any party", "document.parties: name them"},
		{"another id", "id: gb-law", "id: gb-laws", "domestic law has one Party, and an id that begins with its code"},
		{"no capacity", "    capacity: receiving\n", "", "rule consent: want capacity"},
		{"no such capacity", "capacity: receiving", "capacity: any", `rules[0].capacity: "any" is not known: want one of issuing, receiving, provider, within`},
		{"from", "capacity: receiving", "capacity: receiving\n    from: GB", "rule consent: leave out from and to: capacity says"},
		{"to", "capacity: receiving", "capacity: receiving\n    to: GB", "rule consent: leave out from and to: capacity says"},
		{"no question", "    question: Does the minister consent?\n", "", "test.yaml:12: rule consent: want the question that a person answers, and no advice"},
		{"advice, judgement", "    provenance: unverified\n", "    advice: ask\n    provenance: unverified\n", "test.yaml:12: rule consent: want the question that a person answers, and no advice"},
		{"judgement that warns", "otherwise: hold", "otherwise: flag", "rules[0]: want otherwise: hold and no statements"},
	} {
		refused(t, domesticLaw, c)
	}
}

// withinGB are the rights of domestic law, with one.
func withinGB(where string) string {
	return `rights:
  - id: execution
    ` + where + `
    types: [production]
    categories: [subscriber]
    channel: direct
    article: s. 2
    reciprocity: one-sided
    one_sided_article: s. 2
    provenance: unverified
`
}

func TestDomesticLawGrantsWithinItsParty(t *testing.T) {
	d := agreementtest.Parse(t, replace(t, domesticLaw, "rules:\n", withinGB("within: GB")+"rules:\n"))
	if !d.Governs("GB", "GB") || d.Governs("GB", "US") || d.Governs("US", "US") || !d.Rights[0].Within {
		t.Error("want it to govern within its Party, and nowhere else")
	}
	refused(t, members, changed{"within, between two", "    from: any party\n    to: any party\n", "    within: GB\n",
		"want within, in place of from and to, in domestic law only"})
}

func TestCourtesyIsForEveryState(t *testing.T) {
	dated := replace(t, replace(t, members, courtesyParties, "parties: any party\n"), "kind: convention", "kind: courtesy")
	for _, days := range []string{"signed: 2019-01-01\n", "in_force: 2020-01-01\n"} {
		refused(t, dated, changed{"a day", days, "", "leave out signed and in_force: courtesy has no day"})
	}
	text := replace(t, dated, "signed: 2019-01-01\nin_force: 2020-01-01\n", "")
	d := agreementtest.Parse(t, text)
	if !d.EveryParty || len(d.Members) != 0 || !d.Governs("BR", "US") || d.Governs("BR", "BR") || d.Governs("BR", "") {
		t.Errorf("got %v, members %v", d.EveryParty, d.Members)
	}
	at := agreementtest.Day
	if !d.StandsFor(at, "BR", "US") || d.StandsFor(at, "BR", "") || d.StandsFor(time.Time{}, "BR", "US") {
		t.Error("want it to stand for every State, and for nobody else, and at no unknown time")
	}
}

func TestPartyIsBoundWhileItsOwnDatesSaySo(t *testing.T) {
	only := replace(t, members, ", ratified: 2019-06-01, in_force: 2020-01-01, left: 2030-01-01", "")
	plain := replace(t, members, "{party: US, signed: 2019-01-01, ratified: 2019-06-01, in_force: 2020-01-01, left: 2030-01-01}", "US")
	for _, c := range []struct {
		name, text, at string
		want           bool
	}{
		{"before", members, "2019-12-31T23:59:59Z", false},
		{"from the first second", members, "2020-01-01T00:00:00Z", true},
		{"to the last", members, "2029-12-31T23:59:59Z", true},
		{"left", members, "2030-01-01T00:00:00Z", false},
		{"signed only", only, "2026-01-01T00:00:00Z", false},
		{"nothing said", plain, "2040-01-01T00:00:00Z", true},
		{"nothing said, before it was in force", plain, "2019-12-31T23:59:59Z", false},
	} {
		d := agreementtest.Parse(t, c.text)
		at := moment(t, c.at)
		if got := d.StandsFor(at, "GB", "US"); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if d.StandsFor(at, "GB", "FR") {
			t.Errorf("%s: it stands for a stranger", c.name)
		}
	}
}
