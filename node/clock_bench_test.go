//go:build linux

package node_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"comity.example/node/clerk"
	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/testnet"
)

var (
	openCases = flag.Int("open", 1_000_000, "open cases with three clocks each")
	queued    = flag.Int("ordinary", 5000, "ordinary requests that are queued before the emergencies")
)

// The targets of a node with many open cases.
const (
	tickTarget   = time.Millisecond
	clerkTarget  = 64 << 20        // bytes
	startTarget  = 3 * time.Second // until it takes acts
	urgentTarget = 250 * time.Millisecond
	showTarget   = 20 * time.Millisecond
)

// How much of them is measured.
const (
	looks    = 200 // of each kind, at clocks, cases and pages
	urgent   = 100 // emergencies
	urgently = 50 * time.Millisecond
)

// clocked does the orders that are about clocks and queues.
func (e *end) clocked(ctx context.Context, o order) (report, error) {
	began := time.Now()
	switch o.Do {
	case "open":
		err := e.node.FillOpen(ctx, o.Case, o.Count, func(int) time.Time { return o.Due })
		return report{Took: time.Since(began)}, err
	case "came":
		r := report{}
		var err error
		r.Effects[0], err = e.node.Came(ctx)
		return r, err
	case "effects":
		r := report{}
		var err error
		r.Effects[0], r.Effects[1], r.Effects[2], err = e.node.Effects(ctx)
		return r, err
	case "queue":
		err := e.fillOutbox(ctx, o.Count)
		return report{Took: time.Since(began)}, err
	}
	return e.urgent(ctx, o)
}

// fillOutbox submits ordinary requests, many at a time.
func (e *end) fillOutbox(ctx context.Context, count int) error {
	drafts, err := e.draft(ctx, count)
	if err != nil {
		return err
	}
	next := make(chan desk.Draft, count)
	for _, d := range drafts {
		next <- d
	}
	close(next)
	failed := make(chan error, many)
	for range many {
		go func() {
			var err error
			for d := range next {
				if err == nil {
					_, err = e.node.Submit(ctx, d)
				}
			}
			failed <- err
		}()
	}
	for range many {
		err = errors.Join(err, <-failed)
	}
	return err
}

