package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// BusyPause is how long a peer is asked to wait when the disk takes nothing.
const BusyPause = 30 * time.Second

// EarlyActPause is how long a peer is asked to wait with an act that came
// before what it follows, which is on its way from somebody else. Nothing of
// the act is kept. A peer that sends such acts for ever spends its rate at the
// link, as with any others, and costs no write.
const EarlyActPause = time.Second

var errPanic = errors.New("node: panic while answering a peer")

// errStale says that the grounds changed between decision and commit.
var errStale = errors.New("node: decided on grounds that have changed")

// handle answers one frame. An error tells the peer nothing.
func (n *Node) handle(ctx context.Context, peer protocol.ParticipantID, m wire.Message) (answer wire.Message, err error) {
	defer func() {
		// A bug that one peer's bytes can reach must not end every peer's node.
		// The committer is not covered: there a panic leaves the state unknown.
		if caught := recover(); caught != nil {
			n.cfg.Log.Error("panic while answering a peer", "peer", peer, "type", m.Type(), "stack", string(debug.Stack()))
			answer, err = nil, errPanic
		}
	}()
	if !n.running.Load() {
		return &wire.Busy{RetryAfter: time.Second}, nil
	}
	switch m := m.(type) {
	case *wire.Deliver:
		return n.receive(ctx, peer, m)
	case *wire.Publish:
		return n.receiveDocument(ctx, peer, m)
	case *wire.Pull:
		return n.library.Load().Lend(peer.Party(), m), nil
	case *wire.HoldingsQuery:
		return n.library.Load().ShowHoldings(peer.Party(), m), nil
	case *wire.BlockQuery:
		return n.exhibits.LendBlock(ctx, peer, m)
	case *wire.ShareQuery:
		return n.exhibits.LendShare(ctx, peer, m)
	case *wire.SegmentQuery:
		return n.exhibits.LendSegment(ctx, peer, m)
	case *wire.CheckpointQuery:
		return n.showCheckpoint(ctx, m)
	case *wire.Ping:
		return &wire.Pong{Nonce: m.Nonce, Time: n.now().Unix()}, nil
	}
	return nil, fmt.Errorf("node: no answer to a %v", m.Type())
}

// receive is how an act comes in.
func (n *Node) receive(ctx context.Context, peer protocol.ParticipantID, m *wire.Deliver) (wire.Message, error) {
	if err := n.heard.wait(ctx, m.Lane); err != nil {
		return nil, err
	}
	for {
		grounds := n.grounds.Load()
		now := n.now()
		var arrival gate.Arrival
		err := n.precedence.do(ctx, m.Lane, func() { arrival = n.gate.In(*grounds, peer, m.Envelope, now) })
		if err != nil {
			return nil, err
		}
		lane := m.Lane
		if !arrival.Urgent() { // the lane was its sender's claim
			lane = wire.Ordinary
			if err := n.heard.wait(ctx, lane); err != nil {
				return nil, err
			}
		}
		if mayBeBehind(&arrival) {
			if err := n.askAgain(ctx, peer); err != nil {
				return nil, err
			}
			if n.grounds.Load() != grounds {
				continue
			}
		}
		ruled, err := rule(&arrival.Decision, now)
		if err != nil {
			return nil, err
		}
		var r response
		committed, err := n.committer(lane)(ctx, func(tx *journal.Tx) (err error) {
			if n.grounds.Load() != grounds {
				return errStale
			}
			r, err = n.take(tx, &arrival, ruled)
			return err
		})
		switch {
		case errors.Is(err, errStale):
			continue
		case errors.Is(err, casefile.ErrEarly):
			n.metrics.early()
			return &wire.Busy{RetryAfter: EarlyActPause}, nil
		case errors.Is(err, errTooManyRefused):
			return &wire.Busy{RetryAfter: RefusalPause}, nil
		case err != nil:
			return n.cannotWrite(err)
		}
		// From here the act is accepted, or refused, whatever happens next.
		n.metrics.arrival(&arrival, r)
		if arrival.Act != nil {
			n.exhibits.Withdraw(arrival.Act.Act)
		}
		if r.owes {
			n.duties.wake()
		}
		n.notifier.Wake()
		n.exhibits.Wake()
		if r.refused {
			n.cfg.Log.Info("act refused", "peer", peer, "reasons", r.reasons, "entry", r.index)
		}
		return n.respond(ctx, committed, r)
	}
}

