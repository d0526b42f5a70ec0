package main

import (
	"context"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type refuseCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason protocol.Reason `required:"" help:"Why, as a code: ${refusals}." placeholder:"CODE" predictor:"reason"`
	Note   string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

// refusals are the reasons that a person has for saying no; what a rule finds
// the node says by itself.
func refusals() []protocol.Reason {
	return []protocol.Reason{protocol.ReasonNotHeld, protocol.ReasonNotCustomer, protocol.ReasonWrongIdentifier,
		protocol.ReasonWrongAddressee, protocol.ReasonContraryToLaw, protocol.ReasonNotInvoked,
		protocol.ReasonOverbroad, protocol.ReasonFreeSpeech, protocol.ReasonEssentialInterest}
}

func (c *refuseCmd) Run(ctx context.Context, a *app) error {
	asked := protocol.Refusal{Reason: c.Reason, Note: c.Note}
	return a.perform(ctx, errand{signing: c.signing, done: "refused the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Refusal: &asked}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Refusal == nil || *p.Body.Refusal != asked {
				return errNotAsked
			}
			return nil
		}})
}
