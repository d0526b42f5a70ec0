package main

import (
	"context"

	"comity.example/protocol"
)

type enforceCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason []string        `help:"Why, as a code. Without it, the codes are listed." placeholder:"CODE" sep:"none"`
	Text   string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

func (c *enforceCmd) Help() string {
	return `Asks the enforcing authority of the addressee's side to have the order carried out (Regulation (EU) 2023/1543,
Art. 16). The order goes with it, byte for byte.`
}

func (c *enforceCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	reasons, err := a.choose(v, c.Reason, enforcements(), "--reason")
	if err != nil {
		return err
	}
	if len(reasons) > 1 {
		return badInput("--reason: want one", "")
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "asked for enforcement",
		body: protocol.Body{Enforcement: &protocol.Enforcement{Reason: reasons[0], Text: c.Text}}})
}
