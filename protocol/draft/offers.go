package draft

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// Offers are the words that a person may write in the place of an example
// without leaving what the agreement grants.
type Offers struct {
	// Types are what the document carries between the two Parties, Categories what
	// it carries for the type of the request.
	Types      []protocol.RequestType
	Categories []protocol.Category
	// Emergencies and Secrecy are those kinds and grounds that bring the request
	// no further from what the agreement asks for than any other would.
	Emergencies []protocol.EmergencyKind
	Secrecy     []protocol.SecrecyGround
}

func (s *solving) offers(c chosen) Offers {
	var out Offers
	for _, typ := range protocol.RequestTypes() {
		for _, category := range protocol.Categories() {
			x := chosen{typ: typ, category: category, channel: c.channel, from: c.from, to: c.to}
			if !s.want.carries(x) {
				continue
			}
			if !slices.Contains(out.Types, typ) {
				out.Types = append(out.Types, typ)
			}
			if typ == c.typ {
				out.Categories = append(out.Categories, category)
			}
		}
	}
	out.Emergencies = nearest(s, protocol.EmergencyKinds(), func(r *protocol.Request, k protocol.EmergencyKind) {
		r.Emergency = &protocol.Emergency{Kind: k, Facts: emergencyFacts}
	})
	out.Secrecy = nearest(s, protocol.SecrecyGrounds(), func(r *protocol.Request, g protocol.SecrecyGround) {
		r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{g}, Until: s.want.At.AddDate(0, secrecyMonths, 0)}
	})
	return out
}

// secrecyMonths is how long the secrecy of an example lasts.
const secrecyMonths = 6

// carries reports whether the document grants it, if only in an emergency,
// whether or not something stands against it today.
func (w *Want) carries(c chosen) bool {
	return slices.ContainsFunc([]bool{false, true}, func(emergency bool) bool {
		q := agreement.Query{From: c.from, To: c.to, Type: c.typ, Categories: []protocol.Category{c.category},
			Emergency: emergency, At: w.At}
		return slices.ContainsFunc(w.Book.Candidates(q), func(x agreement.Candidate) bool {
			return x.Document.Ref() == w.Document.Ref() && x.Channel == c.channel
		})
	})
}

// nearest returns those of the words with which the request is nearest to what
// the agreement asks for, if whatever a word makes it ask for is stated; that
// one is warned of does not count. The request stays as it is.
func nearest[T any](s *solving, words []T, set func(*protocol.Request, T)) []T {
	old := s.t.Request
	defer func() { s.t.Request = old }()
	said := old
	for i := range s.want.Document.Rules {
		for _, st := range s.want.Document.Rules[i].Statements {
			attests(st.Code)(&said)
		}
	}
	var out []T
	best := 0
	for i, word := range words {
		n := s.after(said, []change{func(r *protocol.Request) { set(r, word) }}) / weighsHold
		if i == 0 || n < best {
			best, out = n, nil
		}
		if n == best {
			out = append(out, word)
		}
	}
	return out
}

// optional returns the statements of the rules that only warn.
func (s *solving) optional() []Statement {
	var out []Statement
	for i := range s.t.Decision.Findings {
		f := &s.t.Decision.Findings[i]
		x := s.rule(f.Rule)
		if f.Outcome != protocol.Flag || x == nil || x.By == protocol.RoleDesignated {
			continue
		}
		for _, st := range x.Statements {
			out = append(out, statementOf(x, st))
		}
	}
	return out
}
