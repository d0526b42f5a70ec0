//go:build linux

package node_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// print writes the table.
func (m *measurement) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "\nComity on %d cores, %s, %s/%s: requests of %d bytes, durable and receipted\n",
		runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH, bodySize)
	fmt.Fprintf(w, "%s to %s, a process each, over loopback; the officer signed before the clock started\n",
		sender, receiver)
	fmt.Fprintf(w, "an act is signed over %d bytes and stored in %d bytes\n", m.size.act, m.size.sealed)
	m.printRuns(w)
	m.printFloor(w)
	m.printTargets(w)
}

func (m *measurement) printRuns(w io.Writer) {
	empty, full := m.empty.median(), m.full.median()
	fmt.Fprintf(w, "\n\t%d in flight\t1 in flight\t%d in flight, %d cases stored\n", many, many, *cases)
	row := func(what, format string, of func(run) any) {
		fmt.Fprintf(w, "%s\t"+format+"\t"+format+"\t"+format+"\n", what, of(empty), of(m.single), of(full))
	}
	row("acts a second", "%.0f", func(r run) any { return r.rate })
	row("latency p50", "%v", func(r run) any { return short(percentile(r.latencies, 50)) })
	row("latency p99", "%v", func(r run) any { return short(percentile(r.latencies, 99)) })
	row("CPU per act, sender", "%v", func(r run) any { return short(r.cpuFrom) })
	row("CPU per act, receiver", "%v", func(r run) any { return short(r.cpuTo) })
	fmt.Fprintf(w, "memory, idle\tsender %s\treceiver %s\n", mib(m.idle[0]), mib(m.idle[1]))
	fmt.Fprintf(w, "memory, at work\tsender %s\treceiver %s\twithout mapped files; the sender's with drafts\n",
		mib(m.busy[0]), mib(m.busy[1]))
}

func (m *measurement) printFloor(w io.Writer) {
	fmt.Fprintf(w, "\nthe floor: what one act needs\tcore time\n")
	for _, p := range m.floor {
		fmt.Fprintf(w, "  %s: %s\t%v\n", p.end, p.what, short(p.cost()))
	}
	fmt.Fprintf(w, "  sum at the sender, at the receiver, of both\t%v\t%v\t%v\n",
		short(m.floor.sum("sender")), short(m.floor.sum("receiver")), short(m.floor.sum("")))
	fmt.Fprintf(w, "  all cores, if they did nothing else\t%.0f acts/s\n", m.floor.acts())
	fmt.Fprintf(w, "  one disk sync (4 KiB overwritten), p50\t%v\n", short(m.disk.sync))
	fmt.Fprintf(w, "  store, synced batches of %d acts, p50\t%v\t%.0f batches/s\t%.0f acts/s\n", m.disk.values,
		short(m.disk.batch), 1/m.disk.batch.Seconds(), float64(m.disk.values)/m.disk.batch.Seconds())
}

func (m *measurement) printTargets(w io.Writer) {
	fmt.Fprintf(w, "\ntarget\twant\tgot\t\n")
	row := func(what, want, got string, met bool) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, want, got, map[bool]string{true: "met", false: "not met"}[met])
	}
	rate, allowed := m.empty.median().rate, m.floor.acts()
	row(fmt.Sprintf("throughput at %d in flight", many), fmt.Sprintf(">= %.0f %% of the floor", floorShare*100),
		fmt.Sprintf("%.0f %%", rate/allowed*100), rate >= floorShare*allowed)
	p50, limit := percentile(m.single.latencies, 50), singleTarget+2*m.disk.sync
	row("p50 at 1 in flight", fmt.Sprintf("< %v and two syncs = %v", singleTarget, short(limit)),
		short(p50).String(), p50 < limit)
	row(fmt.Sprintf("open with %d cases (%s)", *cases, mib(m.stored)), "< "+openTarget.String(),
		short(m.full.to.opened).String(), m.full.to.opened < openTarget)
	share := m.full.share(m.empty)
	row(fmt.Sprintf("throughput with %d cases", *cases), fmt.Sprintf(">= %.0f %% of an empty node's", fullShare*100),
		fmt.Sprintf("%.0f %%", share*100), share >= fullShare)
	idle := max(m.idle[0], m.idle[1])
	row("memory of an idle node", "< "+mib(idleTarget), mib(idle), idle < idleTarget)
}

// share compares round with round, and returns the median.
func (p *pair) share(of *pair) float64 {
	shares := make([]float64, len(p.runs))
	for i := range p.runs {
		shares[i] = p.runs[i].rate / of.runs[i].rate
	}
	slices.Sort(shares)
	return shares[len(shares)/2]
}

// short rounds a duration to what a measurement can say.
func short(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	case d > 100*time.Microsecond:
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Nanosecond)
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// diskUse returns what the files of a folder take on disk, in bytes.
func diskUse(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
