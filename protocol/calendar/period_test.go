package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/calendar"
)

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

const (
	hours   = agreement.UnitHours
	days    = agreement.UnitDays
	working = agreement.UnitWorkingDays
	months  = agreement.UnitMonths
	eu      = agreement.Regulation1182
)

// TestPeriodsOfTheTexts are worked examples: of the Regulation's article 3, of the
// Act's "beginning with the day", and of what neither computes.
func TestPeriodsOfTheTexts(t *testing.T) {
	for _, c := range []struct {
		name  string
		from  string
		count int
		unit  agreement.Unit
		by    agreement.Computation
		place protocol.Party
		ends  string
	}{
		{"3(1): the hour of the event is not counted", "2027-03-01T10:20:00Z", 8, hours, eu, "IE", "2027-03-01T19:00:00Z"},
		{"3(1): nor is one that has just begun", "2027-03-01T10:00:00Z", 8, hours, eu, "IE", "2027-03-01T19:00:00Z"},
		{"3(3): hours go on over a weekend", "2027-03-05T17:59:59Z", 96, hours, eu, "IE", "2027-03-09T18:00:00Z"},
		{"hours go on while clocks are put forward", "2027-03-28T00:10:00Z", 8, hours, eu, "DE", "2027-03-28T09:00:00Z"},
		{"3(1): the day of the event is not counted", "2027-03-01T00:00:00Z", 10, days, eu, "IE", "2027-03-12T00:00:00Z"},
		{"the day is the place's: half past eleven in London is the next day in Berlin", "2027-03-01T23:30:00Z", 10, days, eu, "DE", "2027-03-12T23:00:00Z"},
		{"3(4): a Saturday", "2027-03-03T10:00:00Z", 10, days, eu, "IE", "2027-03-16T00:00:00Z"},
		{"3(4): a holiday of the place", "2027-03-07T10:00:00Z", 10, days, eu, "IE", "2027-03-19T00:00:00Z"},
		{"3(4): and not of another", "2027-03-07T10:00:00Z", 10, days, eu, "FR", "2027-03-17T23:00:00Z"},
		{"3(4): one day", "2027-03-05T10:00:00Z", 1, days, eu, "IE", "2027-03-09T00:00:00Z"},
		{"3(5): two days over Easter have two working days", "2027-03-25T10:00:00Z", 2, days, eu, "DE", "2027-03-31T22:00:00Z"},
		{"3(5): five days over Christmas", "2026-12-24T10:00:00Z", 5, days, eu, "DE", "2026-12-29T23:00:00Z"},
		{"3(2)(c): a month ends on the same date", "2027-01-05T10:00:00Z", 1, months, eu, "IE", "2027-02-06T00:00:00Z"},
		{"3(2)(c): or on the last of a month that has none", "2028-01-31T10:00:00Z", 1, months, eu, "IE", "2028-03-01T00:00:00Z"},
		{"2(2): working days", "2027-03-15T10:00:00Z", 5, working, eu, "IE", "2027-03-24T00:00:00Z"},
		{"2(2): in France", "2027-03-25T10:00:00Z", 5, working, eu, "FR", "2027-04-02T22:00:00Z"},
		{"beginning with the day: seven days", "2027-03-01T10:20:00Z", 7, days, agreement.FirstDay, "GB", "2027-03-08T00:00:00Z"},
		{"beginning with the day: three months", "2027-01-15T09:00:00Z", 3, months, agreement.FirstDay, "GB", "2027-04-14T23:00:00Z"},
		{"plain days", "2027-03-01T10:20:30Z", 14, days, agreement.Plain, "", "2027-03-15T10:20:30Z"},
		{"plain hours", "2027-03-01T10:20:30Z", 96, hours, agreement.Plain, "", "2027-03-05T10:20:30Z"},
		{"plain months", "2027-01-31T10:20:30Z", 1, months, agreement.Plain, "", "2027-02-28T10:20:30Z"},
	} {
		got := calendar.Period{From: moment(t, c.from), Count: c.count, Unit: c.unit, By: c.by, Place: calendar.At(c.place)}.End()
		if !got.At.Equal(moment(t, c.ends)) || got.Without != "" {
			t.Errorf("%s: got %v %q, want %s", c.name, got.At, got.Without, c.ends)
		}
	}
}

