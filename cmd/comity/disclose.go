package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

type discloseCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Files     []string        `arg:"" optional:"" help:"Files with the evidence, folders, or - for standard input."`
	Part      bool            `help:"More is to come."`
	NoData    bool            `help:"There is no such data." xor:"data"`
	Note      string          `help:"A note to the requesting side." placeholder:"TEXT" aliases:"text"`
	Until     string          `help:"Until when it can be fetched: 30d, or a day. The EU wants 10 to 45 days of what does not take its own system." placeholder:"TIME"`
	Name      string          `help:"What standard input is called." placeholder:"NAME"`
	MediaType string          `help:"Media type. By default that of the ending of the name." placeholder:"TYPE"`
	Collected time.Time       `help:"When it was taken out of your systems: 2026-11-22T10:00:00Z." placeholder:"TIME"`
	Collector string          `help:"Who or what took it out of them." placeholder:"TEXT"`
	Pack      bool            `help:"Make a pack of a folder also where it has few files."`
	Hold      bool            `help:"Take it in for review, and disclose nothing yet." xor:"when"`
	Held      bool            `help:"Disclose all that is held in the case."`
	Drop      []string        `help:"Put back what is held, by its number in comity fetch CASE --list, its name, or all; may be repeated." placeholder:"N" sep:"none"`
	Propose   bool            `help:"Keep it until other officers have approved it, instead of sending it." xor:"when"`
	Proposed  bool            `help:"Send what was proposed, with its approvals." xor:"when"`
	signing
}

func (c *discloseCmd) Help() string {
	return fmt.Sprintf(`Hands over files of any size: the node seals them first, and then the act is signed that names them. One act has
at most %d objects. A folder with more files, or with folders in it, goes as one pack and a list of what is in it, in which
the path of each file stands; comity fetch writes the files again. Links and devices are left out.

A list has at most %d files, and a pack %s; a folder has at most %d folders within each other. While it is taken in, some
200 bytes for each file lie in the folder that TMPDIR names. The acts of a case name at most %d objects, recipients and
acts: who has more files puts them into a folder. Where something is too much, that is said before anything is taken in.

With --hold nothing is disclosed yet: comity fetch CASE --list shows what is held, --held discloses it, --drop puts it
back. A system of the provider may do this without an officer; where the home has an officer's key, it signs.`,
		protocol.MaxObjects, evidence.MaxListed, byteText(protocol.MaxObject), maxDepth, casefile.MaxNames)
}

func (c *discloseCmd) Run(ctx context.Context, a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	switch {
	case c.Proposed:
		return c.sendProposed(ctx, a)
	case len(c.Drop) > 0:
		return c.drop(ctx, a)
	}
	d := &protocol.Disclosure{Status: protocol.ProductionComplete, Objects: []protocol.Object{}, Note: c.Note}
	switch {
	case c.NoData:
		d.Status = protocol.ProductionNoData
	case c.Part:
		d.Status = protocol.ProductionPartial
	}
	if c.Until != "" {
		var err error
		if d.Until, err = parseUntil(c.Until, a.instant()); err != nil {
			return err
		}
	}
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	if !c.Hold && !c.Propose && c.Officer == "" {
		// Who signs is to be known before the node seals for hours.
		if _, err := onlyOfficer(h); err != nil && !errors.Is(err, errNoOfficer) {
			return err
		}
	}
	if d.Objects, err = c.objects(ctx, a, node); err != nil {
		return err
	}
	if c.Hold {
		return c.hold(ctx, a, node, d.Objects)
	}
	if err = c.leavesNothing(ctx, node, d); err == nil && c.Propose {
		err = c.propose(ctx, a, d)
	} else if err == nil {
		err = c.send(ctx, a, node, d)
	}
	if err != nil && len(d.Objects) > 0 {
		c.stillHeld(a, err, len(d.Objects))
	}
	return err
}

// stillHeld says what becomes of objects whose act was not sent.
func (c *discloseCmd) stillHeld(a *app, err error, n int) {
	if f := explain(err); f.status == exitInterrupted || f.status == exitNoNode {
		a.note("note: %s held unless the act went out: comity fetch %s --list says so", isOrAre(n), c.Case)
		return
	}
	a.note("note: %s still held, and nothing was disclosed: comity disclose %s --held discloses what is held, "+
		"comity disclose %s --drop all puts it back", isOrAre(n), c.Case, c.Case)
}

func isOrAre(n int) string {
	if n == 1 {
		return "1 object is"
	}
	return fmt.Sprintf("%d objects are", n)
}

