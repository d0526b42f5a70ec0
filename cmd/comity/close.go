package main

import (
	"context"

	"comity.example/protocol"
)

type closeCmd struct {
	Case    protocol.CaseID `arg:"" help:"The case."`
	Deleted bool            `help:"Confirm that what was disclosed is deleted; comity delete certifies it by itself."`
	Text    string          `help:"A last word." placeholder:"TEXT"`
	signing
}

func (c *closeCmd) Help() string {
	return `A case is closed by its issuing authority, once it has ended with all that runs beside it: secrecy, the
notice to the user, a preservation, a validation, an interception, costs. comity case show says where each
of them stands. What may not be used is deleted before, by comity delete; --deleted says so where this
participant never had it.`
}

func (c *closeCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "closed the case",
		body: protocol.Body{Closure: &protocol.Closure{Deleted: c.Deleted, Text: c.Text}}})
}
