package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// members reads the Parties: each a code, or a mapping where there is something
// particular to say of it.
func (s *source) members(d *Document) func(ast.Node) {
	return func(n ast.Node) {
		d.members = map[protocol.Party]int{}
		if text, ok := n.(*ast.StringNode); ok && strings.TrimSpace(text.Value) == anyParty {
			d.EveryParty = true
			return
		}
		s.each(n, "parties", func(item ast.Node, what string) {
			var m Member
			if _, ok := item.(*ast.StringNode); ok {
				m.Party = s.party(item, what)
			} else {
				s.member(item, what, &m)
			}
			if _, twice := d.members[m.Party]; twice {
				s.bad(item, "%s: %s stands twice", what, m.Party)
			}
			d.members[m.Party] = len(d.Members)
			d.Members = append(d.Members, m)
		})
	}
}

func (s *source) member(n ast.Node, what string, m *Member) {
	s.mapping(n, what,
		need("party", func(n ast.Node) { m.Party = s.party(n, what+".party") }),
		may("signed", s.date(&m.Signed, what+".signed")),
		may("ratified", s.date(&m.Ratified, what+".ratified")),
		may("in_force", s.date(&m.InForce, what+".in_force")),
		may("left", s.date(&m.Left, what+".left")),
	)
	const order = "%s.%s: %s is before %s: mend one of the two"
	switch {
	case m.plain():
		s.bad(n, "%s: write the code alone, or say when it signed, ratified or was bound", what)
	case !m.InForce.IsZero() && m.InForce.t.Before(m.Signed.t):
		s.bad(n, order, what, "in_force", m.InForce, "signed, "+m.Signed.String())
	case !m.InForce.IsZero() && m.InForce.t.Before(m.Ratified.t):
		s.bad(n, order, what, "in_force", m.InForce, "ratified, "+m.Ratified.String())
	case !m.Ratified.IsZero() && m.Ratified.t.Before(m.Signed.t):
		s.bad(n, order, what, "ratified", m.Ratified, "signed, "+m.Signed.String())
	case !m.Left.IsZero() && (m.InForce.IsZero() || !m.Left.t.After(m.InForce.t)):
		s.bad(n, "%s.left: want it after in_force, which must be there", what)
	}
}

func (s *source) term(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var t Term
		var of string
		s.mapping(n, what, append(s.mark(&t.Mark, what),
			need("of", s.into(&of, what+".of")),
			need("own", s.code(&t.Own, what+".own")),
			need("text", s.into(&t.Text, what+".text")),
			need("article", s.into(&t.Article, what+".article")),
		)...)
		s.checkMark(n, t.Mark, what)
		switch {
		case slices.Contains(protocol.Categories(), protocol.Category(of)):
			t.Category = protocol.Category(of)
		case slices.Contains(protocol.RequestTypes(), protocol.RequestType(of)):
			t.Type = protocol.RequestType(of)
		case of != "":
			s.bad(n, "%s.of: %q: want a data category or a request type", what, clip(of))
		}
		if slices.ContainsFunc(d.Terms, func(x Term) bool {
			return x.Own == t.Own && x.Category == t.Category && x.Type == t.Type
		}) {
			s.bad(n, "%s.own: %q stands twice for the same: want it once", what, clip(t.Own))
		}
		d.Terms = append(d.Terms, t)
	}
}

func (s *source) code(dst *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		*dst = s.text(n, what)
		if *dst != "" && (!codeForm.MatchString(*dst) || len(*dst) > MaxID) {
			s.bad(n, "%s: %q: want small letters, digits and single underscores", what, clip(*dst))
		}
	}
}

func (s *source) option(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var o Option
		s.mapping(n, what, append(s.mark(&o.Mark, what),
			need("id", s.id(&o.ID, what+".id")),
			need("kind", choose(s, &o.Kind, what+".kind", optionKinds())),
			need("article", s.into(&o.Article, what+".article")),
			need("text", s.into(&o.Text, what+".text")),
			may("mirrored", s.into(&o.Mirrored, what+".mirrored")),
			may("excludes", s.exclusion(&o, what+".excludes")),
		)...)
		s.checkMark(n, o.Mark, what)
		if d.option(o.ID) != nil {
			s.bad(n, "%s.id: two options are %q: want another id", what, clip(o.ID))
		}
		d.Options = append(d.Options, o)
	}
}

func (s *source) exclusion(o *Option, what string) func(ast.Node) {
	return func(n ast.Node) {
		x := new(Exclusion)
		s.mapping(n, what,
			may("types", chooseMany(s, &x.Types, what+".types", protocol.RequestTypes())),
			may("categories", chooseMany(s, &x.Categories, what+".categories", protocol.Categories())),
		)
		o.Excludes = x
	}
}

func (s *source) position(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var p Position
		s.mapping(n, what, append(s.mark(&p.Mark, what),
			need("party", func(n ast.Node) { p.Party = s.party(n, what+".party") }),
			need("option", s.id(&p.Option, what+".option")),
			may("since", s.date(&p.Since, what+".since")),
		)...)
		s.checkMark(n, p.Mark, what)
		if slices.ContainsFunc(d.Positions, func(x Position) bool {
			return x.Party == p.Party && x.Option == p.Option
		}) {
			s.bad(n, "%s: %s made %s twice: want it once", what, p.Party, clip(p.Option))
		}
		d.Positions = append(d.Positions, p)
	}
}

