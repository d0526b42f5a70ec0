package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/wire"
)

const (
	// CatchUpWait bounds how long after its start a node decides on nothing
	// because it has not heard from every Party yet, and EmergencyWait how long
	// it decides on no emergency. A peer that is down delays no more than that.
	CatchUpWait   = 5 * time.Second
	EmergencyWait = 2 * time.Second
)

var errEnding = errors.New("node: it ends before it has heard what it missed")

// heard is when this node last knew that it had missed nothing of a Party.
type heard struct {
	emergency, ordinary chan struct{} // closed when a lane's acts may be decided
	over                chan struct{} // closed when nobody is asked any more

	mu   sync.Mutex
	last map[protocol.Party]confirmation // guarded by mu, as is the closing
}

// A confirmation is when a participant of a Party was seen to hold nothing
// that we lack.
type confirmation struct {
	legal time.Time
	clock time.Time
}

func newHeard() *heard {
	return &heard{emergency: make(chan struct{}), ordinary: make(chan struct{}), over: make(chan struct{}),
		last: map[protocol.Party]confirmation{}}
}

// wait returns when an act of that lane may be decided. With an error it may not.
func (h *heard) wait(ctx context.Context, lane wire.Lane) error {
	ready := h.ordinary
	if lane == wire.Emergency {
		ready = h.emergency
	}
	select {
	case <-ready:
		return nil
	case <-h.over:
		return errEnding
	case <-ctx.Done():
		return ctx.Err()
	}
}

// allow lets the acts of lanes be decided.
func (h *heard) allow(lanes ...chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, lane := range lanes {
		select {
		case <-lane:
		default:
			close(lane)
		}
	}
}

func (h *heard) confirm(p protocol.Party, legal time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last[p] = confirmation{legal, time.Now()}
}

func (h *heard) of(p protocol.Party) (confirmation, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.last[p]
	return c, ok
}

// unheard returns the Parties of which nobody has answered since the start,
// though there is somebody to ask.
func (n *Node) unheard() []protocol.Party {
	var out []protocol.Party
	for _, party := range n.grounds.Load().Directory.Parties() {
		if _, ok := n.heard.of(party); !ok && len(n.others(party)) > 0 {
			out = append(out, party)
		}
	}
	return out
}

func (n *Node) allowWhenHeard() {
	if len(n.unheard()) == 0 {
		n.heard.allow(n.heard.emergency, n.heard.ordinary)
	}
}

// unconfirmed returns the Parties with which an agreement is held and whose
// notices this node may have missed.
func (n *Node) unconfirmed() []desk.Unconfirmed {
	var out []desk.Unconfirmed
	l := n.library.Load()
	for _, party := range l.Parties() {
		if len(n.others(party)) == 0 || l.Shelf(AgreementDocument, party).Empty() {
			continue
		}
		c, ok := n.heard.of(party)
		if !ok || time.Since(c.clock) > 2*RefreshEvery {
			out = append(out, desk.Unconfirmed{Party: party, Since: c.legal})
		}
	}
	return out
}
