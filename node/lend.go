package node

import (
	"context"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// lend answers a peer that asks for a document.
func (n *Node) lend(_ context.Context, peer protocol.ParticipantID, m *wire.Pull) (wire.Message, error) {
	l := n.library.Load()
	if m.Kind == wire.KindRegister {
		b, d := l.register(protocol.Party(m.Name))
		if b == nil || d == m.Have {
			return &wire.Nothing{}, nil
		}
		return &wire.Publish{Kind: m.Kind, Document: b}, nil
	}
	var wanted protocol.Digest
	if err := wanted.UnmarshalText([]byte(m.Name)); err != nil {
		return &wire.Nothing{}, nil
	}
	b, ok := l.shelf(documentKind(m.Kind), peer.Party()).docs[wanted]
	if !ok {
		return &wire.Nothing{}, nil
	}
	return &wire.Publish{Kind: m.Kind, Document: b}, nil
}

// showHoldings answers a peer that compares what it holds with what we hold of
// what concerns us both.
func (n *Node) showHoldings(peer protocol.ParticipantID, m *wire.HoldingsQuery) (wire.Message, error) {
	s := n.library.Load().shelf(documentKind(m.Kind), peer.Party())
	list := s.after(m.After)
	if s.set == m.Have || len(list) == 0 {
		return &wire.Nothing{}, nil
	}
	return &wire.HoldingsAnswer{Digests: list[:min(len(list), wire.MaxHoldings)]}, nil
}

// documentKind is the node's word for a kind of the wire, "" for one that it
// does not keep.
func documentKind(k wire.Kind) DocumentKind {
	for kind, w := range wireKinds {
		if w == k {
			return kind
		}
	}
	return ""
}
