package vectors_test

import (
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// deletionRecipes are about the reasons for which evidence is deleted.
func (w world) deletionRecipes() []recipe {
	one := func(name, expect, about string, x certificate, change func(*question)) recipe {
		ask := func() *question {
			q := w.question()
			q.Agreements, q.Facts.Ref = []string{"vector-deletion.yaml", "vector-de-law.yaml"}, protocol.AgreementRef{ID: "vector-deletion", Version: "1"}
			q.Notices, q.Deletion = []*agreement.Notice{}, &x
			return q
		}
		return w.decisionOf(ask, name, expect, about, change)
	}
	return []recipe{
		one("deletion", "allow", "the agreement knows the deletion, of a participant of this Party",
			certificate{protocol.DeletionMinimised, protocol.Deleted, "GB"}, nil),
		one("deletion-restricted", "allow", "the agreement knows that the use is restricted instead",
			certificate{protocol.DeletionMinimised, protocol.Restricted, "GB"}, nil),
		one("deletion-other-party", "deny", "the agreement knows the deletion of another Party",
			certificate{protocol.DeletionMinimised, protocol.Deleted, "DE"}, nil),
		one("deletion-no-law", "deny", "the agreement has no refusal after the fact",
			certificate{protocol.DeletionRefused, protocol.Deleted, "GB"}, nil),
		one("deletion-not-restricted", "deny", "the agreement knows the deletion, and no restriction instead",
			certificate{protocol.DeletionNotValidated, protocol.Restricted, "GB"}, nil),
		one("deletion-own-law", "allow", "a reason of the sender's own law, of which no document says anything",
			certificate{protocol.DeletionPurge, protocol.Deleted, "GB"}, nil),
		one("deletion-domestic", "allow", "the sender's own law says what is in the way, and how it is mended",
			certificate{protocol.DeletionPurge, protocol.Deleted, "DE"}, nil),
		one("deletion-unknown", "allow", "the agreement of the case is not held",
			certificate{protocol.DeletionRefused, protocol.Deleted, "GB"}, func(q *question) { q.Agreements = []string{} }),
	}
}
