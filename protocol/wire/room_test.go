package wire_test

import (
	"bytes"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// TestBlocksThatWereNotFreedKeepTheirBytes, whatever is read after them.
func TestBlocksThatWereNotFreedKeepTheirBytes(t *testing.T) {
	const many = 20
	read := func(i int) *wire.Block {
		b := wire.NewBlock([]int{wire.MaxBlock, 1, 40 << 10, 32<<10 - 1}[i%4])
		for k := range b.Block {
			b.Block[k] = byte(i)
		}
		b.Proof = make([]protocol.Digest, i%wire.MaxBlockProof)
		frame := encode(t, b)
		b.Free()
		b.Free() // and once more does nothing
		if b.Block != nil && len(b.Block) >= 32<<10 {
			t.Error("a block that was freed has its bytes still")
		}
		m, err := wire.ReadAnswer(bytes.NewReader(frame), &wire.BlockQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return m.(*wire.Block)
	}
	held := map[int]*wire.Block{}
	for i := range many {
		held[i] = read(i)
		if i%3 == 2 {
			held[i-1].Free()
			delete(held, i-1)
		}
	}
	for i, b := range held {
		if bytes.Count(b.Block, []byte{byte(i)}) != len(b.Block) || len(b.Block) == 0 || len(b.Proof) != i {
			t.Errorf("block %d is not what was read", i)
		}
	}
}
