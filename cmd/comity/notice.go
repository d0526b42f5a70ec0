package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// noticing are the flags of every notice.
type noticing struct {
	Party     protocol.Party   `required:"" help:"Whose notice it is." placeholder:"PARTY"`
	Root      []string         `required:"" help:"Root key of that Party, or its directory. May be given again." placeholder:"FILE"`
	Ground    string           `required:"" help:"Why, in words." placeholder:"TEXT"`
	Article   string           `help:"Article under which it is given." placeholder:"TEXT"`
	Toward    []protocol.Party `help:"Towards which Party. By default all." placeholder:"PARTY"`
	Effective time.Time        `help:"From when: RFC 3339. By default now." placeholder:"TIME"`
	ID        string           `help:"Name of the notice. By default from the time." placeholder:"ID"`
	Out       string           `help:"File to write. By default in the home's agreements." placeholder:"FILE"`
	Publish   bool             `help:"Have the node use it and send it to its peers."`
}

// selecting are the flags of a notice about rights. Suspend and resume differ
// in one word.
type selecting struct {
	Agreement string `arg:"" help:"Id of the agreement."`
	noticing
	Type     []protocol.RequestType `help:"Which request type. By default all." placeholder:"TYPE" predictor:"type"`
	Category []protocol.Category    `help:"Which data category. By default all." placeholder:"CATEGORY" predictor:"category"`
}

const noticeHelp = `The mirrored right of the other side follows from the same moment: that is computed, and need not be
written. What was decided before stands.`

type agreementSuspendCmd struct{ selecting }

func (c *agreementSuspendCmd) Help() string { return noticeHelp }

func (c *agreementSuspendCmd) Run(ctx context.Context, a *app) error {
	return c.about(ctx, a, agreement.Suspend)
}

type agreementResumeCmd struct{ selecting }

func (c *agreementResumeCmd) Help() string { return noticeHelp }

func (c *agreementResumeCmd) Run(ctx context.Context, a *app) error {
	return c.about(ctx, a, agreement.Resume)
}

// given is what a notice says to a program.
type given struct {
	File      string            `json:"file"`
	Notice    *agreement.Notice `json:"notice"`
	Published *desk.Document    `json:"published,omitzero"`
}

func (c *selecting) about(ctx context.Context, a *app, kind agreement.NoticeKind) error {
	return c.give(ctx, a, &agreement.Notice{Agreement: c.Agreement, Kind: kind,
		Types: append([]protocol.RequestType{}, c.Type...), Categories: append([]protocol.Category{}, c.Category...)})
}

// give signs a notice that says what it is about.
func (c *noticing) give(ctx context.Context, a *app, n *agreement.Notice) error {
	if err := c.complete(a, n); err != nil {
		return err
	}
	roots, err := a.readRoots(ctx, c.Root)
	if err != nil {
		return err
	}
	a.note("%s\nground: %s", noticed(n), shown(n.Ground))
	if err := a.confirmRoot(ctx, "sign this for "+string(n.Party)+"?"); err != nil {
		return err
	}
	signed, err := agreement.SignNotice(n, roots...)
	if err != nil {
		return err
	}
	out := given{File: c.place(a, n), Notice: n}
	if err := home.WriteNew(out.File, signed); err != nil {
		return err
	}
	if c.Publish {
		_, node, err := a.openDesk()
		if err != nil {
			return err
		}
		d, err := node.Publish(ctx, "notice", signed)
		if err != nil {
			return errors.Join(err, a.show(out, func(w io.Writer) { fmt.Fprintf(w, "signed %s\n", out.File) }))
		}
		out.Published = &d
	}
	return a.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "signed %s\n", out.File)
		if out.Published != nil {
			writePublished(w, out.Published)
		}
	})
}

// noticed says what is to be signed.
func noticed(n *agreement.Notice) string {
	about := orAll(n.Types, "types") + ", " + orAll(n.Categories, "categories")
	if n.Option != "" {
		about = n.Option
	}
	if len(n.Toward) > 0 {
		about += ", toward " + words(n.Toward)
	}
	return fmt.Sprintf("%s: %s of %s, %s, from %s", n.Party, n.Kind, n.Agreement, about, moment(n.Effective))
}

// complete fills in what the flags say.
func (c *noticing) complete(a *app, n *agreement.Notice) error {
	n.ID, n.Party, n.Article, n.Ground = c.ID, c.Party, c.Article, c.Ground
	n.Toward = append([]protocol.Party{}, c.Toward...)
	n.Issued, n.Effective = a.instant(), c.Effective.UTC().Truncate(time.Second)
	if c.Effective.IsZero() {
		n.Effective = n.Issued
	}
	if n.ID == "" {
		n.ID = string(n.Kind) + "-" + strings.ToLower(n.Issued.Format("20060102t150405z"))
	}
	return orBadInput(n.Check())
}

func (c *noticing) place(a *app, n *agreement.Notice) string {
	name := strings.ToLower(string(n.Party)) + "." + n.ID + ".jws"
	if c.Out != "" {
		return c.Out
	}
	if h, err := a.openHome(); err == nil {
		return filepath.Join(h.Dir, home.AgreementsDir, name)
	}
	return name
}

// orAll writes the words of a selector, or that it selects all.
func orAll[T ~string](list []T, of string) string {
	if len(list) == 0 {
		return "all " + of
	}
	return words(list)
}
