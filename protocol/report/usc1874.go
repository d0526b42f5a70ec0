package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A Process is one sort of national security process that 50 USC 1874 tells from
// others.
type Process string

// The sorts of process. A request is national security process when its
// proceedings are national_security and its issuer is of the United States; the
// name of the domestic instrument in its authorisation says of which sort.
const (
	ProcessNSL Process = "nsl" // a national security letter
	// ProcessOrder is an order or directive under chapter 36 of title 50 for
	// which the subchapter plays no part.
	ProcessOrder Process = "chapter_36"
	ProcessIII   Process = "subchapter_iii" // pen registers, trap and trace
	ProcessIVB   Process = "subchapter_iv_b"
	ProcessIVC   Process = "subchapter_iv_c"
)

// instruments are how the names of instruments begin. The sections of title 50
// are those of chapter 36; which paragraph of 1861(b)(2) is meant is that of the
// text before March 15, 2020 (the Code's note to 50 USC 1874).
var instruments = []struct {
	begins  string
	process Process
}{
	{"national security letter", ProcessNSL}, {"nsl", ProcessNSL}, {"18 usc 2709", ProcessNSL},
	{"12 usc 3414", ProcessNSL}, {"15 usc 1681u", ProcessNSL}, {"15 usc 1681v", ProcessNSL}, {"50 usc 3162", ProcessNSL},
	{"50 usc 1861(b)(2)(b)", ProcessIVB}, {"50 usc 1861(b)(2)(c)", ProcessIVC},
	{"50 usc 1842", ProcessIII}, {"50 usc 1843", ProcessIII},
	{"50 usc 180", ProcessOrder}, {"50 usc 182", ProcessOrder}, {"50 usc 1861", ProcessOrder}, {"50 usc 1862", ProcessOrder},
	{"50 usc 1881", ProcessOrder}, {"fisa", ProcessOrder},
}

// ProcessOf returns the sort of process that the name of an instrument says, ""
// if none.
func ProcessOf(instrument string) Process {
	name := strings.NewReplacer("u.s.c.", "usc", "§", "", "section ", "").Replace(strings.ToLower(instrument))
	name = strings.Join(strings.Fields(name), " ")
	for _, i := range instruments {
		if strings.HasPrefix(name, i.begins) {
			return i.process
		}
	}
	return ""
}

// The periods of 50 USC 1874(b).
const (
	semiannual = 180 * 24 * time.Hour
	delay      = 180 * 24 * time.Hour // (b)(1)(B): ends not less than so long before publication
	newService = 540 * 24 * time.Hour // (b)(1)(B): until after the receipt of an order
)

// statutory checks the options of a report under 50 USC 1874, and fills in what
// it covers. Publication is on 1 January or 1 July, so that what two reports of
// one structure cover never overlaps, and no number comes out of a comparison
// of two: which days these are is a policy, the lengths are the statute's.
func statutory(o Options) (Options, error) {
	if o.Structure < 1 || o.Structure > 4 {
		return o, fmt.Errorf("report: structure: want 1 to 4, one of the structures of 50 USC 1874(a)")
	}
	published := o.To.UTC()
	_, m, d := published.Date()
	annual := o.Structure == 4
	midnight := published.Equal(published.Truncate(24 * time.Hour))
	if !midnight || d != 1 || m != time.January && (annual || m != time.July) {
		days := "1 January or 1 July"
		if annual {
			days = "1 January"
		}
		return o, fmt.Errorf("report: period: structure %d covers what 50 USC 1874(b) says, counted back from its publication: "+
			"want a day of publication that is %s", o.Structure, days)
	}
	covers := coverage(o)
	from := covers[0].From
	for _, c := range covers {
		if c.From.Before(from) {
			from = c.From
		}
	}
	if !o.From.IsZero() && !o.From.Equal(from) {
		return o, fmt.Errorf("report: period: what structure %d covers, published on %s, begins on %s (50 USC 1874(b)): "+
			"want no other first day", o.Structure, published.Format(time.DateOnly), from.Format(time.DateOnly))
	}
	o.From, o.To = from, published
	return o, nil
}

