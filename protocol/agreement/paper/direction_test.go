package paper_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/paper"
)

func TestDirectionIsTwoParties(t *testing.T) {
	if d, err := paper.ParseDirection("GB:US"); err != nil || d != (paper.Direction{From: "GB", To: "US"}) {
		t.Errorf("got %v, %v", d, err)
	}
	for _, s := range []string{"", "GB", "GB:", ":US", "GB:GB", "gb:us", "GB:US:FR", "GB US", "GB:USA"} {
		if d, err := paper.ParseDirection(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, d)
		}
	}
}

func TestDirectionWithoutTimeOrPartyIsRefused(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	for name, opts := range map[string]paper.Options{
		"no time":       {Direction: &paper.Direction{From: "GB", To: "US"}},
		"no such Party": {Direction: &paper.Direction{From: "GB", To: "NL"}, At: agreementtest.Day},
		"book, no time": {Book: agreementtest.NewBook(t, []*agreement.Document{d})},
	} {
		if err := paper.Text(io.Discard, d, opts); err == nil {
			t.Errorf("%s: got no error from the text", name)
		}
		if err := paper.HTML(io.Discard, d, opts); err == nil {
			t.Errorf("%s: got no error from the page", name)
		}
	}
}

func between(t *testing.T, d *agreement.Document, opts paper.Options) string {
	t.Helper()
	return flat(string(rendered(t, func(w io.Writer) error { return paper.Text(w, d, opts) })))
}

func TestBookThatHoldsAnotherTextSaysNothingOfThisOne(t *testing.T) {
	one, two := sample(t, "sample-1.yaml"), sample(t, "sample-2.yaml")
	opts := options(t, two, "GB", "US")
	if text := between(t, one, opts); strings.Contains(text, "Notices") || strings.Contains(text, "Does not stand") {
		t.Error("notices under another text are shown")
	}
	if text := between(t, two, opts); !strings.Contains(text, "US suspended the right to ask it for subscriber") {
		t.Error("notices are not shown")
	}
}

func TestDirectionSaysForWhomADocumentIsNotInForce(t *testing.T) {
	d := sample(t, "sample-1.yaml")
	at := func(from, to protocol.Party, at time.Time) string {
		return between(t, d, paper.Options{Direction: &paper.Direction{From: from, To: to}, At: at})
	}
	for want, text := range map[string]string{
		"in force between the two":                             at("GB", "US", agreementtest.Day),
		"not in force between the two: for FR it is not":       at("GB", "FR", agreementtest.Day),
		"it stands on 2020-06-01: not in force":                at("GB", "US", time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)),
		"Does not stand: It is not in force between the two P": at("FR", "US", agreementtest.Day),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got no %q in %s", want, text)
		}
	}
}

const domestic = `id: us-law
version: "1"
title: Law
citation: a law
kind: domestic_law
status: in_force
signed: 2018-01-01
in_force: 2018-01-01
parties: [US]
provenance: nothing is verified
rules:
  - {id: binds-provider, capacity: provider, article: 1, kind: computed, require: "offence.military", otherwise: flag, reason: domestic_law, text: For providers., advice: Look., provenance: unverified}
  - {id: binds-issuer, capacity: issuing, article: 2, kind: computed, require: "offence.military", otherwise: flag, reason: domestic_law, text: For orders., advice: Look., provenance: unverified}
  - {id: binds-requested, capacity: receiving, article: 3, kind: computed, require: "offence.military", otherwise: flag, reason: domestic_law, text: For requests., advice: Look., provenance: unverified}
`

// TestDomesticLawMattersInItsCapacity: a provider anywhere may be under it.
func TestDomesticLawMattersInItsCapacity(t *testing.T) {
	d := agreementtest.Parse(t, strings.NewReplacer("article: 1", `article: "1"`, "article: 2", `article: "2"`,
		"article: 3", `article: "3"`).Replace(domestic))
	for _, c := range []struct {
		from, to protocol.Party
		rules    string
	}{
		{"US", "GB", "binds-provider binds-issuer"},
		{"GB", "US", "binds-provider binds-requested"},
		{"DE", "IE", "binds-provider"},
	} {
		text := between(t, d, paper.Options{Direction: &paper.Direction{From: c.from, To: c.to}, At: agreementtest.Day})
		for _, rule := range []string{"binds-provider", "binds-issuer", "binds-requested"} {
			if got, want := strings.Contains(text, rule), strings.Contains(c.rules, rule); got != want {
				t.Errorf("%s to %s: %s: got %v, want %v", c.from, c.to, rule, got, want)
			}
		}
		if !strings.Contains(text, "It grants nothing") {
			t.Error("the head does not say that it grants nothing")
		}
	}
}
