package report

import (
	"slices"

	"comity.example/protocol"
)

// The types of data of Regulation (EU) 2023/1543, Art. 3(9) to (12), and what
// is none of them.
const (
	euSubscriber = "subscriber data (Art. 3(9))"
	euIdentify   = "identification data (Art. 3(10))"
	euTraffic    = "traffic data (Art. 3(11))"
	euContent    = "content data (Art. 3(12))"
	euNoType     = "none of these"
)

// euTypes returns the types of data that a request asks for, each once. That
// the data of a domain's registrant are subscriber data is a reading.
func euTypes(f *Fact) []string {
	var out []string
	for _, c := range f.Categories {
		t := euNoType
		switch c {
		case protocol.CategorySubscriber, protocol.CategoryDomain:
			t = euSubscriber
		case protocol.CategoryUserID:
			t = euIdentify
		case protocol.CategoryTraffic, protocol.CategoryLocation:
			t = euTraffic
		case protocol.CategoryContent:
			t = euContent
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (f *Fact) euCertificate() string {
	if f.Type == protocol.Preservation {
		return "EPOC-PR"
	}
	return "EPOC"
}

func situation(f *Fact) string {
	if f.Emergency {
		return "emergency"
	}
	return "no emergency"
}

// An euGrid has rows by certificate, type of data, organisation and situation.
type euGrid struct {
	*grid
	who func(*Fact) string
	// calm leaves the situation out: where the Article does not ask for it.
	calm bool
}

// adding says that the figures of a row add up to one that is told elsewhere.
func (g *euGrid) adding() *euGrid {
	g.table.sums = true
	return g
}

func (g *euGrid) visit(f *Fact) visit { return g.visitBy(f, []string{""}) }

// visitBy visits the rows of each of some further words, where the grid has one
// dimension more.
func (g *euGrid) visitBy(f *Fact, more []string) visit {
	var rows [][]string
	for _, t := range euTypes(f) {
		for _, m := range more {
			row := []string{f.euCertificate(), t, g.who(f), situation(f), m}
			if g.calm {
				row = slices.Delete(row, 3, 4)
			}
			rows = append(rows, row[:len(g.table.Dims)])
		}
	}
	return g.at(rows...)
}

func euTable(id, title, article, who string) Table {
	return Table{ID: id, Title: title, Article: article, Dims: []string{"certificate", "type of data", who, "situation"}}
}

func columns(unit Unit, article string, names ...string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i] = Column{n, article, unit}
	}
	return out
}

// What is said below the tables by type of data.
const noteTypes = "A request for several types of data stands in the row of each: the rows can add up to more than all."
const noteFulfilled = "Fulfilled: the addressee said that it handed over all the data. In part: some, and no more so far. " +
	"Not fulfilled: no data, refused, lifted, not applicable, impossible, not delivered or withdrawn before any data. " +
	"An EPOC-PR counts as fulfilled when it was before the addressee and none of these came: " +
	"no act says that data are kept. These are readings; the Article defines neither word."
const noteMissing = "Of the cases that are counted as not known, a moment is not known to this node; they are not in the average."

// outcomes counts fulfilled, in part, not fulfilled and pending, from a column on.
func (v visit) outcomes(f *Fact, from int) {
	v.yes(from, f.fulfilled())
	v.yes(from+1, f.Outcome == OutcomePartial)
	v.yes(from+2, f.failed())
	v.yes(from+3, f.Outcome == OutcomePending)
}

// stateFold is the report of Art. 28(2), by an authority of the issuing State;
// letters (g) to some part by one of the enforcing State.
type stateFold struct {
	opts Options
	issued, derogated, fulfilled, notified, refused,
	obtained, kept, enforced *euGrid
	validation, costs, raised, overTime, gone *grid
}

func newState(o Options) *stateFold {
	addressee := func(f *Fact) string { return string(f.Addressee) }
	table := func(id, title, article string) Table { return euTable(id, title, article, "addressee") }
	with := func(t Table, c ...[]Column) *euGrid {
		t.Columns = slices.Concat(c...)
		t.Notes = append(t.Notes, noteTypes)
		return &euGrid{grid: newGrid(t).total(), who: addressee}
	}
	s := &stateFold{opts: o,
		issued: with(table("a", "EPOCs and EPOC-PRs issued", "Art. 28(2)(a)"),
			columns(Count, "28(2)(a)", "issued")),
		derogated: with(table("b", "EPOCs issued under emergency case derogations", "Art. 28(2)(b), 4(5)"),
			columns(Count, "28(2)(b)", "issued without prior validation")),
		fulfilled: with(table("c", "Fulfilled and not fulfilled", "Art. 28(2)(c)"),
			columns(Count, "28(2)(c)", "fulfilled", "in part", "not fulfilled", "pending")).adding(),
		notified: with(table("d-notifications", "Notifications to enforcing authorities", "Art. 28(2)(d), 8"),
			columns(Count, "28(2)(d)", "notifications")),
		refused: with(table("d-refusals", "EPOCs that were refused, by the ground that was raised", "Art. 28(2)(d), 12"),
			columns(Count, "28(2)(d)", "refused", "refused in part or with conditions")),
		obtained: with(table("e", "From the issue of an EPOC until the data were obtained", "Art. 28(2)(e)"),
			columns(Mean, "28(2)(e)", "average")),
		kept: with(table("f", "From the issue of an EPOC-PR to that of the request for production", "Art. 28(2)(f)"),
			columns(Mean, "28(2)(f)", "average")),
		enforced: with(table("g", "Orders sent to, and received by, an enforcing State for enforcement", "Art. 28(2)(g), 16"),
			columns(Count, "28(2)(g)", "transmitted", "of these fulfilled", "received", "of these fulfilled")),
	}
	s.refused.table.Dims = append(s.refused.table.Dims, "ground")
	s.refused.total()
	s.refused.table.Notes = append(s.refused.table.Notes, "The grounds are those that a notified authority raised (Art. 12). An EPOC that was refused on two stands in both rows, and once in all.")
	s.kept.calm = true
	s.kept.table.Dims = s.kept.table.Dims[:3]
	s.kept.total()
	s.kept.table.Notes = append(s.kept.table.Notes, noteMissing)
	s.obtained.table.Notes = append(s.obtained.table.Notes, noteMissing)
	s.fulfilled.table.Notes = append(s.fulfilled.table.Notes, noteFulfilled)
	s.validation = newGrid(Table{ID: "i", Title: "Validation after the fact", Article: "Art. 28(2)(i), 4(5)",
		Dims: []string{"validation"}, Columns: columns(Count, "28(2)(i)", "cases", "not granted"),
		Notes: []string{"Not granted are those that were denied, and those that were not sought in time."}}).
		named("denied", "lapsed", "pending", "sought", "granted").total()
	s.costs = newGrid(Table{ID: "j", Title: "Costs claimed and reimbursed", Article: "Art. 28(2)(j), 14",
		Dims: []string{"certificate", "currency"}, Columns: slices.Concat(columns(Count, "28(2)(j)", "claims"),
			columns(Money, "28(2)(j)", "claimed"), columns(Count, "28(2)(j)", "reimbursed claims"),
			columns(Money, "28(2)(j)", "reimbursed")),
		Notes: []string{"A claim counts as reimbursed in full: an act that says that costs were paid names no amount.",
			"Amounts are in the smallest unit of the currency, such as cents."}})
	s.raised = newGrid(Table{ID: "d-enforcing", Title: "As enforcing authority: notifications received and grounds raised",
		Article: "Art. 28(2)(d), 8, 12", Dims: []string{"issuing State", "situation"},
		Columns: columns(Count, "28(2)(d)", "notifications received", "refused", "refused in part or with conditions"),
		Notes:   []string{"These are counted in the issuing State's report too."}}).total()
	s.overTime = months(o, "issued")
	s.gone = deletions("Art. 4(5), 10(4); Implementing Regulation (EU) 2025/1550, Annex, 3.3.3(b)")
	return s
}

func (s *stateFold) add(f *Fact) {
	if f.Agreement != EURegulation || !s.opts.in(f.Issued) {
		return
	}
	if f.Enforcing {
		s.enforcing(f)
	}
	if !f.Issuing || f.Certifying { // the authority that issued it counts it
		return
	}
	pr := f.Type == protocol.Preservation
	s.issued.visit(f).count(0, 1)
	s.overTime.at([]string{month(f.Issued)}).yes(column(f.Emergency), true)
	s.fulfilled.visit(f).outcomes(f, 0)
	s.gone.deleted(f)
	if f.Unvalidated && !pr {
		s.derogated.visit(f).count(0, 1)
	}
	if f.Validation != "" {
		v := s.validation.at([]string{f.Validation})
		v.count(0, 1)
		v.yes(1, f.Validation == "denied" || f.Validation == "lapsed")
	}
	if f.Notified > 0 {
		s.notified.visit(f).count(0, f.Notified)
	}
	if !pr {
		for _, partial := range []bool{false, true} {
			if grounds := f.grounds(partial); len(grounds) > 0 {
				s.refused.visitBy(f, grounds).count(column(partial), 1)
			}
		}
	}
	if f.fulfilled() && !pr {
		s.obtained.visit(f).took(0, f.Issued, f.Produced)
	}
	if f.fulfilled() && f.Kept != nil && f.Kept.Named {
		s.kept.visit(f).took(0, f.Issued, f.Kept.Followed)
	}
	if n := int64(len(f.Enforced)); n > 0 {
		v := s.enforced.visit(f)
		v.count(0, 1)
		v.yes(1, f.fulfilled())
	}
	for _, c := range f.Costs {
		v := s.costs.at([]string{f.euCertificate(), c.Currency})
		v.count(0, 1)
		v.count(1, c.Amount)
		if c.Paid {
			v.count(2, 1)
			v.count(3, c.Amount)
		}
	}
}

// grounds returns the grounds that were raised against all of it, or in part.
func (f *Fact) grounds(partial bool) []string {
	var out []string
	for _, r := range f.Raised {
		if r.Partial == partial {
			out = append(out, string(r.Ground))
		}
	}
	return out
}

// enforcing counts what an authority of the enforcing State knows.
func (s *stateFold) enforcing(f *Fact) {
	if len(f.Enforced) > 0 {
		v := s.enforced.visit(f)
		v.count(2, 1)
		v.yes(3, f.fulfilled())
	}
	if f.Notified == 0 {
		return
	}
	v := s.raised.at([]string{string(f.Issuer.Party()), situation(f)})
	v.count(0, 1)
	v.yes(1, slices.ContainsFunc(f.Raised, func(r Raised) bool { return !r.Partial })) // also if it was withdrawn then
	v.yes(2, slices.ContainsFunc(f.Raised, func(r Raised) bool { return r.Partial }))
}

func (s *stateFold) report(r *Report, b Basis) error {
	r.Title = "Statistics of a Member State on European Production and Preservation Orders"
	r.Law = "Regulation (EU) 2023/1543, Art. 28(2); due to the Commission by 31 March"
	r.Notes = append(r.Notes,
		"Counted are the certificates that "+string(b.Participant)+" issued in the period (days in UTC), and how they stood at "+
			"the moment named above: what comes after that moment is in no later report. What another authority issued and "+
			string(b.Participant)+" only certified is in the other's report, so that the State can add up the reports of its "+
			"authorities. Exercises are left out.",
		"What authorities of the enforcing State received or decided outside this node is not in it.")
	r.Tables = []Table{s.issued.done(), s.derogated.done(), s.fulfilled.done(), s.notified.done(), s.refused.done(),
		s.raised.done(), s.obtained.done(), s.kept.done(), s.enforced.done(),
		unknown(Table{ID: "h", Title: "Legal remedies against European Production Orders", Article: "Art. 28(2)(h), 18",
			Dims:    []string{"type of data"},
			Columns: columns(Count, "28(2)(h)", "in the issuing State", "in the enforcing State")},
			"No act records a remedy of Art. 18: it is before a court. Ask the courts."),
		s.validation.done(), s.costs.done(), s.gone.done(), s.overTime.done()}
	r.Charts = []Chart{{Title: "Certificates issued, by month", Table: "months", Lines: true},
		{Title: "Fulfilled and not fulfilled", Table: "c", TotalOnly: true}}
	return nil
}

// holderFold is the report of Art. 28(4), by a provider.
type holderFold struct {
	opts                            Options
	received, fulfilled, took, kept *euGrid
	overTime                        *grid
}

func newHolder(o Options) *holderFold {
	issuer := func(f *Fact) string { return string(f.Issuer.Party()) }
	with := func(id, title, article string, c []Column) *euGrid {
		t := euTable(id, title, article, "issuing State")
		t.Columns, t.Notes = c, []string{noteTypes}
		return &euGrid{grid: newGrid(t).total(), who: issuer}
	}
	h := &holderFold{opts: o,
		received: with("a", "EPOCs and EPOC-PRs received", "Art. 28(4)(a)", columns(Count, "28(4)(a)", "received")),
		fulfilled: with("b", "Fulfilled and not fulfilled", "Art. 28(4)(b)",
			columns(Count, "28(4)(b)", "fulfilled", "in part", "not fulfilled", "pending")).adding(),
		took: with("c", "From the receipt of an EPOC until the data were provided", "Art. 28(4)(c)",
			columns(Mean, "28(4)(c)", "average")),
		kept: with("d", "From the issue of an EPOC-PR to that of the request for production", "Art. 28(4)(d)",
			columns(Mean, "28(4)(d)", "average")),
		overTime: months(o, "received"),
	}
	h.kept.calm = true
	h.kept.table.Dims = h.kept.table.Dims[:3]
	h.kept.total()
	h.kept.table.Notes = append(h.kept.table.Notes, noteMissing)
	h.took.table.Notes = append(h.took.table.Notes, noteMissing)
	h.fulfilled.table.Notes = append(h.fulfilled.table.Notes, noteFulfilled)
	return h
}

func (h *holderFold) add(f *Fact) {
	if f.Agreement != EURegulation || !f.Receiving || f.secretFromOthers() || !h.opts.in(f.Received) {
		return
	}
	h.received.visit(f).count(0, 1)
	h.overTime.at([]string{month(f.Received)}).yes(column(f.Emergency), true)
	h.fulfilled.visit(f).outcomes(f, 0)
	if f.fulfilled() && f.Type != protocol.Preservation {
		h.took.visit(f).took(0, f.Received, f.Produced)
	}
	if f.fulfilled() && f.Kept != nil && f.Kept.Named {
		h.kept.visit(f).took(0, f.Issued, f.Kept.Followed)
	}
}

func (h *holderFold) report(r *Report, b Basis) error {
	r.Title = "Statistics of a service provider on European Production and Preservation Orders"
	r.Law = "Regulation (EU) 2023/1543, Art. 28(4): voluntary; to the Commission by 31 March"
	r.Notes = append(r.Notes, "Counted are the certificates that "+string(b.Participant)+
		" received in the period (days in UTC) by its own ledger, and how they stood at the moment named above. "+
		"Exercises are left out.")
	r.Tables = []Table{h.received.done(), h.fulfilled.done(), h.took.done(), h.kept.done(), h.overTime.done()}
	r.Charts = []Chart{{Title: "Certificates received, by month", Table: "months", Lines: true},
		{Title: "Fulfilled and not fulfilled", Table: "b", TotalOnly: true}}
	return nil
}

// column is 1 where something is so, 0 where not.
func column(is bool) int {
	if is {
		return 1
	}
	return 0
}
