package paper

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"comity.example/protocol/agreement"
)

//go:embed page.html
var pageSource string

// pageTemplate is never written to.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"anchor": anchor,
}).Parse(pageSource))

// HTML writes the document as one page that needs nothing else: no script, no
// picture, no style sheet from elsewhere. Each rule has an anchor, rule-ID.
func HTML(w io.Writer, d *agreement.Document, opts Options) error {
	p, err := newPage(d, opts)
	if err != nil {
		return err
	}
	view := struct {
		Title, Citation string
		Head            []field
		Parties         []party
		EveryParty      bool
		Dated           bool // whether something is said of a Party
		Warnings        []string
		Sections        []section
		Marks           []markLegend
	}{p.title, p.citation, p.head, p.parties, d.EveryParty, false, p.warnings, p.sections, legend}
	for i := range p.parties {
		view.Dated = view.Dated || p.parties[i].said() != ""
	}
	if err := pageTemplate.Execute(w, view); err != nil {
		return fmt.Errorf("paper: write HTML: %w", err)
	}
	return nil
}

// A markLegend says what a mark means.
type markLegend struct {
	Mark agreement.Provenance
	Text string
}

// legend is never written to.
var legend = []markLegend{
	{agreement.Verified, "read in the primary text that its source names"},
	{agreement.Secondary, "read in commentary or in official answers"},
	{agreement.Unverified, "no text that proves it was read"},
}

// anchor makes of a kind and an id, or of a title, the name of a place on the page.
func anchor(words ...string) string {
	return strings.NewReplacer(" ", "-", "'", "").Replace(strings.ToLower(strings.Join(words, "-")))
}

// Anchor names the place of the item on its page, "" if it has none.
func (i item) Anchor() string {
	if !i.named() {
		return ""
	}
	return anchor(i.key())
}

// ID is the id that the document gives the item, "" if none.
func (i item) ID() string {
	if !i.named() {
		return ""
	}
	return i.id
}
