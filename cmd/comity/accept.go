package main

import (
	"context"

	"comity.example/protocol"
)

type acceptCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	Text string          `help:"In words." placeholder:"TEXT"`
	signing
}

func (c *acceptCmd) Help() string {
	return `An authority accepts the request and has it carried out, or takes it up again that was put off; one that was
notified confirms that it raises no ground for refusal, so that the addressee may produce at once (Regulation
(EU) 2023/1543, Art. 10(2)); the issuing side accepts the conditions that were offered, and is bound by them.`
}

func (c *acceptCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "accepted",
		body: protocol.Body{Acceptance: &protocol.Acceptance{Text: c.Text}}})
}
