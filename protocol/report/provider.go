package report

import (
	"slices"

	"comity.example/protocol"
)

// providerFold is what providers publish: no law asks for it.
type providerFold struct {
	opts                                                    Options
	received, types, outcomes, turnaround, objections, kept *grid
	overTime                                                *grid
	gags                                                    gags
}

// gags counts orders not to tell among the requests.
type gags struct {
	asked, with, endless int64
	length               span
}

const practice = "practice of providers; no law asks for it"

func newProvider(o Options) *providerFold {
	grid := func(id, title string, dims []string, c ...[]Column) *grid {
		return newGrid(Table{ID: id, Title: title, Article: practice, Dims: dims, Columns: slices.Concat(c...)})
	}
	p := &providerFold{opts: o,
		received: grid("requests", "Requests for data and accounts, by country", []string{"country"},
			columns(Count, "", "requests", "accounts", "emergency", "content", "only non-content", "no data", "partial",
				"rejected", "withdrawn", "pending")).total(),
		types: grid("types", "Requests by type", []string{"type"},
			columns(Count, "", "requests", "accounts", "emergency")).total(),
		outcomes: grid("outcomes", "Outcomes of the requests for data, one each", []string{"outcome"},
			columns(Count, "", "ordinary", "emergency")).named(outcomeNames()...),
		turnaround: grid("turnaround", "From receipt until all data were provided, by instrument",
			[]string{"instrument"}, columns(Count, "", "provided"), columns(Median, "", "median"), columns(Mean, "", "average")).total(),
		objections: grid("objections", "Objections, by level and by what became of them", []string{"level", "result"},
			columns(Count, "", "objections")).total(),
		kept: grid("preservations", "Preservations, by country", []string{"country"},
			columns(Count, "", "requests", "accounts", "followed by a request for production")).total(),
		overTime: months(o, "received"),
	}
	p.turnaround.table.Notes = []string{noteMedian, noteLive}
	p.received.table.sums = true
	p.received.table.Notes = []string{noteContent, "Accounts are the identifiers that requests name; one account may be named by several."}
	return p
}

const noteMedian = "The median is the lower one, exact to the minute below ten days and to the hour below a thousand days."
const noteLive = "Interceptions are left out: their data come as long as they run."
const noteContent = "Content: all the data, of a request that asked for content; an act of disclosure does not say what its files are. " +
	"Rejected has in it what was lifted, not applicable, impossible or not delivered."

func outcomeNames() []string {
	var out []string
	for _, o := range Outcomes() {
		out = append(out, string(o))
	}
	return out
}

func (p *providerFold) add(f *Fact) {
	if !f.Receiving || f.secretFromOthers() || !p.opts.in(f.Received) {
		return
	}
	country := []string{string(f.Issuer.Party())}
	v := p.types.at([]string{string(f.Type)})
	v.count(0, 1)
	v.count(1, f.Accounts)
	v.yes(2, f.Emergency)
	p.overTime.at([]string{month(f.Received)}).yes(column(f.Emergency), true)
	if f.Type == protocol.Preservation {
		v := p.kept.at(country)
		v.count(0, 1)
		v.count(1, f.Accounts)
		v.yes(2, f.Kept != nil && f.Kept.Named)
	} else {
		v := p.received.at(country)
		v.count(0, 1)
		v.count(1, f.Accounts)
		v.yes(2, f.Emergency)
		v.yes(3+slices.Index(inColumns, f.Outcome), true)
		p.outcomes.at([]string{string(f.Outcome)}).yes(column(f.Emergency), true)
	}
	if f.Type != protocol.Interception && (f.Outcome == OutcomeContent || f.Outcome == OutcomeNonContent) {
		v := p.turnaround.at([]string{f.Agreement})
		v.count(0, 1)
		v.took(1, f.Received, f.Produced)
		v.took(2, f.Received, f.Produced)
	}
	for _, o := range f.Objections {
		p.objections.at([]string{string(o.Level), o.Result}).count(0, 1)
	}
	p.gags.add(f)
}

// inColumns are the outcomes in the order of the columns of the first table.
var inColumns = []Outcome{OutcomeContent, OutcomeNonContent, OutcomeNoData, OutcomePartial, OutcomeRejected,
	OutcomeWithdrawn, OutcomePending}

func (g *gags) add(f *Fact) {
	g.asked++
	if f.Secrecy == nil {
		return
	}
	g.with++
	if f.Secrecy.Until.IsZero() {
		g.endless++
		return
	}
	g.length.add(f.Secrecy.Until.Sub(f.Secrecy.Since), true)
}

func (g *gags) table() Table {
	t := Table{ID: "gags", Title: "Orders not to tell the user, among the requests received", Article: practice,
		Dims: []string{"requests received"}, Columns: slices.Concat(columns(Count, "", "requests", "with secrecy", "without an end"),
			columns(Percent, "", "share with secrecy"), columns(Median, "", "median length of those with an end"))}
	share, median := Cell{Unknown: NoCase}, Cell{Unknown: NoCase}
	if g.asked > 0 {
		share = number(100 * g.with / g.asked)
	}
	if g.length.n > 0 {
		median = number(g.length.median())
	}
	t.Rows = []Row{{Labels: []string{"all"}, Cells: []Cell{number(g.asked), number(g.with), number(g.endless), share, median}}}
	return t
}

func (p *providerFold) report(r *Report, b Basis) error {
	r.Title = "Transparency report of " + string(b.Participant)
	r.Law = practice
	r.Notes = append(r.Notes, "Counted is what was received in the period, by this node's own ledger, and how it stood at the moment named above.",
		"A domestic order counts where it was received, also if it carries out the request of another State; the country is "+
			"that of who issued the order. Exercises are left out.",
		"Requests for national security by the United States are left out: 50 USC 1874 lets them be told in bands only (comity report usc-1874).")
	r.Tables = []Table{p.received.done(), p.types.done(), p.outcomes.done(), p.turnaround.done(), p.objections.done(),
		p.gags.table(), p.kept.done(), p.overTime.done()}
	r.Charts = []Chart{{Title: "Requests received, by month", Table: "months", Lines: true},
		{Title: "Outcomes", Table: "outcomes"},
		{Title: "Median turnaround by instrument", Table: "turnaround", Columns: []int{1}},
		{Title: "Objections and their results", Table: "objections"}}
	return nil
}
