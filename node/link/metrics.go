package link

import (
	"time"

	"comity.example/protocol/wire"
)

// Metrics counts what happens on links. Its methods are called concurrently
// and must not block. Neither names a peer.
type Metrics interface {
	// Asked is called when an Exchange returns.
	Asked(request wire.Type, outcome Outcome, took time.Duration)

	// Served is called when a request of a peer has been answered or cut off.
	// The type is zero when there was none to be read.
	Served(request wire.Type, outcome Outcome, took time.Duration)

	// Accepted is called when a peer's connection has been accepted, with the
	// number of connections that this peer has now.
	Accepted(connections int)
}

type noMetrics struct{}

func (noMetrics) Asked(wire.Type, Outcome, time.Duration)  {}
func (noMetrics) Served(wire.Type, Outcome, time.Duration) {}
func (noMetrics) Accepted(int)                             {}
