package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
)

type deleteCmd struct {
	Case     protocol.CaseID `arg:"" help:"The case."`
	Object   []string        `help:"One object: its number in the list, or its tree hash; may be repeated. Without it and --all, the objects are listed." placeholder:"N" sep:"none"`
	All      bool            `help:"Every object of the case that this participant has."`
	Reason   []string        `help:"Why, as a code. Without it, the codes are listed." placeholder:"CODE" sep:"none"`
	Restrict bool            `help:"Restrict the use instead: nothing of it is handed out any more, and its key stays."`
	Text     string          `help:"Why, in words." placeholder:"TEXT"`
	signing
}

func (c *deleteCmd) Help() string {
	return `The node destroys the keys of the evidence first, and sends a certificate of it then, which the officer and
the participant sign, to everybody in the case. What is deleted cannot be read here any more, by nobody,
whatever else is kept or copied: the acts stay, and none of them opens it. It is this participant's own copy
that goes: what others hold they delete themselves. It cannot be undone. Of an interception that still runs, what
came so far goes, and nothing more comes; its addressee stops it first.`
}

// A ruling is what a law says of a reason to delete evidence, so far as it was read.
type ruling struct {
	article, text string
	// of are the agreements that have the rule; none: it is no agreement's.
	of []string
}

// rulings are the reasons for which evidence is deleted, with what has them.
var rulings = map[protocol.DeletionReason]ruling{
	protocol.DeletionRefused: {"Reg. (EU) 2023/1543, Art. 10(4), of an emergency",
		"an authority raised a ground for refusal after it had come", []string{ePOC}},
	protocol.DeletionNotValidated: {"Reg. (EU) 2023/1543, Art. 4(5)", "the emergency was not validated afterwards", []string{ePOC}},
	protocol.DeletionMinimised: {"18 USC 2523(b)(4)(G)", "it is neither relevant nor needed",
		[]string{"ukus-daa-2019", "us-au-daa-2021"}},
	protocol.DeletionRetention: {"Impl. Reg. (EU) 2025/1550, Annex, 3.3.3(b), or your own law",
		"the time for which it is kept, or has to be accessible, is over", nil},
	protocol.DeletionWithdrawn: {ownLaw, "its request has ended, and it is not to be used", nil},
	protocol.DeletionCourt:     {ownLaw, "a court said so", nil},
	protocol.DeletionPurge:     {ownLaw, "the case is over, and only its record is kept", nil},
}

// ownLaw is where a reason stands that no agreement has.
const ownLaw = "your own law"

// has reports whether a reason is one of an agreement, or of none.
func (r ruling) has(agreement string) bool { return len(r.of) == 0 || slices.Contains(r.of, agreement) }

// deletions are the reasons for which evidence of a case is deleted, with what has
// them. A rule of another agreement is none here.
func deletions(agreement string) []code {
	var out []code
	for _, reason := range protocol.DeletionReasons() {
		r := rulings[reason]
		if !r.has(agreement) {
			r.article = ownLaw + ": no rule of " + agreement
		}
		out = append(out, code{Reason: protocol.Reason(reason), Article: r.article, Text: r.text})
	}
	return out
}

func (c *deleteCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	under := v.File.Agreement.ID
	reasons, err := a.choose(v, c.Reason, deletions(under), "--reason")
	if err != nil {
		return err
	}
	if len(reasons) > 1 {
		return badInput("--reason: want one", "")
	}
	d := protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionReason(reasons[0]), Text: c.Text}
	if c.Restrict {
		d.Action = protocol.Restricted
	}
	if c.Restrict && (!d.Reason.Restricts() || !rulings[d.Reason].has(under)) {
		return badInput("--restrict: no rule that was read of "+under+" restricts the use because of "+string(d.Reason),
			restrictHint(under))
	}
	if !rulings[d.Reason].has(under) {
		a.note("note: %s has no rule of %s: it rests on your own law", under, d.Reason)
	}
	chosen, err := c.chosen(ctx, a, d.Action)
	if err != nil {
		return err
	}
	if !c.Restrict && !a.Yes && !a.asks() {
		return badInput("nothing was deleted: it cannot be undone, and there is nobody to ask",
			"see what it is about with comity delete "+string(c.Case)+" --reason "+string(d.Reason)+", and say -y; or run this at a terminal")
	}
	for part := range slices.Chunk(chosen, protocol.MaxObjects) { // which is what one act names
		if err := c.certify(ctx, a, d, part); err != nil {
			return err
		}
	}
	return nil
}

