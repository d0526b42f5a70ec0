package agreement

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"comity.example/protocol"
)

// defaultWidth is the width of a rendering, in characters.
const defaultWidth = 80

// TextOptions say how a document is rendered for people.
type TextOptions struct {
	Width int // characters of a line; 0: 80
	// Signed are the Parties whose signatures were verified.
	Signed []protocol.Party
}

// Text writes the document for a person to read: what it is and how far it can
// be relied on first, then rights, then the rules in the order of the document,
// each with its plain sentence first.
func (d *Document) Text(w io.Writer, opts TextOptions) error {
	if opts.Width <= 0 {
		opts.Width = defaultWidth
	}
	out := bufio.NewWriter(w)
	t := &textWriter{w: out, width: opts.Width}
	t.head(d, opts)
	t.section("Rights", len(d.Rights))
	for i := range d.Rights {
		t.right(&d.Rights[i])
	}
	t.section("Rules", len(d.Rules))
	for i := range d.Rules {
		t.rule(&d.Rules[i])
	}
	t.section("Limits on use", len(d.UseLimits))
	t.clauses(d.UseLimits)
	t.section("Clocks", len(d.Clocks))
	for i := range d.Clocks {
		t.clock(&d.Clocks[i])
	}
	t.section("Objection", len(d.Objection))
	for i := range d.Objection {
		t.objection(&d.Objection[i])
	}
	t.section("Notes", len(d.Notes))
	t.clauses(d.Notes)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("agreement: write text: %w", err)
	}
	return nil
}

// Unproven returns how many of the document's rules are not verified for at
// least one issuing Party, and how many rules there are.
func (d *Document) Unproven() (unproven, all int) {
	for i := range d.Rules {
		if r := &d.Rules[i]; r.Provenance != Verified || !r.ProvenFor.IsZero() {
			unproven++
		}
	}
	return unproven, len(d.Rules)
}

// A textWriter wraps lines. Errors stay in the bufio.Writer until Flush.
type textWriter struct {
	w     *bufio.Writer
	width int
}

func (t *textWriter) head(d *Document, opts TextOptions) {
	t.line(0, d.Title)
	t.line(0, d.Citation)
	fmt.Fprintln(t.w)
	t.field("id", d.ID+", version "+d.Version)
	t.field("digest", d.digest.String())
	t.field("status", d.standing())
	t.field("Parties", d.partyList())
	if len(opts.Signed) > 0 {
		t.field("signed by", PartySet{list: opts.Signed}.String())
	}
	fmt.Fprintln(t.w)
	if unproven, all := d.Unproven(); unproven > 0 {
		t.line(0, fmt.Sprintf("WARNING: %d of %d rules are not verified for every direction.",
			unproven, all))
	}
	t.line(0, d.Provenance)
}

// partyList names the Parties, with what is particular to one.
func (d *Document) partyList() string {
	if d.EveryParty {
		return "any State"
	}
	parties := make([]string, len(d.Members))
	for i := range d.Members {
		m := &d.Members[i]
		parties[i] = string(m.Party)
		switch {
		case m.plain():
		case m.InForce.IsZero() && m.Ratified.IsZero():
			parties[i] += " (signed only)"
		case m.InForce.IsZero():
			parties[i] += " (ratified " + m.Ratified.String() + ", not in force)"
		case !m.Left.IsZero():
			parties[i] += " (until " + m.Left.String() + ")"
		default:
			parties[i] += " (from " + m.InForce.String() + ")"
		}
	}
	return strings.Join(parties, ", ")
}

// standing says where the document stands, in words.
func (d *Document) standing() string {
	out := strings.ReplaceAll(string(d.Status), "_", " ")
	for _, day := range []struct {
		word string
		date Date
	}{{"signed", d.Signed}, {"in force from", d.InForce}, {"expires", d.Expires},
		{"ended", d.Ended}} {
		if !day.date.IsZero() {
			out += ", " + day.word + " " + day.date.String()
		}
	}
	return out
}

func (t *textWriter) section(title string, items int) {
	if items > 0 {
		fmt.Fprintf(t.w, "\n%s\n", title)
	}
}

