package transfer_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/protocol"
	"comity.example/protocol/evidence"
	"comity.example/protocol/wire"
)

// An object is sealed bytes, as far as the transfer knows, with their tree.
type object struct {
	bytes  []byte
	tree   protocol.Digest
	hashes tlog.HashReader
}

// newObject returns an object of so many bytes that a number decides.
func newObject(size int, seed uint64) *object {
	o := &object{bytes: make([]byte, size)}
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	source.Read(o.bytes)
	var kept []tlog.Hash
	tree := evidence.Tree{Keep: func(h []tlog.Hash) error {
		kept = append(kept, h...)
		return nil
	}}
	for i := range o.blocks() {
		if err := tree.Add(o.block(i)); err != nil {
			panic(err)
		}
	}
	o.tree, _ = tree.Hash()
	o.hashes = tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, kept[i])
		}
		return out, nil
	})
	return o
}

func (o *object) sealed() int64 { return int64(len(o.bytes)) }
func (o *object) blocks() int64 { return evidence.Blocks(o.sealed()) }

func (o *object) block(i int64) []byte {
	at, size := evidence.BlockAt(o.sealed(), i)
	return o.bytes[at : at+size]
}

// answer returns what an honest peer answers for block i.
func (o *object) answer(i int64) *wire.Block {
	proof, err := evidence.Prove(o.blocks(), i, o.hashes)
	if err != nil {
		panic(err)
	}
	return &wire.Block{Proof: proof, Block: o.block(i)}
}

// A disk is a Target in memory that a restart outlives.
type disk struct {
	o    *object
	slow func() // if set, what taking a block does before

	mu       sync.Mutex
	bytes    []byte
	have     map[int64]bool
	asked    map[int64]int // how often a block arrived
	refuse   error         // what Put returns
	complete int
	synced   int
	closed   int
}

func newDisk(o *object) *disk {
	return &disk{o: o, bytes: make([]byte, o.sealed()), have: map[int64]bool{}, asked: map[int64]int{}}
}

func (d *disk) Missing(after int64, max int) (out []int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := after + 1; i < d.o.blocks() && len(out) < max; i++ {
		if !d.have[i] {
			out = append(out, i)
		}
	}
	return out
}

func (d *disk) Put(i int64, block []byte, proof []protocol.Digest) error {
	if err := (evidence.Cut{Tree: d.o.tree, Blocks: d.o.blocks()}).Verify(i, block, proof); err != nil {
		return err
	}
	if d.slow != nil {
		d.slow()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[i]++
	if d.refuse != nil {
		return d.refuse
	}
	at, _ := evidence.BlockAt(d.o.sealed(), i)
	copy(d.bytes[at:], block)
	d.have[i] = true
	return nil
}

func (d *disk) Have() (blocks, bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.have {
		_, size := evidence.BlockAt(d.o.sealed(), i)
		blocks, bytes = blocks+1, bytes+size
	}
	return blocks, bytes
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced++
	return nil
}

func (d *disk) Complete(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.complete++; string(d.bytes) != string(d.o.bytes) {
		return errors.New("not the bytes of the object")
	}
	return ctx.Err()
}

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed++
	return nil
}

// twice returns how many blocks arrived more than once, in all.
func (d *disk) twice() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, times := range d.asked {
		n += times - 1
	}
	return n
}
