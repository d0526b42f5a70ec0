package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/report"
	"comity.example/protocol/report/reporttest"
)

var update = flag.Bool("update", false, "write the reports anew: read them before they are committed")

// golden are the reports of a small world, in each format.
func golden(t testing.TB) map[string]report.Report {
	out := map[string]report.Report{}
	for _, k := range report.Kinds() {
		y, o := provider(300), options(k)
		if k == report.EUState {
			y = authority(300)
		}
		if k == report.USC1874 {
			o = report.Options{Kind: k, To: date(2027, 1, 1), Structure: 2}
		}
		out[string(k)], _ = made(t, y, o, date(2027, 3, 1))
	}
	o := options(report.Provider)
	o.Suppress = 5
	out["provider-suppressed"], _ = made(t, provider(300), o, date(2027, 3, 1))
	return out
}

func written(t testing.TB, r *report.Report, f report.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReportsOfASmallWorld(t *testing.T) {
	ending := map[report.Format]string{report.Text: "txt", report.CSV: "csv", report.JSON: "json", report.HTML: "html"}
	for name, r := range golden(t) {
		for _, f := range report.Formats() {
			got := written(t, &r, f)
			file := filepath.Join("testdata", name+"."+ending[f])
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what is written now", file)
			}
		}
	}
}

// TestPageNeedsNothingElse: no script, nothing from elsewhere, each picture has
// words, and all of it is well formed.
func TestPageNeedsNothingElse(t *testing.T) {
	for name, r := range golden(t) {
		page := string(written(t, &r, report.HTML))
		for _, bad := range []string{"<script", "javascript:", "src=", "@import", "url("} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q in it", name, bad)
			}
		}
		if strings.Count(page, `href="`) != strings.Count(page, `href="#`) {
			t.Errorf("%s leads elsewhere", name)
		}
		if n := strings.Count(page, "<svg"); n != len(r.Charts) || strings.Count(page, `role="img"`) != n {
			t.Errorf("%s has %d pictures, want %d, each with its role", name, n, len(r.Charts))
		}
		for piece := range strings.SplitSeq(page, "<svg") {
			picture, _, ok := strings.Cut(piece, "</svg>")
			if !ok {
				continue
			}
			d := xml.NewDecoder(strings.NewReader("<svg" + picture + "</svg>"))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: a picture is not well formed: %v", name, err)
				}
			}
		}
	}
}

