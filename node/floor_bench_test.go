//go:build linux

package node_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/node/store"
	"comity.example/node/store/badger"
	"comity.example/protocol/chain"
)

// slice is how long each primitive is measured in one round.
const slice = 60 * time.Millisecond

// A primitive is a cryptographic operation that one act needs at one of its
// ends, on as many bytes as that act has.
type primitive struct {
	end, what string
	run       func() error
	costs     []time.Duration // one for each round: processor time of one operation
}

// A floor is the list of them. What is shared by a batch (the signatures of
// checkpoints, and their verification), the officer's credential, which is
// verified once, hashes and the link's own encryption are not in it.
type floor []*primitive

// sizes are what the primitives of an act work on, in bytes.
type sizes struct{ act, statement, sealed int }

// sizesOf measures a signed act: what its signatures and its officer's cover,
// and the whole.
func sizesOf(signed []byte) (sizes, error) {
	act, err := chain.Unverified(signed)
	if err != nil || len(act.Endorsements) != 1 {
		return sizes{}, errors.Join(err, errors.New("want an act with one endorsement"))
	}
	payload, err := act.Encode()
	if err != nil {
		return sizes{}, err
	}
	statement, err := seal.UnverifiedPayload(act.Endorsements[0].Statement)
	const header = 150 // bytes of a protected header and the dot, in base64
	return sizes{act: header + len(payload)*4/3, statement: header + len(statement)*4/3,
		sealed: len(signed)}, err
}

func newFloor(size sizes) (floor, error) {
	key, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	act, statement := make([]byte, size.act), make([]byte, size.statement)
	rand.Read(act)
	rand.Read(statement)
	signedAct, err1 := key.Sign(act)
	signedStatement, err2 := key.Sign(statement)
	kem, err3 := newEncapsulation()
	content, err4 := newContent(size.sealed)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	verify := func(message []byte, s identity.Signatures) (ed, ml func() error) {
		valid := func(ok bool) error {
			if !ok {
				return errors.New("a signature does not verify")
			}
			return nil
		}
		return func() error { return valid(key.Public().VerifyEd25519(message, s.Ed25519)) },
			func() error { return valid(key.Public().VerifyMLDSA65(message, s.MLDSA65)) }
	}
	edAct, mlAct := verify(act, signedAct)
	edStatement, mlStatement := verify(statement, signedStatement)
	return floor{
		{end: "sender", what: "verify the officer's statement, Ed25519", run: edStatement},
		{end: "sender", what: "verify the officer's statement, ML-DSA-65", run: mlStatement},
		{end: "sender", what: "sign the act, Ed25519", run: func() error { _, err := key.SignEd25519(act); return err }},
		{end: "sender", what: "sign the act, ML-DSA-65",
			run: func() error { _, err := key.SignMLDSA65(act); return err }},
		{end: "sender", what: "HPKE (X-Wing) seal the content key", run: kem.seal},
		{end: "sender", what: "AES-256-GCM encrypt the act", run: content.seal},
		{end: "receiver", what: "HPKE (X-Wing) open the content key", run: kem.open},
		{end: "receiver", what: "AES-256-GCM decrypt the act", run: content.open},
		{end: "receiver", what: "verify the act, Ed25519", run: edAct},
		{end: "receiver", what: "verify the act, ML-DSA-65", run: mlAct},
		{end: "receiver", what: "verify the officer's statement, Ed25519", run: edStatement},
		{end: "receiver", what: "verify the officer's statement, ML-DSA-65", run: mlStatement},
	}, nil
}

// An encapsulation is the HPKE part of an envelope.
type encapsulation struct {
	private        hpke.PrivateKey
	key, encrypted []byte
}

func newEncapsulation() (*encapsulation, error) {
	private, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, err
	}
	e := &encapsulation{private: private, key: make([]byte, 32)}
	e.encrypted, err = hpke.Seal(private.PublicKey(), hpke.SHAKE256(), hpke.AES256GCM(), nil, e.key)
	return e, err
}

