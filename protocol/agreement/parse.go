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
	s.mapping(n, "document", append([]member{
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
		need("parties", s.members(d)),
		need("provenance", s.into(&d.Provenance, "provenance")),
		may("terms", func(n ast.Node) { s.each(n, "terms", s.term(d)) }),
		may("options", func(n ast.Node) { s.each(n, "options", s.option(d)) }),
		may("positions", func(n ast.Node) { s.each(n, "positions", s.position(d)) }),
		may("offence_lists", func(n ast.Node) { s.each(n, "offence_lists", s.offenceList(d)) }),
		may("rights", func(n ast.Node) { s.each(n, "rights", s.right(d)) }),
		may("rules", func(n ast.Node) { s.each(n, "rules", s.rule(d)) }),
		may("barred_grounds", func(n ast.Node) { s.each(n, "barred_grounds", s.barred(d)) }),
		may("use_limits", s.clauses(&d.UseLimits, "use_limits")),
		may("clocks", func(n ast.Node) { s.each(n, "clocks", s.clock(d)) }),
		may("deletions", func(n ast.Node) { s.each(n, "deletions", s.deletion(d)) }),
		may("objection", func(n ast.Node) { s.each(n, "objection", s.objection(d)) }),
		may("notes", s.clauses(&d.Notes, "notes")),
	}, s.beside(d)...)...)
	if len(s.problems) == 0 {
		s.checkDates(n, d)
		s.checkMembers(n, d)
		s.checkDomestic(n, d)
		s.checkReferences(n, d)
		s.checkBeside(n, d)
		s.checkRuns(n, d)
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
