package library_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// A situation is a request in front of a document, as a row makes it.
type situation struct {
	name string
	*scene
	book *agreement.Book
	docs []*agreement.Document
	// found: the machine finds something against it as it is.
	found bool
}

// situations are all that the rows make: each rule met, and broken.
func situations(t *testing.T, each func(situation)) {
	t.Helper()
	for _, inst := range instruments {
		plain := inst.book(t)
		for _, r := range inst.rows {
			book := plain
			if len(r.given) > 0 {
				book = inst.book(t, r.given...)
			}
			for _, make := range inst.scenes {
				if r.only != nil && !r.only(make()) {
					continue
				}
				s := make()
				if r.setup != nil {
					r.setup(s)
				}
				name := inst.id + " " + r.rule + " from " + string(s.Facts.Issuing.Party)
				each(situation{name: name + ", met", scene: s, book: book, docs: plain.Documents()})
				s = make()
				if r.setup != nil {
					r.setup(s)
				}
				r.breaks(s)
				each(situation{name: name + ", broken", scene: s, book: book, docs: plain.Documents()})
			}
		}
	}
}

// verdict is what the machine finds, whatever a person still has to judge.
func (s *situation) verdict() protocol.Verdict {
	return agreementtest.Computed(s.Decide(s.book), s.docs...)
}

// A person decides where the machine finds nothing against what is not said:
// the verdict itself is never allow. judged are the rules of which that is so,
// and why.
var judged = []struct{ where, path, why string }{
	{"bank-", "Req.Service", "that the service is a bank says what is asked for"},
	{"eu-us-mla-2003", "Req.Proceedings", "for what proceedings is asked of those that are named; the rest is for the requested State"},
	{"eu-eio-2014 interception-third-state", "Req.Target", "Art. 31 is about a subject who is known to be elsewhere"},
	{"budapest-2001 central-sends", "Req.Attestations", "without it Art. 27 is not relied on beside another treaty"},
	{"uncac-2003 central-sends", "Req.Attestations", "without it Art. 46(9)-(29) are not relied on beside another treaty"},
}

// A tally notes which of judged are needed.
type tally map[string]bool

// leftToPerson reports whether a person decides of what the removals leave unsaid.
func (s *situation) leftToPerson(used tally, removals ...agreementtest.Removal) bool {
	for _, x := range judged {
		for _, r := range removals {
			if strings.Contains(s.name, x.where) && strings.HasPrefix(r.Path, x.path) {
				used[x.where] = true
				return true
			}
		}
	}
	return false
}

// allows reports whether the removals, which are done, turned the verdict into
// allow, or what the machine finds where no person decides of it.
func (s *situation) allows(used tally, removals ...agreementtest.Removal) bool {
	if s.Decide(s.book).Verdict == protocol.Allow {
		return true
	}
	return s.found && s.verdict() == protocol.Allow && !s.leftToPerson(used, removals...)
}

// Every fact is taken out of every situation, one at a time and many at once.
func TestUnknownFactAllowsNothing(t *testing.T) {
	n, used := 0, tally{}
	var names []string
	situations(t, func(s situation) {
		names = append(names, s.name)
		before := s.Decide(s.book)
		if before.Verdict == protocol.Allow {
			return
		}
		s.found = s.verdict() != protocol.Allow
		all := agreementtest.Removals(s.scene)
		for _, r := range all {
			n++
			agreementtest.Without([]agreementtest.Removal{r}, func() {
				if s.allows(used, r) {
					t.Errorf("%s: allow without %s, with it%s", s.name, r.Path, agreementtest.Failures(before))
				}
			})
		}
	})
	for _, x := range judged {
		if !used[x.where] && slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, x.where) }) {
			t.Errorf("%s of %s need not be left to a person", x.path, x.where)
		}
	}
	t.Logf("%d facts were taken out", n)
}

func TestUnknownFactsAllowNothing(t *testing.T) {
	var kept []situation
	situations(t, func(s situation) {
		if s.Decide(s.book).Verdict != protocol.Allow {
			s.found = s.verdict() != protocol.Allow
			kept = append(kept, s)
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.SampledFrom(kept).Draw(r, "situation")
		all := agreementtest.Removals(s.scene)
		for range 20 {
			var some []agreementtest.Removal
			for range rapid.IntRange(2, 8).Draw(r, "facts") {
				some = append(some, rapid.SampledFrom(all).Draw(r, "fact"))
			}
			agreementtest.Without(some, func() {
				if s.allows(tally{}, some...) {
					r.Errorf("%s: allow without %v", s.name, some)
				}
			})
		}
	})
}