func (e *encapsulation) seal() error {
	_, err := hpke.Seal(e.private.PublicKey(), hpke.SHAKE256(), hpke.AES256GCM(), nil, e.key)
	return err
}

func (e *encapsulation) open() error {
	_, err := hpke.Open(e.private, hpke.SHAKE256(), hpke.AES256GCM(), nil, e.encrypted)
	return err
}

// A content is the symmetric part.
type content struct {
	gcm                     cipher.AEAD
	nonce, plain, encrypted []byte
}

func newContent(size int) (*content, error) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	c := &content{gcm: gcm, nonce: make([]byte, gcm.NonceSize()), plain: make([]byte, size)}
	c.encrypted = gcm.Seal(nil, c.nonce, c.plain, nil)
	return c, nil
}

func (c *content) seal() error { c.gcm.Seal(nil, c.nonce, c.plain, nil); return nil }

func (c *content) open() error {
	_, err := c.gcm.Open(nil, c.nonce, c.encrypted, nil)
	return err
}

// round measures every primitive once more, with all cores at work on it. It
// counts processor time, so that what else the machine does hardly shows.
func (f floor) round() error {
	for _, p := range f {
		var total atomic.Int64
		failed := make([]error, runtime.GOMAXPROCS(0))
		began, idle := time.Now(), spent()
		var wg sync.WaitGroup
		for core := range failed {
			wg.Go(func() {
				for failed[core] == nil && time.Since(began) < slice {
					failed[core] = p.run()
					total.Add(1)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(failed...); err != nil {
			return fmt.Errorf("%s: %w", p.what, err)
		}
		p.costs = append(p.costs, (spent()-idle)/time.Duration(total.Load()))
	}
	return nil
}

// cost is the median over the rounds.
func (p *primitive) cost() time.Duration { return percentile(p.costs, 50) }

// sum returns what the primitives of one end cost; of both, if it is "".
func (f floor) sum(end string) time.Duration {
	var d time.Duration
	for _, p := range f {
		if end == "" || p.end == end {
			d += p.cost()
		}
	}
	return d
}

// acts returns how many acts a second all cores together could do if they did
// nothing else.
func (f floor) acts() float64 {
	return float64(runtime.GOMAXPROCS(0)) / f.sum("").Seconds()
}

// percentile returns the p-th percentile of some durations.
func percentile(d []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// A disk is what the store's disk can do.
type disk struct {
	sync   time.Duration // median time to overwrite 4 KiB and sync
	batch  time.Duration // median time of one synced batch of the store
	values int           // in a batch
}

// diskSyncs and diskBatches are how often the disk is measured.
const (
	diskSyncs   = 300
	diskBatches = 40
)

// measureDisk writes as a journal does: 64 acts of a size to a batch.
func measureDisk(ctx context.Context, dir string, act int) (d disk, err error) {
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return d, err
	}
	defer f.Close()
	page := bytes.Repeat([]byte{1}, 4<<10)
	syncs := make([]time.Duration, 0, diskSyncs)
	for range diskSyncs {
		began := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			return d, err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return d, err
		}
		syncs = append(syncs, time.Since(began))
	}
	s, err := badger.Open(ctx, badger.Config{Dir: filepath.Join(dir, "store"), Key: [32]byte{1}})
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d.values = min(64, store.MaxTxnBytes/(act+1<<10))
	value := make([]byte, act)
	batches := make([]time.Duration, 0, diskBatches)
	for i := range diskBatches {
		began := time.Now()
		err := s.Update(ctx, func(t store.Txn) error {
			for k := range d.values {
				key := binary.BigEndian.AppendUint64([]byte("act/"), uint64(i*d.values+k))
				if err := t.Set(key, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return d, err
		}
		batches = append(batches, time.Since(began))
	}
	d.sync, d.batch = percentile(syncs, 50), percentile(batches, 50)
	return d, nil
}
