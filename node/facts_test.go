package node_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	reports "comity.example/protocol/report"
)

// told makes a report from a node's facts.
func (b *border) told(at protocol.ParticipantID, o reports.Options, asOf time.Time) reports.Report {
	b.t.Helper()
	m, err := reports.New(o)
	b.must(err)
	basis, err := b.node(at).Facts(b.t.Context(), desk.Period{From: m.Needs(), To: o.To, AsOf: asOf}, func(f *reports.Fact) error {
		m.Add(f)
		return nil
	})
	b.must(err)
	r, err := m.Report(basis)
	b.must(err)
	return r
}

// figure returns a figure of the row of totals.
func (b *border) figure(r *reports.Report, table, column string) int64 {
	b.t.Helper()
	for _, x := range r.Tables {
		n := slices.IndexFunc(x.Columns, func(c reports.Column) bool { return c.Name == column })
		if x.ID != table || n < 0 {
			continue
		}
		for _, row := range x.Rows {
			if row.Total && row.Cells[n].Value != nil {
				return *row.Cells[n].Value
			}
		}
	}
	b.t.Fatalf("the report has no %q in %s", column, table)
	return 0
}

// TestReportOfWhatANodeHolds: cases that nodes made, two ended in each way, are told by those who took part, as far as they took part.
func TestReportOfWhatANodeHolds(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		const each = 2
		ends := map[string]func(id protocol.CaseID){
			"produced":        func(id protocol.CaseID) { b.does(contoso, id, disclosure(protocol.ProductionComplete)) },
			"partly_produced": func(id protocol.CaseID) { b.does(contoso, id, disclosure(protocol.ProductionPartial)) },
			"refused": func(id protocol.CaseID) {
				b.does(contoso, id, protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotCustomer}})
			},
			"withdrawn": func(id protocol.CaseID) { b.does(police, id, withdrawal) },
			"no data": func(id protocol.CaseID) {
				b.does(contoso, id, protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData, Objects: []protocol.Object{}}})
			},
			"pending": func(protocol.CaseID) {},
		}
		for _, end := range ends {
			for range each {
				id := b.served()
				time.Sleep(10 * time.Minute)
				end(id)
			}
		}
		id := b.served()
		b.does(police, id, protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyOrdered, Authority: "court",
			Reference: "R1", Grounds: []protocol.SecrecyGround{protocol.SecrecyFlight}, Start: b.now(), Binds: []protocol.Bound{protocol.BoundUser}}})
		time.Sleep(time.Hour)
		from := b.now().AddDate(-1, 0, 0)
		o := reports.Options{Kind: reports.Provider, From: from, To: b.now().AddDate(0, 0, 1)}
		r := b.told(contoso, o, time.Time{})
		for column, want := range map[string]int64{"requests": 6*each + 1, "accounts": 6*each + 1, "content": each, "no data": each,
			"partial": each, "rejected": each, "withdrawn": each, "pending": each + 1, "only non-content": 0} {
			if got := b.figure(&r, "requests", column); got != want {
				t.Errorf("the provider tells %s %d, want %d", column, got, want)
			}
		}
		// Ten minutes and the way.
		if got := b.figure(&r, "turnaround", "median"); got < 600 || got > 660 {
			t.Errorf("the median turnaround is %d seconds", got)
		}
		secret := reports.Options{Kind: reports.Secrecy, From: o.From, To: o.To}
		for _, at := range []protocol.ParticipantID{contoso, police} {
			r := b.told(at, secret, time.Time{})
			if got := b.figure(&r, "orders", "without an end"); got != 1 {
				t.Errorf("%s tells of %d orders without an end", at, got)
			}
		}
		annual := reports.Options{Kind: reports.Annual, From: o.From, To: o.To}
		for _, at := range []protocol.ParticipantID{office, contoso} {
			r := b.told(at, annual, time.Time{})
			if got := b.figure(&r, "types", "orders"); got != 6*each+1 {
				t.Errorf("%s tells of %d orders", at, got)
			}
			if got := b.figure(&r, "turnaround", "produced"); got != each {
				t.Errorf("%s tells of %d produced", at, got)
			}
		}
		b.sameAgain(o, r, func() { b.does(contoso, id, disclosure(protocol.ProductionComplete)) })
	}, police, office, contoso)
}

// sameAgain: the report names the checkpoint and its inputs; at the same
// checkpoint it comes out the same, and later too, as of the same moment.
func (b *border) sameAgain(o reports.Options, was reports.Report, change func()) {
	b.t.Helper()
	again := b.told(contoso, o, time.Time{})
	if again.Basis.Checkpoint != was.Basis.Checkpoint || again.Basis.Inputs != was.Basis.Inputs || reports.Differences(&was, &again) != nil {
		b.t.Errorf("at one checkpoint two reports: %v", reports.Differences(&was, &again))
	}
	head, err := b.node(contoso).Checkpoint(b.t.Context())
	b.must(err)
	lines := strings.Split(string(head), "\n") // its origin, its size, its root
	if got := was.Basis.Checkpoint; got != lines[0]+" "+lines[2] || strings.Contains(got, " "+lines[1]+" ") {
		b.t.Errorf("the report names the checkpoint %q, and the node signs %q", was.Basis.Checkpoint, head)
	}
	change() // in the same second
	time.Sleep(time.Minute)
	o.To = o.To.AddDate(0, 0, 1)
	later := b.told(contoso, o, time.Time{})
	o.To = o.To.AddDate(0, 0, -1)
	if later.Basis.Inputs == was.Basis.Inputs || later.Basis.Checkpoint == was.Basis.Checkpoint {
		b.t.Error("one act more changes no input")
	}
	past := b.told(contoso, o, was.Basis.AsOf)
	if d := reports.Differences(&was, &past); d != nil || past.Basis.Inputs != was.Basis.Inputs {
		b.t.Errorf("as of the same moment: %q", d)
	}
}

// TestReadingOfFactsStops when who asked has gone.
func TestReadingOfFactsStops(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		b.served()
		b.served()
		time.Sleep(time.Second)
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		_, err := b.node(contoso).Facts(ctx, desk.Period{}, func(*reports.Fact) error {
			n++
			stop()
			return nil
		})
		if !errors.Is(err, context.Canceled) || n != 1 {
			t.Errorf("got %d facts and %v", n, err)
		}
	}, police, office, contoso)
}