func (s *source) offenceList(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var l OffenceList
		s.mapping(n, what, append(s.mark(&l.Mark, what),
			need("id", s.id(&l.ID, what+".id")),
			need("article", s.into(&l.Article, what+".article")),
			need("entries", s.statementList(&l.Entries, what+".entries")),
		)...)
		s.checkMark(n, l.Mark, what)
		if slices.ContainsFunc(d.Lists, func(x OffenceList) bool { return x.ID == l.ID }) {
			s.bad(n, "%s.id: two lists are %q: want another id", what, clip(l.ID))
		}
		if len(d.Lists) == maxLists {
			s.bad(n, "%s: want at most %d lists", what, maxLists)
			return
		}
		d.Lists = append(d.Lists, l)
	}
}

func (s *source) barred(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var b BarredGround
		s.mapping(n, what, append(s.mark(&b.Mark, what),
			need("ground", choose(s, &b.Ground, what+".ground", protocol.Reasons())),
			may("from", s.partySet(&b.From, what+".from")),
			may("to", s.partySet(&b.To, what+".to")),
			may("only", choose(s, &b.Only, what+".only", []BarredOnly{BarredWithoutTreaty})),
			need("article", s.into(&b.Article, what+".article")),
			need("text", s.into(&b.Text, what+".text")),
		)...)
		s.checkMark(n, b.Mark, what)
		d.Barred = append(d.Barred, b)
	}
}

// checkMembers sees that whoever the document speaks of is Party.
func (s *source) checkMembers(n ast.Node, d *Document) {
	switch {
	case d.EveryParty && d.Kind != KindCourtesy:
		s.bad(n, "document.parties: name them: only what rests on no treaty is for any party")
	case !d.EveryParty && d.Kind != KindDomestic && len(d.Members) < 2:
		s.bad(n, "document.parties: want two at least")
	}
	known := func(what, path string, set PartySet) {
		for _, p := range set.list {
			if !d.Has(p) {
				s.bad(s.at(path, n), "%s: %s is not in parties: mend one of the two", what, p)
			}
		}
	}
	for i := range d.Rights {
		what, path := "right "+d.Rights[i].ID, fmt.Sprintf("rights[%d].", i)
		known(what, path+"from", d.Rights[i].From)
		known(what, path+"to", d.Rights[i].To)
	}
	for i := range d.Rules {
		r := &d.Rules[i]
		what, path := "rule "+r.ID, fmt.Sprintf("rules[%d].", i)
		known(what, path+"from", r.From)
		known(what, path+"to", r.To)
		known(what, path+"proven_for", r.ProvenFor)
	}
	for i := range d.Barred {
		b := &d.Barred[i]
		what, path := "barred ground "+string(b.Ground), fmt.Sprintf("barred_grounds[%d].", i)
		known(what, path+"from", b.From)
		known(what, path+"to", b.To)
	}
	for i := range d.Deletions {
		t := &d.Deletions[i]
		known("deletion "+t.ID, fmt.Sprintf("deletions[%d].from", i), t.From)
	}
	for i := range d.Positions {
		what := fmt.Sprintf("positions[%d]", i)
		known(what, what+".party", PartySet{list: []protocol.Party{d.Positions[i].Party}})
	}
}

// lawID is what an id of domestic law looks like.
var lawID = regexp.MustCompile(`^[a-z]{2}-law(-|$)`)

// checkDomestic sees that a Party's own law is only that: it grants nothing to
// another Party and is named after its own, so that nobody writes another's, and
// nothing else is named so, so that nobody takes its place. Within its Party it
// may grant rights, which have no other direction in which they could stand.
func (s *source) checkDomestic(n ast.Node, d *Document) {
	domestic := d.Kind == KindDomestic
	switch {
	case !domestic && lawID.MatchString(d.ID):
		s.bad(n, "document.id: %q is for domestic law: want another id", clip(d.ID))
	case !domestic && len(d.Rights) == 0:
		s.bad(n, "document.rights: missing: only domestic law grants none")
	case domestic && len(d.Options)+len(d.Positions) > 0:
		s.bad(n, "document: domestic law has no options and positions")
	case domestic && (len(d.Members) != 1 || !strings.HasPrefix(d.ID+"-",
		strings.ToLower(string(d.Members[0].Party))+"-law-")):
		s.bad(n, "document: domestic law has one Party, and an id that begins with its code: such as us-law")
	}
	for i := range d.Rights {
		r := &d.Rights[i]
		switch {
		case domestic != r.Within:
			s.bad(n, "right %s: want within, in place of from and to, in domestic law only", r.ID)
		case domestic && (r.Channel != Direct || r.Reciprocity != OneSided || r.Notifies != nil):
			s.bad(n, "right %s: within a Party a right is direct, one-sided and notifies nobody", r.ID)
		}
	}
	for i := range d.Rules {
		r := &d.Rules[i]
		if domestic { // its rules stand beside those of an agreement
			r.name = d.ID + "/" + r.ID
		}
		switch {
		case domestic != (r.Capacity != ""):
			s.bad(n, "rule %s: want capacity, in which the Party's law matters, in domestic law only", r.ID)
		case r.Capacity == LawWithin && len(d.Rights) == 0:
			s.bad(n, "rule %s: capacity within: the document grants no right within its Party", r.ID)
		case domestic && !(r.From.IsZero() && r.To.IsZero()):
			s.bad(n, "rule %s: leave out from and to: capacity says when domestic law matters", r.ID)
		}
	}
}

// checkReferences sees that whatever names an option names one that is there.
func (s *source) checkReferences(n ast.Node, d *Document) {
	want := func(what, id string) {
		if id != "" && d.option(id) == nil {
			s.bad(n, "%s: there is no option %q: mend one of the two", what, clip(id))
		}
	}
	for i := range d.Rights {
		if x := d.Rights[i].Notifies; x != nil {
			want("right "+d.Rights[i].ID, x.Option)
		}
	}
	for i := range d.Rules {
		want("rule "+d.Rules[i].ID, d.Rules[i].Option)
	}
	for i := range d.Positions {
		want("positions", d.Positions[i].Option)
	}
}