// TestWhatIsNotKnownIsSaid: no holidays and no zone are guessed, and the count
// says what it did without.
func TestWhatIsNotKnownIsSaid(t *testing.T) {
	for _, c := range []struct {
		from  string
		count int
		unit  agreement.Unit
		by    agreement.Computation
		place protocol.Party
		want  string
	}{
		{"2027-03-01T10:00:00Z", 10, days, eu, "XA", "the public holidays of XA"},
		{"2027-03-01T10:00:00Z", 10, days, eu, "CH", "the public holidays of CH"},
		{"2040-12-30T10:00:00Z", 10, days, eu, "IE", "the public holidays of IE"},
		{"2022-12-30T10:00:00Z", 10, days, eu, "IE", "the public holidays of IE"},
		{"2027-03-01T10:00:00Z", 5, working, agreement.Plain, "XA", "the public holidays of XA"},
		{"2027-03-01T10:00:00Z", 7, days, agreement.FirstDay, "XA", "the time zone of XA"},
		{"2027-03-01T10:00:00Z", 10, days, agreement.National, "FR", "the national law of FR"},
		{"2027-03-01T10:00:00Z", 8, hours, eu, "XA", ""},
		{"2027-03-01T10:00:00Z", 10, days, agreement.Plain, "XA", ""},
	} {
		got := calendar.Period{From: moment(t, c.from), Count: c.count, Unit: c.unit, By: c.by, Place: calendar.At(c.place)}.End()
		if got.Without != c.want || !got.At.After(moment(t, c.from)) {
			t.Errorf("%d %s by %s in %s: got %v without %q, want %q", c.count, c.unit, c.by, c.place, got.At, got.Without, c.want)
		}
	}
}

// TestEveryMemberStateHasACalendar: the Regulation on electronic evidence counts
// in each of them.
func TestEveryMemberStateHasACalendar(t *testing.T) {
	for _, p := range []protocol.Party{"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
		"LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "GB", "US", "CA", "AU"} {
		place := calendar.At(p)
		if !place.Zoned {
			t.Errorf("%s has no zone", p)
		}
		for year := calendar.FirstYear; year <= calendar.LastYear; year++ {
			if !place.Holidays(year) || place.Works(calendar.Day{Year: year, Month: time.January, Day: 1}) {
				t.Errorf("%s %d: no holidays, or New Year is none", p, year)
			}
		}
	}
}

// TestZoneIsThePlaces: the rules of a zone are the program's own, with summer time.
func TestZoneIsThePlaces(t *testing.T) {
	for p, want := range map[protocol.Party][2]string{
		"IE": {"2027-01-10T00:00:00Z", "2027-07-09T23:00:00Z"}, "US": {"2027-01-10T05:00:00Z", "2027-07-10T04:00:00Z"},
		"AU": {"2027-01-09T13:00:00Z", "2027-07-09T14:00:00Z"}, "IS": {"2027-01-10T00:00:00Z", "2027-07-10T00:00:00Z"},
	} {
		for i, month := range []time.Month{time.January, time.July} {
			if got := calendar.At(p).End(calendar.Day{Year: 2027, Month: month, Day: 9}); !got.Equal(moment(t, want[i])) {
				t.Errorf("%s: the ninth of %s ends %v, want %s", p, month, got, want[i])
			}
		}
	}
}

func drawPeriod(t *rapid.T) calendar.Period {
	p := calendar.Period{
		From:  time.Unix(rapid.Int64Range(1_700_000_000, 2_200_000_000).Draw(t, "from"), 0).UTC(),
		Count: rapid.IntRange(1, 120).Draw(t, "count"),
		Unit:  rapid.SampledFrom([]agreement.Unit{hours, days, working, months}).Draw(t, "unit"),
		By:    rapid.SampledFrom([]agreement.Computation{agreement.Plain, eu, agreement.FirstDay, agreement.National}).Draw(t, "by"),
		Place: calendar.At(rapid.SampledFrom([]protocol.Party{"IE", "FR", "DE", "GB", "US", "XA", "AU"}).Draw(t, "place")),
	}
	if p.By == agreement.FirstDay && p.Unit != months {
		p.Unit = days
	}
	if p.Unit == months {
		p.Count = min(p.Count, 24)
	}
	return p
}

