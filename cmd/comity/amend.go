package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type amendCmd struct {
	Case protocol.CaseID `arg:"" help:"The case."`
	File string          `arg:"" optional:"" help:"The request as it is to stand, narrower than before." placeholder:"FILE"`
	Drop []string        `help:"Piece that is given up: data[1], identifiers[0]; may be repeated." placeholder:"MEMBER" sep:"none"`
	Why  []string        `help:"Why it is given up: once for all, or once for each --drop." placeholder:"TEXT" sep:"none"`
	signing
}

func (c *amendCmd) Help() string {
	return `Gives up part of the request: an account, a category of data, part of a period. What is left needs no new
right, since all of it was asked for before. Without FILE and --drop, the pieces are listed by their names.
Who needs more makes a new request.`
}

func (c *amendCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	if v.Current == nil {
		return badInput("this node shows no request in that case", "see comity case show "+string(c.Case))
	}
	b, err := c.amendment(a, v)
	if err != nil {
		return err
	}
	diff := diffOf(v.Current, b)
	err = a.speak(ctx, speech{signing: c.signing, view: v, done: fmt.Sprintf("amended the request to version %d", b.Version),
		body: protocol.Body{Amendment: b}, also: func(w io.Writer) { writeDiff(w, diff) }})
	if err != nil || a.JSON {
		return err
	}
	writeDiff(a.out, diff)
	return nil
}

// amendment makes what was asked for of the request as it stands.
func (c *amendCmd) amendment(a *app, v *desk.CaseView) (*protocol.Amendment, error) {
	b := &protocol.Amendment{Version: v.Version + 1, Identifiers: slices.Clone(v.Current.Identifiers),
		Data: slices.Clone(v.Current.Data)}
	var err error
	switch {
	case c.File != "" && len(c.Drop) > 0:
		return nil, badInput("want a file or --drop, not both", "")
	case c.File != "":
		err = c.fromFile(a, v, b)
	case len(c.Drop) > 0:
		err = c.without(v.Current, b)
	default:
		if err := a.show(v.Current, func(w io.Writer) { writePieces(w, v) }); err != nil {
			return nil, err
		}
		return nil, badInput("nothing was given up, and nothing was sent",
			"comity amend "+string(v.Case)+" --drop MEMBER --why TEXT, or comity amend "+string(v.Case)+" FILE --why TEXT")
	}
	if err != nil {
		return nil, err
	}
	if _, err := v.Current.Narrow(b); err != nil {
		return nil, badInput(plain(err), "an amendment gives up and asks for nothing new; something must be left of it")
	}
	return b, nil
}

// fromFile takes what a file leaves of the request.
func (c *amendCmd) fromFile(a *app, v *desk.CaseView, b *protocol.Amendment) error {
	after, err := a.readRequest(c.File)
	if err != nil {
		return err
	}
	rest := *after
	rest.Identifiers, rest.Data = v.Current.Identifiers, v.Current.Data
	where, err := differ(v.Current, &rest)
	if err != nil {
		return err
	}
	if where != "" {
		return badInput("an amendment changes identifiers and data only, and "+c.File+" differs at "+where,
			"comity request show "+string(v.Case)+" --json prints the request as it stands")
	}
	b.Identifiers, b.Data = after.Identifiers, after.Data
	for i, id := range v.Current.Identifiers {
		if !slices.Contains(b.Identifiers, id) {
			b.Dropped = append(b.Dropped, protocol.Drop{Member: fmt.Sprintf("identifiers[%d]", i)})
		}
	}
	for i := range v.Current.Data {
		b.Dropped = append(b.Dropped, droppedOf(i, &v.Current.Data[i], b.Data)...)
	}
	if len(b.Dropped) == 0 {
		return badInput(c.File+" gives nothing up", "comity amend "+string(v.Case)+" lists the pieces")
	}
	return c.reasons(b)
}

// droppedOf returns what a list of data items leaves out of one.
func droppedOf(i int, before *protocol.DataItem, after []protocol.DataItem) []protocol.Drop {
	at := fmt.Sprintf("data[%d]", i)
	var best *protocol.DataItem
	for j := range after {
		d := &after[j]
		if d.Category != before.Category || d.From.Before(before.From) || d.To.After(before.To) {
			continue
		}
		best = d
		if d.From.Equal(before.From) && d.To.Equal(before.To) && slices.Equal(d.Own, before.Own) {
			return nil
		}
	}
	if best == nil {
		return []protocol.Drop{{Member: at}}
	}
	var out []protocol.Drop
	if best.From.After(before.From) {
		out = append(out, protocol.Drop{Member: at + ".from"})
	}
	if best.To.Before(before.To) {
		out = append(out, protocol.Drop{Member: at + ".to"})
	}
	if !slices.Equal(best.Own, before.Own) {
		out = append(out, protocol.Drop{Member: at + ".own"})
	}
	return out
}

