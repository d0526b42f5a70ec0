package node_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// endless is a lie about an object of which every block is the same: it has any size
// and takes no memory.
func (l *liar) endless(id protocol.CaseID, size int64) *lie {
	l.b.t.Helper()
	sealed := stream.SealedSize(size)
	blocks := evidence.Blocks(sealed)
	block := bytes.Repeat([]byte{7}, evidence.MaxBlock)
	var kept []tlog.Hash
	tree := evidence.Tree{Keep: func(h []tlog.Hash) error { kept = append(kept, h...); return nil }}
	cut := func(i int64) []byte {
		_, size := evidence.BlockAt(sealed, i)
		return block[:size]
	}
	whole := map[int64]tlog.Hash{} // by size
	for i := range blocks {
		b := cut(i)
		leaf, ok := whole[int64(len(b))]
		if !ok {
			leaf = evidence.Leaf(b)
			whole[int64(len(b))] = leaf
		}
		l.b.must(tree.AddLeaf(leaf))
	}
	hash, err := tree.Hash()
	l.b.must(err)
	hashes := tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, _ error) {
		for _, i := range at {
			out = append(out, kept[i])
		}
		return out, nil
	})
	x := &lie{name: "endless", id: id, tree: hash, object: func(o *protocol.Object) { o.Size = size },
		answers: func(_ context.Context, m, _ wire.Message) (wire.Message, error) {
			q, ok := m.(*wire.BlockQuery)
			if !ok {
				return &wire.Nothing{}, nil
			}
			proof, err := evidence.Prove(blocks, int64(q.Index), hashes)
			return &wire.Block{Proof: proof, Block: cut(int64(q.Index))}, err
		}}
	l.lies[hash] = x
	return x
}

// TestEvidenceOfAnEmergencyOvertakes 2 GiB of another case on a slow line, and
// arrives while they are under way: a MiB in seconds, of a line that they would have
// for a quarter of an hour.
func TestEvidenceOfAnEmergencyOvertakes(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		urgent := b.serve(b.requestByTwo(emergency()).Case)
		l, ids := b.liar(1, urgent)
		defer l.stop()
		large := l.endless(ids[0], 2<<30)
		l.discloses(ids[0], protocol.ProductionComplete, large)
		b.network.Set(linktest.Conditions{Latency: 20 * time.Millisecond, Speed: 2 << 20, Seed: 1})
		b.fetch(office, ids[0], desk.Fetch{})
		b.await("some of the large one", func() bool { return b.exhibit(office, ids[0]).Have > 16<<20 })

		small := &lie{content: bytes.Repeat([]byte("To falcon\n"), 100<<10)}
		l.takeIn(urgent, small)
		l.discloses(urgent, protocol.ProductionComplete, small)
		began := time.Now()
		b.fetch(office, urgent, desk.Fetch{})
		b.awaitExhibit(office, urgent, desk.EvidenceComplete)
		t.Logf("took %v", time.Since(began))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a MiB of an emergency took %v", took)
		}
		i := b.exhibit(office, ids[0])
		if i.State != desk.EvidenceFetching || i.Have > 128<<20 {
			t.Errorf("the large one: %s, %d bytes", i.State, i.Have)
		}
		had := i.Have
		time.Sleep(10 * time.Second)
		if i := b.exhibit(office, ids[0]); i.Have <= had {
			t.Errorf("the large one does not go on: %d bytes, %s", i.Have, i.Why)
		}
	}, police, office, contoso)
}

// TestRottenChunksAreNeverHandedOut, each in turn: of the provider's copy its reader
// takes none, and of its own the reader shows none. Both vaults say which object it is.
func TestRottenChunksAreNeverHandedOut(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		content := bytes.Repeat([]byte("From falcon\n"), 130<<10) // two blocks, the last chunk a part
		o := b.handsOver(id, map[string][]byte{"mailbox.mbox": content})[0]
		b.fetch(office, id, desk.Fetch{})
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		item := b.exhibit(office, id)
		sealed := stream.SealedSize(o.Size)
		f := b.thief(office)
		for at := int64(0); at < sealed; at += stream.SealedChunk {
			// In the provider's vault.
			mend := b.rot(contoso, o.Tree, at)
			block := at / evidence.MaxBlock
			for i := range evidence.Blocks(sealed) {
				offset, size := evidence.BlockAt(sealed, i)
				if offset <= at && at < offset+size {
					block = i
				}
			}
			answer, err := f.Exchange(t.Context(), contoso, &wire.BlockQuery{Act: item.Act, Tree: o.Tree, Index: uint64(block)})
			b.must(err)
			m, ok := answer.(*wire.Block)
			if !ok {
				t.Fatalf("byte %d: answered with a %v", at, answer.Type())
			}
			cut := evidence.Cut{Tree: o.Tree, Blocks: evidence.Blocks(sealed)}
			if err := cut.VerifyLeaf(block, evidence.Leaf(m.Block), m.Proof); err == nil {
				t.Errorf("byte %d: what rotted at the provider is taken", at)
			}
			b.named(contoso, o.Tree)
			mend()
			// In the vault of who has it all.
			mend = b.rot(office, o.Tree, at)
			got, err := b.opens(office, id, o.Tree)
			if err == nil || int64(len(got)) > max(0, at) || !strings.HasPrefix(string(content), got) {
				t.Errorf("byte %d: %d bytes were handed out, %v", at, len(got), err)
			}
			b.named(office, o.Tree)
			var pack bytes.Buffer // of what does not open at all a package says so
			if err := b.node(office).Export(t.Context(), id, &pack); err == nil && (at > 0 || pack.Len() > len(content)) {
				t.Errorf("byte %d: it was exported", at)
			}
			mend()
		}
		for _, at := range []protocol.ParticipantID{office, contoso} {
			if got, err := b.opens(at, id, o.Tree); err != nil || got != string(content) {
				t.Errorf("mended, at %s: %d bytes, %v", at, len(got), err)
			}
		}
	}, police, office, contoso)
}

// TestRotAtTheProviderIsToldAndOutlived: the object comes when the provider has
// mended it.
func TestRotAtTheProviderIsToldAndOutlived(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		content := bytes.Repeat([]byte("From falcon\n"), 200<<10)
		o := b.handsOver(id, map[string][]byte{"mailbox.mbox": content})[0]
		mend := b.rot(contoso, o.Tree, stream.SealedSize(o.Size)/2)
		b.fetch(office, id, desk.Fetch{})
		b.await("the rot to be told", func() bool { return strings.Contains(b.exhibit(office, id).Why, "not the one it signed") })
		b.named(contoso, o.Tree)
		mend()
		time.Sleep(10 * time.Minute)
		b.awaitExhibit(office, id, desk.EvidenceComplete)
	}, police, office, contoso)
}
