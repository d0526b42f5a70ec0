package main

import (
	"context"
	"slices"

	"comity.example/protocol"
)

type determineCmd struct {
	Case      protocol.CaseID `arg:"" help:"The case."`
	Result    string          `help:"How it was decided. Without it, the results are listed that answer what is open." placeholder:"RESULT"`
	Text      string          `help:"Why, in words." placeholder:"TEXT"`
	Reason    []string        `help:"Ground of the decision, as a code; may be repeated." placeholder:"CODE" sep:"none"`
	Factor    []string        `help:"Factor that was weighed; may be repeated." placeholder:"CODE=TEXT" sep:"none"`
	Reference string          `help:"Reference of a court's decision." placeholder:"REF"`
	signing
}

func (c *determineCmd) Help() string {
	return `Decides what was put to this authority, or tells what a court decided. Of an objection: not_applicable (the
agreement does not apply: for the authority of the receiving side alone), overruled, modified; of one before
a court: lifted, overruled, modified. Of an order to be enforced: recognised, denied. Of a use: allowed, denied.`
}

// resultsFor returns the results with which a question can be decided.
func resultsFor(q question) []string {
	switch {
	case q.Kind == protocol.KindEnforcement:
		return []string{string(protocol.ResultRecognised), string(protocol.ResultDenied)}
	case q.Kind == protocol.KindUse:
		return []string{string(protocol.ResultAllowed), string(protocol.ResultDenied)}
	case q.Kind == protocol.KindObjection && q.What == string(protocol.LevelReceiving):
		return []string{string(protocol.ResultNotApplicable), string(protocol.ResultOverruled), string(protocol.ResultModified)}
	case q.Kind == protocol.KindObjection && q.What == string(protocol.LevelCourt):
		return []string{string(protocol.ResultLifted), string(protocol.ResultOverruled), string(protocol.ResultModified)}
	}
	return nil
}

func (c *determineCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	self, err := a.self()
	if err != nil {
		return err
	}
	var may []string
	court := false
	for _, q := range v.Questions {
		if slices.Contains(q.Awaits, self) {
			may = append(may, resultsFor(question{q.Kind, q.What})...)
			court = court || q.What == string(protocol.LevelCourt)
		}
	}
	switch {
	case len(may) == 0:
		return &failure{exitError, "nothing in this case waits for a decision that " + string(self) + " makes or tells",
			"comity case show " + string(c.Case) + " says what is open, and whose move it is"}
	case !slices.Contains(may, c.Result):
		return badInput("--result: want "+oneOf(may), "comity case show "+string(c.Case)+" says what is to be decided")
	case court && c.Reference == "":
		return badInput("--reference: want that of the court's decision", "add --reference REF")
	}
	d := protocol.Determination{Result: protocol.Result(c.Result), Text: c.Text, Reference: c.Reference}
	if d.Factors, err = readFactors(c.Factor, sheetFor(v)); err != nil {
		return err
	}
	if len(c.Reason) > 0 {
		if d.Grounds, err = a.choose(v, c.Reason, slices.Concat(objections(v), grounds(v, self)), "--reason"); err != nil {
			return err
		}
	}
	return a.speak(ctx, speech{signing: c.signing, view: v, done: "determined it: " + c.Result,
		body: protocol.Body{Determination: &d}})
}
