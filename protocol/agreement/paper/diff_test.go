package paper_test

import (
	"io"
	"strings"
	"testing"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

func diffOf(t *testing.T, old, new *agreement.Document) *paper.Changes {
	t.Helper()
	c, err := paper.Diff(old, new)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDocumentDoesNotDifferFromItself(t *testing.T) {
	for _, d := range documents(t) {
		c := diffOf(t, d, d)
		if !c.Same || len(c.Articles) > 0 {
			t.Errorf("%s: got %+v", d.ID, c.Articles)
		}
		if text := string(rendered(t, func(w io.Writer) error { return c.Text(w, 0) })); !strings.Contains(text, "byte for byte") {
			t.Errorf("%s: got %s", d.ID, text)
		}
	}
}

func TestRemarkIsNoChange(t *testing.T) {
	source := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	c := diffOf(t, agreementtest.Parse(t, source), agreementtest.Parse(t, "# a remark\n"+source))
	if c.Same || len(c.Articles) > 0 {
		t.Errorf("got %+v", c)
	}
	if text := string(rendered(t, func(w io.Writer) error { return c.Text(w, 0) })); !strings.Contains(text, "layout or remarks") {
		t.Errorf("got %s", text)
	}
}

// twoRights has two rights to the same: one that stands by itself, one that hangs
// on its mirror.
func twoRights(t *testing.T, first, second string) *agreement.Document {
	t.Helper()
	source := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	from, to := strings.Index(source, "  - id: data"), strings.Index(source, "rules:")
	right := source[from:to]
	free := strings.NewReplacer("id: data", "id: free", "reciprocity: mirrored", "reciprocity: one-sided\n    one_sided_article: Art. 4").Replace(right)
	list := map[string]string{"data": right, "free": free}
	return agreementtest.Parse(t, source[:from]+list[first]+list[second]+source[to:])
}

func TestOrderOfRightsIsAChange(t *testing.T) {
	c := diffOf(t, twoRights(t, "data", "free"), twoRights(t, "free", "data"))
	text := string(rendered(t, func(w io.Writer) error { return c.Text(w, 0) }))
	if !strings.Contains(text, "was: data, free") || !strings.Contains(text, "now: free, data") || strings.Contains(text, "layout or remarks") {
		t.Errorf("got %s", text)
	}
}

func TestRightThatIsNotUsedDoesNotStand(t *testing.T) {
	d := twoRights(t, "data", "free")
	text := between(t, d, paper.Options{Direction: &paper.Direction{From: "GB", To: "US"}, At: agreementtest.Day})
	if !strings.Contains(text, "the right data stands before it, and is used") || strings.Count(text, "Stands: for all of it") != 1 {
		t.Errorf("got %s", text)
	}
}

// TestEveryChangeOfALineIsSeen changes one member after the other of the
// document that has everything.
func TestEveryChangeOfALineIsSeen(t *testing.T) {
	old := sample(t, "sample-1.yaml")
	lines := strings.Split(string(old.Bytes()), "\n")
	changed := 0
	for i, line := range lines {
		for from, to := range map[string]string{
			"text: ": "text: Otherwise ", "source: Art. ": "source: Art. 9", "article: Art. ": "article: Art. 9",
			"title: ": "title: New ", "citation: ": "citation: New ", "length: ": "length: 1", "time: ": "time: later ",
			"question: ": "question: And ", "advice: ": "advice: And ", "since: 2021-06": "since: 2021-07",
			"date: 2030": "date: 2031", "provenance: Some": "provenance: All", "when: offence.death_penalty": "when: offence.speech",
			"code: ": "code: x", "own: ": "own: x", "role: enforcing": "role: oversight", "reason: judgement": "reason: essential_interest",
			"by: provider": "by: oversight", "from: US": "from: GB", "mirrored: ": "mirrored: see ", "emergency: only": "",
			"types: [production, subscriber]": "types: [production]", "kind: reservation": "kind: declaration",
			"one_sided_article: ": "one_sided_article: see ", "ratified: 2020-06": "ratified: 2020-07", "signed: 2020-01-01\n": "signed: 2019-01-01\n",
			"proven_for: GB": "proven_for: US", "by: designated": "by: validating", "channel: direct": "channel: central",
			"excludes: {types: [production], ": "excludes: {", "ground: bank_secrecy": "ground: deleted", "starts: ": "starts: the ",
			"to_side: issuing": "to_side: receiving", "side: issuing": "side: receiving", "otherwise: deny": "otherwise: flag",
		} {
			if !strings.Contains(line+"\n", from) {
				continue
			}
			next := append([]string{}, lines...)
			next[i] = strings.TrimSuffix(strings.Replace(line+"\n", from, to, 1), "\n")
			d, err := agreement.ParseDocument("changed.yaml", []byte(strings.Join(next, "\n")))
			if err != nil {
				continue // the change contradicts the rest
			}
			changed++
			if c := diffOf(t, old, d); len(c.Articles) == 0 {
				t.Errorf("no change is seen from %q to %q", line, next[i])
			}
			if c := diffOf(t, d, old); len(c.Articles) == 0 {
				t.Errorf("no change is seen from %q to %q", next[i], line)
			}
		}
	}
	if changed < 80 {
		t.Errorf("got %d changes that parse: want many", changed)
	}
}

// TestStatementsOfOneNameAreComparedEach: two steps of an objection may go from
// the same to the same.
func TestStatementsOfOneNameAreComparedEach(t *testing.T) {
	source := string(sample(t, "sample-1.yaml").Bytes())
	step := `  - {by: provider, to: designated, to_side: issuing, article: Art. 10, time: later, text: And again., provenance: unverified}` + "\n"
	twice := agreementtest.Parse(t, strings.Replace(source, "\nnotes:", step+"\nnotes:", 1))
	c := diffOf(t, agreementtest.Parse(t, source), twice)
	if len(c.Articles) != 1 || len(c.Articles[0].Changes) != 1 || c.Articles[0].Changes[0].Kind != paper.Added ||
		c.Articles[0].Changes[0].Text != "And again." {
		t.Errorf("got %+v", c.Articles)
	}
	if c := diffOf(t, twice, twice); len(c.Articles) != 0 {
		t.Errorf("got %+v", c.Articles)
	}
}
