package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/paper"
)

// writing is where a rendering goes.
type writing struct {
	Out string `help:"File to write it to. By default to the terminal." placeholder:"FILE"`
}

// write writes a rendering to its file, which must not be there yet, or to the
// terminal.
func (c *writing) write(a *app, render func(w io.Writer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return badInput(plain(err), "")
	}
	if c.Out == "" {
		_, err := a.out.Write(b.Bytes())
		return err
	}
	if err := home.WriteNew(c.Out, b.Bytes()); err != nil {
		return err
	}
	return a.show(struct {
		File string `json:"file"`
	}{c.Out}, func(w io.Writer) { fmt.Fprintf(w, "wrote %s\n", c.Out) })
}

type agreementShowCmd struct {
	Agreement string    `arg:"" help:"Id of an agreement, or a .yaml file."`
	Direction string    `help:"Only what matters when one Party asks another, such as GB:US, with what stands." placeholder:"FROM:TO"`
	At        time.Time `help:"For which time, RFC 3339. By default now." placeholder:"TIME"`
	HTML      bool      `name:"html" help:"Write one page of HTML, which needs nothing else."`
	Article   string    `help:"Only what stands under one article, such as 8 or 'Art. 8(2)'." placeholder:"ARTICLE"`
	Rules     bool      `help:"Only the rules."`
	List      string    `help:"Only one list of offences, by its id." placeholder:"ID"`
	YAML      bool      `name:"yaml" help:"Write the document itself, byte for byte, to read or to edit."`
	writing
}

func (c *agreementShowCmd) Help() string {
	return `The rules stand by article in the order of the document, each with its plain sentence first, what it is
computed from, and what it rests on. With --direction the effect of reservations, declarations and
notices is said in words, that which mirrors too. With --yaml the document comes as it is signed: a
copy of it, edited, is what comity agreement lint FILE looks at.`
}

// document is what agreement show says to a program.
type document struct {
	listed
	Source string `json:"source"` // the YAML, byte for byte
}

func (c *agreementShowCmd) Run(ctx context.Context, a *app) error {
	t, err := a.find(ctx, c.Agreement)
	if err != nil {
		return err
	}
	if err := c.oneForm(a); err != nil {
		return err
	}
	switch {
	case a.JSON && c.Out == "":
		return a.show(document{t.listed(), string(t.doc.Bytes())}, nil)
	case c.YAML:
		return c.write(a, func(w io.Writer) error { _, err := w.Write(t.doc.Bytes()); return err })
	}
	opts := paper.Options{Width: maxWidth, At: a.at(c.At), Only: c.only()}
	if c.Direction != "" {
		dir, err := paper.ParseDirection(c.Direction)
		if err != nil {
			return badInput(plain(err), "")
		}
		if err := joined(&t, dir); err != nil {
			return err
		}
		opts.Direction = &dir
	}
	held, err := a.holdings(ctx)
	if err != nil {
		return err
	}
	opts.Book = held.book
	if c.HTML {
		return c.write(a, func(w io.Writer) error { return paper.HTML(w, t.doc, opts) })
	}
	return c.write(a, func(w io.Writer) error {
		err := paper.Text(w, t.doc, opts)
		fmt.Fprintf(w, "\n(%s)\n", t.from)
		return err
	})
}

func (c *agreementShowCmd) only() paper.Part {
	return paper.Part{Article: c.Article, Rules: c.Rules, List: c.List}
}

// oneForm refuses two forms of the document at once.
func (c *agreementShowCmd) oneForm(a *app) error {
	switch {
	case c.YAML && (c.HTML || c.Direction != "" || c.only() != paper.Part{}):
		return badInput("--yaml is the whole document as it is signed: leave out what narrows it, and --html", "")
	case c.only() != paper.Part{} && a.JSON && c.Out == "":
		return badInput("--json is the whole document: leave out --article, --rules and --list", "")
	case c.List != "" && (c.Rules || c.Article != ""):
		return badInput("--list is one list of offences: leave out --rules and --article", "")
	case c.YAML && a.JSON && c.Out == "":
		return badInput("--yaml and --json: name one, or --out; the JSON holds the document in source", "")
	case c.HTML && a.JSON && c.Out == "":
		return badInput("--html and --json: a page is no JSON: name one, or --out", "")
	}
	return nil
}

// joined refuses a direction that the agreement has nothing to do with.
func joined(t *text, dir paper.Direction) error {
	for _, p := range []protocol.Party{dir.From, dir.To} {
		if err := p.CheckAssigned(); err != nil {
			return badInput("--direction: "+err.Error(), "")
		}
		if t.doc.Kind != agreement.KindDomestic && !t.doc.Has(p) {
			return badInput(fmt.Sprintf("%s is not Party to %s", p, t.doc.ID), "its Parties are "+words(t.doc.Parties()))
		}
	}
	return nil
}

// at is the time that a person named, or now.
func (a *app) at(named time.Time) time.Time {
	if named.IsZero() {
		return a.instant()
	}
	return named.UTC().Truncate(time.Second)
}

type agreementDiffCmd struct {
	Old string `arg:"" help:"Id of an agreement, ID@VERSION, or a .yaml file."`
	New string `arg:"" help:"Likewise: what it is compared with."`
	writing
}

func (c *agreementDiffCmd) Help() string {
	return `Says by article what was added, removed and changed, each with the old and the new words. Remarks and
layout do not count.`
}

func (c *agreementDiffCmd) Run(ctx context.Context, a *app) error {
	before, err := a.find(ctx, c.Old)
	if err != nil {
		return err
	}
	after, err := a.find(ctx, c.New)
	if err != nil {
		return err
	}
	changes, err := paper.Diff(before.doc, after.doc)
	if err != nil {
		return err
	}
	if a.JSON && c.Out == "" {
		return a.show(changes, nil)
	}
	return c.write(a, func(w io.Writer) error { return changes.Text(w, maxWidth) })
}
