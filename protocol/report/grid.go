package report

import (
	"slices"
	"strings"
	"time"
)

// others is the row of what is over MaxRows.
const others = "others"

// A grid counts into the rows of one table.
type grid struct {
	table Table
	rows  map[string]*line
	all   *line // the total, each case once; nil: none
	fixed bool  // rows stand in the order in which they were first named
}

// A line is a row that is counted.
type line struct {
	labels  []string
	counts  []int64
	missing []int64
	spans   []span
	at      int // when it was first named
}

// total begins the row of totals.
func (g *grid) total() *grid {
	labels := make([]string, len(g.table.Dims))
	labels[0] = "all"
	g.all = g.line(labels)
	delete(g.rows, key(labels))
	return g
}

func newGrid(t Table) *grid { return &grid{table: t, rows: map[string]*line{}} }

// named makes rows that are there even if nothing is counted in them, in this
// order; others come behind.
func (g *grid) named(labels ...string) *grid {
	g.fixed = true
	for _, l := range labels {
		g.line([]string{l})
	}
	return g
}

func key(labels []string) string { return strings.Join(labels, "\x00") }

func (g *grid) line(labels []string) *line {
	l := g.rows[key(labels)]
	if l != nil {
		return l
	}
	if len(g.rows) >= MaxRows {
		labels = make([]string, len(labels))
		for i := range labels {
			labels[i] = others
		}
		if l = g.rows[key(labels)]; l != nil {
			return l
		}
	}
	n := len(g.table.Columns)
	l = &line{slices.Clone(labels), make([]int64, n), make([]int64, n), make([]span, n), len(g.rows)}
	g.rows[key(labels)] = l
	return l
}

// A visit is one case at the rows to which it belongs, each once, and at the
// total.
type visit struct {
	g     *grid
	lines []*line
}

// at returns the rows with the given labels.
func (g *grid) at(rows ...[]string) visit {
	v := visit{g: g}
	for _, r := range rows {
		if l := g.line(r); !slices.Contains(v.lines, l) {
			v.lines = append(v.lines, l)
		}
	}
	if g.all != nil {
		v.lines = append(v.lines, g.all)
	}
	return v
}

// count adds to a column.
func (v visit) count(column int, n int64) {
	for _, l := range v.lines {
		l.counts[column] += n
	}
}

// yes counts where something is so.
func (v visit) yes(column int, is bool) {
	if is {
		v.count(column, 1)
	}
}

// took counts how long something took, or that it is not known.
func (v visit) took(column int, from, to time.Time) {
	for _, l := range v.lines {
		if from.IsZero() || to.IsZero() {
			l.missing[column]++
			continue
		}
		l.spans[column].add(to.Sub(from), v.g.table.Columns[column].Unit == Median)
	}
}

// done returns the table.
func (g *grid) done() Table {
	t := g.table
	t.Rows = []Row{}
	lines := make([]*line, 0, len(g.rows))
	for _, l := range g.rows {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b *line) int {
		if g.fixed {
			return a.at - b.at
		}
		return slices.Compare(a.labels, b.labels)
	})
	if g.all != nil {
		lines = append(lines, g.all)
	}
	for _, l := range lines {
		t.Rows = append(t.Rows, Row{l.labels, g.cells(l), l == g.all})
	}
	return t
}

func (g *grid) cells(l *line) []Cell {
	out := make([]Cell, 0, len(g.table.Columns))
	for i, c := range g.table.Columns {
		var cell Cell
		s := &l.spans[i]
		switch {
		case c.Unit != Mean && c.Unit != Median:
			cell = number(l.counts[i])
		case s.n == 0 && l.missing[i] > 0:
			cell = Cell{Unknown: NotKnown}
		case s.n == 0:
			cell = Cell{Unknown: NoCase}
		case c.Unit == Mean:
			cell = number(s.mean())
		default:
			cell = number(s.median())
		}
		cell.Missing = l.missing[i]
		out = append(out, cell)
	}
	return out
}

// unknown is a table whose figures this node does not know.
func unknown(t Table, why string) Table {
	row := Row{Labels: make([]string, len(t.Dims))}
	row.Labels[0] = "all"
	for range t.Columns {
		row.Cells = append(row.Cells, Cell{Unknown: NotKnown})
	}
	t.Rows, t.Notes = []Row{row}, append(t.Notes, why)
	return t
}
