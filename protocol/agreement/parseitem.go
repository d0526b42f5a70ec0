package agreement

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

func (s *source) right(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var r Right
		var within protocol.Party
		s.mapping(n, what, append(s.mark(&r.Mark, what),
			need("id", s.id(&r.ID, what+".id")),
			may("from", s.partySet(&r.From, what+".from")),
			may("to", s.partySet(&r.To, what+".to")),
			may("within", func(n ast.Node) { within = s.party(n, what+".within") }),
			need("types", chooseMany(s, &r.Types, what+".types", protocol.RequestTypes())),
			need("categories", chooseMany(s, &r.Categories, what+".categories", protocol.Categories())),
			need("channel", choose(s, &r.Channel, what+".channel", channels())),
			need("article", s.into(&r.Article, what+".article")),
			need("reciprocity", choose(s, &r.Reciprocity, what+".reciprocity", reciprocities())),
			may("one_sided_article", s.into(&r.OneSidedArticle, what+".one_sided_article")),
			may("transmitted_by", s.transmission(&r, what+".transmitted_by")),
			may("notifies", s.notification(&r, what+".notifies")),
			may("emergency", s.emergencyOnly(&r, what+".emergency")),
		)...)
		s.checkMark(n, r.Mark, what)
		s.direction(n, &r, within, what)
		if (r.Reciprocity == OneSided) != (r.OneSidedArticle != "") {
			s.bad(n, "%s: want one_sided_article, the article that says so, exactly when reciprocity "+
				"is one-sided", what)
		}
		if slices.ContainsFunc(d.Rights, func(x Right) bool { return x.ID == r.ID }) {
			s.bad(n, "%s.id: two rights are %q: want another id", what, r.ID)
		}
		d.Rights = append(d.Rights, r)
	}
}

// direction sees that a right says from whom it is to whom, or within whom.
func (s *source) direction(n ast.Node, r *Right, within protocol.Party, what string) {
	switch {
	case within == "":
		if r.From.IsZero() {
			s.bad(n, "%s.from: missing", what)
		}
		if r.To.IsZero() {
			s.bad(n, "%s.to: missing", what)
		}
	case !r.From.IsZero() || !r.To.IsZero():
		s.bad(n, "%s.within: leave out from and to: the right is within that Party", what)
	default:
		r.Within = true
		r.From.list, r.To.list = []protocol.Party{within}, []protocol.Party{within}
	}
}

func (s *source) transmission(r *Right, what string) func(ast.Node) {
	return func(n ast.Node) {
		t := new(Transmission)
		s.mapping(n, what, append(s.mark(&t.Mark, what),
			need("role", choose(s, &t.Role, what+".role", protocol.Roles())),
			need("article", s.into(&t.Article, what+".article")),
			need("text", s.into(&t.Text, what+".text")),
		)...)
		s.checkMark(n, t.Mark, what)
		r.Transmitted = t
	}
}

func (s *source) notification(r *Right, what string) func(ast.Node) {
	return func(n ast.Node) {
		x := new(Notification)
		var when ast.Node
		s.mapping(n, what, append(s.mark(&x.Mark, what),
			need("role", choose(s, &x.Role, what+".role", protocol.Roles())),
			may("when", func(n ast.Node) { when, x.When = n, s.text(n, what+".when") }),
			may("option", s.id(&x.Option, what+".option")),
			need("article", s.into(&x.Article, what+".article")),
			need("text", s.into(&x.Text, what+".text")),
		)...)
		x.when = s.expression(when, x.When, what+".when")
		x.inputs = looksAt([]string{"notified.roles"}, x.when)
		s.checkMark(n, x.Mark, what)
		r.Notifies = x
	}
}

// emergencyOnly reads the one word that the member may have.
func (s *source) emergencyOnly(r *Right, what string) func(ast.Node) {
	return func(n ast.Node) {
		if s.text(n, what) != "only" {
			s.bad(n, "%s: want only, or leave it out", what)
		}
		r.EmergencyOnly = true
	}
}

func (s *source) clauses(dst *[]Clause, what string) func(ast.Node) {
	return func(n ast.Node) {
		s.each(n, what, func(item ast.Node, what string) {
			var c Clause
			s.mapping(item, what, append(s.mark(&c.Mark, what),
				need("id", s.id(&c.ID, what+".id")),
				need("article", s.into(&c.Article, what+".article")),
				need("text", s.into(&c.Text, what+".text")),
			)...)
			s.checkMark(item, c.Mark, what)
			if slices.ContainsFunc(*dst, func(x Clause) bool { return x.ID == c.ID }) {
				s.bad(item, "%s.id: two clauses are %q: want another id", what, c.ID)
			}
			*dst = append(*dst, c)
		})
	}
}

func (s *source) clock(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var c Clock
		s.mapping(n, what, append(s.mark(&c.Mark, what),
			need("id", s.id(&c.ID, what+".id")),
			need("article", s.into(&c.Article, what+".article")),
			need("text", s.into(&c.Text, what+".text")),
			may("date", s.date(&c.Date, what+".date")),
			may("starts", s.into(&c.Starts, what+".starts")),
			may("length", s.into(&c.Length, what+".length")),
			may("run", s.run(&c, what+".run")),
		)...)
		s.checkMark(n, c.Mark, what)
		if (c.Starts == "") != (c.Length == "") || (c.Length == "") == c.Date.IsZero() {
			s.bad(n, "%s: want a date, or both starts and length", what)
		}
		if c.Run != nil && c.Length == "" {
			s.bad(n, "%s.run: a clock that is a date is not counted: leave it out", what)
		}
		s.checkFindingID(n, d, c.ID, what)
		d.Clocks = append(d.Clocks, c)
	}
}

func (s *source) objection(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var o ObjectionStep
		s.mapping(n, what, append(s.mark(&o.Mark, what),
			need("by", choose(s, &o.By, what+".by", protocol.Roles())),
			need("to", choose(s, &o.To, what+".to", protocol.Roles())),
			need("to_side", choose(s, &o.ToSide, what+".to_side", sides())),
			need("article", s.into(&o.Article, what+".article")),
			need("time", s.into(&o.Time, what+".time")),
			need("text", s.into(&o.Text, what+".text")),
		)...)
		s.checkMark(n, o.Mark, what)
		d.Objection = append(d.Objection, o)
	}
}

func sides() []protocol.Side {
	return []protocol.Side{protocol.SideIssuing, protocol.SideReceiving}
}
