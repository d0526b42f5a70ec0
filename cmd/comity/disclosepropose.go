package main

import (
	"context"
	"fmt"
	"io"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// propose keeps a disclosure in its case, for other officers to approve.
func (c *discloseCmd) propose(ctx context.Context, a *app, d *protocol.Disclosure) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	p, err := node.Save(ctx, desk.Draft{Case: c.Case, Body: protocol.Body{Disclosure: d}})
	if err != nil {
		return err
	}
	return a.show(p, func(w io.Writer) {
		fmt.Fprintf(w, "proposed %s in %s; nothing was sent\n", count(len(d.Objects), "object"), c.Case)
		writeApprovals(w, c.Case, p.Approvals)
		field(w, "send", "comity disclose "+string(c.Case)+" --proposed")
		field(w, "or", "comity request discard "+string(c.Case)+" removes the proposal")
	})
}

// sendProposed sends what was proposed.
func (c *discloseCmd) sendProposed(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if v.Proposed == nil || v.Proposed.Body.Disclosure == nil {
		return badInput("no disclosure is proposed in "+string(c.Case), "comity disclose "+string(c.Case)+" FILE… --propose proposes one")
	}
	fits, err := c.fits(ctx, a, node, v.Proposed.Body.Disclosure)
	if err != nil {
		return err
	}
	return a.perform(ctx, errand{signing: c.signing, need: ifThere,
		done:  "disclosed " + count(len(v.Proposed.Body.Disclosure.Objects), "object"),
		draft: desk.Draft{Case: c.Case}, fits: fits})
}
