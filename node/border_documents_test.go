package node_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
	"comity.example/protocol/wire"
)

// TestFilesOfOneDocumentMakeFewEntries: an agreement that is held is held, with
// a space more in the file of its signatures, too.
func TestFilesOfOneDocumentMakeFewEntries(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		same := func(b []byte) []byte { return b }
		held := b.agreed(same, map[protocol.Party]*identity.Key{"GB": b.root("GB"), "US": b.root("US")})
		document, signatures, err := agreement.SplitSigned(held)
		b.must(err)
		f := b.thief(contoso)
		size, busy, start := b.size(office), 0, time.Now()
		for i := range node.RefusalBurst + 10 {
			file, err := agreement.EncodeSigned(document, append(signatures, bytes.Repeat([]byte(" "), i)...))
			b.must(err)
			answer, err := f.Exchange(t.Context(), office, &wire.Publish{Kind: wire.KindAgreement, Document: file})
			b.must(err)
			if m, ok := answer.(*wire.Busy); ok {
				if busy++; m.RetryAfter != node.RefusalPause {
					t.Fatalf("asked to wait %v", m.RetryAfter)
				}
			}
		}
		// The longer the document, the longer the files take, and the more are due.
		most := node.RefusalBurst + int64(node.RefusalsPerSecond*time.Since(start)/time.Second) + 1
		if got := b.size(office) - size; busy == 0 || got > most {
			t.Errorf("%d entries were made, want at most %d; %d files answered with busy", got, most, busy)
		}
	}, office)
}

// update has a Party make the next version of its register.
func (b *border) update(n *runner, party protocol.Party, c register.Changes) []byte {
	b.t.Helper()
	held, err := n.Read(b.t.Context(), "register", b.newest(n, party))
	b.must(err)
	claimed, err := register.Claim(held)
	b.must(err)
	previous, err := register.Verify(held, claimed.Roots)
	b.must(err)
	c.Issued = b.now()
	if c.Expires.IsZero() {
		c.Expires = previous.Expires
	}
	next, err := register.Next(previous, c)
	b.must(err)
	signed, err := register.Sign(next, b.root(party))
	b.must(err)
	return signed
}

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