// check says which flags do not go together.
func (c *discloseCmd) check() error {
	switch {
	case c.Until != "" && (c.NoData || c.Hold):
		return badInput("--until: want it only where something is disclosed", "")
	case c.NoData && len(c.Files) > 0:
		return badInput("there are files, so there is data", "leave out --no-data or the files")
	case (c.NoData || len(c.Drop) > 0) && (c.Hold || c.Held) || c.Hold && c.Held:
		return badInput("--no-data, --hold, --held and --drop: want one of them", "")
	case len(c.Drop) > 0 && (len(c.Files) > 0 || c.NoData || c.Part || c.Propose || c.Proposed || c.Note+c.Until != ""):
		return badInput("--drop puts back what is held, and does nothing else", "leave out the files and the other flags")
	case c.Held && len(c.Files) > 0:
		return badInput("--held discloses what is held", "leave out the files: comity disclose CASE FILE… --hold takes them in first")
	case c.Proposed && (len(c.Files) > 0 || c.NoData || c.Part || c.Held || c.Note+c.Until != ""):
		return badInput("--proposed sends what was proposed, as it is", "leave out the files and the other flags")
	case len(c.Files) == 0 && !c.NoData && !c.Held && !c.Proposed && len(c.Drop) == 0:
		return badInput("no file to disclose", "name files, or say --no-data")
	case c.Name != "" && !slices.Contains(c.Files, "-"):
		return badInput("--name: want it only with -, for standard input", "what a file is called, its name says")
	}
	at := -1
	for i, f := range c.Files {
		if f == "-" && at >= 0 {
			return badInput("standard input is named twice", "")
		} else if f == "-" {
			at = i
		}
	}
	return nil
}

// objects returns what is to be disclosed: what is held already, or what is taken
// in now.
func (c *discloseCmd) objects(ctx context.Context, a *app, node *desk.Client) ([]protocol.Object, error) {
	if c.NoData {
		return []protocol.Object{}, nil
	}
	if !c.Held {
		return c.gather(ctx, a, node)
	}
	held, err := heldIn(ctx, node, c.Case)
	if err != nil {
		return nil, err
	}
	if len(held) > protocol.MaxObjects {
		return nil, badInput(fmt.Sprintf("%d objects are held: one act takes at most %d", len(held), protocol.MaxObjects),
			"put some back with --drop, and hand them over in another act; all acts but the last with --part")
	}
	out := []protocol.Object{}
	for _, i := range held {
		out = append(out, i.Object)
	}
	return out, nil
}

// heldIn returns what is held in a case.
func heldIn(ctx context.Context, node *desk.Client, id protocol.CaseID) ([]desk.EvidenceItem, error) {
	e, err := node.Evidence(ctx, id)
	if err != nil {
		return nil, err
	}
	held := slices.DeleteFunc(e.Items, func(i desk.EvidenceItem) bool { return i.State != desk.EvidenceHeld })
	if len(held) == 0 {
		return nil, badInput("nothing is held in "+string(id), "comity disclose "+string(id)+" FILE… --hold takes files in")
	}
	return held, nil
}

// send has the act prepared, signed and sent.
func (c *discloseCmd) send(ctx context.Context, a *app, node *desk.Client, d *protocol.Disclosure) error {
	fits, err := c.fits(ctx, a, node, d)
	if err != nil {
		return err
	}
	done := "disclosed " + count(len(d.Objects), "object")
	if d.Status == protocol.ProductionNoData {
		done = "said that there is no data, or no more of it,"
	}
	return a.perform(ctx, errand{signing: c.signing, need: ifThere, done: done,
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Disclosure: d}}, fits: fits})
}

// fits wants the disclosure to be signed that was asked for. Whom it can be read by
// the node fills in: nobody but its recipients and who asked for it.
func (c *discloseCmd) fits(ctx context.Context, a *app, node *desk.Client, d *protocol.Disclosure) (func(*desk.Prepared) error, error) {
	self, err := a.self()
	if err != nil {
		return nil, err
	}
	v, err := node.Case(ctx, c.Case)
	if err != nil {
		return nil, err
	}
	issuer := self
	if v.File != nil {
		issuer = v.File.Issuer
	}
	return fitsDisclosure(d, self, issuer)
}

