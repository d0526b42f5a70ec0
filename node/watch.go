package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"comity.example/crypto/cosign"
	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// seenCheckpoints bounds the verified checkpoints that are remembered of one
// peer: many receipts share one, and its signatures are the dear part.
const seenCheckpoints = 64

// overtaking is how much later the receipt of an earlier commit may be signed
// and still be no contradiction.
const overtaking = 5 * time.Second

// A watch remembers the newest checkpoints of peers' ledgers, and notices when
// two of them contradict each other. It also remembers why this node takes no
// acts, when it does not.
type watch struct {
	mu      sync.Mutex
	peers   map[protocol.ParticipantID]*sighting // guarded by mu
	trouble error                                // guarded by mu
}

// A sighting is what was seen of one peer's ledger since the node started, and
// the largest tree that was seen before.
type sighting struct {
	verified map[[32]byte]seen // by the SHA-256 of the signed note
	order    [][32]byte        // the keys of verified, oldest first
	newest   seen
	forked   bool
}

type seen struct {
	key    *cosign.LogPublic // under which it was verified
	head   ledger.Checkpoint
	at     time.Time
	signed []byte
}

func newWatch() *watch { return &watch{peers: map[protocol.ParticipantID]*sighting{}} }

// verify is ledger.Proof.Verify with a memory for checkpoints.
func (w *watch) verify(peer protocol.ParticipantID, key *cosign.LogPublic, p ledger.Proof) (ledger.Entry, error) {
	id := sha256.Sum256(p.Checkpoint)
	w.mu.Lock()
	s := w.peers[peer]
	if s == nil {
		s = &sighting{verified: map[[32]byte]seen{}}
		w.peers[peer] = s
	}
	c, ok := s.verified[id]
	w.mu.Unlock()
	if !ok || !c.key.Equal(key) {
		head, at, err := ledger.OpenCheckpoint(ledger.Origin(peer), key, p.Checkpoint)
		if err != nil {
			return ledger.Entry{}, err
		}
		c = seen{key, head, at, p.Checkpoint}
		w.remember(s, id, c)
	}
	if err := c.head.Includes(p.Index, tlog.RecordHash(p.Record), p.Path); err != nil {
		return ledger.Entry{}, err
	}
	rec, err := ledger.ParseRecord(p.Record)
	return ledger.Entry{Record: rec, Index: p.Index, Checkpoint: c.head, Signed: c.at}, err
}

// A shown says which delivery's answer showed the largest tree of a peer: until
// the peer has proved its growth, that checkpoint is nowhere else.
type shown struct {
	Act  protocol.Digest `json:"act"`
	Size int64           `json:"size"`
}

// noteShown notes what the answer to a delivery showed, in its commit.
func noteShown(tx *journal.Tx, e courier.Entry, d delivery) error {
	if d.Proof == nil {
		return nil
	}
	old, err := record.Read[shown](tx, shownKey(e.Peer))
	if err != nil && !errors.Is(err, store.ErrNotFound) || old.Size >= d.size {
		return err
	}
	return record.Write(tx, shownKey(e.Peer), shown{e.Act, d.size})
}

// resumeWatch remembers what peers showed before this node ended. A peer that
// went back behind it is found out though this node was stopped meanwhile.
func (n *Node) resumeWatch(ctx context.Context) error {
	return n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixPeer)}, func(key, value []byte) (bool, error) {
			name, ok := strings.CutSuffix(strings.TrimPrefix(string(key), prefixPeer), shownSuffix)
			if !ok {
				return true, nil
			}
			var s shown
			if err := canon.Read(value, &s); err != nil {
				return false, fmt.Errorf("node: stored value: %w", err)
			}
			peer := protocol.ParticipantID(name)
			d, err := record.Read[delivery](r, deliveryKey(s.Act, peer))
			if err != nil {
				return false, err
			}
			n.recall(peer, d.Proof)
			return true, nil
		})
	})
}

// recall remembers the checkpoint of a proof that was verified once. A peer that
// has left the register, or has another key by now, is not compared.
func (n *Node) recall(peer protocol.ParticipantID, proof []byte) {
	entry, err := n.grounds.Load().Directory.AsOf(peer, n.now())
	if err != nil {
		return
	}
	p, err := ledger.ParseProof(proof)
	if err == nil {
		_, err = n.watch.verify(peer, entry.Log, p)
	}
	if err != nil {
		n.cfg.Log.Info("old checkpoint not compared", "peer", peer)
	}
}

func (w *watch) remember(s *sighting, id [32]byte, c seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, other := range s.verified {
		s.forked = s.forked || contradict(other, c)
	}
	s.forked = s.forked || s.newest.signed != nil && contradict(s.newest, c)
	s.verified[id] = c
	s.order = append(s.order, id)
	if len(s.order) > seenCheckpoints {
		delete(s.verified, s.order[0])
		s.order = s.order[1:]
	}
	if s.newest.signed == nil || c.head.Size > s.newest.head.Size {
		s.newest = c
	}
}

