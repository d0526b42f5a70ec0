package agreement

import (
	"slices"
	"time"

	"comity.example/protocol"
)

// A Member is a Party to a document. One without dates of its own is bound
// whenever the document is in force; one with dates only while they say so.
type Member struct {
	Party    protocol.Party
	Signed   Date
	Ratified Date
	InForce  Date
	Left     Date // the first day on which it is no longer bound
}

// plain reports whether nothing is said of the Party but that it is one.
func (m *Member) plain() bool {
	return m.Signed.IsZero() && m.Ratified.IsZero() && m.InForce.IsZero() && m.Left.IsZero()
}

// bound reports whether the document binds the Party at the given time, as far
// as that hangs on the Party.
func (m *Member) bound(at time.Time) bool {
	return m.plain() || m.InForce.reached(at) && !m.Left.reached(at)
}

// A Term is an instrument's own word for a neutral code.
type Term struct {
	Category protocol.Category    // one of the two
	Type     protocol.RequestType // is set
	Own      string               // the instrument's own code
	Text     string               // its words
	Article  string
	Mark
}

// An OptionKind says what a Party makes of a choice that an instrument leaves.
type OptionKind string

// The kinds of option.
const (
	OptionReservation OptionKind = "reservation"
	OptionDeclaration OptionKind = "declaration"
)

func optionKinds() []OptionKind { return []OptionKind{OptionReservation, OptionDeclaration} }

// An Option is a reservation or a declaration that the instrument lets a Party
// make. What follows from it for the other Parties is computed.
type Option struct {
	ID      string
	Kind    OptionKind
	Article string
	Text    string
	// Mirrored is the article by which the other Parties may apply the same to
	// whoever made it; "": they may not.
	Mirrored string
	Excludes *Exclusion // nil: it takes nothing away
	Mark
}

// An Exclusion is what a Party that made an option does not grant. An empty
// list means all.
type Exclusion struct {
	Types      []protocol.RequestType
	Categories []protocol.Category
}

func (x *Exclusion) concerns(t protocol.RequestType, c protocol.Category) bool {
	return x != nil && (len(x.Types) == 0 || slices.Contains(x.Types, t)) &&
		(len(x.Categories) == 0 || slices.Contains(x.Categories, c))
}

// A Position says that a Party made an option, as a text proves it. What a
// Party makes later stands in a Notice.
type Position struct {
	Party  protocol.Party
	Option string
	Since  Date // zero: from the beginning
	Mark
}

// An OffenceList is a list of offences that the instrument prints.
type OffenceList struct {
	ID      string
	Article string
	Entries []Statement
	Mark
}

// has reports whether the code is an entry of the list.
func (l *OffenceList) has(code string) bool {
	return slices.ContainsFunc(l.Entries, func(s Statement) bool { return s.Code == code })
}

// A BarredGround is a ground with which nobody may refuse a request under the
// instrument.
type BarredGround struct {
	Ground   protocol.Reason
	From, To PartySet // the zero PartySet: whatever the direction
	// Only says when it is barred; "": always.
	Only    BarredOnly
	Article string
	Text    string
	Mark
}

// A BarredOnly says when a ground is barred.
type BarredOnly string

// BarredWithoutTreaty bars a ground only where no other instrument of mutual
// assistance is in force between the two Parties.
const BarredWithoutTreaty BarredOnly = "no_other_treaty"

// option returns an option by its id, nil if the document has none of it.
func (d *Document) option(id string) *Option {
	for i := range d.Options {
		if d.Options[i].ID == id {
			return &d.Options[i]
		}
	}
	return nil
}

// listed returns the ids of the lists that hold the code of an offence.
func (d *Document) listed(code string) []string {
	var out []string
	for i := range d.Lists {
		if code != "" && d.Lists[i].has(code) {
			out = append(out, d.Lists[i].ID)
		}
	}
	return out
}

// barred returns what bars a ground in that direction, nil if nothing does.
func (d *Document) barred(g protocol.Reason, p pair) *BarredGround {
	for i := range d.Barred {
		b := &d.Barred[i]
		if b.Ground == g && (b.From.IsZero() || b.From.Has(p.from)) && (b.To.IsZero() || b.To.Has(p.to)) {
			return b
		}
	}
	return nil
}
