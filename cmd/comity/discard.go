package main

import (
	"context"
	"fmt"
	"io"

	"comity.example/protocol"
)

type requestDiscardCmd struct {
	Case protocol.CaseID `arg:"" help:"The draft's case."`
}

func (c *requestDiscardCmd) Help() string {
	return `A draft is removed for good; nobody has signed it and nobody else has seen it. What was sent stays:
comity request withdraw ends that.`
}

func (c *requestDiscardCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	gone, err := node.Discard(ctx, c.Case)
	if err != nil {
		return err
	}
	return a.show(gone, func(w io.Writer) { fmt.Fprintf(w, "discarded the draft %s\n", gone.Case) })
}
