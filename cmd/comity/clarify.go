package main

import (
	"context"

	"comity.example/protocol"
)

type clarifyCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Ask    protocol.Ask    `help:"What is asked for: information, returned (to be completed: no refusal, and the clock stops), or impossible (the issuing side is to confirm). By default what the reason asks for." placeholder:"WHAT"`
	Reason []string        `help:"Why, as a code; may be repeated. Without it, the codes are listed, with the articles." placeholder:"CODE" sep:"none"`
	Field  []string        `help:"Member of the request that is missing or unclear, such as data[0].from; may be repeated." placeholder:"MEMBER" sep:"none"`
	Text   string          `help:"The question, in words." placeholder:"TEXT"`
	signing
}

func (c *clarifyCmd) Help() string {
	return `Asks the issuing side. As long as the question is open, nobody waits for the answer to the request. For a
European Production or Preservation Order the codes are the boxes of Annex III.`
}

func (c *clarifyCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	list := clarifications(v)
	reasons, err := a.choose(v, c.Reason, list, "--reason")
	if err != nil {
		return err
	}
	ask := c.Ask
	if ask == "" {
		ask = askOf(list, reasons[0])
	}
	switch {
	case ask == protocol.AskRedirect:
		return badInput("--ask: want information, returned or impossible", "comity redirect "+string(c.Case)+" names the customer who is to be asked")
	case reasons[0] == protocol.ReasonOther && c.Text == "":
		return badInput("--reason other: want the reason in words", "add --text TEXT")
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "asked the issuing side",
		body: protocol.Body{Clarification: &protocol.Clarification{Ask: ask, Reasons: reasons, Fields: c.Field, Text: c.Text}}})
}
