package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// writeSaid writes what an act of the talk in a case says; false of any other.
func writeSaid(w io.Writer, b *protocol.Body) bool {
	switch {
	case b.Clarification != nil:
		c := b.Clarification
		field(w, "asks", spaced(c.Ask))
		field(w, "reasons", words(c.Reasons))
		field(w, "fields", words(c.Fields))
		field(w, "ask", shown(c.Controller))
		field(w, "text", shown(c.Text))
	case b.Reply != nil:
		field(w, "result", string(b.Reply.Result))
		field(w, "text", shown(b.Reply.Text))
	case b.Amendment != nil:
		writeAmendment(w, b.Amendment)
	case b.Objection != nil:
		field(w, "level", spaced(b.Objection.Level))
		field(w, "grounds", words(b.Objection.Grounds))
		field(w, "court", shown(b.Objection.Reference))
		field(w, "text", shown(b.Objection.Text))
		writeFactors(w, b.Objection.Factors)
	case b.Determination != nil:
		field(w, "result", spaced(b.Determination.Result))
		field(w, "grounds", words(b.Determination.Grounds))
		field(w, "reference", shown(b.Determination.Reference))
		field(w, "text", shown(b.Determination.Text))
		writeFactors(w, b.Determination.Factors)
	case b.Acceptance != nil:
		field(w, "text", shown(b.Acceptance.Text))
	case b.Conditions != nil:
		for _, l := range b.Conditions.Limits {
			field(w, "condition", strings.TrimSpace(l.Code+" "+shown(l.Text)))
		}
		if b.Conditions.Partial {
			field(w, "partial", "for the rest a ground for refusal is raised: "+string(b.Conditions.Reason))
		}
	case b.Postponement != nil:
		field(w, "reason", string(b.Postponement.Reason))
		field(w, "until", moment(b.Postponement.Review))
		field(w, "text", shown(b.Postponement.Text))
	case b.Consultation != nil:
		field(w, "reasons", words(b.Consultation.Reasons))
		field(w, "text", shown(b.Consultation.Text))
	case b.Enforcement != nil:
		field(w, "reason", string(b.Enforcement.Reason))
		field(w, "text", shown(b.Enforcement.Text))
	case b.Use != nil:
		field(w, "purpose", b.Use.Purpose)
		field(w, "text", shown(b.Use.Text))
	default:
		return false
	}
	return true
}

func writeAmendment(w io.Writer, a *protocol.Amendment) {
	field(w, "version", fmt.Sprint(a.Version))
	for _, d := range a.Dropped {
		field(w, "dropped", d.Member+", because: "+shown(d.Why))
	}
	r := protocol.Request{Identifiers: a.Identifiers}
	writeIdentifiers(w, &r)
	for i := range a.Data {
		field(w, "data", dataText(&a.Data[i]))
	}
}

func writeFactors(w io.Writer, fs []protocol.Factor) {
	for _, f := range fs {
		field(w, "factor", f.Code+": "+shown(f.Text))
	}
}

// saying says in one line what an act says.
func saying(b *protocol.Body) string {
	switch {
	case b.Request != nil:
		text := string(b.Request.Type) + " of " + words(b.Request.Categories())
		if b.Request.Emergency != nil {
			text = "EMERGENCY, " + text
		}
		return text
	case b.Certification != nil:
		return commas("that it is lawful and complies", "contact "+shown(b.Certification.Contact))
	case b.Disclosure != nil:
		text := spaced(b.Disclosure.Status)
		for _, o := range b.Disclosure.Objects {
			text += fmt.Sprintf(", object %s, %d bytes", shown(o.Name), o.Size)
		}
		return colon(text, b.Disclosure.Note)
	case b.Refusal != nil:
		return colon(string(b.Refusal.Reason), b.Refusal.Note)
	case b.Withdrawal != nil:
		return shown(b.Withdrawal.Note)
	case b.Nondelivery != nil:
		return fmt.Sprintf("did not reach %s: %s %s", b.Nondelivery.Recipient, b.Nondelivery.State, words(b.Nondelivery.Reasons))
	case b.Challenge != nil:
		return "the officer who signed the request is to sign again, by " + moment(b.Challenge.Until)
	case b.Response != nil:
		return "answers the challenge, with the key that signed the request"
	}
	if text := besideText(b); text != "" {
		if b.Clarification != nil {
			text = colon(text, b.Clarification.Text)
		}
		return text
	}
	return saidInTalk(b)
}

