package node

import (
	"context"
	"io"
	"net/http"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// Feed implements desk.Exhibits.
func (n *Node) Feed(context.Context, protocol.CaseID, io.Reader) (desk.Fed, error) {
	return desk.Fed{}, notYet()
}

// Follow implements desk.Exhibits.
func (n *Node) Follow(context.Context, protocol.CaseID, protocol.Digest, int64, io.Writer) error {
	return notYet()
}

func notYet() error {
	return &desk.Problem{Status: http.StatusNotImplemented, Text: "this node moves no live product yet"}
}
