package main

import (
	"context"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type relayCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	signing
}

func (c *relayCmd) Help() string {
	return `Passes the oldest answer that was not passed on to the issuing authority, with its signatures, byte
for byte. It adds no word of its own, and needs no officer.`
}

func (c *relayCmd) Run(ctx context.Context, a *app) error {
	return a.perform(ctx, errand{signing: c.signing, need: ifNamed, done: "passed the answer on",
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Relay: &protocol.Relay{}}},
		fits: func(p *desk.Prepared) error {
			if p.Body.Relay == nil {
				return errNotAsked
			}
			_, err := carriedIn(&p.Body, c.Case)
			return err
		}})
}
