package node

import (
	"context"
	"encoding/json"
	"fmt"

	"comity.example/node/desk"
	"comity.example/node/exhibit"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/chain"
)

// PassOn has an object be prepared to be passed on into another case, and be passed on
// into it where sent says so.
func (n *Node) PassOn(ctx context.Context, from, to protocol.CaseID, tree protocol.Digest, sent bool) error {
	u := exhibit.Unfilled{Act: new(protocol.Act), Grounds: *n.grounds.Load(), At: n.now()}
	err := n.journal.View(ctx, func(r store.Reader) error {
		f, err := record.Read[filed](r, caseKey(from))
		if err != nil {
			return err
		}
		e, _ := f.File.Last(protocol.KindDisclosure)
		signed, err := r.Get(digestKey(prefixAct, e.Act))
		if err != nil {
			return err
		}
		disclosed, err := chain.Unverified(signed)
		if err != nil {
			return err
		}
		*u.Act, u.Case = *disclosed, &f.File
		u.Act.Case, u.Act.From, u.Act.To = to, n.cfg.Self, []protocol.ParticipantID{f.File.Issuer}
		u.Act.Body = protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete, Origin: signed}}
		return nil
	})
	if err == nil {
		_, err = n.exhibits.Fill(ctx, u)
	}
	if err != nil || !sent {
		return err
	}
	return n.edit(ctx, fmt.Sprintf("evidence/%s/%x", from, tree[:]), fmt.Sprintf("evidence/%s/%x", to, tree[:]),
		func(e map[string]json.RawMessage) {
			e["state"] = json.RawMessage(`"` + desk.EvidenceDisclosed + `"`)
			delete(e, "from")
		})
}

// edit has what the store says under a key be said under another, but for what change
// changes in it.
func (n *Node) edit(ctx context.Context, from, to string, change func(map[string]json.RawMessage)) error {
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		b, err := tx.Get([]byte(from))
		if err != nil {
			return err
		}
		var v map[string]json.RawMessage
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		change(v)
		if b, err = json.Marshal(v); err != nil {
			return err
		}
		return tx.Set([]byte(to), b)
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
