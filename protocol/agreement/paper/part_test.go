package paper_test

import (
	"regexp"
	"strings"
	"testing"

	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

func TestPartHasWhatStandsUnderItsArticle(t *testing.T) {
	for _, d := range agreementtest.Library(t) {
		for _, article := range []string{"4", "Art. 4", "Art. 4(1)"} {
			var b strings.Builder
			base := regexp.MustCompile(`\b4\b`)
			err := paper.Text(&b, d, paper.Options{Only: paper.Part{Article: article, Rules: true}})
			for _, r := range d.Rules {
				shown := regexp.MustCompile(`(?m)\]\s+` + r.ID + `$`).MatchString(b.String())
				if shown && !base.MatchString(r.Article) {
					t.Errorf("%s, %s: got rule %s of %s", d.ID, article, r.ID, r.Article)
				}
				if article != "Art. 4(1)" && !shown && regexp.MustCompile(`^Art\. 4(\(|,|$)`).MatchString(r.Article) {
					t.Errorf("%s, %s: rule %s of %s is missing: %v", d.ID, article, r.ID, r.Article, err)
				}
			}
			if err == nil && !strings.Contains(b.String(), d.Digest().String()) {
				t.Errorf("%s: got a part without the head", d.ID)
			}
		}
	}
}

// An article is not its namesake: 1 is not 11, and 4(1) not 4(10).
func TestPartOfAnArticleIsNotItsNamesakes(t *testing.T) {
	d := agreementtest.Parse(t, `id: a-b
version: "1"
title: Agreement
citation: synthetic
kind: convention
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
parties: [GB, US]
provenance: synthetic
rights:
  - {id: data, from: any party, to: any party, types: [production], categories: [content_stored], channel: direct, article: "Art. 2, 1(3)", reciprocity: mirrored, provenance: unverified}
notes:
  - {id: first, article: "Art. 1(1)", text: One., provenance: unverified}
  - {id: tenth, article: "Art. 1(10)", text: Ten., provenance: unverified}
  - {id: other, article: "Art. 11", text: Eleven., provenance: unverified}
  - {id: second, article: "Protocol Art. 3, 1", text: Two., provenance: unverified}
`)
	for article, want := range map[string]string{"1": "data first tenth", "1(1)": "first", "Art. 11": "other", "1(3)": "data",
		"Protocol Art. 1": "second", "2": "data"} {
		var b strings.Builder
		if err := paper.Text(&b, d, paper.Options{Only: paper.Part{Article: article}}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range []string{"data", "first", "tenth", "other", "second"} {
			if regexp.MustCompile(`(?m) ` + id + `$`).MatchString(b.String()) {
				got = append(got, id)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", article, got, want)
		}
	}
	if err := paper.Text(new(strings.Builder), d, paper.Options{Only: paper.Part{Article: "9"}}); err == nil ||
		!strings.Contains(err.Error(), "it has Art. 2, Art. 1, Art. 11, Protocol Art. 3") {
		t.Errorf("got %v of an article that is not there", err)
	}
}
