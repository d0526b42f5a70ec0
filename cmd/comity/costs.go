package main

import (
	"context"

	"comity.example/protocol"
)

type costsCmd struct {
	Claim   costsClaimCmd   `cmd:"" help:"Claim what it cost."`
	Agree   costsAgreeCmd   `cmd:"" help:"Agree to a claim."`
	Dispute costsDisputeCmd `cmd:"" help:"Dispute a claim."`
	Paid    costsPaidCmd    `cmd:"" help:"Say that it was paid."`
}

type costsClaimCmd struct {
	Case     protocol.CaseID `arg:"" help:"The case."`
	Amount   int64           `required:"" help:"How much, in the smallest unit of the currency: 12050 EUR is 120.50 euro." placeholder:"NUMBER"`
	Currency string          `required:"" help:"The currency, by its code of ISO 4217." placeholder:"CODE"`
	Basis    string          `help:"What the claim rests on: an article, a tariff." placeholder:"TEXT"`
	signing
}

func (c *costsClaimCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "claimed the costs",
		body: protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsClaimed, Amount: c.Amount, Currency: c.Currency,
			Basis: c.Basis}}})
}

// costing are the flags of what is said of a claim.
type costing struct {
	Case  protocol.CaseID `arg:"" help:"The case."`
	Basis string          `help:"Why." placeholder:"TEXT"`
	signing
}

func (c *costing) run(ctx context.Context, a *app, action protocol.CostsAction) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "said that the costs are " + string(action),
		body: protocol.Body{Costs: &protocol.Costs{Action: action, Basis: c.Basis}}})
}

type costsAgreeCmd struct{ costing }

func (c *costsAgreeCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.CostsAgreed)
}

type costsDisputeCmd struct{ costing }

func (c *costsDisputeCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.CostsDisputed)
}

type costsPaidCmd struct{ costing }

func (c *costsPaidCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.CostsPaid)
}
