package calendar

import (
	"fmt"
	"time"

	"comity.example/protocol/agreement"
)

// A Period is what the law gives from an event on.
type Period struct {
	From  time.Time // when the event occurred
	Count int
	Unit  agreement.Unit
	By    agreement.Computation
	Place Place // where something is to be done within it
}

// An End is when a period ends, and what was not known when it was counted.
type End struct {
	At time.Time
	// Without names what the count had to do without, "" for nothing: "the public
	// holidays of XA".
	Without string
}

// End returns when the period ends: the first moment after it.
func (p Period) End() End {
	at := p.end()
	return End{At: at, Without: p.without(at)}
}

func (p Period) end() time.Time {
	day := p.Place.DayOf(p.From)
	switch {
	case p.Unit == agreement.UnitHours && p.By == agreement.Regulation1182:
		// The hour of the event is not counted (Art. 3(1), 3(2)(a)).
		return p.nextHour(p.From).Add(time.Duration(p.Count) * time.Hour)
	case p.Unit == agreement.UnitHours:
		return p.From.Add(time.Duration(p.Count) * time.Hour)
	case p.Unit == agreement.UnitWorkingDays:
		return p.Place.End(p.worked(day, p.Count))
	case p.By == agreement.Regulation1182:
		return p.Place.End(p.regulation(day))
	case p.By == agreement.FirstDay:
		return p.Place.End(p.firstDay(day))
	case p.Unit == agreement.UnitMonths:
		d, at := DayOf(p.From).AddMonths(p.Count), p.From.UTC()
		return time.Date(d.Year, d.Month, d.Day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	}
	return p.From.UTC().AddDate(0, 0, p.Count)
}

// DayOf returns the day in UTC in which a moment lies.
func DayOf(at time.Time) Day { return Place{Zone: time.UTC}.DayOf(at) }

// nextHour returns the beginning of the first full hour after a moment, by the
// clock on the wall of the place.
func (p Period) nextHour(at time.Time) time.Time {
	local := at.In(p.Place.Zone)
	into := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second +
		time.Duration(local.Nanosecond())
	return at.Add(time.Hour - into).UTC()
}

// worked returns the nth working day after a day.
func (p Period) worked(day Day, n int) Day {
	for n > 0 {
		day = day.Add(1)
		if p.Place.Works(day) {
			n--
		}
	}
	return day
}

// regulation counts days and months by Regulation (EEC, Euratom) 1182/71, Art. 3:
// the day of the event is not counted (1), a period ends on a working day (4), and
// one of two days or more has two of them in it (5).
func (p Period) regulation(day Day) Day {
	last, least := day.Add(p.Count), 2
	if p.Unit == agreement.UnitMonths {
		last = day.AddMonths(p.Count)
	} else if p.Count < 2 {
		least = 0
	}
	worked := 0
	for d := day.Add(1); ; d = d.Add(1) {
		works := p.Place.Works(d)
		if works {
			worked++
		}
		if day.Until(d) >= day.Until(last) && works && worked >= least {
			return d
		}
	}
}

// firstDay counts the day of the event as the first (Crime (Overseas Production
// Orders) Act 2019 s.5(5), s.9(1): "beginning with the day").
func (p Period) firstDay(day Day) Day {
	if p.Unit == agreement.UnitMonths {
		return day.AddMonths(p.Count).Add(-1)
	}
	return day.Add(p.Count - 1)
}

// Resume returns when a period that would have ended at end does so if it stood
// still from one moment to another. It never ends earlier, and it still ends as
// its computation has it: with a full hour, with a day, with a working day.
func (p Period) Resume(end, from, to time.Time) time.Time {
	stood := to.Sub(from)
	if stood <= 0 {
		return end
	}
	const day = 24 * time.Hour
	last := p.Place.DayOf(end.Add(-1))
	days := int((stood + day - 1) / day)
	switch {
	case p.Unit == agreement.UnitWorkingDays:
		return p.Place.End(p.worked(last, max(p.workedBetween(from, to), 1)))
	case p.Unit == agreement.UnitHours && p.By == agreement.Regulation1182:
		return end.Add((stood + time.Hour - 1).Truncate(time.Hour))
	case p.Unit == agreement.UnitHours, p.By == agreement.Plain, p.By == agreement.National:
		return end.Add(stood)
	case p.By == agreement.FirstDay:
		return p.Place.End(last.Add(days))
	}
	return p.Place.End(p.worked(last.Add(days-1), 1))
}

// workedBetween counts the working days after the one of a moment, until that of
// a later one.
func (p Period) workedBetween(from, to time.Time) int {
	n, last := 0, p.Place.DayOf(to)
	for d := p.Place.DayOf(from); d != last; {
		if d = d.Add(1); p.Place.Works(d) {
			n++
		}
	}
	return n
}

// without says what was not known when a period was counted that ends at a time.
func (p Period) without(end time.Time) string {
	hours, plain := p.Unit == agreement.UnitHours, p.By == agreement.Plain || p.By == agreement.National
	working := p.Unit == agreement.UnitWorkingDays || p.By == agreement.Regulation1182 && !hours
	switch {
	case p.By == agreement.National:
		return fmt.Sprintf("the national law of %s", p.Place.Party)
	case working && !(p.Place.Holidays(p.Place.DayOf(p.From).Year) && p.Place.Holidays(p.Place.DayOf(end.Add(-1)).Year)):
		return fmt.Sprintf("the public holidays of %s", p.Place.Party)
	case !p.Place.Zoned && !hours && !(plain && !working):
		return fmt.Sprintf("the time zone of %s", p.Place.Party)
	}
	return ""
}
