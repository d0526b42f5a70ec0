package report

import (
	"slices"
	"time"
)

// NoticeGrace is how long after it came due a notice that was not given counts
// as overdue. It is a policy of this report: no article that was verified sets
// a period.
const NoticeGrace = 30 * 24 * time.Hour

// secrecyFold is how orders of secrecy stand.
type secrecyFold struct {
	opts                           Options
	orders, lengths, ages, notices *grid
}

const secrecyArticle = "18 USC 2705(b); Regulation (EU) 2023/1543, Art. 13"
const endless = "no end"

// classes are those of length and of age; the last is open.
var classes = [...]struct {
	name string
	days int64
}{{"up to 30 days", 30}, {"31 to 90 days", 90}, {"91 to 180 days", 180}, {"181 to 365 days", 365}, {"over 365 days", 0}}

// class returns the class of a number of seconds; a day that was begun counts.
func class(seconds int64) string {
	for _, c := range classes {
		if seconds <= c.days*24*3600 {
			return c.name
		}
	}
	return classes[len(classes)-1].name
}

func newSecrecy(o Options) *secrecyFold {
	grid := func(id, title string, dims []string, c []Column) *grid {
		return newGrid(Table{ID: id, Title: title, Article: secrecyArticle, Dims: dims, Columns: c})
	}
	var names []string
	for _, c := range classes {
		names = append(names, c.name)
	}
	forms := columns(Count, secrecyArticle, "by an order", "in the request")
	s := &secrecyFold{opts: o,
		orders: grid("orders", "Orders that began in the period", []string{"country"}, columns(Count, secrecyArticle,
			"orders", "without an end", "extended", "challenged", "lifted", "expired", "in force")).total(),
		lengths: grid("length", "Orders that began in the period, by length", []string{"length"}, forms).named(append(names, endless)...),
		ages: grid("age", "Orders in force at the moment named above, by age", []string{"age"},
			columns(Count, secrecyArticle, "with an end", endless)).named(names...),
		notices: grid("notices", "Notices to users, of orders that ended in the period", []string{"country"},
			columns(Count, secrecyArticle, "ended", "told", "left out for a recorded ground", "delayed", "due", "of these overdue")).total(),
	}
	s.notices.table.Notes = []string{"Overdue: due for more than 30 days. That is a policy of this report, not law."}
	s.lengths.table.Notes = []string{"The length is from the beginning of an order to its end as it was last extended. " +
		"Secrecy asked for in the request is there until an order takes its place."}
	return s
}

func (s *secrecyFold) add(f *Fact) {
	q := f.Secrecy
	if q == nil || f.secretFromOthers() || f.Carried { // the order that carries it out binds who could tell
		return
	}
	country := []string{string(f.Issuer.Party())}
	if s.opts.in(q.Since) {
		v := s.orders.at(country)
		v.count(0, 1)
		v.yes(1, q.Until.IsZero())
		v.yes(2, q.Extended)
		v.yes(3, q.Disputed)
		v.yes(4, !q.Lifted.IsZero())
		v.yes(5, q.Lifted.IsZero() && !q.Open)
		v.yes(6, q.Open)
		length := endless
		if !q.Until.IsZero() {
			length = class(int64(q.Until.Sub(q.Since) / time.Second))
		}
		s.lengths.at([]string{length}).yes(column(!q.Ordered), true)
	}
	if q.Open && q.Since.Before(s.opts.To) {
		s.ages.at([]string{class(q.Age)}).yes(column(q.Until.IsZero()), true)
	}
	if !q.Open && s.opts.in(q.Ends()) {
		v := s.notices.at(country)
		v.count(0, 1)
		states := []string{"done", "omitted", "delayed", "due"}
		if i := slices.Index(states, q.Notice); i >= 0 {
			v.count(1+i, 1)
		}
		v.yes(5, q.Late)
	}
}

func (s *secrecyFold) report(r *Report, b Basis) error {
	r.Title = "Orders of secrecy, and the notices after them"
	r.Law = secrecyArticle
	r.Notes = append(r.Notes, "Counted are the cases of "+string(b.Participant)+
		", and how they stood at the moment named above.",
		"Of a request that a domestic order carries out here, that order counts, and not the request. Exercises are left out.",
		"Where this node is the addressee, national security process of the United States is left out: "+
			"50 USC 1874 lets it be told in bands only.")
	r.Tables = []Table{s.orders.done(), s.lengths.done(), s.ages.done(), s.notices.done()}
	r.Charts = []Chart{{Title: "Orders by length", Table: "length"},
		{Title: "Orders in force by age", Table: "age"}}
	return nil
}
