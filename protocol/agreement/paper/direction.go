package paper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// asked is who asks whom, and when.
func (m *maker) asked() agreement.Query {
	return agreement.Query{From: m.dir.From, To: m.dir.To, At: m.opts.At}
}

// matters reports whether a rule is for the page's direction.
func (m *maker) matters(r *agreement.Rule) bool {
	if m.dir == nil {
		return true
	}
	if m.doc.Kind == agreement.KindDomestic {
		party := m.doc.Members[0].Party
		switch r.Capacity {
		case agreement.LawOfIssuing:
			return party == m.dir.From
		case agreement.LawOfReceiving:
			return party == m.dir.To
		case agreement.LawWithin:
			return party == m.dir.From && party == m.dir.To
		}
		return true // a provider anywhere may be under that law too
	}
	if !all(r.From, m.dir.From) || !all(r.To, m.dir.To) {
		return false
	}
	_, _, made := m.book.Maker(m.doc, r.Option, m.asked())
	return r.Option == "" || made
}

// applies says in words what an option makes hang on it: in a direction,
// whether it is so there.
func (m *maker) applies(id string) field {
	o := m.option(id)
	if o == nil {
		return field{}
	}
	if m.dir == nil {
		text := fmt.Sprintf("the receiving Party made %s", id)
		if o.Mirrored != "" {
			text += fmt.Sprintf(", or the issuing Party did, to whom the others may then apply the same, %s", o.Mirrored)
		}
		return field{Name: "Only if", Value: text}
	}
	by, mirrored, made := m.book.Maker(m.doc, id, m.asked())
	switch {
	case !made:
		return field{Name: "Does not apply", Value: fmt.Sprintf("%s did not make %s", m.dir.To, id)}
	case mirrored:
		return field{Name: "Applies", Value: fmt.Sprintf("%s made %s, and %s may apply the same to it, %s",
			by, id, m.dir.To, o.Mirrored)}
	}
	return field{Name: "Applies", Value: fmt.Sprintf("%s made %s", by, id)}
}

func (m *maker) option(id string) *agreement.Option {
	for i := range m.doc.Options {
		if m.doc.Options[i].ID == id {
			return &m.doc.Options[i]
		}
	}
	return nil
}

func (m *maker) options() section {
	var items []item
	left := 0
	for i := range m.doc.Options {
		o := &m.doc.Options[i]
		effect, matters := m.effect(o)
		if !matters {
			left++
			continue
		}
		out := item{kind: "option", id: o.ID, Text: o.Text, Article: o.Article, Mark: o.Mark,
			Fields: fields(field{Name: "May be made", Value: "as a " + string(o.Kind)},
				field{Name: "Takes away", Value: excluded(o.Excludes)},
				field{Name: "Rules", Value: strings.Join(m.users(o.ID), ", ")},
				field{Name: "In return", Value: inReturn(o)},
				field{Name: "Effect", Value: effect})}
		for _, p := range m.doc.Positions {
			if p.Option == o.ID && (m.dir == nil || p.Party == m.dir.From || p.Party == m.dir.To) {
				out.Parts = append(out.Parts, item{kind: "position", id: string(p.Party), Mark: p.Mark,
					Text:   fmt.Sprintf("%s made it.", p.Party),
					Fields: fields(field{Name: "Since", Value: p.Since.String()})})
			}
		}
		items = append(items, out)
	}
	s := one("Reservations and declarations", items)
	if s.LeftOut = leftOut(left, "option that neither Party made", "options that neither Party made",
		"or that changes nothing in this direction"); s.LeftOut != "" {
		s.Title = "Reservations and declarations"
	}
	return s
}

func inReturn(o *agreement.Option) string {
	if o.Mirrored == "" {
		return ""
	}
	return "the other Parties may apply the same to whoever made it, " + o.Mirrored
}

// excluded says what an option takes away.
func excluded(x *agreement.Exclusion) string {
	switch {
	case x == nil:
		return ""
	case len(x.Types) == 0 && len(x.Categories) == 0:
		return "every right to ask whoever made it"
	case len(x.Types) == 0:
		return join(x.Categories)
	case len(x.Categories) == 0:
		return join(x.Types)
	}
	return join(x.Types) + " of " + join(x.Categories)
}

// users names the rules, and the rights whose notifications, hang on an option.
func (m *maker) users(id string) []string {
	var out []string
	for i := range m.doc.Rules {
		if m.doc.Rules[i].Option == id {
			out = append(out, m.doc.Rules[i].ID)
		}
	}
	for i := range m.doc.Rights {
		if x := m.doc.Rights[i].Notifies; x != nil && x.Option == id {
			out = append(out, "right "+m.doc.Rights[i].ID)
		}
	}
	return out
}

// effect says what becomes of an option in the page's direction, and whether
// that is anything.
func (m *maker) effect(o *agreement.Option) (string, bool) {
	if m.dir == nil {
		return "", true
	}
	from, to := m.dir.From, m.dir.To
	var out []string
	if m.book.Made(m.doc, o.ID, m.asked()) {
		out = append(out, fmt.Sprintf("%s made it.", to))
	}
	if m.book.Made(m.doc, o.ID, agreement.Query{From: to, To: from, At: m.opts.At}) {
		switch {
		case o.Mirrored != "":
			out = append(out, fmt.Sprintf("%s made it, and %s may apply the same to it, %s.", from, to, o.Mirrored))
		case o.Excludes != nil:
			out = append(out, fmt.Sprintf("%s made it: a right that depends on its mirror does not stand there.", from))
		}
	}
	return strings.Join(out, " "), len(out) > 0
}

