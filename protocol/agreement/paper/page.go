// Package paper shows agreements to people: a document as text and as a page,
// what changed between two versions of it, and who may ask whom for what.
//
// It decides nothing. It is trusted with this: what it shows is what the
// document says, whole and with its marks, and what it says of a direction or
// a day is computed as a decision computes it.
package paper

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// defaultWidth is the width of a rendering, in characters.
const defaultWidth = 80

// Options say how a document is rendered.
type Options struct {
	Width int // characters of a line of text; 0: 80
	// Signed are the Parties whose signatures were verified.
	Signed []protocol.Party

	// Direction narrows the document to what matters in one direction; nil: all
	// of it.
	Direction *Direction
	// Book has the notices that Parties gave under the document; nil: none are
	// known.
	Book *agreement.Book
	// Only narrows it further, to one part.
	Only Part
	// At is the time for which it is said what stands. A Direction and a Book
	// need it.
	At time.Time
}

// A Direction is from an issuing to a receiving Party.
type Direction struct{ From, To protocol.Party }

// ParseDirection reads a direction written as GB:US.
func ParseDirection(s string) (Direction, error) {
	from, to, ok := strings.Cut(s, ":")
	f, errFrom := protocol.ParseParty(from)
	t, errTo := protocol.ParseParty(to)
	if !ok || errFrom != nil || errTo != nil || f == t {
		return Direction{}, fmt.Errorf("direction %q: want two Parties, such as GB:US", s)
	}
	return Direction{f, t}, nil
}

func (d Direction) String() string { return string(d.From) + " to " + string(d.To) }

// A page is a document as people see it, before it has a form.
type page struct {
	title, citation string
	head            []field
	parties         []party
	warnings        []string // what must be known before relying on it
	sections        []section
}

// A field is a name and what stands under it.
type field struct {
	Name, Value string
	Code        bool // an expression
}

// A party is a Party as the head shows it.
type party struct {
	Code                            protocol.Party
	Signed, Ratified, InForce, Left string // days, "" where nothing is said
}

// A section is one part of a page. Its items are grouped by article, or stand
// in one group that has no article.
type section struct {
	Title  string
	Groups []group
	// LeftOut says what of the document is not shown, "" if all of it is.
	LeftOut string
}

// A group has the items of one article.
type group struct {
	Article string
	Items   []item
}

// An item is one statement of the document.
type item struct {
	kind   string // what it is, in one word
	id     string // "" if it has none
	Text   string // the plain sentence
	Fields []field
	Parts  []item
	// Article and Mark say where it stands and what that rests on.
	Article string
	Mark    agreement.Mark
}

// key names the item among all of its page.
func (i *item) key() string { return i.kind + "-" + i.id }

// A maker makes the page of one document.
type maker struct {
	doc  *agreement.Document
	opts Options
	dir  *Direction
	book *agreement.Book // nil where nothing is said of a day
}

// newPage refuses a direction that the document has nothing to do with.
func newPage(d *agreement.Document, opts Options) (*page, error) {
	m := &maker{doc: d, opts: opts, dir: opts.Direction}
	if m.dir != nil || opts.Book != nil {
		if opts.At.IsZero() {
			return nil, errors.New("paper: what stands is said for a time, and none was given")
		}
		if err := m.consult(); err != nil {
			return nil, err
		}
	}
	if m.dir != nil && d.Kind != agreement.KindDomestic && !d.Governs(m.dir.From, m.dir.To) {
		return nil, fmt.Errorf("paper: %s does not join %s and %s", d.ID, m.dir.From, m.dir.To)
	}
	p := &page{title: d.Title, citation: d.Citation, parties: m.parties()}
	p.head, p.warnings = m.head(), m.warnings()
	for _, s := range []section{m.notices(), m.rights(), m.rules(), m.options(), m.lists(), m.barred(), m.terms(),
		m.clauses("Limits on use", "limit", d.UseLimits), m.clocks(), m.deletions(), m.objection(), m.beside(),
		m.clauses("Notes", "note", d.Notes)} {
		if len(s.Groups) > 0 || s.LeftOut != "" {
			p.sections = append(p.sections, s)
		}
	}
	if err := p.narrow(opts.Only); err != nil {
		return nil, fmt.Errorf("paper: %s: %w", d.ID, err)
	}
	return p, nil
}

