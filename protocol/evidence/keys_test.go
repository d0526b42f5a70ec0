package evidence_test

import (
	"testing"

	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
)

// TestTheLargestKeysFit: of as many objects, for as many readers, as there can be,
// and their sender.
func TestTheLargestKeysFit(t *testing.T) {
	k := protocol.EvidenceKeys{Case: protocol.NewCaseID()}
	for i := range protocol.MaxObjects {
		k.Shares = append(k.Shares, protocol.KeyShare{Object: protocol.DigestOf([]byte{byte(i)}), Share: make([]byte, 32)})
	}
	plain, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var to []*seal.SealKey
	for i := range protocol.MaxRecipients + 2 {
		open, err := seal.OpenKeyFromSeed(append(make([]byte, seal.OpenSeedSize-1), byte(i)))
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, open.Public())
	}
	sealed, err := seal.Seal(evidence.KeysType, plain, to...)
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) > protocol.MaxKeys {
		t.Errorf("%d bytes: want at most %d", len(sealed), protocol.MaxKeys)
	}
	t.Logf("%d bytes", len(sealed))
}
