package node

import (
	"context"
	"runtime"

	"comity.example/node/journal"
	"comity.example/protocol/wire"
)

// A precedence lets emergencies overtake where it is the processor that is short.
// To open, verify and decide an act takes about a millisecond of one. Where many
// ordinary acts are at that together, whatever an emergency does next stands
// behind all of them, again at each step of its way. So no more of them are at
// it than there are processors; an emergency waits for none of them.
//
// It bounds work and no waiting: nobody keeps a place while a peer or the next
// commit is waited for. What may come as an emergency, and how much of it, the link bounds.
type precedence struct {
	places chan struct{} // holds one for each ordinary act at work
}

func newPrecedence() precedence {
	return precedence{places: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// do calls work when there is a processor for an act of that lane. With an error
// it did not.
func (p precedence) do(ctx context.Context, lane wire.Lane, work func()) error {
	if lane == wire.Emergency {
		work()
		return nil
	}
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }() // after a panic too: it need not end the node
	case <-ctx.Done():
		return ctx.Err()
	}
	work()
	return nil
}

// committer returns how an act of that lane becomes durable.
func (n *Node) committer(lane wire.Lane) func(context.Context, func(*journal.Tx) error) (journal.Committed, error) {
	if lane == wire.Emergency {
		return n.journal.Urgent
	}
	return n.journal.Commit
}
