package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"comity.example/node/desk"
	"comity.example/testnet"
)

type testnetAdvanceCmd struct {
	worldFlags
	By string `arg:"" help:"How far: 8h, 36h30m, 30d." placeholder:"TIME"`
}

func (c *testnetAdvanceCmd) Help() string {
	return `Turns legal time forward for all nodes of the world, and for what people do in it. What falls due
comes about at once. Time never goes back. Only a world on this machine has such a clock: a node that
others reach keeps the time of its machine.`
}

// advanced is what testnet advance says to a program.
type advanced struct {
	World string    `json:"world"`
	Ahead string    `json:"ahead"`
	Time  time.Time `json:"time"`  // legal time now
	Nodes int       `json:"nodes"` // that run, and have noticed
}

func (c *testnetAdvanceCmd) Run(ctx context.Context, a *app) error {
	if c.World == "" {
		c.World = defaultWorld()
	}
	by, err := readSpan(c.By)
	if err != nil || by <= 0 {
		return badInput("legal time goes forward only", "name how far: comity testnet advance 8h, or 30d")
	}
	t, err := c.topology()
	if err != nil {
		return err
	}
	w, err := testnet.Load(c.World, t)
	if err != nil {
		return badInput(plain(err), "name the folder of a world with --world, or start one: comity testnet up")
	}
	out := advanced{World: c.World}
	ahead, err := w.Turn(by)
	if errors.Is(err, testnet.ErrNoClock) {
		return badInput("legal time cannot be turned in "+c.World,
			"it was founded by an earlier version: end it, remove the folder, and start one anew")
	}
	if err != nil {
		return err
	}
	for _, id := range t.Participants() {
		h := w.Home(id)
		token, err := h.Token()
		if err != nil {
			return err
		}
		client := desk.Dial(h.Socket(), token)
		if _, err := client.Status(ctx); err != nil {
			continue // it is off, and turns when it starts
		}
		if err := testnet.AwaitTurn(ctx, client, ahead); err != nil {
			return err
		}
		out.Nodes++
	}
	out.Ahead, out.Time = ahead.String(), a.instant().Add(ahead)
	return a.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "legal time in %s is %s, %v ahead of this machine's; %s turned\n", c.World, moment(out.Time), ahead,
			count(out.Nodes, "running node"))
	})
}
