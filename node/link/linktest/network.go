// Package linktest is a packet network for tests, in the virtual time of a
// testing/synctest bubble: latency, loss, partitions and lines of a given
// speed, on which whole nodes run as they would on UDP.
//
// Package linktest is trusted with nothing: it is for tests only.
package linktest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"
)

// Conditions are what every packet of a Network meets.
type Conditions struct {
	Latency time.Duration // one way
	Jitter  time.Duration // added to Latency, from 0 to Jitter, evenly
	Loss    float64       // the share of packets that get lost, 0 to 1
	Speed   int           // of each endpoint's line inwards, bytes per second; 0: no bound
	Seed    uint64        // of loss and jitter
}

// queueTime is how long a packet may wait for a line of bounded Speed. One
// that would wait longer is lost, as in a router whose queue is full.
const queueTime = 200 * time.Millisecond

// port is the port of every endpoint.
const port = 4433

// A Network carries packets between endpoints that have names. Its methods may
// be called concurrently.
type Network struct {
	router simnet.PerfectRouter

	mu        sync.Mutex
	now       Conditions
	random    *rand.Rand
	addrs     map[string]*net.UDPAddr
	names     map[string]string // by address
	links     map[string]*simnet.SimulatedLink
	lines     map[string]time.Time // when the line to an endpoint is free
	cut       map[[2]string]bool
	carried   int
	discarded int
}

// NewNetwork returns a Network without endpoints. It is called, and Close is,
// inside the bubble of the test.
func NewNetwork(c Conditions) *Network {
	return &Network{
		now:    c,
		random: rand.New(rand.NewPCG(c.Seed, 1)),
		addrs:  make(map[string]*net.UDPAddr),
		names:  make(map[string]string),
		links:  make(map[string]*simnet.SimulatedLink),
		lines:  make(map[string]time.Time),
		cut:    make(map[[2]string]bool),
	}
}

// Addr returns the address of an endpoint as host:port, also before Listen. A
// name keeps its address.
func (n *Network) Addr(name string) string { return n.addr(name).String() }

func (n *Network) addr(name string) *net.UDPAddr {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.addrs[name]
	if a == nil {
		i := len(n.addrs) + 1
		a = &net.UDPAddr{IP: net.IPv4(10, 0, byte(i>>8), byte(i)).To4(), Port: port}
		n.addrs[name] = a
		n.names[a.String()] = name
	}
	return a
}

// Listen returns the endpoint of a name, which the caller closes. A second
// call is the restart of that node; the endpoint it had is closed by then.
func (n *Network) Listen(name string) net.PacketConn {
	a := n.addr(name)
	link := &simnet.SimulatedLink{
		UploadPacket: n,
		LatencyFunc:  func(p simnet.Packet) time.Duration { return n.delay(name, len(p.Data)) },
		// Room for what path MTU discovery tries on an Ethernet.
		UplinkSettings:   simnet.LinkSettings{MTU: 1500},
		DownlinkSettings: simnet.LinkSettings{MTU: 1500},
	}
	conn := simnet.NewBlockingSimConn(a, link)
	n.mu.Lock()
	before := n.links[name]
	n.links[name] = link
	n.mu.Unlock()
	link.Start()
	n.router.AddNode(a, link)
	if before != nil {
		before.Close()
	}
	return conn
}

// SendPacket carries a packet, or loses it. It is for the endpoints.
func (n *Network) SendPacket(p simnet.Packet) error {
	if n.loses(p) {
		return nil
	}
	return n.router.SendPacket(p)
}

// AddNode makes Network a simnet.Router. Endpoints are made by Listen.
func (n *Network) AddNode(net.Addr, simnet.PacketReceiver) {}

func (n *Network) loses(p simnet.Packet) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	to := n.names[p.To.String()]
	way := [2]string{n.names[p.From.String()], to}
	late := n.now.Speed > 0 && time.Until(n.lines[to]) > queueTime
	if n.cut[way] || late || n.random.Float64() < n.now.Loss {
		n.discarded++
		return true
	}
	n.carried++
	return false
}

// delay returns how long a packet takes to an endpoint, and occupies its line.
func (n *Network) delay(to string, size int) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.now.Latency
	if n.now.Jitter > 0 {
		d += time.Duration(n.random.Int64N(int64(n.now.Jitter)))
	}
	if n.now.Speed == 0 {
		return d
	}
	free := n.lines[to]
	if now := time.Now(); free.Before(now) {
		free = now
	}
	free = free.Add(time.Duration(size) * time.Second / time.Duration(n.now.Speed))
	n.lines[to] = free
	return d + time.Until(free)
}

// Set changes the conditions of packets that have not been sent yet. The Seed
// stays.
func (n *Network) Set(c Conditions) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = c
}

// Partition loses every packet between a and b until Heal.
func (n *Network) Partition(a, b string) { n.set(a, b, true) }

// Heal ends a Partition.
func (n *Network) Heal(a, b string) { n.set(a, b, false) }

func (n *Network) set(a, b string, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]string{a, b}], n.cut[[2]string{b, a}] = cut, cut
}

// Carried returns how many packets arrived and how many were lost so far.
func (n *Network) Carried() (arrived, lost int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.carried, n.discarded
}

// Close ends the network. The endpoints must be closed before, or a packet
// that nobody reads blocks it.
func (n *Network) Close() error {
	n.mu.Lock()
	links := n.links
	n.links = make(map[string]*simnet.SimulatedLink)
	n.mu.Unlock()
	for name, link := range links {
		if err := link.Close(); err != nil {
			return fmt.Errorf("linktest: close %s: %w", name, err)
		}
	}
	return nil
}
