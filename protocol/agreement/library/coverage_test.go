package library_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// A coverage is what the tests see of one document: of each sort of statement
// how many there are, and how many were seen to have each effect that they have.
type coverage struct {
	t    *testing.T
	inst *instrument
	doc  *agreement.Document
	seen map[string][2]int
}

// sorts of statement, in the order of the table.
var sorts = []string{"rules", "rights", "options", "barred grounds", "transmissions", "notifications", "clocks"}

// count notes that a statement was seen, or says what of it was not.
func (c *coverage) count(sort, name string, missing ...string) {
	n := c.seen[sort]
	n[1]++
	if len(missing) == 0 {
		n[0]++
	} else {
		c.t.Errorf("%s: %s %s: not seen %s", c.inst.id, sort, name, strings.Join(missing, ", "))
	}
	c.seen[sort] = n
}

// TestCoverageOfTheLibrary is the report of what the tests see of the shipped
// documents: it fails below 100 %. That each rule is met and broken the rows
// show; the rest is made up from the documents.
func TestCoverageOfTheLibrary(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\ndocument\t%s\n", strings.Join(sorts, "\t"))
	total := map[string][2]int{}
	for i := range instruments {
		c := &coverage{t: t, inst: &instruments[i], doc: instruments[i].document(t), seen: map[string][2]int{}}
		c.rules()
		c.rights()
		c.options()
		c.barred()
		c.transmissions()
		c.notifications()
		c.clocks()
		line(w, c.inst.id, c.seen)
		for sort, n := range c.seen {
			total[sort] = [2]int{total[sort][0] + n[0], total[sort][1] + n[1]}
		}
	}
	line(w, "all", total)
	w.Flush()
	t.Log(b.String())
}

func line(w *tabwriter.Writer, name string, seen map[string][2]int) {
	fmt.Fprint(w, name)
	for _, sort := range sorts {
		if n := seen[sort]; n[1] == 0 {
			fmt.Fprint(w, "\t-")
		} else {
			fmt.Fprintf(w, "\t%d of %d", n[0], n[1])
		}
	}
	fmt.Fprintln(w)
}

// rules counts those that a row meets and breaks: TestEveryRuleIsMetAndBroken
// runs them.
func (c *coverage) rules() {
	for i := range c.doc.Rules {
		var missing []string
		found := false
		for _, r := range c.inst.rows {
			found = found || r.rule == c.doc.Rules[i].ID
		}
		if !found {
			missing = []string{"met", "broken"}
		}
		c.count("rules", c.doc.Rules[i].ID, missing...)
	}
}

// rights sees each grant something, and not when either Party suspended it; but
// what does not depend on its mirror stands while only that is suspended.
func (c *coverage) rights() {
	for i := range c.doc.Rights {
		r := &c.doc.Rights[i]
		missing := []string{"granted"}
		c.inst.uses(c.doc, r, nil, func(u use) bool {
			if !c.inst.stands(c.t, u) {
				return true
			}
			missing = nil
			if r.Within { // no notice takes it
				return false
			}
			if c.inst.stands(c.t, u, suspends(u.to, c.doc.ID)) {
				missing = append(missing, "withheld when suspended")
			}
			if c.inst.stands(c.t, u, suspends(u.from, c.doc.ID)) != (r.Reciprocity != agreement.Mirrored) {
				missing = append(missing, "following the suspension of its mirror")
			}
			return false
		})
		c.count("rights", r.ID, missing...)
	}
}

// shownOnly are options that no decision sees, with what they are for.
var shownOnly = map[string]string{
	"eu-mla-2000 luxembourg-data": "it limits the use of what was sent",
}

// options sees each have every effect that it has, made by the receiving Party,
// and if it is mirrored made by the issuing one.
func (c *coverage) options() {
	for i := range c.doc.Options {
		o := &c.doc.Options[i]
		var missing []string
		effects := 0
		if o.Excludes != nil {
			effects++
			missing = append(missing, c.excludes(o)...)
		}
		for j := range c.doc.Rules {
			if r := &c.doc.Rules[j]; r.Option == o.ID {
				effects++
				missing = append(missing, c.adds(o, r)...)
			}
		}
		for j := range c.doc.Rights {
			if x := c.doc.Rights[j].Notifies; x != nil && x.Option == o.ID {
				effects++ // notifications sees to it
			}
		}
		if _, shown := shownOnly[c.doc.ID+" "+o.ID]; shown != (effects == 0) {
			missing = append(missing, "with an effect, or in shownOnly without one")
		}
		c.count("options", o.ID, missing...)
	}
}

// excludes sees an option take data away.
func (c *coverage) excludes(o *agreement.Option) []string {
	missing := []string{"taking data away"}
	for i := range c.doc.Rights {
		r := &c.doc.Rights[i]
		c.inst.uses(c.doc, r, o.Excludes, func(u use) bool {
			if !c.inst.stands(c.t, u) {
				return true
			}
			missing = nil
			if c.inst.stands(c.t, u, makes(u.to, c.doc.ID, o)) {
				missing = append(missing, "taking data of "+r.ID+" away")
			}
			follows := o.Mirrored != "" || r.Reciprocity == agreement.Mirrored
			if c.inst.stands(c.t, u, makes(u.from, c.doc.ID, o)) == follows {
				missing = append(missing, "mirrored on "+r.ID+" as its article says")
			}
			return false
		})
	}
	return missing
}

