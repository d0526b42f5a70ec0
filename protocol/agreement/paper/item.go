package paper

import (
	"fmt"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// one returns a section whose items are in one group.
func one(title string, items []item) section {
	if len(items) == 0 {
		return section{}
	}
	return section{Title: title, Groups: []group{{Items: items}}}
}

// byArticle groups items by the article with which theirs begins, in the order
// in which the document first names each.
func byArticle(items []item) []group {
	var out []group
	at := map[string]int{}
	for _, i := range items {
		article := leading(i.Article)
		n, ok := at[article]
		if !ok {
			n = len(out)
			at[article] = n
			out = append(out, group{Article: article})
		}
		out[n].Items = append(out[n].Items, i)
	}
	return out
}

// leading returns the first article of a reference without its paragraphs:
// "Art. 4" of "Art. 4(3), 7(1)".
func leading(article string) string {
	if i := strings.IndexAny(article, "(,;"); i > 0 {
		return strings.TrimSpace(article[:i])
	}
	return article
}

// fields drops those that have no value.
func fields(all ...field) []field {
	var out []field
	for _, f := range all {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func (m *maker) rights() section {
	var items []item
	left := 0
	for i := range m.doc.Rights {
		r := &m.doc.Rights[i]
		if m.dir != nil && !(r.From.Has(m.dir.From) && r.To.Has(m.dir.To)) {
			left++
			continue
		}
		items = append(items, m.right(r))
	}
	s := one("Rights", items)
	s.Title, s.LeftOut = "Rights", leftOut(left, "right", "rights", "of other directions")
	return s
}

func (m *maker) right(r *agreement.Right) item {
	from, to, whom := r.From.String(), r.To.String(), "a provider"
	if r.From.Any() {
		from = "Any Party"
	}
	if r.To.Any() {
		to = "any other Party"
	}
	if m.dir != nil {
		from, to = string(m.dir.From), string(m.dir.To)
	}
	if r.Channel == agreement.Central {
		whom = "the central authority"
	}
	out := item{kind: "right", id: r.ID, Article: r.Article, Mark: r.Mark,
		Text: fmt.Sprintf("%s may ask %s of %s for %s.", from, whom, to, asked(r.Types)),
		Fields: fields(field{Name: "For", Value: join(r.Types)}, field{Name: "Data", Value: join(r.Categories)},
			field{Name: "Reciprocity", Value: reciprocity(r)})}
	if r.EmergencyOnly {
		out.Fields = append(out.Fields, field{Name: "Emergency", Value: "only for requests that state an emergency"})
	}
	out.Fields = append(out.Fields, m.today(r)...)
	if x := r.Transmitted; x != nil {
		out.Parts = append(out.Parts, item{kind: "transmission", Text: x.Text, Article: x.Article, Mark: x.Mark,
			Fields: fields(field{Name: "Sent by", Value: "role " + string(x.Role)})})
	}
	if x := r.Notifies; x != nil {
		out.Parts = append(out.Parts, item{kind: "notification", Text: x.Text, Article: x.Article, Mark: x.Mark,
			Fields: fields(field{Name: "Notifies", Value: "at the same time, the receiving side: role " + string(x.Role)},
				field{Name: "When", Value: x.When, Code: true},
				m.applies(x.Option))})
	}
	return out
}

// asked says in words what requests of some types are for.
func asked(types []protocol.RequestType) string {
	words := map[protocol.RequestType]string{
		protocol.Production: "the production of data", protocol.Preservation: "the preservation of data",
		protocol.Subscriber: "subscriber information", protocol.Interception: "interception",
		protocol.PathDisclosure: "the path of a communication",
	}
	var out []string
	for _, t := range types {
		word, ok := words[t]
		if !ok {
			word = spaced(t)
		}
		out = append(out, word)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " or " + out[n-1]
	}
	return strings.Join(out, "")
}

func reciprocity(r *agreement.Right) string {
	switch r.Reciprocity {
	case agreement.OneSided:
		return "one-sided, " + r.OneSidedArticle
	case agreement.Promise:
		return "only with a written promise of reciprocity"
	}
	return "only while the same right stands in the other direction"
}

func (m *maker) rules() section {
	var items []item
	left := 0
	for i := range m.doc.Rules {
		r := &m.doc.Rules[i]
		if !m.matters(r) {
			left++
			continue
		}
		items = append(items, m.rule(r))
	}
	s := section{Title: rulesTitle, Groups: byArticle(items)}
	s.LeftOut = leftOut(left, "rule", "rules", "of other directions, or that hang on an option which nobody made")
	return s
}

func (m *maker) rule(r *agreement.Rule) item {
	out := item{kind: "rule", id: r.ID, Article: r.Article, Mark: r.Mark, Text: r.Text,
		Fields: fields(
			field{Name: "Direction", Value: m.direction(r.From, r.To)},
			field{Name: "Capacity", Value: capacity(r.Capacity)},
			m.applies(r.Option),
			field{Name: "When", Value: r.When, Code: true},
			field{Name: "Require", Value: r.Require, Code: true})}
	if r.Kind == agreement.Attested {
		who := "an officer who signs the request, or the certifying authority"
		if r.By != "" {
			who = fmt.Sprintf("the role %s, in the request or its certification", r.By)
		}
		out.Fields = append(out.Fields, field{Name: "Attested by", Value: who})
	}
	for _, s := range r.Statements {
		out.Fields = append(out.Fields, field{Name: "Statement " + s.Code, Value: s.Text})
	}
	ask := "Advice"
	if r.Kind == agreement.Judgement {
		ask = "Question"
	}
	out.Fields = append(out.Fields, field{Name: "Otherwise", Value: otherwise(r)})
	out.Fields = append(out.Fields, fields(field{Name: ask, Value: r.Ask})...)
	switch {
	case r.ProvenFor.IsZero():
	case m.dir == nil:
		out.Fields = append(out.Fields, field{Name: "Verified for", Value: "orders of " + r.ProvenFor.String() + " only"})
	case !r.ProvenFor.Has(m.dir.From):
		out.Mark.Provenance = agreement.Unverified
	}
	return out
}

func otherwise(r *agreement.Rule) string {
	switch r.Otherwise {
	case agreement.OtherwiseHold:
		who := fmt.Sprintf("for the %s side: role %s", r.Side, r.Role)
		if r.Kind == agreement.Judgement {
			who += ", who decides"
		}
		return fmt.Sprintf("hold (%s), %s", r.Reason, who)
	case agreement.OtherwiseFlag:
		return fmt.Sprintf("flag (%s): it is shown and changes no verdict", r.Reason)
	}
	return fmt.Sprintf("deny (%s)", r.Reason)
}

func capacity(c agreement.LawCapacity) string {
	switch c {
	case agreement.LawOfIssuing:
		return "the law of the Party that issues the order"
	case agreement.LawOfReceiving:
		return "the law of the requested Party"
	case agreement.LawOfProvider:
		return "law that binds the provider, wherever it was addressed"
	case agreement.LawWithin:
		return "the law by which the Party executes what another State asks"
	}
	return ""
}

// direction says for which direction a statement is, "" if for every one or
// where the page is for one already.
func (m *maker) direction(from, to agreement.PartySet) string {
	switch {
	case m.dir != nil:
	case !from.IsZero() && !to.IsZero():
		return fmt.Sprintf("%s to %s", from, to)
	case !from.IsZero():
		return "from " + from.String()
	case !to.IsZero():
		return "to " + to.String()
	}
	return ""
}

func (m *maker) lists() section {
	var items []item
	for _, l := range m.doc.Lists {
		out := item{kind: "list", id: l.ID, Text: "The instrument lists these offences.", Article: l.Article, Mark: l.Mark}
		for _, e := range l.Entries {
			out.Fields = append(out.Fields, field{Name: e.Code, Value: e.Text})
		}
		items = append(items, out)
	}
	return one("Lists of offences", items)
}

func (m *maker) barred() section {
	var items []item
	left := 0
	for _, b := range m.doc.Barred {
		if m.dir != nil && !(all(b.From, m.dir.From) && all(b.To, m.dir.To)) {
			left++
			continue
		}
		id := string(b.Ground)
		if !b.From.IsZero() || !b.To.IsZero() {
			id += " " + b.From.String() + ":" + b.To.String()
		}
		items = append(items, item{kind: "barred", id: id, Text: b.Text, Article: b.Article, Mark: b.Mark,
			Fields: fields(field{Name: "Barred", Value: string(b.Ground)},
				field{Name: "Direction", Value: m.direction(b.From, b.To)}, field{Name: "Only", Value: barredOnly(b.Only)})})
	}
	s := one("Grounds with which nobody may refuse", items)
	if s.LeftOut = leftOut(left, "ground", "grounds", "of other directions"); s.LeftOut != "" {
		s.Title = "Grounds with which nobody may refuse"
	}
	return s
}

func barredOnly(o agreement.BarredOnly) string {
	if o == agreement.BarredWithoutTreaty {
		return "where no other instrument of mutual assistance is in force between the two"
	}
	return string(o)
}

// all reports whether a set that may be left out has the Party.
func all(s agreement.PartySet, p protocol.Party) bool { return s.IsZero() || s.Has(p) }

func (m *maker) terms() section {
	var items []item
	for _, t := range m.doc.Terms {
		of := string(t.Category) + string(t.Type) // one of the two is set
		items = append(items, item{kind: "term", id: joinID(of, t.Own), Text: sentence(t.Text), Article: t.Article, Mark: t.Mark,
			Fields: fields(field{Name: "Own code", Value: t.Own}, field{Name: "Stands for", Value: of})})
	}
	return one("The instrument's own words", items)
}

func (m *maker) clauses(title, kind string, list []agreement.Clause) section {
	var items []item
	for _, c := range list {
		items = append(items, item{kind: kind, id: c.ID, Text: c.Text, Article: c.Article, Mark: c.Mark})
	}
	return one(title, items)
}

func (m *maker) clocks() section {
	var items []item
	for _, c := range m.doc.Clocks {
		out := item{kind: "clock", id: c.ID, Text: c.Text, Article: c.Article, Mark: c.Mark,
			Fields: []field{{Name: "Runs", Value: fmt.Sprintf("%s from %s", c.Length, c.Starts)}}}
		if c.Run != nil {
			out.Fields = append(out.Fields, field{Name: "Counted", Value: c.Run.Words()})
		}
		if !c.Date.IsZero() {
			out.Fields = []field{{Name: "Day", Value: c.Date.String() + ": from then on every request is held"}}
		}
		items = append(items, out)
	}
	return one("Clocks", items)
}

func (m *maker) objection() section {
	var items []item
	for _, o := range m.doc.Objection {
		items = append(items, item{kind: "objection", id: fmt.Sprintf("%s to %s", o.By, o.To), Text: o.Text, Article: o.Article, Mark: o.Mark,
			Fields: []field{{Name: "From", Value: fmt.Sprintf("role %s", o.By)},
				{Name: "To", Value: fmt.Sprintf("the %s side: role %s", o.ToSide, o.To)}, {Name: "Time", Value: o.Time}}})
	}
	return one("Objection", items)
}

// leftOut says how many items a direction leaves out, "" if none.
func leftOut(n int, word, words, why string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("Left out: 1 %s %s.", word, why)
	}
	return fmt.Sprintf("Left out: %d %s %s.", n, words, why)
}
