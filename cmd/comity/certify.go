package main

import (
	"context"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type certifyCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Contact   string          `required:"" help:"Desk that answers legal and practical questions." placeholder:"TEXT"`
	Targeting string          `help:"Targeting procedure that was followed." placeholder:"REF"`
	signing
}

func (c *certifyCmd) Help() string {
	return `States that the request is lawful and complies with the agreement, invokes the agreement for it,
and transmits it to the addressee. The issuing authority is told.`
}

func (c *certifyCmd) Run(ctx context.Context, a *app) error {
	asked := protocol.Certification{Invokes: true, Contact: c.Contact, Targeting: c.Targeting}
	return a.perform(ctx, errand{signing: c.signing, done: "certified the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Certification: &asked}},
		fits: func(p *desk.Prepared) error {
			got := p.Body.Certification
			if got == nil || got.Invokes != asked.Invokes || got.Contact != asked.Contact ||
				got.Targeting != asked.Targeting {
				return errNotAsked
			}
			request, err := carriedIn(&p.Body, c.Case)
			if err == nil && request.Body.Request == nil {
				err = errNotAsked
			}
			return err
		}})
}