// adds sees an option make a rule apply, in the situations that the rule's rows
// make.
func (c *coverage) adds(o *agreement.Option, r *agreement.Rule) []string {
	direct, mirrored := false, false
	applies := func(s *scene, notices ...*agreement.Notice) bool {
		return outcome(s.Decide(c.inst.alone(c.t, notices...)), r.ID) != protocol.NotApplicable
	}
	for _, row := range c.inst.rows {
		for _, make := range c.inst.scenes {
			if row.rule != r.ID || row.only != nil && !row.only(make()) {
				continue
			}
			s := make()
			if row.setup != nil {
				row.setup(s)
			}
			s.Facts.Ref = c.doc.Ref()
			if applies(s) { // by a position of the document
				continue
			}
			direct = direct || applies(s, makes(s.Facts.Addressee.Party, c.doc.ID, o))
			mirrored = mirrored || applies(s, makes(s.Facts.Issuing.Party, c.doc.ID, o))
		}
	}
	var missing []string
	if !direct {
		missing = append(missing, "making "+r.ID+" apply")
	}
	if mirrored != (o.Mirrored != "") {
		missing = append(missing, "mirrored on "+r.ID+" as its article says")
	}
	return missing
}

// barred sees each ground refused in its direction, and another taken.
func (c *coverage) barred() {
	bars := func(ground protocol.Reason, from, to protocol.Party) *protocol.Finding {
		d := c.inst.alone(c.t).Refuse(agreement.Ground{Agreement: c.doc.Ref(), Reason: ground, From: from, To: to,
			At: agreementtest.Day})
		if d.Verdict == protocol.Allow {
			return nil
		}
		return &d.Findings[0]
	}
	for i := range c.doc.Barred {
		x := &c.doc.Barred[i]
		missing := []string{"refused"}
		c.pairs(func(from, to protocol.Party) {
			f := bars(x.Ground, from, to)
			if f != nil && f.Reason == protocol.ReasonBarredGround && f.Article == x.Article && f.Text == x.Text &&
				(x.From.IsZero() || x.From.Has(from)) && (x.To.IsZero() || x.To.Has(to)) {
				missing = nil
			}
		})
		free := 0
		for _, ground := range protocol.Reasons() {
			listed := false
			for j := range c.doc.Barred {
				listed = listed || c.doc.Barred[j].Ground == ground
			}
			from, to := c.doc.Members[0].Party, c.doc.Members[1].Party
			if !listed && bars(ground, from, to) == nil {
				free++
			}
			if !listed && bars(ground, from, to) != nil {
				missing = append(missing, "leaving "+string(ground)+" alone")
			}
		}
		if free == 0 {
			missing = append(missing, "leaving another ground alone")
		}
		c.count("barred grounds", string(x.Ground), missing...)
	}
}

// pairs are all pairs of Parties.
func (c *coverage) pairs(do func(from, to protocol.Party)) {
	for _, from := range c.doc.Members {
		for _, to := range c.doc.Members {
			if from.Party != to.Party {
				do(from.Party, to.Party)
			}
		}
	}
}

// transmissions sees each held and met.
func (c *coverage) transmissions() {
	for i := range c.doc.Rights {
		r := &c.doc.Rights[i]
		if r.Transmitted == nil {
			continue
		}
		missing := []string{"met", "held"}
		c.inst.uses(c.doc, r, nil, func(u use) bool {
			missing = nil
			for what, roles := range map[string][]protocol.Role{"met": {r.Transmitted.Role}, "held": nil} {
				u.Facts.Sender.Roles = roles
				want := map[string]protocol.Outcome{"met": protocol.Pass, "held": protocol.Held}[what]
				if outcome(u.Decide(c.inst.alone(c.t)), agreement.StepTransmission) != want {
					missing = append(missing, what)
				}
			}
			return false
		})
		c.count("transmissions", r.ID, missing...)
	}
}

// clocks sees each day come.
func (c *coverage) clocks() {
	for i := range c.doc.Clocks {
		x := &c.doc.Clocks[i]
		if x.Date.IsZero() || c.doc.Kind == agreement.KindDomestic {
			continue
		}
		s := c.inst.scenes[0]()
		s.Facts.Ref = c.doc.Ref()
		var missing []string
		s.Facts.At = x.Date.Time().Add(-1)
		if outcome(s.Decide(c.inst.alone(c.t)), x.ID) != protocol.Pass {
			missing = append(missing, "before its day")
		}
		s.Facts.At = x.Date.Time()
		if outcome(s.Decide(c.inst.alone(c.t)), x.ID) != protocol.Held {
			missing = append(missing, "on its day")
		}
		c.count("clocks", x.ID, missing...)
	}
}
