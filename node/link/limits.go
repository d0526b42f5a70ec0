package link

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"comity.example/protocol/wire"
)

// Limits bounds what peers and strangers can spend of this node. A hostile
// peer that is in the Book can make the node hold, at most, per connection
// connectionWindow bytes that nobody has read, and per budget Budget.Memory
// bytes of frames: with the defaults 6 × 10 MiB + 16 MiB + 4 MiB + 16 MiB + 13 MiB
// = 109 MiB. What this node asks a peer for is bounded by how much it asks for at
// a time, and by bulkConnectionWindow.
type Limits struct {
	// Handshakes bounds the incoming handshakes in flight. The next one is
	// refused.
	Handshakes int

	// FreeHandshakes is how many incoming handshakes may be in flight before
	// the next must prove its address by Retry (RFC 9000, section 8.1.2), so
	// that forged addresses cannot fill Handshakes. It costs a round trip.
	FreeHandshakes int

	// ConnectionsPerPeer bounds the connections that one peer has opened. One
	// more closes the oldest: a peer that crashed must not be locked out by
	// its own dead connections, of which there are as many as lanes.
	ConnectionsPerPeer int

	// StreamsPerConnection bounds the exchanges in flight on a connection.
	// Credit is given back when the handler has returned, not when the peer
	// abandons the stream, so that opening and abandoning in a loop buys
	// nothing (the attack of CVE-2023-44487).
	StreamsPerConnection int

	// Dial bounds a dial from the look-up of the name to the handshake.
	Dial time.Duration

	// Idle is how long a connection outlives its last packet. KeepAlive is
	// how often a dialled connection is kept from being idle.
	Idle, KeepAlive time.Duration

	// Exchange bounds an Exchange, dial included, whatever its context says.
	Exchange time.Duration

	// Frame bounds the reading of a request, and the writing of an answer, for
	// each MiB that is begun: a peer that sends a byte a second is cut off after it.
	Frame time.Duration

	// Handling bounds the handler of one request.
	Handling time.Duration

	// Waiting bounds how long a request waits for memory or for a handler
	// before it is answered with Busy.
	Waiting time.Duration

	// Ordinary and Emergency are the budgets of the two lanes of acts, Bulk that
	// of blocks and shares of evidence, Live that of segments, whose handlers may
	// wait for what has not come yet. None borrows from another.
	Ordinary, Emergency, Bulk, Live Budget
}

// A Budget bounds one lane, or one sort of request in the lane Bulk. There the
// memory is that of the largest answer, too, until it is on its way.
type Budget struct {
	Frames      rate.Limit // requests of one peer, per second
	FramesBurst int        // requests
	Bytes       rate.Limit // bodies of one peer, bytes per second
	BytesBurst  int        // bytes
	Memory      int        // bytes of frames of one peer, from reading to answer
	Handlers    int        // handlers at work for all peers together
	PeerShare   int        // of those, how many for one peer
}

// DefaultLimits returns the limits for a node with some hundred peers.
func DefaultLimits() Limits {
	return Limits{
		Handshakes:           128,
		FreeHandshakes:       16,
		ConnectionsPerPeer:   6,
		StreamsPerConnection: 128,
		Dial:                 10 * time.Second,
		Idle:                 45 * time.Second,
		KeepAlive:            15 * time.Second,
		Exchange:             60 * time.Second,
		Frame:                20 * time.Second,
		Handling:             30 * time.Second,
		Waiting:              5 * time.Second,
		Ordinary: Budget{
			Frames: 2000, FramesBurst: 4000,
			Bytes: 32 << 20, BytesBurst: 64 << 20,
			Memory: 16 << 20, Handlers: 256, PeerShare: 64,
		},
		Emergency: Budget{
			Frames: 20, FramesBurst: 100,
			Bytes: 4 << 20, BytesBurst: 8 << 20,
			Memory: 4 << 20, Handlers: 32, PeerShare: 8,
		},
		Bulk: Budget{
			Frames: 4000, FramesBurst: 4000,
			Bytes: 1 << 20, BytesBurst: 1 << 20,
			Memory: 16 << 20, Handlers: 64, PeerShare: 16,
		},
		Live: Budget{
			Frames: 100, FramesBurst: 200,
			Bytes: 1 << 20, BytesBurst: 1 << 20,
			Memory: 13 << 20, Handlers: 512, PeerShare: 48,
		},
	}
}

