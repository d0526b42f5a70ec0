package node_test

import (
	"testing"

	"comity.example/crypto/identity"
	"comity.example/node"
	"comity.example/protocol"
)

// TestForesightNamesWhatStopsAStart: it names the file at which a start ends,
// and none that a start passes over.
func TestForesightNamesWhatStopsAStart(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		type keys = map[protocol.Party]*identity.Key
		gb, us := b.root("GB"), b.root("US")
		whole := node.Document{Kind: node.AgreementDocument, File: "whole.yaml", Bytes: b.agreed(same, keys{"GB": gb, "US": us})}
		good := node.Document{Kind: node.NoticeDocument, File: "good.jws", Bytes: b.notice(b.suspension("s1", "US"), us)}
		other := b.suspension("s1", "US") // another notice of that name
		other.Ground = "another"
		b.with(
			good,
			node.Document{Kind: node.NoticeDocument, File: "forged.jws", Bytes: b.notice(b.suspension("s2", "US"), gb)},
			node.Document{Kind: node.NoticeDocument, File: "other.jws", Bytes: b.notice(other, us)},
			node.Document{Kind: node.AgreementDocument, File: "noise.yaml", Bytes: []byte("noise")}, whole)
		cfg := b.config(police)
		for name, held := range map[string][]node.Document{"by the files": nil, "with the store": {good, whole}} {
			f := node.Foresight{Self: police, Pins: cfg.Pins, Held: held, Files: cfg.Documents, At: b.now()}
			refused, err := f.Refused()
			b.must(err)
			var got []string
			for _, r := range refused {
				got = append(got, r.File)
			}
			if len(got) != 2 || got[0] != "forged.jws" || got[1] != "other.jws" {
				t.Errorf("%s: got %v, want forged.jws and other.jws", name, got)
			}
		}
	})
}
