package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"comity.example/protocol/canon"
)

// MaxDifferences bounds what Differences names.
const MaxDifferences = 20

// Differences says where the figures of two reports differ, by table, row and
// column, nil where they do not. That they name other checkpoints or other
// inputs is no difference of figures.
func Differences(a, b *Report) []string {
	var out []string
	if a.Options != b.Options {
		out = append(out, "they report something else, or another period")
	}
	if !slices.EqualFunc(a.Tables, b.Tables, func(x, y Table) bool { return x.ID == y.ID }) {
		return append(out, "they have other tables: one was made by another version")
	}
	for i := range a.Tables {
		out = append(out, differ(&a.Tables[i], &b.Tables[i])...)
	}
	if len(out) > MaxDifferences {
		out = append(out[:MaxDifferences], fmt.Sprintf("and %d more", len(out)-MaxDifferences))
	}
	return out
}

func differ(a, b *Table) []string {
	var out []string
	rows := map[string]*Row{}
	for i := range b.Rows {
		rows[key(b.Rows[i].Labels)] = &b.Rows[i]
	}
	for i := range a.Rows {
		row := &a.Rows[i]
		name := a.ID + ": " + strings.Join(row.Labels, " / ")
		other := rows[key(row.Labels)]
		delete(rows, key(row.Labels))
		if other == nil || len(other.Cells) != len(row.Cells) {
			out = append(out, name+": stands in the first only")
			continue
		}
		for n := range row.Cells {
			x, errX := canon.Encode(row.Cells[n])
			y, errY := canon.Encode(other.Cells[n])
			if (errX != nil || errY != nil || !bytes.Equal(x, y)) && n < len(a.Columns) {
				out = append(out, fmt.Sprintf("%s: %s: %s, and %s", name, a.Columns[n].Name,
					row.Cells[n].text(a.Columns[n].Unit), other.Cells[n].text(a.Columns[n].Unit)))
			}
		}
	}
	for _, row := range b.Rows {
		if rows[key(row.Labels)] != nil {
			out = append(out, b.ID+": "+strings.Join(row.Labels, " / ")+": stands in the second only")
		}
	}
	return out
}