func TestTableOfFiguresIsCSV(t *testing.T) {
	for name, r := range golden(t) {
		rows, err := csv.NewReader(bytes.NewReader(written(t, &r, report.CSV))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cells := 0
		for i := range r.Tables {
			cells += len(r.Tables[i].Rows) * len(r.Tables[i].Columns)
		}
		figures := 0
		for _, row := range rows[1:] {
			if row[0] != "report" {
				figures++
				if (row[5] == "") == (row[6] == "") && !strings.Contains(row[6], "more not known") {
					t.Errorf("%s: %q has neither a figure nor why not, or both", name, row)
				}
			}
		}
		if figures != cells {
			t.Errorf("%s: %d figures in the CSV, %d in the report", name, figures, cells)
		}
	}
}

func TestJSONIsReadAgain(t *testing.T) {
	for name, r := range golden(t) {
		b := written(t, &r, report.JSON)
		again, err := report.Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(written(t, again, report.JSON), b) || report.Differences(&r, again) != nil {
			t.Errorf("%s is another report when it is read again", name)
		}
		for i := range len(b) - 2 { // without its last byte, the end of the line, it is whole
			if i%97 == 0 {
				if _, err := report.Parse(b[:i]); err == nil {
					t.Fatalf("%s: the first %d bytes of it are read", name, i)
				}
			}
		}
	}
}

// TestEveryFigureHasItsArticle, or says that no law asks for it.
func TestEveryFigureHasItsArticle(t *testing.T) {
	for name, r := range golden(t) {
		for i := range r.Tables {
			if x := &r.Tables[i]; x.Article == "" {
				t.Errorf("%s: table %s has no article", name, x.ID)
			} else if strings.HasPrefix(name, "eu-") && x.ID != "months" && x.ID != "deletions" { // of which no article asks for figures
				for _, c := range x.Columns {
					if !strings.HasPrefix(c.Article, "28(") {
						t.Errorf("%s: %s: %s has the article %q", name, x.ID, c.Name, c.Article)
					}
				}
			}
		}
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	a, _ := made(t, provider(300), options(report.Provider), after)
	b, _ := made(t, provider(300), options(report.Provider), after)
	if d := report.Differences(&a, &b); d != nil {
		t.Fatalf("the same report twice differs: %q", d)
	}
	if a.Basis.Inputs != b.Basis.Inputs || a.Basis.Inputs.IsZero() {
		t.Error("the same acts have two digests")
	}
	c, _ := made(t, provider(301), options(report.Provider), after)
	if d := report.Differences(&a, &c); len(d) == 0 {
		t.Error("another year makes the same report")
	}
	if a.Basis.Inputs == c.Basis.Inputs {
		t.Error("other acts have the same digest")
	}
	b.To = b.To.AddDate(0, 0, 1)
	if d := report.Differences(&a, &b); len(d) != 1 {
		t.Errorf("another period: got %q", d)
	}
	b.To = a.To
	n := *b.Tables[0].Rows[0].Cells[0].Value + 1
	b.Tables[0].Rows[0].Cells[0].Value = &n
	if d := report.Differences(&a, &b); len(d) != 1 || !strings.Contains(d[0], "requests: DE: requests") {
		t.Errorf("one figure differs: got %q", d)
	}
}

// TestSmallNumbersAreHidden as a policy, and what was measured of them.
func TestSmallNumbersAreHidden(t *testing.T) {
	o := options(report.Provider)
	o.Suppress = 5
	r, _ := made(t, provider(300), o, after)
	whole, _ := made(t, provider(300), options(report.Provider), after)
	hidden := 0
	for i := range r.Tables {
		for n, row := range r.Tables[i].Rows {
			for c, cell := range row.Cells {
				was := whole.Tables[i].Rows[n].Cells[c].Value
				small := r.Tables[i].Columns[c].Unit == report.Count && was != nil && *was > 0 && *was < 5
				if small {
					hidden++
					if cell.Value != nil || cell.Below != 5 && cell.Unknown == "" {
						t.Errorf("%s: %v shows %d", r.Tables[i].ID, row.Labels, *was)
					}
				}
			}
		}
	}
	if hidden == 0 {
		t.Error("the year has no small number: the test says nothing")
	}
	if !slices.ContainsFunc(r.Notes, func(s string) bool { return strings.Contains(s, "policy, not law") }) {
		t.Error("it is not said that this is a policy")
	}
	page := string(written(t, &r, report.HTML))
	if !strings.Contains(page, "fewer than 5") {
		t.Error("the page does not say what is hidden")
	}
}

// TestMedianIsExactToItsBucket.
func TestMedianIsExactToItsBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, err := report.New(options(report.Provider))
		if err != nil {
			t.Fatal(err)
		}
		var all []int64
		for range rapid.IntRange(1, 60).Draw(t, "cases") {
			s := rapid.Int64Range(0, 400*24*3600).Draw(t, "seconds")
			all = append(all, s)
			at := date(2026, 2, 1)
			m.Add(&report.Fact{Receiving: true, Agreement: "x", Issuer: "gb.a", Type: protocol.Production, Received: at,
				Produced: at.Add(time.Duration(s) * time.Second), Outcome: report.OutcomeContent})
		}
		slices.Sort(all)
		r, err := m.Report(report.Basis{AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		median := all[(len(all)-1)/2]
		error := int64(60)
		if median >= 10*24*3600 {
			error = 3600
		}
		for _, x := range r.Tables {
			if x.ID == "turnaround" {
				if got := *x.Rows[0].Cells[1].Value; got > median || median-got >= error {
					t.Fatalf("got %d, want %d less at most %d", got, median, error)
				}
			}
		}
	})
}

// TestManyKindsOfRowsAreBounded: what is over the limit is counted in one row.
func TestManyKindsOfRowsAreBounded(t *testing.T) {
	m, err := report.New(options(report.Annual))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * report.MaxRows {
		m.Add(&report.Fact{Agreement: "x", Issuer: "gb.a", Addressee: "us.b", Type: protocol.Production, Issued: date(2026, 2, 1),
			Offence: "group_" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)})
	}
	r, err := m.Report(report.Basis{AsOf: after})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Tables {
		if n := len(r.Tables[i].Rows); n > report.MaxRows+2 {
			t.Errorf("table %s has %d rows", r.Tables[i].ID, n)
		}
	}
	if got := total(t, &r, "offences", "orders"); got != 2*report.MaxRows {
		t.Errorf("got %d orders, want %d", got, 2*report.MaxRows)
	}
	if got := at(t, &r, "offences", "orders", "others"); got != report.MaxRows {
		t.Errorf("got %d others, want %d", got, report.MaxRows)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []report.Options{{}, {Kind: "x"}, {Kind: report.Provider}, {Kind: report.Provider, From: year, To: year},
		{Kind: report.Provider, From: year, To: after, Structure: 1}, {Kind: report.Provider, From: year, To: after, Suppress: -1}} {
		if _, err := report.New(o); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

// TestYearOf20000Cases: each report of a year takes little memory, whatever the
// number of cases.
func TestYearOf20000Cases(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 20,000 cases")
	}
	for _, k := range report.Kinds() {
		o := options(k)
		y := provider(20_000)
		if k == report.EUState {
			y = authority(20_000)
		}
		if k == report.USC1874 {
			o = report.Options{Kind: k, To: date(2027, 1, 1), Structure: 3}
		}
		m, err := report.New(o)
		if err != nil {
			t.Fatal(err)
		}
		began, folding, n := time.Now(), time.Duration(0), 0
		before := heap()
		drills := 0
		err = y.Each(after, func(x *reporttest.Made) error {
			if x.Deed.Drill {
				drills++
			}
			at := time.Now()
			if f, ok := report.Of(&x.Case, x.Request, x.View); ok {
				m.Add(&f)
				n++
			}
			folding += time.Since(at)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		grown := heap() - before
		r, err := m.Report(report.Basis{AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		b := written(t, &r, report.HTML)
		t.Logf("%s: %d cases: folded in %v of %v, %d KiB held, page of %d KiB", k, n, folding.Round(time.Millisecond),
			time.Since(began).Round(time.Millisecond), grown>>10, len(b)>>10)
		if n != 20_000-drills || drills == 0 {
			t.Errorf("%s counted %d cases, and %d are drills", k, n, drills)
		}
		if grown > 8<<20 {
			t.Errorf("%s holds %d bytes", k, grown)
		}
		runtime.KeepAlive(m)
	}
}

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// TestActsAfterTheMomentDoNotCount: a case looked at as of a moment is what it
// was then, whatever came later.
func TestActsAfterTheMomentDoNotCount(t *testing.T) {
	y := provider(400)
	changed := 0
	err := y.Each(after, func(x *reporttest.Made) error {
		if x.Deed.Drill {
			return nil
		}
		last, _ := report.Of(&x.Case, x.Request, x.View)
		for n := 1; n <= len(x.Case.Thread); n++ {
			then := x.Case
			then.Thread = x.Case.Thread[:n]
			v := x.View
			v.AsOf = x.Case.Thread[n-1].At
			if n < len(x.Case.Thread) && !x.Case.Thread[n].At.After(v.AsOf) {
				continue // two at one moment
			}
			whole, ok := report.Of(&x.Case, x.Request, v)
			cut, _ := report.Of(&then, x.Request, v)
			if !ok || !reflect.DeepEqual(whole, cut) {
				t.Fatalf("after %d acts of %d: got %+v, want %+v", n, len(x.Case.Thread), whole, cut)
			}
			if whole.Outcome != last.Outcome {
				changed++
			}
			in, of := report.NewInputs(), report.NewInputs()
			in.Add(&x.Case, v.AsOf)
			of.Add(&then, v.AsOf)
			if in.Digest() != of.Digest() {
				t.Fatal("the inputs have acts of later in them")
			}
		}
		v := x.View
		v.AsOf = x.Case.Thread[0].At.Add(-time.Second)
		if _, ok := report.Of(&x.Case, x.Request, v); ok {
			t.Fatal("a case counts before it was opened")
		}
		return nil
	})
	if err != nil || changed == 0 {
		t.Errorf("%d outcomes came later: %v", changed, err)
	}
}

func TestInputsNameEachActAndItsTime(t *testing.T) {
	digest := func(change func(*casefile.Case)) protocol.Digest {
		c := casefile.Case{ID: "case-a", Thread: []casefile.Entry{{Act: protocol.DigestOf([]byte("a")), At: year}, {Act: protocol.DigestOf([]byte("b")), At: year}}}
		change(&c)
		in := report.NewInputs()
		in.Add(&c, after)
		return in.Digest()
	}
	seen := map[protocol.Digest]string{}
	for name, change := range map[string]func(*casefile.Case){
		"as it is":       func(*casefile.Case) {},
		"another act":    func(c *casefile.Case) { c.Thread[1].Act = protocol.DigestOf([]byte("c")) },
		"another time":   func(c *casefile.Case) { c.Thread[0].At = year.Add(time.Second) },
		"one act less":   func(c *casefile.Case) { c.Thread = c.Thread[:1] },
		"another order":  func(c *casefile.Case) { slices.Reverse(c.Thread) },
		"another's case": func(c *casefile.Case) { c.ID = "case-b" },
	} {
		d := digest(change)
		if other := seen[d]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
}

// TestDrawnIsWhatTheTableShows: a chart has no figure that its table lacks.
func TestDrawnIsWhatTheTableShows(t *testing.T) {
	r, _ := made(t, provider(300), options(report.Provider), after)
	page := string(written(t, &r, report.HTML))
	for _, want := range []string{"2026-06: ", "content, ordinary: ", "eu-epoc-2023: ", "issuer, overruled: "} {
		if !strings.Contains(page, "<title>"+want) {
			t.Errorf("no mark says %q", want)
		}
	}
	o := options(report.Provider)
	o.Suppress = 1 << 30
	r, _ = made(t, provider(300), o, after)
	if page := string(written(t, &r, report.HTML)); strings.Contains(page, `class="bar"`) {
		t.Error("what is suppressed is drawn")
	}
}

// TestTextFitsItsWidth: a terminal, or a page of paper, breaks no line again, and
// what stands in one column of a table stands below its head.
func TestTextFitsItsWidth(t *testing.T) {
	for name, r := range golden(t) {
		for n, line := range strings.Split(string(written(t, &r, report.Text)), "\n") {
			if w := utf8.RuneCountInString(line); w > 100 {
				t.Errorf("%s: line %d is %d letters wide: %s", name, n+1, w, line)
			}
		}
	}
}

// TestNothingCountedIsSaid in words, and not by a table of noughts.
func TestNothingCountedIsSaid(t *testing.T) {
	for _, k := range report.Kinds() {
		if k == report.USC1874 {
			continue // whose bands say nothing of whether there was any
		}
		m, err := report.New(options(k))
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Report(report.Basis{Participant: "us.contoso", AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []report.Format{report.Text, report.HTML} {
			if !strings.Contains(string(written(t, &r, f)), report.NoneCounted) {
				t.Errorf("%s: the %s does not say that there was nothing", k, f)
			}
		}
	}
}

// TestHiddenNumberDoesNotComeOutOfItsRow: where the figures of a row add up to one
// that is told, one of them is never hidden alone.
func TestHiddenNumberDoesNotComeOutOfItsRow(t *testing.T) {
	r, seen := golden(t)["provider-suppressed"], 0
	for _, row := range r.Tables[0].Rows {
		hidden, shown := 0, 0
		for _, c := range row.Cells {
			switch {
			case c.Value == nil:
				hidden++
			case *c.Value > 0:
				shown++
			}
		}
		if hidden == 1 && shown > 0 && !row.Total {
			t.Errorf("%v hides one figure: it is what is left of the others", row.Labels)
		}
		seen += hidden
	}
	if seen == 0 {
		t.Error("nothing is hidden: the test says nothing")
	}
}

// TestEachLegIsCountedOnce: an authority that holds the request of another State
// and the domestic order that carries it out.
func TestEachLegIsCountedOnce(t *testing.T) {
	at := date(2026, 5, 1)
	secret := func() *report.Secret { return &report.Secret{Since: at, Open: true} }
	request := &report.Fact{Receiving: true, Carried: true, Agreement: reporttest.Treaty, Issuer: reporttest.Paris,
		Addressee: reporttest.Justice, Type: protocol.Production, Categories: []protocol.Category{protocol.CategoryContent},
		Issued: at, Received: at, Outcome: report.OutcomePending, Secrecy: secret()}
	order := &report.Fact{Issuing: true, Executes: true, Agreement: reporttest.Law, Issuer: reporttest.Justice,
		Addressee: reporttest.Contoso, Type: protocol.Production, Categories: request.Categories,
		Issued: at, Outcome: report.OutcomePending, Secrecy: secret()}
	for kind, cell := range map[report.Kind][2]string{report.Annual: {"types", "orders"}, report.Secrecy: {"orders", "orders"},
		report.Provider: {"requests", "requests"}} {
		m, err := report.New(options(kind))
		if err != nil {
			t.Fatal(err)
		}
		m.Add(request)
		m.Add(order)
		r, err := m.Report(report.Basis{Participant: reporttest.Justice, AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		want(t, string(kind), total(t, &r, cell[0], cell[1]), 1)
	}
}

// TestCertifierLeavesTheCertificateToItsIssuer: their reports are added up.
func TestCertifierLeavesTheCertificateToItsIssuer(t *testing.T) {
	for certifying, n := range map[bool]int64{false: 1, true: 0} {
		m, err := report.New(options(report.EUState))
		if err != nil {
			t.Fatal(err)
		}
		m.Add(&report.Fact{Issuing: true, Certifying: certifying, Agreement: report.EURegulation, Issuer: "fr.a", Addressee: "ie.b",
			Type: protocol.Production, Categories: []protocol.Category{protocol.CategoryContent}, Issued: date(2026, 5, 1)})
		r, err := m.Report(report.Basis{AsOf: after})
		if err != nil {
			t.Fatal(err)
		}
		if got := total(t, &r, "a", "issued"); got != n {
			t.Errorf("certifying %v: got %d, want %d", certifying, got, n)
		}
	}
}