// restrictHint says for which reasons the use is restricted under an agreement.
func restrictHint(agreement string) string {
	var out []string
	for _, r := range protocol.DeletionReasons() {
		if r.Restricts() && rulings[r].has(agreement) {
			out = append(out, string(r))
		}
	}
	if len(out) == 0 {
		return "leave it out: then it is deleted"
	}
	return "leave it out, or give --reason " + strings.Join(out, " or ")
}

// certify has some objects deleted, or restricted, and that certified.
func (c *deleteCmd) certify(ctx context.Context, a *app, d protocol.Deletion, chosen []desk.EvidenceItem) error {
	for _, o := range chosen {
		d.Objects = append(d.Objects, o.Object.Tree)
	}
	want, err := (&protocol.Body{Deletion: &d}).Digest()
	if err != nil {
		return err
	}
	done := "deleted " + count(len(chosen), "object") + " and certified it"
	if d.Action == protocol.Restricted {
		done = "restricted the use of " + count(len(chosen), "object")
	}
	return a.perform(ctx, errand{signing: c.signing, done: done, fits: sameBody(want), talks: true,
		draft: desk.Draft{Case: c.Case, Body: protocol.Body{Deletion: &d}},
		also: func(w io.Writer, _ *desk.Prepared) {
			writeEvidence(w, &desk.Evidence{Items: chosen})
			if d.Action == protocol.Deleted {
				field(w, "mind", "the keys are destroyed as soon as you sign. It cannot be undone.")
			}
		}})
}

// chosen returns the objects that the person names. Where none is named, the list
// is said and nothing is done.
func (c *deleteCmd) chosen(ctx context.Context, a *app, action protocol.DeletionAction) ([]desk.EvidenceItem, error) {
	_, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(slices.Clone(e.Items), func(i desk.EvidenceItem) bool { return !deletable(&i, action) })
	switch {
	case len(all) == 0:
		return nil, &failure{exitError, "this participant has nothing of the case that could be " + string(action),
			"comity fetch " + string(c.Case) + " --list says what it had"}
	case c.All && len(c.Object) > 0:
		return nil, badInput("want --all or --object, and not both", "")
	case c.All:
		return all, nil
	case len(c.Object) == 0:
		if err := a.show(e, func(w io.Writer) { writeEvidence(w, &e) }); err != nil {
			return nil, err
		}
		return nil, badInput("no object was named, and nothing was done", "name one with --object N, or say --all")
	}
	var out []desk.EvidenceItem
	for _, word := range c.Object {
		i, err := pick(e.Items, word, "--object")
		switch {
		case err != nil:
			return nil, err
		case !deletable(i, action):
			return nil, badInput(fmt.Sprintf("--object: %s is %s: it cannot be %s", shown(word), i.State, action),
				"comity fetch "+string(c.Case)+" --list says where each object stands")
		case !slices.ContainsFunc(out, func(o desk.EvidenceItem) bool { return o.Object.Tree == i.Object.Tree }):
			out = append(out, *i)
		}
	}
	return out, nil
}

// deletable reports whether there is something of an object to delete, or to
// restrict. What was not handed over is put back, and nobody is told. What is
// destroyed and not certified is deleted once more, to sign that again.
func deletable(i *desk.EvidenceItem, action protocol.DeletionAction) bool {
	switch i.State {
	case desk.EvidenceHeld:
		return false
	case desk.EvidenceDeleted:
		return action == protocol.Deleted && i.Why != ""
	case desk.EvidenceRestricted, desk.EvidenceWaiting:
		return action == protocol.Deleted
	case desk.EvidenceFetching: // what came of a live object can be followed already
		return action == protocol.Deleted || i.Segments > 0
	}
	return true
}

// deletionText says in one line what a certificate of deletion says.
func deletionText(d *protocol.Deletion) string {
	text := count(len(d.Objects), "object") + " deleted, and the keys destroyed"
	if d.Action == protocol.Restricted {
		text = "the use of " + count(len(d.Objects), "object") + " is restricted"
	}
	return commas(text, "because of "+string(d.Reason))
}
