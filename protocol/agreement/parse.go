package agreement

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// idForm is what an id of a document, a right, a rule or a notice looks like:
// one word in an act, a command and an address.
var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+){0,15}$`)

// codeForm is what the code of a statement looks like.
var codeForm = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+){0,15}$`)

// MaxID bounds an id or a code, in bytes.
const MaxID = 64

func wellFormedID(s string) bool { return len(s) <= MaxID && idForm.MatchString(s) }

// ParseDocument reads a document. file is what errors call it: each names the
// file, the line and what to mend.
func ParseDocument(file string, b []byte) (*Document, error) {
	s := &source{file: file, keys: map[string]ast.Node{}}
	root := s.parse(b)
	if root == nil {
		return nil, s.err()
	}
	d := &Document{bytes: slices.Clone(b), digest: protocol.DigestOf(b)}
	s.document(root, d)
	if err := s.err(); err != nil {
		return nil, err
	}
	return d, nil
}

func (s *source) document(n ast.Node, d *Document) {
	s.mapping(n, "document",
		need("id", s.id(&d.ID, "id")),
		need("version", s.version(d)),
		need("title", s.into(&d.Title, "title")),
		need("citation", s.into(&d.Citation, "citation")),
		need("kind", choose(s, &d.Kind, "kind", kinds())),
		need("status", choose(s, &d.Status, "status", statuses())),
		may("signed", s.date(&d.Signed, "signed")),
		may("in_force", s.date(&d.InForce, "in_force")),
		may("expires", s.date(&d.Expires, "expires")),
		may("ended", s.date(&d.Ended, "ended")),
		need("parties", s.parties(&d.Parties, "parties")),
		need("provenance", s.into(&d.Provenance, "provenance")),
		need("rights", func(n ast.Node) { s.each(n, "rights", s.right(d)) }),
		may("rules", func(n ast.Node) { s.each(n, "rules", s.rule(d)) }),
		may("use_limits", s.clauses(&d.UseLimits, "use_limits")),
		may("clocks", func(n ast.Node) { s.each(n, "clocks", s.clock(d)) }),
		may("objection", func(n ast.Node) { s.each(n, "objection", s.objection(d)) }),
		may("notes", s.clauses(&d.Notes, "notes")),
	)
	if len(s.problems) == 0 {
		s.checkDates(n, d)
		s.checkParties(n, d)
	}
}

func (s *source) id(dst *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		*dst = s.text(n, what)
		if *dst != "" && !wellFormedID(*dst) {
			s.bad(n, "%s: %q: want small letters, digits and single hyphens, at most %d bytes",
				what, clip(*dst), MaxID)
		}
	}
}

func (s *source) version(d *Document) func(ast.Node) {
	return func(n ast.Node) {
		d.Version = s.text(n, "version")
		if d.Version == "" {
			return
		}
		var ok bool
		if d.rank, ok = parseVersion(d.Version); !ok {
			s.bad(n, "version: %q: want numbers with points between them, such as \"1\" or \"2.1\"",
				clip(d.Version))
		}
	}
}

func (s *source) date(dst *Date, what string) func(ast.Node) {
	return func(n ast.Node) {
		text := s.text(n, what)
		if text == "" {
			return
		}
		var err error
		if *dst, err = ParseDate(text); err != nil {
			s.bad(n, "%s: %q: want a day such as 2022-10-03", what, clip(text))
		}
	}
}

func (s *source) party(n ast.Node, what string) protocol.Party {
	text := s.text(n, what)
	p, err := protocol.ParseParty(text)
	if text != "" && err != nil {
		s.bad(n, "%s: %q: want a Party: two capital letters, such as GB", what, clip(text))
	}
	return p
}

func (s *source) parties(dst *[]protocol.Party, what string) func(ast.Node) {
	return func(n ast.Node) {
		s.each(n, what, func(item ast.Node, what string) {
			p := s.party(item, what)
			if slices.Contains(*dst, p) {
				s.bad(item, "%s: %s stands twice", what, p)
			}
			*dst = append(*dst, p)
		})
	}
}

// partySet reads a Party, a list of Parties, or "any party".
func (s *source) partySet(dst *PartySet, what string) func(ast.Node) {
	return func(n ast.Node) {
		if _, ok := n.(*ast.SequenceNode); ok {
			s.parties(&dst.list, what)(n)
			return
		}
		if text, ok := n.(*ast.StringNode); ok && strings.TrimSpace(text.Value) == anyParty {
			dst.any = true
			return
		}
		dst.list = append(dst.list, s.party(n, what))
	}
}

func (s *source) mark(m *Mark, what string) []member {
	return []member{
		need("provenance", choose(s, &m.Provenance, what+".provenance", provenances())),
		may("source", s.into(&m.Source, what+".source")),
	}
}

// checkMark refuses a claim that no source stands behind.
func (s *source) checkMark(n ast.Node, m Mark, what string) {
	if m.Provenance != Unverified && m.Provenance != "" && m.Source == "" {
		s.bad(n, "%s.source: missing: what is not unverified names the text it was read in", what)
	}
}

func (s *source) right(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var r Right
		s.mapping(n, what, append(s.mark(&r.Mark, what),
			need("id", s.id(&r.ID, what+".id")),
			need("from", s.partySet(&r.From, what+".from")),
			need("to", s.partySet(&r.To, what+".to")),
			need("types", chooseMany(s, &r.Types, what+".types", protocol.RequestTypes())),
			need("categories", chooseMany(s, &r.Categories, what+".categories", protocol.Categories())),
			need("channel", choose(s, &r.Channel, what+".channel", channels())),
			need("article", s.into(&r.Article, what+".article")),
			need("reciprocity", choose(s, &r.Reciprocity, what+".reciprocity", reciprocities())),
			may("one_sided_article", s.into(&r.OneSidedArticle, what+".one_sided_article")),
			may("transmitted_by", s.transmission(&r, what+".transmitted_by")),
		)...)
		s.checkMark(n, r.Mark, what)
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
		)...)
		s.checkMark(n, c.Mark, what)
		if (c.Starts == "") != (c.Length == "") || (c.Length == "") == c.Date.IsZero() {
			s.bad(n, "%s: want a date, or both starts and length", what)
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
