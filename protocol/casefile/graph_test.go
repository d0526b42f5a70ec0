package casefile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// situation names what a case has come to, for all who hold it: the states, the
// questions that are open, and where the regions stand. It leaves out how often
// something was said.
func (g *group) situation() string {
	var b strings.Builder
	for _, h := range g.holders {
		if h.file == nil {
			b.WriteString("- ")
			continue
		}
		fmt.Fprintf(&b, "%s %s ", h.file.State, h.file.Move(h.id))
		var open []string
		for _, q := range h.file.Questions() {
			open = append(open, string(q.Kind)+q.What)
		}
		slices.Sort(open)
		b.WriteString(strings.Join(slices.Compact(open), ","))
		for _, r := range h.file.Regions(g.now) {
			b.WriteString(" " + r.State)
		}
		b.WriteString("; ")
	}
	return b.String()
}

// fork returns a group that goes on from where g stands.
func (g *group) fork() *group {
	f := *g
	f.holders = nil
	for _, h := range g.holders {
		c := *h
		f.holders = append(f.holders, &c) // a case is never changed, and seen only grows
	}
	return &f
}

// asked reports whether somebody is asked to move.
func (g *group) asked() bool {
	return slices.ContainsFunc(g.holders, func(h *holder) bool { return h.file != nil && h.file.Move(h.id) != casefile.None })
}

// finish brings a case to its end, as people who want that would: the issuing side
// withdraws if it has not ended, and then whatever runs beside it is brought to an
// end. Time passes, and evidence is passed on.
func (g *group) finish() bool {
	by := g.holders[0]
	ending := []word{{protocol.KindRelay, ""}, {protocol.KindWithdrawal, ""}, {protocol.KindInterception, "stopped"},
		{protocol.KindValidation, "granted"}, {protocol.KindSecrecy, "lifted"}, {protocol.KindNotice, "user"},
		{protocol.KindNotice, "third_state"}, {protocol.KindPreservation, "released"}, {protocol.KindCosts, "paid"},
		{protocol.KindClosure, "deleted"}}
	for range 3 {
		for _, w := range ending {
			for _, h := range g.holders {
				if h.file == nil || h.file.State == casefile.Closed || w.kind == protocol.KindRelay && h.id != office {
					continue
				}
				if s, err := g.say(h, w); err == nil {
					g.tell(s)
				}
			}
		}
		g.now = g.now.Add(100 * day)
	}
	return by.file.State == casefile.Closed
}

// tell gives an act to all its recipients, and reports whether they took it.
func (g *group) tell(s casefile.Step) error {
	for _, h := range g.holders {
		if h.id != s.Act.From && slices.Contains(s.Act.To, h.id) {
			if err := h.take(s, casefile.Case.Apply); err != nil {
				return fmt.Errorf("what fitted at %s is refused by %s: %w", s.Act.From, h.id, err)
			}
		}
	}
	return nil
}

// depth is how many acts after the first the walk through the graph goes, and
// breadth how many situations of a setting it looks at.
const depth, breadth = 6, 90

// TestNoDeadEnd walks through the graph of all situations, breadth first, with the
// machines of all who take part: from each the case can be closed, and unless it
// has ended somebody is asked to move.
func TestNoDeadEnd(t *testing.T) {
	total := 0
	for name, x := range settings() {
		for variant, change := range map[string]func(*setting){
			"plain":        func(*setting) {},
			"interception": func(x *setting) { x.kind = protocol.Interception },
			"everything": func(x *setting) {
				x.kind, x.unvalidated, x.secrecy, x.elsewhere, x.review = protocol.Preservation, true, true, true, true
			},
		} {
			y := x
			change(&y)
			total += walkGraph(t, name+", "+variant, y)
		}
	}
	t.Logf("%d situations", total)
}

func walkGraph(t *testing.T, name string, x setting) int {
	g := newGroup(x)
	if err := g.tell(g.open()); err != nil {
		t.Fatal(err)
	}
	level, seen := []*group{g}, map[string]bool{g.situation(): true}
	for d := 0; d < depth && len(level) > 0; d++ {
		var next []*group
		for _, at := range level {
			if !at.holders[0].file.State.Ended() && !at.asked() {
				t.Errorf("%s: nobody is asked to move: %s", name, at.situation())
			}
			if end := at.fork(); !end.finish() {
				t.Fatalf("%s: it cannot be closed from: %s\nleft: %s", name, at.situation(), end.situation())
			}
			for _, after := range at.successors(t, name, seen) {
				if len(seen) < breadth {
					seen[after.situation()] = true
					next = append(next, after)
				}
			}
		}
		level = next
	}
	return len(seen)
}

// successors are the situations that were not seen before to which one word leads.
func (g *group) successors(t *testing.T, name string, seen map[string]bool) (out []*group) {
	here := map[string]bool{}
	for _, w := range words() {
		for i, h := range g.holders {
			certifies := w.kind == protocol.KindCertification || w.kind == protocol.KindRelay
			if h.file == nil || w.kind == protocol.KindNondelivery || certifies && h.id != office {
				continue
			}
			f := g.fork()
			f.now = f.now.Add(day)
			s, err := f.say(f.holders[i], w)
			if err != nil {
				continue
			}
			if err := f.tell(s); err != nil {
				t.Fatalf("%s: %s: %v", name, w, err)
			}
			if at := f.situation(); !seen[at] && !here[at] {
				here[at] = true
				out = append(out, f)
			}
		}
	}
	return out
}
