package report

import "fmt"

// suppress hides the numbers below a limit, but not 0, and what was measured of
// so few. Where one number of a column is hidden alone, its total is too; where
// one of a row that adds up to a number told elsewhere is, the next smallest. That
// is a policy and no law: it does not keep a number from whoever knows others.
func suppress(r *Report, limit int64) {
	r.Notes = append(r.Notes, fmt.Sprintf("Numbers below %d are not shown, nor what was measured of so few. "+
		"That is the publisher's policy, not law.", limit))
	for i := range r.Tables {
		t := &r.Tables[i]
		hidden := make([]int, len(t.Columns))
		for n := range t.Rows {
			for c := range t.Rows[n].hide(t, limit) {
				if !t.Rows[n].Total {
					hidden[c]++
				}
			}
		}
		for n := range t.Rows {
			for c := range t.Columns {
				if cell := &t.Rows[n].Cells[c]; t.Rows[n].Total && hidden[c] == 1 && cell.Value != nil {
					*cell = Cell{Unknown: Suppressed}
				}
			}
		}
	}
}

// hide hides what is too small in a row, and returns the columns in which it did.
func (r *Row) hide(t *Table, limit int64) map[int]bool {
	columns := t.Columns
	out := map[int]bool{}
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Missing > 0 && c.Missing < limit {
			c.Missing = 0
		}
		if columns[i].Unit == Count && c.Value != nil && *c.Value > 0 && *c.Value < limit {
			*c = Cell{Below: limit}
			out[i] = true
		}
	}
	if len(out) == 0 {
		return out
	}
	if i := r.next(); t.sums && len(out) == 1 && i >= 0 {
		r.Cells[i] = Cell{Unknown: Suppressed}
		out[i] = true
	}
	for i := range r.Cells {
		if columns[i].Unit != Count && r.Cells[i].Value != nil {
			r.Cells[i] = Cell{Unknown: Suppressed}
			out[i] = true
		}
	}
	return out
}

// next returns the smallest number of a row that is not 0 and is shown, -1 if there
// is none.
func (r *Row) next() int {
	out := -1
	for i, c := range r.Cells {
		if c.Value != nil && *c.Value > 0 && (out < 0 || *c.Value < *r.Cells[out].Value) {
			out = i
		}
	}
	return out
}
