package lint

import (
	"fmt"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// first returns the position of the first right that covers what is asked for,
// as a decision finds it; -1 if none does.
func (l *linter) first(q agreement.Query, channel agreement.Channel) int {
	return slices.IndexFunc(l.doc.Rights, func(r agreement.Right) bool {
		return r.Channel == channel && (!r.EmergencyOnly || q.Emergency) && r.From.Has(q.From) && r.To.Has(q.To) &&
			slices.Contains(r.Types, q.Type) && slices.Contains(r.Categories, q.Categories[0])
	})
}

// of asks for one category by one type under a right.
func of(r *agreement.Right, t protocol.RequestType, c protocol.Category) agreement.Query {
	return agreement.Query{Type: t, Categories: []protocol.Category{c}, Emergency: r.EmergencyOnly}
}

// mirrors sees that a right which depends on its mirror has one.
func (l *linter) mirrors() {
	for i := range l.doc.Rights {
		r := &l.doc.Rights[i]
		if r.Reciprocity != agreement.Mirrored {
			continue
		}
		for _, t := range r.Types {
			var missing []protocol.Category
			var pair string
			for _, c := range r.Categories {
				back := of(r, t, c)
				l.eachPair(func(from, to protocol.Party) bool {
					back.From, back.To = to, from
					if !r.From.Has(from) || !r.To.Has(to) || l.first(back, r.Channel) >= 0 {
						return true
					}
					missing, pair = append(missing, c), fmt.Sprintf("%s may not ask %s", to, from)
					return false
				})
			}
			if len(missing) > 0 {
				l.warn(fmt.Sprintf("rights[%d].reciprocity", i),
					"%s for %s (%s), so this right never stands there: add the mirror, or name the article that makes it one-sided",
					pair, join(missing), t)
			}
		}
	}
}

// shadows sees that each right is reached: of two that cover the same the first
// is used.
func (l *linter) shadows() {
	for i := range l.doc.Rights {
		switch reached, joins := l.reached(i); {
		case reached:
		case !joins:
			l.warn(fmt.Sprintf("rights[%d].from", i), "it is from a Party to itself: mend from or to")
		default:
			l.warn(fmt.Sprintf("rights[%d].id", i), "it is never used: rights above it cover all of it: leave it out, or put it first")
		}
	}
}

// reached reports whether a right is the first for anything that it covers, and
// whether it joins two Parties at all.
func (l *linter) reached(i int) (reached, joins bool) {
	r := &l.doc.Rights[i]
	for _, t := range r.Types {
		for _, c := range r.Categories {
			q := of(r, t, c)
			l.eachPair(func(from, to protocol.Party) bool {
				if r.From.Has(from) && r.To.Has(to) {
					q.From, q.To, joins = from, to, true
					reached = l.first(q, r.Channel) == i
				}
				return !reached
			})
			if reached {
				return true, true
			}
		}
	}
	return false, joins
}

// uncovered sees that a rule could apply to each type and category that a right
// grants.
func (l *linter) uncovered() {
	for i := range l.doc.Rights {
		r := &l.doc.Rights[i]
		for _, t := range r.Types {
			var bare []protocol.Category
			for _, c := range r.Categories {
				if !l.governed(r, t, c) {
					bare = append(bare, c)
				}
			}
			if len(bare) > 0 {
				l.warn(fmt.Sprintf("rights[%d].categories", i), "no rule can apply to %s (%s): add one, or leave it out of the right",
					join(bare), t)
			}
		}
	}
}

// governed reports whether some rule may apply to what a right grants.
func (l *linter) governed(right *agreement.Right, t protocol.RequestType, c protocol.Category) bool {
	return slices.ContainsFunc(l.doc.Rules, func(r agreement.Rule) bool {
		return l.meets(&r, right) && l.scene(t, []protocol.Category{c}, &r).may(parse(r.When))
	})
}

// meets reports whether a rule is for a direction of the right.
func (l *linter) meets(r *agreement.Rule, right *agreement.Right) bool {
	met := false
	l.eachPair(func(from, to protocol.Party) bool {
		met = right.From.Has(from) && right.To.Has(to) &&
			(r.From.IsZero() || r.From.Has(from)) && (r.To.IsZero() || r.To.Has(to))
		return !met
	})
	return met
}

func join[T ~string](items []T) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return strings.Join(words, ", ")
}
