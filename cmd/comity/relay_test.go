package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain/chaintest"
)

// TestOfficerPassesOnWhatCameInALinkedCase, and nothing that the node puts in its
// place.
func TestOfficerPassesOnWhatCameInALinkedCase(t *testing.T) {
	w := chaintest.New(t, "IE")
	origin := w.Disclose(w.Request("ie.justice", "ie.initech"), "ie.initech", "ie.justice")
	v := &desk.CaseView{File: &casefile.Case{Issuer: "gb.met-police"}, Linked: []desk.Linked{{Case: origin.Case, Relation: desk.ExecutedBy}}}
	c := &relayPassCmd{Note: "as asked"}
	body := func() *protocol.Disclosure {
		return &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{}, Note: "as asked",
			Origin: w.Sign(origin), Keys: protocol.Signed("{}"), Readers: []protocol.ParticipantID{"gb.home-office", "gb.met-police"}}
	}
	for name, change := range map[string]func(*protocol.Disclosure){
		"as asked":     func(*protocol.Disclosure) {},
		"no product":   func(d *protocol.Disclosure) { d.Origin = nil },
		"more":         func(d *protocol.Disclosure) { d.Objects = append(d.Objects, protocol.Object{}) },
		"another note": func(d *protocol.Disclosure) { d.Note = "else" },
		"another case": func(d *protocol.Disclosure) {
			d.Origin = w.Sign(w.Disclose(w.Request("ie.justice", "ie.initech"), "ie.initech", "ie.justice"))
		},
		"no disclosure":  func(d *protocol.Disclosure) { d.Origin = w.Sign(w.Request("ie.garda", "ie.justice")) },
		"another reader": func(d *protocol.Disclosure) { d.Readers = append(d.Readers, "xx.stranger") },
		"another status": func(d *protocol.Disclosure) { d.Status = protocol.ProductionNoData },
	} {
		d := body()
		change(d)
		err := c.fits(v, "ie.justice")(&desk.Prepared{To: []protocol.ParticipantID{"gb.home-office"}, Body: protocol.Body{Disclosure: d}})
		if (err == nil) != (name == "as asked") || err != nil && !errors.Is(err, errNotAsked) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestADomesticOrderIsReadAndCompleted.
func TestADomesticOrderIsReadAndCompleted(t *testing.T) {
	const order = `file_number: MA-1
purpose: order of the court
authorisation: {kind: court, authority: District Court, reference: MA-1, date: 2026-11-20T00:00:00Z, instrument: order, order: ""}
offence: {description: Deception, provisions: [s.6], max_custody_months: 60}
`
	file := filepath.Join(t.TempDir(), "order.yaml")
	foreign := readTemplate(t, func(r *protocol.Request) { r.Facts = "the facts" })
	a := &app{now: func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }}
	read := func(text string, named bool) (*protocol.Request, error) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := &relayServeCmd{Case: "case-abcdefghijklmnopqrstuvwxyz", Order: file, To: "ie.contoso", NameState: named}
		return c.order(a, "ie.justice", foreign)
	}
	r, err := read(order, false)
	if err != nil {
		t.Fatal(err)
	}
	if r.Issuer != "ie.justice" || r.Addressee != "ie.contoso" || r.Facts != "" || r.Related[0].Reference != "" {
		t.Errorf("got %+v", r)
	}
	if err := r.Executes(foreign); err != nil {
		t.Error(err)
	}
	if r, err = read(order, true); err != nil || r.Related[0].Reference != "a request of GB" {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err = read(order+"issuer: gb.met-police\n", false); err == nil || !strings.Contains(err.Error(), "leave them out") {
		t.Errorf("another issuer: got %v", err)
	}
	if _, err = read(order+"lengh: 3\n", false); err == nil || !strings.Contains(err.Error(), "order.yaml:5") {
		t.Errorf("a slip of the pen: got %v", err)
	}
}

// TestLinkedCasesAreShown with what is to be done.
func TestLinkedCasesAreShown(t *testing.T) {
	var out bytes.Buffer
	writeLinked(&out, &desk.CaseView{Case: "case-a",
		Linked: []desk.Linked{{Case: "case-b", Relation: desk.ExecutedBy, State: casefile.Produced, Product: 1},
			{Case: "case-c", Relation: desk.ExecutedBy, State: casefile.Served}}})
	writeNext(&out, turn{move: casefile.Answer, id: "case-a", authority: true, accepted: true})
	writeLinked(&out, &desk.CaseView{Linked: []desk.Linked{{Case: "case-d", Relation: desk.Executes, Halt: "ended"},
		{Case: "case-e", Relation: desk.Executes, Halt: "narrow"}, {Case: "case-f", Relation: desk.Executes, State: casefile.Accepted}}})
	for _, want := range []string{"by case-b, produced: 1 disclosure to pass on", "by case-c, served: it waits for the provider",
		"comity relay serve case-a --order FILE --to PROVIDER", "case-d, which has ended: withdraw this one",
		"case-e, which asks for less by now", "case-f, accepted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in:\n%s", want, &out)
		}
	}
}