func (t *textWriter) right(r *Right) {
	fmt.Fprintln(t.w)
	from, to, whom := r.From.String(), r.To.String(), "a provider"
	if r.From.any {
		from = "Any Party"
	}
	if r.To.any {
		to = "any other Party"
	}
	if r.Channel == Central {
		whom = "the central authority"
	}
	t.line(1, fmt.Sprintf("%s may ask %s of %s.", from, whom, to))
	t.line(2, "For: "+join(r.Types))
	t.line(2, "Data: "+join(r.Categories))
	switch r.Reciprocity {
	case OneSided:
		t.line(2, "One-sided: "+r.OneSidedArticle)
	case Promise:
		t.line(2, "Only with a written promise of reciprocity.")
	default:
		t.line(2, "Only while the same right stands in the other direction.")
	}
	if x := r.Transmitted; x != nil {
		t.line(2, x.Text)
		t.source(x.Article, x.Mark, "")
	}
	t.source(r.Article, r.Mark, r.ID)
}

func (t *textWriter) rule(r *Rule) {
	fmt.Fprintln(t.w)
	t.line(1, r.Text)
	switch {
	case !r.From.IsZero() && !r.To.IsZero():
		t.line(2, fmt.Sprintf("Direction: %s to %s", r.From, r.To))
	case !r.From.IsZero():
		t.line(2, "Direction: from "+r.From.String())
	case !r.To.IsZero():
		t.line(2, "Direction: to "+r.To.String())
	}
	t.optional("When", r.When)
	t.optional("Require", r.Require)
	for _, s := range r.Statements {
		t.line(2, "Statement "+s.Code+": "+s.Text)
	}
	if r.Otherwise == OtherwiseHold {
		t.line(2, fmt.Sprintf("Otherwise: hold (%s), for the %s side's %s authority",
			r.Reason, r.Side, r.Role))
	} else {
		t.line(2, fmt.Sprintf("Otherwise: deny (%s)", r.Reason))
	}
	t.source(r.Article, r.Mark, r.ID)
	if !r.ProvenFor.IsZero() {
		t.line(2, "Verified for orders of "+r.ProvenFor.String()+" only.")
	}
}

func (t *textWriter) clauses(list []Clause) {
	for i := range list {
		fmt.Fprintln(t.w)
		t.line(1, list[i].Text)
		t.source(list[i].Article, list[i].Mark, list[i].ID)
	}
}

func (t *textWriter) clock(c *Clock) {
	fmt.Fprintln(t.w)
	t.line(1, c.Text)
	if c.Date.IsZero() {
		t.line(2, fmt.Sprintf("Runs %s from %s.", c.Length, c.Starts))
	} else {
		t.line(2, "Day: "+c.Date.String())
	}
	t.source(c.Article, c.Mark, c.ID)
}

func (t *textWriter) objection(o *ObjectionStep) {
	fmt.Fprintln(t.w)
	t.line(1, o.Text)
	t.line(2, "Time: "+o.Time)
	t.source(o.Article, o.Mark, "")
}

func (t *textWriter) source(article string, m Mark, id string) {
	text := fmt.Sprintf("%s [%s]", article, m.Provenance)
	if id != "" {
		text += " " + id
	}
	t.line(2, text)
	t.optional("Source", m.Source)
}

func (t *textWriter) optional(name, value string) {
	if value != "" {
		t.line(2, name+": "+value)
	}
}

// field writes a name and a value that hangs beside it.
func (t *textWriter) field(name, value string) {
	t.wrap(fmt.Sprintf("%-11s", name), strings.Repeat(" ", 11), value)
}

// line writes a text, wrapped, at a level of indentation.
func (t *textWriter) line(level int, text string) {
	indent := strings.Repeat("  ", level)
	t.wrap(indent, indent, text)
}

func (t *textWriter) wrap(first, rest, text string) {
	used := utf8.RuneCountInString(first)
	t.w.WriteString(first)
	start := true
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if !start && used+1+n > t.width {
			t.w.WriteString("\n" + rest)
			used, start = utf8.RuneCountInString(rest), true
		}
		if !start {
			t.w.WriteByte(' ')
			used++
		}
		t.w.WriteString(word)
		used += n
		start = false
	}
	t.w.WriteByte('\n')
}

func join[T ~string](items []T) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return strings.Join(words, ", ")
}
