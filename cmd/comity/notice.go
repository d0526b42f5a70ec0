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

// noticing are the flags of a notice. Suspend and resume differ in one word.
type noticing struct {
	Agreement string                 `arg:"" help:"Id of the agreement."`
	Party     protocol.Party         `required:"" help:"Whose notice it is." placeholder:"PARTY"`
	Root      []string               `required:"" help:"Root key of that Party, or its directory. May be given again." placeholder:"FILE"`
	Ground    string                 `required:"" help:"Why, in words." placeholder:"TEXT"`
	Article   string                 `help:"Article under which it is given." placeholder:"TEXT"`
	Toward    []protocol.Party       `help:"Towards which Party. By default all." placeholder:"PARTY"`
	Type      []protocol.RequestType `help:"Which request type. By default all." placeholder:"TYPE" predictor:"type"`
	Category  []protocol.Category    `help:"Which data category. By default all." placeholder:"CATEGORY" predictor:"category"`
	Effective time.Time              `help:"From when: RFC 3339. By default now." placeholder:"TIME"`
	ID        string                 `help:"Name of the notice. By default from the time." placeholder:"ID"`
	Out       string                 `help:"File to write. By default in the home's agreements." placeholder:"FILE"`
	Publish   bool                   `help:"Have the node use it and send it to its peers."`
}

const noticeHelp = `The mirrored right of the other side follows from the same moment: that is computed, and need not be
written. What was decided before stands.`

type agreementSuspendCmd struct{ noticing }

func (c *agreementSuspendCmd) Help() string { return noticeHelp }

func (c *agreementSuspendCmd) Run(ctx context.Context, a *app) error {
	return c.give(ctx, a, agreement.Suspend)
}

type agreementResumeCmd struct{ noticing }

func (c *agreementResumeCmd) Help() string { return noticeHelp }

func (c *agreementResumeCmd) Run(ctx context.Context, a *app) error {
	return c.give(ctx, a, agreement.Resume)
}

// given is what a notice says to a program.
type given struct {
	File      string            `json:"file"`
	Notice    *agreement.Notice `json:"notice"`
	Published *desk.Document    `json:"published,omitzero"`
}

func (c *noticing) give(ctx context.Context, a *app, kind agreement.NoticeKind) error {
	n, err := c.notice(a, kind)
	if err != nil {
		return err
	}
	roots, err := a.readRoots(ctx, c.Root)
	if err != nil {
		return err
	}
	a.note("%s: %s of %s, %s, %s, from %s\nground: %s", n.Party, n.Kind, n.Agreement, orAll(n.Types, "types"),
		orAll(n.Categories, "categories"), moment(n.Effective), shown(n.Ground))
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

func (c *noticing) notice(a *app, kind agreement.NoticeKind) (*agreement.Notice, error) {
	n := &agreement.Notice{ID: c.ID, Agreement: c.Agreement, Party: c.Party, Kind: kind,
		Toward: append([]protocol.Party{}, c.Toward...), Types: append([]protocol.RequestType{}, c.Type...),
		Categories: append([]protocol.Category{}, c.Category...), Issued: a.instant(),
		Effective: c.Effective.UTC().Truncate(time.Second), Article: c.Article, Ground: c.Ground}
	if c.Effective.IsZero() {
		n.Effective = n.Issued
	}
	if n.ID == "" {
		n.ID = string(kind) + "-" + strings.ToLower(n.Issued.Format("20060102t150405z"))
	}
	if err := n.Check(); err != nil {
		return nil, badInput(plain(err), "")
	}
	return n, nil
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
