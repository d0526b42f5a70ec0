package agreement

import (
	"fmt"

	"comity.example/protocol"
)

// LetterRogatory is the title of the route that is left when no agreement
// carries a request.
const LetterRogatory = "Letter rogatory"

// routes lists the other ways by which the request could be made: an agreement
// that grants it directly before one that grants it through central
// authorities, in the order of their ids. It is advice: a route says that a
// right stands, not that its rules would be met.
func (d *deciding) routes() []protocol.Route {
	if d.pair.from == "" || d.pair.to == "" || d.pair.from == d.pair.to {
		return nil
	}
	var out []protocol.Route
	for _, channel := range channels() {
		for _, e := range d.book.byPair[d.pair] {
			if e == d.entry && channel == d.channel && len(d.granted) > 0 {
				continue // the way that was just refused
			}
			if r := d.alternative(e, channel); r != nil {
				out = append(out, d.route(e.doc, r))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, d.letter())
	}
	return out
}

// alternative returns the right by which the entry would carry the request,
// nil if it would not.
func (d *deciding) alternative(e *entry, c Channel) *Right {
	other := *d
	other.entry, other.channel = e, c
	if !e.doc.Stands(d.facts.At) || !d.book.usable(e, d.pair) || !e.grantsAll(d.req, d.pair, c) {
		return nil
	}
	for _, item := range d.req.Data {
		if other.obstacle(item.Category) != "" {
			return nil
		}
	}
	return e.doc.rightFor(d.pair, c, d.req.Type, d.req.Data[0].Category)
}

func (d *deciding) route(doc *Document, r *Right) protocol.Route {
	out := protocol.Route{Agreement: doc.ID, Title: doc.Title, Article: r.Article}
	if r.Channel == Direct {
		out.Text = fmt.Sprintf("%s lets %s ask the provider itself.", doc.Title, d.pair.from)
		return out
	}
	out.Via = d.centrals()
	out.Text = fmt.Sprintf("Under %s the central authority of %s asks that of %s, which decides.",
		doc.Title, d.pair.from, d.pair.to)
	return out
}

func (d *deciding) letter() protocol.Route {
	return protocol.Route{Title: LetterRogatory, Via: d.centrals(),
		Text: "No agreement that this node holds carries it: what is left is a letter rogatory with " +
			"a promise of reciprocity, or a treaty that this node does not hold."}
}

// centrals returns the central authorities, the issuing side's first.
func (d *deciding) centrals() []protocol.ParticipantID {
	if d.facts.Central == nil {
		return nil
	}
	var out []protocol.ParticipantID
	out = append(out, d.facts.Central(d.pair.from)...)
	return append(out, d.facts.Central(d.pair.to)...)
}