// memberForm is a piece that --drop names.
var memberForm = regexp.MustCompile(`^(data|identifiers)\[([0-9]{1,3})\]$`)

// without leaves out what --drop names.
func (c *amendCmd) without(r *protocol.Request, b *protocol.Amendment) error {
	lost := map[string]map[int]bool{"data": {}, "identifiers": {}}
	size := map[string]int{"data": len(r.Data), "identifiers": len(r.Identifiers)}
	for _, member := range c.Drop {
		m := memberForm.FindStringSubmatch(member)
		if m == nil {
			return badInput(fmt.Sprintf("--drop: %q: want data[0], identifiers[0] …", member),
				"comity amend "+string(c.Case)+" lists the pieces; part of a period is given up with a file")
		}
		i, err := strconv.Atoi(m[2])
		if err != nil || i >= size[m[1]] || lost[m[1]][i] {
			return badInput(fmt.Sprintf("--drop: %s: the request has no such piece, or it is named twice", member),
				"comity amend "+string(c.Case)+" lists the pieces")
		}
		lost[m[1]][i] = true
		b.Dropped = append(b.Dropped, protocol.Drop{Member: member})
	}
	b.Identifiers, b.Data = nil, nil
	for i, id := range r.Identifiers {
		if !lost["identifiers"][i] {
			b.Identifiers = append(b.Identifiers, id)
		}
	}
	for i := range r.Data {
		if !lost["data"][i] {
			b.Data = append(b.Data, r.Data[i])
		}
	}
	return c.reasons(b)
}

// reasons says of each piece why.
func (c *amendCmd) reasons(b *protocol.Amendment) error {
	for i := range b.Dropped {
		switch {
		case len(c.Why) == 1:
			b.Dropped[i].Why = c.Why[0]
		case len(c.Why) == len(b.Dropped):
			b.Dropped[i].Why = c.Why[i]
		default:
			return badInput(fmt.Sprintf("--why: want it once for all, or once for each of the %d pieces", len(b.Dropped)), "")
		}
	}
	return nil
}

// writePieces lists what may be given up, by its name.
func writePieces(w io.Writer, v *desk.CaseView) {
	field(w, "case", string(v.Case))
	field(w, "version", strconv.FormatInt(v.Version, 10))
	for i := range v.Current.Identifiers {
		field(w, "piece", fmt.Sprintf("identifiers[%d]: %s", i, identifierText(&v.Current.Identifiers[i])))
	}
	for i := range v.Current.Data {
		field(w, "piece", fmt.Sprintf("data[%d]: %s", i, dataText(&v.Current.Data[i])))
	}
}

// A change is one piece of a request that an amendment gives up.
type change struct{ member, before, after, why string }

// diffOf says what an amendment of a request gives up.
func diffOf(r *protocol.Request, b *protocol.Amendment) []change {
	var out []change
	for _, d := range b.Dropped {
		out = append(out, change{d.Member, pieceOf(r, d.Member), "", d.Why})
	}
	for i := range b.Data {
		d := &b.Data[i]
		if !slices.ContainsFunc(r.Data, func(x protocol.DataItem) bool { return dataText(&x) == dataText(d) }) {
			out = append(out, change{member: fmt.Sprintf("data[%d]", i), after: dataText(d)})
		}
	}
	return out
}

// pieceOf returns in words what stands in a request under a name, "" if nothing.
func pieceOf(r *protocol.Request, member string) string {
	m := pieceForm.FindStringSubmatch(member)
	if m == nil {
		return ""
	}
	i, err := strconv.Atoi(m[2])
	switch {
	case err != nil:
	case m[1] == "data" && i < len(r.Data):
		return dataText(&r.Data[i])
	case m[1] == "identifiers" && i < len(r.Identifiers):
		return identifierText(&r.Identifiers[i])
	}
	return ""
}

var pieceForm = regexp.MustCompile(`^(data|identifiers)\[([0-9]{1,3})\]`)

func writeDiff(w io.Writer, diff []change) {
	for _, d := range diff {
		if d.before != "" || d.why != "" {
			text := d.member
			if d.before != "" {
				text += ": " + d.before
			}
			field(w, "dropped", text+", because: "+shown(d.why))
		}
		if d.after != "" {
			field(w, "now", d.member+": "+d.after)
		}
	}
}
