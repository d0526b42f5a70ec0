package main

import (
	"context"
	"fmt"
	"strings"

	"comity.example/protocol"
)

type objectCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Ground    []string        `help:"Why, as a code; may be repeated. Without it, the codes are listed." placeholder:"CODE" sep:"none"`
	Text      string          `help:"Why, specifically, in words." placeholder:"TEXT"`
	To        string          `help:"issuer (the default), or authority: that of the own side, after the issuing side did not agree." enum:"issuer,authority" default:"issuer" placeholder:"WHOM"`
	Court     string          `help:"Reference of the court that reviews it: production is suspended." placeholder:"REF"`
	Factor    []string        `help:"Factor of the court's review; may be repeated." placeholder:"CODE=TEXT" sep:"none"`
	Worksheet blank           `help:"Print a worksheet of the court's factors to fill in, or with =FILE object with a filled one." placeholder:"FILE"`
	signing
}

func (c *objectCmd) Help() string {
	return `Says why the addressee holds that it must not do what it was asked to. It goes to the issuing side first, which
answers; then, --to authority, to the authority of the addressee's own side, which alone may say that the
agreement does not apply. A conflict with other law goes before a court, --court (18 USC 2703(h); Regulation
(EU) 2023/1543, Art. 17): comity object CASE --worksheet prints its factors, and
comity object CASE --worksheet=FILE objects with them.`
}

func (c *objectCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	o := protocol.Objection{Level: protocol.LevelIssuer, Text: c.Text, Reference: c.Court}
	grounds := c.Ground
	switch {
	case c.Worksheet.asked && c.Worksheet.file == "":
		_, err := fmt.Fprint(a.out, sheetFor(v).text(v))
		return err
	case c.Worksheet.asked:
		s, err := readSheet(c.Worksheet.file, sheetFor(v))
		if err != nil {
			return err
		}
		grounds, o.Text, o.Reference, o.Factors = s.Grounds, s.Text, s.Court, s.Factors
	default:
		if o.Factors, err = readFactors(c.Factor, sheetFor(v)); err != nil {
			return err
		}
	}
	if o.Grounds, err = a.choose(v, grounds, objections(v), "--ground"); err != nil {
		return err
	}
	switch {
	case o.Reference != "" && c.To == "authority":
		return badInput("--court and --to authority: want one of them", "an objection goes before a court, or to the authority")
	case o.Reference != "":
		o.Level = protocol.LevelCourt
	case len(o.Factors) > 0:
		return badInput("--factor: want the court's reference too", "add --court REF")
	case c.To == "authority":
		o.Level = protocol.LevelReceiving
	}
	if o.Text == "" {
		return badInput("--text: want why, specifically", "an objection that says nothing specific cannot be answered")
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "objected", body: protocol.Body{Objection: &o}})
}

// readFactors reads what --factor says.
func readFactors(written []string, s weighing) ([]protocol.Factor, error) {
	var out []protocol.Factor
	for _, w := range written {
		name, text, found := strings.Cut(w, "=")
		if !found || text == "" {
			return nil, badInput("--factor: want CODE=TEXT", "the codes are "+words(s.codes()))
		}
		if err := s.knows(name, "--factor"); err != nil {
			return nil, err
		}
		out = append(out, protocol.Factor{Code: name, Text: text})
	}
	return out, nil
}
