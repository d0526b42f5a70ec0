package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/report"
	"comity.example/protocol/report/reporttest"
)

// order is a piece of national security process with a nondisclosure requirement.
func order(p report.Process, received time.Time, change ...func(*report.Fact)) *report.Fact {
	f := &report.Fact{Receiving: true, Issuer: "us.fbi", Addressee: "us.contoso", Type: protocol.Production,
		Categories: []protocol.Category{protocol.CategorySubscriber}, Accounts: 1, Issued: received, Received: received,
		State: casefile.Served, Secrecy: &report.Secret{Since: received, Open: true},
		Security: &report.SecretProc{Process: p, Services: []protocol.Digest{protocol.DigestOf([]byte("mail"))}}}
	for _, c := range change {
		c(f)
	}
	return f
}

func contents(f *report.Fact) { f.Categories = []protocol.Category{protocol.CategoryContent} }

func selectors(n int64) func(*report.Fact) { return func(f *report.Fact) { f.Accounts = n } }

func of(service string) func(*report.Fact) {
	return func(f *report.Fact) { f.Security.Services = []protocol.Digest{protocol.DigestOf([]byte(service))} }
}

// published makes a report of a structure, for its publication on a day.
func published(structure int, day time.Time, facts ...*report.Fact) (report.Report, error) {
	m, err := report.New(report.Options{Kind: report.USC1874, To: day, Structure: structure})
	if err != nil {
		return report.Report{}, err
	}
	for _, f := range facts {
		m.Add(f)
	}
	return m.Report(report.Basis{Participant: "us.contoso", AsOf: day.AddDate(0, 0, 1)})
}

// bands returns the bands of a report by their letters.
func bands(t testing.TB, r *report.Report, err error) map[string]string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, row := range r.Tables[0].Rows {
		out[strings.TrimPrefix(row.Labels[0], fmt.Sprintf("50 USC 1874(a)(%d)", r.Structure))] = row.Cells[0].Band
	}
	return out
}

// TestStructuresOfTheStatute: 50 USC 1874(a)(1) to (4), each with its
// categories, and its bands from 0 on.
func TestStructuresOfTheStatute(t *testing.T) {
	first := map[int]string{1: "0–999", 2: "0–499", 3: "0–249", 4: "0–99"}
	letters := map[int]string{1: "(A) (B) (C) (D) (E) (F)(i) (F)(ii) (F)(iii)", 2: "(A) (B) (C) (D) (E) (F)", 3: "(A) (B)", 4: "(A) (B)"}
	for structure := 1; structure <= 4; structure++ {
		r, err := published(structure, date(2027, 1, 1))
		got := bands(t, &r, err)
		want := strings.Fields(letters[structure])
		if len(got) != len(want) {
			t.Errorf("structure %d has %v, want %v", structure, got, want)
		}
		for _, l := range want {
			if got[l] != first[structure] {
				t.Errorf("structure %d%s with nothing to tell: got %q, want %q", structure, l, got[l], first[structure])
			}
		}
	}
}

