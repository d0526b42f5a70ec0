package testnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

const (
	// StartPatience bounds how long a node may take to answer after its start.
	StartPatience = 30 * time.Second
	// StopPatience bounds how long a node may take to end before it is killed.
	StopPatience = 10 * time.Second

	pollEvery = 20 * time.Millisecond
)

// Loopback hands out free ports of this machine. A port is free when it is
// handed out; a node that finds it taken says so.
func Loopback(protocol.ParticipantID) (listen string, err error) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("testnet: find a port: %w", err)
	}
	defer udp.Close()
	return udp.LocalAddr().String(), nil
}

// Processes runs a world with one process for each node.
type Processes struct {
	*World
	// Command runs a node: the home's directory is added to it.
	Command []string

	mu      sync.Mutex
	running map[protocol.ParticipantID]*process // guarded by mu
}

// A process is one running node.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // why; valid after ended
}

// Start runs every node of the world and waits until all of them take acts.
func (p *Processes) Start(ctx context.Context) error {
	ids := p.Topology.Participants()
	for _, id := range ids {
		if err := p.launch(id); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := p.await(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Restart runs one node again and waits until it takes acts.
func (p *Processes) Restart(ctx context.Context, id protocol.ParticipantID) error {
	if err := p.launch(id); err != nil {
		return err
	}
	return p.await(ctx, id)
}

// launch starts a node's process. What it prints goes to node.log in its home.
func (p *Processes) launch(id protocol.ParticipantID) error {
	log, err := os.OpenFile(filepath.Join(p.homeDir(id), "node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.Command[0], append(p.Command[1:], p.homeDir(id))...)
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own: Ctrl-C reaches the world, which stops its nodes in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testnet: start %s: %w", id, err)
	}
	run := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		run.err = cmd.Wait()
		close(run.ended)
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		p.running = map[protocol.ParticipantID]*process{}
	}
	p.running[id] = run
	return nil
}

// await polls the API until the node takes acts.
func (p *Processes) await(ctx context.Context, id protocol.ParticipantID) error {
	ctx, cancel := context.WithTimeout(ctx, StartPatience)
	defer cancel()
	run := p.process(id)
	client, err := p.Desk(id)
	if err != nil {
		return err
	}
	for {
		if s, err := client.Status(ctx); err == nil && s.Accepting {
			return nil
		}
		select {
		case <-run.ended:
			return fmt.Errorf("testnet: the node of %s ended: see %s", id, filepath.Join(p.homeDir(id), "node.log"))
		case <-ctx.Done():
			return fmt.Errorf("testnet: the node of %s does not answer: %w", id, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

func (p *Processes) process(id protocol.ParticipantID) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running[id]
}

// Kill ends a node as a power cut would: SIGKILL, no warning.
func (p *Processes) Kill(id protocol.ParticipantID) error {
	run := p.process(id)
	if run == nil {
		return fmt.Errorf("testnet: %s is not running", id)
	}
	err := run.cmd.Process.Kill()
	<-run.ended
	return err
}

// Stop ends every node in order, and kills what does not end in time.
func (p *Processes) Stop() error {
	p.mu.Lock()
	running := p.running
	p.running = nil
	p.mu.Unlock()
	for _, run := range running {
		run.cmd.Process.Signal(syscall.SIGTERM)
	}
	var err error
	for id, run := range running {
		select {
		case <-run.ended:
		case <-time.After(StopPatience):
			err = errors.Join(err, fmt.Errorf("testnet: %s did not stop and was killed", id))
			run.cmd.Process.Kill()
			<-run.ended
		}
	}
	return err
}

// Desk returns the API of a participant's node.
func (p *Processes) Desk(id protocol.ParticipantID) (desk.Node, error) {
	h := p.Home(id)
	if h == nil {
		return nil, fmt.Errorf("testnet: no participant %q", id)
	}
	token, err := h.Token()
	return desk.Dial(h.Socket(), token), err
}

// Listen returns a fresh endpoint of the network.
func (p *Processes) Listen() (net.PacketConn, error) { return net.ListenPacket("udp", "127.0.0.1:0") }

// Now returns legal time.
func (p *Processes) Now() time.Time {
	ahead, err := p.Ahead()
	if err != nil {
		ahead = 0 // it cannot be turned in this world
	}
	return time.Now().Add(ahead)
}
