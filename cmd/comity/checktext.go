package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A termed is a member of a request with the instrument's own word for it.
type termed struct {
	Member  string `json:"member"`  // "type", or "data[0]"
	Neutral string `json:"neutral"` // the code of this protocol
	Own     string `json:"own"`     // the code of the instrument
	Text    string `json:"text"`
	Article string `json:"article"`
	// Said says that the request itself has the code, and not only could have it.
	Said bool `json:"said,omitzero"`
}

// termsOf returns the instrument's own words for what a request asks for: those
// that it says, or else those that it may say.
func termsOf(r *protocol.Request, doc *agreement.Document) []termed {
	out := []termed{}
	if doc == nil {
		return out
	}
	for _, t := range doc.Terms {
		if t.Type == r.Type {
			out = append(out, termed{"type", string(r.Type), t.Own, t.Text, t.Article, false})
		}
	}
	for i := range r.Data {
		item := &r.Data[i]
		for _, t := range doc.Terms {
			said := slices.Contains(item.Own, t.Own)
			if t.Category == item.Category && (said || len(item.Own) == 0) {
				out = append(out, termed{fmt.Sprintf("data[%d]", i), string(item.Category), t.Own, t.Text, t.Article, said})
			}
		}
	}
	return out
}

// writeTerms writes each member on a line: the one word with its meaning, of
// several the codes alone.
func writeTerms(w io.Writer, terms []termed) {
	name := "terms"
	for len(terms) > 0 {
		n := 1
		for n < len(terms) && terms[n].Member == terms[0].Member {
			n++
		}
		first, codes := terms[0], []string{}
		for _, t := range terms[:n] {
			codes = append(codes, t.Own)
		}
		text := fmt.Sprintf("%s is %s here: %s (%s)", first.Neutral, first.Own, first.Text, first.Article)
		if n > 1 {
			text = fmt.Sprintf("%s may be said as %s here", first.Neutral, strings.Join(codes, ", "))
		}
		if n > 1 && first.Said {
			text = fmt.Sprintf("%s is said as %s", first.Neutral, strings.Join(codes, ", "))
		}
		if first.Member != "type" {
			text = first.Member + ": " + text
		}
		field(w, name, text)
		if name = ""; n == len(terms) {
			return
		}
		terms = terms[n:]
	}
}

// A candidate is an agreement that grants what is asked for.
type candidate struct {
	Agreement protocol.AgreementRef `json:"agreement"`
	Title     string                `json:"title"`
	Channel   agreement.Channel     `json:"channel"`
	Article   string                `json:"article"`
	Governs   bool                  `json:"governs"`
	Obstacle  string                `json:"obstacle,omitzero"`
}

// candidates lists the agreements that grant what is asked for, best first.
func (k *checking) candidates(d *protocol.Decision) []candidate {
	out := []candidate{}
	for _, c := range k.grounds.Book.Candidates(k.query()) {
		out = append(out, candidate{c.Document.Ref(), c.Document.Title, c.Channel, c.Article,
			c.Document.Ref() == d.Agreement, c.Obstacle})
	}
	return out
}

func writeCandidates(w io.Writer, list []candidate) {
	if len(list) == 0 {
		field(w, "candidate", "none: no agreement at hand grants what is asked for between these Parties")
	}
	for _, c := range list {
		way := "to the provider"
		if c.Channel == agreement.Central {
			way = "through central authorities"
		}
		text := fmt.Sprintf("%s, %s, %s: ", c.Agreement.ID, c.Article, way)
		switch {
		case c.Obstacle != "":
			text += c.Obstacle
		case c.Governs:
			text += "the one that was checked"
		default:
			text += "nothing stands against it but its rules"
		}
		field(w, "candidate", text)
	}
}

// notices returns the notices about the documents on which it was decided, or
// where there are none about any.
func (k *checking) notices(used []*agreement.Document) []*agreement.Notice {
	if len(used) == 0 {
		used = k.grounds.Book.Documents()
	}
	out := []*agreement.Notice{}
	seen := map[string]bool{}
	for _, doc := range used {
		if !seen[doc.ID] { // versions share their notices
			out = append(out, k.grounds.Book.Notices(doc.ID)...)
		}
		seen[doc.ID] = true
	}
	return out
}

func writeNotices(w io.Writer, list []*agreement.Notice) {
	name := "notices"
	if len(list) == 0 {
		field(w, name, "none")
	}
	for _, n := range list {
		field(w, name, fmt.Sprintf("%s of %s, of %s, from %s: %s", n.Kind, n.Agreement, n.Party, moment(n.Effective), n.ID))
		name = ""
	}
}
