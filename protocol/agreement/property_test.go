package agreement_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/canon"
)

// full is a world with everything in it.
var rich = taste{rules: 3, laws: true}

func canonical(t fataler, d protocol.Decision) []byte {
	b, err := canon.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withdrawing draws a notice that takes something away, nil where none can be: a
// suspension, or an option whose making takes data or adds a rule.
func withdrawing(t *rapid.T, w *world) *agreement.Notice {
	n := anyNoticeOf(t, w, "more")
	switch {
	case n == nil:
		return nil
	case n.Kind == agreement.Resume:
		n.Kind = agreement.Suspend
	case n.Kind == agreement.Withdraw:
		n.Kind = w.making(n.Agreement, n.Option)
	}
	return n
}

// making is the kind of notice by which an option is made.
func (w *world) making(id, opt string) agreement.NoticeKind {
	for _, x := range w.texts {
		for _, o := range x.options {
			if x.id == id && o.id == opt && o.kind == agreement.OptionDeclaration {
				return agreement.Declare
			}
		}
	}
	return agreement.Reserve
}

// For every way to choose the governing agreement: it is named, named with its
// version, or found.
func TestSuspensionOrOptionNeverMakesADecisionBetter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		more := withdrawing(r, w)
		if more == nil {
			return
		}
		before, after := w.book(r), w.book(r, more)
		for range 6 {
			s := anyRequest(r, w)
			old, now := s.Decide(before), s.Decide(after)
			if now.Verdict > old.Verdict || agreementtest.Computed(now, w.read...) > agreementtest.Computed(old, w.read...) {
				r.Fatalf("%v after %+v, %v before it%s\n%s", now.Verdict, *more, old.Verdict, agreementtest.Failures(old), w.describe())
			}
		}
	})
}

// What a Party takes back is as though it had never been, if nothing of that
// Party's was in effect before.
func TestResumptionAndWithdrawalRestoreWhatWas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		made := withdrawing(r, w)
		if made == nil {
			return
		}
		w.notices = slices.DeleteFunc(w.notices, func(n *agreement.Notice) bool {
			return n.Party == made.Party && n.Agreement == made.Agreement
		})
		for _, x := range w.texts {
			x.positions = slices.DeleteFunc(x.positions, func(p position) bool { return p.party == made.Party })
		}
		w.read = nil
		back := *made
		back.ID, back.Kind = "back", agreement.Withdraw
		if made.Option == "" {
			back.Kind = agreement.Resume
		}
		back.Effective = made.Effective.AddDate(0, 0, rapid.IntRange(1, 400).Draw(r, "later"))
		before, during, after := w.book(r), w.book(r, made), w.book(r, made, &back)
		for range 6 {
			s := anyRequest(r, w)
			want, when := s.Decide(before), "before"
			if s.Facts.At.Before(back.Effective) {
				want, when = s.Decide(during), "during"
			}
			got := s.Decide(after)
			got.Documents, want.Documents = nil, nil // which name the notices
			if !bytes.Equal(canonical(r, got), canonical(r, want)) {
				r.Fatalf("at %v\ngot  %s\nwant as %s %s\nmade %+v\n%s", s.Facts.At, canonical(r, got), when, canonical(r, want), *made, w.describe())
			}
		}
	})
}

// A decision is the same again, and whatever the order of the files and of the
// notices, and whatever else lies beside them.
func TestDecisionDependsOnNothingElse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		beside := []*agreement.Document{
			agreementtest.Parse(t, agreementtest.Bilateral("a-beside", "NZ", "CA", agreementtest.Standing2020)),
			agreementtest.Parse(t, agreementtest.Bilateral("z-beside", "NZ", "US", agreementtest.Standing2020)),
			agreementtest.Parse(t, elsewhere)}
		docs := rapid.Permutation(append(w.documents(r), beside...)).Draw(r, "files")
		other, err := agreement.NewBook(docs, rapid.Permutation(slices.Clone(w.notices)).Draw(r, "notices"))
		if err != nil {
			r.Fatal(err)
		}
		book := w.book(r)
		for range 4 {
			s := anyRequest(r, w)
			want := canonical(r, s.Decide(book))
			for _, b := range []*agreement.Book{book, other} {
				if got := canonical(r, s.Decide(b)); !bytes.Equal(got, want) {
					r.Fatalf("got  %s\nwant %s", got, want)
				}
			}
		}
	})
}

const elsewhere = `id: nz-law
version: "1"
title: Law of New Zealand
citation: made up
kind: domestic_law
status: in_force
signed: 2020-01-01
in_force: 2020-06-01
parties: [NZ]
provenance: made up
rules:
  - {id: never, article: A, kind: computed, require: "false", otherwise: deny, reason: domestic_law, capacity: provider, text: T, provenance: unverified}
`

// mirror is the same request in the other direction.
func mirror(s *agreementtest.Scene) *agreementtest.Scene {
	out := *s
	from, to := s.Facts.Issuing.Party, s.Facts.Addressee.Party
	out.Req.Issuer, out.Req.Addressee = participant(to, "police"), participant(from, "office")
	out.Facts.Issuing = agreementtest.StandingOf(out.Req.Issuer, s.Facts.Issuing.Roles...)
	out.Facts.Addressee = agreementtest.StandingOf(out.Req.Addressee, s.Facts.Addressee.Roles...)
	out.Facts.Sender = agreementtest.StandingOf(participant(to, "home"), s.Facts.Sender.Roles...)
	return &out
}

