package link

import (
	"encoding/binary"
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

const (
	// coalescedReads is how many reads one call of the system answers at most.
	coalescedReads = 4
	// coalescedSize bounds the packets of one read, in bytes: no UDP datagram is
	// larger, and the system joins none beyond that.
	coalescedSize = 64 << 10
	// coalescedOOB bounds what the system says of one read, in bytes.
	coalescedOOB = 128
)

// Coalesce has the system hand over packets of one sender that have one size many at
// a time (UDP_GRO), where it can: otherwise the way through the kernel, packet by
// packet, costs more than to decrypt them. quic-go sends so, and leaves reading so to
// whom the socket belongs to. One goroutine reads from what it returns.
func Coalesce(conn net.PacketConn) net.PacketConn {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return conn
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return conn
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	})
	if err != nil || refused != nil {
		return conn
	}
	c := &coalesced{UDPConn: udp, batch: ipv4.NewPacketConn(udp), reads: make([]ipv4.Message, coalescedReads)}
	for i := range c.reads {
		c.reads[i].Buffers = [][]byte{make([]byte, coalescedSize)}
		c.reads[i].OOB = make([]byte, coalescedOOB)
	}
	return c
}

// A coalesced socket takes reads apart again. One goroutine reads from it.
type coalesced struct {
	*net.UDPConn
	batch *ipv4.PacketConn
	reads []ipv4.Message
	left  []ipv4.Message // of reads, what was not handed on
	rest  []byte         // of the first of left
	size  int            // of its packets
}

// ReadBatch is what quic-go reads by. It fills the first buffer of each message with
// one packet.
func (c *coalesced) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	if len(c.left) == 0 {
		n, err := c.batch.ReadBatch(c.reads, flags)
		if n <= 0 || err != nil {
			return 0, err
		}
		c.left = c.reads[:n]
		c.begin()
	}
	n := 0
	for n < len(ms) && len(c.left) > 0 {
		from, to := &c.left[0], &ms[n]
		size := min(c.size, len(c.rest))
		to.N = copy(to.Buffers[0], c.rest[:size])
		to.NN = copy(to.OOB, from.OOB[:from.NN])
		to.Addr, to.Flags = from.Addr, from.Flags
		n++
		if c.rest = c.rest[size:]; len(c.rest) == 0 {
			c.left = c.left[1:]
			c.begin()
		}
	}
	return n, nil
}

// begin begins with the first of what is left.
func (c *coalesced) begin() {
	if len(c.left) == 0 {
		return
	}
	m := &c.left[0]
	c.rest = m.Buffers[0][:m.N]
	c.size = segment(m.OOB[:m.NN], m.N)
}

// segment returns the size of the packets in a read, all but the last of which have
// that size: that of the read where the system joined none.
func segment(oob []byte, read int) int {
	for len(oob) > 0 {
		head, body, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		if head.Level == unix.IPPROTO_UDP && head.Type == unix.UDP_GRO && len(body) >= 4 {
			if size := int(int32(binary.NativeEndian.Uint32(body))); size > 0 {
				return size
			}
		}
		oob = rest
	}
	return read
}
