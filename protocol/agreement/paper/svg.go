package paper

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Measures of the picture, in pixels.
const (
	svgMargin  = 24
	svgLine    = 20 // from one line of text to the next
	svgCell    = 24 // height of a cell
	svgLetter  = 8  // width of a letter of the table, at most
	svgPadding = 8
	svgNarrow  = 64 // width of a column, at least
	svgWide    = 90 // letters of a line of the legend
)

// A picture is written from above to below.
type picture struct {
	body bytes.Buffer
	d    *drawing
	y    int
	wide int
}

// SVG writes the matrix as a picture with its legend. Its marks are letters,
// frames and hatches, so that it reads without colours, and each cell says in
// words what it shows.
func (m *Matrix) SVG(w io.Writer) error {
	p := &picture{d: m.drawing(), y: svgMargin, wide: svgWide*svgLetter + 2*svgMargin}
	p.text(svgMargin, "title", p.d.title)
	p.y += svgLine
	if len(p.d.sheets) == 0 {
		p.text(svgMargin, "", "No agreement that is held grants any of it.")
	}
	for i := range p.d.sheets {
		p.sheet(&p.d.sheets[i])
	}
	p.legend()
	height := p.y + svgMargin
	_, err := fmt.Fprintf(w, svgHead, p.wide, height, p.wide, height, escaped(p.d.title),
		escaped(p.describe(m)), p.wide, height)
	if err == nil {
		_, err = w.Write(append(p.body.Bytes(), "</svg>\n"...))
	}
	if err != nil {
		return fmt.Errorf("paper: write picture: %w", err)
	}
	return nil
}

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="group" aria-labelledby="title desc" lang="en">
<title id="title">%s</title>
<desc id="desc">%s</desc>
<style>
text { font: 13px ui-monospace, Consolas, monospace; fill: #111; }
text.title { font-size: 18px; font-weight: bold; }
text.head { font-weight: bold; }
text.mark { text-anchor: middle; }
rect { stroke: #111; stroke-width: 1; fill: #fff; }
rect.stands { fill: #cfe3f7; stroke-width: 2; }
rect.emergency_only, rect.promise, rect.one-sided { fill: #e8f1fb; stroke-width: 2; stroke-dasharray: 12 3; }
rect.suspended { fill: url(#hatch); stroke-width: 2; }
rect.withheld { fill: url(#dots); }
rect.not_in_force, rect.unsigned { stroke-dasharray: 3 3; }
rect.none { stroke: #aaa; }
</style>
<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" style="fill:#fff;stroke:none"/><line x1="0" y1="0" x2="0" y2="6" stroke="#999" stroke-width="2"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" style="fill:#fff;stroke:none"/><circle cx="2" cy="2" r="1" fill="#777"/></pattern>
</defs>
<rect width="%d" height="%d" style="stroke:none"/>
`

// describe sums the picture up for whoever does not see it.
func (p *picture) describe(m *Matrix) string {
	stands, open := 0, 0
	for i := range m.Cells {
		if m.Cells[i].standing() > 0 {
			stands++
		} else {
			open++
		}
	}
	return fmt.Sprintf("Tables by type of request, for the Parties %s. Some agreement lets one Party ask another "+
		"in %d cells; in %d more an agreement grants it and it does not stand. Each cell says what it shows.",
		join(m.Parties), stands, open)
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}

// text writes a line and goes on below it.
func (p *picture) text(x int, class, s string) {
	p.put(x, class, s)
	p.y += svgLine
	p.wide = max(p.wide, x+utf8.RuneCountInString(s)*svgLetter+svgMargin)
}

func (p *picture) put(x int, class, s string) {
	fmt.Fprintf(&p.body, "<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, p.y, class, escaped(s))
}

func (p *picture) sheet(s *sheet) {
	p.text(svgMargin, "head", s.title)
	left := svgMargin
	for _, r := range s.rows {
		left = max(left, svgMargin+utf8.RuneCountInString(r.title)*svgLetter+svgPadding)
	}
	widths := make([]int, len(s.columns))
	heads, lines := make([][]string, len(s.columns)), 1
	for i, c := range s.columns {
		heads[i] = strings.Split(c, "_")
		lines = max(lines, len(heads[i]))
		letters := 0
		for _, word := range heads[i] {
			letters = max(letters, utf8.RuneCountInString(word))
		}
		for n := range s.rows {
			letters = max(letters, utf8.RuneCountInString(s.at(p.d, n, i)))
		}
		widths[i] = max(svgNarrow, letters*svgLetter+2*svgPadding)
	}
	for n := range lines {
		x := left
		for i := range heads {
			if n < len(heads[i]) {
				p.put(x+svgPadding, "", heads[i][n])
			}
			x += widths[i]
		}
		p.y += svgLine
	}
	for n, r := range s.rows {
		p.put(svgMargin, "", r.title)
		x := left
		for i, c := range r.cells {
			p.cell(x, widths[i], c, s.at(p.d, n, i))
			x += widths[i]
		}
		p.wide = max(p.wide, x+svgMargin)
		p.y += svgCell
	}
	p.y += svgLine
}

// cell draws a cell whose text stands on the line of its row.
func (p *picture) cell(x, width int, c *Cell, mark string) {
	words := "Nobody grants it."
	if mark == "" {
		return // a Party does not ask itself
	}
	if c != nil {
		words = c.sentence()
	}
	const baseline = 17 // from the upper edge of a cell to the line of its text
	fmt.Fprintf(&p.body, "<g><title>%s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"%s\"/>"+
		"<text x=\"%d\" y=\"%d\" class=\"mark\">%s</text></g>\n", escaped(words), x+1, p.y-baseline+1, width-2, svgCell-2,
		class(c), x+width/2, p.y, escaped(mark))
}

// class says how a cell is framed and filled.
func class(c *Cell) string {
	if c == nil {
		return "none"
	}
	switch w := &c.Ways[0]; {
	case w.State != Stands:
		return string(w.State)
	case w.EmergencyOnly:
		return "emergency_only"
	case w.Promise:
		return "promise"
	case w.OneSided != "":
		return "one-sided"
	}
	return string(Stands)
}

func (p *picture) legend() {
	p.text(svgMargin, "head", "Agreements")
	for i, title := range p.d.titles {
		p.hang(fmt.Sprint(i+1), title)
	}
	p.y += svgLine / 2
	p.text(svgMargin, "head", "Marks")
	for _, l := range letters {
		p.hang(l[0], l[1])
	}
	for _, frame := range [][2]string{{string(Stands), "it stands"},
		{"promise", "it stands on a condition: one-sided, with a promise, or in an emergency"},
		{string(Suspended), "it is suspended"}, {string(Withheld), "it is withheld"},
		{string(NotInForce), "it is not in force, or not signed"}, {"none", "no agreement grants it"}} {
		fmt.Fprintf(&p.body, "<rect x=\"%d\" y=\"%d\" width=\"30\" height=\"15\" class=\"%s\"/>\n", svgMargin, p.y-12, frame[0])
		p.text(svgMargin+5*svgLetter, "", frame[1])
	}
	if len(p.d.notes) == 0 {
		return
	}
	p.y += svgLine / 2
	p.text(svgMargin, "head", "What does not stand, or stands without its mirror")
	for _, n := range p.d.notes {
		number, rest, _ := strings.Cut(n, " ")
		p.hang(number, rest)
	}
}

// hang writes a word, and beside it a text that is wrapped.
func (p *picture) hang(first, text string) {
	p.put(svgMargin, "", first)
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > svgWide {
			p.text(svgMargin+5*svgLetter, "", line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	p.text(svgMargin+5*svgLetter, "", line)
}
