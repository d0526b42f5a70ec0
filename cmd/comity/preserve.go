package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type preserveCmd struct {
	Request preserveRequestCmd `cmd:"" default:"withargs" help:"Keep a draft that asks to preserve what a draft or a case asks for."`
	Extend  preserveExtendCmd  `cmd:"" help:"Have it kept longer."`
	Confirm preserveConfirmCmd `cmd:"" help:"Say that production is asked for: it is kept until that is decided."`
	Release preserveReleaseCmd `cmd:"" help:"Say that it need not be kept any more."`
}

type preserveRequestCmd struct {
	Case      protocol.CaseID `arg:"" help:"The draft or the case whose data is to be kept."`
	Agreement string          `help:"Id of the agreement to rely on. By default the one that carries it." placeholder:"ID"`
}

func (c *preserveRequestCmd) Help() string {
	return `The draft names the same data and identifiers, and says what it preserves for. What the agreement asks
of a preservation besides is told; comity request send then signs and sends it. The provider keeps the data
from the receipt on, and need not say so.`
}

func (c *preserveRequestCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	asked := requestOf(&v).Request
	if asked == nil {
		return &failure{status: exitError, text: "this node holds no request in that case"}
	}
	r := preserving(asked, c.Case)
	p, err := node.Save(ctx, desk.Draft{Agreement: c.Agreement, Body: protocol.Body{Request: r}})
	if err != nil {
		return err
	}
	err = a.show(p, func(w io.Writer) {
		field(w, "draft", string(p.Case))
		field(w, "preserves", string(c.Case))
		writeDecision(w, &p.Decision, brief)
		writeAsked(w, unsaid(askedOf(a.usedBy(ctx, &p.Decision), &p.Decision), r.Attestations, nil))
		if p.Decision.Verdict != protocol.Deny && !incomplete(&p) {
			field(w, "next", "comity request send "+string(p.Case)+", which goes to "+words(p.To))
		}
	})
	return errors.Join(err, done(statusOfDraft(&p)))
}

// preserving returns the request to keep what a request asks for.
func preserving(asked *protocol.Request, id protocol.CaseID) *protocol.Request {
	r := *asked
	r.Type, r.Interception, r.Deadline = protocol.Preservation, nil, nil
	r.Related = slices.DeleteFunc(slices.Clone(asked.Related), func(x protocol.Related) bool {
		return x.Relation == protocol.RelationPreserves || x.Relation == protocol.RelationFollows
	})
	r.Related = append(r.Related, protocol.Related{Relation: protocol.RelationPreserves, Case: id})
	return &r
}

type preserveExtendCmd struct {
	Case  protocol.CaseID `arg:"" help:"The case."`
	Until string          `required:"" help:"To when it is kept, or for how many days from now: 30d." placeholder:"DAY"`
	signing
}

func (c *preserveExtendCmd) Run(ctx context.Context, a *app) error {
	until, err := a.ending("--until", c.Until)
	if err != nil {
		return err
	}
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "extended the preservation",
		body: protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptExtended, Until: until}}})
}

type preserveConfirmCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	By        protocol.CaseID `help:"The case in which production is asked for." placeholder:"CASE" xor:"by" required:""`
	Reference string          `help:"Of a request that goes another way: its reference." placeholder:"REF" xor:"by" required:""`
	signing
}

func (c *preserveConfirmCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "confirmed that production is asked for",
		body: protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptConfirmed, Case: c.By, Reference: c.Reference}}})
}

type preserveReleaseCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	signing
}

func (c *preserveReleaseCmd) Run(ctx context.Context, a *app) error {
	return a.say(ctx, beside{signing: c.signing, id: c.Case, done: "released what was kept",
		body: protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptReleased}}})
}