// today says whether a right stands in the page's direction: for what it does
// not, and why.
func (m *maker) today(r *agreement.Right) []field {
	if m.dir == nil {
		return nil
	}
	var why []hindered
	free := 0
	for _, t := range r.Types {
		for _, c := range r.Categories {
			q := m.asked()
			q.Type, q.Categories, q.Emergency = t, []protocol.Category{c}, r.EmergencyOnly
			_, text := m.book.Hindrance(m.doc, r, q)
			if first := m.before(r, t, c); first != "" {
				text = fmt.Sprintf("For %s the right %s stands before it, and is used.", c, first)
			}
			if text == "" {
				free++
				continue
			}
			why = gather(why, text, t, c)
		}
	}
	if free > 0 && len(why) == 0 {
		return []field{{Name: "Stands", Value: "for all of it"}}
	}
	var out []field
	for i := range why {
		out = append(out, field{Name: "Does not stand", Value: why[i].String(r.Types)})
	}
	if free > 0 {
		out = append(out, field{Name: "Stands", Value: "for the rest"})
	}
	return out
}

// before names the right that is used in the place of another, "" if none is: of
// those that cover what is asked for the first.
func (m *maker) before(r *agreement.Right, t protocol.RequestType, c protocol.Category) string {
	for i := range m.doc.Rights {
		x := &m.doc.Rights[i]
		switch {
		case x.ID == r.ID:
			return ""
		case x.Channel == r.Channel && x.From.Has(m.dir.From) && x.To.Has(m.dir.To) && (r.EmergencyOnly || !x.EmergencyOnly) &&
			slices.Contains(x.Types, t) && slices.Contains(x.Categories, c):
			return x.ID
		}
	}
	return ""
}

// A hindered is one reason why something does not stand, with what it is.
type hindered struct {
	form       string // the reason, with a mark where it names a category
	types      []protocol.RequestType
	categories []protocol.Category
}

const categoryMark = "\x00"

// gather adds to the reasons, which of one form differ in the category alone.
func gather(why []hindered, text string, t protocol.RequestType, c protocol.Category) []hindered {
	form := strings.ReplaceAll(text, string(c), categoryMark)
	at := slices.IndexFunc(why, func(h hindered) bool { return h.form == form })
	if at < 0 {
		why = append(why, hindered{form: form})
		at = len(why) - 1
	}
	h := &why[at]
	if !slices.Contains(h.types, t) {
		h.types = append(h.types, t)
	}
	if !slices.Contains(h.categories, c) {
		h.categories = append(h.categories, c)
	}
	return why
}

// String says the reason once for all its categories, and for which types it
// is where it is not for all.
func (h *hindered) String(types []protocol.RequestType) string {
	text := strings.ReplaceAll(h.form, categoryMark, join(h.categories))
	if len(h.types) < len(types) {
		text += fmt.Sprintf(" This is so for %s.", join(h.types))
	}
	return text
}

// notices shows what the Parties gave under the document.
func (m *maker) notices() section {
	if m.book == nil {
		return section{}
	}
	var items []item
	for _, n := range m.book.Notices(m.doc.ID) {
		if m.dir != nil && !m.joins(n) {
			continue
		}
		when := "from " + n.Effective.Format(time.RFC3339)
		if m.opts.At.Before(n.Effective) {
			when += ", which has not come"
		}
		items = append(items, item{kind: "notice", id: strings.ToLower(string(n.Party)) + "-" + n.ID, Text: noticed(n),
			Article: n.Article, Fields: fields(field{Name: "Effect", Value: when}, field{Name: "Ground", Value: n.Ground})})
	}
	return one("Notices", items)
}

// joins reports whether a notice of one of the two is toward the other.
func (m *maker) joins(n *agreement.Notice) bool {
	other := m.dir.To
	switch n.Party {
	case m.dir.To:
		other = m.dir.From
	case m.dir.From:
	default:
		return false
	}
	return len(n.Toward) == 0 || slices.Contains(n.Toward, other)
}

// noticed says in words what a notice does.
func noticed(n *agreement.Notice) string {
	var about []string
	for _, list := range []struct{ name, words string }{
		{"requests", join(n.Types)}, {"data", join(n.Categories)}, {"toward", join(n.Toward)}} {
		if list.words != "" {
			about = append(about, list.name+": "+list.words)
		}
	}
	scope := ""
	if len(about) > 0 {
		scope = " (" + strings.Join(about, "; ") + ")"
	}
	switch n.Kind {
	case agreement.Suspend:
		return fmt.Sprintf("%s suspends the right to ask it%s.", n.Party, scope)
	case agreement.Resume:
		return fmt.Sprintf("%s takes back what it suspended of the right to ask it%s.", n.Party, scope)
	case agreement.Withdraw:
		return fmt.Sprintf("%s takes %s back%s.", n.Party, n.Option, scope)
	case agreement.Reserve:
		return fmt.Sprintf("%s makes the reservation %s%s.", n.Party, n.Option, scope)
	}
	return fmt.Sprintf("%s makes the declaration %s%s.", n.Party, n.Option, scope)
}