func TestMirroredRightsAreSymmetric(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, taste{})
		for i := range w.texts {
			for j := range w.texts[i].rights {
				w.texts[i].rights[j].reciprocity = agreement.Mirrored
			}
		}
		book := w.book(r)
		for range 12 {
			s := anyRequest(r, w)
			if s.Facts.Issuing.Party == "" {
				continue
			}
			s.Facts.Ref = protocol.AgreementRef{ID: w.texts[0].id, Version: w.texts[0].version}
			d := s.Decide(book)
			there := reached(d, agreement.StepReciprocal)
			back := reached(mirror(s).Decide(book), agreement.StepReciprocal)
			if there != back && (there || back) {
				r.Fatalf("there %v, back %v: %s\n%s", there, back, agreementtest.Failures(d), w.describe())
			}
		}
	})
}

// reached reports whether a step was taken and passed, with all before it but
// those that ask who signed.
func reached(d protocol.Decision, step string) bool {
	return slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
		return f.Rule == step && f.Outcome == protocol.Pass
	})
}

// Whether a text that has ended, has not begun, or does not bind one of the two,
// is found or named: it allows nothing.
func TestTextThatDoesNotStandAllowsNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, taste{})
		book := w.book(r)
		for range 12 {
			s := anyRequest(r, w)
			d := s.Decide(book)
			for _, x := range w.texts {
				if (protocol.AgreementRef{ID: x.id, Version: x.version}) != d.Agreement || d.Verdict == protocol.Deny {
					continue
				}
				if why := x.fallen(s.Facts.At, s.Facts.Issuing.Party, s.Facts.Addressee.Party); why != "" {
					r.Fatalf("%v by a text that %s\n%s", d.Verdict, why, w.describe())
				}
			}
		}
	})
}

// fallen says in how far a text does not stand between two Parties.
func (x *text) fallen(now time.Time, parties ...protocol.Party) string {
	switch {
	case x.kind == agreement.KindCourtesy && x.inForce == "" && (x.status == agreement.InForce || x.ended != ""):
		// It has no first day.
	case x.inForce == "" || now.Before(at(x.inForce)):
		return "is not in force yet"
	}
	switch {
	case x.expires != "" && !now.Before(at(x.expires)):
		return "has expired"
	case x.ended != "" && !now.Before(at(x.ended)):
		return "has ended"
	}
	for _, m := range x.members {
		if !slices.Contains(parties, m.party) || m.plain() {
			continue
		}
		if m.inForce == "" || now.Before(at(m.inForce)) || m.left != "" && !now.Before(at(m.left)) {
			return "does not bind " + string(m.party)
		}
	}
	return ""
}

// A rule that only warns changes no verdict, in an agreement or in law beside it.
func TestWarningChangesNoVerdict(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		for _, x := range w.texts {
			x.rules = slices.DeleteFunc(x.rules, func(u rule) bool {
				return u.otherwise == agreement.OtherwiseFlag && x.kind == agreement.KindDomestic && len(x.rules) == 1
			})
		}
		calm := w.without(func(u rule) bool { return u.otherwise == agreement.OtherwiseFlag })
		loud := &world{texts: slices.Clone(w.texts), notices: w.notices}
		for _, p := range nations {
			if !slices.ContainsFunc(w.texts, func(x *text) bool { return x.id == lawID(p) }) && oneIn(r, 2, "warns") {
				loud.texts = append(loud.texts, anyLaw(r, p, true))
			}
		}
		quiet, warned := calm.book(r), loud.book(r)
		for range 6 {
			s := anyRequest(r, w)
			if a, b := s.Decide(quiet).Verdict, s.Decide(warned).Verdict; a != b {
				r.Fatalf("%v without the warnings, %v with them\n%s", a, b, loud.describe())
			}
		}
	})
}

// without is the world without some rules.
func (w *world) without(drop func(rule) bool) *world {
	out := &world{notices: w.notices}
	for _, x := range w.texts {
		y := *x
		y.rules = slices.DeleteFunc(slices.Clone(x.rules), drop)
		out.texts = append(out.texts, &y)
	}
	return out
}

// nearly is how many findings may be in the way of an allow for a request to be
// worth a look: of one that much is wrong with, a fact less makes no allow.
const nearly = 2

func TestMissingFactNeverTurnsANoIntoAnAllow(t *testing.T) {
	looked := 0
	rapid.Check(t, func(r *rapid.T) {
		w := anyWorld(r, rich)
		book := w.book(r)
		for range 16 {
			s := anyRequest(r, w)
			before := s.Decide(book)
			no := agreementtest.Computed(before, w.read...)
			if no == protocol.Allow || inTheWay(before) > nearly {
				continue
			}
			looked++
			all := agreementtest.Removals(s)
			try := func(some ...agreementtest.Removal) {
				agreementtest.Without(some, func() {
					if d := s.Decide(book); agreementtest.Computed(d, w.read...) == protocol.Allow {
						r.Fatalf("allow without %v, with it %v%s\n%s", some, no, agreementtest.Failures(before), w.describe())
					}
				})
			}
			for _, x := range all {
				try(x)
			}
			for range 4 {
				try(someOf(r, "removals", all[:min(len(all), 60)])...)
			}
		}
	})
	if looked == 0 {
		t.Error("no request was worth a look")
	}
}

func inTheWay(d protocol.Decision) (n int) {
	for _, f := range d.Findings {
		if f.Outcome == protocol.Fail || f.Outcome == protocol.Held {
			n++
		}
	}
	return n
}

func TestBookServesManyAtOnce(t *testing.T) {
	book := agreementtest.LibraryBook(t)
	want := string(canonical(t, agreementtest.UKOrder().Decide(book)))
	done := make(chan string)
	for range 8 {
		go func() {
			got := ""
			for range 50 {
				b, _ := canon.Encode(agreementtest.UKOrder().Decide(book))
				got = string(b)
			}
			done <- got
		}()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