// urgent submits emergencies while ordinary requests are on their way, from the
// first that was receipted, and takes the time until each is in the inbox of its
// receiver and the receipt for it is here.
func (e *end) urgent(ctx context.Context, o order) (report, error) {
	drafts, err := e.draftLike(ctx, o.Count, func(r *protocol.Request) {
		r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	}, "officer.key", "supervisor.key")
	if err != nil {
		return report{}, err
	}
	for {
		if n, err := e.receipts(); err != nil || n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r := report{}
	for i := range drafts {
		s, err := e.node.Status(ctx)
		if err != nil {
			return r, err
		}
		began := time.Now()
		done, err := e.node.Submit(ctx, drafts[i])
		if err == nil && slices.Contains(done.Decision.Reasons(), protocol.ReasonApproval) {
			err = errors.New("an emergency is held for want of two officers")
		}
		if err != nil {
			return r, err
		}
		submitted := time.Since(began)
		<-e.ending(done.Act)
		if s.Outbox > 0 { // as long as something is queued
			r.Queue = append(r.Queue, s.Outbox)
			r.Submits = append(r.Submits, submitted)
			r.Latencies = append(r.Latencies, time.Since(began))
		}
		time.Sleep(urgently)
	}
	return r, nil
}

// measuredPair founds a world whose nodes do not run yet.
func measuredPair(t *testing.T) *testnet.World {
	t.Helper()
	topology, err := testnet.ParseTopology([]byte(measuredWorld))
	if err != nil {
		t.Fatal(err)
	}
	w, err := testnet.Found(testnet.Founding{Dir: filepath.Join(t.TempDir(), "w"), Topology: topology,
		At: time.Now(), Address: testnet.Loopback})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestKilledWhileItCatchesUp: a node is killed again and again while it catches
// up with clocks. Each effect comes about once, in its case and in the ledger.
func TestKilledWhileItCatchesUp(t *testing.T) {
	const many, most = 20 * clerk.RoundCases, 60
	w := measuredPair(t)
	from, to := startEnd(t, w.Home(sender).Dir, "sender"), startEnd(t, w.Home(receiver).Dir, "receiver")
	id := from.do(t, order{Do: "deliver", Count: 1, InFlight: 1}).Case
	due := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	to.do(t, order{Do: "open", Case: id, Count: many, Due: due})
	kills, amid := 0, 0
	for came := 0; came < many && kills < most; kills++ {
		time.Sleep(time.Duration(kills%10) * time.Millisecond)
		if err := to.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		to.cmd.Wait()
		to = startEnd(t, w.Home(receiver).Dir, "receiver")
		if came = to.do(t, order{Do: "came"}).Effects[0]; came > 0 && came < many {
			amid++
		}
	}
	if amid == 0 {
		t.Error("it was never killed in the middle")
	}
	// The other two clocks of each end in the year 2098.
	if got := to.do(t, order{Do: "effects"}).Effects; got != [3]int{many, 0, many} {
		t.Errorf("got %v effects, want %d in cases and in the ledger, none twice", got, many)
	}
	t.Logf("killed %d times, %d of them in the middle", kills, amid)
}

// TestMeasureClocks measures a node that holds very many open cases, and prints
// one table. It fails when something does not work, not when it is slow.
func TestMeasureClocks(t *testing.T) {
	if !*measuring {
		return // make bench runs it
	}
	c := &clockTable{t: t}
	if *openCases > 0 {
		c.many()
	}
	c.queue()
	c.print()
}

// A clockTable is everything that the table shows.
type clockTable struct {
	t            *testing.T
	heap         int64 // bytes that the node takes more with the cases stored
	start        time.Duration
	nothing, one time.Duration // p50 of finding what is due
	hundred      time.Duration
	does         [2]time.Duration // a round in which one, and a full round, comes about
	show, inbox  time.Duration    // p99
	stored       int64
	urgent       []time.Duration
	submits      []time.Duration // of urgent, the part until Submit returned
	behind       []int           // how many ordinary requests waited when each was submitted
}

func (c *clockTable) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// many measures a node with the cases stored.
func (c *clockTable) many() {
	t, ctx := c.t, c.t.Context()
	w := measuredPair(t)
	from, first := startEnd(t, w.Home(sender).Dir, "sender"), startEnd(t, w.Home(receiver).Dir, "receiver")
	id := from.do(t, order{Do: "deliver", Count: 1, InFlight: 1}).Case
	from.stop(t)
	first.stop(t)
	dir := w.Home(receiver).Dir
	e := c.openEnd(dir)
	empty := heap()
	say("storing %d open cases with 3 clocks each", *openCases)
	soon := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	due := func(i int) time.Time {
		switch {
		case i == 0:
			return soon
		case i <= 100:
			return soon.Add(time.Hour)
		}
		return soon.Add(30*24*time.Hour + time.Duration(i)*time.Second)
	}
	c.must(e.node.FillOpen(ctx, id, *openCases, due))
	c.closeEnd(e)
	began := time.Now()
	e = c.openEnd(dir)
	c.start = time.Since(began)
	c.stored = diskUse(t, dir)
	c.looks(e, id)
	c.heap = heap() - empty
	c.ticks(e, soon)
	c.closeEnd(e)
}

func (c *clockTable) openEnd(dir string) *end {
	ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
	e := newEnd()
	e.stop = stop
	c.must(e.open(ctx, dir))
	return e
}

func (c *clockTable) closeEnd(e *end) {
	e.stop()
	c.must(errors.Join(<-e.ended, e.node.Close()))
}

// looks measures what a person waits for.
func (c *clockTable) looks(e *end, id protocol.CaseID) {
	ctx := c.t.Context()
	var shows, pages []time.Duration
	page := desk.Page{Limit: desk.DefaultPage}
	for range looks {
		began := time.Now()
		in, err := e.node.Inbox(ctx, page)
		pages = append(pages, time.Since(began))
		c.must(err)
		if len(in.Items) != desk.DefaultPage {
			c.t.Fatalf("a page has %d items", len(in.Items))
		}
		page.After = in.Next
		began = time.Now()
		v, err := e.node.Case(ctx, in.Items[len(in.Items)/2].Case)
		shows = append(shows, time.Since(began))
		c.must(err)
		if len(v.Acts) != 1 || len(v.Running) != 3 && v.Case != id {
			c.t.Fatalf("a case has %d acts and %d clocks", len(v.Acts), len(v.Running))
		}
	}
	c.show, c.inbox = percentile(shows, 99), percentile(pages, 99)
}

// ticks measures how long it takes to find what is due, and to bring it about.
func (c *clockTable) ticks(e *end, soon time.Time) {
	ctx := c.t.Context()
	find := func(at time.Time, want int) time.Duration {
		var took []time.Duration
		for range looks {
			d, n, err := e.node.FindDue(ctx, at, 1000)
			c.must(err)
			if n != want {
				c.t.Fatalf("%d are due, want %d", n, want)
			}
			took = append(took, d)
		}
		return percentile(took, 50)
	}
	does := func(at time.Time, want int) time.Duration {
		began := time.Now()
		r, err := e.node.TickAt(ctx, at, clerk.RoundCases)
		c.must(err)
		if r.Cases != want || r.Fired < want {
			c.t.Fatalf("a round came to %+v, want %d cases", r, want)
		}
		return time.Since(began)
	}
	c.nothing, c.one = find(soon.Add(-time.Second), 0), find(soon, 1)
	c.hundred = find(soon.Add(time.Hour), 101)
	c.does[0] = does(soon, 1)
	c.does[1] = does(soon.Add(time.Hour), clerk.RoundCases)
}

// queue measures emergencies that overtake.
func (c *clockTable) queue() {
	t := c.t
	w := measuredPair(t)
	from := startEnd(t, w.Home(sender).Dir, "sender")
	say("queueing %d ordinary requests", *queued)
	from.do(t, order{Do: "queue", Count: *queued})
	to := startEnd(t, w.Home(receiver).Dir, "receiver")
	r := from.do(t, order{Do: "urgent", Count: urgent})
	if len(r.Latencies) == 0 {
		t.Fatal("the queue was empty before the first emergency: want more with -ordinary")
	}
	c.urgent, c.submits, c.behind = r.Latencies, r.Submits, r.Queue
	if err := to.cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Fatal(err)
	}
}

func (c *clockTable) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "\n%d open cases with 3 clocks each (%s on disk), %d ordinary requests queued\n", *openCases, mib(c.stored), *queued)
	fmt.Fprintf(w, "each case, its place in the inbox and in the docket is its own, encrypted; the act in it is one for all\n")
	fmt.Fprintf(w, "\ntarget\twant\tgot\t\n")
	row := func(what, want, got string, met bool) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, want, got, map[bool]string{true: "met", false: "not met"}[met])
	}
	if *openCases > 0 {
		c.printMany(row)
	}
	c.printUrgent(row)
	fmt.Fprintf(w, "  of that until it is durable here, p50 and p99\t\t%v, %v\t\n",
		short(percentile(c.submits, 50)), short(percentile(c.submits, 99)))
	fmt.Fprintf(w, "  in the outbox when the first and the last was submitted\t\t%d, %d\tat most %d are counted\n",
		c.behind[0], c.behind[len(c.behind)-1], desk.MaxPage)
	if *openCases > 0 {
		fmt.Fprintf(w, "bringing about, durable: 1 case\t\t%v\t\n", short(c.does[0]))
		fmt.Fprintf(w, "bringing about, durable: %d cases\t\t%v\t\n", clerk.RoundCases, short(c.does[1]))
	}
}

// A row is printed for what has a target.
type row func(what, want, got string, met bool)

func (c *clockTable) printMany(row row) {
	for _, x := range []struct {
		what   string
		got    time.Duration
		target time.Duration
	}{
		{"tick, nothing due, p50", c.nothing, tickTarget}, {"tick, 1 due, found, p50", c.one, tickTarget},
		{"tick, 101 due, found, p50", c.hundred, tickTarget}, {"start, until it takes acts", c.start, startTarget},
		{"case show, p99", c.show, showTarget}, {"inbox, a page of 50, p99", c.inbox, showTarget},
	} {
		row(x.what, "< "+x.target.String(), short(x.got).String(), x.got < x.target)
	}
	row("heap more than of an empty node", "< "+mib(clerkTarget), mib(c.heap), c.heap < clerkTarget)
}

func (c *clockTable) printUrgent(row row) {
	p50, p99 := percentile(c.urgent, 50), percentile(c.urgent, 99)
	row(fmt.Sprintf("emergency to duty inbox and receipt, p99 of %d", len(c.urgent)), "< "+urgentTarget.String(),
		fmt.Sprintf("%v (p50 %v)", short(p99), short(p50)), p99 < urgentTarget)
}
