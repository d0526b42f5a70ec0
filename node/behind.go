package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"comity.example/node/gate"
	"comity.example/protocol"
)

const (
	// AskAgainEvery is how often a peer is asked, because of what it delivers, for
	// the documents that we lack.
	AskAgainEvery = time.Minute
	// AskAgainTime bounds how long a refusal is put off for that.
	AskAgainTime = 3 * time.Second
)

// curable are the reasons that a newer register, agreement or notice can take
// away: the fault may be ours, who do not hold it yet. A refusal is final, so
// whoever delivered is asked for it first. A clock that is off, an act that has
// expired and a key that is revoked are not among them.
var curable = []protocol.Reason{
	protocol.ReasonUnknownParty, protocol.ReasonRegisterLapsed, protocol.ReasonUnregistered,
	protocol.ReasonNotAuthentic, protocol.ReasonRole, protocol.ReasonOfficerInvalid, protocol.ReasonOfficerRole,
	protocol.ReasonNoAgreement, protocol.ReasonNotGoverning, protocol.ReasonVersion,
	protocol.ReasonUnsigned, protocol.ReasonNotReciprocal,
}

// mayBeBehind reports whether an arrival may be refused only because this node
// lacks a document.
func mayBeBehind(a *gate.Arrival) bool {
	if a.Reason != "" {
		return slices.Contains(curable, a.Reason)
	}
	return a.Refused() && slices.ContainsFunc(a.Decision.Reasons(), func(r protocol.Reason) bool {
		return slices.Contains(curable, r)
	})
}

// questions are those that were put to peers because of what they delivered. Only
// participants of the registers deliver, so the map is bounded by them.
type questions struct {
	mu    sync.Mutex
	peers map[protocol.ParticipantID]*question // guarded by mu
}

// A question is one that is under way, or was lately.
type question struct {
	began time.Time
	ended chan struct{}
}

// askAgain asks a peer for the documents that this node lacks, unless it was
// asked lately. All who want to know wait for the one answer. The error is that
// of ctx: nothing is to be refused then.
func (n *Node) askAgain(ctx context.Context, peer protocol.ParticipantID) error {
	q, first := n.questions.about(peer)
	if first {
		defer close(q.ended)
		asking, cancel := context.WithTimeout(ctx, AskAgainTime)
		defer cancel()
		if err := n.ask(asking, peer); err != nil {
			n.cfg.Log.Info("documents not compared", "peer", peer)
		}
		return ctx.Err()
	}
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// about returns the newest question to a peer, and whether the caller is the one
// to put it.
func (q *questions) about(peer protocol.ParticipantID) (*question, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.peers == nil {
		q.peers = map[protocol.ParticipantID]*question{}
	}
	if last := q.peers[peer]; last != nil && time.Since(last.began) < AskAgainEvery {
		return last, false
	}
	q.peers[peer] = &question{time.Now(), make(chan struct{})}
	return q.peers[peer], true
}
