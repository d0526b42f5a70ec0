package node_test

import (
	"fmt"


	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// newest is the name of the newest register of a Party that a node holds.
func (b *border) newest(n *runner, party protocol.Party) string {
	b.t.Helper()
	docs, err := n.Documents(b.t.Context())
	b.must(err)
	name, version := "", 0
	for _, d := range docs {
		var p string
		var v int
		if _, err := fmt.Sscanf(d.Name, "%2s@%d", &p, &v); err == nil && d.Kind == "register" &&
			p == string(party) && v > version {
			name, version = d.Name, v
		}
	}
	return name
}

// suspension is a notice of a Party that it no longer grants content.
func (b *border) suspension(id string, party protocol.Party) *agreement.Notice {
	return &agreement.Notice{ID: id, Agreement: daa.ID, Party: party, Kind: agreement.Suspend,
		Toward: []protocol.Party{}, Types: []protocol.RequestType{},
		Categories: []protocol.Category{protocol.CategoryContent},
		Effective:  b.now(), Issued: b.now(), Ground: "a test"}
}