// cannotWrite asks the peer to come back when the disk is full, or the journal
// has stopped: the sender keeps its act, and nothing that was receipted is lost.
func (n *Node) cannotWrite(err error) (wire.Message, error) {
	if errors.Is(err, store.ErrNoSpace) || errors.Is(err, journal.ErrStopped) {
		n.watch.setTrouble(err)
		return &wire.Busy{RetryAfter: BusyPause}, nil
	}
	return nil, err
}

// A response is what a delivery is answered with: the proof of a ledger entry.
type response struct {
	index    int64 // of the entry
	fresh    bool  // the entry was made by this commit
	refused  bool
	owes     bool // the commit gave rise to a duty
	reasons  []protocol.Reason
	findings []byte // a decision, when an agreement refused
}

// known is what the store holds of an answered delivery.
type known struct {
	Act      protocol.Digest   `json:"act"` // or the envelope's digest
	Index    int64             `json:"index"`
	Refused  bool              `json:"refused,omitzero"`
	Reasons  []protocol.Reason `json:"reasons,omitzero"`
	Findings []byte            `json:"findings,omitzero"`
}

func (k *known) response() response {
	return response{index: k.Index, refused: k.Refused, reasons: k.Reasons, findings: k.Findings}
}

// take makes an arrival durable inside a commit: into its case, or into the
// ledger as refused. What was answered before is answered again. The error is
// casefile.ErrEarly for what is to come again.
func (n *Node) take(tx *journal.Tx, a *gate.Arrival, by ruling) (response, error) {
	if a.Act == nil {
		prior, err := answered(tx, a)
		if err != nil {
			return response{}, err
		}
		if prior != nil {
			return prior.response(), nil
		}
		return n.refuse(tx, a, refusal{key: refusedKey(a.Envelope, a.Peer), act: a.Envelope,
			reasons: []protocol.Reason{a.Reason}, at: by.at})
	}
	act := a.Act.Act
	key := knownKey(act.From, act.ID)
	switch prior, err := record.Read[known](tx, key); {
	case err == nil && prior.Act == a.Act.Digest:
		return prior.response(), nil
	case err == nil:
		return n.refuse(tx, a, refusal{key: refusedKey(a.Envelope, a.Peer), act: a.Act.Digest,
			reasons: []protocol.Reason{protocol.ReasonConflict}, at: by.at})
	case !errors.Is(err, store.ErrNotFound):
		return response{}, err
	}
	if a.Reason != "" {
		return n.refuse(tx, a, refusal{key: key, act: a.Act.Digest,
			reasons: []protocol.Reason{a.Reason}, at: by.at})
	}
	if a.Refused() {
		_, err := tx.Get(caseKey(act.Case))
		if !casefile.Files(a.Act, n.cfg.Self, err == nil) {
			return n.refuseRequest(tx, a, refusal{key: key, act: a.Act.Digest,
				reasons: a.Decision.Reasons(), findings: by.canonical, at: by.at})
		}
		a.Decision = casefile.Belongs(act.Agreement, by.at)
		if by, err = rule(&a.Decision, by.at); err != nil {
			return response{}, err
		}
	}
	if converted, err := n.converts(tx, a); err != nil || converted {
		if err != nil {
			return response{}, err
		}
		return n.refuse(tx, a, refusal{key: key, act: a.Act.Digest,
			reasons: []protocol.Reason{protocol.ReasonConversion}, at: by.at})
	}
	filed, err := n.step(tx, casefile.StepOf(a.Act, &a.Decision), casefile.Case.Apply)
	var turn *casefile.TurnError
	if errors.As(err, &turn) {
		return n.refuse(tx, a, refusal{key: key, act: a.Act.Digest,
			reasons: []protocol.Reason{turn.Reason}, at: by.at})
	}
	if err != nil {
		return response{}, err
	}
	var broad *wider
	if err := narrows(tx, &filed.File, act); errors.As(err, &broad) {
		return n.refuse(tx, a, refusal{key: key, act: a.Act.Digest,
			reasons: []protocol.Reason{protocol.ReasonNarrower}, at: by.at})
	} else if err != nil {
		return response{}, err
	}
	return n.accept(tx, a, filed, by)
}

