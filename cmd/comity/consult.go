package main

import (
	"context"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type consultCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason []string        `help:"Ground for refusal that is thought of, as a code; may be repeated. Without it, the codes are listed." placeholder:"CODE" sep:"none"`
	Text   string          `help:"What the issuing side is asked, in words." placeholder:"TEXT"`
	signing
}

func (c *consultCmd) Help() string {
	return `An authority speaks with the issuing side before it refuses (Regulation (EU) 2023/1543, Art. 12(3); UNCAC,
Art. 46(26)). Without it, comity refuse of an authority does not leave the node.`
}

func (c *consultCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	self, err := a.self()
	if err != nil {
		return err
	}
	reasons, err := a.choose(v, c.Reason, grounds(v, self), "--reason")
	if err != nil {
		return err
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "consulted the issuing side",
		body: protocol.Body{Consultation: &protocol.Consultation{Reasons: reasons, Text: c.Text}}})
}

// oneGround returns the one ground for refusal that was written.
func (a *app) oneGround(v *desk.CaseView, written []string) (protocol.Reason, error) {
	self, err := a.self()
	if err != nil {
		return "", err
	}
	reasons, err := a.choose(v, written, grounds(v, self), "--reason")
	if err != nil {
		return "", err
	}
	if len(reasons) > 1 {
		return "", badInput("--reason: want one", "")
	}
	return reasons[0], nil
}
