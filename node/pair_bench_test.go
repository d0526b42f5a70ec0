//go:build linux

package node_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"comity.example/testnet"
)

// A process is an end as the test sees it.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	orders *json.Encoder
	out    *json.Decoder
	opened time.Duration
}

func startEnd(t *testing.T, home, name string) *process {
	t.Helper()
	args := []string{"-end", home}
	if *profiles != "" {
		args = append(args, "-endcpu", filepath.Join(*profiles, name+".prof"))
	}
	p := &process{cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, p.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	p.in, p.orders, p.out = in, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	t.Cleanup(func() { in.Close(); p.cmd.Wait() })
	p.opened = p.report(t).Took
	return p
}

func (p *process) report(t *testing.T) report {
	t.Helper()
	var r report
	if err := p.out.Decode(&r); err != nil {
		t.Fatalf("an end does not answer: %v", err)
	}
	if r.Error != "" {
		t.Fatalf("an end: %s", r.Error)
	}
	return r
}

func (p *process) do(t *testing.T, o order) report {
	t.Helper()
	if err := p.orders.Encode(o); err != nil {
		t.Fatal(err)
	}
	return p.report(t)
}

// stop ends the node in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// memory returns a line of the kernel's account of the process, in bytes.
func (p *process) memory(t *testing.T, line string) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), line+":")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		t.Fatalf("no %s in the account of a process", line)
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// A pair is two ends of a world of their own.
type pair struct {
	name     string
	world    *testnet.World
	from, to *process
	signed   []byte // the last act that was delivered
	runs     []run

	holder *process   // the provider, where evidence is measured
	peaks  [][2]int64 // memory that the provider and the authority ever took, in bytes
}

// A run is one round of deliveries.
type run struct {
	rate           float64 // acts per second
	latencies      []time.Duration
	cpuFrom, cpuTo time.Duration // for one act
}

func newPair(t *testing.T, name string) *pair {
	t.Helper()
	topology, err := testnet.ParseTopology([]byte(measuredWorld))
	if err != nil {
		t.Fatal(err)
	}
	w, err := testnet.Found(testnet.Founding{Dir: filepath.Join(t.TempDir(), name), Topology: topology,
		At: time.Now(), Address: testnet.Loopback})
	if err != nil {
		t.Fatal(err)
	}
	return &pair{name: name, world: w, from: startEnd(t, w.Home(sender).Dir, name+"-sender"),
		to: startEnd(t, w.Home(receiver).Dir, name+"-receiver")}
}

// reopen starts the receiver again.
func (p *pair) reopen(t *testing.T) {
	t.Helper()
	p.to.stop(t)
	p.to = startEnd(t, p.world.Home(receiver).Dir, p.name+"-receiver")
}

// deliver measures one round. Each act must have been receipted.
func (p *pair) deliver(t *testing.T, o order) run {
	t.Helper()
	o.Do = "deliver"
	from, to := p.from.do(t, order{Do: "spent"}), p.to.do(t, order{Do: "spent"})
	r := p.from.do(t, o)
	if r.Receipts != o.Count {
		t.Fatalf("got %d receipts, want %d", r.Receipts, o.Count)
	}
	p.signed = r.Signed
	each := func(d time.Duration) time.Duration { return d / time.Duration(o.Count) }
	return run{rate: float64(o.Count) / r.Took.Seconds(), latencies: r.Latencies,
		cpuFrom: each(r.CPU - from.CPU - r.Drafting), cpuTo: each(p.to.do(t, order{Do: "spent"}).CPU - to.CPU)}
}