// TestRegulationHolds sees of random periods what article 3 says of all.
func TestRegulationHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPeriod(t)
		end := p.End().At
		if !end.After(p.From) {
			t.Fatalf("ends %v, before it began", end)
		}
		if p.By != eu || p.Unit == hours {
			return
		}
		last, begun := p.Place.DayOf(end.Add(-1)), p.Place.DayOf(p.From)
		if !p.Place.Works(last) || !p.Place.End(last).Equal(end) {
			t.Fatalf("ends %v: not with the last hour of a working day", end)
		}
		worked := 0
		for d := begun; d != last; {
			if d = d.Add(1); p.Place.Works(d) {
				worked++
			}
		}
		if p.Unit == days && begun.Until(last) < p.Count || p.Unit == working && worked != p.Count || (p.Count >= 2 || p.Unit == months) && worked < 2 {
			t.Fatalf("%d days and %d working days to %v", begun.Until(last), worked, end)
		}
	})
}

// TestPausingNeverShortens, and what stood still longer does not end earlier.
func TestPausingNeverShortens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPeriod(t)
		end := p.End().At
		from := p.From.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(p.From))).Draw(t, "stands")))
		short := time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "for"))
		long := short + time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "longer"))
		a, b := p.Resume(end, from, from.Add(short)), p.Resume(end, from, from.Add(long))
		if a.Before(end) || b.Before(a) || short == 0 && !a.Equal(end) {
			t.Fatalf("%v for %v: %v, for %v: %v", end, short, a, long, b)
		}
		const summer = time.Hour // a day in which clocks are put forward is shorter
		if p.Unit != working && a.Before(end.Add(short-summer)) {
			t.Fatalf("stood still for %v, and ends only %v later", short, a.Sub(end))
		}
		if p.By == eu && p.Unit == days && !p.Place.Works(p.Place.DayOf(a.Add(-1))) {
			t.Fatalf("resumes to %v, no working day", a)
		}
	})
}

// TestResume are worked examples of what stood still.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name     string
		unit     agreement.Unit
		by       agreement.Computation
		end      string
		from, to string
		want     string
	}{
		{"a day", days, eu, "2027-03-12T00:00:00Z", "2027-03-03T09:00:00Z", "2027-03-04T09:00:00Z", "2027-03-13T00:00:00Z"},
		{"two days, to a Saturday", days, eu, "2027-03-12T00:00:00Z", "2027-03-03T09:00:00Z", "2027-03-05T08:00:00Z", "2027-03-16T00:00:00Z"},
		{"an hour of a day", days, eu, "2027-03-11T00:00:00Z", "2027-03-03T09:00:00Z", "2027-03-03T10:00:00Z", "2027-03-12T00:00:00Z"},
		{"an hour of a working day", working, eu, "2027-03-11T00:00:00Z", "2027-03-03T09:00:00Z", "2027-03-03T10:00:00Z", "2027-03-12T00:00:00Z"},
		{"a weekend of working days", working, eu, "2027-03-11T00:00:00Z", "2027-03-05T09:00:00Z", "2027-03-08T10:00:00Z", "2027-03-12T00:00:00Z"},
		{"half an hour", hours, eu, "2027-03-11T10:00:00Z", "2027-03-11T08:00:00Z", "2027-03-11T08:30:00Z", "2027-03-11T11:00:00Z"},
		{"half an hour, plainly", hours, agreement.Plain, "2027-03-11T10:00:00Z", "2027-03-11T08:00:00Z", "2027-03-11T08:30:00Z", "2027-03-11T10:30:00Z"},
		{"nothing", days, eu, "2027-03-11T00:00:00Z", "2027-03-03T09:00:00Z", "2027-03-03T09:00:00Z", "2027-03-11T00:00:00Z"},
	} {
		p := calendar.Period{Unit: c.unit, By: c.by, Place: calendar.At("IE")}
		if got := p.Resume(moment(t, c.end), moment(t, c.from), moment(t, c.to)); !got.Equal(moment(t, c.want)) {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}

func BenchmarkPeriod(b *testing.B) {
	from := moment(b, "2027-03-25T10:00:00Z")
	for b.Loop() {
		_ = calendar.Period{From: from, Count: 10, Unit: days, By: eu, Place: calendar.At("IE")}.End()
	}
}
