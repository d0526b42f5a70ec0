package main

import (
	"fmt"
	"io"
	"strings"

	"comity.example/protocol"
)

// writeParticulars writes what only some instruments ask for. Whoever signs a
// request has seen all of it.
func writeParticulars(w io.Writer, r *protocol.Request) {
	a := &r.Authorisation
	if v := a.ValidatedBy; v != nil {
		field(w, "validated", shown(fmt.Sprintf("%s, reference %s, by %s (%s)", day(v.Date), v.Reference, v.Authority, v.Kind)))
	}
	if a.Unvalidated {
		field(w, "validated", "not yet: it is to be sought afterwards")
	}
	if r.Proceedings != "" {
		field(w, "for", string(r.Proceedings))
	}
	if s := r.Sentence; s != nil {
		text := fmt.Sprintf("%d months", s.Months)
		text += said(s.InAbsentia, ", in absentia") + said(s.Absconded, ", the convict absconded")
		field(w, "sentence", text)
	}
	if s := r.Service; s != nil {
		field(w, "service", commas(string(s.Class), string(s.Capacity), string(s.CapacityReason)))
	}
	for _, x := range r.Related {
		text := string(x.Relation) + " " + commas(string(x.Case), shown(x.Reference))
		if !x.Date.IsZero() {
			text += " of " + day(x.Date)
		}
		field(w, "related", text)
	}
	if len(r.Languages) > 0 {
		field(w, "languages", shown(words(r.Languages)))
	}
	if s := r.Secrecy; s != nil {
		text := words(s.Grounds)
		if s.Until.IsZero() {
			text += ", without an end"
		} else {
			text += ", until " + moment(s.Until)
		}
		field(w, "secrecy", text)
	}
	if d := r.Deadline; d != nil {
		field(w, "deadline", moment(d.At)+": "+shown(d.Reason))
	}
	field(w, "procedure", shown(r.Procedure))
	field(w, "facts", shown(r.Facts))
	field(w, "nexus", shown(r.Nexus))
	field(w, "promise", shown(r.Promise))
	writeSealedTo(w, r)
}

// said returns a text where something is so.
func said(so bool, text string) string {
	if so {
		return text
	}
	return ""
}

func offenceText(o *protocol.Offence) string {
	var parts []string
	if o.Category != "" {
		parts = append(parts, "category "+shown(o.Category))
	}
	if len(o.Lists) > 0 {
		parts = append(parts, "on the lists "+shown(words(o.Lists)))
	}
	if len(o.CommittedIn) > 0 {
		parts = append(parts, "committed in "+words(o.CommittedIn))
	}
	if o.ReceivingMaxCustodyMonths > 0 {
		parts = append(parts, fmt.Sprintf("at most %d months in the receiving Party", o.ReceivingMaxCustodyMonths))
	}
	for _, x := range []struct {
		so   bool
		text string
	}{{o.ByInformationSystem, "by means of an information system"}, {o.DeathPenalty, "can carry the death penalty"},
		{o.Speech, "on a list that raises freedom of speech"}, {o.Fiscal, "fiscal"}, {o.Political, "political"},
		{o.Military, "military"}} {
		if x.so {
			parts = append(parts, x.text)
		}
	}
	return strings.Join(parts, "; ")
}
