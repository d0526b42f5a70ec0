package main

import (
	"context"

	"comity.example/protocol"
)

type postponeCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason []string        `help:"Why, as a code. Without it, the codes are listed." placeholder:"CODE" sep:"none"`
	Until  string          `help:"When it is looked at again: 2027-03-01, or 30d." placeholder:"DAY" required:""`
	Text   string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

func (c *postponeCmd) Help() string {
	return `An authority puts the request off (Budapest Convention, Art. 27(5)), until a day on which it comes into the inbox
again. It is no refusal.`
}

func (c *postponeCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	reasons, err := a.choose(v, c.Reason, postponements(), "--reason")
	if err != nil {
		return err
	}
	until, err := parseUntil(c.Until, a.instant())
	if err != nil {
		return err
	}
	if len(reasons) > 1 {
		return badInput("--reason: want one", "")
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "put the request off until " + day(until),
		body: protocol.Body{Postponement: &protocol.Postponement{Reason: reasons[0], Text: c.Text, Review: until}}})
}
