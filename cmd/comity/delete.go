package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
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

// reasonsToDelete say in words for what evidence is deleted.
var reasonsToDelete = map[protocol.DeletionReason]string{
	protocol.DeletionRefused:      "an authority raised a ground for refusal after it had come",
	protocol.DeletionNotValidated: "the emergency was not validated afterwards",
	protocol.DeletionMinimised:    "it is neither relevant nor needed",
	protocol.DeletionRetention:    "the time for which it is kept, or has to be accessible, is over",
	protocol.DeletionWithdrawn:    "its request has ended, and it is not to be used",
	protocol.DeletionCourt:        "a court said so",
	protocol.DeletionPurge:        "the case is over, and only its record is kept",
}

// ownLaw is where a reason stands that no document has.
const ownLaw = "your own law"

// deletions are the reasons for which evidence of a case may be deleted, or its use
// restricted, with the articles that speak of them: the others the node denies.
func (a *app) deletions(ctx context.Context, v *desk.CaseView, action protocol.DeletionAction) ([]code, error) {
	h, node, err := a.openDesk()
	if err != nil {
		return nil, err
	}
	used, err := usedTexts(ctx, node)
	if err != nil {
		return nil, err
	}
	book, err := agreement.NewBook(documentsOf(used), nil)
	if err != nil {
		return nil, err
	}
	var out []code
	for _, reason := range protocol.DeletionReasons() {
		if action == protocol.Restricted && !reason.Restricts() {
			continue
		}
		d := book.Erase(agreement.Erasure{Agreement: v.File.Agreement, Reason: reason, Action: action, By: h.Config.Participant.Party(), At: a.instant()})
		if d.Verdict == protocol.Deny {
			continue
		}
		var articles []string
		for _, f := range d.Findings[1:] { // after the first, what documents say of it
			if !slices.Contains(articles, f.Article) {
				articles = append(articles, f.Article)
			}
		}
		out = append(out, code{Reason: protocol.Reason(reason), Article: cmp.Or(strings.Join(articles, "; "), ownLaw),
			Text: reasonsToDelete[reason]})
	}
	return out, nil
}

func (c *deleteCmd) Run(ctx context.Context, a *app) error {
	v, err := a.seen(ctx, c.Case)
	if err != nil {
		return err
	}
	codes, err := a.deletions(ctx, v, protocol.Deleted)
	if err != nil {
		return err
	}
	reasons, err := a.choose(v, c.Reason, codes, "--reason")
	if err != nil {
		return err
	}
	if len(reasons) > 1 {
		return badInput("--reason: want one", "")
	}
	d := protocol.Deletion{Action: protocol.Deleted, Reason: protocol.DeletionReason(reasons[0]), Text: c.Text}
	if c.Restrict {
		d.Action = protocol.Restricted
		may, err := a.deletions(ctx, v, d.Action)
		if err != nil {
			return err
		}
		if words := reasonWords(may); !slices.Contains(words, string(d.Reason)) {
			return badInput("--restrict: no rule that was read of "+v.File.Agreement.ID+" restricts the use because of "+string(d.Reason),
				restrictHint(words))
		}
	}
	chosen, err := c.chosen(ctx, a, d.Action)
	if err != nil {
		return err
	}
	if !c.Restrict && !a.Yes && !a.asks() {
		return badInput("nothing was deleted: it cannot be undone, and there is nobody to ask",
			"see what it is about with comity delete "+string(c.Case)+c.named()+" --reason "+string(d.Reason)+" at a terminal, or say -y")
	}
	for part := range slices.Chunk(chosen, protocol.MaxObjects) { // which is what one act names
		if err := c.certify(ctx, a, d, part); err != nil {
			return err
		}
	}
	return nil
}

// named are the flags with which the person chose objects.
func (c *deleteCmd) named() string {
	if c.All {
		return " --all"
	}
	return " --object " + strings.Join(c.Object, " --object ")
}

// restrictHint says for which reasons the use is restricted instead.
func restrictHint(reasons []string) string {
	if len(reasons) == 0 {
		return "leave it out: then it is deleted"
	}
	return "leave it out, or give --reason " + strings.Join(reasons, " or ")
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