const (
	// streamWindow is what a peer may send on a stream before anyone reads
	// it, in bytes. Most envelopes fit.
	streamWindow = 64 << 10

	// streamWindowMax is how far the window grows while the stream is read,
	// in bytes: a whole envelope in one round trip.
	streamWindowMax = 2 << 20

	// connectionWindow is what a peer may send on a connection before anyone
	// reads it, in bytes. It is larger than StreamsPerConnection windows of
	// streams that wait for memory, so that those which have theirs can
	// always go on: otherwise they would wait for each other.
	connectionWindow = maxStreams*streamWindow + streamWindowMax

	// bulkIdle and bulkKeepAlive are Idle and KeepAlive of a connection of the lane
	// Bulk, at most. A peer that was killed while it owed nothing but answers
	// is heard of only at the end of Idle: nothing is sent to it meanwhile but pings,
	// and quic-go answers no packet with a stateless reset that is as small as those.
	bulkIdle      = 5 * time.Second
	bulkKeepAlive = 2 * time.Second
	// bulkStreamWindow is what a peer may send on a stream on which this node has
	// asked for a block, before anyone reads it, in bytes: the whole block.
	bulkStreamWindow = 1<<20 + 64<<10

	// bulkConnectionWindow is what a peer may send on a connection of the lane
	// Bulk that this node has dialled, before anyone reads it, in bytes: more than
	// is under way on a line of a gigabit per second, 100 ms there and back.
	bulkConnectionWindow = 16 << 20

	// maxStreams bounds Limits.StreamsPerConnection, because of
	// connectionWindow.
	maxStreams = 128

	// connectionIDLength is the length of the connection IDs of this node, in
	// bytes: too long to be guessed by someone who does not see the packets.
	connectionIDLength = 8

	// maxBulkRequest is the size of the largest request of the lane Bulk, in bytes.
	maxBulkRequest = 72

	// maxAddresses bounds the addresses of one name that a dial tries.
	maxAddresses = 4
)

// frameTime is how long a frame of that size may take.
func (l Limits) frameTime(size int) time.Duration {
	return l.Frame * time.Duration(1+max(size-1, 0)>>20)
}

func (l Limits) check() error {
	switch {
	case l.Handshakes < 1 || l.FreeHandshakes < 0 || l.ConnectionsPerPeer < 1:
		return errors.New("limits: handshakes and connections must be positive")
	case l.StreamsPerConnection < 1 || l.StreamsPerConnection > maxStreams:
		return fmt.Errorf("limits: streams per connection: want 1 to %d", maxStreams)
	case l.Dial <= 0 || l.Idle <= 0 || l.KeepAlive <= 0 || l.Exchange <= 0 ||
		l.Frame <= 0 || l.Handling <= 0 || l.Waiting <= 0:
		return errors.New("limits: durations must be positive")
	}
	return errors.Join(
		l.Emergency.check(wire.MaxEnvelope+1, 0),
		l.Ordinary.check(wire.MaxRegister+1, 0),
		l.Bulk.check(maxBulkRequest, wire.TypeBlockQuery.MostAnswer()),
		l.Live.check(maxBulkRequest, wire.TypeSegmentQuery.MostAnswer()))
}

// check refuses a budget in which the largest frame of its lane, and the largest
// answer that it counts, have no room.
func (b Budget) check(frame, answer int) error {
	if b.Frames <= 0 || b.FramesBurst < 1 || b.Bytes <= 0 || b.Handlers < 1 || b.PeerShare < 1 {
		return errors.New("limits: every part of a budget must be positive")
	}
	if b.BytesBurst < frame || b.Memory < frame+answer {
		return errors.New("limits: a budget must have room for the largest frame")
	}
	return nil
}
