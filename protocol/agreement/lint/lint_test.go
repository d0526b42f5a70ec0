package lint_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/lint"
)

// clean has nothing that looks wrong.
const clean = `id: a-b
version: "1"
title: Agreement
citation: synthetic
kind: convention
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
expires: 2040-01-01
parties: [GB, US]
provenance: Some of it is not verified.
options:
  - {id: no-live, kind: reservation, article: Art. 8, text: It may refuse live content., excludes: {categories: [content_realtime]}, provenance: verified, source: Art. 8}
  - {id: by-centre, kind: declaration, article: Art. 9, text: It may want all through its centre., provenance: unverified}
offence_lists:
  - {id: grave, article: Annex, entries: [{code: murder, text: murder}], provenance: verified, source: Annex}
rights:
  - id: data
    from: any party
    to: any party
    types: [production, subscriber]
    categories: [content_stored, subscriber]
    channel: direct
    article: Art. 2
    reciprocity: mirrored
    notifies:
      role: enforcing
      when: issuing.party == "GB"
      option: by-centre
      article: Art. 2(2)
      text: The enforcing authority is told.
      provenance: unverified
    provenance: verified
    source: Convention, Art. 2
rules:
  - id: threshold
    article: Art. 3
    kind: computed
    when: request.type == "production" && offence.category != "murder"
    require: offence.max_custody_months >= 12 || "grave" in offence.listed_in
    otherwise: deny
    reason: offence_below_threshold
    text: The offence must carry a year.
    provenance: unverified
  - id: stated
    article: Art. 4
    kind: attested
    statements:
      - {code: not_political, text: The offence is not political.}
    otherwise: deny
    reason: political_offence
    text: An officer states that the offence is not political.
    provenance: unverified
  - id: decides
    article: Art. 5
    kind: judgement
    when: '"content_stored" in request.categories || request.categories.exists(c, c == "subscriber")'
    otherwise: hold
    reason: judgement
    side: receiving
    role: enforcing
    question: Is it lawful?
    text: The receiving Party decides.
    provenance: unverified
barred_grounds:
  - {ground: bank_secrecy, article: Art. 6, text: Bank secrecy is no ground., provenance: unverified}
clocks:
  - {id: review, article: Art. 12, date: 2040-01-01, text: It is reviewed., provenance: unverified}
`

