package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// writeBeside writes an act on what runs beside a case.
func writeBeside(w io.Writer, b *protocol.Body) {
	field(w, "says", besideText(b))
	switch {
	case b.Clarification != nil:
		field(w, "text", shown(b.Clarification.Text))
	case b.Interception != nil && b.Interception.Authorisation != nil:
		x := b.Interception.Authorisation
		field(w, "authorised", fmt.Sprintf("%s of %s, reference %s, by %s (%s)", shown(x.Instrument), day(x.Date),
			shown(x.Reference), shown(x.Authority), x.Kind))
		field(w, "order", x.Order.String())
	case b.Closure != nil:
		field(w, "text", shown(b.Closure.Text))
	case b.Deletion != nil:
		for _, o := range b.Deletion.Objects {
			field(w, "object", o.String())
		}
		field(w, "text", shown(b.Deletion.Text))
	}
}

// besideText says in one line what such an act says, nothing of every other.
func besideText(b *protocol.Body) string {
	switch {
	case b.Secrecy != nil:
		return secrecyText(b.Secrecy)
	case b.Notice != nil:
		return noticeText(b.Notice)
	case b.Preservation != nil:
		k := b.Preservation
		return commas("what is kept is "+string(k.Action), endText(k.Until), with("for", string(k.Case)+shown(k.Reference)))
	case b.Interception != nil:
		return commas("the interception is "+string(b.Interception.Action)+" "+moment(b.Interception.At), endText(b.Interception.Until),
			deliveredText(b.Interception))
	case b.Validation != nil:
		text := "the validation is " + string(b.Validation.Result)
		if v := b.Validation.By; v != nil {
			text = commas(text, fmt.Sprintf("by %s (%s), %s, reference %s", shown(v.Authority), v.Kind, day(v.Date), shown(v.Reference)))
		}
		return text
	case b.Costs != nil:
		text := "the costs are " + string(b.Costs.Action)
		if b.Costs.Amount > 0 {
			text += fmt.Sprintf(": %d of the smallest unit of %s", b.Costs.Amount, b.Costs.Currency)
		}
		return commas(text, shown(b.Costs.Basis))
	case b.Deletion != nil:
		return deletionText(b.Deletion)
	case b.Closure != nil && b.Closure.Deleted:
		return "the case is closed, and what was disclosed is deleted"
	case b.Closure != nil:
		return "the case is closed"
	case b.Clarification != nil && b.Clarification.Ask == protocol.AskRedirect:
		return commas("the customer is to be asked: "+shown(b.Clarification.Controller), words(b.Clarification.Reasons))
	}
	return ""
}

func secrecyText(o *protocol.SecrecyOrder) string {
	text := commas("secrecy is "+string(o.Action), with("by", shown(o.Authority)), with("reference", shown(o.Reference)))
	if o.Action == protocol.SecrecyChallenged || o.Action == protocol.SecrecyLifted {
		return text
	}
	ends := "without an end"
	if !o.End.IsZero() {
		ends = "until " + moment(o.End)
	}
	return commas(text, "from "+moment(o.Start)+" "+ends, "not told: "+words(o.Binds), "because of "+words(o.Grounds))
}

func noticeText(n *protocol.Notice) string {
	who := "the user"
	if n.State != "" {
		who = string(n.State)
	}
	text := commas("the notice to "+who+" is "+string(n.Status), endText(n.Until), with("because of", string(n.Ground)),
		with("by", shown(n.Method)))
	if !n.At.IsZero() {
		text = commas(text, "at "+moment(n.At))
	}
	if !n.Text.IsZero() {
		text = commas(text, "text "+n.Text.String())
	}
	return text
}

func with(word, text string) string {
	if text == "" {
		return ""
	}
	return word + " " + text
}

func endText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + moment(t)
}

// writeRegions says where what runs beside a case stands, each on a line.
func writeRegions(w io.Writer, v *desk.CaseView) {
	name := "beside it"
	for _, s := range v.Regions {
		field(w, name, standText(&s))
		name = ""
	}
	if v.ToDelete {
		field(w, "evidence", "to be deleted, or its use restricted: comity delete "+string(v.Case)+" --all, before comity close")
	}
}

func standText(s *casefile.Stand) string {
	text := spaced(s.Region) + ": " + strings.ReplaceAll(s.State, "_", " ")
	switch {
	case s.NoEnd:
		text += ", without an end"
	case !s.Until.IsZero() && !s.Ended:
		text += " until " + moment(s.Until)
	case !s.Since.IsZero():
		text += " since " + moment(s.Since)
	}
	if s.Challenged && !s.Ended {
		text += ", challenged before a court"
	}
	if s.Region == casefile.RegionUserNotice && s.State == "due" {
		text += ": " + string(s.By) + " tells"
	}
	return text
}

// deliveredText says what an interception delivers, or delivered.
func deliveredText(t *protocol.Tap) string {
	switch {
	case t.Live != nil:
		return "delivered live as " + shown(t.Live.Name) + " to " + words(t.Live.Readers)
	case t.Product != nil:
		return fmt.Sprintf("delivered were %s in %s, %s, %s", byteText(t.Product.Size), count(int(t.Product.Segments), "segment"),
			shown(t.Product.Name), t.Product.Tree)
	}
	return ""
}
