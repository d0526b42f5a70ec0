package paper_test

import (
	"html"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

// said are the texts that a document has for people, with what they rest on.
func said(d *agreement.Document) []string {
	out := []string{d.Title, d.Citation, d.Provenance, d.Digest().String()}
	mark := func(texts []string, m agreement.Mark) {
		out = append(append(out, texts...), m.Source, string(m.Provenance))
	}
	for _, r := range d.Rights {
		mark([]string{r.ID, r.Article, r.OneSidedArticle}, r.Mark)
		if x := r.Transmitted; x != nil {
			mark([]string{x.Text, x.Article, string(x.Role)}, x.Mark)
		}
		if x := r.Notifies; x != nil {
			mark([]string{x.Text, x.Article, x.When, x.Option, string(x.Role)}, x.Mark)
		}
	}
	for _, r := range d.Rules {
		mark([]string{r.Text, r.Ask, r.When, r.Require, r.ID, r.Article, r.Option, string(r.Reason), string(r.Role)}, r.Mark)
		for _, s := range r.Statements {
			out = append(out, s.Code, s.Text)
		}
	}
	for _, o := range d.Options {
		mark([]string{o.ID, o.Text, o.Article, o.Mirrored, string(o.Kind)}, o.Mark)
	}
	for _, p := range d.Positions {
		mark([]string{string(p.Party), p.Since.String()}, p.Mark)
	}
	for _, l := range d.Lists {
		mark([]string{l.ID, l.Article}, l.Mark)
		for _, e := range l.Entries {
			out = append(out, e.Code, e.Text)
		}
	}
	for _, b := range d.Barred {
		mark([]string{b.Text, b.Article, string(b.Ground)}, b.Mark)
	}
	for _, t := range d.Terms {
		mark([]string{t.Text[1:], t.Own, t.Article, string(t.Category), string(t.Type)}, t.Mark)
	}
	for _, c := range append(append([]agreement.Clause{}, d.UseLimits...), d.Notes...) {
		mark([]string{c.ID, c.Text, c.Article}, c.Mark)
	}
	for _, c := range d.Clocks {
		mark([]string{c.ID, c.Text, c.Article, c.Length, c.Starts, c.Date.String()}, c.Mark)
	}
	for _, x := range d.Deletions {
		mark([]string{x.ID, x.Text, x.Article, x.Advice}, x.Mark)
	}
	for _, o := range d.Objection {
		mark([]string{o.Text, o.Article, o.Time, string(o.By), string(o.To)}, o.Mark)
	}
	if n := d.Notice; n != nil {
		mark([]string{n.Text, n.Article, n.Letter}, n.Mark)
	}
	if x := d.Secrecy; x != nil {
		mark([]string{x.Text, x.Article}, x.Mark)
	}
	if k := d.Keeping; k != nil {
		mark([]string{k.Text, k.Article}, k.Mark)
	}
	if x := d.Consult; x != nil {
		mark([]string{x.Text, x.Article, string(x.Duty)}, x.Mark)
		if w := x.Waiver; w != nil {
			mark([]string{w.Text, w.Article}, w.Mark)
		}
	}
	if x := d.StateNotice; x != nil {
		mark(append([]string{x.Rule, x.Article}, x.Sent...), x.Mark)
	}
	return out
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// documents are the shipped ones and the one that has everything.
func documents(t *testing.T) []*agreement.Document {
	return append(agreementtest.Library(t), sample(t, "sample-1.yaml"), sample(t, "sample-2.yaml"))
}

var tag = regexp.MustCompile(`<[^>]*>`)

func TestNothingOfADocumentIsLeftOut(t *testing.T) {
	for _, d := range documents(t) {
		text := flat(string(rendered(t, func(w io.Writer) error { return paper.Text(w, d, paper.Options{}) })))
		page := string(rendered(t, func(w io.Writer) error { return paper.HTML(w, d, paper.Options{}) }))
		shown := flat(html.UnescapeString(tag.ReplaceAllString(page, " ")))
		for _, s := range said(d) {
			if !strings.Contains(text, flat(s)) {
				t.Errorf("%s: the text does not have %q", d.ID, s)
			}
			if !strings.Contains(shown, flat(s)) {
				t.Errorf("%s: the page does not have %q", d.ID, s)
			}
		}
		for _, p := range d.Parties() {
			if !strings.Contains(text, string(p)) || !strings.Contains(shown, " "+string(p)+" ") {
				t.Errorf("%s: %s is not among the Parties", d.ID, p)
			}
		}
	}
}

func TestRuleIsShownWithItsArticleAndItsMarkBehindItsSentence(t *testing.T) {
	for _, d := range documents(t) {
		text := flat(string(rendered(t, func(w io.Writer) error { return paper.Text(w, d, paper.Options{}) })))
		for _, r := range d.Rules {
			at := strings.Index(text, flat(r.Text))
			mark := strings.Index(text[max(at, 0):], r.Article+" ["+string(r.Provenance)+"] "+r.ID)
			if at < 0 || mark < 0 {
				t.Errorf("%s: rule %s has no article and mark behind its sentence", d.ID, r.ID)
			}
		}
	}
}

func TestHeadWarnsBeforeAnythingElse(t *testing.T) {
	for _, d := range documents(t) {
		text := string(rendered(t, func(w io.Writer) error { return paper.Text(w, d, paper.Options{}) }))
		warning, first := strings.Index(text, "WARNING: "), strings.Index(text, "\nRules\n")
		if at := strings.Index(text, "\nRights\n"); at >= 0 {
			first = at
		}
		if unproven, _ := d.Unproven(); (warning >= 0) != (unproven > 0) || warning > first {
			t.Errorf("%s: want a warning before the rights and rules exactly where a rule is not verified", d.ID)
		}
		if !strings.Contains(flat(text[:first]), flat(d.Provenance)) {
			t.Errorf("%s: the head does not say what must be known", d.ID)
		}
	}
}

func TestLinesAreNoLongerThanAsked(t *testing.T) {
	for _, width := range []int{0, 60, 100} {
		want := width
		if width == 0 {
			want = 80
		}
		for _, d := range documents(t) {
			text := rendered(t, func(w io.Writer) error { return paper.Text(w, d, paper.Options{Width: width}) })
			for line := range strings.Lines(string(text)) {
				line = strings.TrimRight(line, "\n")
				if utf8.RuneCountInString(line) > want && strings.Contains(strings.TrimSpace(line), " ") &&
					!strings.Contains(line, "sha256:") {
					t.Errorf("%s: a line of %d characters: %s", d.ID, utf8.RuneCountInString(line), line)
				}
			}
		}
	}
}
