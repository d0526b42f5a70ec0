//go:build linux

package node_test

import (
	"runtime"
	"testing"
	"time"

	"comity.example/node/desk"
	reports "comity.example/protocol/report"
)

// factsTarget is what the facts of so many cases may keep in memory meanwhile,
// in bytes, whatever their number.
const factsTarget = 64 << 20

// TestMeasureFacts reads the facts of a node with so many stored cases, and says
// what that took.
func TestMeasureFacts(t *testing.T) {
	if !*measuring {
		t.Skip("measures: make bench")
	}
	aloneAtBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		v, err := b.node(contoso).Case(t.Context(), id)
		b.must(err)
		signed, err := b.node(contoso).Signed(t.Context(), v.Acts[0].Act)
		b.must(err)
		b.must(b.node(contoso).Fill(t.Context(), signed, *cases))
		time.Sleep(time.Minute)
		m, err := reports.New(reports.Options{Kind: reports.Provider, From: b.now().AddDate(-1, 0, 0), To: b.now().AddDate(0, 0, 1)})
		b.must(err)
		before, most, n := inUse(), int64(0), 0
		began := spent()
		basis, err := b.node(contoso).Facts(t.Context(), desk.Period{From: m.Needs()}, func(f *reports.Fact) error {
			m.Add(f)
			if n++; n%10_000 == 0 {
				most = max(most, inUse()-before)
			}
			return nil
		})
		b.must(err)
		took := spent() - began
		r, err := m.Report(basis)
		b.must(err)
		if got := b.figure(&r, "requests", "requests"); got != int64(*cases)+1 {
			t.Errorf("got %d requests, want %d", got, *cases+1)
		}
		t.Logf("%d cases: %v of processor time, %v a case, at most %d KiB more in use", *cases, took.Round(time.Millisecond),
			took/time.Duration(*cases), most>>10)
		if most > factsTarget {
			t.Errorf("%d bytes in use: want at most %d", most, factsTarget)
		}
	}, police, office, contoso)
}

// inUse is what a collection leaves, in bytes.
func inUse() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
