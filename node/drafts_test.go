package node_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// drafts returns the police's whole list, read two at a time.
func (b *border) drafts() map[protocol.CaseID]desk.DraftItem {
	b.t.Helper()
	all := map[protocol.CaseID]desk.DraftItem{}
	for page := (desk.Page{Limit: 2}); ; {
		d, err := b.node(police).Drafts(b.t.Context(), page)
		b.must(err)
		if len(d.Items) > 2 {
			b.t.Fatalf("a page of 2 holds %d", len(d.Items))
		}
		for _, item := range d.Items {
			if _, twice := all[item.Case]; twice {
				b.t.Errorf("%s stands on two pages", item.Case)
			}
			all[item.Case] = item
		}
		if page.After = d.Next; page.After == "" {
			return all
		}
	}
}

// TestAnAgreementThatIsNoneIsASlip: it is told before anything is kept, and is
// no denial.
func TestAnAgreementThatIsNoneIsASlip(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		d := desk.Draft{Agreement: daa.ID + "x", Body: protocol.Body{Request: newOrder()}}
		_, saved := b.node(police).Save(t.Context(), d)
		_, submitted := b.node(police).Submit(t.Context(), d)
		for _, err := range []error{saved, submitted} {
			var p *desk.Problem
			if !errors.As(err, &p) || p.Status != http.StatusBadRequest || p.Hint != "it uses "+daa.ID {
				t.Errorf("got %v, want a problem that names %s", err, daa.ID)
			}
		}
		if got := b.drafts(); len(got) != 0 {
			t.Errorf("got %d drafts, want none", len(got))
		}
	}, police)
}

// TestADraftIsToldWhatWasRefusedBefore, and not only who sends it.
func TestADraftIsToldWhatWasRefusedBefore(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		r, earlier := newOrder(), protocol.NewCaseID()
		b.must(b.node(police).NoteRefused(t.Context(), r, earlier, "another-1999"))
		d := desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: r}}
		_, err := b.node(police).Save(t.Context(), d)
		var p *desk.Problem
		if !errors.As(err, &p) || p.Status != http.StatusConflict || !strings.Contains(p.Hint, string(earlier)) {
			t.Fatalf("got %v, want a problem that names the case", err)
		}
		if got := b.drafts(); len(got) != 0 {
			t.Errorf("got %d drafts, want none", len(got))
		}
		r.Related = []protocol.Related{{Relation: protocol.RelationConvertedFrom, Case: earlier}}
		_, err = b.node(police).Save(t.Context(), d)
		b.must(err)
	}, police)
}

func TestDraftsAreListedUntilTheyAreSent(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		if got := b.drafts(); len(got) != 0 {
			t.Fatalf("got %v before there was one", got)
		}
		denied := newOrder()
		denied.Target.LocatedIn = "US"
		want := map[protocol.CaseID]desk.DraftItem{}
		for i, r := range []*protocol.Request{newOrder(), marked(), denied, newOrder(), newOrder()} {
			b.turn(time.Hour)
			at := b.now()
			p, err := b.node(police).Save(t.Context(), desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: r}})
			b.must(err)
			want[p.Case] = desk.DraftItem{Case: p.Case, Saved: at, Verdict: p.Decision.Verdict, Agreement: p.Decision.Agreement}
			if deny := p.Decision.Verdict == protocol.Deny; deny != (r == denied) {
				t.Fatalf("draft %d: got %s", i, p.Decision.Verdict)
			}
		}
		same := func(when string) {
			t.Helper()
			got := b.drafts()
			for id, w := range want {
				if g := got[id]; g.Verdict != w.Verdict || g.Agreement != w.Agreement || g.Saved.Sub(w.Saved).Abs() > time.Minute {
					t.Errorf("%s: got %+v, want %+v", when, g, w)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: got %d drafts, want %d", when, len(got), len(want))
			}
		}
		same("all of them")
		list, err := b.node(police).Drafts(t.Context(), desk.Page{Limit: desk.MaxPage})
		b.must(err)
		if enc := (&listener{border: b}).encode(list); hasMark(enc) {
			t.Errorf("the list says whom it is about: %s", enc)
		}
		for id, w := range want {
			if w.Verdict == protocol.Deny {
				continue
			}
			_, err := b.act(police, desk.Draft{Case: id})
			b.must(err)
			delete(want, id)
			break
		}
		same("one was sent")
	}, police, office, contoso)
}

// TestMistypedRequestIsNotKept: whoever drafts over the API is told as well.
func TestMistypedRequestIsNotKept(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		r := newOrder()
		r.Target.Nationalities = []protocol.Party{"UK"}
		d := desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: r}}
		_, kept := b.node(police).Save(t.Context(), d)
		_, prepared := b.node(police).Prepare(t.Context(), d)
		for _, err := range []error{kept, prepared} {
			var p *desk.Problem
			if !errors.As(err, &p) || !strings.Contains(p.Text, "target.nationalities[0]") {
				t.Errorf("got %v, want the member that is wrong", err)
			}
		}
	}, police)
}

// TestADraftIsDiscarded for good, and what was sent is not.
func TestADraftIsDiscarded(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		n := b.node(police)
		p, err := n.Save(t.Context(), desk.Draft{Agreement: daa.ID, Body: protocol.Body{Request: newOrder()}})
		b.must(err)
		var problem *desk.Problem
		withdrawal := desk.Draft{Case: p.Case, Body: protocol.Body{Withdrawal: &protocol.Withdrawal{}}}
		if _, err := n.Prepare(t.Context(), withdrawal); !errors.As(err, &problem) || !strings.Contains(problem.Hint, "discard") {
			t.Errorf("withdrawn: got %v", err)
		}
		_, err = n.Discard(t.Context(), p.Case)
		b.must(err)
		if got := b.drafts(); len(got) != 0 {
			t.Errorf("got %v, want none", got)
		}
		if _, err := b.act(police, desk.Draft{Case: p.Case}); !errors.As(err, &problem) || problem.Status != 404 {
			t.Errorf("sent: got %v", err)
		}
		if _, err := n.Discard(t.Context(), p.Case); !errors.As(err, &problem) || problem.Status != 404 {
			t.Errorf("again: got %v", err)
		}
		sent := b.request(newOrder()).Case
		if _, err := n.Discard(t.Context(), sent); !errors.As(err, &problem) || problem.Status != 409 {
			t.Errorf("one that was sent: got %v", err)
		}
		if got := b.state(police, sent); got != "requested" {
			t.Errorf("it is %s", got)
		}
	}, police, office)
}
