package agreement

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

// A Teller is who tells the user that data was asked for.
type Teller string

// The tellers.
const (
	TellIssuing   Teller = "issuing"
	TellAddressee Teller = "addressee"
)

// A UserNotice says who tells the user, and in what words.
type UserNotice struct {
	Responsible Teller
	Article     string
	Text        string
	// Letter is the text for the user, with names in braces (LetterNames) for what
	// a case fills in; "" where the document leaves it open.
	Letter string
	Mark
}

// LetterNames are what may stand in braces in a letter.
func LetterNames() []string {
	return []string{"authority", "reference", "issuer", "addressee", "instrument", "case", "issued", "answered",
		"secrecy_from", "secrecy_until", "today"}
}

// A SecrecyTerm says that an order of secrecy under the document must have an end.
type SecrecyTerm struct {
	// Types and Categories say for which requests; none stands for all.
	Types      []protocol.RequestType
	Categories []protocol.Category
	Article    string
	Text       string
	Mark
}

// Concerns reports whether it is for a request of a type, for categories of data.
func (x *SecrecyTerm) Concerns(t protocol.RequestType, cs []protocol.Category) bool {
	if len(x.Types) > 0 && !slices.Contains(x.Types, t) {
		return false
	}
	return len(x.Categories) == 0 || slices.ContainsFunc(cs, func(c protocol.Category) bool {
		return slices.Contains(x.Categories, c)
	})
}

// A Keeping says how long data is kept.
type Keeping struct {
	// OnReceipt says that the addressee keeps what is asked for from the receipt of
	// the order on, whatever its type, without being asked to.
	OnReceipt bool
	// Extensions is how often a preservation may be extended, 0 for as often as the
	// issuing side wants.
	Extensions int
	Article    string
	Text       string
	Mark
}

// MaxExtensions bounds how often a document lets a preservation be extended.
const MaxExtensions = 9

// A StateNotice says that a third State is to be told, or left out for a ground.
type StateNotice struct {
	// Rule is the attested rule that says when, and with which statements.
	Rule string
	// Sent are those of its statements that say that the State was told; the others
	// record an exception.
	Sent    []string
	Article string
	Mark
}

// beside reads what runs beside the requests of the document.
func (s *source) beside(d *Document) []member {
	return []member{
		may("notice", func(n ast.Node) { d.Notice = s.userNotice(n) }),
		may("secrecy", func(n ast.Node) { d.Secrecy = s.secrecyTerm(n) }),
		may("keeping", func(n ast.Node) { d.Keeping = s.keeping(n) }),
		may("state_notice", func(n ast.Node) { d.StateNotice = s.stateNotice(n) }),
		may("consultation", func(n ast.Node) { d.Consult = s.consultFirst(n) }),
	}
}

func (s *source) userNotice(n ast.Node) *UserNotice {
	x := new(UserNotice)
	s.mapping(n, "notice", append(s.mark(&x.Mark, "notice"),
		need("responsible", choose(s, &x.Responsible, "notice.responsible", []Teller{TellIssuing, TellAddressee})),
		need("article", s.into(&x.Article, "notice.article")),
		need("text", s.into(&x.Text, "notice.text")),
		may("letter", s.into(&x.Letter, "notice.letter")),
	)...)
	s.checkMark(n, x.Mark, "notice")
	s.checkLetter(n, x.Letter)
	return x
}

// checkLetter refuses a name that no case fills in: it would go out to a user.
func (s *source) checkLetter(n ast.Node, letter string) {
	for rest := letter; ; {
		_, after, open := strings.Cut(rest, "{")
		if !open {
			return
		}
		name, beyond, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(LetterNames(), name) {
			s.bad(n, "notice.letter: {%s}: want one of %s in the braces", clip(name), strings.Join(LetterNames(), ", "))
			return
		}
		rest = beyond
	}
}

func (s *source) secrecyTerm(n ast.Node) *SecrecyTerm {
	x := new(SecrecyTerm)
	s.mapping(n, "secrecy", append(s.mark(&x.Mark, "secrecy"),
		need("end", s.word("required", "secrecy.end")),
		may("types", chooseMany(s, &x.Types, "secrecy.types", protocol.RequestTypes())),
		may("categories", chooseMany(s, &x.Categories, "secrecy.categories", protocol.Categories())),
		need("article", s.into(&x.Article, "secrecy.article")),
		need("text", s.into(&x.Text, "secrecy.text")),
	)...)
	s.checkMark(n, x.Mark, "secrecy")
	return x
}

