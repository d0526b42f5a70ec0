//go:build linux

package node_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
)

// An order is one line on an end's standard input; it answers each with one
// report on its standard output, and ends with its input.
type order struct {
	Do       string          // "deliver", "fill", "spent", "queue", "urgent", "open", "came", "effects"
	Count    int             `json:",omitempty"`
	InFlight int             `json:",omitempty"`
	Signed   []byte          `json:",omitempty"` // of the act to fill up with
	Case     protocol.CaseID `json:",omitempty"` // to make others like
	Due      time.Time       `json:",omitzero"`  // of the clocks of what is opened
	Size     int64           `json:",omitempty"` // bytes of each object
	Objects  []protocol.Object
}

// A report says what an order, or the start, took.
type report struct {
	Error     string          `json:",omitempty"`
	Took      time.Duration   // wall time; of the start: node.Open alone
	CPU       time.Duration   // of this process since it started
	Drafting  time.Duration   // of that, by this order before its clock started
	Latencies []time.Duration `json:",omitempty"` // from Submit to the settled receipt
	Submits   []time.Duration `json:",omitempty"` // of that, until Submit returned
	Queue     []int           `json:",omitempty"` // how much waited when each was submitted
	Receipts  int             `json:",omitempty"`
	Signed    []byte          `json:",omitempty"` // the last act that was delivered
	Case      protocol.CaseID `json:",omitempty"` // its case
	Effects   [3]int          // in cases, twice in one, and in the ledger
	Objects   []protocol.Object
	Landed    [2]time.Duration // until the last block was here, and until all was compared
	Work      [2]time.Duration // CPU time of this process for each of those
	Have      int64            // bytes of evidence
	State     desk.EvidenceState
	Blocks    [2]int64 // of evidence that came, and that went
	Digest    string   // of what an object holds
	Vault     desk.VaultReport
}

// An end is one running node in a process of its own.
type end struct {
	home     *home.Home
	node     *node.Node
	registry *prometheus.Registry
	opened   time.Duration
	ended    chan error
	stop     context.CancelFunc // of one that the test itself opened

	mu      sync.Mutex
	settled map[protocol.Digest]chan struct{} // guarded by mu; closed when the delivery has ended
}

func newEnd() *end {
	return &end{registry: prometheus.NewRegistry(), ended: make(chan error, 1),
		settled: map[protocol.Digest]chan struct{}{}}
}