// TestPeriodsOfTheStatute: 50 USC 1874(b), for a publication on 1 January 2027.
func TestPeriodsOfTheStatute(t *testing.T) {
	day := date(2027, 1, 1)
	many := func(p report.Process, at time.Time) []*report.Fact {
		// An older order of the same service: the service is not new.
		out := []*report.Fact{order(report.ProcessOrder, date(2020, 1, 1), contents)}
		for range 600 {
			out = append(out, order(p, at, contents))
		}
		return out
	}
	for _, x := range []struct {
		what      string
		structure int
		process   report.Process
		at        time.Time
		letter    string
		counted   bool
	}{
		{"a letter of the previous 180 days", 2, report.ProcessNSL, day.AddDate(0, 0, -180), "(A)", true},
		{"a letter of yesterday", 2, report.ProcessNSL, day.Add(-time.Second), "(A)", true},
		{"a letter of before", 2, report.ProcessNSL, day.AddDate(0, 0, -180).Add(-time.Second), "(A)", false},
		{"a letter of the day of publication", 2, report.ProcessNSL, day, "(A)", false},
		{"an order of the previous 180 days", 2, report.ProcessOrder, day.AddDate(0, 0, -180), "(C)", false},
		{"an order just 180 days before publication", 2, report.ProcessOrder, day.AddDate(0, 0, -180).Add(-time.Second), "(C)", true},
		{"an order of 360 days before", 2, report.ProcessOrder, day.AddDate(0, 0, -360), "(C)", true},
		{"an order of more", 2, report.ProcessOrder, day.AddDate(0, 0, -360).Add(-time.Second), "(C)", false},
		{"structure 3 tells of the previous 180 days", 3, report.ProcessOrder, day.AddDate(0, 0, -1), "(A)", true},
		{"structure 3 tells of no more", 3, report.ProcessOrder, day.AddDate(0, 0, -181), "(A)", false},
		{"structure 4 does not tell of the last year", 4, report.ProcessOrder, date(2026, 1, 1), "(A)", false},
		{"structure 4 tells of the year before", 4, report.ProcessOrder, date(2025, 12, 31), "(A)", true},
		{"structure 4 tells of all of it", 4, report.ProcessNSL, date(2025, 1, 1), "(A)", true},
		{"structure 4 tells of no more", 4, report.ProcessNSL, date(2024, 12, 31), "(A)", false},
	} {
		r, err := published(x.structure, day, many(x.process, x.at)...)
		got := bands(t, &r, err)[x.letter]
		if counted := !strings.HasPrefix(got, "0–"); counted != x.counted {
			t.Errorf("%s: got the band %s", x.what, got)
		}
	}
}

// TestNewServiceWaits540Days: the first order of a service is not told of until
// 540 days after its receipt; the second is.
func TestNewServiceWaits540Days(t *testing.T) {
	day := date(2027, 1, 1)
	at := day.AddDate(0, 0, -200)
	facts := []*report.Fact{order(report.ProcessOrder, at, contents, of("chat"), selectors(900))}
	r, err := published(2, day, facts...)
	if got := bands(t, &r, err)["(D)"]; got != "0–499" {
		t.Errorf("the first order of a service is told of: %s", got)
	}
	r, err = published(2, day, append(facts, order(report.ProcessOrder, at.Add(time.Hour), contents, of("chat"), selectors(600)))...)
	if got := bands(t, &r, err)["(D)"]; got != "500–999" {
		t.Errorf("the second order is to be told of, and not the first: %s", got)
	}
	r, err = published(2, day, append(facts, order(report.ProcessOrder, date(2024, 1, 1), contents, of("chat")))...)
	if got := bands(t, &r, err)["(D)"]; got != "500–999" {
		t.Errorf("a service that had an order before is not new: %s", got)
	}
	r, err = published(3, day, order(report.ProcessOrder, day.AddDate(0, 0, -1), of("chat"), selectors(300)))
	if got := bands(t, &r, err)["(B)"]; got != "250–499" {
		t.Errorf("(b)(2) has no such rule: %s", got)
	}
}

// TestSelectorsAreSplitInThree: in (1)(F), and orders (E) are one number.
func TestSelectorsAreSplitInThree(t *testing.T) {
	day := date(2027, 1, 1)
	at := day.AddDate(0, 0, -200)
	facts := []*report.Fact{order(report.ProcessIII, date(2020, 1, 1)),
		order(report.ProcessIII, at, selectors(1000)), order(report.ProcessIVB, at, selectors(2000)), order(report.ProcessIVC, at, selectors(3000))}
	r, err := published(1, day, facts...)
	got := bands(t, &r, err)
	for letter, want := range map[string]string{"(E)": "0–999", "(F)(i)": "1000–1999", "(F)(ii)": "2000–2999", "(F)(iii)": "3000–3999", "(D)": "0–999"} {
		if got[letter] != want {
			t.Errorf("%s: got %s, want %s", letter, got[letter], want)
		}
	}
	_, err = published(1, day, order("", at))
	if err == nil || !strings.Contains(err.Error(), "structure 3 or 4") {
		t.Errorf("an order of no known sort: got %v", err)
	}
	if _, err = published(3, day, order("", at)); err != nil {
		t.Error(err)
	}
}

