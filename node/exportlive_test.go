package node

import (
	"context"

	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TickOnly is TickCase of a node that is killed before it does what it then owes.
func (n *Node) TickOnly(ctx context.Context, id protocol.CaseID) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return err
		}
		law := casefile.Law{Document: n.grounds.Load().Book.Text(f.File.Agreement), Self: n.cfg.Self}
		var due []casefile.Fired
		f.File, due = f.File.Tick(casefile.Clocks(&f.File, law), n.now())
		if _, err := n.effects(tx, &f, due); err != nil {
			return err
		}
		return n.file(tx, f, n.now())
	})
	return err
}

// FalsifyProduct has a node believe that the stop named an object that the case has
// already, as what was delivered.
func (n *Node) FalsifyProduct(ctx context.Context, id protocol.CaseID, tree protocol.Digest) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		l, err := liveOf(tx, id)
		if err != nil {
			return err
		}
		l.Stop = protocol.Digest{1}
		l.Product = &protocol.Object{Name: l.Name, MediaType: l.MediaType, Size: 3, Segments: 1, Tree: tree}
		return record.Write(tx, liveKey(id), l)
	})
	n.lives.wake()
	return err
}

// FalsifyStop has a node believe that the stop said that something else was delivered.
func (n *Node) FalsifyStop(ctx context.Context, id protocol.CaseID) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		l, err := liveOf(tx, id)
		if err != nil {
			return err
		}
		l.Stop = protocol.Digest{1}
		l.Product = &protocol.Object{Name: l.Name, MediaType: l.MediaType, Size: 3, Segments: 1, Tree: protocol.Digest{2}}
		return record.Write(tx, liveKey(id), l)
	})
	n.lives.wake()
	return err
}
