package node

import (
	"context"

	"comity.example/node/desk"
	"comity.example/protocol"
)

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
