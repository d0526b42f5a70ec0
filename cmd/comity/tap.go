package main

import (
	"context"
	"time"

	"comity.example/protocol"
)

type tapCmd struct {
	Start tapStartCmd `cmd:"" help:"Say that the interception has begun, as its addressee."`
	Stop  tapStopCmd  `cmd:"" help:"Say that it was stopped before its end. At its end the node says so by itself."`
	Renew tapRenewCmd `cmd:"" help:"Tell the addressee of a new authorisation, with a new end."`
}

// tapping are the flags of a start and of a stop.
type tapping struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	At   time.Time       `help:"When, RFC 3339. By default now." placeholder:"TIME"`
	signing
}

func (c *tapping) run(ctx context.Context, a *app, action protocol.TapAction) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "said that the interception was " + string(action),
		body: protocol.Body{Interception: &protocol.Tap{Action: action, At: a.at(c.At)}}})
}

type tapStartCmd struct{ tapping }

func (c *tapStartCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.TapStarted)
}

type tapStopCmd struct{ tapping }

func (c *tapStopCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, protocol.TapStopped)
}

type tapRenewCmd struct {
	Case       protocol.CaseID `arg:"" help:"The case."`
	Until      string          `required:"" help:"The new end, or how many days from now: 30d." placeholder:"DAY"`
	Instrument string          `required:"" help:"The domestic instrument, as in the request." placeholder:"TEXT"`
	Order      string          `required:"" help:"File with the new order: its digest is sent, and nothing else of it." placeholder:"FILE"`
	authorising
	signing
}

func (c *tapRenewCmd) Run(ctx context.Context, a *app) error {
	until, err := a.ending("--until", c.Until)
	if err != nil {
		return err
	}
	order, err := digestOf(c.Order)
	if err != nil {
		return err
	}
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "renewed the interception",
		body: protocol.Body{Interception: &protocol.Tap{Action: protocol.TapRenewed, At: a.instant(), Until: until,
			Authorisation: &protocol.Authorisation{Kind: c.Kind, Authority: c.Authority, Reference: c.Reference,
				Date: a.at(c.Date), Instrument: c.Instrument, Order: order}}}})
}
