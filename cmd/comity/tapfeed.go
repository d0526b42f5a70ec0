package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

const (
	// maxGathered is how much is gathered for one segment, in bytes.
	maxGathered = 256 << 10
	// commandGrace is how long a command is given to end by itself.
	commandGrace = 3 * time.Second
	// feedEvery is how often it is shown how much was fed.
	feedEvery = time.Second
)

type tapFeedCmd struct {
	Case         protocol.CaseID `arg:"" help:"The case."`
	SegmentEvery time.Duration   `help:"Gather so long what comes, at most 256 KiB, into one segment." default:"250ms" placeholder:"TIME"`
	Command      []string        `arg:"" optional:"" passthrough:"" help:"Whose output is delivered, after --. By default standard input."`
}

func (c *tapFeedCmd) Help() string {
	return `Delivers until the source ends or the interception does, whichever is first. The node takes nothing before its
window opens, and nothing from its end on, or from a withdrawal: that is no setting. The command is ended with it, and
with all that it started. The status is 0 when the source has ended, and 3 when the interception had.`
}

// feeding is how far a feed is, for a program: a line a second, and the last when it is
// done.
type feeding struct {
	desk.Fed
	Done  bool      `json:"done,omitzero"`
	Until time.Time `json:"until,omitzero"` // the end of the window
}

func (c *tapFeedCmd) Run(ctx context.Context, a *app) error {
	_, node, err := a.openDesk()
	if err != nil {
		return err
	}
	v, err := a.tapped(ctx, c.Case)
	if err != nil {
		return err
	}
	until := v.File.Stand(casefile.RegionInterception, a.instant()).Until
	source, end, err := c.source(ctx, a)
	if err != nil {
		return err
	}
	counted := &tally{r: source}
	gathered := gather(counted, c.SegmentEvery)
	w := &feedWatch{a: a, t: counted, until: until, over: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	fed, err := node.Feed(ctx, c.Case, gathered)
	gathered.Close()
	close(w.over)
	<-w.ended
	ended := end()
	switch {
	case ctx.Err() != nil:
		return &failure{exitInterrupted, "interrupted: what was delivered before stays delivered", "comity tap feed goes on with what comes then"}
	case err != nil && c.stopped(node):
		fed.Stopped = true // it ended while something was on its way to the node
	case err != nil:
		return err
	}
	err = a.lineOr(feeding{fed, true, until}, func(w io.Writer) {
		fmt.Fprintf(w, "delivered %s in %s\n", byteText(fed.Bytes), count(int(fed.Segments), "segment"))
	})
	if fed.Stopped {
		err = errors.Join(err, &failure{exitHold, "the interception has stopped: what came afterwards was not taken",
			"comity case show " + string(c.Case) + " says when and why"})
	} else if ended != nil {
		err = errors.Join(err, &failure{exitError, "the command failed: " + plain(ended), "what it had written was delivered"})
	}
	return err
}

// stopped asks the node whether the interception has stopped.
func (c *tapFeedCmd) stopped(node *desk.Client) bool {
	ctx, stop := context.WithTimeout(context.Background(), commandGrace)
	defer stop()
	_, err := node.Feed(ctx, c.Case, strings.NewReader(""))
	var p *desk.Problem
	return errors.As(err, &p) && strings.Contains(p.Text, "has stopped")
}

// lineOr writes a line for a program, and text for a person.
func (a *app) lineOr(v any, text func(io.Writer)) error {
	if a.JSON {
		return a.line(v)
	}
	return a.show(nil, text)
}

// source returns what is to be delivered, and what ends it.
func (c *tapFeedCmd) source(ctx context.Context, a *app) (io.Reader, func() error, error) {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	if len(c.Command) == 0 {
		return a.in, func() error { return nil }, nil
	}
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Stderr = a.errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func(s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }
	cmd.Cancel = func() error { return group(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, nil, badInput("the command does not start: "+plain(err), "")
	}
	drained := make(chan struct{})
	return &finished{out, drained}, func() error {
		ended := false
		select {
		case <-drained: // it has closed its output
			ended = true
		default:
			stop()
		}
		err := cmd.Wait()
		stop()
		// What it started goes with it, also what does not heed the first signal.
		if kill := group(syscall.SIGKILL); kill != nil && !errors.Is(kill, syscall.ESRCH) {
			err = errors.Join(err, kill)
		}
		if !ended {
			return nil // it was ended
		}
		return err
	}, nil
}

// A finished reader says when its end was read.
type finished struct {
	r     io.Reader
	ended chan struct{} // closed at the end
}

func (f *finished) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil {
		select {
		case <-f.ended:
		default:
			close(f.ended)
		}
	}
	return n, err
}

// A tally counts what is read.
type tally struct {
	r io.Reader
	n atomic.Int64
}

func (t *tally) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n.Add(int64(n))
	return n, err
}

// gather returns what r has, in pieces that were gathered for some time, until it is
// closed. Whoever still reads r then is left behind: a terminal cannot be asked to stop.
func gather(r io.Reader, every time.Duration) *io.PipeReader {
	pieces := make(chan []byte)
	var failed error // of r; valid once pieces is closed
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 32<<10)
			n, err := r.Read(b)
			if n > 0 {
				pieces <- b[:n]
			}
			if err != nil {
				failed = err
				return
			}
		}
	}()
	out, in := io.Pipe()
	go func() {
		var held []byte
		var due <-chan time.Time
		for {
			full := false
			select {
			case b, ok := <-pieces:
				if !ok {
					_, err := in.Write(held)
					in.CloseWithError(errors.Join(err, notEOF(failed)))
					return
				}
				if len(held) == 0 {
					due = time.After(every)
				}
				held = append(held, b...)
				full = len(held) >= maxGathered
			case <-due:
				full = true
			}
			if !full {
				continue
			}
			if _, err := in.Write(held); err != nil {
				for range pieces { // so that a command does not wait for us
				}
				return
			}
			held, due = nil, nil
		}
	}()
	return out
}

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// A feedWatch shows how much was fed, until over is closed.
type feedWatch struct {
	a           *app
	t           *tally
	until       time.Time
	over, ended chan struct{}
}

func (w *feedWatch) run() {
	defer close(w.ended)
	b := w.a.board()
	defer b.clear()
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	var m meter
	for {
		select {
		case <-w.over:
			return
		case <-tick.C:
		}
		n := w.t.n.Load()
		g := gauge{name: "delivering", done: n, rate: m.add(time.Now(), n)}
		b.draw(g.line(), "ends "+moment(w.until)+", in "+span(w.until.Sub(w.a.instant())))
		if w.a.line(feeding{Fed: desk.Fed{Bytes: n}, Until: w.until}) != nil {
			return
		}
	}
}
