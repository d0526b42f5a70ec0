package agreement_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// options are what the Parties of a synthetic agreement may choose.
const options = `options:
  - {id: no-content, kind: reservation, article: Art. 7, text: none, mirrored: Art. 7(2), excludes: {types: [production], categories: [content_stored]}, provenance: unverified}
  - {id: no-subscriber, kind: reservation, article: Art. 8, text: none, excludes: {categories: [subscriber]}, provenance: unverified}
  - {id: ask, kind: declaration, article: Art. 9, text: ask, mirrored: Art. 9(2), provenance: unverified}
  - {id: tell, kind: declaration, article: Art. 10, text: tell, provenance: unverified}
rights:`

// askRules depend on the options.
const askRules = `  - {id: asked, article: Art. 9, kind: judgement, option: ask, otherwise: hold, reason: judgement, side: receiving, role: central, text: It decides., question: Well?, provenance: unverified}
  - {id: told, article: Art. 10, kind: computed, option: tell, require: request.has_facts, otherwise: flag, reason: insufficient_info, text: It wants facts., advice: Give them., provenance: unverified}
`

// optional is an agreement with options; each change takes the place of a text.
func optional(t testing.TB, changes ...string) *agreement.Document {
	t.Helper()
	text := replace(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020), "rights:", options) + askRules
	for i := 0; i < len(changes); i += 2 {
		text = replace(t, text, changes[i], changes[i+1])
	}
	return agreementtest.Parse(t, text)
}

// chosen is the notice by which a Party makes or withdraws an option, a number
// of days from today on.
func chosen(p protocol.Party, kind agreement.NoticeKind, option string, days int) *agreement.Notice {
	return &agreement.Notice{ID: strings.Join([]string{option, string(kind)}, "-"), Agreement: "a-b", Party: p, Kind: kind,
		Option: option, Issued: agreementtest.Day.AddDate(0, 0, -9), Effective: agreementtest.Day.AddDate(0, 0, days), Ground: "law"}
}

func expectText(t *testing.T, d protocol.Decision, rule string, o protocol.Outcome, text string) {
	t.Helper()
	if f := agreementtest.Found(t, d, rule); f.Outcome != o || f.Text != text {
		t.Errorf("%s: got %v %q, want %v %q", rule, f.Outcome, f.Text, o, text)
	}
}

func TestExclusionTakesTheRightAway(t *testing.T) {
	const one = "reciprocity: one-sided\n    one_sided_article: Art. 2(2)"
	for _, c := range []struct {
		name    string
		doc     *agreement.Document
		scene   func() *agreementtest.Scene
		by      protocol.Party
		option  string
		what    protocol.Category
		want    string // "" if it takes nothing away
		typ     protocol.RequestType
		effects int
	}{
		{"direct", optional(t), agreementtest.UKOrder, "US", "no-content", protocol.CategoryContent,
			"US made a reservation, Art. 7: it does not grant the right to ask it for content_stored.", protocol.Production, -1},
		{"mirror of a mirrored right", optional(t), agreementtest.USOrder, "US", "no-content", protocol.CategoryContent,
			"US made a reservation, Art. 7: it does not grant the mirrored right to ask it for content_stored.", protocol.Production, -1},
		{"mirror of a mirrored right, without an article", optional(t), agreementtest.USOrder, "US", "no-subscriber", protocol.CategorySubscriber,
			"US made a reservation, Art. 8: it does not grant the mirrored right to ask it for subscriber.", protocol.Subscriber, -1},
		{"another category", optional(t), agreementtest.UKOrder, "US", "no-content", protocol.CategorySubscriber, "", protocol.Production, -1},
		{"another type", optional(t), agreementtest.UKOrder, "US", "no-content", protocol.CategoryContent, "", protocol.Subscriber, -1},
		{"not yet", optional(t), agreementtest.UKOrder, "US", "no-content", protocol.CategoryContent, "", protocol.Production, 1},
		{"one-sided, direct", optional(t, "reciprocity: mirrored", one), agreementtest.UKOrder, "US", "no-content", protocol.CategoryContent,
			"US made a reservation, Art. 7: it does not grant the right to ask it for content_stored.", protocol.Production, -1},
		{"one-sided, mirrored by its article", optional(t, "reciprocity: mirrored", one), agreementtest.USOrder, "US", "no-content", protocol.CategoryContent,
			"US made a reservation, Art. 7: GB need not answer it for content_stored either, Art. 7(2).", protocol.Production, -1},
		{"one-sided, not mirrored", optional(t, "reciprocity: mirrored", one), agreementtest.USOrder, "US", "no-subscriber", protocol.CategorySubscriber,
			"", protocol.Subscriber, -1},
		{"by position", optional(t, "rights:", "positions:\n  - {party: US, option: no-content, since: 2026-11-22, provenance: unverified}\nrights:"),
			agreementtest.UKOrder, "", "", protocol.CategoryContent,
			"US made a reservation, Art. 7: it does not grant the right to ask it for content_stored.", protocol.Production, 0},
		{"by position, tomorrow", optional(t, "rights:", "positions:\n  - {party: US, option: no-content, since: 2026-11-23, provenance: unverified}\nrights:"),
			agreementtest.UKOrder, "", "", protocol.CategoryContent, "", protocol.Production, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var notices []*agreement.Notice
			if c.by != "" {
				notices = append(notices, chosen(c.by, agreement.Reserve, c.option, c.effects))
			}
			s := c.scene()
			s.Ask(c.typ, c.what)
			d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{c.doc}, notices...))
			if c.want == "" {
				agreementtest.Expect(t, d, protocol.Allow)
				return
			}
			agreementtest.Expect(t, d, protocol.Deny, protocol.ReasonNotReciprocal)
			expectText(t, d, agreement.StepReciprocal, protocol.Fail, c.want)
		})
	}
}