// answered returns what was answered when the same bytes from the same peer were
// accepted, nil if they were not. That receipt may have been lost, and what the
// act rests on may have ended since: it expired, a key was revoked, a register
// has lapsed. To refuse it now would have its sender believe that we do not hold
// it.
func answered(tx *journal.Tx, a *gate.Arrival) (*known, error) {
	if a.Claim == nil {
		return nil, nil
	}
	prior, err := record.Read[known](tx, knownKey(a.Peer, a.Claim.ID))
	if err != nil || prior.Refused {
		return nil, record.IgnoreMissing(err)
	}
	kept, err := tx.Get(digestKey(prefixAct, prior.Act))
	if err != nil || !bytes.Equal(kept, a.Claimed) {
		return nil, record.IgnoreMissing(err)
	}
	return &prior, nil
}

func (n *Node) accept(tx *journal.Tx, a *gate.Arrival, f filed, by ruling) (response, error) {
	kind := ledger.KindAccepted
	if a.Decision.Verdict == protocol.Hold {
		kind = ledger.KindHeld
	}
	index, err := n.record(tx, kind, a.Act, by)
	if err != nil {
		return response{}, err
	}
	relays, err := n.oweRelay(tx, &f.File)
	stops, err2 := n.oweStop(tx, &f.File, by.at)
	err = errors.Join(err, err2,
		record.Write(tx, knownKey(a.Act.Act.From, a.Act.Act.ID), known{Act: a.Act.Digest, Index: index}),
		n.exhibits.Note(tx, &f.File, a.Act),
		n.tellArrival(tx, &f, a.Act.Act, by.at),
		n.file(tx, f, by.at),
	)
	return response{index: index, fresh: true, owes: relays || stops}, err
}

// A refusal is what is to be recorded of an act that is not accepted. Its
// bytes are not kept: a peer cannot fill the disk with what is refused beyond
// one record each, and its rate is limited.
type refusal struct {
	key      []byte // under which the answer is found again
	act      protocol.Digest
	reasons  []protocol.Reason
	findings []byte
	at       time.Time
}

func (n *Node) refuse(tx *journal.Tx, a *gate.Arrival, r refusal) (response, error) {
	switch prior, err := record.Read[known](tx, r.key); {
	case err == nil:
		return prior.response(), nil
	case !errors.Is(err, store.ErrNotFound):
		return response{}, err
	}
	if !n.refusals.allow(a.Peer) {
		return response{}, errTooManyRefused
	}
	if len(r.findings) > wire.MaxFindings {
		r.findings = nil
	}
	rec := ledger.Record{Kind: ledger.KindRefused, At: r.at, Act: r.act, Peer: a.Peer,
		Verdict: ledger.VerdictOf(protocol.Deny), Reasons: r.reasons[:min(len(r.reasons), ledger.MaxReasons)]}
	if a.Act != nil {
		rec.ID, rec.Case = a.Act.Act.ID, a.Act.Act.Case
	}
	if r.findings != nil {
		rec.Decision = protocol.DigestOf(r.findings)
	}
	index, err := tx.Append(rec)
	if err != nil {
		return response{}, err
	}
	k := known{Act: r.act, Index: index, Refused: true, Reasons: rec.Reasons, Findings: r.findings}
	resp := k.response()
	resp.fresh = true
	return resp, record.Write(tx, r.key, k)
}

// respond proves the entry to the peer.
func (n *Node) respond(ctx context.Context, c journal.Committed, r response) (wire.Message, error) {
	var proof ledger.Proof
	var err error
	if r.fresh {
		proof, err = c.Proof(0)
	} else {
		proof, err = n.journal.Prove(ctx, r.index)
	}
	if err != nil {
		return nil, err
	}
	if r.refused {
		return &wire.Refusal{Proof: proof.Format(), Findings: r.findings}, nil
	}
	return &wire.Receipt{Proof: proof.Format()}, nil
}

// showCheckpoint proves to a peer that our ledger only grew since it last looked.
func (n *Node) showCheckpoint(ctx context.Context, q *wire.CheckpointQuery) (wire.Message, error) {
	head, signed, err := n.journal.Checkpoint()
	if err != nil {
		return nil, err
	}
	m := &wire.CheckpointAnswer{Checkpoint: signed}
	if q.Size > uint64(head.Size) {
		return m, nil // the peer holds a larger one: it will see that we went back
	}
	proof, err := n.journal.Consistency(ctx, int64(q.Size), head.Size)
	for _, h := range proof {
		m.Proof = append(m.Proof, protocol.Digest(h))
	}
	return m, err
}