// saidInTalk is saying for the acts of the talk in a case.
func saidInTalk(b *protocol.Body) string {
	switch {
	case b.Clarification != nil:
		c := b.Clarification
		return colon(commas(spaced(c.Ask), words(c.Reasons), words(c.Fields), shown(c.Controller)), c.Text)
	case b.Reply != nil:
		return colon(string(b.Reply.Result), b.Reply.Text)
	case b.Amendment != nil:
		var gone []string
		for _, d := range b.Amendment.Dropped {
			gone = append(gone, colon(d.Member, d.Why))
		}
		return fmt.Sprintf("version %d, without %s", b.Amendment.Version, strings.Join(gone, "; "))
	case b.Objection != nil:
		o := b.Objection
		return colon(commas("to the "+spaced(o.Level), shown(o.Reference), words(o.Grounds)), o.Text)
	case b.Determination != nil:
		d := b.Determination
		return colon(commas(spaced(d.Result), words(d.Grounds), shown(d.Reference)), d.Text)
	case b.Acceptance != nil:
		return shown(b.Acceptance.Text)
	case b.Conditions != nil:
		var limits []string
		for _, l := range b.Conditions.Limits {
			limits = append(limits, strings.TrimSpace(l.Code+" "+shown(l.Text)))
		}
		text := strings.Join(limits, "; ")
		if b.Conditions.Partial {
			text += ", and for the rest a ground for refusal: " + string(b.Conditions.Reason)
		}
		return text
	case b.Postponement != nil:
		return colon("until "+day(b.Postponement.Review)+", "+string(b.Postponement.Reason), b.Postponement.Text)
	case b.Consultation != nil:
		return colon(words(b.Consultation.Reasons), b.Consultation.Text)
	case b.Enforcement != nil:
		return colon(string(b.Enforcement.Reason), b.Enforcement.Text)
	case b.Use != nil:
		return colon(b.Use.Purpose, b.Use.Text)
	}
	return ""
}

// colon joins a word with what a person wrote.
func colon(word, text string) string {
	if text == "" {
		return word
	}
	return word + ": " + shown(text)
}

func identifierText(id *protocol.Identifier) string {
	text := fmt.Sprintf("%s %s", id.Type, shown(id.Value))
	if id.Service != "" {
		text += " at " + shown(id.Service)
	}
	if !id.Seen.IsZero() {
		text += ", seen " + moment(id.Seen)
	}
	return text
}

func dataText(d *protocol.DataItem) string {
	own := ""
	if len(d.Own) > 0 {
		own = " (" + shown(words(d.Own)) + ")"
	}
	return strings.TrimSpace(fmt.Sprintf("%s%s, %s to %s %s", d.Category, own, moment(d.From), moment(d.To), shown(d.Description)))
}

// changesOf returns what the amendments of a case gave up, oldest first.
func changesOf(v *desk.CaseView) []change {
	var acts []*desk.ActView
	for i := range v.Acts {
		if v.Acts[i].Content.Body.Amendment != nil {
			acts = append(acts, &v.Acts[i])
		}
	}
	slices.SortStableFunc(acts, func(x, y *desk.ActView) int {
		return int(x.Content.Body.Amendment.Version - y.Content.Body.Amendment.Version)
	})
	r := firstRequest(v)
	var out []change
	for _, act := range acts {
		b := act.Content.Body.Amendment
		if r == nil {
			break
		}
		if next, err := r.Narrow(b); err == nil {
			out = append(out, diffOf(r, b)...)
			r = next
		}
	}
	return out
}

// firstRequest is the request as it was made.
func firstRequest(v *desk.CaseView) *protocol.Request {
	for i := range v.Acts {
		act := &v.Acts[i]
		for _, x := range []*protocol.Act{&act.Content, act.Carried, act.Within} {
			if x != nil && x.Body.Request != nil {
				return x.Body.Request
			}
		}
	}
	return nil
}
