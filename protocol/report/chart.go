package report

import (
	"fmt"
	"html/template"
	"strings"
	"unicode/utf8"
)

// A Chart shows columns of a table as a picture. It has no figures of its own,
// so that what is suppressed in the table is not drawn either.
//
// Bars and lines are written here and by no library: those that write SVG on a
// server draw letters as curves, which nobody can hear or search, know no dark
// page, and add 7 MiB to the program; those that do better need scripts.
type Chart struct {
	Title string `json:"title"`
	Table string `json:"table"`
	// Lines shows the rows as points in time; else each is a bar.
	Lines bool `json:"lines,omitzero"`
	// Columns are those that are shown; none: all.
	Columns []int `json:"columns,omitempty"`
	// TotalOnly shows the row of totals and no other.
	TotalOnly bool `json:"total_only,omitzero"`
}

// MaxBars bounds the bars of one chart: the rest stands in the table.
const MaxBars = 40

// Measures of a picture, in its own units.
const (
	chartWide   = 720
	chartLabel  = 300 // what labels of bars may take
	chartValue  = 110 // what figures beside bars may take
	chartBar    = 22  // from one bar to the next
	chartHigh   = 220 // of the field of lines
	chartLetter = 7   // width of a letter, at most
)

// A mark is one bar, or one point of a line.
type mark struct {
	label, text string
	value       int64
	none        bool // there is no figure
}

// series returns what a chart shows, by column.
func (c *Chart) series(t *Table) (names []string, marks [][]mark) {
	shown := c.Columns
	if shown == nil {
		for i := range t.Columns {
			shown = append(shown, i)
		}
	}
	for _, i := range shown {
		names = append(names, t.Columns[i].Name)
		var column []mark
		for _, row := range t.Rows {
			if row.Total != c.TotalOnly {
				continue
			}
			cell := &row.Cells[i]
			m := mark{strings.Join(row.Words(), ", "), cell.text(t.Columns[i].Unit), 0, cell.Value == nil}
			if row.Total {
				m.label = "all"
			}
			if !m.none {
				m.value = *cell.Value
			}
			column = append(column, m)
		}
		marks = append(marks, column)
	}
	return names, marks
}

// svg draws the chart. Each mark has its words beside it or as its title; the
// same figures stand in the table, to which the picture refers.
func (c *Chart) svg(t *Table) template.HTML {
	names, marks := c.series(t)
	if c.Lines {
		return drawLines(c.Title, names, marks)
	}
	var bars []mark
	for i, column := range marks {
		for _, m := range column {
			if len(names) > 1 {
				m.label += ", " + names[i]
			}
			if m.value > 0 || m.none && m.text != NoCase || len(names) <= 2 {
				bars = append(bars, m)
			}
		}
	}
	return drawBars(c.Title, bars)
}

func escaped(s string) string { return template.HTMLEscapeString(s) }

func svgHead(b *strings.Builder, title, what string, high int) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s"><title>%s</title><desc>%s</desc>`,
		chartWide, high, escaped(title), escaped(title), escaped(what))
}

func drawBars(title string, bars []mark) template.HTML {
	var b strings.Builder
	what := "One bar for each row of the table."
	if len(bars) > MaxBars {
		bars, what = bars[:MaxBars], fmt.Sprintf("The first %d rows of the table.", MaxBars)
	}
	top := int64(1)
	for _, m := range bars {
		top = max(top, m.value)
	}
	if len(bars) == 0 {
		return template.HTML(`<p>` + escaped(title) + `: nothing to draw.</p>`)
	}
	svgHead(&b, title, what, len(bars)*chartBar+8)
	for i, m := range bars {
		y := i * chartBar
		long := int64(chartWide-chartLabel-chartValue) * m.value / top
		fmt.Fprintf(&b, `<g><title>%s: %s</title><text x="%d" y="%d" class="label">%s</text>`, escaped(m.label), escaped(m.text),
			chartLabel-8, y+16, escaped(fit(m.label, (chartLabel-8)/chartLetter)))
		if m.value > 0 {
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" class="bar"/>`, chartLabel, y+3, max(1, long), chartBar-6)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text></g>`, int64(chartLabel)+long+6, y+16, escaped(m.text))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// fit shortens a label to so many letters.
func fit(s string, letters int) string {
	if utf8.RuneCountInString(s) <= letters {
		return s
	}
	return string([]rune(s)[:letters-1]) + "…"
}

func drawLines(title string, names []string, marks [][]mark) template.HTML {
	const left, right, foot, lead = 60, 20, 40, 28
	points, top := 0, int64(1)
	for _, column := range marks {
		points = max(points, len(column))
		for _, m := range column {
			top = max(top, m.value)
		}
	}
	if points == 0 {
		return template.HTML(`<p>` + escaped(title) + `: nothing to draw.</p>`)
	}
	var b strings.Builder
	svgHead(&b, title, "One line for each column of the table, over the time.", lead+chartHigh+foot)
	x := func(i int) int { return left + (chartWide-left-right)*i/max(1, points-1) }
	y := func(v int64) int64 { return lead + chartHigh - int64(chartHigh)*v/top }
	fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" class="axis"/><line x1="%d" y1="%d" x2="%d" y2="%d" class="grid"/>`,
		left, y(0), chartWide-right, y(0), left, y(top), chartWide-right, y(top))
	fmt.Fprintf(&b, `<text x="%d" y="%d" class="label">%d</text><text x="%d" y="%d" class="label">0</text>`, left-8, y(top)+4, top, left-8, y(0)+4)
	every := points/12 + 1
	for i, m := range marks[0] {
		if i%every == 0 {
			fmt.Fprintf(&b, `<text x="%d" y="%d" class="middle">%s</text>`, x(i), lead+chartHigh+18, escaped(m.label))
		}
	}
	for s, column := range marks {
		fmt.Fprintf(&b, `<g class="s%d"><line x1="%d" y1="12" x2="%d" y2="12"/><text x="%d" y="16">%s</text>`, s%4,
			left+s*220, left+s*220+30, left+s*220+38, escaped(names[s]))
		var line strings.Builder
		move := "M"
		for i, m := range column {
			if m.none { // a gap
				move = "M"
				continue
			}
			fmt.Fprintf(&line, "%s%d %d", move, x(i), y(m.value))
			move = "L"
		}
		fmt.Fprintf(&b, `<path d="%s"/>`, line.String())
		for i, m := range column {
			if !m.none {
				fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="3"><title>%s: %s</title></circle>`, x(i), y(m.value), escaped(m.label), escaped(m.text))
			}
		}
		b.WriteString("</g>")
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
