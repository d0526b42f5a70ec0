package paper

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A Kind says what became of a statement from one version to another.
type Kind string

// The kinds of change.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// A Change is one statement that is not as it was.
type Change struct {
	Kind    Kind   `json:"kind"`
	Of      string `json:"of"`           // rule, right, option …
	ID      string `json:"id,omitzero"`  // "" if it has none
	Article string `json:"article"`      // in the newer version where it stands there
	Text    string `json:"text"`         // its plain sentence, likewise
	Members []Was  `json:"members"`      // of what was changed those that were, else all
	Old     string `json:"old,omitzero"` // the plain sentence that it had, if another
}

// A Was is one member with what it said and says now.
type Was struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// An Article has the changes under one article. The first ones, about the
// document as a whole and its Parties, have no article.
type Article struct {
	Article string   `json:"article"`
	Changes []Change `json:"changes"`
}

// Changes are what is not the same in two versions of a document.
type Changes struct {
	Old      protocol.AgreementRef `json:"old"`
	New      protocol.AgreementRef `json:"new"`
	Same     bool                  `json:"same"` // byte for byte
	Articles []Article             `json:"articles"`
}

// Diff compares two documents, by article in the order of the newer one.
func Diff(old, new *agreement.Document) (*Changes, error) {
	before, err := newPage(old, Options{})
	if err != nil {
		return nil, err
	}
	after, err := newPage(new, Options{})
	if err != nil {
		return nil, err
	}
	out := &Changes{Old: old.Ref(), New: new.Ref(), Same: old.Digest() == new.Digest(), Articles: []Article{}}
	out.add("", compareItem(ptr(about(old)), ptr(about(new))))
	was, is := parties(before), parties(after)
	was, is = numbered(append(was, flatten(before)...)), numbered(append(is, flatten(after)...))
	then := map[string]*item{}
	for i := range was {
		then[was[i].key()] = &was[i]
	}
	for i := range is {
		key := is[i].key()
		out.add(leading(is[i].Article), compareItem(then[key], &is[i]))
		delete(then, key)
	}
	for i := range was {
		if then[was[i].key()] != nil {
			out.add(leading(was[i].Article), compareItem(&was[i], nil))
		}
	}
	out.add("", reordered(old, new))
	return out, nil
}

// reordered says in which order the rights stand that both have, if it is not as
// it was: the first that covers what is asked for is used.
func reordered(old, new *agreement.Document) *Change {
	was, is := common(old, new), common(new, old)
	if slices.Equal(was, is) {
		return nil
	}
	return &Change{Kind: Changed, Of: "order", Text: "Of the rights the first that covers what is asked for is used.",
		Members: []Was{{"Rights", strings.Join(was, ", "), strings.Join(is, ", ")}}}
}