// contradict reports whether no append-only ledger can have signed both: two
// roots for one size, or a smaller tree later. Receipts of one second may
// overtake each other.
func contradict(a, b seen) bool {
	if a.head.Size > b.head.Size {
		a, b = b, a
	}
	return a.head.Size == b.head.Size && a.head.Root != b.head.Root ||
		a.head.Size < b.head.Size && a.at.After(b.at.Add(overtaking))
}

// contradicted reports whether a peer's ledger was seen to contradict itself.
func (w *watch) contradicted(peer protocol.ParticipantID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.peers[peer]
	return s != nil && s.forked
}

// news returns the peers of whose ledgers something was seen.
func (w *watch) news() map[protocol.ParticipantID]seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[protocol.ParticipantID]seen, len(w.peers))
	for id, s := range w.peers {
		if s.newest.signed != nil {
			out[id] = s.newest
		}
	}
	return out
}

func (w *watch) setTrouble(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = err
}

func (w *watch) whatTrouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// compareLedgers keeps peers honest until ctx ends.
func (n *Node) compareLedgers(ctx context.Context) error {
	for {
		for peer, latest := range n.watch.news() {
			if err := n.compare(ctx, peer, latest); err != nil && ctx.Err() == nil {
				n.cfg.Log.Info("ledger not compared", "peer", peer)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(RefreshEvery/2 + rand.N(RefreshEvery)):
		}
	}
}

// compare asks a peer to prove that its ledger only grew since the checkpoint
// that this node keeps, and since the one that its newest receipt showed, and
// keeps the newer one.
func (n *Node) compare(ctx context.Context, peer protocol.ParticipantID, latest seen) error {
	entry, err := n.grounds.Load().Directory.AsOf(peer, n.now())
	if err != nil {
		return err
	}
	held, err := n.heldCheckpoint(ctx, peer, entry.Log)
	if err != nil {
		return err
	}
	var signed []byte
	for _, old := range []ledger.Checkpoint{held, latest.head} {
		signed, err = n.askGrowth(ctx, peer, old)
		if errors.Is(err, ledger.ErrFork) || errors.Is(err, ledger.ErrNotExtended) {
			return n.alarm(ctx, peer, signed)
		}
		if err != nil || signed == nil {
			return err // unreachable or busy: another time
		}
	}
	_, err = n.journal.Commit(ctx, func(tx *journal.Tx) error { return tx.Set(peerKey(peer), signed) })
	return err
}

// askGrowth returns the peer's newest checkpoint, nil if the peer is busy. The
// error is ErrFork or ErrNotExtended if it is not proved to extend old.
func (n *Node) askGrowth(ctx context.Context, peer protocol.ParticipantID, old ledger.Checkpoint) ([]byte, error) {
	entry, err := n.grounds.Load().Directory.AsOf(peer, n.now())
	if err != nil {
		return nil, err
	}
	answer, err := n.link.Exchange(ctx, peer, &wire.CheckpointQuery{Size: uint64(old.Size)})
	if err != nil {
		return nil, err
	}
	m, ok := answer.(*wire.CheckpointAnswer)
	if !ok {
		return nil, nil
	}
	newer, _, err := ledger.OpenCheckpoint(ledger.Origin(peer), entry.Log, m.Checkpoint)
	if err != nil || old.Size == 0 {
		return m.Checkpoint, err
	}
	proof := make(tlog.TreeProof, len(m.Proof))
	for i, h := range m.Proof {
		proof[i] = tlog.Hash(h)
	}
	return m.Checkpoint, newer.Extends(old, proof)
}

// heldCheckpoint returns the newest checkpoint of a peer's ledger that was
// shown to extend all that were held before; the zero Checkpoint if none is.
func (n *Node) heldCheckpoint(ctx context.Context, peer protocol.ParticipantID,
	key *cosign.LogPublic) (ledger.Checkpoint, error) {
	var signed []byte
	err := n.journal.View(ctx, func(r store.Reader) (err error) {
		signed, err = r.Get(peerKey(peer))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return ledger.Checkpoint{}, nil
	}
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	c, _, err := ledger.OpenCheckpoint(ledger.Origin(peer), key, signed)
	return c, err
}

// alarm records that a peer's ledger contradicts what it showed before. The
// checkpoint that contradicts is kept beside the one that is held: both are
// signed by the peer, and together they are the evidence.
func (n *Node) alarm(ctx context.Context, peer protocol.ParticipantID, signed []byte) error {
	n.watch.setTrouble(fmt.Errorf("the ledger of %s contradicts what it showed before: "+
		"both checkpoints are kept; ask its operator", peer))
	key := append(peerKey(peer), "/contradiction"...)
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) error {
		if _, err := tx.Get(key); err == nil {
			return nil // on record
		}
		n.cfg.Log.Error("a peer's ledger contradicts itself", "peer", peer)
		n.metrics.fork()
		if _, err := tx.Append(ledger.Record{Kind: ledger.KindFork, At: n.now(), Peer: peer,
			Document: protocol.DigestOf(signed)}); err != nil {
			return err
		}
		return tx.Set(key, signed)
	})
	return err
}
