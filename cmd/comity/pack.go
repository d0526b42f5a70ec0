package main

import (
	"context"
	"errors"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// packs are the packs among the objects of a case, by their tree hash, each with
// its list.
type packs map[protocol.Digest]*protocol.Object

func packsOf(items []desk.EvidenceItem) packs { return packs{} }

// listed reports whether an object is the list of a pack that is here.
func (p packs) listed(i *desk.EvidenceItem) bool { return false }

func (f *folder) unpack(ctx context.Context, node content, id protocol.CaseID, o, list *protocol.Object) (string, int, error) {
	return "", 0, errors.New("TODO")
}
