package agreement

import (
	"fmt"
	"time"

	"comity.example/protocol"
)

// made reports whether a Party has made an option at a time, toward another:
// by its position in the document, or by the last notice in effect. A notice
// from before the day of the position does not undo it.
func (e *entry) made(option string, by, toward protocol.Party, at time.Time) bool {
	made := false
	var since time.Time
	for i := range e.doc.Positions {
		p := &e.doc.Positions[i]
		if p.Party == by && p.Option == option && (p.Since.IsZero() || p.Since.reached(at)) {
			made, since = true, p.Since.t
		}
	}
	for _, n := range e.notices {
		if n.Option == option && !at.Before(n.Effective) && !n.Effective.Before(since) && n.chosenBy(by, toward) {
			made = n.Kind != Withdraw
		}
	}
	return made
}

// A chosen says who made an option that matters in a direction.
type chosen struct {
	by     protocol.Party
	mirror *Option // set when it matters because the others may apply the same
}

// chosen reports whether an option matters in a direction: the receiving Party
// made it, or of a mirrored option the issuing Party did.
func (e *entry) chosen(o *Option, p pair, at time.Time) (chosen, bool) {
	switch {
	case o == nil:
		return chosen{}, false
	case e.made(o.ID, p.to, p.from, at):
		return chosen{by: p.to}, true
	case o.Mirrored != "" && e.made(o.ID, p.from, p.to, at):
		return chosen{by: p.from, mirror: o}, true
	}
	return chosen{}, false
}

// says appends to a text whose option it is that matters.
func (c chosen) says(text string, o *Option) string {
	if c.mirror != nil {
		return fmt.Sprintf("%s (%s made this %s, %s, and the other Parties may apply the same to it, %s.)",
			text, c.by, o.Kind, o.Article, o.Mirrored)
	}
	return fmt.Sprintf("%s (%s made this %s, %s.)", text, c.by, o.Kind, o.Article)
}

// withheld says why a Party does not grant what the document promises, "" if it
// does.
func (e *entry) withheld(g grant, at time.Time, word string) string {
	if n := suspended(e.notices, g, at); n != nil {
		return fmt.Sprintf("%s suspended the %s to ask it for %s by notice %s, from %s.",
			n.Party, word, g.category, n.ID, n.Effective.Format("2006-01-02T15:04:05Z"))
	}
	for i := range e.doc.Options {
		o := &e.doc.Options[i]
		if o.Excludes.concerns(g.typ, g.category) && e.made(o.ID, g.by, g.toward, at) {
			return fmt.Sprintf("%s made a %s, %s: it does not grant the %s to ask it for %s.",
				g.by, o.Kind, o.Article, word, g.category)
		}
	}
	return ""
}

// obstacle says what keeps a category from being asked for under a right, ""
// if nothing does. The volume of traffic is no part of it.
func (e *entry) obstacle(r *Right, w wanted, p pair, at time.Time) string {
	given := grant{by: p.to, toward: p.from, typ: w.typ, category: w.category}
	if why := e.withheld(given, at, "right"); why != "" {
		return why
	}
	mirror := grant{by: p.from, toward: p.to, typ: w.typ, category: w.category}
	if r.Reciprocity != Mirrored {
		return e.refused(mirror, p, at)
	}
	if e.doc.rightFor(pair{p.to, p.from}, r.Channel, w) == nil {
		return fmt.Sprintf("%s may not ask %s for %s, so the right does not stand in this direction.",
			p.to, p.from, w.category)
	}
	return e.withheld(mirror, at, "mirrored right")
}

// refused says which option of the issuing Party the receiving Party applies to
// it, where the right does not depend on its mirror; "" if none.
func (e *entry) refused(mirror grant, p pair, at time.Time) string {
	for i := range e.doc.Options {
		o := &e.doc.Options[i]
		if o.Mirrored != "" && o.Excludes.concerns(mirror.typ, mirror.category) &&
			e.made(o.ID, mirror.by, mirror.toward, at) {
			return fmt.Sprintf("%s made a %s, %s: %s need not answer it for %s either, %s.",
				p.from, o.Kind, o.Article, p.to, mirror.category, o.Mirrored)
		}
	}
	return ""
}
