package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// insisting is a reply to the one objection of a case, as an honest node
// prepares it.
func insisting() (speech, desk.Prepared) {
	q := protocol.DigestOf([]byte("objection"))
	v := &desk.CaseView{Case: "case-aaaaaaaaaaaaaaaaaaaaaaaaaa", File: &casefile.Case{},
		Questions: []casefile.Question{{Act: q, Kind: protocol.KindObjection}}}
	asked := protocol.Reply{Result: protocol.ReplyInsists, Text: "it stands"}
	filled := asked
	filled.Answers = []protocol.Digest{q}
	return speech{body: protocol.Body{Reply: &asked}, view: v},
		desk.Prepared{Case: v.Case, Body: protocol.Body{Reply: &filled}}
}

// TestOfficerSignsOnlyTheTalkThatWasMeant: the node fills in what is answered, and
// nothing else.
func TestOfficerSignsOnlyTheTalkThatWasMeant(t *testing.T) {
	s, p := insisting()
	if err := s.fits(&p); err != nil {
		t.Errorf("what was asked for: %v", err)
	}
	if s.body.Reply.Answers != nil || len(p.Body.Reply.Answers) != 1 {
		t.Error("comparing changed what was compared")
	}
	for name, change := range map[string]func(*desk.Prepared){
		"another result":         func(p *desk.Prepared) { p.Body.Reply.Result = protocol.ReplyAgrees },
		"other words":            func(p *desk.Prepared) { p.Body.Reply.Text = "we agree" },
		"another question":       func(p *desk.Prepared) { p.Body.Reply.Answers[0][0] ^= 1 },
		"an act of another kind": func(p *desk.Prepared) { p.Body = protocol.Body{Withdrawal: &protocol.Withdrawal{}} },
		"an order that is none": func(p *desk.Prepared) {
			p.Body = protocol.Body{Enforcement: &protocol.Enforcement{Request: []byte("{}"), Reason: protocol.ReasonOverdue}}
		},
	} {
		s, p := insisting()
		if name == "an order that is none" {
			s.body = protocol.Body{Enforcement: &protocol.Enforcement{Reason: protocol.ReasonOverdue}}
		}
		change(&p)
		if err := s.fits(&p); !errors.Is(err, errNotAsked) {
			t.Errorf("%s: got %v, want errNotAsked", name, err)
		}
	}
}

// TestTheReasonsOfAnnexIII: a form closes the list, and two boxes are for
// production orders only.
func TestTheReasonsOfAnnexIII(t *testing.T) {
	v := func(typ protocol.RequestType, c protocol.Category) *desk.CaseView {
		return &desk.CaseView{File: &casefile.Case{Agreement: protocol.AgreementRef{ID: ePOC},
			Matter: casefile.Matter{Type: typ, Categories: []protocol.Category{c}}}}
	}
	for _, c := range []struct {
		typ   protocol.RequestType
		cat   protocol.Category
		boxes int
	}{
		{protocol.Production, protocol.CategoryContent, 10},
		{protocol.Production, protocol.CategorySubscriber, 9},
		{protocol.Preservation, protocol.CategoryContent, 8},
	} {
		list := clarifications(v(c.typ, c.cat))
		if got := len(list) - 1; got != c.boxes { // besides the free text
			t.Errorf("%s of %s: got %d boxes, want %d", c.typ, c.cat, got, c.boxes)
		}
	}
	if got := len(clarifications(&desk.CaseView{File: &casefile.Case{}})); got <= 10 {
		t.Errorf("under another agreement: got %d reasons, want the open list", got)
	}
}

// TestEveryCodeIsAReason of the protocol, and stands once in its list.
func TestEveryCodeIsAReason(t *testing.T) {
	other := &desk.CaseView{File: &casefile.Case{Matter: casefile.Matter{Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategoryContent}}}}
	epoc := *other
	file := *other.File
	file.Agreement.ID, file.Notified = ePOC, []protocol.ParticipantID{"ie.justice"}
	epoc.File = &file
	for name, list := range map[string][]code{
		"clarify": clarifications(other), "clarify an EPOC": clarifications(&epoc),
		"object": objections(other), "object to an EPOC": objections(&epoc),
		"refuse": grounds(other, "us.doj-oia"), "refuse an EPOC": grounds(&epoc, "ie.justice"),
		"postpone": postponements(), "enforce": enforcements(),
	} {
		seen := map[protocol.Reason]bool{}
		for _, c := range list {
			if new(protocol.Reason).UnmarshalText([]byte(c.Reason)) != nil || seen[c.Reason] {
				t.Errorf("%s: %q", name, c.Reason)
			}
			seen[c.Reason] = true
		}
	}
}

func TestClocksOfACaseInWords(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	v := &desk.CaseView{Fired: []casefile.Fired{{Clock: "old", Effect: casefile.EffectOverdue, Due: now.Add(-time.Hour), At: now}},
		Running: []casefile.Running{
			{ID: "production", Whose: "us.contoso", Ends: now.Add(100 * time.Hour), Effect: casefile.EffectOverdue, Article: "Art. 10(3)", Provenance: "verified"},
			{ID: "answer", Whose: "us.contoso", Ends: now.Add(90 * time.Minute), Effect: casefile.EffectAlert, Policy: true},
			{ID: "still", Whose: "us.contoso", Paused: now, Left: 49 * time.Hour},
			{ID: "old", Whose: "us.contoso", Ends: now.Add(-time.Hour), Effect: casefile.EffectOverdue},
			{ID: "theirs", Whose: "us.contoso", Unknown: "ie.justice"},
			{ID: "done", Whose: "us.contoso", Stopped: now, Ends: now.Add(time.Minute)},
		},
		Awaits: []casefile.Awaited{{Participant: "us.contoso", Move: casefile.Answer}}}
	var out bytes.Buffer
	writeAwaits(&out, v)
	writeRunning(&out, v, now)
	for _, want := range []string{
		"awaits     us.contoso: answer, by 2026-11-26T13:30:00Z (answer)\n",
		"production (Art. 10(3), verified), us.contoso: due 2026-11-30T16:00:00Z, in 4d4h\n",
		"answer (policy of this node, not law), us.contoso: due 2026-11-26T13:30:00Z, in 1h30m\n",
		"stands still since 2026-11-26T12:00:00Z, 2d1h left",
		"old, us.contoso: over since 2026-11-26T11:00:00Z\n",
		"runs, and only ie.justice knows since when",
		"done, us.contoso: done 2026-11-26T12:00:00Z\n",
		"passed     old: overdue, due 2026-11-26T11:00:00Z, noticed 2026-11-26T12:00:00Z\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &out)
		}
	}
}
