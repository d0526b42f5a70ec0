package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/register"
)

type approveCmd struct {
	Case     protocol.CaseID    `arg:"" help:"The case."`
	File     string             `help:"Sign only if the draft is what stands in this file." placeholder:"FILE"`
	Withdraw register.OfficerID `help:"Take the approval of this officer back instead." placeholder:"OFFICER"`
	signing
}

func (c *approveCmd) Help() string {
	return `Four eyes: shows a saved request, or a disclosure that was proposed, and what the agreement finds of it,
and has you sign it. The signature is kept with the draft and leaves with it; who sends it signs besides.
Nobody counts twice. A draft that is changed afterwards loses its approvals.`
}

// approved is what approve says to a program.
type approved struct {
	Case protocol.CaseID `json:"case"`
	desk.Approvals
}

func (c *approveCmd) Run(ctx context.Context, a *app) error {
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	if c.Withdraw != "" {
		left, err := node.Unapprove(ctx, c.Case, c.Withdraw)
		if err != nil {
			return err
		}
		return a.show(approved{c.Case, left}, func(w io.Writer) {
			fmt.Fprintf(w, "took the approval of %s back\n", c.Withdraw)
			writeApprovals(w, c.Case, &left)
		})
	}
	want, err := c.wanted(ctx, a, node)
	if err != nil {
		return err
	}
	e := errand{signing: c.signing, draft: desk.Draft{Case: c.Case}, fits: sameBody(want)}
	p, err := node.Prepare(ctx, e.draft)
	if err != nil {
		return err
	}
	if err := e.check(h, &p); err != nil {
		return err
	}
	if p.Decision.Verdict == protocol.Deny {
		return a.tell(ctx, e, sent{desk.Submitted{Case: p.Case, Decision: p.Decision}, p.To}, &p.Body)
	}
	if a.asks() {
		if e.about, err = answered(ctx, node, &p); err != nil {
			return err
		}
	}
	signed, err := a.endorse(ctx, h, e, &p)
	if err != nil {
		return err
	}
	now, err := node.Approve(ctx, signed)
	if err != nil {
		return err
	}
	return a.show(approved{c.Case, now}, func(w io.Writer) {
		fmt.Fprintf(w, "approved the %s in %s; it was not sent\n", p.Body.Kind(), c.Case)
		writeApprovals(w, c.Case, &now)
		writeSend(w, c.Case, p.Body.Kind())
	})
}

// wanted returns the digest of the body that is to be approved.
func (c *approveCmd) wanted(ctx context.Context, a *app, node *desk.Client) (protocol.Digest, error) {
	if c.File != "" {
		return (&requestSendCmd{Case: c.Case, File: c.File}).wanted(ctx, a)
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return protocol.Digest{}, err
	}
	for _, d := range []*desk.Draft{v.Draft, v.Proposed} {
		if d != nil {
			return d.Body.Digest()
		}
	}
	return protocol.Digest{}, badInput("nothing in "+string(c.Case)+" waits for approval", "see comity case show "+string(c.Case))
}

// writeApprovals says who stands behind a draft, and what is missing.
func writeApprovals(w io.Writer, id protocol.CaseID, a *desk.Approvals) {
	if a == nil {
		return
	}
	for _, x := range a.By {
		field(w, "approved", strings.TrimSpace(fmt.Sprintf("by %s (%s)", x.Officer, commas(words(x.Roles), words(x.Grades)))))
	}
	for _, x := range a.Void {
		field(w, "void", fmt.Sprintf("the approval of %s: %s", x.Officer, x.Void))
	}
	if a.Needed <= 1 {
		return
	}
	left := a.Missing()
	field(w, "approvals", fmt.Sprintf("%d of the %d officers who must stand behind it, who sends it included", len(a.By), a.Needed))
	if a.Duty {
		field(w, "", "an emergency that two officers of the duty list signed, one of them a supervisor, is not held by its addressee")
	}
	if left > 1 {
		fmt.Fprintf(w, "%-11scomity approve %s, by another officer than who sends it\n", "next", id)
	}
}

// writeSend says how a draft that has its approvals is sent.
func writeSend(w io.Writer, id protocol.CaseID, k protocol.Kind) {
	command := "comity request send " + string(id)
	if k == protocol.KindDisclosure {
		command = "comity disclose " + string(id) + " --proposed"
	}
	field(w, "send", command+", by another officer")
}

// backed writes how many officers stand behind a draft, for a list.
func backed(a *desk.Approvals) string {
	if a == nil || a.Needed <= 1 && len(a.By) == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", len(a.By), a.Needed)
}
