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

// replace changes one place of a text, which must be there.
func replace(t testing.TB, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("nothing to replace: %q", old)
	}
	return strings.Replace(text, old, new, 1)
}

// moment returns a time as an act writes it.
func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func TestBadDocumentIsRefusedWithFileLineAndMend(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	for _, c := range []struct {
		name, old, new string
		want           string
	}{
		{"unknown member", "provenance: synthetic", "provenance: synthetic\nowner: me",
			`test.yaml:11: document: unknown member "owner": want one of id, version, title`},
		{"duplicate member", "title: Agreement a-b", "title: Agreement a-b\ntitle: another",
			`test.yaml:4: mapping key "title" already defined`},
		{"missing member", "citation: synthetic\n", "", "test.yaml:1: document.citation: missing"},
		{"anchor", "title: Agreement a-b", "title: &x Agreement a-b",
			"test.yaml:3: title: want text: write it out: anchors and aliases are not allowed"},
		{"alias", "title: Agreement a-b", "title: *x",
			"test.yaml:3: title: want text: write it out: anchors and aliases are not allowed"},
		{"alias bomb", "parties: [GB, US]",
			"parties: &a [&b [&c [GB, GB], *c, *c], *b, *b]", "test.yaml:9: parties: want a list: write it out"},
		{"merge", "provenance: synthetic", "provenance: synthetic\n<<: {a: b}",
			`test.yaml:11: document: unknown member "<<"`},
		{"tag", "title: Agreement a-b", "title: !!str Agreement a-b", "test.yaml:3: title: want text: leave out the tag"},
		{"number for text", "title: Agreement a-b", "title: 2019", "test.yaml:3: title: want text: put it in quotes"},
		{"empty text", "title: Agreement a-b", "title:", "test.yaml:3: title: want text"},
		{"the name of a law", "id: a-b", "id: gb-law-x", `document.id: "gb-law-x" is for domestic law`},
		{"hidden character", "title: Agreement a-b", "title: \"Agreement \\u202e b-a\"",
			"test.yaml:3: title: want 1 to"},
		{"two YAML documents", "rights:", "---\nrights:", "want exactly one YAML document"},
		{"unknown reason", "reason: offence_below_threshold", "reason: too_small",
			`test.yaml:27: rules[0].reason: "too_small" is not known: want one of`},
		{"unknown status", "status: in_force", "status: active", `test.yaml:6: status: "active" is not known`},
		{"unknown type", "types: [production, subscriber]", "types: [production, wiretap]",
			`test.yaml:15: rights[0].types[1]: "wiretap" is not known: want one of production`},
		{"type twice", "types: [production, subscriber]", "types: [production, production]",
			`test.yaml:15: rights[0].types[1]: "production" stands twice`},
		{"unknown variable", "offence.max_custody_months >= 12", "offence.months >= 12",
			"test.yaml:25: rules[0].require: column 8: there is no 'offence.months'"},
		{"ill-typed expression", "offence.max_custody_months >= 12", `offence.max_custody_months >= "a year"`,
			"test.yaml:25: rules[0].require: column 28: >= does not go with (int, string)"},
		{"expression that yields no bool", "offence.max_custody_months >= 12", "offence.max_custody_months",
			"test.yaml:25: rules[0].require: yields int: want bool"},
		{"unparsable expression", "offence.max_custody_months >= 12", "offence.max_custody_months >=",
			"test.yaml:25: rules[0].require: column 30: it ends where something must follow"},
		{"one equals sign", "offence.max_custody_months >= 12", `offence.category = "a"`, "column 18: one = compares nothing: write =="},
		{"word for an operator", "offence.max_custody_months >= 12", "offence.fiscal and offence.military",
			"column 16: 'and' is not of the language: write &&"},
		{"bracket left open", "offence.max_custody_months >= 12", "(offence.fiscal", "column 16: ')' is missing at the end"},
		{"text left open", "offence.max_custody_months >= 12", `offence.category == "a`, "column 21: a text begins here and does not end"},
		{"operator twice", "offence.max_custody_months >= 12", "offence.fiscal && && offence.military",
			"column 19: '&&' does not belong here"},
		{"costly expression", "offence.max_custody_months >= 12",
			"attested.all(a, attested.all(b, attested.all(c, a + b != c)))",
			"test.yaml:25: rules[0].require: may cost"},
		{"expression that costs too much for the most identifiers", "offence.max_custody_months >= 12",
			strings.Repeat(`request.identifier_types.all(x, x != "") && `, 22) + "true", "test.yaml:25: rules[0].require: may cost"},
		{"too many lists of offences", "rights:", "offence_lists:\n" + lists(33) + "rights:", "want at most 32 lists"},
		{"contradicting dates", "in_force: 2020-06-01", "in_force: 2019-06-01",
			"test.yaml:7: document.in_force: 2019-06-01 is before signed, 2020-01-01: mend one of the two"},
		{"expiry before entry", "in_force: 2020-06-01", "in_force: 2020-06-01\nexpires: 2020-06-01",
			"test.yaml:8: document.expires: 2020-06-01 is not after in_force"},
		{"status without its date", "in_force: 2020-06-01\n", "",
			"test.yaml:6: document.in_force: missing: status in_force needs"},
		{"end without status", "in_force: 2020-06-01", "in_force: 2020-06-01\nended: 2024-01-01",
			"test.yaml:8: document.ended: leave it out, or mend status"},
		{"no such day", "in_force: 2020-06-01", "in_force: 2020-06-31",
			`test.yaml:7: in_force: "2020-06-31": want a day such as 2022-10-03`},
		{"one Party", "parties: [GB, US]", "parties: [GB]", "document.parties: want two at least"},
		{"Party twice", "parties: [GB, US]", "parties: [GB, US, GB]", "test.yaml:9: parties[2]: GB stands twice"},
		{"Party in words", "parties: [GB, US]", "parties: [GB, France]",
			`test.yaml:9: parties[1]: "France": want a Party: two capital letters`},
		{"right of a stranger", "from: any party", "from: FR", "test.yaml:13: right data: FR is not in parties"},
		{"version in words", `version: "1"`, "version: first", `test.yaml:2: version: "first": want numbers`},
		{"id with spaces", "id: a-b", "id: a b", `test.yaml:1: id: "a b": want small letters`},
		{"rule under the name of a step", "id: threshold", "id: agreement", `"agreement" is the name of a step`},
		{"hold for nobody", "otherwise: deny", "otherwise: hold", "want side and role"},
		{"hold for a role of no side", "otherwise: deny", "otherwise: hold\n    role: central",
			"want side and role"},
		{"hold for nobody of a side", "otherwise: deny", "otherwise: hold\n    side: issuing",
			"want side and role"},
		{"computed rule that requires nothing", "    require: offence.max_custody_months >= 12\n", "",
			"rules[0].require: missing"},
		{"judgement that denies", "kind: computed\n    require: offence.max_custody_months >= 12", "kind: judgement",
			"want otherwise: hold and no statements"},
		{"claim without a source", "text: The offence must carry a year.\n    provenance: unverified",
			"text: The offence must carry a year.\n    provenance: verified", "rules[0].source: missing"},
		{"one-sided without its article", "reciprocity: mirrored", "reciprocity: one-sided",
			"rights[0]: want one_sided_article"},
		{"not YAML", "id: a-b", "id: [", "test.yaml:"},
	} {
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
}

// What is not seen, or turns round what is beside it, has one text show as another.
func TestTextThatDoesNotShowIsRefused(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	agreementtest.Parse(t, replace(t, good, "title: Agreement a-b", `title: "Agreement\U00000020a-b"`))
	for _, r := range "\u00ad\u034f\u061c\u115f\u180b\u180e\u200b\u2028\u2029\u202e\u2060\u2069\u206f\u2800\u3164\ufe0f\ufeff\ufff9\U000e0041\U000e0100" {
		text := replace(t, good, "title: Agreement a-b", fmt.Sprintf("title: \"Agreement\\U%08x a-b\"", r))
		if _, err := agreement.ParseDocument("test.yaml", []byte(text)); err == nil {
			t.Errorf("%U: accepted in a document", r)
		}
		n := agreementtest.Suspension("US", "us-1")
		if n.Ground = "a" + string(r) + "b"; n.Check() == nil {
			t.Errorf("%U: accepted in a ground", r)
		}
		n.Ground, n.Article = "review", "Art."+string(r)
		if n.Check() == nil {
			t.Errorf("%U: accepted in an article", r)
		}
	}
	for _, ground := range []string{"Überprüfung", "a\nb", "審査", "मराठी"} {
		n := agreementtest.Suspension("US", "us-1")
		if n.Ground = ground; n.Check() != nil {
			t.Errorf("%q: refused", ground)
		}
	}
	n := agreementtest.Suspension("US", "us-1")
	if n.Ground = "\x1b[2J"; n.Check() == nil {
		t.Error("a ground that clears the screen: accepted")
	}
}

// lists is so many lists of offences.
func lists(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {id: l%d, article: Art. 9, entries: [{code: a, text: A.}], provenance: unverified}\n", i)
	}
	return b.String()
}

