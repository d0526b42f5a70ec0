package main

import (
	"fmt"
	"io"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/chain"
)

// writeBody writes what an act itself says, without what it carries.
func writeBody(w io.Writer, b *protocol.Body) {
	switch {
	case b.Request != nil:
		writeRequest(w, b.Request)
	case b.Certification != nil:
		field(w, "certifies", "that the request is lawful and complies with the agreement")
		field(w, "contact", shown(b.Certification.Contact))
		field(w, "targeting", shown(b.Certification.Targeting))
		writeAttests(w, b.Certification.Attestations)
	case b.Disclosure != nil:
		writeDisclosure(w, b.Disclosure)
	case b.Withdrawal != nil:
		field(w, "note", shown(b.Withdrawal.Note))
	case b.Refusal != nil:
		field(w, "reason", string(b.Refusal.Reason))
		field(w, "note", shown(b.Refusal.Note))
	case b.Challenge != nil:
		field(w, "asks", "the officer who signed the request to sign again, by "+moment(b.Challenge.Until))
		field(w, "nonce", b.Challenge.Nonce)
	case b.Response != nil:
		field(w, "answers", "the challenge, with the key that signed the request")
		field(w, "nonce", b.Response.Nonce)
	case b.Nondelivery != nil:
		n := b.Nondelivery
		field(w, "says", fmt.Sprintf("that act %s did not reach %s", n.Act, n.Recipient))
		field(w, "because", strings.TrimSpace(string(n.State)+" "+words(n.Reasons)))
	default:
		if !writeSaid(w, b) {
			writeBeside(w, b)
		}
	}
}

// writeCarried writes the act that a certification or a relay carries.
func writeCarried(w io.Writer, act *protocol.Act) {
	field(w, "carries", fmt.Sprintf("the %s of %s, issued %s", act.Body.Kind(), act.From, moment(act.Issued)))
	writeBody(w, &act.Body)
}

// writeMatter writes by what a person knows one request from another.
func writeMatter(w io.Writer, r *protocol.Request) {
	field(w, "about", "this request:")
	field(w, "type", string(r.Type))
	field(w, "issuer", string(r.Issuer))
	field(w, "file", shown(r.FileNumber))
	writeIdentifiers(w, r)
}

func writeRequest(w io.Writer, r *protocol.Request) {
	field(w, "type", string(r.Type))
	field(w, "issuer", string(r.Issuer))
	field(w, "addressee", string(r.Addressee))
	field(w, "file", shown(r.FileNumber))
	if r.Drill {
		field(w, "DRILL", "this is an exercise: nothing can be disclosed")
	}
	if e := r.Emergency; e != nil {
		field(w, "emergency", fmt.Sprintf("%s: %s", e.Kind, shown(e.Facts)))
	}
	writeIdentifiers(w, r)
	writeRest(w, r)
}

func writeIdentifiers(w io.Writer, r *protocol.Request) {
	for i := range r.Identifiers {
		field(w, "identifier", identifierText(&r.Identifiers[i]))
	}
}

func writeRest(w io.Writer, r *protocol.Request) {
	for i := range r.Data {
		field(w, "data", dataText(&r.Data[i]))
	}
	if i := r.Interception; i != nil {
		text := moment(i.Start) + " to " + moment(i.End)
		if i.LessIntrusiveConsidered {
			text += ", no less intrusive way is enough"
		}
		field(w, "intercept", text)
	}
	a := r.Authorisation
	field(w, "authorised", fmt.Sprintf("%s of %s, reference %s, by %s (%s)", shown(a.Instrument),
		day(a.Date), shown(a.Reference), shown(a.Authority), a.Kind))
	if !a.Order.IsZero() {
		field(w, "order", a.Order.String())
	}
	field(w, "offence", fmt.Sprintf("%s (%s), at most %d months", shown(r.Offence.Description),
		shown(strings.Join(r.Offence.Provisions, "; ")), r.Offence.MaxCustodyMonths))
	field(w, "", offenceText(&r.Offence))
	field(w, "target", targetText(&r.Target))
	field(w, "purpose", shown(r.Purpose))
	writeParticulars(w, r)
	writeAttests(w, r.Attestations)
}

func writeAttests(w io.Writer, list []protocol.Attestation) {
	for _, s := range list {
		field(w, "attests", shown(s.Statement+" "+s.Reference))
	}
}

func targetText(t *protocol.Target) string {
	var parts []string
	add := func(what string, parties ...protocol.Party) {
		if len(parties) > 0 && parties[0] != "" {
			parts = append(parts, what+" "+words(parties))
		}
	}
	add("in", t.LocatedIn)
	add("national of", t.Nationalities...)
	add("resident in", t.ResidentIn...)
	add("incorporated in", t.Incorporated)
	add("authority of", t.GovernmentOf)
	if len(t.Protected) > 0 {
		parts = append(parts, "protected by "+words(t.Protected))
	}
	return strings.Join(append(parts, "believed because: "+shown(t.Basis)), ", ")
}

// objectText describes an object in one line. Its tree hash names it.
func objectText(o *protocol.Object) string {
	text := fmt.Sprintf("%s, %s, %s", shown(o.Name), byteText(o.Size), o.Tree)
	if o.Role != protocol.RoleFile {
		text = string(o.Role) + " " + text
	}
	if !o.Collected.IsZero() {
		text += ", collected " + moment(o.Collected)
	}
	if o.Collector != "" {
		text += " by " + shown(o.Collector)
	}
	return text
}

func writeDisclosure(w io.Writer, d *protocol.Disclosure) {
	field(w, "status", string(d.Status))
	if len(d.Origin) > 0 {
		if act, err := chain.Unverified(d.Origin); err == nil && act.Body.Disclosure != nil {
			field(w, "produced by", fmt.Sprintf("%s in %s, issued %s", act.From, act.Case, moment(act.Issued)))
			writeDisclosure(w, act.Body.Disclosure)
		}
	}
	for _, o := range d.Objects {
		field(w, "object", objectText(&o))
	}
	if len(d.Readers) > 0 {
		field(w, "read by", words(d.Readers))
	}
	field(w, "note", shown(d.Note))
}
