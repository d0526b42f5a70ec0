package paper

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// MaxParties bounds the Parties of a matrix: more than fit a screen.
const MaxParties = 24

// A State says whether a way stands.
type State string

// The states of a way. All but the first are hindrances of the agreement.
const (
	Stands     State = "stands"
	NotInForce       = State(agreement.HinderedForce)
	Unsigned         = State(agreement.HinderedSignature)
	Suspended        = State(agreement.HinderedSuspension)
	Withheld         = State(agreement.HinderedPromise)
)

// A Way is one right by which a Party may ask another for something.
type Way struct {
	Agreement string            `json:"agreement"`
	Version   string            `json:"version"`
	Title     string            `json:"title"`
	Right     string            `json:"right"`
	Article   string            `json:"article"`
	Channel   agreement.Channel `json:"channel"`
	State     State             `json:"state"`
	Why       string            `json:"why,omitzero"` // it does not stand
	// OneSided is the article that lets it stand without its mirror.
	OneSided      string `json:"one_sided,omitzero"`
	Promise       bool   `json:"promise,omitzero"`        // only with a written promise
	EmergencyOnly bool   `json:"emergency_only,omitzero"` // only in an emergency
}

// A Cell has the ways by which one Party may ask another for one category by
// one type of request, those that stand first, and of these the best first.
type Cell struct {
	From     protocol.Party       `json:"from"`
	To       protocol.Party       `json:"to"`
	Type     protocol.RequestType `json:"type"`
	Category protocol.Category    `json:"category"`
	Ways     []Way                `json:"ways"`
}

// A Matrix says who may ask whom for what, and by which agreement. That the
// rules of the agreement would be met it does not say.
type Matrix struct {
	At      time.Time        `json:"at"`
	Parties []protocol.Party `json:"parties"`
	Cells   []Cell           `json:"cells"` // of what some agreement grants
}

// A Question says of what a matrix is. Types and Categories that are empty
// mean all.
type Question struct {
	Parties    []protocol.Party
	Types      []protocol.RequestType
	Categories []protocol.Category
	At         time.Time
}

// NewMatrix looks up every pair of Parties in the book.
func NewMatrix(b *agreement.Book, q Question) (*Matrix, error) {
	switch {
	case q.At.IsZero():
		return nil, errors.New("paper: a matrix is for a time, and none was given")
	case len(q.Parties) < 2 || len(q.Parties) > MaxParties:
		return nil, fmt.Errorf("paper: %d Parties: want 2 to %d", len(q.Parties), MaxParties)
	}
	types, categories := q.Types, q.Categories
	if len(types) == 0 {
		types = protocol.RequestTypes()
	}
	if len(categories) == 0 {
		categories = protocol.Categories()
	}
	m := &Matrix{At: q.At, Parties: slices.Clone(q.Parties), Cells: []Cell{}}
	for _, t := range types {
		for _, from := range q.Parties {
			for _, to := range q.Parties {
				for _, c := range categories {
					cell := Cell{From: from, To: to, Type: t, Category: c}
					cell.Ways = ways(b, agreement.Query{From: from, To: to, Type: t,
						Categories: []protocol.Category{c}, At: q.At})
					if len(cell.Ways) > 0 {
						m.Cells = append(m.Cells, cell)
					}
				}
			}
		}
	}
	return m, nil
}

// ways finds those for an ordinary request, and behind them those that only an
// emergency opens.
func ways(b *agreement.Book, q agreement.Query) []Way {
	out := waysFor(b, q, nil)
	q.Emergency = true
	out = waysFor(b, q, out)
	slices.SortStableFunc(out, func(x, y Way) int { return x.rank() - y.rank() })
	return out
}

// waysFor adds the ways that are not there yet. Of several versions of one
// agreement it takes the newest that is in force, or else the newest.
func waysFor(b *agreement.Book, q agreement.Query, out []Way) []Way {
	for _, c := range b.Candidates(q) {
		if q.Emergency && !c.Right.EmergencyOnly {
			continue
		}
		w := Way{Agreement: c.Document.ID, Version: c.Document.Version, Title: c.Document.Title, Right: c.Right.ID,
			Article: c.Right.Article, Channel: c.Channel, OneSided: c.Right.OneSidedArticle,
			Promise: c.Right.Reciprocity == agreement.Promise, EmergencyOnly: c.Right.EmergencyOnly, State: Stands}
		if h, why := b.Hindrance(c.Document, c.Right, q); h != "" {
			w.State, w.Why = State(h), why
		}
		at := slices.IndexFunc(out, func(o Way) bool {
			return o.Agreement == w.Agreement && o.Channel == w.Channel && o.EmergencyOnly == w.EmergencyOnly
		})
		switch {
		case at < 0:
			out = append(out, w)
		case out[at].State == NotInForce && w.State != NotInForce:
			out[at] = w
		}
	}
	return out
}

// rank orders the ways: what stands, what stands in an emergency, what does not.
func (w *Way) rank() int {
	switch {
	case w.State != Stands:
		return 2
	case w.EmergencyOnly:
		return 1
	}
	return 0
}

// TwoParty returns the Parties of the agreements that join few: those of which
// a matrix says most. They come in the order of their codes.
func TwoParty(b *agreement.Book) []protocol.Party {
	const few = 2
	var out []protocol.Party
	for _, d := range b.Documents() {
		if d.Kind == agreement.KindDomestic || len(d.Members) != few {
			continue
		}
		for _, p := range d.Parties() {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return out[:min(len(out), MaxParties)]
}
