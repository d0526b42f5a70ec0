package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
	"comity.example/protocol/canon"
	"comity.example/protocol/draft"
	"comity.example/protocol/lint"
)

// templateDay is the legal time of the templates in tests.
var templateDay = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// orderTemplate is what comity request new --template prints on that day.
func orderTemplate(t testing.TB) []byte {
	t.Helper()
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if d.ID == defaultAgreement {
			return writeTemplate(made(t, d, docs, ""))
		}
	}
	t.Fatalf("no %s is shipped", defaultAgreement)
	return nil
}

func made(t testing.TB, d *agreement.Document, docs []*agreement.Document, typ protocol.RequestType) *draft.Template {
	t.Helper()
	out, err := templateOf(d, docs, draft.Want{Type: typ, At: templateDay})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// each makes a template of each kind that the shipped documents carry.
func each(t *testing.T, do func(name string, tpl *draft.Template)) {
	t.Helper()
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		seen := map[protocol.RequestType]bool{}
		for _, r := range d.Rights {
			if r.Within { // comity relay serve makes that request of another
				continue
			}
			for _, typ := range r.Types {
				if !seen[typ] {
					seen[typ] = true
					do(d.ID+", "+string(typ), made(t, d, docs, typ))
				}
			}
		}
	}
}

func TestTemplatesReadAsTheRequestsThatTheyAre(t *testing.T) {
	each(t, func(name string, tpl *draft.Template) {
		text := string(writeTemplate(tpl))
		r, err := parseRequest(t, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		got, err1 := canon.Encode(r)
		want, err2 := canon.Encode(tpl.Request)
		if string(got) != string(want) || err1 != nil || err2 != nil {
			where, _ := differ(&tpl.Request, r)
			t.Errorf("%s: the file differs from the request at %s", name, where)
		}
		for n, line := range strings.Split(text, "\n") {
			if len([]rune(line)) > maxWidth && !strings.Contains(line, ": ") {
				t.Errorf("%s:%d: %d columns", name, n+1, len([]rune(line)))
			}
		}
	})
}

// commented is a member that is left out of a template, with what is below it.
var commented = regexp.MustCompile(`(?m)^( *)# ([a-z_]+):(.*\n(?:# {3}.*\n)*)`)

// What is left out of a template can be put in: it is well formed, where it stands.
func TestWhatIsLeftOutCanBePutIn(t *testing.T) {
	each(t, func(name string, tpl *draft.Template) {
		text := string(writeTemplate(tpl))
		for _, m := range commented.FindAllStringSubmatchIndex(text, -1) {
			member := text[m[4]:m[5]]
			body := strings.ReplaceAll(text[m[6]:m[7]], "\n#   ", "\n  ")
			put := text[:m[0]] + text[m[2]:m[3]] + member + ":" + body + text[m[1]:]
			r, err := parseRequest(t, put)
			if err != nil {
				t.Errorf("%s: with %s: %v", name, member, err)
				continue
			}
			if where, err := differ(&tpl.Request, r); !strings.Contains(where, member) || err != nil {
				t.Errorf("%s: with %s: the request differs at %q", name, member, where)
			}
			if member == "interception" || member == "unvalidated" {
				continue // it goes with another type, or without a validation
			}
			if err := r.Check(); err != nil {
				t.Errorf("%s: with %s: %v", name, member, err)
			}
		}
	})
}

func TestTemplateExplainsWhatIsAttested(t *testing.T) {
	text := string(orderTemplate(t))
	for _, want := range []string{
		"issuer: gb.home-office        # the issuing authority\n",
		"# comity check --request FILE --agreement ukus-daa-2019 says",
		"it waits for the designated authority on the issuing side: transmission,",
		"  # Art. 4(4): The target is not chosen in order to learn about a protected person",
		"  - statement: no_reverse_targeting\n",
		"  max_custody_months: 120     # 12000 for life (Art. 1(5), 1(14))\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the template does not hold %q:\n%s", want, text)
		}
	}
}

func TestWhoIsWaitedForIsSaidInWords(t *testing.T) {
	for want, f := range map[string]protocol.Finding{
		"the issuing authority":                         {Side: protocol.SideIssuing, Role: protocol.RoleIssuing},
		"the central authority on the receiving side":   {Side: protocol.SideReceiving, Role: protocol.RoleCentral},
		"the 24/7 point of contact on the issuing side": {Side: protocol.SideIssuing, Role: protocol.RoleContact},
		"the provider": {Side: protocol.SideReceiving, Role: protocol.RoleProvider},
	} {
		if got := waitsFor(&f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTextsOfATemplateAreQuotedWhereTheyMust(t *testing.T) {
	for text, want := range map[string]string{
		"fraud by false representation": "fraud by false representation", "2026": `"2026"`, "1e3": `"1e3"`, "no": `"no"`,
		"NO": `"NO"`, "a: b": `"a: b"`, "- a": `"- a"`, "a # b": `"a # b"`, "": `""`, " a": `" a"`, `say "x"`: `"say \"x\""`,
		"Fraud Act 2006 s.1": "Fraud Act 2006 s.1", "§ 263 StGB": `"§ 263 StGB"`,
	} {
		if got := scalar(text); got != want {
			t.Errorf("got %s of %q, want %s", got, text, want)
		}
	}
	if got := flow([]string{"a", "b, c"}); got != `[a, "b, c"]` {
		t.Errorf("got %s", got)
	}
}

// The check that a template names in its first lines finds nothing that the
// template does not say.
func TestTemplatesAreCheckedAsTheySay(t *testing.T) {
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(name string, tpl *draft.Template) {
		k := &checking{at: templateDay, claims: &claimFile{Request: &tpl.Request, Agreement: tpl.Document.ID}}
		if err := k.takeAtWord(docs); err != nil {
			t.Fatal(err)
		}
		got := k.grounds.Book.Decide(&tpl.Request, k.facts())
		a, err1 := canon.Encode(got)
		b, err2 := canon.Encode(tpl.Decision)
		if string(a) != string(b) || err1 != nil || err2 != nil {
			t.Errorf("%s: the check gives %s, want %s", name, got.Verdict, tpl.Decision.Verdict)
		}
		if d := lint.Lint(&tpl.Request, tpl.Document, templateDay); len(d) > 0 {
			t.Errorf("%s: got %v, want no defect", name, d)
		}
	})
}
