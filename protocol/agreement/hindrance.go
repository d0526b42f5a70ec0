package agreement

import (
	"time"

	"comity.example/protocol"
)

// A Hindrance says of what kind it is what keeps a right from being used. The
// zero Hindrance is none.
type Hindrance string

// The hindrances.
const (
	HinderedForce      Hindrance = "not_in_force" // not in force between the two
	HinderedSignature  Hindrance = "unsigned"     // not both signed this text
	HinderedSuspension Hindrance = "suspended"    // by a notice of one of the two
	HinderedPromise    Hindrance = "withheld"     // by an option, or because the mirror is missing
)

// Hindrance says what keeps data from being asked for under a right of a
// document of the Book, and why in words; "", "" if nothing does. That the
// document's rules would be met it does not say.
func (b *Book) Hindrance(d *Document, r *Right, q Query) (Hindrance, string) {
	p := pair{q.From, q.To}
	e := b.entryOf(d)
	switch {
	case e == nil, !d.StandsFor(q.At, p.from, p.to):
		return HinderedForce, notBetween
	case b.successor(e, p, q.At) != nil:
		return HinderedForce, "A newer version has replaced it."
	case !b.usable(e, p):
		return HinderedSignature, notSigned
	}
	for _, c := range q.Categories {
		w := wanted{typ: q.Type, category: c, emergency: q.Emergency}
		why := e.obstacle(r, w, p, q.At)
		if why == "" {
			continue
		}
		return e.kindOf(r, w, p, q.At), why
	}
	return "", ""
}

// kindOf says of what kind an obstacle is, in the order in which obstacle looks.
func (e *entry) kindOf(r *Right, w wanted, p pair, at time.Time) Hindrance {
	given := grant{by: p.to, toward: p.from, typ: w.typ, category: w.category}
	back := grant{by: p.from, toward: p.to, typ: w.typ, category: w.category}
	switch {
	case suspended(e.notices, given, at) != nil:
		return HinderedSuspension
	case e.withheld(given, at, "") != "" || r.Reciprocity != Mirrored,
		e.doc.rightFor(pair{p.to, p.from}, r.Channel, w) == nil:
		return HinderedPromise
	case suspended(e.notices, back, at) != nil:
		return HinderedSuspension
	}
	return HinderedPromise
}

// Made reports whether whoever is asked has made an option of a document of the
// Book, toward whoever asks.
func (b *Book) Made(d *Document, option string, q Query) bool {
	e := b.entryOf(d)
	return e != nil && e.made(option, q.To, q.From, q.At)
}

// Maker returns the Party whose option of a document of the Book matters in a
// direction: the receiving Party's own, or of a mirrored one the issuing
// Party's, which the receiving Party may apply to it.
func (b *Book) Maker(d *Document, option string, q Query) (by protocol.Party, mirrored, ok bool) {
	e := b.entryOf(d)
	if e == nil {
		return "", false, false
	}
	c, ok := e.chosen(d.option(option), pair{q.From, q.To}, q.At)
	return c.by, c.mirror != nil, ok
}

// entryOf finds a document of the Book, nil if it holds another text.
func (b *Book) entryOf(d *Document) *entry {
	for _, e := range b.byID[d.ID] {
		if e.doc.digest == d.digest {
			return e
		}
	}
	return nil
}
