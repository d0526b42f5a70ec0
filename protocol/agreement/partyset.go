package agreement

import (
	"slices"
	"strings"

	"comity.example/protocol"
)

// A PartySet is a set of Parties, or any Party of the document. The zero
// PartySet has no Party.
type PartySet struct {
	any  bool
	list []protocol.Party
}

// anyParty is how a document writes the set of all its Parties.
const anyParty = "any party"

// Has reports whether p is in the set.
func (s PartySet) Has(p protocol.Party) bool { return s.any || slices.Contains(s.list, p) }

// Any reports whether the set is any Party of the document.
func (s PartySet) Any() bool { return s.any }

// IsZero reports whether the set was left out.
func (s PartySet) IsZero() bool { return !s.any && len(s.list) == 0 }

func (s PartySet) String() string {
	if s.any {
		return anyParty
	}
	names := make([]string, len(s.list))
	for i, p := range s.list {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
