package paper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A sheet is one table of a matrix: of one type of request. Its rows are pairs
// of Parties and its columns categories, or if there is one category only the
// rows are who asks and the columns who is asked.
type sheet struct {
	title   string
	square  bool // of who asks and who is asked
	columns []string
	rows    []sheetRow
}

// A sheetRow has one cell for each column; nil where nobody grants anything.
type sheetRow struct {
	title string
	cells []*Cell
}

// A drawing is what a matrix looks like, before it has a form.
type drawing struct {
	title  string
	sheets []sheet
	titles []string       // of the agreements, with their ids
	number map[string]int // by id, from 1
	notes  []string       // what does not stand, and what stands without its mirror
}

func (m *Matrix) drawing() *drawing {
	d := &drawing{number: map[string]int{},
		title: "Who may ask whom for what, on " + m.At.UTC().Format(time.DateOnly)}
	for i := range m.Cells {
		for _, w := range m.Cells[i].Ways {
			if d.number[w.Agreement] == 0 {
				d.titles = append(d.titles, w.Agreement+": "+w.Title)
				d.number[w.Agreement] = len(d.titles)
			}
		}
	}
	for _, t := range protocol.RequestTypes() {
		if s := m.sheet(t); len(s.rows) > 0 {
			d.sheets = append(d.sheets, s)
		}
	}
	d.notes = d.remarks(m)
	return d
}

// sheet makes the table of one type.
func (m *Matrix) sheet(t protocol.RequestType) sheet {
	cells := map[[3]string]*Cell{}
	var categories []protocol.Category
	for i := range m.Cells {
		c := &m.Cells[i]
		if c.Type != t {
			continue
		}
		cells[[3]string{string(c.From), string(c.To), string(c.Category)}] = c
		if !slices.Contains(categories, c.Category) {
			categories = append(categories, c.Category)
		}
	}
	slices.SortFunc(categories, func(a, b protocol.Category) int {
		return slices.Index(protocol.Categories(), a) - slices.Index(protocol.Categories(), b)
	})
	s := sheet{title: string(t)}
	switch len(categories) {
	case 0:
		return s
	case 1:
		s.title, s.square = fmt.Sprintf("%s, %s: rows ask, columns are asked", t, categories[0]), true
		for _, from := range m.Parties {
			row := sheetRow{title: string(from)}
			s.columns = append(s.columns, string(from))
			for _, to := range m.Parties {
				row.cells = append(row.cells, cells[[3]string{string(from), string(to), string(categories[0])}])
			}
			s.rows = append(s.rows, row)
		}
		return s
	}
	for _, c := range categories {
		s.columns = append(s.columns, string(c))
	}
	for _, from := range m.Parties {
		for _, to := range m.Parties {
			if from == to {
				continue
			}
			row := sheetRow{title: arrow(from, to)}
			for _, c := range categories {
				row.cells = append(row.cells, cells[[3]string{string(from), string(to), string(c)}])
			}
			s.rows = append(s.rows, row)
		}
	}
	return s
}

func arrow(from, to protocol.Party) string { return fmt.Sprintf("%s → %s", from, to) }

// at writes a cell of the sheet; where a Party meets itself, nothing.
func (s *sheet) at(d *drawing, row, column int) string {
	if s.square && row == column {
		return ""
	}
	return d.mark(s.rows[row].cells[column])
}

// mark writes a cell in few letters: its best way, and how many others stand.
func (d *drawing) mark(c *Cell) string {
	if c == nil {
		return "-"
	}
	w := &c.Ways[0]
	var b strings.Builder
	b.WriteString(map[agreement.Channel]string{agreement.Direct: "D", agreement.Central: "C"}[w.Channel])
	fmt.Fprint(&b, d.number[w.Agreement])
	b.WriteString(map[State]string{Suspended: "s", NotInForce: "n", Unsigned: "u", Withheld: "w"}[w.State])
	for _, flag := range []struct {
		on     bool
		letter string
	}{{w.OneSided != "", "o"}, {w.Promise, "p"}, {w.EmergencyOnly, "e"}} {
		if flag.on {
			b.WriteString(flag.letter)
		}
	}
	if n := c.standing() - 1; n > 0 {
		fmt.Fprintf(&b, " +%d", n)
	}
	return b.String()
}