// consult finds the Book that says what stands: that of the options where it
// holds this text, else one of this text alone.
func (m *maker) consult() error {
	if m.opts.Book != nil {
		for _, d := range m.opts.Book.Documents() {
			if d.Digest() == m.doc.Digest() {
				m.book = m.opts.Book
				return nil
			}
		}
	}
	alone, err := agreement.NewBook([]*agreement.Document{m.doc}, nil)
	m.book = alone
	return err
}

func (m *maker) head() []field {
	d := m.doc
	out := []field{
		{Name: "id", Value: d.ID + ", version " + d.Version},
		{Name: "digest", Value: d.Digest().String()},
		{Name: "kind", Value: spaced(d.Kind)},
		{Name: "status", Value: standing(d)},
	}
	if len(m.opts.Signed) > 0 {
		out = append(out, field{Name: "signed by", Value: join(m.opts.Signed)})
	}
	if m.dir != nil {
		out = append(out, field{Name: "direction", Value: fmt.Sprintf("%s, as it stands on %s: %s",
			m.dir, m.opts.At.UTC().Format(time.DateOnly), m.between())})
	}
	return out
}

// between says whether the document is in force in the direction.
func (m *maker) between() string {
	d, at := m.doc, m.opts.At
	if d.Kind == agreement.KindDomestic {
		if d.Stands(at) {
			return "in force"
		}
		return "not in force"
	}
	if d.StandsFor(at, m.dir.From, m.dir.To) {
		return "in force between the two"
	}
	for _, p := range []protocol.Party{m.dir.From, m.dir.To} {
		if d.Stands(at) && !d.StandsFor(at, p) {
			return fmt.Sprintf("not in force between the two: for %s it is not", p)
		}
	}
	return "not in force"
}

// standing says where the document stands, in words.
func standing(d *agreement.Document) string {
	out := spaced(d.Status)
	for _, day := range []struct {
		word string
		date agreement.Date
	}{{"signed", d.Signed}, {"in force from", d.InForce}, {"expires", d.Expires},
		{"ended", d.Ended}} {
		if !day.date.IsZero() {
			out += ", " + day.word + " " + day.date.String()
		}
	}
	return out
}

func (m *maker) parties() []party {
	var out []party
	for _, x := range m.doc.Members {
		if m.dir == nil || m.doc.Kind == agreement.KindDomestic || x.Party == m.dir.From || x.Party == m.dir.To {
			out = append(out, party{x.Party, x.Signed.String(), x.Ratified.String(), x.InForce.String(),
				x.Left.String()})
		}
	}
	return out
}

func (m *maker) warnings() []string {
	var out []string
	if m.doc.Kind == agreement.KindDomestic {
		grants := "It grants nothing"
		if len(m.doc.Rights) > 0 {
			grants = "It grants nothing to another Party, and within its own what executes a request of another"
		}
		out = append(out, "This is a Party's own law. "+grants+": its rules stand beside those of the agreement that "+
			"governs a request.")
	}
	if p := m.proof(); !p.Whole() {
		out = append(out, fmt.Sprintf("WARNING: %s.", p))
	}
	return append(out, m.doc.Provenance)
}

// proof is that of the rules, in a direction as far as it goes there.
func (m *maker) proof() agreement.Proof {
	out := m.doc.Proof()
	if m.dir == nil {
		return out
	}
	for i := range m.doc.Rules {
		switch r := &m.doc.Rules[i]; {
		case r.Provenance != agreement.Verified || r.ProvenFor.IsZero():
		case r.ProvenFor.Has(m.dir.From):
			out.Partly, out.Verified = out.Partly-1, out.Verified+1
		default:
			out.Partly, out.Unverified = out.Partly-1, out.Unverified+1
		}
	}
	return out
}

// spaced writes a code as words.
func spaced[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }

func join[T ~string](items []T) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return strings.Join(words, ", ")
}

// sentence makes one of words that have no capital and no point.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
