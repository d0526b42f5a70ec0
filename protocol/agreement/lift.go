package agreement

import (
	"slices"

	"comity.example/protocol"
)

// Lifts reports whether a notice that takes something back finds it there when
// it takes effect: a suspension of its Party, or an option that its Party made.
// Every other notice takes nothing back, and Lifts says true.
func (b *Book) Lifts(n *Notice) bool {
	if n.Kind != Resume && n.Kind != Withdraw {
		return true
	}
	return slices.ContainsFunc(b.byID[n.Agreement], func(e *entry) bool {
		return slices.ContainsFunc(e.others(n), func(toward protocol.Party) bool {
			if n.Kind == Withdraw {
				return e.made(n.Option, n.Party, toward, n.Effective)
			}
			return e.suspendsAny(n, toward)
		})
	})
}

// others are the Parties toward whom the notice may matter. "" stands for those
// that nothing names.
func (e *entry) others(n *Notice) []protocol.Party {
	if len(n.Toward) > 0 {
		return n.Toward
	}
	out := append(e.doc.Parties(), "")
	for _, held := range e.notices {
		out = append(out, held.Toward...)
	}
	return out
}

// suspendsAny reports whether anything that the notice concerns is suspended.
func (e *entry) suspendsAny(n *Notice, toward protocol.Party) bool {
	for _, t := range protocol.RequestTypes() {
		for _, c := range protocol.Categories() {
			g := grant{by: n.Party, toward: toward, typ: t, category: c}
			if n.concerns(g) && suspended(e.notices, g, n.Effective) != nil {
				return true
			}
		}
	}
	return false
}