func warnings(t *testing.T, source string) []lint.Warning {
	t.Helper()
	d, err := agreement.ParseDocument("test.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return lint.Document(d, agreementtest.Day)
}

func TestNothingIsWrongWithACleanDocument(t *testing.T) {
	if got := warnings(t, clean); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatLooksWrongIsWarnedOf(t *testing.T) {
	const when = `when: request.type == "production" && offence.category != "murder"`
	const require = `require: offence.max_custody_months >= 12 || "grave" in offence.listed_in`
	for _, c := range []struct{ name, old, new, path, want string }{
		{"word that a type never is", when, `when: request.type == "produce"`, "rules[0].when", `"produce", which is no request type`},
		{"word in a list", when, `when: request.type in ["production", "wiretap"]`, "rules[0].when", `"wiretap", which is no request type`},
		{"word of a macro", `c == "subscriber"`, `c == "subscribers"`, "rules[2].when", `"subscribers", which is no data category`},
		{"Party that is none of this document", when, `when: issuing.party == "FR"`, "rules[0].when", `"FR", which is no Party of this document`},
		{"country that is none", when, `when: target.located_in == "UK"`, "rules[0].when", `"UK", which is no country`},
		{"list that is not printed", `"grave" in offence.listed_in`, `"grave" in offence.listed_in || "graver" in offence.listed_in`,
			"rules[0].require", `"graver", which is no list of offences`},
		{"offence of no list", `offence.category != "murder"`, `offence.category != "murdr"`, "rules[0].when", `"murdr", which is no offence`},
		{"statement that nobody is asked for", when, `when: '"not_politic" in attested'`, "rules[0].when", `"not_politic", which is no statement`},
		{"word of a notification", `when: issuing.party == "GB"`, `when: issuing.party == "FR"`, "rights[0].notifies.when", `"FR"`},
		{"role that is none", when, `when: '!("issuer" in issuing.roles)'`, "rules[0].when", `"issuer", which is no role`},

		{"Party that is no country", "parties: [GB, US]", "parties: [GB, US, UK]", "document.parties", "did you mean GB?"},
		{"day that has not come", "in_force: 2020-06-01", "in_force: 2030-06-01", "document.in_force", "has not come"},
		{"sentence after a number", "Some of it is not verified.", "Some is not verified under ETS 182." +
			strings.Repeat(" For", 41) + ".", "document.provenance", "sentence of 41 words"},
		{"type that no right grants", when, `when: request.type == "interception"`, "rules[0].when", "never applies"},
		{"category that no right grants", when, `when: '"location" in request.categories'`, "rules[0].when", "never applies"},
		{"category of another type", when, `when: request.categories.exists(c, c == "location" || c == "content_realtime")`,
			"rules[0].when", "never applies"},
		{"contradiction", when, `when: request.type == "production" && request.type == "subscriber"`, "rules[0].when", "never applies"},
		{"contradiction of a bool", when, `when: offence.fiscal && !offence.fiscal`, "rules[0].when", "never applies"},
		{"contradiction of numbers", when, `when: sentence.months > 12 && sentence.months < 6`, "rules[0].when", "never applies"},
		{"number below nought", when, `when: sentence.months < 0`, "rules[0].when", "never applies"},
		{"direction that no right has", when, "from: GB\n    to: GB\n    " + when, "rules[0].from", "no right goes in its direction"},
		{"never met", require, `require: offence.fiscal && !offence.fiscal`, "rules[0].require", "never be met"},
		{"never met where it applies", require, `require: request.type == "subscriber"`, "rules[0].require", "never be met"},
		{"never met after what it applies to", when + "\n    " + require, "when: '!offence.fiscal'\n    require: offence.fiscal",
			"rules[0].require", "never be met"},
		{"never met by number", require, `require: sentence.months >= 12 && sentence.months <= 11`, "rules[0].require", "never be met"},
		{"always met", require, `require: request.type == "production" || offence.fiscal`, "rules[0].require", "always met"},
		{"always met by number", require, `require: sentence.months >= 0`, "rules[0].require", "always met"},

		{"mirror that is missing", "from: any party\n    to: any party", "from: GB\n    to: US", "rights[0].reciprocity", "US may not ask GB for content_stored, subscriber (production)"},
		{"statement of two texts", "    provenance: unverified\n  - id: decides", "    provenance: unverified\n  - id: again\n    article: Art. 4\n    kind: attested\n" +
			"    statements:\n      - {code: not_political, text: It is not political.}\n    otherwise: deny\n    reason: political_offence\n" +
			"    text: Again.\n    provenance: unverified\n  - id: decides", "rules[2].statements[0].text", "not_political has another text in rule stated"},
		{"option that nothing follows from", "      option: by-centre\n", "", "options[1].id", "nothing follows from by-centre"},
		{"list that nobody asks for", ` || "grave" in offence.listed_in`, "", "offence_lists[0].id", "no rule asks for it"},
		{"rule that refuses with what is barred", "reason: political_offence", "reason: bank_secrecy", "rules[1].reason", "bars bank_secrecy"},
		{"verified by nothing", "source: Convention, Art. 2", "source: the Convention", "rights[0].source", "no article is named"},
		{"head that is silent", "provenance: Some of it is not verified.", "provenance: Good.", "document.provenance", "3 of 3 rules are not verified"},
		{"clock that ran out", "date: 2040-01-01", "date: 2026-01-01", "clocks[0].date", "the day has come"},
		{"term that ran out", "expires: 2040-01-01", "expires: 2026-01-01", "document.expires", "the day has come"},
		{"long sentence", "question: Is it lawful?", "question: Is it" + strings.Repeat(" very", 38) + " lawful?", "rules[2].question", "a sentence of 41 words"},
		{"right behind another", "rules:\n", `  - {id: again, from: GB, to: US, types: [subscriber], categories: [subscriber], channel: direct, article: Art. 2, ` +
			"reciprocity: one-sided, one_sided_article: Art. 3, provenance: unverified}\nrules:\n", "rights[1].id", "never used"},
		{"right to itself", "rules:\n", `  - {id: again, from: GB, to: GB, types: [subscriber], categories: [subscriber], channel: direct, article: Art. 2, ` +
			"reciprocity: one-sided, one_sided_article: Art. 3, provenance: unverified}\nrules:\n", "rights[1].from", "from a Party to itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(clean, c.old) != 1 {
				t.Fatalf("%q stands %d times", c.old, strings.Count(clean, c.old))
			}
			source := strings.Replace(clean, c.old, c.new, 1)
			found := false
			got := warnings(t, source)
			for _, w := range got {
				found = found || w.Path == c.path && strings.Contains(w.Text, c.want)
			}
			if !found {
				t.Errorf("got %+v, want %s: %s", got, c.path, c.want)
			}
		})
	}
}

// TestRightThatNoRuleGoverns: what a right grants and no rule can speak of is
// delivered on its word alone.
func TestRightThatNoRuleGoverns(t *testing.T) {
	source := strings.Replace(clean, `"content_stored" in request.categories || request.categories.exists(c, c == "subscriber")`,
		`"content_stored" in request.categories`, 1)
	source = strings.Replace(source, "kind: attested\n", "kind: attested\n    when: request.type == \"production\"\n", 1)
	got := warnings(t, source)
	if len(got) != 1 || got[0].Path != "rights[0].categories" || !strings.Contains(got[0].Text, "no rule can apply to subscriber (subscriber)") {
		t.Errorf("got %+v", got)
	}
}

