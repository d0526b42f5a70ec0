package lint

import (
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

const (
	// staleMonths is how old an approval may be, in months, before it is asked
	// whether what it rests on still stands.
	staleMonths = 3
	// minBasis is how long a reason why something is believed is at least, in bytes.
	minBasis = 12
)

// authorisation finds what is wrong with the decision behind the request.
func (l *linting) authorisation() {
	a := &l.req.Authorisation
	if a.Instrument != "" && !citesLaw(a.Instrument) {
		l.add(Defect{Code: "no_legal_basis", Member: "authorisation.instrument", Likely: true,
			Text:  "It names an instrument, and no provision on which that rests.",
			Write: "Add the act and the section that allow it, such as: Crime (Overseas Production Orders) Act 2019 s.1."})
	}
	if !a.Date.IsZero() && a.Date.AddDate(0, staleMonths, 0).Before(l.at) {
		l.add(Defect{Code: "authorisation_old", Member: "authorisation.date", Likely: true,
			Text:  "The approval is more than three months old.",
			Write: "Have it renewed, or say in the purpose why it still stands."})
	}
	if l.channel == agreement.Central || independent(a) || a.Kind == "" || !l.asksContent() {
		return
	}
	l.add(Defect{Code: "needs_judicial_route", Member: "authorisation.kind", Likely: true,
		Text:  "Content is asked of a provider, and no judge or court has approved it.",
		Write: "Have a judge or a court approve or validate it, or ask through the central authorities."})
}

// provisions finds an offence without the law that makes it one.
func (l *linting) provisions() {
	for i, p := range l.req.Offence.Provisions {
		if !citesLaw(p) {
			l.add(Defect{Code: "no_legal_basis", Member: at("offence.provisions", i), Likely: true,
				Text:  "It names no section of a law.",
				Write: "Name the act and the section, such as: Fraud Act 2006 s.1."})
		}
	}
}

// citesLaw reports whether a text could name a provision: those have a number,
// or at least the sign for a section.
func citesLaw(s string) bool { return strings.ContainsAny(s, "0123456789§") }

// phrases say nothing about why something is believed.
var phrases = []string{"see file", "see above", "on file", "as above", "police intelligence", "intelligence",
	"ongoing investigation", "under investigation", "investigation", "information received", "not known",
	"unknown", "believed", "to be confirmed", "case file", "confidential", "n/a", "none", "tbd"}

// target finds a belief for which no reason is given.
func (l *linting) target() {
	said := strings.Trim(strings.ToLower(l.req.Target.Basis), " .,;:!?-–")
	empty := len(said) < minBasis
	for _, p := range phrases {
		empty = empty || said == p
	}
	if empty && l.req.Target.Basis != "" {
		l.add(Defect{Code: "basis_empty", Member: "target.basis",
			Text:  "It does not say why this is believed of the target.",
			Write: "Say what shows where the target is and who it is, such as: registration data, payments, a passport."})
	}
}

const (
	// minEmergencyFacts is how long the facts of an emergency are at least, in
	// bytes: what is in danger, since when, and why it cannot wait.
	minEmergencyFacts = 80
	// minReason is how long the reason for a deadline is at least, in bytes.
	minReason = 12
)

// emergency finds an emergency that would not be believed.
func (l *linting) emergency() {
	e := l.req.Emergency
	if e == nil {
		return
	}
	if len(strings.TrimSpace(e.Facts)) < minEmergencyFacts {
		l.add(Defect{Code: "emergency_facts_short", Member: "emergency.facts", Likely: true,
			Text:  "The facts are too short to be believed.",
			Write: "Say who or what is in danger, since when, how this is known, and why it cannot wait."})
	}
	if e.Kind == protocol.EmergencyInfrastructure {
		l.add(Defect{Code: "emergency_without_person", Member: "emergency.kind",
			Text:  "The danger is one to an infrastructure, and most instruments speak of persons.",
			Write: "Where its loss endangers lives, say so in the facts, and choose the kind life."})
	}
}

// secrecy finds a silence that nobody would order.
func (l *linting) secrecy() {
	switch s := l.req.Secrecy; {
	case s == nil:
	case s.Until.IsZero():
		l.add(Defect{Code: "secrecy_without_end", Member: "secrecy.until",
			Text:  "The user is never to be told.",
			Write: "Give the day on which the secrecy ends; it can be renewed."})
	case !s.Until.After(l.at):
		l.add(Defect{Code: "secrecy_over", Member: "secrecy.until", Likely: true,
			Text:  "The secrecy has ended already.",
			Write: "Give a later day, or leave secrecy out."})
	}
}

// deadline finds one that cannot be kept, or that nobody can weigh.
func (l *linting) deadline() {
	d := l.req.Deadline
	if d == nil {
		return
	}
	if !d.At.After(l.at) {
		l.add(Defect{Code: "deadline_past", Member: "deadline.at", Likely: true,
			Text:  "The deadline is over.",
			Write: "Give a later time, or leave the deadline out."})
	}
	if len(strings.TrimSpace(d.Reason)) < minReason {
		l.add(Defect{Code: "deadline_unreasoned", Member: "deadline.reason",
			Text:  "It does not say why the answer is needed by then.",
			Write: "Say what happens at that time: a hearing, the end of custody, the end of retention."})
	}
}

// day is how far the end of a range may lie ahead: people write the end of today.
const day = 24 * time.Hour
