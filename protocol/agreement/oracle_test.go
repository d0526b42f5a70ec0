package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// An oracle is a second implementation of SPEC.md, sections 7 and 8.3, for one
// request: without an index, an order kept or a parser, from the world as it was
// made up. It gives what each step and rule should find, as "name outcome reason".
type oracle struct {
	*world
	matter
	signatures bool // a signed book is asked
	from, to   protocol.Party
	channel    agreement.Channel
	x          *text // the governing text
	found      []string
}

func newOracle(w *world, s *agreementtest.Scene, signatures bool) *oracle {
	o := &oracle{world: w, matter: matter{Scene: s}, signatures: signatures,
		from: s.Facts.Issuing.Party, to: s.Facts.Addressee.Party}
	is := func(r protocol.Role) bool { return slices.Contains(s.Facts.Addressee.Roles, r) }
	switch {
	case is(protocol.RoleProvider):
		o.channel = agreement.Direct
	case is(protocol.RoleCentral) || is(protocol.RoleContact):
		o.channel = agreement.Central
	}
	return o
}

func (o *oracle) say(name string, outcome protocol.Outcome, reason protocol.Reason) {
	o.found = append(o.found, strings.TrimSpace(fmt.Sprintf("%s %v %s", name, outcome, reason)))
}

// check says pass, or why not.
func (o *oracle) check(name string, ok bool, reason protocol.Reason) bool {
	if ok {
		o.say(name, protocol.Pass, "")
	} else {
		o.say(name, protocol.Fail, reason)
	}
	return ok
}

// begun reports whether a day has come; a day that is not there never comes.
func (o *oracle) begun(day string) bool {
	return day != "" && o.Facts.At.UTC().Format(time.RFC3339) >= day+"T00:00:00Z"
}

// binds reports whether a Party is one of the text's, and whether it is bound.
func (o *oracle) binds(x *text, p protocol.Party) (party, bound bool) {
	if x.anyone {
		return p != "", p != ""
	}
	for _, m := range x.members {
		if m.party == p {
			return true, m.plain() || o.begun(m.inForce) && !o.begun(m.left)
		}
	}
	return false, false
}

func (o *oracle) governs(x *text) bool {
	from, _ := o.binds(x, o.from)
	to, _ := o.binds(x, o.to)
	return o.from != o.to && from && to && x.kind != agreement.KindDomestic
}

func (o *oracle) stands(x *text, parties ...protocol.Party) bool {
	for _, p := range parties {
		if _, bound := o.binds(x, p); !bound {
			return false
		}
	}
	return x.status != agreement.Proposed && x.status != agreement.Signed && x.status != agreement.SignedNotInForce &&
		(o.begun(x.inForce) || x.kind == agreement.KindCourtesy && !o.Facts.At.IsZero()) && !o.begun(x.expires) && !o.begun(x.ended)
}

func (o *oracle) signedBy(x *text, parties ...protocol.Party) bool {
	for _, p := range parties {
		if o.signatures && !slices.Contains(x.signers, p) {
			return false
		}
	}
	return true
}

// rightOf is the first right of a text that grants a category.
func (o *oracle) rightOf(x *text, from, to protocol.Party, c protocol.Category, emergency bool) *right {
	has := func(list []protocol.Party, p protocol.Party) bool { return len(list) == 0 || slices.Contains(list, p) }
	for i := range x.rights {
		r := &x.rights[i]
		if has(r.from, from) && has(r.to, to) && r.channel == o.channel && slices.Contains(r.types, o.Req.Type) &&
			slices.Contains(r.categories, c) && (emergency || !r.urgent) {
			return r
		}
	}
	return nil
}

func (o *oracle) emergency() bool { return o.Req.Emergency != nil && o.Req.Emergency.Kind != "" }

// older orders versions, the older first.
func older(a, b string) bool {
	number := func(v string, i int) int {
		n := -1
		if parts := strings.Split(v, "."); i < len(parts) {
			fmt.Sscan(parts[i], &n)
		}
		return n
	}
	for i := range 3 {
		if number(a, i) != number(b, i) {
			return number(a, i) < number(b, i)
		}
	}
	return false
}

// replaced reports whether a newer version of a text stands between the two, and
// both signed it.
func (o *oracle) replaced(x *text) bool {
	return slices.ContainsFunc(o.texts, func(y *text) bool {
		return y.id == x.id && older(x.version, y.version) && o.governs(y) && o.stands(y, o.from, o.to) &&
			o.signedBy(y, o.from, o.to)
	})
}

