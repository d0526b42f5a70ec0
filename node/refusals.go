package node

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"comity.example/protocol"
)

// What a peer may have refused before nothing more is written for it: each
// refusal is a ledger entry for ever, so what is refused is dearer than what
// is accepted. So is each receipt for a document, which may be held already.
const (
	// RefusalsPerSecond and RefusalBurst bound the refusals recorded for one peer.
	RefusalsPerSecond = 1
	RefusalBurst      = 200
	// RefusalPause is how long a peer that is over the bound is asked to wait.
	RefusalPause = time.Minute
)

// errTooManyRefused says that a peer is over the bound.
var errTooManyRefused = errors.New("node: too many refusals of one peer")

// refusals counts what was refused, peer by peer. Only participants of the
// registers have peers here, so the map is bounded by them.
type refusals struct {
	mu    sync.Mutex
	peers map[protocol.ParticipantID]*rate.Limiter // guarded by mu
}

// allow reports whether another refusal of peer may be recorded.
func (r *refusals) allow(peer protocol.ParticipantID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peers == nil {
		r.peers = map[protocol.ParticipantID]*rate.Limiter{}
	}
	l := r.peers[peer]
	if l == nil {
		l = rate.NewLimiter(RefusalsPerSecond, RefusalBurst)
		r.peers[peer] = l
	}
	return l.Allow()
}
