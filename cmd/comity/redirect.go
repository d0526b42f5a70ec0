package main

import (
	"context"

	"comity.example/protocol"
)

type redirectCmd struct {
	Case       protocol.CaseID `arg:"" help:"The case."`
	Controller string          `required:"" help:"The customer's organisation, which controls the data." placeholder:"NAME"`
	Text       string          `help:"What the issuing side should know: whom to ask there, and how." placeholder:"TEXT"`
	signing
}

func (c *redirectCmd) Help() string {
	return `Says to the issuing side that the data is a customer's, an enterprise or an authority, who is to be
asked instead. It is no refusal, and the clock of the answer stands still. The issuing side withdraws, or
insists with an exception that the law has: that the customer cannot be identified despite reasonable
efforts, or that to turn to it might be detrimental to the investigation (Regulation (EU) 2023/1543, Art.
5(6)).`
}

func (c *redirectCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "asked to turn to the customer",
		body: protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskRedirect,
			Reasons: []protocol.Reason{protocol.ReasonWrongAddressee}, Controller: c.Controller, Text: c.Text}}})
}
