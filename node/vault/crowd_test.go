package vault_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"comity.example/node/vault"
	"comity.example/protocol"
)

// TestAnnouncementsKeepNoEmergencyOut: a peer that announces as much as the disk holds,
// and sends nothing of it, keeps out neither what an emergency waits for nor what an
// interception yields. The reserve is nobody's: a block stops before it.
func TestAnnouncementsKeepNoEmergencyOut(t *testing.T) {
	s := newSender(t, 4*block)
	var free atomic.Int64
	free.Store(64 * block)
	c := config(t.TempDir())
	c.Reserve = 16 * block
	v, err := vault.OpenSmall(t.Context(), c, free.Load)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	hostile := vault.Receipt{Case: protocol.NewCaseID(), Peer: peer, Tree: protocol.Digest{7}, Size: 47 * block}
	announced, err := v.Receive(t.Context(), hostile)
	if err != nil {
		t.Fatal(err)
	}
	defer announced.Close()
	if _, err := v.Receive(t.Context(), s.receipt()); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("what is no emergency: %v", err)
	}
	urgent := s.receipt()
	urgent.Urgent = true
	in, err := v.Receive(t.Context(), urgent)
	if err != nil {
		t.Fatalf("an emergency: %v", err)
	}
	defer in.Close()
	id, live := protocol.NewCaseID(), protocol.Digest{8}
	if _, _, err := v.StartLive(id, live); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if _, err := v.Append(id, live, make([]byte, vault.MaxSegment)); err != nil {
			t.Fatalf("an interception: %v", err)
		}
	}
	s.mustPut(t, in, 0, 1)
	free.Store(c.Reserve + block/2)
	b, err := s.v.Block(s.taken.Tree, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Put(2, b.Block, b.Proof); !errors.Is(err, vault.ErrNoRoom) {
		t.Errorf("a block into the reserve: %v", err)
	}
}
