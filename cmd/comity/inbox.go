package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol/casefile"
)

// askEvery is how often a command that waits asks the node again.
const askEvery = 200 * time.Millisecond

type inboxCmd struct {
	After string        `help:"Go on behind this item: next of the page before." placeholder:"ITEM"`
	Limit int           `default:"50" help:"At most so many."`
	Wait  time.Duration `help:"Wait so long for something to come: 30s." placeholder:"TIME"`
}

func (c *inboxCmd) Run(ctx context.Context, a *app) error {
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	page := desk.Page{After: c.After, Limit: c.Limit}
	var in desk.Inbox
	_, err = await(ctx, c.Wait, func() (bool, error) {
		in, err = node.Inbox(ctx, page)
		return len(in.Items) > 0, err
	})
	if err != nil {
		return err
	}
	now := a.instant()
	turns := a.turnsOf(ctx, h, in.Items)
	return a.show(in, func(w io.Writer) {
		if len(in.Items) == 0 {
			fmt.Fprintln(w, "nothing waits for you")
			return
		}
		rows := [][]string{{"CASE", "NEXT", "DUE", "STATE", "SINCE", "ISSUER", "ADDRESSEE", "AGREEMENT"}}
		for _, i := range in.Items {
			next := string(i.Move)
			switch {
			case i.Drill:
				next = "DRILL: " + next
			case i.Emergency:
				next = "EMERGENCY: " + next
			}
			if i.Alerts > 0 {
				next += " (" + string(i.Alert.Effect) + ": " + shortClock(i.Alert.Clock) + ")"
			}
			due := "-"
			if !i.Due.IsZero() {
				due = untilText(i.Due, now)
			}
			rows = append(rows, []string{string(i.Case), next, due, string(i.State), moment(i.Since), string(i.Issuer),
				string(i.Addressee), i.Agreement})
		}
		table(w, rows)
		writeCommands(w, turns)
		if in.Next != "" {
			fmt.Fprintf(w, "more: comity inbox --after %s\n", in.Next)
		}
	})
}

// turnsOf returns what is to be done, each turn once whatever the case.
func (a *app) turnsOf(ctx context.Context, h *home.Home, items []desk.Item) []turn {
	entry, err := h.Entry()
	authority := err == nil && casefile.Authority(entry.Roles)
	type asking struct {
		agreement string
		direction
	}
	var out []turn
	known := map[asking]string{} // since each look-up reads every document
	for i := range items {
		item := &items[i]
		t := turn{move: item.Move, id: "CASE", drill: item.Drill, authority: authority}
		switch item.Move {
		case casefile.Answer:
			t.accepted, t.partly = hasAccepted(item.State), item.State == casefile.PartlyProduced
		case casefile.Certify:
			t.own = item.Issuer == h.Config.Participant
		}
		if item.Move == casefile.Certify {
			x := asking{item.Agreement, direction{item.Issuer.Party(), item.Addressee.Party()}}
			flags, ok := known[x]
			if !ok {
				flags = a.certifyFlags(ctx, x.agreement, x.direction)
				known[x] = flags
			}
			t.flags = flags
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// writeCommands says of each turn what a person types to take it.
func writeCommands(w io.Writer, turns []turn) {
	for _, t := range turns {
		fmt.Fprintf(w, "%-11s%s\n", string(t.move)+":", strings.Join(t.commands(), ", or "))
	}
}

// await asks until there is something or the time is over, which it reports.
func await(ctx context.Context, patience time.Duration, ask func() (bool, error)) (bool, error) {
	over := time.After(patience)
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return ok, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-over:
			return false, nil
		case <-tick.C:
		}
	}
}
