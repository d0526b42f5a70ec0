package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/node/courier"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// delivery is where an act stands with one recipient.
type delivery struct {
	State    deliveryState     `json:"state"`
	Reasons  []protocol.Reason `json:"reasons,omitzero"`
	Proof    []byte            `json:"proof,omitzero"`    // the recipient's, C2SP tlog-proof
	Findings []byte            `json:"findings,omitzero"` // of the recipient, when it refused

	envelope protocol.Digest // of an act that was refused: in which it was delivered
	size     int64           // of the recipient's ledger, as the proof shows it
	at       time.Time       // of the recipient's record
}

type deliveryState string

const (
	waiting   deliveryState = "waiting"
	receipted deliveryState = "receipted"
	rejected  deliveryState = "refused"
	expired   deliveryState = "expired"
)

// documentThread is the thread of an outbox entry that is no act: each
// document travels by itself.
const documentThread = "document-"

// outbox is the node as its courier sees it.
type outbox Node

// Peers implements courier.Outbox. It jumps from peer to peer.
func (o *outbox) Peers(ctx context.Context) ([]protocol.ParticipantID, error) {
	var peers []protocol.ParticipantID
	err := o.journal.View(ctx, func(r store.Reader) error {
		from := []byte(prefixOut)
		for from != nil {
			g := store.Range{Prefix: []byte(prefixOut), From: from, Limit: 1, KeysOnly: true}
			from = nil
			err := r.Scan(g, func(key, _ []byte) (bool, error) {
				e, err := parseOutKey(key)
				peers = append(peers, e.Peer)
				from = []byte(prefixOut + string(e.Peer) + "0") // "0" follows "/"
				return false, err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return peers, err
}

// resumeOutbox has new entries follow those that are in the outbox, though the
// clock was put back while the node was down: the later act of a case would go
// before the one that it follows, and wait for it for ever.
func (n *Node) resumeOutbox(ctx context.Context) error {
	return n.journal.View(ctx, func(r store.Reader) error {
		return r.Scan(store.Range{Prefix: []byte(prefixOut), KeysOnly: true}, func(key, _ []byte) (bool, error) {
			e, err := parseOutKey(key)
			n.seq = max(n.seq, e.Seq)
			return true, err
		})
	})
}

// Next implements courier.Outbox.
func (o *outbox) Next(ctx context.Context, q courier.Query) ([]courier.Entry, error) {
	var out []courier.Entry
	prefix := outPrefix(q.Peer, q.Lane)
	err := o.journal.View(ctx, func(r store.Reader) error {
		g := store.Range{Prefix: prefix, From: fmt.Appendf(nil, "%s%016x", prefix, q.After+1),
			Limit: q.Limit, KeysOnly: true}
		return r.Scan(g, func(key, _ []byte) (bool, error) {
			e, err := parseOutKey(key)
			out = append(out, e)
			return true, err
		})
	})
	return out, err
}

// Load implements courier.Outbox. An act is sealed when it is sent, so that
// the store holds it once.
func (o *outbox) Load(ctx context.Context, e courier.Entry) (m wire.Message, err error) {
	n := (*Node)(o)
	var signed []byte
	err = n.journal.View(ctx, func(r store.Reader) error {
		if strings.HasPrefix(string(e.Case), documentThread) {
			m, err = n.loadPublication(r, e)
			return err
		}
		if _, err := r.Get(outKey(e)); err != nil {
			return err
		}
		signed, err = r.Get(digestKey(prefixAct, e.Act))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, courier.ErrGone
	}
	if err != nil || m != nil {
		return m, err
	}
	var envelope []byte
	if stopping := n.precedence.do(ctx, e.Lane, func() {
		envelope, err = n.gate.Seal(*n.grounds.Load(), signed, e.Peer, n.now())
	}); stopping != nil {
		return nil, stopping
	}
	if err != nil { // it is in no register any more: perhaps it comes back
		return nil, fmt.Errorf("%w: %w", courier.ErrUnreachable, err)
	}
	return &wire.Deliver{Lane: e.Lane, Envelope: envelope}, nil
}

// Settle implements courier.Outbox: an answer counts only if it proves that
// the peer's ledger says what the answer says.
func (o *outbox) Settle(ctx context.Context, e courier.Entry, sent, answer wire.Message) error {
	n := (*Node)(o)
	d := delivery{State: receipted}
	switch m := answer.(type) {
	case *wire.Receipt:
		d.Proof = m.Proof
	case *wire.Refusal:
		d.State, d.Proof, d.Findings = rejected, m.Proof, m.Findings
		if delivered, ok := sent.(*wire.Deliver); ok {
			d.envelope = protocol.DigestOf(delivered.Envelope)
		}
	}
	var entry ledger.Entry
	var err error
	stopping := n.precedence.do(ctx, e.Lane, func() { entry, err = n.verifyAnswer(ctx, e, d) })
	if err := cmp.Or(stopping, err); err != nil {
		return err
	}
	d.Reasons, d.size, d.at = entry.Record.Reasons, entry.Checkpoint.Size, entry.Record.At
	var ended []courier.Entry
	_, err = n.committer(e.Lane)(ctx, func(tx *journal.Tx) (err error) {
		ended, err = n.settle(tx, e, d)
		return err
	})
	if err != nil {
		return err
	}
	// From here the delivery has ended, whatever happens next.
	n.tellSettled(ended)
	if d.State == rejected {
		n.duties.wake()
		n.cfg.Log.Warn("act refused by its recipient", "peer", e.Peer, "reasons", d.Reasons)
	}
	return nil
}

func (n *Node) tellSettled(ended []courier.Entry) {
	for _, e := range ended {
		if n.cfg.Settled != nil && !strings.HasPrefix(string(e.Case), documentThread) {
			n.cfg.Settled(e.Act)
		}
	}
}

// verifyAnswer checks a receipt or a refusal against the peer's log key.
func (n *Node) verifyAnswer(ctx context.Context, e courier.Entry, d delivery) (ledger.Entry, error) {
	peer, err := n.grounds.Load().Directory.AsOf(e.Peer, n.now())
	if err != nil {
		return ledger.Entry{}, &courier.UnprovenError{Class: "peer is not in the register"}
	}
	proof, err := ledger.ParseProof(d.Proof)
	if err != nil {
		return ledger.Entry{}, &courier.UnprovenError{Class: "malformed proof"}
	}
	entry, err := n.watch.verify(e.Peer, peer.Log, proof)
	if err != nil {
		return ledger.Entry{}, &courier.UnprovenError{Class: "proof does not verify"}
	}
	if entry.Record.At.After(n.now().Add(protocol.MaxSkew)) {
		return ledger.Entry{}, &courier.UnprovenError{Class: "record of the future"}
	}
	if n.watch.contradicted(e.Peer) {
		// The receipt still proves what it says, and now against its signer too.
		if err := n.alarm(ctx, e.Peer, proof.Checkpoint); err != nil {
			return ledger.Entry{}, err
		}
	}
	if !d.answers(entry.Record) || entry.Record.Peer != n.cfg.Self {
		return ledger.Entry{}, &courier.UnprovenError{Class: "record of another kind or peer"}
	}
	if !d.isAbout(entry.Record, e) {
		return ledger.Entry{}, &courier.UnprovenError{Class: "record of another act"}
	}
	if len(d.Findings) > 0 && protocol.DigestOf(d.Findings) != entry.Record.Decision {
		return ledger.Entry{}, &courier.UnprovenError{Class: "findings that the ledger does not name"}
	}
	return entry, nil
}

// answers reports whether a record is one of those that d can rest on.
func (d *delivery) answers(rec ledger.Record) bool {
	if d.State == rejected {
		return rec.Kind == ledger.KindRefused
	}
	return slices.Contains([]ledger.Kind{ledger.KindAccepted, ledger.KindHeld,
		ledger.KindRegister, ledger.KindAgreement, ledger.KindNotice}, rec.Kind)
}

// isAbout reports whether a record is about what e delivers. Only a refusal
// may name the envelope in the place of the act, for a peer that could not open
// it: a receipt that did would settle here and prove nothing to a court.
func (d *delivery) isAbout(rec ledger.Record, e courier.Entry) bool {
	if strings.HasPrefix(string(e.Case), documentThread) {
		return rec.Document == e.Act
	}
	return rec.Act == e.Act || rec.Kind == ledger.KindRefused && rec.Act == d.envelope
}

// settle records what became of a delivery and takes it out of the outbox, and
// what cannot be delivered any more because of that. It returns all that ended.
func (n *Node) settle(tx *journal.Tx, e courier.Entry, d delivery) (ended []courier.Entry, err error) {
	ended = []courier.Entry{e}
	if _, err := tx.Get(outKey(e)); errors.Is(err, store.ErrNotFound) {
		return ended, nil // settled before
	}
	kind := map[deliveryState]ledger.Kind{receipted: ledger.KindReceipted,
		rejected: ledger.KindRejected, expired: ledger.KindExpired}[d.State]
	rec := ledger.Record{Kind: kind, At: n.now(), Act: e.Act, Peer: e.Peer, Reasons: d.Reasons}
	if d.Proof != nil {
		rec.Document = protocol.DigestOf(d.Proof)
	}
	isAct := !strings.HasPrefix(string(e.Case), documentThread)
	if isAct {
		rec.Case = e.Case
	}
	if _, err := tx.Append(rec); err != nil {
		return nil, err
	}
	err = errors.Join(tx.Delete(outKey(e)), record.Write(tx, deliveryKey(e.Act, e.Peer), d), noteShown(tx, e, d))
	if err != nil || !isAct {
		return ended, err
	}
	if d.State == receipted {
		return ended, n.receipted(tx, e, d)
	}
	stranded, err := n.undelivered(tx, e, d)
	for _, s := range stranded {
		also, err := n.settle(tx, s, delivery{State: expired})
		if err != nil {
			return nil, err
		}
		ended = append(ended, also...)
	}
	return ended, err
}

// receipted tells the case when its act was received: clocks start with it.
func (n *Node) receipted(tx *journal.Tx, e courier.Entry, d delivery) error {
	f, err := record.Read[filed](tx, caseKey(e.Case))
	if err != nil {
		return err
	}
	f.File = f.File.Receipted(e.Act, casefile.Receipt{By: e.Peer, At: d.at})
	return n.file(tx, f, n.now())
}

// undelivered tells the case that its act did not get through, and returns what
// waits in vain behind it. If the issuer does not know that the case does not go
// on, this node owes it word of that, from the same commit.
func (n *Node) undelivered(tx *journal.Tx, e courier.Entry, d delivery) ([]courier.Entry, error) {
	f, err := record.Read[filed](tx, caseKey(e.Case))
	if err != nil {
		return nil, err
	}
	state := casefile.Refused
	if d.State == expired {
		state = casefile.Expired
	}
	before := f.File.State
	f.File = f.File.Undelivered(e.Act, e.Peer, state)
	if err := n.exhibits.TakeBack(tx, &f.File, e.Act); err != nil {
		return nil, err
	}
	if err := n.file(tx, f, n.now()); err != nil {
		return nil, err
	}
	if f.File.State != before {
		if err := n.oweNondelivery(tx, &f.File, e); err != nil {
			return nil, err
		}
	}
	return behind(tx, e, f.File.Stranded(e.Act, e.Peer))
}

// behind returns what waits in the outbox behind e of these acts.
func behind(tx *journal.Tx, e courier.Entry, acts []protocol.Digest) (out []courier.Entry, err error) {
	if len(acts) == 0 {
		return nil, nil
	}
	g := store.Range{Prefix: outPrefix(e.Peer, e.Lane), From: outKey(e), KeysOnly: true}
	err = tx.Scan(g, func(key, _ []byte) (bool, error) {
		w, err := parseOutKey(key)
		if w.Case == e.Case && slices.Contains(acts, w.Act) {
			out = append(out, w)
		}
		return true, err
	})
	return out, err
}

// Expire implements courier.Outbox.
func (o *outbox) Expire(ctx context.Context, e courier.Entry) error {
	n := (*Node)(o)
	var ended []courier.Entry
	_, err := n.journal.Commit(ctx, func(tx *journal.Tx) (err error) {
		ended, err = n.settle(tx, e, delivery{State: expired})
		return err
	})
	if err == nil {
		n.tellSettled(ended)
		n.duties.wake()
		n.cfg.Log.Warn("act expired before it could be delivered", "peer", e.Peer)
	}
	return err
}
