package main

import (
	"context"
	"regexp"
	"strings"

	"comity.example/protocol"
)

type conditionsCmd struct {
	Case    protocol.CaseID `arg:"" help:"The case."`
	Limit   []string        `help:"A condition: words, or CODE=WORDS with a code that the agreement names; may be repeated." placeholder:"TEXT" required:"" sep:"none"`
	Partial bool            `help:"For the rest a ground for refusal is raised: name it with --reason."`
	Reason  []string        `help:"The ground, with --partial." placeholder:"CODE" sep:"none"`
	signing
}

func (c *conditionsCmd) Help() string {
	return `Offers conditions to the issuing side, which accepts them (comity accept), narrows the request (comity amend) or
withdraws it. With --partial a notified authority raises a ground for refusal against part of the order
(Regulation (EU) 2023/1543, Art. 12(4)): nothing is produced until the issuing side has answered.`
}

// limitForm is a condition with a code before it.
var limitForm = regexp.MustCompile(`^[a-z][a-z0-9_]*=`)

func (c *conditionsCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	b := protocol.Conditions{Partial: c.Partial}
	for _, text := range c.Limit {
		limit := protocol.Clause{Text: text}
		if limitForm.MatchString(text) {
			limit.Code, limit.Text, _ = strings.Cut(text, "=")
		}
		b.Limits = append(b.Limits, limit)
	}
	if len(c.Reason) > 0 && !c.Partial {
		return badInput("--reason: want it with --partial, and only then", "")
	}
	if c.Partial {
		reason, err := a.oneGround(v, c.Reason)
		if err != nil {
			return err
		}
		b.Reason = reason
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "offered conditions", body: protocol.Body{Conditions: &b}})
}
