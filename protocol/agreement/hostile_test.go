package agreement_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// patience is how long the worst file may take to be refused.
const patience = 2 * time.Second

// lines is the form of an error: each line names the file and the line, and says
// what to mend.
var lines = regexp.MustCompile(`^agreement: (test\.yaml:[1-9][0-9]*: [^\n]{3,}(\n|$))+$`)

// isRefused fails the test unless the text is refused quickly, in that form.
func isRefused(t *testing.T, name, text, want string) {
	t.Helper()
	start := time.Now()
	_, err := agreement.ParseDocument("test.yaml", []byte(text))
	switch took := time.Since(start); {
	case err == nil:
		t.Errorf("%s was accepted", name)
	case !lines.MatchString(err.Error()):
		t.Errorf("%s: got %q", name, err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("%s: got %v, want %q", name, err, want)
	case len(err.Error()) > 16<<10:
		t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
	case took > patience:
		t.Errorf("%s took %v", name, took)
	}
}

// laughs is the bomb of the billion laughs: each line is the one before it ten
// times over.
func laughs() string {
	b := new(strings.Builder)
	b.WriteString("a0: &a0 [ha]\n")
	for i := range 9 {
		fmt.Fprintf(b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return b.String()
}

func TestBombsAreRefusedQuicklyWithFileLineAndMend(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	in := func(old, new string) string { return replace(t, good, old, new) }
	rule := good[strings.Index(good, "  - id: threshold"):]
	rules := new(strings.Builder)
	for i := range 513 {
		rules.WriteString(strings.Replace(rule, "id: threshold", fmt.Sprintf("id: rule-%d", i), 1))
	}
	const require = "offence.max_custody_months >= 12"
	for _, c := range []struct{ name, text, want string }{
		{"billion laughs", laughs(), `unknown member "a0"`},
		{"billion laughs in a title", good + laughs(), `unknown member "a0"`},
		{"laughs where a text stands", in("title: Agreement a-b", "title: &x [ha, *x, *x]"), "title: want text"},
		{"anchor that holds itself", in("parties: [GB, US]", "parties: &x [GB, *x]"), "anchors and aliases are not allowed"},
		{"merge of a bomb", in("provenance: synthetic", "provenance: synthetic\n<<: *x"), "unknown member"},
		{"merge of a list of maps", in("    provenance: unverified\nrules", "    <<: [{id: a}, {id: b}]\n    provenance: unverified\nrules"), "unknown member"},
		{"tag of a binary", in("title: Agreement a-b", "title: !!binary aGE="), "leave out the tag"},
		{"tag of a map", in("title: Agreement a-b", "title: !!map {a: b}"), "leave out the tag"},
		{"huge text", in("title: Agreement a-b", "title: "+strings.Repeat("a", 100_000)), "want 1 to 4096 bytes"},
		{"huge key", in("title: Agreement a-b", strings.Repeat("a", 100_000)+": b"), "unknown member"},
		{"huge number", in("title: Agreement a-b", "title: "+strings.Repeat("9", 100_000)), "want 1 to 4096 bytes"},
		{"deep brackets", in("parties: [GB, US]", "parties: "+strings.Repeat("[", 50_000)), "nested too deep"},
		{"deep maps", in("parties: [GB, US]", "parties: "+strings.Repeat("{a: ", 50_000)), "nested too deep"},
		{"deep indentation", good + "notes:\n" + strings.Repeat(" ", 4096) + "- a\n", "nested too deep"},
		{"many documents", strings.Repeat("---\n", 60_000), ""},
		{"long list", in("parties: [GB, US]", "parties: ["+strings.Repeat("GB, ", 40_000)+"US]"), "want 1 to 512 items"},
		{"too many rules", good[:strings.Index(good, "  - id: threshold")] + rules.String(), "want 1 to 512 items"},
		{"as many problems", good + strings.Repeat("x: y\n", 10_000), ""},
		{"long expression", in(require, require+strings.Repeat(" && true", 200)), "bytes: want at most 1024"},
		{"deep expression", in(require, strings.Repeat("(", 200)+"true"+strings.Repeat(")", 200)), "rules[0].require: column"},
		{"expression of all pairs", in(require, `"attested.all(a, attested.all(b, attested.all(c, attested.all(d, a + b + c + d != ''))))"`), "may cost"},
		{"expression of a dear pattern", in(require, `"attested.all(a, a.matches('(x+x+)+y') && a.matches('(x+x+)+z'))"`), "may cost"},
		{"expression that makes texts", in(require, `"attested.map(a, a + a + a + a).map(a, a + a + a + a).map(a, a + a + a + a).exists(a, a == '')"`), "may cost"},
		{"NUL bytes", in("Agreement a-b", "\x00\x00"), ""},
		{"not UTF-8", in("Agreement a-b", "\xff\xfe"), "want UTF-8"},
		{"nothing", "", "want exactly one YAML document"},
		{"a comment", "# nothing\n", "want exactly one YAML document"},
		{"a list", "- a\n", "document: want a mapping"},
		{"a text", "a\n", "document: want a mapping"},
		{"null", "null\n", ""},
	} {
		isRefused(t, c.name, c.text, c.want)
	}
}

// Whatever is cut off, or changed at one place, is read or refused in that form.
func TestEveryPrefixIsReadOrRefused(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	for i := range good {
		for _, text := range []string{good[:i], good[:i] + "\t" + good[i+1:]} {
			if _, err := agreement.ParseDocument("test.yaml", []byte(text)); err != nil && !lines.MatchString(err.Error()) {
				t.Fatalf("cut or changed at byte %d: got %q", i, err)
			}
		}
	}
}

// Two texts under one name: nobody knows what was promised.
func TestTwoTextsUnderOneNameAreRefused(t *testing.T) {
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	docs := []*agreement.Document{agreementtest.Parse(t, text), agreementtest.Parse(t, text+"# and so on\n")}
	if _, err := agreement.NewBook(docs, nil); err == nil || !strings.Contains(err.Error(), "two documents are a-b, version 1") {
		t.Errorf("got %v, want an error that names the two", err)
	}
	if _, err := agreement.NewBook(docs[:1], nil); err != nil {
		t.Error(err)
	}
}

// What was decided by the older of two versions while it stood is decided so
// again, byte for byte, after there is a newer one; what comes later is not.
func TestOlderVersionStillReplays(t *testing.T) {
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	old := agreementtest.Parse(t, text)
	newer := agreementtest.Parse(t, replace(t, replace(t, replace(t, text, `"1"`, `"2"`), ">= 12", ">= 240"),
		"in_force: 2020-06-01", "in_force: 2026-12-01"))
	then := agreementtest.NewBook(t, []*agreement.Document{old})
	now := agreementtest.NewBook(t, []*agreement.Document{newer, old})
	s := agreementtest.UKOrder()
	for _, s.Facts.Ref = range []protocol.AgreementRef{{}, {ID: "a-b"}, old.Ref()} {
		before := s.Decide(then)
		agreementtest.Expect(t, before, protocol.Allow)
		if after := s.Decide(now); !bytes.Equal(canonical(t, after), canonical(t, before)) {
			t.Errorf("got %s, want %s", canonical(t, after), canonical(t, before))
		}
	}
	s.Facts.At = at("2026-12-01")
	for _, s.Facts.Ref = range []protocol.AgreementRef{{}, {ID: "a-b"}, newer.Ref()} {
		d := s.Decide(now)
		agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonThreshold)
		if d.Agreement != newer.Ref() {
			t.Errorf("named %v: got %v", s.Facts.Ref, d.Agreement)
		}
	}
	s.Facts.Ref = old.Ref()
	agreementtest.Expect(t, s.Decide(now), protocol.Deny, protocol.ReasonVersion)
}

// A version in which one more Party stands is no less specific than the one before.
func TestAccessionDoesNotBringTheOlderVersionBack(t *testing.T) {
	old := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	text := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), `"1"`, `"2"`)
	newer := agreementtest.Parse(t, replace(t, text, "[GB, US]", "[GB, US, FR]"))
	d := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{old, newer}))
	if d.Agreement != newer.Ref() {
		t.Errorf("got %v, want %v", d.Agreement, newer.Ref())
	}
}
