package node

import (
	"context"
	"encoding/json"
	"errors"

	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
	"comity.example/protocol/canon"
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
	stop, err := canon.Write(protocol.Digest{1})
	product := protocol.Object{Name: "calls", MediaType: "application/octet-stream", Size: 3, Segments: 1, Tree: tree}
	b, err2 := canon.Write(product)
	err = errors.Join(err, err2, n.edit(ctx, "live/"+string(id), "live/"+string(id), func(l map[string]json.RawMessage) {
		l["stop"], l["product"] = stop, b
	}))
	n.exhibits.Wake()
	return err
}

// FalsifyStop has a node believe that the stop said that something else was delivered.
func (n *Node) FalsifyStop(ctx context.Context, id protocol.CaseID) error {
	return n.FalsifyProduct(ctx, id, protocol.Digest{2})
}

// Bar has a node hold that an authority raised a ground for refusal in a case.
func (n *Node) Bar(ctx context.Context, id protocol.CaseID) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		f, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return err
		}
		f.File.Thread[len(f.File.Thread)-1].Leads = casefile.GroundRaised
		return record.Write(tx, caseKey(id), f)
	})
	return err
}
