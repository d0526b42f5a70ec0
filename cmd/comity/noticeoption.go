package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// choosing are the flags of a notice about an option of an agreement. Reserve,
// declare and withdraw differ in one word.
type choosing struct {
	Agreement string `arg:"" help:"Id of the agreement."`
	Option    string `arg:"" help:"Id of the option, as comity agreement show has it."`
	noticing
}

const optionHelp = `Which options there are the agreement says: see comity agreement show. Where one is mirrored, the other
Parties may apply the same to whoever made it: that is computed, and need not be written. What was
decided before stands.`

type agreementReserveCmd struct{ choosing }

func (c *agreementReserveCmd) Help() string { return optionHelp }

func (c *agreementReserveCmd) Run(ctx context.Context, a *app) error {
	return c.about(ctx, a, agreement.Reserve)
}

type agreementDeclareCmd struct{ choosing }

func (c *agreementDeclareCmd) Help() string { return optionHelp }

func (c *agreementDeclareCmd) Run(ctx context.Context, a *app) error {
	return c.about(ctx, a, agreement.Declare)
}

type agreementWithdrawCmd struct{ choosing }

func (c *agreementWithdrawCmd) Help() string { return optionHelp }

func (c *agreementWithdrawCmd) Run(ctx context.Context, a *app) error {
	return c.about(ctx, a, agreement.Withdraw)
}

// about refuses what the agreement leaves no choice in: a notice without effect
// must not be signed.
func (c *choosing) about(ctx context.Context, a *app, kind agreement.NoticeKind) error {
	t, err := c.document(ctx, a, c.Agreement)
	if err != nil {
		return err
	}
	if err := fits(t.doc, kind, c.Option); err != nil {
		return err
	}
	return c.give(ctx, a, &agreement.Notice{Agreement: t.doc.ID, Kind: kind, Option: c.Option,
		Types: []protocol.RequestType{}, Categories: []protocol.Category{}})
}

// fits refuses an option that is not there, or is of the other kind.
func fits(d *agreement.Document, kind agreement.NoticeKind, id string) error {
	want := map[agreement.NoticeKind]agreement.OptionKind{
		agreement.Reserve: agreement.OptionReservation, agreement.Declare: agreement.OptionDeclaration}[kind]
	var ids []string
	for i := range d.Options {
		if o := &d.Options[i]; want == "" || o.Kind == want {
			ids = append(ids, o.ID)
		}
	}
	at := slices.IndexFunc(d.Options, func(o agreement.Option) bool { return o.ID == id })
	switch {
	case slices.Contains(ids, id):
		return nil
	case at >= 0:
		verb := map[agreement.OptionKind]string{agreement.OptionReservation: "reserve",
			agreement.OptionDeclaration: "declare"}[d.Options[at].Kind]
		return badInput(fmt.Sprintf("%s of %s is a %s", id, d.ID, d.Options[at].Kind), "use comity agreement "+verb)
	case len(ids) == 0:
		return badInput(fmt.Sprintf("%s has no option %q", d.ID, id), fmt.Sprintf("it leaves nothing to %s", kind))
	}
	hint := "there are " + strings.Join(ids, ", ")
	if near := nearest(id, ids); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return badInput(fmt.Sprintf("%s has no option %q to %s", d.ID, id, kind), hint)
}