// TestUnsureIsNoWarning: what hangs on the request may be so or not.
func TestUnsureIsNoWarning(t *testing.T) {
	for _, when := range []string{
		`offence.fiscal`, `!offence.fiscal`, `request.type != "subscriber"`, `sentence.months > 12 && sentence.months <= 24`,
		`issuing.party == "GB" && receiving.party == "US"`, `request.emergency != ""`, `request.languages.size() > 0`,
		`request.categories.all(c, c == "subscriber")`, `"judge" == authorisation.kind`, `authorisation.kind in ["judge", "court"]`,
		`at >= timestamp("2020-01-01T00:00:00Z")`, `offence.fiscal ? offence.military : offence.political`,
		`request.categories.exists(c, c.size() > 7)`, `request.type in [offence.category, "interception"]`,
		`target.nationalities.exists(n, n == "FR")`, `request.type == "production" || offence.fiscal && !offence.fiscal`,
	} {
		source := strings.Replace(clean, `request.type == "production" && offence.category != "murder"`, "'"+when+"'", 1)
		if got := warnings(t, source); len(got) > 0 {
			t.Errorf("%s: got %+v", when, got)
		}
	}
}

func TestUnsureRequirementIsNoWarning(t *testing.T) {
	for _, require := range []string{
		`offence.fiscal && request.type != "interception"`, `offence.fiscal || request.type == "interception"`,
		`!offence.fiscal`, `sentence.months >= 1`, `request.type == "subscriber" || "content_stored" in request.categories`,
	} {
		source := strings.Replace(clean, `offence.max_custody_months >= 12`, "'("+require+`) && ("grave" in offence.listed_in || offence.fiscal)'`, 1)
		source = strings.Replace(source, ` || "grave" in offence.listed_in`+"\n", "\n", 1)
		if got := warnings(t, source); len(got) > 0 {
			t.Errorf("%s: got %+v", require, got)
		}
	}
}

// TestEveryStateMayBePartyToCourtesy: nobody is named, and the mirror of "any
// party" is "any party".
func TestEveryStateMayBePartyToCourtesy(t *testing.T) {
	source := strings.NewReplacer("kind: convention", "kind: courtesy", "parties: [GB, US]", "parties: any party",
		"signed: 2020-01-01\n", "", "in_force: 2020-06-01\n", "").Replace(clean)
	if got := warnings(t, source); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestDomesticLawIsJudgedWithoutRights(t *testing.T) {
	source := `id: us-law
version: "1"
title: Law
citation: a law
kind: domestic_law
status: in_force
signed: 2018-01-01
in_force: 2018-01-01
parties: [US]
provenance: Not verified.
rules:
  - {id: r, capacity: provider, article: s 1, kind: computed, when: 'issuing.party != "US" && request.type == "interception"', require: 'agreement.kind == "data_access_agreement"', otherwise: flag, reason: domestic_law, text: It is so., advice: Look., provenance: unverified}
`
	if got := warnings(t, source); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
	if got := warnings(t, strings.Replace(source, `"data_access_agreement"`, `"daa"`, 1)); len(got) != 1 ||
		!strings.Contains(got[0].Text, "no kind of agreement") {
		t.Errorf("got %+v", got)
	}
}

// TestShippedDocumentsPassTheirOwnLint: whoever writes one learns from them.
func TestShippedDocumentsPassTheirOwnLint(t *testing.T) {
	for _, d := range agreementtest.Library(t) {
		for _, w := range lint.Document(d, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %s: %s", d.ID, w.Path, w.Text)
		}
	}
}

func TestLimitOfTheSameArticleFollowsFromAnOption(t *testing.T) {
	source := strings.Replace(clean, "text: It may want all through its centre., provenance: unverified}",
		"text: It may want all through its centre., provenance: unverified}\n"+
			"  - {id: consent, kind: declaration, article: Art. 10(2), text: It may require its consent., provenance: unverified}", 1)
	const limit = "use_limits:\n  - {id: consent-to-use, article: Art. 10%s, text: No use without it., provenance: unverified}\n"
	if got := warnings(t, source+strings.Replace(limit, "%s", "(2)", 1)); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
	if got := warnings(t, source+strings.Replace(limit, "%s", "(3)", 1)); len(got) != 1 || got[0].Path != "options[2].id" {
		t.Errorf("got %+v, want options[2].id", got)
	}
}

// TestAClockThatNobodyCountsIsWarnedOf where its words name a number.
func TestAClockThatNobodyCountsIsWarnedOf(t *testing.T) {
	const run = "    run: {from: receipt, count: 5, unit: days, by: plain, whose: addressee, effect: alert}\n"
	clock := func(length, run string) string {
		return strings.Replace(clean, "\nclocks:\n", "\nclocks:\n  - id: term\n    article: Art. 7\n    starts: receipt\n    length: "+length+
			"\n    text: It is answered in time.\n"+run+"    provenance: unverified\n", 1)
	}
	for _, c := range []struct {
		text   string
		warned bool
	}{{clock("5 days", ""), true}, {clock("5 days", run), false}, {clock("without delay", ""), false}} {
		doc, err := agreement.ParseDocument("test.yaml", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		warned := false
		for _, w := range lint.Document(doc, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			warned = warned || strings.Contains(w.Text, "no machine counts it")
		}
		if warned != c.warned {
			t.Errorf("warned %v, want %v of\n%s", warned, c.warned, c.text)
		}
	}
}