// coverage returns the periods that a report covers, of national security
// letters before that of the chapter (50 USC 1874(b)).
func coverage(o Options) []Cover {
	day := o.To.UTC()
	switch o.Structure {
	case 1, 2:
		end := day.Add(-delay)
		return []Cover{{"national security letters", day.Add(-semiannual), day, "50 USC 1874(b)(1)(A)"},
			{"authorities under the chapter", end.Add(-semiannual), end, "50 USC 1874(b)(1)(B)"}}
	case 3:
		return []Cover{{"all national security process", day.Add(-semiannual), day, "50 USC 1874(b)(2)"}}
	}
	end := day.AddDate(-1, 0, 0)
	return []Cover{{"all national security process", end.AddDate(-1, 0, 0), end, "50 USC 1874(b)(3)"}}
}

// A figure is one number that a structure lets be told.
type figure struct {
	letter, name string
	// of says whether it is of letters (0) or of the chapter (1), in Covers.
	cover int
	takes func(*security) bool
	// selectors counts customer selectors, and not orders.
	selectors bool
}

// A security is one order, as the figures see it.
type security struct {
	process   Process
	content   bool
	selectors int64
	received  time.Time
	number    int // in the order in which they were added
}

func isLetter(s *security) bool    { return s.process == ProcessNSL }
func forContents(s *security) bool { return s.process != ProcessNSL && s.content }
func noncontents(s *security) bool { return s.process != ProcessNSL && !s.content }
func anyProcess(*security) bool    { return true }
func under(p Process) func(*security) bool {
	return func(s *security) bool { return noncontents(s) && s.process == p }
}

// structures are the paragraphs of 50 USC 1874(a), with the width of their bands.
var structures = [...]struct {
	band    int64
	figures []figure
}{
	{1000, append(letterAndContents(), []figure{
		{"(F)(i)", "customer selectors targeted under orders for noncontents, pursuant to subchapter III", 1, under(ProcessIII), true},
		{"(F)(ii)", "customer selectors targeted under orders for noncontents, pursuant to subchapter IV, applications of section 1861(b)(2)(B)", 1, under(ProcessIVB), true},
		{"(F)(iii)", "customer selectors targeted under orders for noncontents, pursuant to subchapter IV, applications of section 1861(b)(2)(C)", 1, under(ProcessIVC), true},
	}...)},
	{500, append(letterAndContents(),
		figure{"(F)", "customer selectors targeted under orders for noncontents", 1, noncontents, true})},
	{250, combined()},
	{100, combined()},
}

func letterAndContents() []figure {
	return []figure{
		{"(A)", "national security letters received", 0, isLetter, false},
		{"(B)", "customer selectors targeted by national security letters", 0, isLetter, true},
		{"(C)", "orders or directives received for contents, combined", 1, forContents, false},
		{"(D)", "customer selectors targeted under orders or directives for contents, combined", 1, forContents, true},
		{"(E)", "orders received for noncontents", 1, noncontents, false},
	}
}

func combined() []figure {
	return []figure{
		{"(A)", "all national security process received, combined", 0, anyProcess, false},
		{"(B)", "customer selectors targeted under all national security process, combined", 0, anyProcess, true},
	}
}

// bandsFold is the report of 50 USC 1874. Its counts never leave it.
type bandsFold struct {
	opts   Options
	covers []Cover
	counts []int64
	seen   int
	// first is each service's first order under the chapter: about a new service
	// nothing is told until 540 days after it.
	first map[protocol.Digest]security
	// unsorted says that an order in a period is of no sort that is known, and full
	// that there are too many services to tell apart.
	unsorted, full bool
}

func newBands(o Options) *bandsFold {
	return &bandsFold{opts: o, covers: coverage(o), counts: make([]int64, len(structures[o.Structure-1].figures)),
		first: map[protocol.Digest]security{}}
}

func (b *bandsFold) sorted() bool { return b.opts.Structure <= 2 }

