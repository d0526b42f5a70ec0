package paper

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Part is what of a document a person wants to read: the zero Part is all of
// it. Its head and its warnings come with each.
type Part struct {
	Article string // "Art. 8", or "8": whatever stands under it
	Rules   bool   // the rules alone
	List    string // one list of offences, by its id
}

func (p Part) String() string {
	var out []string
	if p.Rules {
		out = append(out, "rules")
	}
	if p.Article != "" {
		out = append(out, p.Article)
	}
	if p.List != "" {
		out = append(out, "list "+p.List)
	}
	return strings.Join(out, " of ")
}

const rulesTitle = "Rules"

// narrow leaves out what is not of a part, and refuses one that has nothing.
func (p *page) narrow(part Part) error {
	if part == (Part{}) {
		return nil
	}
	article := canonical(part.Article)
	var sections []section
	for _, s := range p.sections {
		if part.Rules && s.Title != rulesTitle {
			continue
		}
		out := section{Title: s.Title}
		for _, g := range s.Groups {
			g.Items = slices.DeleteFunc(slices.Clone(g.Items), func(i item) bool {
				return article != "" && !i.under(article) || part.List != "" && i.key() != "list-"+part.List
			})
			if len(g.Items) > 0 {
				out.Groups = append(out.Groups, g)
			}
		}
		if len(out.Groups) > 0 {
			sections = append(sections, out)
		}
	}
	if len(sections) == 0 {
		return fmt.Errorf("there is nothing of %s: it has %s", part, p.has(part))
	}
	p.sections = sections
	p.head = append(p.head, field{Name: "shown", Value: "only " + part.String()})
	return nil
}

// has names what there is of the kind that was wanted.
func (p *page) has(part Part) string {
	var lists, articles []string
	for _, s := range p.sections {
		for _, g := range s.Groups {
			for _, i := range g.Items {
				if i.kind == "list" {
					lists = append(lists, i.id)
				}
				if a := leading(i.Article); a != "" && !slices.Contains(articles, a) {
					articles = append(articles, a)
				}
			}
		}
	}
	switch {
	case part.List == "":
		return strings.Join(articles, ", ")
	case len(lists) == 0:
		return "no list of offences"
	}
	return "the lists " + strings.Join(lists, ", ")
}

// canonical writes an article as documents do: "Art. 8" for "8".
func canonical(article string) string {
	article = strings.TrimSpace(article)
	if article != "" && unicode.IsDigit(rune(article[0])) {
		return "Art. " + article
	}
	return article
}

// under reports whether an item, or a part of it, stands under an article.
func (i *item) under(article string) bool {
	for _, one := range references(i.Article) {
		rest, ok := strings.CutPrefix(one, article)
		if ok && (rest == "" || !unicode.IsDigit(rune(rest[0])) && !unicode.IsLetter(rune(rest[0]))) {
			return true
		}
	}
	return slices.ContainsFunc(i.Parts, func(x item) bool { return x.under(article) })
}

// references returns each article of a reference in full: "Art. 4(3)" and "Art.
// 7(1)" of "Art. 4(3), 7(1)".
func references(article string) []string {
	var out []string
	kind := ""
	for _, one := range strings.FieldsFunc(article, func(r rune) bool { return r == ',' || r == ';' }) {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		if unicode.IsDigit(rune(one[0])) && !strings.Contains(one, " ") {
			one = kind + one
		} else if at := strings.IndexFunc(one, unicode.IsDigit); at > 0 {
			kind = one[:at]
		}
		out = append(out, one)
	}
	return out
}

// contents says what the page holds, a line for each section.
func (p *page) contents() []field {
	var out []field
	for _, s := range p.sections {
		n := 0
		var articles []string
		for _, g := range s.Groups {
			n += len(g.Items)
			if g.Article != "" {
				articles = append(articles, g.Article)
			}
		}
		value := fmt.Sprint(n)
		if len(articles) > 0 {
			value += ": " + strings.Join(articles, ", ")
		}
		out = append(out, field{Name: s.Title, Value: value})
	}
	return out
}
