package node

import (
	"context"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/protocol"
)

// PassOn has an object be prepared to be passed on into another case, and be passed on
// into it where sent says so.
func (n *Node) PassOn(ctx context.Context, from, to protocol.CaseID, tree protocol.Digest, sent bool) error {
	m := &manifest{act: &protocol.Act{Case: to}, bound: from}
	if _, err := n.sentShare(m, tree); err != nil || !sent {
		return err
	}
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		e, err := record.Read[exhibit](tx, exhibitID{from, tree}.key())
		if err != nil {
			return err
		}
		e.State, e.From = desk.EvidenceDisclosed, ""
		return record.Write(tx, exhibitID{to, tree}.key(), e)
	})
	return err
}

// OrderDestruction is the first step of a deletion, after which a node is killed.
func (n *Node) OrderDestruction(ctx context.Context, d desk.Draft) error {
	_, err := n.orderDestruction(ctx, d)
	return err
}

// DestroyKey is the second step, for one object.
func (n *Node) DestroyKey(id protocol.CaseID, object protocol.Digest) error {
	return n.vault.Destroy(id, object)
}

// Dispatch is the third step.
func (n *Node) Dispatch(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	return n.dispatch(ctx, d)
}

// HasKey reports whether the vault can open an object of a case.
func (n *Node) HasKey(id protocol.CaseID, object protocol.Digest) bool {
	_, _, err := n.vault.Key(id, object)
	return err == nil
}
