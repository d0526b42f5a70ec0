package report

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"comity.example/protocol/canon"
)

// A Format is how a report is written.
type Format string

// The formats.
const (
	Text Format = "text"
	CSV  Format = "csv"
	JSON Format = "json" // in canonical form: the same report is the same bytes
	HTML Format = "html" // one page without scripts that needs nothing from elsewhere
)

// Formats lists the formats.
func Formats() []Format { return []Format{Text, CSV, JSON, HTML} }

// Write writes the report.
func (r *Report) Write(w io.Writer, f Format) error {
	var err error
	switch f {
	case Text:
		err = r.text(w)
	case CSV:
		err = r.csv(w)
	case JSON:
		err = r.json(w)
	case HTML:
		err = pageTemplate.Execute(w, r)
	default:
		return fmt.Errorf("report: format %q: want one of %v", f, Formats())
	}
	if err != nil {
		return fmt.Errorf("report: write: %w", err)
	}
	return nil
}

// Parse reads a report that was written as JSON.
func Parse(b []byte) (*Report, error) {
	r := new(Report)
	if err := canon.Decode(bytes.TrimSuffix(b, []byte("\n")), r); err != nil {
		return nil, fmt.Errorf("report: parse: %w", err)
	}
	return r, nil
}

func (r *Report) json(w io.Writer) error {
	b, err := canon.Encode(r)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// text returns a figure as a person reads it.
func (c *Cell) text(u Unit) string {
	s := c.Unknown
	switch {
	case c.Band != "":
		s = c.Band
	case c.Below > 0:
		s = "fewer than " + strconv.FormatInt(c.Below, 10)
	case c.Value == nil:
	case u == Mean || u == Median:
		s = lasting(*c.Value)
	case u == Percent:
		s = strconv.FormatInt(*c.Value, 10) + " %"
	default:
		s = strconv.FormatInt(*c.Value, 10)
	}
	if c.Missing > 0 && c.Unknown == "" {
		s += fmt.Sprintf(" (%d more not known)", c.Missing)
	}
	return s
}

// lasting writes seconds in days, hours and minutes.
func lasting(seconds int64) string {
	d, h, m := seconds/86400, seconds/3600%24, seconds/60%60
	switch {
	case d > 0:
		return fmt.Sprintf("%d d %d h", d, h)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m == 0:
		return "under 1 min"
	}
	return fmt.Sprintf("%d min", m)
}

// facts are what stands above the tables, each with its name.
func (r *Report) facts() [][2]string {
	// The period ends before To: its last day is the one before.
	out := [][2]string{{"law", r.Law}, {"participant", string(r.Basis.Participant)}}
	if r.Covers == nil {
		out = append(out, [2]string{"period", days(r.From, r.To)})
	}
	for _, c := range r.Covers {
		out = append(out, [2]string{"covers", c.Of + ": " + days(c.From, c.To) + " (" + c.Article + ")"})
	}
	return append(out, [2]string{"as of", r.Basis.AsOf.UTC().Format("2006-01-02 15:04:05 UTC")},
		[2]string{"inputs", r.Basis.Inputs.String()},
		[2]string{"checkpoint", r.Basis.Checkpoint})
}

func days(from, to time.Time) string {
	return from.UTC().Format(time.DateOnly) + " to " + to.UTC().Add(-time.Nanosecond).Format(time.DateOnly)
}

func (t *Table) heads() []string {
	out := append([]string{}, t.Dims...)
	for _, c := range t.Columns {
		name := c.Name
		if !strings.Contains(t.Article, c.Article) {
			name += " [" + c.Article + "]"
		}
		out = append(out, words(name))
	}
	return out
}

// Words returns the labels of a row as a person reads them: codes without their
// underscores.
func (r Row) Words() []string {
	out := make([]string, 0, len(r.Labels))
	for _, l := range r.Labels {
		out = append(out, words(l))
	}
	return out
}

func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

// Figures returns the figures of a row as text.
func (t *Table) Figures(r Row) []string {
	out := make([]string, 0, len(r.Cells))
	for i := range r.Cells {
		out = append(out, r.Cells[i].text(t.Columns[i].Unit))
	}
	return out
}

// csv writes one line for each figure (RFC 4180): what is not a figure stands in
// the last column.
func (r *Report) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"table", "article", "row", "figure", "unit", "value", "instead"})
	for _, f := range r.facts() {
		out.Write([]string{"report", "", "", f[0], "text", f[1], ""})
	}
	for _, n := range r.Notes {
		out.Write([]string{"report", "", "", "note", "text", n, ""})
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		for _, row := range t.Rows {
			for n := range row.Cells {
				c, col := &row.Cells[n], t.Columns[n]
				value, instead := "", c.Unknown
				switch {
				case c.Value != nil:
					value = strconv.FormatInt(*c.Value, 10)
				case c.Band != "":
					value = c.Band
				case c.Below > 0:
					instead = c.text(col.Unit)
				}
				if c.Missing > 0 && instead == "" {
					instead = strconv.FormatInt(c.Missing, 10) + " more not known"
				}
				article := col.Article
				if article == "" {
					article = t.Article
				}
				out.Write([]string{t.ID, article, strings.Join(row.Labels, " / "), col.Name, string(col.Unit), value, instead})
			}
		}
	}
	out.Flush()
	return out.Error()
}

//go:embed page.html
var pageSource string

// pageTemplate is never written to.
var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Facts returns what stands above the tables.
func (r *Report) Facts() [][2]string { return r.facts() }

// Pictures returns the charts as SVG.
func (r *Report) Pictures() []template.HTML {
	var out []template.HTML
	for i := range r.Charts {
		for n := range r.Tables {
			if r.Tables[n].ID == r.Charts[i].Table {
				out = append(out, r.Charts[i].svg(&r.Tables[n]))
			}
		}
	}
	return out
}

// Heads returns the first line of the table.
func (t *Table) Heads() []string { return t.heads() }
