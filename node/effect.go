package node

import (
	"comity.example/node/journal"
	"comity.example/protocol/casefile"
)

// effects brings about, in the commit in which they were found to be due, what
// clocks that ended bring about: an act that this node owes, an item in the
// inbox. It returns whether there is a duty to do.
func (n *Node) effects(tx *journal.Tx, f *filed, due []casefile.Fired) (owes bool, err error) {
	return false, nil
}