func TestRuleOfAnOptionAppliesWhereItMatters(t *testing.T) {
	const suffix = "It decides. (US made this declaration, Art. 9.)"
	const mirrored = "It decides. (US made this declaration, Art. 9, and the other Parties may apply the same to it, Art. 9(2).)"
	for _, c := range []struct {
		name    string
		scene   func() *agreementtest.Scene
		notices []*agreement.Notice
		rule    string
		outcome protocol.Outcome
		text    string
	}{
		{"nobody made it", agreementtest.UKOrder, nil, "asked", protocol.NotApplicable, "It decides."},
		{"the receiving Party did", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Declare, "ask", 0)}, "asked", protocol.Held, suffix},
		{"the issuing Party did", agreementtest.USOrder, []*agreement.Notice{chosen("US", agreement.Declare, "ask", 0)}, "asked", protocol.Held, mirrored},
		{"the issuing Party did, and it is not mirrored", agreementtest.USOrder, []*agreement.Notice{chosen("US", agreement.Declare, "tell", 0)},
			"told", protocol.NotApplicable, "It wants facts."},
		{"flagged", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Declare, "tell", 0)}, "told", protocol.Flag,
			"It wants facts. (US made this declaration, Art. 10.)"},
		{"withdrawn later", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Declare, "ask", -2),
			chosen("US", agreement.Withdraw, "ask", -1)}, "asked", protocol.NotApplicable, "It decides."},
		{"withdrawn from tomorrow on", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Declare, "ask", -2),
			chosen("US", agreement.Withdraw, "ask", 1)}, "asked", protocol.Held, suffix},
		{"withdrawn at the same moment", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Withdraw, "ask", -2),
			chosen("US", agreement.Declare, "ask", -2)}, "asked", protocol.Held, suffix},
		{"another option", agreementtest.UKOrder, []*agreement.Notice{chosen("US", agreement.Declare, "tell", -2)}, "asked",
			protocol.NotApplicable, "It decides."},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.scene().Decide(agreementtest.NewBook(t, []*agreement.Document{optional(t)}, c.notices...))
			expectText(t, d, c.rule, c.outcome, c.text)
			if f := agreementtest.Found(t, d, c.rule); f.Outcome == protocol.NotApplicable && len(f.Inputs) > 0 {
				t.Errorf("a rule that nobody looked at has inputs: %v", f.Inputs)
			}
		})
	}
}

