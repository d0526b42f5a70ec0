package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/report"
	"comity.example/protocol/report/reporttest"
)

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

var (
	year  = date(2026, 1, 1)
	after = date(2028, 1, 1) // when all of it is over
)

// made makes a year, folds it into a report, and returns the deeds too.
func made(t testing.TB, y reporttest.Year, o report.Options, asOf time.Time) (report.Report, []reporttest.Deed) {
	t.Helper()
	m, err := report.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var deeds []reporttest.Deed
	in := report.NewInputs()
	err = y.Each(asOf, func(x *reporttest.Made) error {
		if !x.Deed.Drill { // which nothing counts
			deeds = append(deeds, x.Deed)
		}
		in.Add(&x.Case, asOf)
		if f, ok := report.Of(&x.Case, x.Request, x.View); ok {
			m.Add(&f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Report(basis(y, asOf, in))
	if err != nil {
		t.Fatal(err)
	}
	return r, deeds
}

func basis(y reporttest.Year, asOf time.Time, in *report.Inputs) report.Basis {
	return report.Basis{Participant: y.Self(), Checkpoint: "ledger.example root", AsOf: asOf, Inputs: in.Digest()}
}

func provider(n int) reporttest.Year { return reporttest.Year{Seed: 7, Cases: n, Start: year} }

func authority(n int) reporttest.Year {
	return reporttest.Year{Seed: 8, Cases: n, Start: year, Authority: true}
}

func options(k report.Kind) report.Options {
	return report.Options{Kind: k, From: year, To: year.AddDate(1, 0, 0)}
}

// at returns a figure of a report; a row that is not there has none.
func at(t testing.TB, r *report.Report, table, column string, labels ...string) int64 {
	t.Helper()
	for i := range r.Tables {
		x := &r.Tables[i]
		if x.ID != table {
			continue
		}
		n := slices.IndexFunc(x.Columns, func(c report.Column) bool { return c.Name == column })
		if n < 0 {
			t.Fatalf("table %s has no column %q", table, column)
		}
		for _, row := range x.Rows {
			if slices.Equal(row.Labels[:len(labels)], labels) {
				if row.Cells[n].Value == nil {
					return -1
				}
				return *row.Cells[n].Value
			}
		}
		return 0
	}
	t.Fatalf("the report has no table %s", table)
	return 0
}

func total(t testing.TB, r *report.Report, table, column string) int64 {
	t.Helper()
	for i := range r.Tables {
		x := &r.Tables[i]
		n := slices.IndexFunc(x.Columns, func(c report.Column) bool { return c.Name == column })
		if x.ID == table && n >= 0 {
			for _, row := range x.Rows {
				if row.Total && row.Cells[n].Value != nil {
					return *row.Cells[n].Value
				}
			}
		}
	}
	t.Fatalf("table %s has no total of %q", table, column)
	return 0
}

// count counts again, without a case or a fact.
func count(deeds []reporttest.Deed, is func(*reporttest.Deed) bool) int64 {
	n := int64(0)
	for i := range deeds {
		if is(&deeds[i]) {
			n++
		}
	}
	return n
}

func want(t *testing.T, what string, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %d, want %d", what, got, want)
	}
	if want == 0 {
		t.Errorf("%s: the year has none: the test says nothing", what)
	}
}

func public(d *reporttest.Deed) bool { return d.Security == "" }

func inYear(t time.Time) bool { return !t.Before(year) && t.Before(year.AddDate(1, 0, 0)) }

// naiveMedian sorts all of them.
func naiveMedian(deeds []reporttest.Deed, is func(*reporttest.Deed) bool, from func(*reporttest.Deed) time.Time) (median, mean int64) {
	var all []int64
	sum := int64(0)
	for i := range deeds {
		if d := &deeds[i]; is(d) {
			s := int64(d.Produced.Sub(from(d)) / time.Second)
			all = append(all, s)
			sum += s
		}
	}
	slices.Sort(all)
	return all[(len(all)-1)/2], sum / int64(len(all))
}

func TestProvidersYearIsCountedAsItWasLived(t *testing.T) {
	r, deeds := made(t, provider(2000), options(report.Provider), after)
	data := func(d *reporttest.Deed) bool {
		return public(d) && d.Type != protocol.Preservation && inYear(d.Received)
	}
	for _, country := range []string{"FR", "GB", "DE"} {
		for column, o := range map[string]report.Outcome{"content": report.OutcomeContent, "only non-content": report.OutcomeNonContent,
			"no data": report.OutcomeNoData, "partial": report.OutcomePartial, "rejected": report.OutcomeRejected,
			"withdrawn": report.OutcomeWithdrawn, "pending": report.OutcomePending} {
			want(t, country+" "+column, at(t, &r, "requests", column, country), count(deeds, func(d *reporttest.Deed) bool {
				return data(d) && string(d.Issuer.Party()) == country && d.Outcome == o
			}))
		}
	}
	sum := int64(0)
	for _, o := range report.Outcomes() {
		sum += at(t, &r, "outcomes", "ordinary", string(o)) + at(t, &r, "outcomes", "emergency", string(o))
	}
	want(t, "each request has one outcome", sum, count(deeds, data))
	want(t, "requests", total(t, &r, "requests", "requests"), count(deeds, data))
	want(t, "emergencies", total(t, &r, "types", "emergency"), count(deeds, func(d *reporttest.Deed) bool { return public(d) && d.Emergency && inYear(d.Received) }))
	want(t, "preservations", total(t, &r, "preservations", "requests"), count(deeds, func(d *reporttest.Deed) bool {
		return public(d) && d.Type == protocol.Preservation && inYear(d.Received)
	}))
	for _, o := range []report.Objected{{Level: protocol.LevelIssuer, Result: report.ObjectionOverruled}, {Level: protocol.LevelIssuer, Result: report.ObjectionModified},
		{Level: protocol.LevelIssuer, Result: report.ObjectionFurther}, {Level: protocol.LevelIssuer, Result: report.ObjectionWithdrawn},
		{Level: protocol.LevelReceiving, Result: report.ObjectionOff}, {Level: protocol.LevelReceiving, Result: report.ObjectionOverruled},
		{Level: protocol.LevelReceiving, Result: report.ObjectionModified}, {Level: protocol.LevelCourt, Result: report.ObjectionOverruled},
		{Level: protocol.LevelIssuer, Result: report.ObjectionRefused}, {Level: protocol.LevelIssuer, Result: report.ObjectionDropped},
		{Level: protocol.LevelIssuer, Result: report.ObjectionOpen}, {Level: protocol.LevelCourt, Result: report.ObjectionLifted}} {
		want(t, fmt.Sprint("objections ", o), at(t, &r, "objections", "objections", string(o.Level), o.Result),
			count(deeds, func(d *reporttest.Deed) bool {
				return public(d) && inYear(d.Received) && slices.Contains(d.Objections, o)
			}))
	}
	want(t, "gags", at(t, &r, "gags", "with secrecy", "all"), count(deeds, func(d *reporttest.Deed) bool { return public(d) && inYear(d.Received) && d.Gag != nil }))
	want(t, "gags without end", at(t, &r, "gags", "without an end", "all"), count(deeds, func(d *reporttest.Deed) bool {
		return public(d) && inYear(d.Received) && d.Gag != nil && d.Gag.Until.IsZero()
	}))
	done := func(d *reporttest.Deed) bool {
		return data(d) && d.Agreement == report.EURegulation && (d.Outcome == report.OutcomeContent || d.Outcome == report.OutcomeNonContent)
	}
	median, mean := naiveMedian(deeds, done, func(d *reporttest.Deed) time.Time { return d.Received })
	want(t, "mean turnaround", at(t, &r, "turnaround", "average", report.EURegulation), mean)
	if got := at(t, &r, "turnaround", "median", report.EURegulation); got > median || median-got >= 3600 {
		t.Errorf("median turnaround: got %d, want %d less at most an hour", got, median)
	}
}

func TestEUStateCountsEachLetter(t *testing.T) {
	r, deeds := made(t, authority(3000), options(report.EUState), after)
	deeds = slices.DeleteFunc(deeds, func(d reporttest.Deed) bool { return d.Agreement != report.EURegulation })
	epoc := func(d *reporttest.Deed) bool { return d.Type != protocol.Preservation }
	fulfilled := func(d *reporttest.Deed) bool {
		return d.Outcome == report.OutcomeContent || d.Outcome == report.OutcomeNonContent || d.Outcome == report.OutcomePreserved
	}
	want(t, "(a)", total(t, &r, "a", "issued"), int64(len(deeds)))
	want(t, "(a) by its words", at(t, &r, "a", "issued", "EPOC", "content data (Art. 3(12))", "ie.initech", "emergency"),
		count(deeds, func(d *reporttest.Deed) bool {
			return epoc(d) && d.Emergency && d.Addressee == "ie.initech" && slices.Contains(d.Categories, protocol.CategoryContent)
		}))
	want(t, "(b)", total(t, &r, "b", "issued without prior validation"), count(deeds, func(d *reporttest.Deed) bool { return epoc(d) && d.Validation != "" }))
	want(t, "(c) fulfilled", total(t, &r, "c", "fulfilled"), count(deeds, fulfilled))
	want(t, "(c) in part", total(t, &r, "c", "in part"), count(deeds, func(d *reporttest.Deed) bool { return d.Outcome == report.OutcomePartial }))
	want(t, "(c) pending", total(t, &r, "c", "pending"), count(deeds, func(d *reporttest.Deed) bool { return d.Outcome == report.OutcomePending }))
	want(t, "(c) not", total(t, &r, "c", "not fulfilled"), count(deeds, func(d *reporttest.Deed) bool {
		return slices.Contains([]report.Outcome{report.OutcomeNoData, report.OutcomeRejected, report.OutcomeWithdrawn}, d.Outcome)
	}))
	want(t, "(d) notifications", total(t, &r, "d-notifications", "notifications"), count(deeds, func(d *reporttest.Deed) bool { return d.Notified }))
	for partial, column := range map[bool]string{false: "refused", true: "refused in part or with conditions"} {
		raised := func(d *reporttest.Deed) bool {
			return slices.ContainsFunc(d.Raised, func(r report.Raised) bool { return r.Partial == partial })
		}
		want(t, "(d) "+column, total(t, &r, "d-refusals", column), count(deeds, raised))
		if count(deeds, func(d *reporttest.Deed) bool { return raised(d) && fulfilled(d) }) == 0 {
			t.Errorf("(d) %s: none was fulfilled before or after: the test says less", column)
		}
	}
	want(t, "(c) not delivered", count(deeds, func(d *reporttest.Deed) bool { return d.Lost }), count(deeds, func(d *reporttest.Deed) bool {
		return d.Lost && d.Outcome == report.OutcomeRejected
	}))
	_, mean := naiveMedian(deeds, func(d *reporttest.Deed) bool { return epoc(d) && fulfilled(d) }, func(d *reporttest.Deed) time.Time { return d.Issued })
	want(t, "(e)", total(t, &r, "e", "average"), mean)
	sum, n := int64(0), int64(0)
	for i := range deeds {
		if d := &deeds[i]; !d.Followed.IsZero() {
			sum, n = sum+int64(d.Followed.Sub(d.Issued)/time.Second), n+1
		}
	}
	want(t, "(f)", total(t, &r, "f", "average"), sum/n)
	want(t, "(g)", total(t, &r, "g", "transmitted"), count(deeds, func(d *reporttest.Deed) bool { return d.Enforced }))
	want(t, "(g) fulfilled", total(t, &r, "g", "of these fulfilled"), count(deeds, func(d *reporttest.Deed) bool { return d.Enforced && fulfilled(d) }))
	if h := at(t, &r, "h", "in the issuing State", "all"); h != -1 {
		t.Errorf("(h) is not known to a node, and is told as %d", h)
	}
	for _, v := range []string{"denied", "lapsed", "granted"} {
		want(t, "(i) "+v, at(t, &r, "i", "cases", v), count(deeds, func(d *reporttest.Deed) bool { return d.Validation == v }))
	}
	want(t, "(i)", total(t, &r, "i", "not granted"), count(deeds, func(d *reporttest.Deed) bool { return d.Validation == "denied" || d.Validation == "lapsed" }))
	claimed, paid := int64(0), int64(0)
	for i := range deeds {
		if d := &deeds[i]; epoc(d) {
			claimed += d.Claimed
			if d.Paid {
				paid += d.Claimed
			}
		}
	}
	want(t, "(j) claimed", at(t, &r, "j", "claimed", "EPOC", "EUR"), claimed)
	want(t, "(j) paid", at(t, &r, "j", "reimbursed", "EPOC", "EUR"), paid)
}

func TestEUHolderCountsEachLetter(t *testing.T) {
	r, deeds := made(t, provider(2000), options(report.EUHolder), after)
	eu := func(d *reporttest.Deed) bool { return d.Agreement == report.EURegulation && inYear(d.Received) }
	want(t, "(a)", total(t, &r, "a", "received"), count(deeds, eu))
	want(t, "(a) by its words", at(t, &r, "a", "received", "EPOC-PR", "subscriber data (Art. 3(9))", "DE", "no emergency"),
		count(deeds, func(d *reporttest.Deed) bool {
			return eu(d) && d.Type == protocol.Preservation && !d.Emergency && d.Issuer.Party() == "DE" && slices.Contains(d.Categories, protocol.CategorySubscriber)
		}))
	want(t, "(b)", total(t, &r, "b", "pending"), count(deeds, func(d *reporttest.Deed) bool { return eu(d) && d.Outcome == report.OutcomePending }))
	_, mean := naiveMedian(deeds, func(d *reporttest.Deed) bool {
		return eu(d) && (d.Outcome == report.OutcomeContent || d.Outcome == report.OutcomeNonContent)
	}, func(d *reporttest.Deed) time.Time { return d.Received })
	want(t, "(c)", total(t, &r, "c", "average"), mean)
	sum, n := int64(0), int64(0)
	for i := range deeds {
		if d := &deeds[i]; eu(d) && !d.Followed.IsZero() {
			sum, n = sum+int64(d.Followed.Sub(d.Issued)/time.Second), n+1
		}
	}
	want(t, "(d)", total(t, &r, "d", "average"), sum/n)
}

func TestAnnualAndSecrecyAreCountedAsTheyWereLived(t *testing.T) {
	r, deeds := made(t, provider(2000), options(report.Annual), after)
	direction := []string{report.EURegulation, "FR to US"}
	is := func(more func(*reporttest.Deed) bool) func(*reporttest.Deed) bool {
		return func(d *reporttest.Deed) bool {
			return d.Agreement == report.EURegulation && d.Issuer.Party() == "FR" && more(d)
		}
	}
	want(t, "type", at(t, &r, "types", "orders", append(direction, "production")...), count(deeds, is(func(d *reporttest.Deed) bool { return d.Type == protocol.Production })))
	want(t, "category", at(t, &r, "categories", "orders", append(direction, "content_stored")...),
		count(deeds, is(func(d *reporttest.Deed) bool { return slices.Contains(d.Categories, protocol.CategoryContent) })))
	for column, state := range map[string]string{"to do": "to_do", "sent": "sent", "left out for a recorded ground": "exception"} {
		want(t, "third States "+state, at(t, &r, "notices", column, direction...), count(deeds, is(func(d *reporttest.Deed) bool { return d.Third == state })))
	}
	want(t, "switched off", at(t, &r, "switched-off", "orders", direction...), count(deeds, is(func(d *reporttest.Deed) bool { return d.NotApplies })))

	r, deeds = made(t, provider(2000), options(report.Secrecy), date(2027, 1, 1))
	gag := func(more func(*report.Secret) bool) int64 {
		return count(deeds, func(d *reporttest.Deed) bool { return public(d) && d.Gag != nil && inYear(d.Gag.Since) && more(d.Gag) })
	}
	want(t, "orders", total(t, &r, "orders", "orders"), gag(func(*report.Secret) bool { return true }))
	want(t, "no end", total(t, &r, "orders", "without an end"), gag(func(s *report.Secret) bool { return s.Until.IsZero() }))
	now := date(2027, 1, 1)
	open := func(s *report.Secret) bool {
		return (s.Lifted.IsZero() || s.Lifted.After(now)) && (s.Until.IsZero() || s.Until.After(now))
	}
	// What was extended after the moment was not extended at it: those that were
	// are in force by either end.
	got := total(t, &r, "orders", "in force")
	least, most := gag(func(s *report.Secret) bool { return open(s) && !s.Extended }), gag(func(s *report.Secret) bool { return open(s) })
	if got < least || got > most || least == 0 {
		t.Errorf("in force: got %d, want %d to %d", got, least, most)
	}
	sum := int64(0)
	for _, c := range []string{"up to 30 days", "31 to 90 days", "91 to 180 days", "181 to 365 days", "over 365 days"} {
		sum += at(t, &r, "age", "with an end", c) + at(t, &r, "age", "no end", c)
	}
	if sum != got {
		t.Errorf("by age there are %d orders in force, and %d in all", sum, got)
	}
	r, deeds = made(t, provider(2000), options(report.Secrecy), after)
	over := func(is func(*reporttest.Deed) bool) int64 {
		return count(deeds, func(d *reporttest.Deed) bool { return public(d) && d.Gag != nil && inYear(d.Gag.Ends()) && is(d) })
	}
	want(t, "ended", total(t, &r, "notices", "ended"), over(func(*reporttest.Deed) bool { return true }))
	for column, said := range map[string]string{"told": "delivered", "left out for a recorded ground": "omitted", "due": ""} {
		want(t, "notices "+column, total(t, &r, "notices", column), over(func(d *reporttest.Deed) bool {
			return d.Notice == said || said == "" && d.Notice == "delayed" && !d.Delayed.After(after)
		}))
	}
	want(t, "overdue", total(t, &r, "notices", "of these overdue"), total(t, &r, "notices", "due")-over(func(d *reporttest.Deed) bool {
		return d.Notice == "delayed" && !d.Delayed.After(after) && after.Sub(d.Delayed) <= report.NoticeGrace
	}))
	for column, ordered := range map[string]bool{"by an order": true, "in the request": false} {
		want(t, "length: no end, "+column, at(t, &r, "length", column, "no end"), gag(func(s *report.Secret) bool {
			return s.Until.IsZero() && s.Ordered == ordered
		}))
	}
}

// TestNoFactNamesAPerson: what leaves the node has no identifier in it, which the
// generator marks, and no officer.
func TestNoFactNamesAPerson(t *testing.T) {
	y := provider(200)
	err := y.Each(after, func(x *reporttest.Made) error {
		f, _ := report.Of(&x.Case, x.Request, x.View)
		text := fmt.Sprintf("%+v %+v %+v %+v", f, f.Secrecy, f.Kept, f.Security)
		for _, secret := range []string{"person-", "o1", string(x.Case.ID), "facts"} {
			if strings.Contains(text, secret) {
				return fmt.Errorf("a fact has %q in it: %s", secret, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTwoGroundsAreOneRefusal: each ground has its row, and the total counts EPOCs.
func TestTwoGroundsAreOneRefusal(t *testing.T) {
	m, err := report.New(options(report.EUState))
	if err != nil {
		t.Fatal(err)
	}
	m.Add(&report.Fact{Issuing: true, Agreement: report.EURegulation, Issuer: "fr.a", Addressee: "ie.b", Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategoryContent}, Issued: date(2026, 5, 1), Outcome: report.OutcomeRejected,
		Raised: []report.Raised{{Ground: protocol.ReasonPrivilege}, {Ground: protocol.ReasonPress}, {Ground: protocol.ReasonPress, Partial: true}}})
	r, err := m.Report(report.Basis{AsOf: after})
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"EPOC", "content data (Art. 3(12))", "ie.b", "no emergency"}
	want(t, "one ground", at(t, &r, "d-refusals", "refused", append(row, "immunity_privilege")...), 1)
	want(t, "the other", at(t, &r, "d-refusals", "refused", append(row, "press_freedom")...), 1)
	want(t, "all", total(t, &r, "d-refusals", "refused"), 1)
	want(t, "in part", total(t, &r, "d-refusals", "refused in part or with conditions"), 1)
}

// TestWhatTheYearHasNot: narrowed requests, orders that were enforced in vain, and
// notices that are due for a short or a long while.
func TestWhatTheYearHasNot(t *testing.T) {
	y := provider(200)
	narrowed := 0
	err := y.Each(after, func(x *reporttest.Made) error {
		if x.Deed.Outcome != report.OutcomeContent {
			return nil
		}
		v := x.View
		v.Narrowed = []protocol.Category{protocol.CategorySubscriber}
		if f, _ := report.Of(&x.Case, x.Request, v); f.Outcome != report.OutcomeNonContent {
			t.Errorf("narrowed to subscriber data: got %s", f.Outcome)
		}
		narrowed++
		return nil
	})
	if err != nil || narrowed == 0 {
		t.Fatalf("%d requests for content: %v", narrowed, err)
	}

	late, due := 0, 0
	y = provider(400)
	err = y.Each(after, func(x *reporttest.Made) error {
		g := x.Deed.Gag
		if g == nil || g.Ends().IsZero() || x.Deed.Notice != "" || x.Deed.Drill || g.Extended || !g.Lifted.IsZero() || x.Deed.Security != "" {
			return nil
		}
		for days, want := range map[int]bool{1: false, 30: false, 31: true} {
			v := x.View
			v.AsOf = g.Until.AddDate(0, 0, days)
			f, _ := report.Of(&x.Case, x.Request, v)
			if f.Secrecy.Notice != "due" || f.Secrecy.Late != want {
				t.Errorf("%d days after the end the notice is %q, overdue %v", days, f.Secrecy.Notice, f.Secrecy.Late)
			}
			due++
		}
		late++
		return nil
	})
	if err != nil || late == 0 || due == 0 {
		t.Fatalf("%d orders ended: %v", late, err)
	}

	m, err := report.New(options(report.EUState))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []report.Outcome{report.OutcomeContent, report.OutcomeRejected, report.OutcomePending} {
		m.Add(&report.Fact{Enforcing: true, Agreement: report.EURegulation, Issuer: "fr.a", Addressee: "ie.b", Type: protocol.Production,
			Categories: []protocol.Category{protocol.CategoryContent}, Issued: date(2026, 5, 1), Outcome: o, Enforced: []string{"recognised"}})
	}
	r, err := m.Report(report.Basis{AsOf: after})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "(g) received", total(t, &r, "g", "received"), 3)
	for _, x := range r.Tables {
		if x.ID == "g" {
			if all := x.Rows[len(x.Rows)-1].Cells; *all[0].Value != 0 || *all[3].Value != 1 {
				t.Errorf("(g): transmitted %d, and of the received fulfilled %d", *all[0].Value, *all[3].Value)
			}
		}
	}
}

// TestOneHiddenNumberHidesItsTotal, which would tell it.
func TestOneHiddenNumberHidesItsTotal(t *testing.T) {
	o := options(report.Provider)
	o.Suppress = 5
	for fr, shown := range map[int]bool{2: false, 9: true} {
		m, err := report.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for issuer, n := range map[protocol.ParticipantID]int{"gb.a": 20, "fr.a": fr} {
			for range n {
				m.Add(&report.Fact{Receiving: true, Issuer: issuer, Type: protocol.Production, Received: date(2026, 5, 1), Outcome: report.OutcomePending})
			}
		}
		r, err := m.Report(report.Basis{AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		rows := r.Tables[0].Rows
		if got := rows[len(rows)-1].Cells[0].Value != nil; got != shown {
			t.Errorf("of 20 and %d the total is shown: %v", fr, got)
		}
	}
}
