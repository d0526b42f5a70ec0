package link

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// openUDP returns a socket on loopback that ends with the test.
func openUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// joint is what the system says of a read of which it joined the packets.
func joint(size int) []byte {
	oob := make([]byte, unix.CmsgSpace(4))
	binary.NativeEndian.PutUint64(oob, uint64(unix.CmsgLen(4)))
	binary.NativeEndian.PutUint32(oob[8:], unix.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(oob[12:], unix.UDP_GRO)
	binary.NativeEndian.PutUint32(oob[16:], uint32(size))
	return oob
}

// sendJoined sends packets of a size, and a last one that may be smaller, in one call.
func sendJoined(t *testing.T, from *net.UDPConn, to net.Addr, b []byte, size int) {
	t.Helper()
	oob := make([]byte, unix.CmsgSpace(2))
	binary.NativeEndian.PutUint64(oob, uint64(unix.CmsgLen(2)))
	binary.NativeEndian.PutUint32(oob[8:], unix.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(oob[12:], unix.UDP_SEGMENT)
	binary.NativeEndian.PutUint16(oob[16:], uint16(size))
	if _, _, err := from.WriteMsgUDP(b, oob, to.(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
}

func TestPacketsThatCameTogetherAreReadOneByOne(t *testing.T) {
	c, ok := Coalesce(openUDP(t)).(*coalesced)
	if !ok {
		t.Skip("this kernel joins no packets")
	}
	a, b := openUDP(t), openUDP(t)
	var want []string // who sent it, and what
	send := func(from *net.UDPConn, size, total int) {
		body := make([]byte, total)
		for i := range body {
			body[i] = byte(len(want) + i/size)
		}
		sendJoined(t, from, c.LocalAddr(), body, size)
		for len(body) > 0 {
			k := min(size, len(body))
			want = append(want, fmt.Sprintf("%v %x", from.LocalAddr(), body[:k]))
			body = body[k:]
		}
	}
	send(a, 1000, 10_300)
	send(b, 1452, 1452)
	send(a, 700, 1400)
	send(b, 1200, 12*1200)
	if _, err := a.WriteTo(nil, c.LocalAddr()); err != nil { // an empty packet is one
		t.Fatal(err)
	}
	want = append(want, fmt.Sprintf("%v ", a.LocalAddr()))

	ms := make([]ipv4.Message, 8)
	var got []string
	joined := 0
	for len(got) < len(want) {
		for i := range ms {
			ms[i].Buffers, ms[i].OOB = [][]byte{make([]byte, 1452)}, make([]byte, 128)
		}
		n, err := c.ReadBatch(ms, 0)
		if err != nil {
			t.Fatalf("after %d packets: %v", len(got), err)
		}
		for _, m := range ms[:n] {
			got = append(got, fmt.Sprintf("%v %x", m.Addr, m.Buffers[0][:m.N]))
			if segment(m.OOB[:m.NN], -1) != -1 {
				joined++
			}
		}
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("packet %d is %.40s of %d digits, want %.40s of %d", i, got[i], len(got[i]), want[i], len(want[i]))
		}
	}
	if joined == 0 {
		t.Error("the system joined none")
	}
}

func TestWhatWasReadHasThePacketSizeThatTheSystemSays(t *testing.T) {
	other := make([]byte, unix.CmsgSpace(1))
	binary.NativeEndian.PutUint64(other, uint64(unix.CmsgLen(1)))
	binary.NativeEndian.PutUint32(other[12:], unix.IP_TOS)
	for _, c := range []struct {
		name string
		oob  []byte
		want int
	}{
		{"nothing", nil, 5000},
		{"it alone", joint(1200), 1200},
		{"after something else", bytes.Join([][]byte{other, joint(1200)}, nil), 1200},
		{"something else", other, 5000},
		{"no size", joint(0), 5000},
		{"a negative size", joint(-1), 5000},
		{"half of it", joint(1200)[:10], 5000},
	} {
		if got := segment(c.oob, 5000); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
