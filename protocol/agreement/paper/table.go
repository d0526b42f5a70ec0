package paper

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Text writes the matrix as tables for a terminal: one for each type of
// request that some agreement knows.
func (m *Matrix) Text(w io.Writer, width int) error {
	if width <= 0 {
		width = defaultWidth
	}
	out := bufio.NewWriter(w)
	t := &textWriter{w: out, width: width}
	d := m.drawing()
	t.line(0, d.title)
	if len(d.sheets) == 0 {
		fmt.Fprintln(out)
		t.line(0, "No agreement that is held grants any of it.")
	}
	for i := range d.sheets {
		fmt.Fprintln(out)
		t.sheet(d, &d.sheets[i])
	}
	if len(d.sheets) > 0 {
		t.legend(d)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("paper: write matrix: %w", err)
	}
	return nil
}

func (t *textWriter) sheet(d *drawing, s *sheet) {
	t.line(0, s.title)
	first := 0
	for _, r := range s.rows {
		first = max(first, utf8.RuneCountInString(r.title))
	}
	heads := make([][]string, len(s.columns))
	widths := make([]int, len(s.columns))
	lines := 1
	for i, c := range s.columns {
		heads[i] = strings.Split(c, "_")
		lines = max(lines, len(heads[i]))
		for _, word := range heads[i] {
			widths[i] = max(widths[i], utf8.RuneCountInString(word))
		}
		for n := range s.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(s.at(d, n, i)))
		}
	}
	for n := range lines {
		row := padded("", first)
		for i := range heads {
			word := ""
			if n < len(heads[i]) {
				word = heads[i][n]
			}
			row += "  " + padded(word, widths[i])
		}
		fmt.Fprintln(t.w, "  "+strings.TrimRight(row, " "))
	}
	for n := range s.rows {
		row := padded(s.rows[n].title, first)
		for i := range s.columns {
			row += "  " + padded(s.at(d, n, i), widths[i])
		}
		fmt.Fprintln(t.w, "  "+strings.TrimRight(row, " "))
	}
}

func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func (t *textWriter) legend(d *drawing) {
	fmt.Fprintln(t.w)
	for i, title := range d.titles {
		t.wrap(fmt.Sprintf("%3d  ", i+1), "     ", title)
	}
	fmt.Fprintln(t.w)
	for _, l := range letters {
		t.wrap(fmt.Sprintf("%3s  ", l[0]), "     ", l[1])
	}
	if len(d.notes) > 0 {
		fmt.Fprintln(t.w)
	}
	for _, n := range d.notes {
		number, rest, _ := strings.Cut(n, " ")
		t.wrap(fmt.Sprintf("%3s  ", number), "     ", rest)
	}
}
