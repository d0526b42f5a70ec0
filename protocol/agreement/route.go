package agreement

import (
	"fmt"
	"time"

	"comity.example/protocol"
)

// LetterRogatory is the title of the route that is left when no agreement
// carries a request.
const LetterRogatory = "Letter rogatory"

// Why no right of an agreement can be used between two Parties.
const (
	notBetween = "It is not in force between the two Parties."
	notSigned  = "Not both Parties have signed this text of it."
)

// A Query says what somebody would ask for.
type Query struct {
	From, To   protocol.Party
	Type       protocol.RequestType
	Categories []protocol.Category
	Emergency  bool
	At         time.Time
}

// A Candidate is an agreement that grants what is asked for.
type Candidate struct {
	Document *Document
	Channel  Channel
	Right    *Right // of the first category
	Article  string // of that right
	// Obstacle says why it cannot be used, "" if it can. That its rules would be
	// met it does not say.
	Obstacle string
}

// Candidates returns every agreement that grants what is asked for in that
// direction, best first: direct before through central authorities, then the
// most specific.
func (b *Book) Candidates(q Query) []Candidate {
	var out []Candidate
	p := pair{q.From, q.To}
	if p.from == p.to { // what a Party's law grants within it is no way across a border
		return nil
	}
	for _, channel := range channels() {
		for e := range b.between(p) {
			if b.successor(e, p, q.At) != nil {
				continue
			}
			if c, ok := b.candidate(e, channel, p, q); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

func (b *Book) candidate(e *entry, channel Channel, p pair, q Query) (Candidate, bool) {
	c := Candidate{Document: e.doc, Channel: channel}
	for _, category := range q.Categories {
		w := wanted{typ: q.Type, category: category, emergency: q.Emergency}
		r := e.doc.rightFor(p, channel, w)
		if r == nil {
			return Candidate{}, false
		}
		if c.Article == "" {
			c.Right, c.Article = r, r.Article
		}
		if c.Obstacle == "" {
			c.Obstacle = e.obstacle(r, w, p, q.At)
		}
	}
	switch {
	case !e.doc.StandsFor(q.At, p.from, p.to):
		c.Obstacle = notBetween
	case !b.usable(e, p):
		c.Obstacle = notSigned
	}
	return c, len(q.Categories) > 0
}

// routes lists the other ways by which the request could be made, best first.
// It is advice: a route says that a right stands and no rule is known to deny it,
// not that all its rules would be met. Where a third country's law is in the
// way, they lead there too.
func (d *deciding) routes() []protocol.Route {
	if d.pair.from == "" || d.pair.to == "" || d.pair.from == d.pair.to {
		return nil
	}
	out, open := d.routesTo(d.pair)
	if d.conflicts() {
		for _, p := range d.facts.Addressee.AlsoUnder {
			there, _ := d.routesTo(pair{d.pair.from, p})
			out = append(out, there...)
		}
	}
	if len(out) == 0 && !open {
		out = append(out, d.letter())
	}
	return out
}

// routesTo returns the routes in a direction, and whether there would be one if
// the request were another.
func (d *deciding) routesTo(p pair) (out []protocol.Route, open bool) {
	for _, c := range d.book.Candidates(Query{From: p.from, To: p.to, Type: d.req.Type,
		Categories: d.asked, Emergency: urgent(d.req), At: d.facts.At}) {
		refused := d.entry != nil && c.Document == d.entry.doc && c.Channel == d.channel && p == d.pair
		if c.Obstacle != "" || refused && len(d.granted) > 0 {
			continue
		}
		open = true
		if !d.wouldDeny(c.Document, p) {
			out = append(out, d.route(c, p))
		}
	}
	return out, open
}

// wouldDeny reports whether a rule of another agreement, computed from what is
// known, would deny the request.
func (d *deciding) wouldDeny(doc *Document, p pair) bool {
	other := spare.Get().(*deciding)
	defer other.release()
	vars := &other.vars
	vars.in = d.vars.in
	vars.in.doc, vars.in.other = doc, d.book.otherTreaty(doc, p, d.facts.At)
	for i := range doc.Rules {
		r := &doc.Rules[i]
		if r.Kind == Computed && r.Otherwise == OtherwiseDeny && r.Option == "" && r.directed(p) &&
			r.apply(vars, p).Outcome == protocol.Fail {
			return true
		}
	}
	return false
}

func (d *deciding) route(c Candidate, p pair) protocol.Route {
	title := c.Document.Title
	out := protocol.Route{Agreement: c.Document.ID, Title: title, Article: c.Article}
	if c.Channel == Direct {
		out.Text = fmt.Sprintf("%s lets %s ask the provider itself.", title, p.from)
		return out
	}
	out.Via = d.centrals(p)
	out.Text = fmt.Sprintf("Under %s the central authority of %s asks that of %s, which decides.",
		title, p.from, p.to)
	return out
}

func (d *deciding) letter() protocol.Route {
	return protocol.Route{Title: LetterRogatory, Via: d.centrals(d.pair),
		Text: "No agreement that this node holds carries it: what is left is a letter rogatory with " +
			"a promise of reciprocity, or a treaty that this node does not hold."}
}

// centrals returns the central authorities, the issuing side's first.
func (d *deciding) centrals(p pair) []protocol.ParticipantID {
	if d.facts.Central == nil {
		return nil
	}
	var out []protocol.ParticipantID
	out = append(out, d.facts.Central(p.from)...)
	return append(out, d.facts.Central(p.to)...)
}
