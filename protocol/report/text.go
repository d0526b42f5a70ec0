package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// textWide is how many letters a line of the text takes, as far as words can be
	// broken.
	textWide = 100
	textName = 12 // of the names of what stands above the tables
	textGap  = 2  // between two columns, or 1 where the table is too wide
	textLead = 2  // before the first
)

func (r *Report) text(w io.Writer) error {
	var b bytes.Buffer
	for _, l := range wrap(r.Title, textWide) {
		fmt.Fprintln(&b, l)
	}
	fmt.Fprintln(&b)
	for _, f := range r.facts() {
		hang(&b, fmt.Sprintf("%-*s", textName, f[0]), f[1])
	}
	for _, n := range r.Notes {
		hang(&b, fmt.Sprintf("%-*s", textName, "note"), n)
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		fmt.Fprintln(&b)
		title := t.Title
		if t.Article != r.Law { // which stands above
			title += " (" + t.Article + ")"
		}
		hang(&b, "", title)
		if t.Empty() {
			fmt.Fprintf(&b, "  %s\n", NoneCounted)
			continue
		}
		t.align(&b)
		for _, n := range t.Notes {
			hang(&b, "  note: ", n)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// NoneCounted is what stands instead of a table in which there is nothing.
const NoneCounted = "none in this period"

// Empty reports whether nothing was counted in the table: it has no rows, or none
// but that of the totals, which are 0.
func (t *Table) Empty() bool {
	for _, row := range t.Rows {
		if !row.Total {
			return false
		}
		for _, c := range row.Cells {
			if c.Value != nil && *c.Value != 0 || c.Value == nil && c.Unknown != NoCase || c.Missing > 0 {
				return false
			}
		}
	}
	return true
}

// hang writes a text after a word, in lines that stand below each other.
func hang(b *bytes.Buffer, word, text string) {
	indent := utf8.RuneCountInString(word)
	for i, l := range wrap(text, textWide-indent) {
		if i > 0 {
			word = strings.Repeat(" ", indent)
		}
		b.WriteString(word + l + "\n")
	}
}

// wrap breaks a text between words into lines of a width. A word that is longer
// stands alone.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range unbroken(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			out, line = append(out, line), word
		}
	}
	return append(out, line)
}

// unbroken returns the words of a text; "Art." and its number are one.
func unbroken(text string) []string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		if n := len(out); n > 0 && strings.HasSuffix(out[n-1], "Art.") {
			out[n-1] += " " + word
			continue
		}
		out = append(out, word)
	}
	return out
}

// align writes the table in columns, labels to the left and figures to the right.
// What is too wide is broken between words.
func (t *Table) align(b *bytes.Buffer) {
	rows := [][]string{t.heads()}
	for _, row := range t.Rows {
		rows = append(rows, append(append([]string{}, row.Words()...), t.Figures(row)...))
	}
	widths, gap := t.widths(rows)
	for _, row := range rows {
		cells, high := make([][]string, len(row)), 0
		for i, s := range row {
			cells[i] = wrap(s, widths[i])
			high = max(high, len(cells[i]))
		}
		for n := range high {
			line := strings.Repeat(" ", textLead)
			for i := range row {
				s := ""
				if n < len(cells[i]) {
					s = cells[i][n]
				}
				pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(s)))
				if i < len(t.Dims) {
					line += s + pad
				} else {
					line += pad + s
				}
				line += strings.Repeat(" ", gap)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}

// widths returns those of the columns: of each its longest word at least, of a
// figure all of it but its head, and of a label what is left.
func (t *Table) widths(rows [][]string) (widths []int, gap int) {
	gap = textGap
	least, whole := make([]int, len(rows[0])), make([]int, len(rows[0]))
	for n, row := range rows {
		for i, s := range row {
			for _, word := range unbroken(s) {
				least[i] = max(least[i], utf8.RuneCountInString(word))
			}
			if i < len(t.Dims) {
				whole[i] = max(whole[i], utf8.RuneCountInString(s))
			} else if n > 0 {
				whole[i] = max(whole[i], utf8.RuneCountInString(s))
			}
			whole[i] = max(whole[i], least[i])
		}
	}
	for {
		sum, widest := textLead-gap, -1
		for i, w := range whole {
			sum += w + gap
			if w > least[i] && (widest < 0 || w > whole[widest]) {
				widest = i
			}
		}
		switch {
		case sum <= textWide, widest < 0 && gap == 1:
			return whole, gap
		case widest < 0:
			gap = 1
		default:
			whole[widest]-- // the widest gives way first
		}
	}
}
