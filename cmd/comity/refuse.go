package main

import (
	"context"
	"fmt"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type refuseCmd struct {
	Case   protocol.CaseID `arg:"" help:"The case."`
	Reason refusal         `required:"" help:"Why, as a code: ${refusals}." placeholder:"CODE" predictor:"reason"`
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

// A refusal is a reason as a person gives it. The error lists those that a
// person has, not those that rules and nodes have.
type refusal protocol.Reason

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *refusal) UnmarshalText(b []byte) error {
	*r = refusal(b)
	if new(protocol.Reason).UnmarshalText(b) != nil {
		return fmt.Errorf("%q is no reason: want one of %s", b, words(refusals()))
	}
	return nil
}

func (c *refuseCmd) Run(ctx context.Context, a *app) error {
	asked := protocol.Refusal{Reason: protocol.Reason(c.Reason), Note: c.Note}
	return a.perform(ctx, errand{signing: c.signing, done: "refused the request",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Refusal: &asked}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Refusal == nil || *p.Body.Refusal != asked {
				return errNotAsked
			}
			return nil
		}})
}