func TestOptionIsTowardWhomItNames(t *testing.T) {
	for toward, want := range map[protocol.Party]protocol.Verdict{"GB": protocol.Hold, "FR": protocol.Allow} {
		n := chosen("US", agreement.Declare, "ask", 0)
		n.Toward = []protocol.Party{toward}
		if got := agreementtest.UKOrder().Decide(agreementtest.NewBook(t, []*agreement.Document{optional(t)}, n)).Verdict; got != want {
			t.Errorf("toward %s: got %v, want %v", toward, got, want)
		}
	}
}

func TestPositionIsWithdrawnByNotice(t *testing.T) {
	doc := optional(t, "rights:", "positions:\n  - {party: US, option: ask, provenance: unverified}\nrights:")
	s := agreementtest.UKOrder()
	agreementtest.Expect(t, s.Decide(agreementtest.NewBook(t, []*agreement.Document{doc})), protocol.Hold, protocol.ReasonJudgement)
	d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{doc}, chosen("US", agreement.Withdraw, "ask", 0)))
	agreementtest.Expect(t, d, protocol.Allow)
	d = s.Decide(agreementtest.NewBook(t, []*agreement.Document{doc}, chosen("GB", agreement.Withdraw, "ask", 0)))
	agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonJudgement)
}

func TestNoticeOfAnOptionMustFitIt(t *testing.T) {
	for name, n := range map[string]*agreement.Notice{
		"no such option":             chosen("US", agreement.Declare, "no-such", 0),
		"a declaration, as reserved": chosen("US", agreement.Reserve, "ask", 0),
		"a reservation, as declared": chosen("US", agreement.Declare, "no-content", 0),
		"no such option, withdrawn":  chosen("US", agreement.Withdraw, "no-such", 0),
	} {
		_, err := agreement.NewBook([]*agreement.Document{optional(t)}, []*agreement.Notice{n})
		if err == nil || !strings.Contains(err.Error(), "has no option") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, change := range map[string]func(*agreement.Notice){
		"no option":        func(n *agreement.Notice) { n.Option = "" },
		"option in words":  func(n *agreement.Notice) { n.Option = "No Content" },
		"types too":        func(n *agreement.Notice) { n.Types = []protocol.RequestType{protocol.Production} },
		"categories too":   func(n *agreement.Notice) { n.Categories = []protocol.Category{protocol.CategoryContent} },
		"suspends one":     func(n *agreement.Notice) { n.Kind = agreement.Suspend },
		"resumes one":      func(n *agreement.Notice) { n.Kind = agreement.Resume },
		"withdraws no one": func(n *agreement.Notice) { n.Kind, n.Option = agreement.Withdraw, "" },
	} {
		n := chosen("US", agreement.Reserve, "no-content", 0)
		if err := n.Check(); err != nil {
			t.Fatal(err)
		}
		change(n)
		if err := n.Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Of two notices at one moment the one that takes away decides, whatever their
// ids: the order of their kinds is part of every decision's documents.
func TestNoticesAreOrderedByWhatTheyTakeAway(t *testing.T) {
	kinds := []agreement.NoticeKind{agreement.Reserve, agreement.Declare, agreement.Suspend, agreement.Withdraw, agreement.Resume}
	var notices []*agreement.Notice
	for i, k := range kinds {
		n := chosen("US", k, map[agreement.NoticeKind]string{agreement.Reserve: "no-content", agreement.Declare: "ask",
			agreement.Withdraw: "tell"}[k], 0)
		n.ID = "n-" + string(rune('1'+i))
		notices = append(notices, n)
	}
	early := chosen("US", agreement.Suspend, "", -1)
	early.ID = "z-first"
	book := agreementtest.NewBook(t, []*agreement.Document{optional(t)}, append(notices, early)...)
	var got []string
	for _, n := range book.Notices("a-b") {
		got = append(got, string(n.Kind))
	}
	if want := "suspend resume withdraw suspend declare reserve"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestOptionHasNoEffectBeforeItsTime(t *testing.T) {
	book := agreementtest.NewBook(t, []*agreement.Document{optional(t)}, chosen("US", agreement.Declare, "ask", 0))
	s := agreementtest.UKOrder()
	s.Facts.At = agreementtest.Day.Add(-time.Second)
	agreementtest.Expect(t, s.Decide(book), protocol.Allow)
	s.Facts.At = agreementtest.Day
	agreementtest.Expect(t, s.Decide(book), protocol.Hold, protocol.ReasonJudgement)
}
