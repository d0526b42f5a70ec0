package paper

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"comity.example/protocol/agreement"
)

// Text writes the document for a person to read: what it is and how far it can
// be relied on first, then rights, then the rules by article in the order of
// the document, each with its plain sentence first, then the rest.
func Text(w io.Writer, d *agreement.Document, opts Options) error {
	p, err := newPage(d, opts)
	if err != nil {
		return err
	}
	if opts.Width <= 0 {
		opts.Width = defaultWidth
	}
	out := bufio.NewWriter(w)
	t := &textWriter{w: out, width: opts.Width}
	t.head(p, d.EveryParty)
	t.contents(p)
	for i := range p.sections {
		t.section(&p.sections[i])
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("paper: write text: %w", err)
	}
	return nil
}

// A textWriter wraps lines. Errors stay in the bufio.Writer until Flush.
type textWriter struct {
	w     *bufio.Writer
	width int
}

func (t *textWriter) head(p *page, everyParty bool) {
	t.line(0, p.title)
	t.line(0, p.citation)
	fmt.Fprintln(t.w)
	for _, f := range p.head {
		t.field(f.Name, f.Value)
	}
	if everyParty {
		t.field("Parties", "any State")
	} else {
		t.field("Parties", partyList(p.parties))
	}
	for _, text := range p.warnings {
		fmt.Fprintln(t.w)
		t.line(0, text)
	}
}

// contents says what follows, if that is more than one thing.
func (t *textWriter) contents(p *page) {
	if len(p.sections) < 2 {
		return
	}
	fmt.Fprintln(t.w, "\nContents")
	for _, f := range p.contents() {
		t.hang(1, f.Name+": "+f.Value)
	}
}

// manyParties is from how many Parties on a list says how many there are.
const manyParties = 8

// partyList names the Parties, with what is particular to one.
func partyList(list []party) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = string(list[i].Code)
		if said := list[i].said(); said != "" {
			out[i] += " (" + said + ")"
		}
	}
	text := strings.Join(out, ", ")
	if len(list) >= manyParties {
		text = fmt.Sprintf("%d: %s", len(list), text)
	}
	return text
}

// said says what is particular to the Party, "" if nothing is.
func (p *party) said() string {
	switch {
	case p.Signed == "" && p.Ratified == "" && p.InForce == "" && p.Left == "":
		return ""
	case p.InForce == "" && p.Ratified == "":
		return "signed only"
	case p.InForce == "":
		return "ratified " + p.Ratified + ", not in force"
	case p.Left != "":
		return "from " + p.InForce + " until " + p.Left
	}
	return "from " + p.InForce
}

func (t *textWriter) section(s *section) {
	fmt.Fprintf(t.w, "\n%s\n", s.Title)
	for _, g := range s.Groups {
		level := 1
		if g.Article != "" {
			fmt.Fprintln(t.w)
			t.line(1, g.Article)
			level = 2
		}
		for i := range g.Items {
			fmt.Fprintln(t.w)
			t.item(level, &g.Items[i])
		}
	}
	if s.LeftOut != "" {
		fmt.Fprintln(t.w)
		t.line(1, s.LeftOut)
	}
}

// item writes the plain sentence, and below it the rest.
func (t *textWriter) item(level int, i *item) {
	t.line(level, i.Text)
	for _, f := range i.Fields {
		t.hang(level+1, f.Name+": "+f.Value)
	}
	t.line(level+1, marked(i))
	if i.Mark.Source != "" {
		t.hang(level+1, "Source: "+i.Mark.Source)
	}
	for n := range i.Parts {
		t.item(level+1, &i.Parts[n])
	}
}

// marked says where an item stands, what that rests on, and its id.
func marked(i *item) string {
	var out []string
	if i.Article != "" {
		out = append(out, i.Article)
	}
	if i.Mark.Provenance != "" {
		out = append(out, "["+string(i.Mark.Provenance)+"]")
	}
	if i.named() {
		out = append(out, i.id)
	}
	return strings.Join(out, " ")
}

// named reports whether the id is one that the document gives.
func (i *item) named() bool {
	switch i.kind {
	case "position", "objection", "term", "barred", "transmission", "notification", "user notice", "secrecy",
		"keeping", "state notice", "consultation":
		return false
	}
	return true
}

// field writes a name and a value that hangs beside it.
func (t *textWriter) field(name, value string) {
	t.wrap(fmt.Sprintf("%-11s", name), strings.Repeat(" ", 11), value)
}

// line writes a text, wrapped, at a level of indentation; "" writes nothing.
func (t *textWriter) line(level int, text string) {
	if text == "" {
		return
	}
	indent := strings.Repeat("  ", level)
	t.wrap(indent, indent, text)
}

// hang writes a text whose further lines stand further in.
func (t *textWriter) hang(level int, text string) {
	indent := strings.Repeat("  ", level)
	t.wrap(indent, indent+"  ", text)
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
