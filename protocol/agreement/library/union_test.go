package library_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// all does one thing after the other.
func all(steps ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, step := range steps {
			step(s)
		}
	}
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// unmet returns the findings that are not met, but for those that are left to a
// person's judgement.
func unmet(doc *agreement.Document, d protocol.Decision) []string {
	var out []string
	for _, f := range d.Findings {
		left := slices.ContainsFunc(doc.Rules, func(r agreement.Rule) bool {
			return r.ID == f.Rule && r.Kind == agreement.Judgement
		})
		if f.Outcome == protocol.Fail || f.Outcome == protocol.Held && !left {
			out = append(out, f.Rule)
		}
	}
	return out
}

// spoilNothing checks of each row that its scene, as it is set up, meets all
// but what is left to judgement, and that the row then breaks its rule alone,
// or what is named beside it.
func spoilNothing(t *testing.T, inst instrument, make func() *scene, beside map[string][]string) {
	t.Helper()
	doc, book := document(t, inst.id), inst.book(t)
	for _, r := range inst.rows {
		s := make()
		if r.setup != nil {
			r.setup(s)
		}
		if r.rule == "own-proceedings" {
			s.Attest("protection_examined")
		}
		if got := unmet(doc, s.Decide(book)); len(got) > 0 {
			t.Errorf("%s: as it is set up, %v are not met", r.rule, got)
		}
		r.breaks(s)
		for _, got := range unmet(doc, s.Decide(book)) {
			if got != r.rule && !slices.Contains(beside[r.rule], got) {
				t.Errorf("%s: what breaks it breaks %s too", r.rule, got)
			}
		}
	}
}

// grants checks what a document lets be asked for, of every type and category.
func grants(t *testing.T, inst instrument, make func() *scene, want map[protocol.RequestType][]protocol.Category) {
	t.Helper()
	book := inst.book(t)
	for _, typ := range protocol.RequestTypes() {
		for _, c := range protocol.Categories() {
			s := make()
			s.Ask(typ, c)
			f := agreementtest.Found(t, s.Decide(book), "right")
			if granted := slices.Contains(want[typ], c); granted != (f.Outcome == protocol.Pass) {
				t.Errorf("%s from %s: %s %s: got %v %s, granted should be %v", inst.id, s.Facts.Issuing.Party,
					typ, c, f.Outcome, f.Reason, granted)
			}
		}
	}
}

// bound checks from which day a document carries requests, and that a request
// to or from who is no Party is not carried.
func bound(t *testing.T, inst instrument, make func(from, to protocol.Party) *scene, first time.Time, out ...protocol.Party) {
	t.Helper()
	book := inst.book(t)
	s := make("NL", "FR")
	s.Facts.At, s.Facts.Issued = first.Add(-time.Second), first.Add(-time.Second)
	if f := agreementtest.Found(t, s.Decide(book), "in_force"); f.Outcome != protocol.Fail {
		t.Errorf("before the first day: got %v", f.Outcome)
	}
	s.Facts.At, s.Facts.Issued = first, first
	if d := s.Decide(book); d.Verdict == protocol.Deny {
		t.Errorf("on the first day: got %v%s", d.Verdict, agreementtest.Failures(d))
	}
	for _, p := range out {
		for _, s := range []*scene{make(p, "NL"), make("NL", p)} {
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNotGoverning)
			s.Facts.Ref = protocol.AgreementRef{}
			agreementtest.Expect(t, s.Decide(book), protocol.Deny, protocol.ReasonNoAgreement)
		}
	}
}

// What a source calls a reading is marked as one: the words of the text do not
// say it.
func TestAReadingIsNotVerified(t *testing.T) {
	for _, id := range []string{"eu-epoc-2023", "eu-eio-2014", "budapest-2001", "cets224-2022", "uncac-2003"} {
		d := document(t, id)
		see := func(what string, m agreement.Mark) {
			if m.Provenance == agreement.Verified && strings.HasSuffix(m.Source, " a reading") {
				t.Errorf("%s: %s: verified, and its source says: %s", id, what, m.Source)
			}
		}
		for i := range d.Rules {
			see(d.Rules[i].ID, d.Rules[i].Mark)
		}
		for i := range d.Rights {
			see(d.Rights[i].ID, d.Rights[i].Mark)
		}
		for i := range d.Clocks {
			see(d.Clocks[i].ID, d.Clocks[i].Mark)
		}
		for i := range d.Barred {
			see(string(d.Barred[i].Ground), d.Barred[i].Mark)
		}
	}
}

func participant(p protocol.Party, name string) protocol.ParticipantID {
	return protocol.ParticipantID([]byte{p[0] + 'a' - 'A', p[1] + 'a' - 'A'}) + "." + protocol.ParticipantID(name)
}

// barred checks which grounds nobody may refuse with, in both directions.
func barred(t *testing.T, inst instrument, want ...protocol.Reason) {
	t.Helper()
	book, ref := inst.book(t), document(t, inst.id).Ref()
	for _, ground := range protocol.Reasons() {
		for _, p := range [][2]protocol.Party{{"NL", "FR"}, {"FR", "NL"}} {
			d := book.Refuse(agreement.Ground{Agreement: ref, Reason: ground, From: p[0], To: p[1], At: agreementtest.Day})
			if slices.Contains(want, ground) != (d.Verdict == protocol.Deny) {
				t.Errorf("%s: ground %s from %s: got %v", inst.id, ground, p[0], d.Verdict)
			}
		}
	}
}

// The two lists of 32 categories have the same codes, so that an order keeps
// its category from one instrument to the other.
func TestBothListsOfTheUnionHaveTheSameCodes(t *testing.T) {
	codes := func(id string) []string {
		var out []string
		for _, e := range document(t, id).Lists[0].Entries {
			out = append(out, e.Code)
		}
		return out
	}
	iv, d := codes("eu-epoc-2023"), codes("eu-eio-2014")
	if len(iv) != 32 || !slices.Equal(iv, d) {
		t.Errorf("got %d and %d categories, %v and %v", len(iv), len(d), iv, d)
	}
}