// common names the rights of a document that the other has too.
func common(d, other *agreement.Document) []string {
	var out []string
	for i := range d.Rights {
		if id := d.Rights[i].ID; slices.ContainsFunc(other.Rights, func(r agreement.Right) bool { return r.ID == id }) {
			out = append(out, id)
		}
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func (c *Changes) add(article string, change *Change) {
	if change == nil {
		return
	}
	at := slices.IndexFunc(c.Articles, func(a Article) bool { return a.Article == article })
	if at < 0 {
		c.Articles = append(c.Articles, Article{Article: article})
		at = len(c.Articles) - 1
	}
	c.Articles[at].Changes = append(c.Articles[at].Changes, *change)
}

// about is what a document says of itself.
func about(d *agreement.Document) item {
	return item{kind: "document", Text: "The document.", Fields: fields(
		field{Name: "Id", Value: d.ID}, field{Name: "Version", Value: d.Version}, field{Name: "Title", Value: d.Title},
		field{Name: "Citation", Value: d.Citation}, field{Name: "Kind", Value: spaced(d.Kind)},
		field{Name: "Status", Value: standing(d)}, field{Name: "To know", Value: d.Provenance})}
}

// parties are the Parties as items.
func parties(p *page) []item {
	var out []item
	for _, x := range p.parties {
		said := x.said()
		if said == "" {
			said = "bound whenever the document is in force"
		}
		out = append(out, item{kind: "Party", id: string(x.Code), Text: fmt.Sprintf("%s: %s.", x.Code, said),
			Fields: fields(field{Name: "Signed", Value: x.Signed}, field{Name: "Ratified", Value: x.Ratified},
				field{Name: "In force from", Value: x.InForce}, field{Name: "Left", Value: x.Left})})
	}
	return out
}

// flatten returns every item, and each part of one as an item of its own, under
// the item's article if it names none.
func flatten(p *page) []item {
	var out []item
	for _, s := range p.sections {
		for _, g := range s.Groups {
			for _, i := range g.Items {
				parts := i.Parts
				i.Parts = nil
				out = append(out, i)
				for _, part := range parts {
					part.id = joinID(i.id, part.id)
					if part.Article == "" {
						part.Article = i.Article
					}
					out = append(out, part)
				}
			}
		}
	}
	return out
}

// numbered gives the second item of one name, and each further one, a name of
// its own.
func numbered(items []item) []item {
	seen := map[string]int{}
	for i := range items {
		key := items[i].key()
		if seen[key]++; seen[key] > 1 {
			items[i].id += fmt.Sprintf(" (%d)", seen[key])
		}
	}
	return items
}

func joinID(of, id string) string {
	if id == "" {
		return of
	}
	return of + " of " + id
}

// compareItem returns what became of an item, nil if nothing did. One of the
// two may be nil.
func compareItem(old, new *item) *Change {
	switch {
	case old == nil:
		out := &Change{Kind: Added, Of: new.kind, ID: new.id, Article: new.Article, Text: new.Text, Members: []Was{}}
		for _, f := range new.members() {
			out.member(f.Name, "", f.Value)
		}
		return out
	case new == nil:
		out := &Change{Kind: Removed, Of: old.kind, ID: old.id, Article: old.Article, Text: old.Text, Members: []Was{}}
		for _, f := range old.members() {
			out.member(f.Name, f.Value, "")
		}
		return out
	}
	out := &Change{Kind: Changed, Of: new.kind, ID: new.id, Article: new.Article, Text: new.Text, Members: []Was{}}
	if old.Text != new.Text {
		out.Old = old.Text
	}
	was, is := old.members(), new.members()
	for _, f := range is {
		out.member(f.Name, valueOf(was, f.Name), f.Value)
	}
	for _, f := range was {
		if valueOf(is, f.Name) == "" {
			out.member(f.Name, f.Value, "")
		}
	}
	if out.Old == "" && len(out.Members) == 0 {
		return nil
	}
	return out
}

func (c *Change) member(name, old, new string) {
	if old != new {
		c.Members = append(c.Members, Was{name, old, new})
	}
}

// members are all that an item says but its sentence.
func (i *item) members() []field {
	return append(slices.Clone(i.Fields), fields(field{Name: "Article", Value: i.Article},
		field{Name: "Mark", Value: string(i.Mark.Provenance)}, field{Name: "Source", Value: i.Mark.Source})...)
}

func valueOf(list []field, name string) string {
	for _, f := range list {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Text writes the changes for a person to read.
func (c *Changes) Text(w io.Writer, width int) error {
	if width <= 0 {
		width = defaultWidth
	}
	out := bufio.NewWriter(w)
	t := &textWriter{w: out, width: width}
	t.line(0, fmt.Sprintf("%s, version %s, against %s, version %s", c.New.ID, c.New.Version, c.Old.ID, c.Old.Version))
	switch {
	case c.Same:
		t.line(0, "They are the same, byte for byte.")
	case len(c.Articles) == 0:
		t.line(0, "They say the same: what differs is layout or remarks.")
	}
	for _, a := range c.Articles {
		fmt.Fprintln(out)
		title := a.Article
		if title == "" {
			title = "The document and its Parties"
		}
		t.line(0, title)
		for i := range a.Changes {
			fmt.Fprintln(out)
			t.change(&a.Changes[i])
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("paper: write changes: %w", err)
	}
	return nil
}

func (t *textWriter) change(c *Change) {
	sign := map[Kind]string{Added: "+", Removed: "-", Changed: "~"}[c.Kind]
	name := c.Of
	if c.ID != "" {
		name += " " + c.ID
	}
	t.line(1, fmt.Sprintf("%s %s: %s", sign, c.Kind, name))
	switch {
	case c.Kind == Changed && c.Old != "":
		t.hang(2, "was: "+c.Old)
		t.hang(2, "now: "+c.Text)
	case c.Of != "document":
		t.line(2, c.Text)
	}
	for _, m := range c.Members {
		if c.Kind != Changed {
			t.hang(2, m.Name+": "+m.Old+m.New) // one of the two
			continue
		}
		t.line(2, m.Name)
		t.hang(3, "was: "+orNothing(m.Old))
		t.hang(3, "now: "+orNothing(m.New))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "(not said)"
	}
	return s
}
