package agreement

import (
	"fmt"
	"time"
)

// A Date is a day, in UTC. A treaty that enters into force on a day does so
// when that day begins.
type Date struct{ t time.Time }

// ParseDate reads a day written as 2022-10-03.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1800 {
		return Date{}, fmt.Errorf("date %q: want a day such as 2022-10-03", s)
	}
	return Date{t}, nil
}

// IsZero reports whether no day was given.
func (d Date) IsZero() bool { return d.t.IsZero() }

// Time returns the moment at which the day begins.
func (d Date) Time() time.Time { return d.t }

// reached reports whether the day has begun at the given time. A day that was
// not given is never reached.
func (d Date) reached(at time.Time) bool { return !d.IsZero() && !at.Before(d.t) }

func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}