// add counts an order with which its addressee was bound to comply and not to
// tell. One that a court lifted, or to which the agreement did not apply, bound
// to nothing.
func (b *bandsFold) add(f *Fact) {
	if !f.secretFromOthers() || f.Secrecy == nil || f.State == casefile.Lifted || f.State == casefile.NotApplicable {
		return
	}
	s := security{f.Security.Process, slices.ContainsFunc(f.Categories, isContent), f.Accounts, f.Received, b.seen}
	b.seen++
	if b.sorted() {
		if !b.knows(&s) {
			b.unsorted = b.unsorted || b.covered(&s)
			return
		}
		if s.process != ProcessNSL {
			b.newest(f.Security.Services, s)
		}
	}
	b.count(&s, 1)
}

// knows reports whether the structure can tell of which sort an order is:
// structure 1 splits the selectors of orders for noncontents in three.
func (b *bandsFold) knows(s *security) bool {
	return s.process != "" && (b.opts.Structure != 1 || s.content || s.process != ProcessOrder)
}

func (b *bandsFold) covered(s *security) bool {
	return slices.ContainsFunc(b.covers, func(c Cover) bool { return c.has(s.received) })
}

func (c *Cover) has(t time.Time) bool { return !t.Before(c.From) && t.Before(c.To) }

func (b *bandsFold) count(s *security, by int64) {
	for i, g := range structures[b.opts.Structure-1].figures {
		if !b.covers[g.cover].has(s.received) || !g.takes(s) {
			continue
		}
		if g.selectors {
			b.counts[i] += by * s.selectors
		} else {
			b.counts[i] += by
		}
	}
}

// newest notes what is the first order of a service.
func (b *bandsFold) newest(services []protocol.Digest, s security) {
	for _, d := range services {
		was, known := b.first[d]
		switch {
		case !known && len(b.first) >= MaxServices:
			b.full = true
		case !known || s.received.Before(was.received):
			b.first[d] = s
		}
	}
}

func (b *bandsFold) report(r *Report, basis Basis) error {
	switch {
	case b.unsorted:
		return fmt.Errorf("report: structure %d tells sorts of process apart, and an order names no instrument that is known: "+
			"want structure 3 or 4, which tell none apart", b.opts.Structure)
	case b.full:
		return fmt.Errorf("report: more than %d services: want structure 3 or 4", MaxServices)
	}
	// What is told is taken from a copy: an order that was the first of two
	// services is left out once.
	told := *b
	told.counts = slices.Clone(b.counts)
	var left []security
	for _, s := range b.first {
		if b.opts.To.Sub(s.received) < newService && !slices.Contains(left, s) {
			left = append(left, s)
			told.count(&s, -1)
		}
	}
	of := structures[b.opts.Structure-1]
	paragraph := fmt.Sprintf("50 USC 1874(a)(%d)", b.opts.Structure)
	t := Table{ID: "bands", Title: fmt.Sprintf("National security process, in bands of %d", of.band), Article: paragraph,
		Dims: []string{"paragraph", "number of"}, Columns: columns(Band, paragraph, "band")}
	for i, g := range of.figures {
		t.Rows = append(t.Rows, Row{Labels: []string{paragraph + g.letter, g.name}, Cells: []Cell{{Band: band(told.counts[i], of.band)}}})
	}
	r.Title = "Report of " + string(basis.Participant) + " on national security process"
	r.Law = fmt.Sprintf("50 USC 1874(a)(%d) and (b); published on %s", b.opts.Structure, b.opts.To.Format(time.DateOnly))
	r.Covers = b.covers
	r.Tables = []Table{t}
	r.Notes = append(r.Notes, "The statute lets a person use one of its four structures. Whoever publishes two of them tells more than either.",
		"Another form, time or manner may be agreed with the Government (50 USC 1874(c)); this tool makes none.",
		"The lowest band begins with 0: a figure in it does not say whether there was any.",
		"Publication is on the day above; what is published later is of the same periods. That reports are of 1 January and of "+
			"1 July is a policy of this tool: so no two of them overlap.")
	if b.sorted() {
		r.Notes = append(r.Notes, "Of a platform, product or service that had received no order before, the first order is left out "+
			"until 540 days after its receipt (50 USC 1874(b)(1)(B)).")
	}
	return nil
}

// band returns the band in which a number is, from 0 on.
func band(n, width int64) string {
	low := max(n, 0) / width * width
	return fmt.Sprintf("%d–%d", low, low+width-1)
}