func (s *source) keeping(n ast.Node) *Keeping {
	x := new(Keeping)
	s.mapping(n, "keeping", append(s.mark(&x.Mark, "keeping"),
		may("from", func(n ast.Node) { x.OnReceipt = true; s.word("receipt", "keeping.from")(n) }),
		may("extensions", func(n ast.Node) {
			text := s.text(n, "keeping.extensions")
			var err error
			if x.Extensions, err = strconv.Atoi(text); text != "" && (err != nil || x.Extensions < 1 || x.Extensions > MaxExtensions) {
				s.bad(n, "keeping.extensions: %q: want 1 to %d, in quotes", clip(text), MaxExtensions)
			}
		}),
		need("article", s.into(&x.Article, "keeping.article")),
		need("text", s.into(&x.Text, "keeping.text")),
	)...)
	s.checkMark(n, x.Mark, "keeping")
	if !x.OnReceipt && x.Extensions == 0 {
		s.bad(n, "keeping: want from or extensions, or leave it out")
	}
	return x
}

func (s *source) stateNotice(n ast.Node) *StateNotice {
	x := new(StateNotice)
	s.mapping(n, "state_notice", append(s.mark(&x.Mark, "state_notice"),
		need("rule", s.id(&x.Rule, "state_notice.rule")),
		need("sent", func(n ast.Node) {
			s.each(n, "state_notice.sent", func(item ast.Node, what string) {
				var code string
				s.code(&code, what)(item)
				x.Sent = append(x.Sent, code)
			})
		}),
		need("article", s.into(&x.Article, "state_notice.article")),
	)...)
	s.checkMark(n, x.Mark, "state_notice")
	return x
}

// word reads the one word that a member may have.
func (s *source) word(want, what string) func(ast.Node) {
	return func(n ast.Node) {
		if got := s.text(n, what); got != "" && got != want {
			s.bad(n, "%s: want %s, or leave the member around it out", what, want)
		}
	}
}

// checkBeside sees that the notice to a third State rests on a rule that is
// there, and on statements of that rule.
func (s *source) checkBeside(n ast.Node, d *Document) {
	x := d.StateNotice
	if x == nil {
		return
	}
	r := d.rule(x.Rule)
	if r == nil || r.Kind != Attested || r.Reason != protocol.ReasonThirdNotice {
		s.bad(n, "state_notice.rule: %q: want an attested rule whose reason is %s", clip(x.Rule), protocol.ReasonThirdNotice)
		return
	}
	for _, code := range x.Sent {
		if !slices.ContainsFunc(r.Statements, func(st Statement) bool { return st.Code == code }) {
			s.bad(n, "state_notice.sent: %q is no statement of rule %s", clip(code), r.ID)
		}
	}
}

func (d *Document) rule(id string) *Rule {
	for i := range d.Rules {
		if d.Rules[i].ID == id {
			return &d.Rules[i]
		}
	}
	return nil
}

// StateStatements returns the attested statements that say that a third State was
// told, and those that record why it was not.
func (d *Document) StateStatements() (sent, exceptions []string) {
	if d.StateNotice == nil {
		return nil, nil
	}
	for _, st := range d.rule(d.StateNotice.Rule).Statements {
		if !slices.Contains(d.StateNotice.Sent, st.Code) {
			exceptions = append(exceptions, st.Code)
		}
	}
	return d.StateNotice.Sent, exceptions
}

// Text returns the document that an act names, nil if the book lacks it.
func (b *Book) Text(ref protocol.AgreementRef) *Document {
	for _, e := range b.named(ref) {
		return e.doc
	}
	return nil
}

// Laws returns the own law of a Party that stands at a time.
func (b *Book) Laws(p protocol.Party, at time.Time) []*Document {
	var out []*Document
	for _, e := range b.lawOf(p, at) {
		out = append(out, e.doc)
	}
	return out
}
