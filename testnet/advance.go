package testnet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
)

// clockName is the file of a world that says how far legal time is turned
// forward: all its nodes read it, so they turn together.
const clockName = "legal-time"

// ErrNoClock says that legal time cannot be turned in a world.
var ErrNoClock = errors.New("testnet: legal time cannot be turned in this world: it was founded without")

func (w *World) clock() string { return filepath.Join(w.Dir, clockName) }

func (w *World) foundClock() error {
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return err
	}
	return home.WriteAhead(w.clock(), 0)
}

// Ahead returns how far legal time is turned forward.
func (w *World) Ahead() (time.Duration, error) {
	d, err := home.ReadAhead(w.clock())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, ErrNoClock
	}
	return d, err
}

// Turn turns legal time forward for every node of the world, those that are off
// too, and returns how far it is turned then. It never goes back.
func (w *World) Turn(d time.Duration) (ahead time.Duration, err error) {
	if d <= 0 {
		return 0, fmt.Errorf("testnet: legal time goes forward only: want a duration such as 8h")
	}
	if ahead, err = w.Ahead(); err != nil {
		return 0, err
	}
	return ahead + d, home.WriteAhead(w.clock(), ahead+d)
}

// Advance turns legal time forward and waits until every node that runs has
// noticed.
func (p *Processes) Advance(ctx context.Context, d time.Duration) error {
	ahead, err := p.Turn(d)
	if err != nil {
		return err
	}
	p.mu.Lock()
	var on []protocol.ParticipantID
	for id, run := range p.running {
		select {
		case <-run.ended:
		default:
			on = append(on, id)
		}
	}
	p.mu.Unlock()
	for _, id := range on {
		client, err := p.Desk(id)
		if err != nil {
			return err
		}
		if err := AwaitTurn(ctx, client, ahead); err != nil {
			return fmt.Errorf("testnet: %s: %w", id, err)
		}
	}
	return nil
}

// AwaitTurn waits until a node's legal time is turned as far.
func AwaitTurn(ctx context.Context, node desk.Health, ahead time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, StartPatience)
	defer cancel()
	for {
		s, err := node.Status(ctx)
		if err == nil && s.Testnet == ahead.String()+" ahead" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node has not noticed that legal time was turned: %w", ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}
