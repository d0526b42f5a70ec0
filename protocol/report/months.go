package report

import "time"

// monthForm is how a month stands in a table.
const monthForm = "2006-01"

func month(t time.Time) string { return t.UTC().Format(monthForm) }

// maxMonths bounds the months that are there although nothing happened in them.
const maxMonths = 120

// months is a table of what happened by the month.
func months(o Options, what string) *grid {
	g := newGrid(Table{ID: "months", Title: "By month, in UTC", Article: "for the chart; no law asks for it",
		Dims: []string{"month"}, Columns: columns(Count, "", what, what+", emergency")})
	var names []string
	y, m, _ := o.From.UTC().Date()
	for t := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC); t.Before(o.To) && len(names) < maxMonths; t = t.AddDate(0, 1, 0) {
		names = append(names, month(t))
	}
	return g.named(names...)
}
