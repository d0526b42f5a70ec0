// Package sim runs a world of nodes in virtual time: the same nodes, on a
// simulated network, inside a testing/synctest bubble. Legal time begins at
// the founding of the world, runs with the bubble's clock, and can be turned forward.
//
// It is for tests, and trusted with nothing.
package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/link/linktest"
	"comity.example/protocol"
	"comity.example/testnet"
)

// Founded is the legal time at which a simulated world begins.
var Founded = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// A Sim is a running simulated world.
type Sim struct {
	*testnet.World
	Network *linktest.Network
	Log     *slog.Logger

	began time.Time // bubble time at Founded

	mu       sync.Mutex
	turned   time.Duration                       // legal time, ahead of the bubble's; guarded by mu
	running  map[protocol.ParticipantID]*running // guarded by mu
	visitors int                                 // endpoints that Listen handed out; guarded by mu
}

type running struct {
	node  *node.Node
	desk  desk.Node
	stop  context.CancelFunc
	ended chan error
}

// New founds a world in dir and runs every node. It is called inside the bubble.
func New(ctx context.Context, dir string, c linktest.Conditions) (*Sim, error) {
	s := &Sim{Network: linktest.NewNetwork(c), Log: slog.New(slog.DiscardHandler), began: time.Now(),
		running: map[protocol.ParticipantID]*running{}}
	w, err := testnet.Found(testnet.Founding{Dir: dir, Topology: testnet.DefaultTopology(), At: Founded,
		Address: func(id protocol.ParticipantID) (string, error) { return s.Network.Addr(string(id)), nil }})
	if err != nil {
		return nil, err
	}
	s.World = w
	for _, id := range w.Topology.Participants() {
		if err := s.start(ctx, id); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Now returns legal time.
func (s *Sim) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Founded.Add(time.Since(s.began) + s.turned)
}

// Advance turns legal time forward for all nodes, those that are off too. The
// network's time and the pauses of those who try again stay as they are.
func (s *Sim) Advance(_ context.Context, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("sim: legal time goes forward only: want a duration such as 8h")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turned += d
	for _, r := range s.running {
		r.node.Wake()
	}
	return nil
}

func (s *Sim) start(ctx context.Context, id protocol.ParticipantID) error {
	h := s.Home(id)
	lock, err := h.Lock("")
	if err != nil {
		return err
	}
	cfg, err := h.NodeConfig(lock, s.Now)
	if err != nil {
		return err
	}
	cfg.Conn, cfg.Log = s.Network.Listen(string(id)), s.Log.With("node", id)
	n, err := node.Open(ctx, cfg)
	if err != nil {
		return errors.Join(err, cfg.Conn.Close())
	}
	token, err := h.Token()
	if err != nil {
		return errors.Join(err, n.Close())
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{node: n, stop: stop, ended: make(chan error, 1)}
	r.desk = &desk.Client{Base: "http://" + string(id), Token: token,
		HTTP: http.Client{Transport: desk.InProcess{Handler: desk.Server(n, token, nil)}}}
	go func() { r.ended <- n.Run(ctx) }()
	s.mu.Lock()
	s.running[id] = r
	s.mu.Unlock()
	return s.await(ctx, r)
}

func (s *Sim) await(ctx context.Context, r *running) error {
	for {
		if st, err := r.desk.Status(ctx); err == nil && st.Accepting {
			return nil
		}
		select {
		case err := <-r.ended:
			return fmt.Errorf("sim: node ended: %w", err)
		case <-time.After(time.Millisecond):
		}
	}
}

// Kill takes a node off the network in the middle of whatever it does, and
// ends it. What the disk of a killed process holds is for tests on processes.
func (s *Sim) Kill(id protocol.ParticipantID) error {
	s.mu.Lock()
	r := s.running[id]
	delete(s.running, id)
	s.mu.Unlock()
	if r == nil {
		return fmt.Errorf("sim: %s is not running", id)
	}
	s.cut(id, s.Network.Partition)
	r.stop()
	return errors.Join(<-r.ended, r.node.Close())
}

// cut takes a node off the network, or puts it back.
func (s *Sim) cut(id protocol.ParticipantID, change func(a, b string)) {
	for _, other := range s.Topology.Participants() {
		if other != id {
			change(string(id), string(other))
		}
	}
}

// Restart runs a node again.
func (s *Sim) Restart(ctx context.Context, id protocol.ParticipantID) error {
	s.cut(id, s.Network.Heal)
	return s.start(ctx, id)
}

// Desk returns the API of a participant's node.
func (s *Sim) Desk(id protocol.ParticipantID) (desk.Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running[id]
	if r == nil {
		return nil, fmt.Errorf("sim: %s is not running", id)
	}
	return r.desk, nil
}

// Listen returns an endpoint of the network that is nobody's.
func (s *Sim) Listen() (net.PacketConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visitors++
	return s.Network.Listen(fmt.Sprintf("visitor-%d", s.visitors)), nil
}

// Close ends every node and the network.
func (s *Sim) Close() error {
	s.mu.Lock()
	all := s.running
	s.running = nil
	s.mu.Unlock()
	var err error
	for _, r := range all {
		r.stop()
	}
	for _, r := range all {
		err = errors.Join(err, <-r.ended, r.node.Close())
	}
	s.Network.Close()
	return err
}
