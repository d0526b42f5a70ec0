package casefile

import (
	"bytes"
	"cmp"
	"slices"

	"comity.example/protocol"
)

// Amendments returns those that one holds who holds the acts in follows and what
// is behind them, in the order of their versions. Of two that crossed, the one
// with the smaller digest comes first: everybody reads them alike.
func (c *Case) Amendments(follows []protocol.Digest) []Entry {
	var out []Entry
	for e, whole := range c.behind(follows) {
		if whole && e.Kind == protocol.KindAmendment {
			out = append(out, *e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Says.Version, b.Says.Version), bytes.Compare(a.Act[:], b.Act[:]))
	})
	return out
}

// Held returns every act of the case: what its holder knows.
func (c *Case) Held() []protocol.Digest { return c.heads() }

// Examined reports whether every authority that was notified has said what it
// will do, or the time in which it may has passed. Only then may the addressee
// produce where the agreement has it wait (Regulation (EU) 2023/1543, Art. 10(2)).
func (c *Case) Examined() bool {
	return !slices.ContainsFunc(c.Notified, func(id protocol.ParticipantID) bool { return !c.examined(id) })
}
