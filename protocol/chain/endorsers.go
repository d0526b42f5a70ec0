package chain

import (
	"fmt"

	"comity.example/protocol"
)

// Endorsers returns the officers behind an act that nobody has signed yet, if
// each of their endorsements stands and one of them may do what the act does: of
// an act with one endorsement, whether that officer counts.
func Endorsers(act *protocol.Act, in Context) ([]Officer, *Fault) {
	if f := in.check(); f != nil {
		return nil, f
	}
	q := &inquiry{Context: in, moment: in.At}
	q.found.Act = act
	for _, s := range []step{
		{"look up sender", (*inquiry).lookUpSender},
		{"check sender's role", (*inquiry).checkRole},
		{"verify officers", (*inquiry).verifyOfficers},
	} {
		if f := s.check(q); f != nil {
			return nil, &Fault{f.Reason, fmt.Errorf("chain: endorsers: %s: %w", s.name, f.Err)}
		}
	}
	return q.found.Officers, nil
}