// standing counts the ways that stand.
func (c *Cell) standing() int {
	n := 0
	for i := range c.Ways {
		if c.Ways[i].State == Stands {
			n++
		}
	}
	return n
}

// letters say what the letters of a mark mean.
var letters = [][2]string{
	{"D1", "of a provider, directly, by agreement 1"},
	{"C2", "of the central authority, by agreement 2"},
	{"s", "suspended"},
	{"n", "not in force between the two"},
	{"u", "not signed by both"},
	{"w", "withheld: by a reservation or declaration, or because the mirror is missing"},
	{"o", "one-sided: it stands without its mirror"},
	{"p", "only with a written promise of reciprocity"},
	{"e", "only in an emergency"},
	{"+2", "two other ways stand"},
	{"-", "no agreement grants it"},
}

// sentence says in words what a cell shows.
func (c *Cell) sentence() string {
	var out []string
	for i := range c.Ways {
		w := &c.Ways[i]
		text := fmt.Sprintf("by %s, %s, %s", w.Agreement, w.Article, w.Channel)
		switch {
		case w.State != Stands:
			text += ", " + spaced(w.State)
		case w.EmergencyOnly:
			text += ", only in an emergency"
		case w.Promise:
			text += ", only with a written promise"
		case w.OneSided != "":
			text += ", one-sided"
		}
		out = append(out, text)
	}
	return fmt.Sprintf("%s asks %s for %s (%s): %s.", c.From, c.To, c.Category, c.Type, strings.Join(out, "; "))
}

// A remark is what is said of some pairs under one agreement.
type remark struct {
	agreement string
	hindered
	pairs [][2]protocol.Party
}

// remarks says what does not stand and why, and what stands without its mirror,
// each once for all the pairs of which it is so.
func (d *drawing) remarks(m *Matrix) []string {
	var all []remark
	for i := range m.Cells {
		c := &m.Cells[i]
		for _, w := range c.Ways {
			if w.Why != "" {
				all = note(all, w.Agreement, w.Why, c)
			}
			if w.OneSided != "" {
				all = note(all, w.Agreement, fmt.Sprintf("The right of %s stands without its mirror, %s.", w.Article, w.OneSided), c)
			}
		}
	}
	slices.SortStableFunc(all, func(x, y remark) int { return d.number[x.agreement] - d.number[y.agreement] })
	var out []string
	for i := range all {
		r := &all[i]
		out = append(out, fmt.Sprintf("%d %s: %s", d.number[r.agreement], pairs(r.pairs), r.hindered.String(r.types)))
	}
	return out
}

func note(all []remark, id, text string, c *Cell) []remark {
	why := gather(nil, text, c.Type, c.Category)[0]
	at := slices.IndexFunc(all, func(r remark) bool { return r.agreement == id && r.form == why.form })
	if at < 0 {
		return append(all, remark{id, why, [][2]protocol.Party{{c.From, c.To}}})
	}
	r := &all[at]
	r.hindered = gather([]hindered{r.hindered}, text, c.Type, c.Category)[0]
	if p := [2]protocol.Party{c.From, c.To}; !slices.Contains(r.pairs, p) {
		r.pairs = append(r.pairs, p)
	}
	return all
}

// pairs names directions, and both of two at once.
func pairs(list [][2]protocol.Party) string {
	var out []string
	for i, p := range list {
		back := slices.Index(list, [2]protocol.Party{p[1], p[0]})
		switch {
		case back < 0:
			out = append(out, arrow(p[0], p[1]))
		case back > i:
			out = append(out, fmt.Sprintf("%s ↔ %s", p[0], p[1]))
		}
	}
	return strings.Join(out, ", ")
}