func TestTwoRulesOfOneIDAreRefused(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	rule := good[strings.Index(good, "  - id: threshold"):]
	_, err := agreement.ParseDocument("test.yaml", []byte(good+rule))
	if want := `two rules, clocks or deletions are "threshold"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestHostileFileIsRefusedQuickly(t *testing.T) {
	for _, unit := range []string{"- ", "[", "{a: ", "? ", "a:\n ", "&a ", "!a ", "- - ", "'", "|\n "} {
		b := strings.Repeat(unit, agreement.MaxDocument/len(unit)-1)
		if _, err := agreement.ParseDocument("test.yaml", []byte(b)); err == nil {
			t.Errorf("%q repeated was accepted", unit)
		}
	}
	if _, err := agreement.ParseDocument("x", make([]byte, agreement.MaxDocument+1)); err == nil {
		t.Error("a file over the limit was accepted")
	}
}

// Norway is "no" to a careless reader of YAML.
func TestNorwayIsAParty(t *testing.T) {
	d := agreementtest.Parse(t, agreementtest.Bilateral("gb-no", "GB", "NO", agreementtest.Standing2020))
	if !d.Governs("GB", "NO") || !d.Governs("NO", "GB") || d.Governs("GB", "GB") || d.Governs("GB", "US") {
		t.Error("want the document to govern GB and NO, both ways, and nobody else")
	}
}

func TestLibrarySaysWhatItRestsOn(t *testing.T) {
	for _, d := range agreementtest.Library(t) {
		if !strings.Contains(d.Provenance, "verified") {
			t.Errorf("%s: the head does not say how far it is verified", d.ID)
		}
		for _, m := range marks(d) {
			if m.Provenance != agreement.Unverified && m.Source == "" {
				t.Errorf("%s: a %s statement without a source", d.ID, m.Provenance)
			}
		}
		if d.Digest() != protocol.DigestOf(d.Bytes()) {
			t.Errorf("%s: the digest is not that of its bytes", d.ID)
		}
	}
}

func marks(d *agreement.Document) (out []agreement.Mark) {
	for _, r := range d.Rights {
		out = append(out, r.Mark)
	}
	for _, r := range d.Rules {
		out = append(out, r.Mark)
	}
	for _, c := range d.Clocks {
		out = append(out, c.Mark)
	}
	return out
}

func FuzzParseDocument(f *testing.F) {
	for _, d := range agreementtest.Library(f) {
		f.Add(d.Bytes())
	}
	f.Add([]byte(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)))
	f.Add([]byte(members))
	f.Add([]byte(domesticLaw))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := agreement.ParseDocument("fuzz.yaml", b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "agreement: fuzz.yaml:") {
				t.Errorf("got %v, want an error that begins with the file", err)
			}
			return
		}
		book, err := agreement.NewBook([]*agreement.Document{d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*agreementtest.Scene{agreementtest.UKOrder(), agreementtest.USOrder(), agreementtest.Assistance("us.doj-oia", "ie.justice")} {
			s.Facts.Ref.ID = d.ID
			if got := s.Decide(book); got.Verdict == protocol.Allow && !d.Stands(s.Facts.At) {
				t.Errorf("allowed by a document that is not in force")
			}
		}
	})
}
