package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

type ledgerCmd struct {
	Check      ledgerCheckCmd      `cmd:"" help:"Compute the whole tree again, and find every act that it names."`
	Prove      ledgerProveCmd      `cmd:"" help:"Print the proof of an entry, in C2SP tlog-proof format."`
	Checkpoint ledgerCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint."`
}

type ledgerCheckCmd struct{}

func (c *ledgerCheckCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	r, err := node.Check(ctx)
	if err != nil {
		return err
	}
	err = a.show(r, func(w io.Writer) {
		for _, t := range r.Trouble {
			fmt.Fprintf(w, "✗ %s\n", t)
		}
		if len(r.Trouble) == 0 {
			fmt.Fprintf(w, "✓ %d entries, each where the checkpoint says\n", r.Size)
		}
	})
	if len(r.Trouble) > 0 {
		return errors.Join(err, done(exitDoubt))
	}
	return err
}

type ledgerProveCmd struct {
	Entry int64 `arg:"" help:"Number of the entry, from 0."`
}

// signedText is a signed text as a verb says it to a program.
type signedText struct {
	Text string `json:"text"`
}

func (c *ledgerProveCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	b, err := node.Prove(ctx, c.Entry)
	return a.showSigned(b, err)
}

type ledgerCheckpointCmd struct{}

func (c *ledgerCheckpointCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	b, err := node.Checkpoint(ctx)
	return a.showSigned(b, err)
}

// showSigned prints a text byte for byte, so that its signatures still fit.
func (a *app) showSigned(b []byte, err error) error {
	if err != nil {
		return err
	}
	return a.show(signedText{string(b)}, func(w io.Writer) { io.Copy(w, strings.NewReader(string(b))) })
}
