package library_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/library"
)

var measuring = flag.Bool("measure", false, "measure decisions with all the world's agreements: make bench")

// How much is measured.
const (
	states  = 200 // each two of which have an agreement: 19,900
	batches = 9   // of each request, of which the median counts
	batch   = 200 // decisions
)

// The targets.
const (
	decideTarget = 50 * time.Microsecond // at most, of the median request
	allocTarget  = 10_000                // bytes, at most, of the median request
	loadTarget   = 300 * time.Millisecond
)

// TestMeasure prints one table. It fails when something does not work, not when
// it is slow.
func TestMeasure(t *testing.T) {
	if !*measuring {
		return // make bench runs it
	}
	start := time.Now()
	shipped, err := library.Documents() // the first time in this process
	if err != nil {
		t.Fatal(err)
	}
	loaded := time.Since(start)
	fmt.Fprintf(os.Stderr, "measuring: reading %d agreements\n", states*(states-1)/2)
	world, reading := bilaterals(t, shipped)
	start = time.Now()
	book, err := agreement.NewBook(append(world, shipped...), nil)
	if err != nil {
		t.Fatal(err)
	}
	built := time.Since(start)
	held := live()
	costs := decisions(t, book)

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "\nThe law, on %d cores, %s, %s/%s: %d agreements, %d of them shipped\n", runtime.GOMAXPROCS(0),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, len(book.Documents()), len(shipped))
	fmt.Fprintf(w, "%d requests, one for each that the library's tests begin with\n\n", len(costs))
	fmt.Fprintf(w, "\tfastest\tmedian\tslowest\t\n")
	took, room := column(costs, func(c cost) int64 { return int64(c.took) }), column(costs, func(c cost) int64 { return c.bytes })
	slowest := slices.MaxFunc(costs, func(a, b cost) int { return int(a.took - b.took) }).of
	fmt.Fprintf(w, "Decide\t%v\t%v\t%v, %s\t\n", brief(took[0]), brief(took[len(took)/2]), brief(took[len(took)-1]), slowest)
	fmt.Fprintf(w, "allocated, bytes\t%d\t%d\t%d\t\n", room[0], room[len(room)/2], room[len(room)-1])
	fmt.Fprintf(w, "reading the others\t%v\t%v each\t\t\n", reading.Round(time.Millisecond), brief(int64(reading)/int64(len(world))))
	fmt.Fprintf(w, "making the book of them\t%v\t%d MiB with the documents\t\t\n", built.Round(time.Millisecond), held>>20)

	fmt.Fprintf(w, "\ntarget\twant\tgot\t\n")
	row := func(what, want, got string, met bool) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, want, got, map[bool]string{true: "met", false: "not met"}[met])
	}
	row(fmt.Sprintf("Decide with %d agreements", len(book.Documents())), "< "+decideTarget.String(),
		brief(took[len(took)/2]).String(), took[len(took)/2] < int64(decideTarget))
	row("allocated by it", fmt.Sprintf("< %d bytes", allocTarget), fmt.Sprint(room[len(room)/2]), room[len(room)/2] < allocTarget)
	row("load and compile what is shipped", "< "+loadTarget.String(), loaded.Round(time.Millisecond).String(), loaded < loadTarget)
}

func brief(n int64) time.Duration { return time.Duration(n).Round(100 * time.Nanosecond) }

// A cost is that of one decision.
type cost struct {
	of    string // the instrument
	took  time.Duration
	bytes int64
}

func column(costs []cost, of func(cost) int64) []int64 {
	out := make([]int64, len(costs))
	for i, c := range costs {
		out[i] = of(c)
	}
	slices.Sort(out)
	return out
}

// live is what is in use of the heap, in bytes.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bilaterals are an agreement between each two States, those of the library among
// them, read on all cores.
func bilaterals(t *testing.T, shipped []*agreement.Document) ([]*agreement.Document, time.Duration) {
	var parties []protocol.Party
	for _, d := range shipped {
		for _, p := range d.Parties() {
			if !slices.Contains(parties, p) {
				parties = append(parties, p)
			}
		}
	}
	for i := 0; len(parties) < states; i++ {
		if p := protocol.Party(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26)); !slices.Contains(parties, p) {
			parties = append(parties, p)
		}
	}
	var texts []string
	for i, a := range parties[:states] {
		for _, b := range parties[:i] {
			texts = append(texts, strings.Replace(agreementtest.Bilateral(fmt.Sprintf("synthetic-%d", len(texts)), a, b,
				agreementtest.Standing2020), "data_access_agreement", "mutual_assistance", 1))
		}
	}
	start := time.Now()
	docs := make([]*agreement.Document, len(texts))
	var all sync.WaitGroup
	for core := range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := core; i < len(texts); i += runtime.GOMAXPROCS(0) {
				docs[i], _ = agreement.ParseDocument("synthetic.yaml", []byte(texts[i]))
			}
		})
	}
	all.Wait()
	if slices.Contains(docs, nil) {
		t.Fatal("a synthetic agreement was not read")
	}
	return docs, time.Since(start)
}

// decisions measures one request for each scene of the instruments.
func decisions(t *testing.T, book *agreement.Book) []cost {
	var out []cost
	for i := range instruments {
		for _, make := range instruments[i].scenes {
			s := make()
			if d := s.Decide(book); len(d.Findings) < 2 {
				t.Fatalf("%s: %v%s", instruments[i].id, d.Verdict, agreementtest.Failures(d))
			}
			c := costOf(s, book)
			c.of = instruments[i].id
			out = append(out, c)
		}
	}
	return out
}

func costOf(s *scene, book *agreement.Book) cost {
	var before, after runtime.MemStats
	took := make([]time.Duration, batches)
	runtime.ReadMemStats(&before)
	for i := range took {
		start := time.Now()
		for range batch {
			s.Decide(book)
		}
		took[i] = time.Since(start) / batch
	}
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	return cost{took: took[batches/2], bytes: int64(after.TotalAlloc-before.TotalAlloc) / (batches * batch)}
}
