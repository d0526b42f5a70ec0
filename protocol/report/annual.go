package report

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// annualFold is what one side's designated authority tells the other's, once a
// year, of an agreement (UK-US Agreement, Art. 12; its paragraphs are unverified).
type annualFold struct {
	opts                                                              Options
	types, categories, offences, notices, objections, off, turnaround *grid
	overTime, gone                                                    *grid
}

const annualArticle = "as the agreement asks: UK-US Agreement, Art. 12 (unverified)"

func newAnnual(o Options) *annualFold {
	grid := func(id, title, dim string, c ...[]Column) *grid {
		dims := []string{"agreement", "direction"}
		if dim != "" {
			dims = append(dims, dim)
		}
		return newGrid(Table{ID: id, Title: title, Article: annualArticle, Dims: dims, Columns: slices.Concat(c...)}).total()
	}
	a := &annualFold{opts: o,
		types:      grid("types", "Orders by type", "type", columns(Count, "", "orders", "accounts", "emergency")),
		categories: grid("categories", "Orders by category of data", "category", columns(Count, "", "orders")),
		offences:   grid("offences", "Orders by offence group", "group", columns(Count, "", "orders")),
		notices: grid("notices", "Notices to third States", "",
			columns(Count, "", "orders that concern a third State", "to do", "sent", "left out for a recorded ground")),
		objections: grid("objections", "Objections, by level and by what became of them", "level", columns(Count, "", "objections")),
		off: grid("switched-off", "Orders to which the receiving authority said that the agreement does not apply", "",
			columns(Count, "", "orders")),
		turnaround: grid("turnaround", "From the issue of an order until all data were here", "type",
			columns(Count, "", "produced"), columns(Median, "", "median"), columns(Mean, "", "average")),
		overTime: months(o, "issued"),
		gone:     deletions(annualArticle, "agreement", "direction"),
	}
	a.objections.table.Dims = append(a.objections.table.Dims, "result")
	a.objections.total()
	a.categories.table.Notes = []string{noteCategories}
	a.offences.table.Notes = []string{"The group is the code that the request gives, in the list that the agreement prints."}
	a.turnaround.table.Notes = []string{noteMedian, noteLive}
	return a
}

const noteCategories = "A request for several categories stands in the row of each: the rows can add up to more than all."

func (a *annualFold) add(f *Fact) {
	if !a.opts.in(f.Issued) || f.secretFromOthers() || f.Executes { // the request that it carries out counts
		return
	}
	at := func(more ...string) []string {
		direction := string(f.Issuer.Party()) + " to " + string(f.Addressee.Party())
		return append([]string{f.Agreement, direction}, more...)
	}
	v := a.types.at(at(string(f.Type)))
	v.count(0, 1)
	v.count(1, f.Accounts)
	v.yes(2, f.Emergency)
	a.overTime.at([]string{month(f.Issued)}).yes(column(f.Emergency), true)
	var rows [][]string
	for _, c := range f.Categories {
		rows = append(rows, at(string(c)))
	}
	a.categories.at(rows...).count(0, 1)
	group := f.Offence
	if group == "" {
		group = "not given"
	}
	a.offences.at(at(group)).count(0, 1)
	if f.ThirdState != "" {
		v := a.notices.at(at())
		v.count(0, 1)
		v.yes(1+slices.Index([]string{"to_do", "sent", "exception"}, f.ThirdState), true)
	}
	for _, o := range f.Objections {
		a.objections.at(at(string(o.Level), o.Result)).count(0, 1)
	}
	a.gone.deleted(f, at()...)
	a.off.at(at()).yes(0, f.State == casefile.NotApplicable)
	if f.Type != protocol.Preservation && f.Type != protocol.Interception && f.fulfilled() {
		v := a.turnaround.at(at(string(f.Type)))
		v.count(0, 1)
		v.took(1, f.Issued, f.Produced)
		v.took(2, f.Issued, f.Produced)
	}
}

func (a *annualFold) report(r *Report, b Basis) error {
	r.Title = "Yearly report under each agreement, by direction"
	r.Law = annualArticle
	r.Notes = append(r.Notes, "Counted are the orders issued in the period in whose cases "+string(b.Participant)+
		" takes part, and how they stood at the moment named above.",
		"A domestic order that carries out the request of another State is left out: the request counts. Exercises are left out.",
		"The volume in one direction is told here and is never a reason to block the other.")
	r.Tables = []Table{a.types.done(), a.categories.done(), a.offences.done(), a.notices.done(), a.objections.done(),
		a.off.done(), a.turnaround.done(), a.gone.done(), a.overTime.done()}
	r.Charts = []Chart{{Title: "Orders issued, by month", Table: "months", Lines: true},
		{Title: "Median turnaround by agreement, direction and type", Table: "turnaround", Columns: []int{1}},
		{Title: "Objections and their results", Table: "objections"}}
	return nil
}