func fitsDisclosure(d *protocol.Disclosure, self, issuer protocol.ParticipantID) (func(*desk.Prepared) error, error) {
	want, err := (&protocol.Body{Disclosure: d}).Digest()
	if err != nil {
		return nil, err
	}
	return func(p *desk.Prepared) error {
		got := p.Body
		if got.Disclosure == nil {
			return errNotAsked
		}
		bare := *got.Disclosure
		if len(bare.Objects) > 0 && !slices.Equal(bare.Readers, protocol.Reading(p.To, issuer, self)) {
			return errNotAsked
		}
		if len(d.Keys) == 0 { // else others have approved it, keys and all
			bare.Readers, bare.Keys = nil, nil
		}
		got.Disclosure = &bare
		if have, err := got.Digest(); err != nil || have != want {
			return errNotAsked
		}
		return nil
	}, nil
}

// held is what disclose --hold and --drop say to a program.
type heldObjects struct {
	Case    protocol.CaseID   `json:"case"`
	Objects []protocol.Object `json:"objects"`
}

// hold says what is held of what was taken in: not what was disclosed before.
func (c *discloseCmd) hold(ctx context.Context, a *app, node *desk.Client, objects []protocol.Object) error {
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return err
	}
	n := len(objects)
	objects = slices.DeleteFunc(objects, func(o protocol.Object) bool {
		gone := slices.ContainsFunc(e.Items, func(i desk.EvidenceItem) bool {
			return i.Object.Tree == o.Tree && i.State == desk.EvidenceDisclosed
		})
		if gone {
			a.note("note: %s is disclosed already, and is not held again", shown(o.Name))
		}
		return gone
	})
	if len(objects) == 0 && n > 0 && !a.JSON {
		return nil
	}
	return c.showHeld(a, objects)
}

func (c *discloseCmd) showHeld(a *app, objects []protocol.Object) error {
	return a.show(heldObjects{c.Case, objects}, func(w io.Writer) {
		fmt.Fprintf(w, "%s held in %s; nothing was disclosed\n", isOrAre(len(objects)), c.Case)
		for i := range objects {
			field(w, "object", objectText(&objects[i]))
		}
		field(w, "disclose", "comity disclose "+string(c.Case)+" --held")
		field(w, "or", "comity disclose "+string(c.Case)+" --drop all puts it back")
	})
}

// belongs reports whether two objects are the pack and the list of one folder.
func belongs(a, b *protocol.Object) bool {
	stem := func(o *protocol.Object) string { return strings.TrimSuffix(o.Name, "."+string(o.Role)) }
	return a.Role != protocol.RoleFile && b.Role != protocol.RoleFile && a.Role != b.Role && stem(a) == stem(b)
}

// leavesNothing refuses to end a production while something is held that would not go
// along: it could not be disclosed any more.
func (c *discloseCmd) leavesNothing(ctx context.Context, node *desk.Client, d *protocol.Disclosure) error {
	if d.Status == protocol.ProductionPartial || c.Hold {
		return nil
	}
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(e.Items, func(i desk.EvidenceItem) bool {
		return i.State != desk.EvidenceHeld || slices.ContainsFunc(d.Objects, func(o protocol.Object) bool { return o.Tree == i.Object.Tree })
	})
	if len(left) == 0 {
		return nil
	}
	return badInput(isOrAre(len(left))+" held, would not go along, and could not be disclosed afterwards",
		"--held discloses all that is held, --part says that more is to come, --drop all puts it back")
}

// drop puts back what is held.
func (c *discloseCmd) drop(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return err
	}
	var chosen []protocol.Object
	for _, word := range c.Drop {
		if word == "all" {
			held, err := heldIn(ctx, node, c.Case)
			if err != nil {
				return err
			}
			for _, i := range held {
				chosen = append(chosen, i.Object)
			}
			continue
		}
		i, err := pick(e.Items, word, "--drop")
		if err != nil {
			return err
		}
		if i.State != desk.EvidenceHeld {
			return badInput(fmt.Sprintf("--drop: %s is %s, and not held", shown(i.Object.Name), i.State),
				"what was disclosed is not taken back")
		}
		chosen = append(chosen, i.Object)
	}
	for _, o := range chosen { // a pack is of no use without its list, and the other way round
		for _, i := range e.Items {
			other := i.Object
			if i.State == desk.EvidenceHeld && belongs(&o, &other) && !slices.Contains(chosen, other) {
				chosen = append(chosen, other)
			}
		}
	}
	out := heldObjects{c.Case, []protocol.Object{}}
	for _, o := range chosen {
		if _, err := node.PutBack(ctx, c.Case, o.Tree); err != nil {
			return err
		}
		out.Objects = append(out.Objects, o)
	}
	return a.show(out, func(w io.Writer) {
		for i := range out.Objects {
			fmt.Fprintf(w, "put back %s\n", objectText(&out.Objects[i]))
		}
	})
}