// find chooses among the texts that govern: of a name, its version or the newest
// that stands; of none, what grants all that is asked, that which stands and has
// fewest Parties first.
func (o *oracle) find() {
	ref := o.Facts.Ref
	for _, x := range o.texts {
		if !o.governs(x) || ref.ID != "" && x.id != ref.ID || ref.Version != "" && x.version != ref.Version {
			continue
		}
		if ref.ID == "" && o.replaced(x) {
			continue
		}
		if ref.ID == "" && slices.ContainsFunc(o.Req.Data, func(item protocol.DataItem) bool {
			return o.rightOf(x, o.from, o.to, item.Category, o.emergency()) == nil
		}) {
			continue
		}
		if o.x == nil || o.before(x, o.x) {
			o.x = x
		}
	}
}

// before reports whether one text is preferred to another.
func (o *oracle) before(a, b *text) bool {
	sa, sb := o.stands(a, o.from, o.to), o.stands(b, o.from, o.to)
	switch {
	case sa != sb:
		return sa
	case o.Facts.Ref.ID == "" && a.anyone != b.anyone:
		return b.anyone
	case o.Facts.Ref.ID == "" && len(a.members) != len(b.members):
		return len(a.members) < len(b.members)
	case a.id == b.id:
		return older(b.version, a.version)
	}
	return a.id < b.id
}

// effective are the notices in effect that a Party gave and that a test selects,
// of the last moment at which there are any.
func (o *oracle) effective(x *text, by, toward protocol.Party, about func(*agreement.Notice) bool) []*agreement.Notice {
	var last []*agreement.Notice
	for _, n := range o.notices {
		if n.Agreement != x.id || n.Party != by || len(n.Toward) > 0 && !slices.Contains(n.Toward, toward) ||
			n.Effective.After(o.Facts.At) || !about(n) {
			continue
		}
		if len(last) > 0 && n.Effective.After(last[0].Effective) {
			last = nil
		}
		if len(last) == 0 || n.Effective.Equal(last[0].Effective) {
			last = append(last, n)
		}
	}
	return last
}

func (s *selection) has(t protocol.RequestType, c protocol.Category) bool {
	return (len(s.types) == 0 || slices.Contains(s.types, t)) && (len(s.categories) == 0 || slices.Contains(s.categories, c))
}

// suspends reports whether a Party suspended what it grants another. Of what it
// says of one moment, what takes away counts.
func (o *oracle) suspends(x *text, by, toward protocol.Party, c protocol.Category) bool {
	return slices.ContainsFunc(o.effective(x, by, toward, func(n *agreement.Notice) bool {
		return n.Option == "" && (&selection{n.Types, n.Categories}).has(o.Req.Type, c)
	}), func(n *agreement.Notice) bool { return n.Kind == agreement.Suspend })
}

// makes reports whether a Party made an option: by a notice, or by its position,
// which is not undone by what the Party said before the day of it.
func (o *oracle) makes(x *text, id string, by, toward protocol.Party) bool {
	stands, since := false, ""
	for _, p := range x.positions {
		if p.party == by && p.option == id && (p.since == "" || o.begun(p.since)) {
			stands, since = true, p.since
		}
	}
	last := o.effective(x, by, toward, func(n *agreement.Notice) bool {
		return n.Option == id && n.Effective.Format(time.DateOnly) >= since
	})
	if len(last) == 0 {
		return stands
	}
	return slices.ContainsFunc(last, func(n *agreement.Notice) bool { return n.Kind != agreement.Withdraw })
}

// excludes reports whether a Party made an option that takes the category away,
// one that the others may apply to it if mirrored is asked for.
func (o *oracle) excludes(x *text, by, toward protocol.Party, c protocol.Category, mirrored bool) bool {
	for _, opt := range x.options {
		if opt.excludes != nil && opt.excludes.has(o.Req.Type, c) && (opt.mirrored || !mirrored) &&
			o.makes(x, opt.id, by, toward) {
			return true
		}
	}
	return false
}

// matters reports whether an option is one that the receiving Party made, or a
// mirrored one that the issuing Party made.
func (o *oracle) matters(id string) bool {
	for _, opt := range o.x.options {
		if opt.id == id {
			return o.makes(o.x, id, o.to, o.from) || opt.mirrored && o.makes(o.x, id, o.from, o.to)
		}
	}
	return false
}
