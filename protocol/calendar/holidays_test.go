package calendar_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/cy"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ee"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/hu"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/is"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mt"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/rs"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"

	"comity.example/protocol/calendar"
)

var update = flag.Bool("update", false, "write holidays.txt anew: read the difference before it is committed")

// head is what stands above the table.
const head = `# Public holidays that do not always fall on a Sunday, by Party and year, as month
# and day; with the day on which one is observed instead, where the law says so.
# Those of the whole Party: of regions and towns are none here, which is for
# people; of Australia those of the Capital Territory, of the United Kingdom those
# of England and Wales, of Canada the federal and usual ones. Made by
# TestHolidays -update from github.com/rickar/cal/v2, release 2.1.27 (BSD licence),
# with the corrections that stand in that test.
`

// of are the lists of the library.
func of() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"AT": at.Holidays, "AU": au.HolidaysACT, "BE": be.Holidays, "BG": bg.Holidays, "BR": br.Holidays,
		"CA": ca.Holidays, "CY": cy.Holidays, "CZ": cz.Holidays, "DE": de.Holidays, "DK": dk.Holidays,
		"EE": ee.Holidays, "ES": es.Holidays, "FI": fi.Holidays, "FR": fr.Holidays, "GB": gb.Holidays,
		"GR": gr.Holidays, "HR": hr.Holidays, "HU": hu.Holidays, "IE": ie.Holidays, "IS": is.Holidays,
		"IT": it.Holidays, "LT": lt.Holidays, "LU": lu.Holidays, "LV": lv.Holidays, "MT": mt.Holidays,
		"NL": nl.Holidays, "NO": no.Holidays, "NZ": nz.Holidays, "PL": pl.Holidays, "PT": pt.Holidays,
		"RO": ro.Holidays, "RS": rs.Holidays, "SE": se.Holidays, "SI": si.Holidays, "SK": sk.Holidays,
		"US": us.Holidays, "ZA": za.Holidays,
	}
}

// corrections are what the library has not, or has wrong: the national day of
// Luxembourg is in June, and 9 May is a holiday there since 2019; 4 October is one
// in Italy again from 2026 on (Legge 151/2025).
func corrections(party string, year int) (add, drop []string) {
	switch {
	case party == "LU":
		return []string{"0509", "0623"}, []string{"0723"}
	case party == "IT" && year >= 2026:
		return []string{"1004"}, nil
	}
	return nil, nil
}

// listed returns the holidays of a Party in a year.
func listed(party string, list []*cal.Holiday, year int) []string {
	var out []string
	note := func(day time.Time) {
		if !day.IsZero() && day.Year() == year {
			out = append(out, day.Format("0102"))
		}
	}
	for _, h := range list {
		if h.Type == cal.ObservanceOther || h.Type == cal.ObservanceReligious {
			continue // no public holiday
		}
		for y := year - 1; y <= year+1; y++ { // the first of January may be observed in December
			actual, observed := h.Calc(y)
			note(actual)
			note(observed)
		}
	}
	add, drop := corrections(party, year)
	out = slices.DeleteFunc(append(out, add...), func(d string) bool { return slices.Contains(drop, d) })
	slices.Sort(out)
	return slices.Compact(out)
}

// TestHolidays: the table is what the library computes, with the corrections.
func TestHolidays(t *testing.T) {
	cal.DefaultLoc = time.UTC // the machine's own zone has no part in it
	var b strings.Builder
	b.WriteString(head)
	lists := of()
	parties := make([]string, 0, len(lists))
	for p := range lists {
		parties = append(parties, p)
	}
	slices.Sort(parties)
	for _, p := range parties {
		for year := calendar.FirstYear; year <= calendar.LastYear; year++ {
			fmt.Fprintf(&b, "%s %d %s\n", p, year, strings.Join(listed(p, lists[p], year), " "))
		}
	}
	if *update {
		if err := os.WriteFile("holidays.txt", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("holidays.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("holidays.txt is not what the library computes: run the test with -update, and read the difference")
	}
}
