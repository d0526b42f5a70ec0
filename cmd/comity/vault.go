package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"comity.example/node/desk"
)

type vaultCmd struct {
	Check vaultCheckCmd `cmd:"" help:"Read every object again, and compare it with what was signed."`
}

type vaultCheckCmd struct{}

func (c *vaultCheckCmd) Help() string {
	return `Reads all that the node holds beside its acts, which takes as long as the disk takes, and compares each object
with its tree hash. Ends with the status of a doubt where something is damaged or missing.`
}

func (c *vaultCheckCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	r, err := waiting(a.board(), "reading the vault", func() (desk.VaultReport, error) { return node.CheckVault(ctx) })
	if err != nil {
		return err
	}
	if err := a.show(r, func(w io.Writer) { writeVault(w, &r) }); err != nil {
		return err
	}
	if broken(&r) {
		return done(exitDoubt)
	}
	return nil
}

func broken(r *desk.VaultReport) bool { return len(r.Damaged)+len(r.Missing)+len(r.Keys) > 0 }

func writeVault(w io.Writer, r *desk.VaultReport) {
	mark := "✓"
	if broken(r) {
		mark = "✗"
	}
	fmt.Fprintf(w, "%s %s, %s\n", mark, count(r.Objects, "object"), byteText(r.Bytes))
	for _, d := range r.Damaged {
		field(w, "damaged", d.String())
	}
	for _, d := range r.Missing {
		field(w, "missing", d.String())
	}
	for _, d := range r.Keys {
		field(w, "no key", d.String())
	}
	if r.Stray > 0 {
		field(w, "stray", count(r.Stray, "file")+" that nothing refers to; nothing is lost, and nothing was removed")
	}
	if broken(r) {
		field(w, "", "damaged is not what its tree hash says, missing is referred to and not there, and without its key nothing can be read. "+
			"Look at the disk, and put back a copy of data/vault: objects are not changed once they are there.")
	}
}

// waiting draws for how long something goes on of which no more is known.
func waiting[T any](b *board, what string, do func() (T, error)) (out T, err error) {
	began, ended := time.Now(), make(chan struct{})
	go func() {
		defer close(ended)
		out, err = do()
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			b.clear()
			return out, err
		case <-tick.C:
			b.draw(what + ", " + span(time.Since(began)))
		}
	}
}