// TestWhatBindsToNothingIsNotCounted.
func TestWhatBindsToNothingIsNotCounted(t *testing.T) {
	day := date(2027, 1, 1)
	for name, change := range map[string]func(*report.Fact){
		"no nondisclosure requirement": func(f *report.Fact) { f.Secrecy = nil },
		"lifted by a court":            func(f *report.Fact) { f.State = casefile.Lifted },
		"another country's":            func(f *report.Fact) { f.Issuer = "gb.home-office" },
		"no national security":         func(f *report.Fact) { f.Security = nil },
		"issued, not received":         func(f *report.Fact) { f.Receiving = false },
	} {
		r, err := published(3, day, order(report.ProcessNSL, day.AddDate(0, 0, -1), selectors(250), change))
		if got := bands(t, &r, err)["(B)"]; got != "0–249" {
			t.Errorf("%s: got %s", name, got)
		}
	}
	r, err := published(3, day, order(report.ProcessNSL, day.AddDate(0, 0, -1), selectors(250)))
	if got := bands(t, &r, err)["(B)"]; got != "250–499" {
		t.Errorf("what binds: got %s", got)
	}
}

// TestWindowsAreTheStatutes: another period than the statutory one is refused
// with what to give instead, and those of two reports never overlap.
func TestWindowsAreTheStatutes(t *testing.T) {
	for _, o := range []report.Options{
		{To: date(2027, 1, 2), Structure: 2}, {To: date(2027, 1, 1).Add(time.Hour), Structure: 2},
		{To: date(2027, 7, 1), Structure: 4}, {To: date(2027, 4, 1), Structure: 3},
		{To: date(2027, 1, 1), From: date(2026, 1, 1), Structure: 2}, {To: date(2027, 1, 1)}, {To: date(2027, 1, 1), Structure: 5},
		{To: date(2027, 1, 1), Structure: 3, Suppress: 5},
	} {
		o.Kind = report.USC1874
		if _, err := report.New(o); err == nil || !strings.Contains(err.Error(), "1874") || !strings.Contains(err.Error(), ": want") && !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	for structure := 1; structure <= 4; structure++ {
		ends := map[string]time.Time{}
		for _, day := range []time.Time{date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1), date(2027, 7, 1), date(2028, 1, 1)} {
			if structure == 4 && day.Month() != time.January {
				continue
			}
			r, err := published(structure, day)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Covers {
				if c.From.Before(ends[c.Of]) {
					t.Errorf("structure %d, published on %v: %s overlap what was told before", structure, day, c.Of)
				}
				ends[c.Of] = c.To
			}
		}
	}
	m, err := report.New(report.Options{Kind: report.USC1874, To: date(2027, 1, 1), Structure: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Report(report.Basis{AsOf: date(2026, 12, 31)}); err == nil {
		t.Error("a report was made before the day of its publication")
	}
}

var numbers = regexp.MustCompile(`[0-9]+`)

// TestBandsNeverReveal: two nodes whose numbers are in the same bands make the
// same report, byte for byte, but for the digest of their inputs, in each format.
func TestBandsNeverReveal(t *testing.T) {
	day := date(2027, 1, 1)
	rapid.Check(t, func(t *rapid.T) {
		structure := rapid.IntRange(1, 4).Draw(t, "structure")
		width := []int64{1000, 500, 250, 100}[structure-1]
		at := day.AddDate(0, 0, -1)
		if structure == 4 {
			at = date(2025, 6, 1)
		}
		write := func(n int64) map[report.Format]string {
			r, err := published(structure, day, order(report.ProcessNSL, at, selectors(n)))
			if err != nil {
				t.Fatal(err)
			}
			out := map[report.Format]string{}
			for _, f := range report.Formats() {
				var b bytes.Buffer
				if err := r.Write(&b, f); err != nil {
					t.Fatal(err)
				}
				out[f] = b.String()
			}
			for _, row := range r.Tables[0].Rows {
				for _, c := range row.Cells {
					if c.Value != nil || c.Band == "" || c.Band == "0" {
						t.Fatalf("a figure that is no band: %+v", c)
					}
				}
			}
			return out
		}
		n := rapid.Int64Range(0, 20*width).Draw(t, "number")
		other := n/width*width + rapid.Int64Range(0, width-1).Draw(t, "other")
		a, b := write(n), write(other)
		for f := range a {
			if a[f] != b[f] {
				t.Fatalf("%s tells %d from %d, which are in one band of %d", f, n, other, width)
			}
		}
		if n%width > 1 && n%width < width-1 && n > 3000 { // the ends of a band stand there
			for _, found := range numbers.FindAllString(a[report.CSV], -1) {
				if found == strconv.FormatInt(n, 10) {
					t.Fatalf("the number %d stands in the report", n)
				}
			}
		}
	})
}

// TestOthersDoNotTell: what only bands may tell changes no other report of who
// received it.
func TestOthersDoNotTell(t *testing.T) {
	for _, kind := range []report.Kind{report.Provider, report.Secrecy, report.EUHolder, report.Annual} {
		write := func(facts ...*report.Fact) string {
			m, err := report.New(options(kind))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range facts {
				m.Add(f)
			}
			r, err := m.Report(report.Basis{Participant: "us.contoso", AsOf: after})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := r.Write(&b, report.JSON); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		secret := order(report.ProcessNSL, date(2026, 5, 1))
		secret.Outcome = report.OutcomePending
		open := order(report.ProcessNSL, date(2026, 5, 1))
		open.Outcome, open.Agreement, open.Security = report.OutcomePending, report.EURegulation, nil
		if write(secret) != write() {
			t.Errorf("%s tells of a national security letter", kind)
		}
		if write(open) == write() {
			t.Errorf("%s tells of nothing", kind)
		}
	}
}

func TestInstrumentsSayWhichProcessItIs(t *testing.T) {
	for name, want := range map[string]report.Process{"National Security Letter (18 U.S.C. § 2709)": report.ProcessNSL,
		"18 USC 2709": report.ProcessNSL, "50 U.S.C. § 1842": report.ProcessIII, "50 USC 1805": report.ProcessOrder,
		"50 USC 1881a directive": report.ProcessOrder, "50 USC 1861(b)(2)(B)": report.ProcessIVB, "50 usc 1861(b)(2)(c)": report.ProcessIVC,
		"50 USC 1861": report.ProcessOrder, "FISA order": report.ProcessOrder, "18 USC 2703(d)": "", "": ""} {
		if got := report.ProcessOf(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestYearOfSecurityProcess: what the machine made comes into the bands.
func TestYearOfSecurityProcess(t *testing.T) {
	y := provider(4000)
	y.Start = date(2025, 1, 1)
	m, err := report.New(report.Options{Kind: report.USC1874, To: date(2027, 1, 1), Structure: 4})
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	err = y.Each(after, func(x *reporttest.Made) error {
		f, _ := report.Of(&x.Case, x.Request, x.View)
		m.Add(&f)
		if d := &x.Deed; d.Security != "" && d.Received.Before(date(2026, 1, 1)) && x.Case.State != casefile.NotApplicable && x.Case.State != casefile.Lifted {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Report(report.Basis{AsOf: after})
	want := fmt.Sprintf("%d–%d", n/100*100, n/100*100+99)
	if got := bands(t, &r, err)["(A)"]; got != want || n < 100 {
		t.Errorf("got %s, want %s", got, want)
	}
}
