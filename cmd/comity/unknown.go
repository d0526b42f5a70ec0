package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/lint"
)

// A place is a file that a person wrote, and where in it the request stands.
type place struct {
	source *source
	under  jsontext.Pointer
}

// A spot is a line of a file.
type spot struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func (s spot) String() string { return fmt.Sprintf("%s:%d: ", s.File, s.Line) }

// of returns where a member of the request stands: "data[0].to".
func (p place) of(member string) spot {
	return spot{p.source.file, p.source.line(within(p.under, member))}
}

// within returns the pointer to a member that is named as a Check names it.
func within(p jsontext.Pointer, member string) jsontext.Pointer {
	for token := range strings.FieldsFuncSeq(member, splitsPlace) {
		p = p.AppendToken(token)
	}
	return p
}

// A defect is what lint found, with its line.
type defect struct {
	lint.Defect
	spot
}

func (p place) defects(found []lint.Defect) []defect {
	out := []defect{}
	for _, d := range found {
		out = append(out, defect{d, p.of(d.Member)})
	}
	return out
}

// An unknown is a code in a request that nothing reads in the documents on which
// it was decided: a typo there is no other error.
type unknown struct {
	spot
	Member string `json:"member"`
	Code   string `json:"code"`
	Text   string `json:"text"`
	Meant  string `json:"did_you_mean,omitzero"`
}

// unknowns returns the codes of the request that stand in none of the documents,
// of which the governing one comes first.
func (p place) unknowns(docs []*agreement.Document, r *protocol.Request) []unknown {
	out := []unknown{}
	if len(docs) == 0 {
		return out
	}
	check := func(member, code, why string, known []string) {
		if code != "" && !slices.Contains(known, code) {
			out = append(out, unknown{p.of(member), member, code, fmt.Sprintf(why, docs[0].ID, code), nearest(code, known)})
		}
	}
	check("offence.category", r.Offence.Category, "no list of offences of %s holds %q", categoriesOf(docs))
	lists := listsOf(docs)
	for i, code := range r.Offence.Lists {
		check(fmt.Sprintf("offence.lists[%d]", i), code, "no rule of %s knows the list %q", lists)
	}
	for i := range r.Data {
		item := &r.Data[i]
		terms := wordsFor(docs[0], item.Category, r.Type)
		for j, code := range item.Own {
			check(fmt.Sprintf("data[%d].own[%d]", i, j), code,
				"no term of %s for "+string(item.Category)+" is %q", terms)
		}
	}
	statements := statementsOf(docs)
	for i, a := range r.Attestations {
		check(fmt.Sprintf("attestations[%d].statement", i), a.Statement, "no rule of %s asks for %q", statements)
	}
	return out
}

func keysOf(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func statementsOf(docs []*agreement.Document) []string {
	known := map[string]bool{}
	for _, doc := range docs {
		for i := range doc.Rules {
			for _, s := range doc.Rules[i].Statements {
				known[s.Code] = true
			}
		}
	}
	return keysOf(known)
}

func categoriesOf(docs []*agreement.Document) []string {
	known := map[string]bool{}
	for _, doc := range docs {
		for i := range doc.Lists {
			for _, e := range doc.Lists[i].Entries {
				known[e.Code] = true
			}
		}
	}
	return keysOf(known)
}

// codeForm is a code in an expression, with what is asked of it.
var codeForm = regexp.MustCompile(`"([a-z0-9_]+)"(\s+in\s+offence\.listed_in)?`)

// listsOf returns the codes that stand in expressions about offence.lists. It
// may name one too many, which costs a hint and no verdict.
func listsOf(docs []*agreement.Document) []string {
	known := map[string]bool{}
	for _, doc := range docs {
		for i := range doc.Rules {
			for _, expression := range []string{doc.Rules[i].When, doc.Rules[i].Require} {
				if !strings.Contains(expression, "offence.lists") {
					continue
				}
				for _, m := range codeForm.FindAllStringSubmatch(expression, -1) {
					if m[2] == "" {
						known[m[1]] = true
					}
				}
			}
		}
	}
	return keysOf(known)
}

// wordsFor returns the document's own words for a category of data or a type.
func wordsFor(doc *agreement.Document, c protocol.Category, t protocol.RequestType) []string {
	known := map[string]bool{}
	for _, term := range doc.Terms {
		if term.Category == c || term.Type == t {
			known[term.Own] = true
		}
	}
	return keysOf(known)
}

// writeUnknowns writes each code that nothing reads, and what was probably meant.
func writeUnknowns(w io.Writer, list []unknown) {
	for _, u := range list {
		text := u.spot.String() + u.Member + ": " + u.Text
		if u.Meant != "" {
			text += ": did you mean " + u.Meant + "?"
		}
		field(w, "unknown", text)
	}
}

// writeLint writes what such requests are known to come back for.
func writeLint(w io.Writer, defects []defect) {
	for _, d := range defects {
		text := d.spot.String() + d.Member + ": " + d.Text
		if d.Likely {
			text += " A refusal or a question is likely."
		}
		field(w, "lint", text)
		hang(w, "           → ", d.Write)
	}
}