// serveEnd runs the node of a home until its input ends.
func serveEnd(ctx context.Context, dir, profile string) (err error) {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	e := newEnd()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := e.open(ctx, dir); err != nil {
		return err
	}
	defer func() {
		stop()
		err = errors.Join(err, <-e.ended, e.node.Close())
	}()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(report{Took: e.opened, CPU: spent()}); err != nil {
		return err
	}
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for in.More() {
		var o order
		if err := in.Decode(&o); err != nil {
			return err
		}
		r, err := e.do(ctx, o)
		if err != nil {
			r.Error = err.Error()
		}
		r.CPU = spent()
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// open opens the node, measures that, and waits until it takes acts.
func (e *end) open(ctx context.Context, dir string) error {
	var err error
	if e.home, err = home.Open(dir); err != nil {
		return err
	}
	lock, err := e.home.Lock("")
	if err != nil {
		return err
	}
	cfg, err := e.home.NodeConfig(lock, time.Now)
	if err != nil {
		return err
	}
	conn, err := net.ListenPacket("udp", e.home.Config.Listen)
	if err != nil {
		return err
	}
	cfg.Conn, cfg.Metrics, cfg.Settled = conn, e.registry, e.hasEnded
	before := time.Now()
	if e.node, err = node.Open(ctx, cfg); err != nil {
		return errors.Join(err, conn.Close())
	}
	e.opened = time.Since(before)
	go func() { e.ended <- e.node.Run(ctx) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if s, err := e.node.Status(ctx); err != nil || s.Accepting {
			return err
		}
	}
	return nil
}

func (e *end) do(ctx context.Context, o order) (report, error) {
	began := time.Now()
	switch o.Do {
	case "deliver":
		return e.deliver(ctx, o)
	case "fill":
		err := e.node.Fill(ctx, o.Signed, o.Count)
		return report{Took: time.Since(began)}, err
	case "spent":
		return report{}, nil
	case "queue", "urgent", "open", "came", "effects":
		return e.clocked(ctx, o)
	case "want", "have", "blocks", "read", "check":
		return e.killed(ctx, o)
	}
	return e.evidence(ctx, o)
}

// deliver submits requests that an officer signed before the clock starts, and
// keeps so many of them in flight.
func (e *end) deliver(ctx context.Context, o order) (report, error) {
	idle := spent()
	drafts, err := e.draft(ctx, o.Count)
	if err != nil {
		return report{}, err
	}
	before, err := e.receipts()
	if err != nil {
		return report{}, err
	}
	r := report{Drafting: spent() - idle, Latencies: make([]time.Duration, len(drafts))}
	acts := make([]protocol.Digest, len(drafts))
	next := make(chan int)
	failed := make(chan error, o.InFlight)
	began := time.Now()
	for range o.InFlight {
		go func() {
			var err error
			for i := range next {
				if err != nil {
					continue
				}
				submitted := time.Now()
				acts[i], err = e.submit(ctx, drafts[i])
				r.Latencies[i] = time.Since(submitted)
			}
			failed <- err
		}()
	}
	for i := range drafts {
		next <- i
	}
	close(next)
	for range o.InFlight {
		err = errors.Join(err, <-failed)
	}
	r.Took = time.Since(began)
	if err != nil {
		return r, err
	}
	for patience := time.Now().Add(time.Second); r.Receipts < len(drafts) && time.Now().Before(patience); {
		after, err := e.receipts() // a receipt is counted a moment after the act is settled
		if err != nil {
			return r, err
		}
		r.Receipts = after - before
	}
	r.Case = drafts[len(drafts)-1].Case
	r.Signed, err = e.node.Signed(ctx, acts[len(acts)-1])
	return r, err
}

// submit returns when the act's receipt is verified and durable.
func (e *end) submit(ctx context.Context, d desk.Draft) (protocol.Digest, error) {
	done, err := e.node.Submit(ctx, d)
	if err != nil {
		return done.Act, err
	}
	if done.Act.IsZero() {
		return done.Act, fmt.Errorf("not sent: %s %v", done.Decision.Verdict, done.Decision.Reasons())
	}
	select {
	case <-e.ending(done.Act):
		return done.Act, nil
	case err := <-e.ended:
		e.ended <- err
		return done.Act, fmt.Errorf("the node ended: %w", err)
	}
}

// ending returns the channel that hasEnded closes, whichever comes first.
func (e *end) ending(act protocol.Digest) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.settled[act] == nil {
		e.settled[act] = make(chan struct{})
	}
	return e.settled[act]
}

// hasEnded is called for each recipient of an act: the first counts.
func (e *end) hasEnded(act protocol.Digest) {
	c := e.ending(act)
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

// receipts returns how many receipts the courier has brought home.
func (e *end) receipts() (int, error) {
	families, err := e.registry.Gather()
	for _, f := range families {
		if f.GetName() != "comity_deliveries_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == "receipt" {
				return int(m.GetCounter().GetValue()), err
			}
		}
	}
	return 0, err
}

// draft returns requests that are prepared and signed by the officer.
func (e *end) draft(ctx context.Context, count int) ([]desk.Draft, error) {
	return e.draftLike(ctx, count, func(*protocol.Request) {}, "officer.key")
}

// draftLike is draft with requests that change makes others of, signed by the
// officers whose files are named.
func (e *end) draftLike(ctx context.Context, count int, change func(*protocol.Request), by ...string) ([]desk.Draft, error) {
	lock, err := e.home.Lock("")
	if err != nil {
		return nil, err
	}
	officers := make([]*home.Officer, len(by))
	for i, name := range by {
		if officers[i], err = home.ReadOfficer(filepath.Join(e.home.Dir, name), lock); err != nil {
			return nil, err
		}
	}
	drafts := make([]desk.Draft, count)
	for i := range drafts {
		d := desk.Draft{Case: protocol.NewCaseID(), Body: protocol.Body{Request: measuredRequest()}}
		change(d.Body.Request)
		p, err := e.node.Prepare(ctx, d)
		if err != nil {
			return nil, err
		}
		p.Statement.Signed = time.Now().UTC().Truncate(time.Second)
		for _, officer := range officers {
			endorsement, err := officer.Endorse(p.Statement)
			if err != nil {
				return nil, err
			}
			endorsement.Credential = officer.Credential // one copy for all
			d.Endorsements = append(d.Endorsements, endorsement)
		}
		drafts[i] = d
	}
	return drafts, nil
}

// spent returns the CPU time of this process, user and system.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are constants
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
