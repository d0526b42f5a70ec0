package casefile

import (
	"time"

	"comity.example/protocol/agreement"
)

// AgreementClocks returns the clocks in the life of an agreement or of a law, as
// they stand at a time: its days, its end, and what its Parties owe each year. They
// are nobody's in a case. What has passed is left out, but for a day from which
// requests are held: somebody has to look.
func AgreementClocks(d *agreement.Document, at time.Time) []Running {
	var out []Running
	if end := d.Expires.Time(); !d.Expires.IsZero() && at.Before(end) {
		out = append(out, Running{ID: "expires", Starts: d.InForce.Time(), Ends: end, Effect: EffectAlert,
			Text: "It is no longer in force from then on."})
	}
	for i := range d.Clocks {
		x := &d.Clocks[i]
		r := Running{ID: x.ID, Article: x.Article, Effect: EffectAlert, Text: x.Text, Provenance: string(x.Provenance)}
		switch {
		case !x.Date.IsZero():
			r.Starts, r.Ends = d.InForce.Time(), x.Date.Time()
		case x.Run == nil || !x.Run.OfAgreement():
			continue
		default:
			r.Policy = x.Run.Policy
			switch x.Run.From {
			case agreement.EventTermination:
				r.Unknown = "the Parties: a notice of termination is told outside"
			case agreement.EventDetermined:
				r.Unknown = "the Party that made the determination"
			default:
				if r.Starts, r.Ends = turnOf(d, x.Run, at); r.Ends.IsZero() {
					continue
				}
			}
		}
		if !r.Ends.IsZero() {
			r.Remind = reminders(r, spansOf(x.Run))
		}
		out = append(out, r)
	}
	return out
}

func spansOf(r *agreement.Run) []agreement.Span {
	if r == nil {
		return nil
	}
	return r.Remind
}

// turnOf returns the first turn of a clock of the life of an agreement that ends
// after a time, no end if there is none.
func turnOf(d *agreement.Document, r *agreement.Run, at time.Time) (start, end time.Time) {
	months := 12 // from one start to the next
	switch r.From {
	case agreement.EventInForce:
		if d.InForce.IsZero() || !d.Stands(at) {
			return time.Time{}, time.Time{}
		}
		start = d.InForce.Time()
	case agreement.EventHalfYear:
		months = 6
		fallthrough
	default:
		start = time.Date(at.Year()-1, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	for {
		if end = spent(start, r); end.After(at) {
			return start, end
		}
		if !r.Every {
			return time.Time{}, time.Time{}
		}
		start = start.AddDate(0, months, 0)
	}
}

// spent returns the end of a period in the life of an agreement, which is counted
// in days and months of UTC.
func spent(start time.Time, r *agreement.Run) time.Time {
	switch r.Unit {
	case agreement.UnitMonths:
		return start.AddDate(0, r.Count, 0)
	case agreement.UnitHours:
		return start.Add(time.Duration(r.Count) * time.Hour)
	}
	return start.AddDate(0, 0, r.Count)
}
