package paper

import (
	"strconv"
	"strings"

	"comity.example/protocol/agreement"
)

// beside says what runs beside a request.
func (m *maker) beside() section {
	var items []item
	if n := m.doc.Notice; n != nil {
		items = append(items, item{kind: "user notice", id: "notice to the user", Text: n.Text, Article: n.Article, Mark: n.Mark,
			Fields: fields(field{Name: "Who tells", Value: teller(n.Responsible)}, field{Name: "Letter", Value: n.Letter})})
	}
	if x := m.doc.Secrecy; x != nil {
		items = append(items, item{kind: "secrecy", id: "end of secrecy", Text: x.Text, Article: x.Article, Mark: x.Mark,
			Fields: fields(field{Name: "End", Value: "required"}, field{Name: "Types", Value: joined(x.Types)},
				field{Name: "Categories", Value: joined(x.Categories)})})
	}
	if k := m.doc.Keeping; k != nil {
		from, times := "", ""
		if k.OnReceipt {
			from = "from the receipt of the order on"
		}
		if k.Extensions > 0 {
			times = strconv.Itoa(k.Extensions)
		}
		items = append(items, item{kind: "keeping", id: "keeping of data", Text: k.Text, Article: k.Article, Mark: k.Mark,
			Fields: fields(field{Name: "Kept", Value: from}, field{Name: "Extensions", Value: times})})
	}
	if x := m.doc.StateNotice; x != nil {
		items = append(items, item{kind: "state notice", id: "notice to a third State", Article: x.Article, Mark: x.Mark,
			Text:   "A third State is told, or an exception is recorded, as the rule says.",
			Fields: fields(field{Name: "Rule", Value: x.Rule}, field{Name: "Told by", Value: strings.Join(x.Sent, ", ")})})
	}
	if x := m.doc.Consult; x != nil {
		items = append(items, item{kind: "consultation", id: "consultation", Text: x.Text, Article: x.Article, Mark: x.Mark,
			Fields: fields(field{Name: "Duty", Value: string(x.Duty)}, field{Name: "Before", Value: joined(x.Before)},
				field{Name: "Grounds", Value: joined(x.Grounds)})})
		if w := x.Waiver; w != nil {
			items = append(items, item{kind: "waiver", id: "waiver", Text: w.Text, Article: w.Article, Mark: w.Mark,
				Fields: fields(field{Name: "Grounds", Value: joined(w.Grounds)})})
		}
	}
	return one("Beside a request", items)
}

// deletions says for which reasons evidence is deleted.
func (m *maker) deletions() section {
	var items []item
	for i := range m.doc.Deletions {
		t := &m.doc.Deletions[i]
		from, instead := "", ""
		if !t.From.IsZero() {
			from = t.From.String()
		}
		if t.Restricts {
			instead = "the use may be restricted"
		}
		items = append(items, item{kind: "deletion", id: t.ID, Text: t.Text, Article: t.Article, Mark: t.Mark,
			Fields: fields(field{Name: "Reasons", Value: joined(t.Reasons)}, field{Name: "By", Value: from},
				field{Name: "Instead", Value: instead}, field{Name: "First", Value: t.Advice})})
	}
	return one("Deletion", items)
}

func teller(t agreement.Teller) string {
	if t == agreement.TellIssuing {
		return "the issuing side"
	}
	return "the addressee"
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
