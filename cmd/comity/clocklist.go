package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol/casefile"
)

type clocksCmd struct {
	All   bool   `help:"Also clocks that have stopped or passed, case by case."`
	After string `help:"Go on behind this item: next of the page before." placeholder:"ITEM"`
	Limit int    `default:"50" help:"Those of at most so many cases."`
}

func (c *clocksCmd) Help() string {
	return `Lists the clocks of all cases by when something is next due in them. Each ends by the law that is
named, or by this participant's own policy, which is no law. comity case show CASE shows one case.`
}

func (c *clocksCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	list, err := node.Clocks(ctx, desk.ClockPage{Page: desk.Page{After: c.After, Limit: c.Limit}, All: c.All})
	if err != nil {
		return err
	}
	now := a.instant()
	return a.show(list, func(w io.Writer) {
		if len(list.Items) == 0 {
			fmt.Fprintln(w, "no clock runs")
			return
		}
		rows := [][]string{{"DUE", "ENDS", "CASE", "CLOCK", "WHOSE", "THEN", "BY"}}
		elsewhere := 0
		for _, x := range c.order(list.Items) {
			if !c.All && x.Clock.Unknown != "" && x.Clock.Ends.IsZero() {
				elsewhere++
				continue
			}
			id := string(x.Case)
			switch {
			case x.Drill:
				id = "DRILL " + id
			case x.Emergency:
				id = "EMERGENCY " + id
			}
			rows = append(rows, []string{dueText(x, now), clockEnd(&x.Clock), id, shortClock(x.Clock.ID),
				string(x.Clock.Whose), string(x.Clock.Effect), byText(&x.Clock)})
		}
		table(w, rows)
		if elsewhere > 0 {
			fmt.Fprintf(w, "%s of which only others know since when: comity clocks --all\n", count(elsewhere, "more clock"))
		}
		if list.Next != "" {
			all := map[bool]string{true: " --all"}[c.All]
			fmt.Fprintf(w, "more: comity clocks%s --after %s\n", all, list.Next)
		}
	})
}

// order returns the clocks of a page by their ends, those without one last: the
// node has them case by case. With all they stay so.
func (c *clocksCmd) order(items []desk.CaseClock) []*desk.CaseClock {
	var out []*desk.CaseClock
	for i := range items {
		out = append(out, &items[i])
	}
	if c.All {
		return out
	}
	slices.SortStableFunc(out, func(a, b *desk.CaseClock) int {
		if x, y := a.Clock.Ends.IsZero(), b.Clock.Ends.IsZero(); x != y {
			return map[bool]int{true: 1, false: -1}[x]
		}
		return a.Clock.Ends.Compare(b.Clock.Ends)
	})
	return out
}

// dueText says in how long a clock ends, or what became of it.
func dueText(x *desk.CaseClock, now time.Time) string {
	switch r := &x.Clock; {
	case !r.Stopped.IsZero():
		return "done"
	case !r.Paused.IsZero():
		return "paused, " + span(r.Left) + " left"
	case r.Unknown != "":
		return "starts at " + string(r.Unknown)
	case r.Ends.IsZero():
		return "not started"
	case x.Passed && r.Effect != casefile.EffectOverdue:
		return "passed"
	default:
		return untilText(r.Ends, now)
	}
}

// untilText says in how long a moment is, or how long ago it was.
func untilText(at, now time.Time) string {
	if left := at.Sub(now); left > 0 {
		return "in " + span(left)
	}
	return "overdue by " + span(now.Sub(at))
}

// span writes a duration as people say it, in its two largest units.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 10*day:
		return fmt.Sprintf("%dd", d/day)
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

func clockEnd(r *casefile.Running) string {
	if r.Ends.IsZero() {
		return "-"
	}
	return moment(r.Ends)
}

// byText says by what a clock runs: law, with its article, or policy.
func byText(r *casefile.Running) string {
	switch {
	case r.Policy:
		return "policy"
	case r.Article != "":
		return shown(r.Article)
	}
	return "the act"
}

// shortClock is a clock's id; of one that an act started, without the act's digest.
func shortClock(id string) string {
	const tail = 8
	for i := range id {
		if id[i] == '/' && len(id)-i > tail {
			return id[:i]
		}
	}
	return shown(id)
}
