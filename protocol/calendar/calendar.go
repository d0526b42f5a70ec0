// Package calendar counts the periods of the law: hours, days, working days and
// months, by the computation that the law names and in the place where something
// is to be done.
//
// Everything that it counts with is in its own files, and so in the program: the
// public holidays of a Party by year (holidays.txt) and the rules of its time zone
// (zones). Nothing is read from the machine, so the same period ends at the same
// moment on both sides of a border, and years later before a court.
//
// What is not known is not guessed: a period that was counted without public
// holidays, in UTC for want of a zone, or without a national law that the law
// points to, says so (End.Without).
//
// The package is trusted with this: a period that the law gives is never cut
// short, and what was left out of the count is never silent.
package calendar

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"comity.example/protocol"
)

//go:embed holidays.txt
var holidays string

//go:embed seats.txt
var seats string

//go:embed zones
var zones embed.FS

// The years of which public holidays are listed.
const (
	FirstYear = 2023
	LastYear  = 2040
)

// A Place is where something is to be done: a Party, with its days and holidays.
type Place struct {
	Party protocol.Party
	Zone  *time.Location
	// Zoned says that the zone is the Party's, and not UTC for want of it.
	Zoned bool

	listed string // the lines of holidays.txt that are its own
}

// At returns the place that a Party is. A Party whose zone is not known counts its
// days in UTC.
func At(p protocol.Party) Place {
	place := Place{Party: p, Zone: time.UTC, listed: lines(holidays, string(p)+" ")}
	name, ok := line(seats, string(p)+" ")
	if !ok {
		return place
	}
	b, err := zones.ReadFile("zones/" + name)
	if err != nil {
		panic(fmt.Sprintf("calendar: seats.txt names %s, which is not in zones", name))
	}
	zone, err := time.LoadLocationFromTZData(name, b)
	if err != nil {
		panic(fmt.Sprintf("calendar: zones/%s is no zone", name))
	}
	place.Zone, place.Zoned = zone, true
	return place
}

// Places are those that were looked up: reading the rules of a zone costs more than
// counting with them. The zero Places is ready, and safe for concurrent use.
type Places struct{ held sync.Map }

// At is the function At, which it asks once for each Party whose seat is listed.
func (s *Places) At(p protocol.Party) Place {
	if held, ok := s.held.Load(p); ok {
		return held.(Place)
	}
	place := At(p)
	if place.Zoned { // nobody fills it with codes that are no Party's
		s.held.Store(p, place)
	}
	return place
}

// line returns the rest of the line that begins with a key. Neither table is
// long: a map of it would be state for nothing.
func line(table, key string) (string, bool) {
	at := strings.Index(table, "\n"+key)
	if len(key) < 3 || at < 0 {
		return "", false
	}
	rest, _, _ := strings.Cut(table[at+1+len(key):], "\n")
	return rest, true
}

// lines returns the lines that begin with a key, which stand together.
func lines(table, key string) string {
	first := strings.Index(table, "\n"+key)
	if len(key) < 3 || first < 0 {
		return ""
	}
	end := first
	for strings.HasPrefix(table[end+1:], key) {
		end += 1 + strings.IndexByte(table[end+1:], '\n')
	}
	return table[first : end+1]
}

// Holidays reports whether the public holidays of the place in a year are known.
func (p Place) Holidays(year int) bool {
	_, ok := p.inYear(year)
	return ok
}

// inYear returns the public holidays of a year.
func (p Place) inYear(year int) (string, bool) {
	return line(p.listed, string(p.Party)+" "+strconv.Itoa(year)+" ")
}

// A Day is one day of the calendar of a place.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf returns the day of the place in which a moment lies.
func (p Place) DayOf(at time.Time) Day {
	y, m, d := at.In(p.Zone).Date()
	return Day{y, m, d}
}

// noon is a moment of the day that every calendar has.
func (d Day) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// Add returns the day n days later.
func (d Day) Add(n int) Day {
	y, m, day := d.noon().AddDate(0, 0, n).Date()
	return Day{y, m, day}
}

// AddMonths returns the day of the same date n months later, and the last day of
// that month if it has no such date.
func (d Day) AddMonths(n int) Day {
	y, m, _ := time.Date(d.Year, d.Month+time.Month(n), 1, 12, 0, 0, 0, time.UTC).Date()
	last := time.Date(y, m+1, 0, 12, 0, 0, 0, time.UTC).Day()
	return Day{y, m, min(d.Day, last)}
}

// Until returns how many days lie between the day and a later one.
func (d Day) Until(later Day) int { return int(later.noon().Sub(d.noon()) / (24 * time.Hour)) }

// End returns the expiry of the last hour of the day, in a place.
func (p Place) End(d Day) time.Time {
	n := d.Add(1)
	return time.Date(n.Year, n.Month, n.Day, 0, 0, 0, 0, p.Zone).UTC()
}

// Works reports whether a day is a working day: no public holiday, Saturday or
// Sunday (Regulation (EEC, Euratom) 1182/71, Art. 2(2)). Holidays that are not
// known are none.
func (p Place) Works(d Day) bool {
	switch d.noon().Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	days, _ := p.inYear(d.Year)
	day := [4]byte{'0' + byte(d.Month/10), '0' + byte(d.Month%10), '0' + byte(d.Day/10), '0' + byte(d.Day%10)}
	return !strings.Contains(days, string(day[:])) // each is four digits between spaces
}
