package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity.example/node"
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
	ID        string           `help:"Name of the notice. By default made of the time." placeholder:"ID"`
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
	t, err := c.document(ctx, a, c.Agreement)
	if err != nil {
		return err
	}
	return c.give(ctx, a, &agreement.Notice{Agreement: t.doc.ID, Kind: kind,
		Types: append([]protocol.RequestType{}, c.Type...), Categories: append([]protocol.Category{}, c.Category...)})
}

// document finds the agreement that a notice is about. A notice that every node
// would refuse must not be signed: its file would stop the next start.
func (c *noticing) document(ctx context.Context, a *app, what string) (text, error) {
	if err := c.Party.CheckAssigned(); err != nil {
		return text{}, badInput("--party: "+err.Error(), "")
	}
	for _, p := range c.Toward {
		if err := p.CheckAssigned(); err != nil {
			return text{}, badInput("--toward: "+err.Error(), "")
		}
	}
	t, err := a.find(ctx, what)
	if err != nil {
		return text{}, err
	}
	if t.doc.Kind == agreement.KindDomestic {
		return text{}, badInput(fmt.Sprintf("%s is the law of %s: it grants nothing that a notice could take",
			t.doc.ID, words(t.doc.Parties())), "")
	}
	for _, p := range append([]protocol.Party{c.Party}, c.Toward...) {
		if is, err := a.isParty(ctx, p, t.doc); err != nil {
			return text{}, err
		} else if !is {
			return text{}, badInput(fmt.Sprintf("%s is not Party to %s", p, t.doc.ID),
				"its Parties are "+words(t.doc.Parties()))
		}
	}
	return t, nil
}

// isParty looks at every version at hand: a notice is about all of them.
func (a *app) isParty(ctx context.Context, p protocol.Party, d *agreement.Document) (bool, error) {
	if d.Has(p) {
		return true, nil
	}
	all, err := a.texts(ctx)
	return slices.ContainsFunc(all, func(t text) bool { return t.doc.ID == d.ID && t.doc.Has(p) }), err
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
	if err := a.checkRoots(ctx, n.Party, roots); err != nil {
		return err
	}
	if err := a.checkLifts(ctx, n); err != nil {
		return err
	}
	if c.Publish {
		if err := a.checkNode(ctx); err != nil {
			return err
		}
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
		if out.Published, err = a.publishNotice(ctx, signed, out.File); err != nil {
			return err
		}
	}
	return a.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "signed %s\n", out.File)
		if out.Published != nil {
			writePublished(w, out.Published)
		}
	})
}

// checkNode asks whether the node answers, before anything is signed for it.
func (a *app) checkNode(ctx context.Context) error {
	_, client, err := a.openDesk()
	if err != nil {
		return err
	}
	_, err = client.Status(ctx)
	return err
}

// publishNotice leaves no file of a notice that the node refuses: the next start
// would end at it.
func (a *app) publishNotice(ctx context.Context, signed []byte, file string) (*desk.Document, error) {
	_, client, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	d, err := client.Publish(ctx, string(node.NoticeDocument), signed)
	var p *desk.Problem
	switch {
	case err == nil:
		return &d, nil
	case errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity:
		return nil, errors.Join(err, os.Remove(file))
	}
	a.note("signed %s, but it is not known whether the node uses it: see comity agreement publish", file)
	return nil, err
}

// checkLifts refuses a notice that takes back what its Party, as far as this
// home knows, never did. Without a home nothing is known.
func (a *app) checkLifts(ctx context.Context, n *agreement.Notice) error {
	if _, err := os.Stat(filepath.Join(a.Dir, home.ConfigName)); err != nil {
		return nil
	}
	held, err := a.signedHoldings(ctx)
	if err != nil || held.book == nil || held.book.Lifts(n) {
		return err
	}
	text := fmt.Sprintf("%s has suspended nothing of %s that this would resume", n.Party, n.Agreement)
	if n.Kind == agreement.Withdraw {
		text = fmt.Sprintf("%s has not made %s of %s, which this would withdraw", n.Party, n.Option, n.Agreement)
	}
	return badInput(text, "this rests on "+held.rests+
		": if there is more, let the node have it first, with comity agreement publish")
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
		n.ID = fmt.Sprintf("%s-%s-%s", n.Kind, strings.ToLower(n.Issued.Format("20060102t150405z")), chance())
	}
	return orBadInput(n.Check())
}

// chance tells notices of one second apart.
func chance() string {
	var b [3]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
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
