package paper_test

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

var (
	idAttribute  = regexp.MustCompile(` id="([^"]*)"`)
	hrefFragment = regexp.MustCompile(` href="([^"]*)"`)
	elsewhere    = regexp.MustCompile(`(?i)<script|<link|<iframe|<img|\bsrc=|@import|url\(|\bon[a-z]+=|<form`)
	allTags      = regexp.MustCompile(`</?([a-z0-9]+)[^>]*>`)
)

func htmlOf(t *testing.T, d *agreement.Document, opts paper.Options) string {
	return string(rendered(t, func(w io.Writer) error { return paper.HTML(w, d, opts) }))
}

func TestPageNeedsNothingElseAndEveryRuleHasAnAnchor(t *testing.T) {
	for _, d := range documents(t) {
		page := htmlOf(t, d, paper.Options{})
		if found := elsewhere.FindString(page); found != "" {
			t.Errorf("%s: the page has %q", d.ID, found)
		}
		for _, want := range []string{`<!DOCTYPE html>`, `<html lang="en">`, `<main id="main">`, `default-src 'none'`, "@media print"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page does not have %q", d.ID, want)
			}
		}
		ids := map[string]int{}
		for _, m := range idAttribute.FindAllStringSubmatch(page, -1) {
			ids[m[1]]++
		}
		for id, n := range ids {
			if n > 1 || id == "" {
				t.Errorf("%s: %d places are %q", d.ID, n, id)
			}
		}
		for _, r := range d.Rules {
			if ids["rule-"+r.ID] != 1 {
				t.Errorf("%s: rule %s has no anchor", d.ID, r.ID)
			}
		}
		for _, m := range hrefFragment.FindAllStringSubmatch(page, -1) {
			if id, local := strings.CutPrefix(m[1], "#"); !local || ids[id] != 1 {
				t.Errorf("%s: a link leads to %q", d.ID, m[1])
			}
		}
	}
}

// TestTagsOfThePageCloseInOrder: a page that a browser must mend may read
// differently in the next one.
func TestTagsOfThePageCloseInOrder(t *testing.T) {
	for _, d := range documents(t) {
		var open []string
		for _, m := range allTags.FindAllStringSubmatch(htmlOf(t, d, paper.Options{}), -1) {
			switch {
			case m[1] == "meta":
			case strings.HasPrefix(m[0], "</"):
				if len(open) == 0 || open[len(open)-1] != m[1] {
					t.Fatalf("%s: %s closes %v", d.ID, m[0], open)
				}
				open = open[:len(open)-1]
			default:
				open = append(open, m[1])
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: %v are open at the end", d.ID, open)
		}
	}
}

func TestTextOfADocumentIsNoMarkup(t *testing.T) {
	const evil = `<script>alert("x")</script> & "quoted" 'text'`
	source := strings.NewReplacer("Agreement a-b", `'`+strings.ReplaceAll(evil, "'", "''")+`'`,
		"provenance: synthetic", "provenance: '"+strings.ReplaceAll(evil, "'", "''")+"'",
		"article: Art. 2", "article: '"+strings.ReplaceAll(evil, "'", "''")+"'").
		Replace(agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020))
	d := agreementtest.Parse(t, source)
	if d.Title != evil || d.Provenance != evil {
		t.Fatalf("got title %q", d.Title)
	}
	if page := htmlOf(t, d, paper.Options{}); strings.Contains(page, "<script") ||
		!strings.Contains(page, "&lt;script&gt;") {
		t.Error("the title is markup")
	}
	m, err := paper.NewMatrix(agreementtest.NewBook(t, []*agreement.Document{d}),
		paper.Question{Parties: []protocol.Party{"GB", "US"}, At: agreementtest.Day})
	if err != nil {
		t.Fatal(err)
	}
	picture := rendered(t, m.SVG)
	if err := wellFormed(picture); err != nil || strings.Contains(string(picture), "<script") {
		t.Errorf("the title is markup of the picture: %v", err)
	}
}
