package main

import (
	"context"
	"time"

	"comity.example/protocol"
)

type secrecyCmd struct {
	Order     secrecyOrderCmd     `cmd:"" help:"Tell the addressee of an order not to tell."`
	Extend    secrecyExtendCmd    `cmd:"" help:"Tell it of an order that secrecy goes on: a new act, with a new end."`
	Challenge secrecyChallengeCmd `cmd:"" help:"Say that you have challenged the order before a court, as who is bound by it."`
	Lift      secrecyLiftCmd      `cmd:"" help:"Say that secrecy was lifted, by a court or by who ordered it."`
}

// binding are the flags of an order of secrecy, and of its extension.
type binding struct {
	Case      protocol.CaseID          `arg:"" help:"The case."`
	Authority string                   `required:"" help:"The court, or who else ordered it." placeholder:"NAME"`
	Reference string                   `required:"" help:"The reference of the order." placeholder:"REF"`
	Ground    []protocol.SecrecyGround `required:"" help:"Why: tamper_evidence, flight …; may be repeated." placeholder:"GROUND" predictor:"secrecy"`
	Until     string                   `help:"The day on which it ends, such as 2027-11-22, or 365d from now." placeholder:"DAY" xor:"end"`
	NoEnd     bool                     `help:"The order has no end. Where the law wants one, it is refused." xor:"end"`
	From      time.Time                `help:"From when it binds, RFC 3339. By default now." placeholder:"TIME"`
	Binds     []protocol.Bound         `help:"Who is not told: user, controller or public. By default the user." default:"user" placeholder:"WHO"`
	signing
}

func (c *binding) run(ctx context.Context, a *app, action protocol.SecrecyAction) error {
	if _, err := onlyOne(flagged{"--until", c.Until != ""}, flagged{"--no-end", c.NoEnd}); err != nil {
		return err
	}
	o := protocol.SecrecyOrder{Action: action, Authority: c.Authority, Reference: c.Reference, Grounds: c.Ground,
		Start: a.at(c.From), Binds: c.Binds}
	if !c.NoEnd {
		var err error
		if o.End, err = a.ending("--until", c.Until); err != nil {
			return err
		}
	}
	return a.say(ctx, beside{signing: c.signing, id: c.Case, body: protocol.Body{Secrecy: &o},
		done: "said that secrecy was " + string(action), instead: "name the day on which it ends, with --until"})
}

type secrecyOrderCmd struct{ binding }

func (c *secrecyOrderCmd) Help() string {
	return `Counsel, and whom the addressee needs to comply, may always be told. When the order ends, whoever the
agreement names is asked to tell the user: comity notice text CASE prepares the words.`
}

func (c *secrecyOrderCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.SecrecyOrdered)
}

type secrecyExtendCmd struct{ binding }

func (c *secrecyExtendCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.SecrecyExtended)
}

type secrecyChallengeCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Reference string          `required:"" help:"The reference of the motion." placeholder:"REF"`
	signing
}

func (c *secrecyChallengeCmd) Help() string {
	return `Secrecy binds on until it is lifted: comity secrecy lift says so, with the reference of the decision.`
}

func (c *secrecyChallengeCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "said that secrecy is challenged",
		body: protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyChallenged, Reference: c.Reference}}})
}

type secrecyLiftCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Reference string          `required:"" help:"The reference of the decision." placeholder:"REF"`
	Authority string          `help:"The court, or who else decided it." placeholder:"NAME"`
	signing
}

func (c *secrecyLiftCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "said that secrecy was lifted",
		body: protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyLifted, Reference: c.Reference,
			Authority: c.Authority}}})
}
