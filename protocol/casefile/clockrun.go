package casefile

import (
	"slices"
	"strconv"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/calendar"
)

// runs reports whether a clock is one of the case.
func (c *Case) runs(r *agreement.Run) bool {
	category := func(x protocol.Category) bool { return slices.Contains(c.Matter.Categories, x) }
	switch {
	case r.OfAgreement(),
		len(r.Types) > 0 && !slices.Contains(r.Types, c.Matter.Type),
		len(r.Categories) > 0 && !slices.ContainsFunc(r.Categories, category),
		len(r.Issuing) > 0 && !slices.Contains(r.Issuing, c.Issuer.Party()),
		r.Emergency != nil && *r.Emergency != c.Emergency,
		r.Notified != nil && *r.Notified != (len(c.Notified) > 0),
		r.Region == string(RegionValidation) && !c.Matter.Unvalidated,
		r.Region == string(RegionThirdState) && len(c.Matter.ThirdStates) == 0,
		r.Region == string(RegionPreservation) && c.Matter.Type != protocol.Preservation:
		return false
	}
	return true
}

// count adds a clock that a document counts, once it started. What starts anew
// with each question has one clock an id: that of the question that is open
// longest, else of the last.
func (k *counting) count(d *agreement.Document, x *agreement.Clock) {
	r := x.Run
	if r == nil || r.Unit == agreement.UnitGiven || r.After != "" || !k.c.runs(r) || k.side(r.Whose) == "" {
		return
	}
	id := name(x)
	if slices.ContainsFunc(k.out, func(o Running) bool { return o.ID == id }) {
		return // the agreement says what a Party's law says too
	}
	starts := k.starts(r)
	if len(starts) == 0 {
		return
	}
	if r.From == agreement.EventLinked { // each part of a production has its own time
		for i := range starts {
			run := k.running(x, starts[i])
			if i > 0 {
				run.ID += "/" + strconv.Itoa(i+1)
			}
			k.add(run, x)
		}
		return
	}
	var at int
	var run Running
	for at = range starts {
		if run = k.running(x, starts[at]); run.Stopped.IsZero() {
			break
		}
	}
	more := k.extended(d, x, &run, starts[at])
	k.add(run, x)
	if more.law != nil {
		k.add(more.Running, more.law)
	}
}

// name returns the id of a clock in a case: of the end of a region, the region's.
func name(x *agreement.Clock) string {
	if x.Run.Region != "" {
		return x.Run.Region
	}
	return x.ID
}

// side returns who a side is, "" if nobody in the case is.
func (k *counting) side(w agreement.Whose) protocol.ParticipantID {
	switch w {
	case agreement.WhoseAddressee:
		return k.c.Addressee
	case agreement.WhoseIssuing:
		return k.c.answeredTo()
	}
	if len(k.c.Notified) > 0 {
		return k.c.Notified[0]
	}
	if len(k.c.Joined) > 0 {
		return k.c.Joined[len(k.c.Joined)-1]
	}
	return ""
}

// whose returns who is to act in a clock that an act started: of several
// authorities the one to which it was put.
func (k *counting) whose(r *agreement.Run, start instant) protocol.ParticipantID {
	put := r.From == agreement.EventEscalation || r.From == agreement.EventEnforcement
	if put && r.Whose == agreement.WhoseAuthority && start.act != nil {
		if ids := start.act.authorities(k.c); len(ids) > 0 {
			return ids[0]
		}
	}
	if r.Region == string(RegionValidation) {
		return k.c.Issuer
	}
	return k.side(r.Whose)
}

// running counts a clock from one start, without its extensions.
func (k *counting) running(x *agreement.Clock, start instant) Running {
	r := x.Run
	out := Running{ID: name(x), Whose: k.whose(r, start), Starts: start.at, Effect: Effect(r.Effect), Unknown: string(start.unknown),
		Fetch: r.From == agreement.EventLinked}
	end := time.Time{}
	if start.unknown == "" {
		p := k.period(r, out.Whose, start.at)
		counted := p.End()
		end, out.Without = counted.At, counted.Without
		if own := k.law.Policies[x.ID]; r.Policy && own > 0 {
			end, out.Without = start.at.Add(own), ""
		}
		end = k.stated(r, start, end)
	}
	k.settle(&out, r, end, start)
	return out
}

// period returns what the law gives from a moment on.
func (k *counting) period(r *agreement.Run, whose protocol.ParticipantID, from time.Time) calendar.Period {
	place := k.side(r.Place)
	if r.Place == r.Whose {
		place = whose
	}
	p := calendar.Place{Zone: time.UTC}
	if r.Place != "" {
		p = k.law.Places.At(place.Party())
	}
	return calendar.Period{From: from, Count: r.Count, Unit: r.Unit, By: r.By, Place: p}
}

// stated returns the end after what a deadline in the request does to it, or of what
// was made available the end that its act gives.
func (k *counting) stated(r *agreement.Run, start instant, end time.Time) time.Time {
	at := k.c.Matter.Deadline
	if r.From == agreement.EventLinked {
		at = start.act.Says.Until
	}
	switch {
	case at.IsZero():
		return end
	case r.Stated == agreement.StatedInstead:
		return at
	case r.Stated == agreement.StatedLonger:
		return later(at, end)
	}
	return end
}

// settle takes an end through what stands still, what moves it on, and what stops
// the clock.
func (k *counting) settle(out *Running, r *agreement.Run, end time.Time, start instant) {
	stopped, done := k.stopped(r, start)
	if done {
		out.Stopped = stopped
	}
	if end.IsZero() {
		return
	}
	p := k.period(r, out.Whose, out.Starts)
	for _, s := range k.pauses(r, out.Starts) {
		open := s.to.IsZero()
		switch {
		case !s.from.Before(end): // it had ended
		case open && !done:
			out.Paused, out.Left = s.from, end.Sub(s.from)
			return
		case !open:
			end = p.Resume(end, s.from, s.to)
		}
	}
	out.Ends = later(end, k.granted(r))
}

// granted returns until when the issuing side gave the addressee more time, the
// zero time if it did not.
func (k *counting) granted(r *agreement.Run) time.Time {
	var until time.Time
	if r.Whose != agreement.WhoseAddressee || r.Policy || !slices.Contains(r.Until, agreement.EventAnswered) {
		return until
	}
	k.c.of(protocol.KindExtension, func(e *Entry) {
		if k.c.part(e.From)&issuing != 0 && !e.Lost() {
			until = later(until, e.Says.Until)
		}
	})
	return until
}

// An extended is a clock that goes on where another ended.
type extended struct {
	Running
	law *agreement.Clock
}

// extended moves a clock's end on by the acts that extend it. Where the law says
// by how much at most, no act moves it further, and one that came after the end
// does not at all. The end of a region moves; another clock stops, and the one
// that extends it begins.
func (k *counting) extended(d *agreement.Document, x *agreement.Clock, run *Running, start instant) extended {
	region := x.Run.Region == string(RegionPreservation)
	if run.Ends.IsZero() || !run.Stopped.IsZero() {
		return extended{}
	}
	at := slices.IndexFunc(d.Clocks, func(o agreement.Clock) bool { return o.Run != nil && o.Run.After == x.ID })
	if at < 0 && !region {
		return extended{}
	}
	act, until := k.extension(x.Run, run)
	if !until.After(run.Ends) {
		return extended{}
	}
	if at < 0 {
		run.Ends = until
		return extended{}
	}
	more := &d.Clocks[at]
	from := run.Ends
	if more.Run.By == agreement.Regulation1182 || more.Run.By == agreement.FirstDay {
		from = from.Add(-1) // the last day of the period before it, which is not counted again
	}
	p := k.period(more.Run, run.Whose, from)
	limit := p.End()
	if limit.At.Before(until) {
		until = limit.At
	}
	if region {
		run.Ends, run.Without = until, limit.Without
		return extended{}
	}
	next := Running{ID: more.ID, Whose: run.Whose, Starts: run.Ends, Ends: until, Effect: Effect(more.Run.Effect), Without: limit.Without}
	if stopped, done := k.stopped(more.Run, start); done {
		next.Stopped = stopped
	}
	run.Stopped = act.Issued
	return extended{next, more}
}

// extension returns the act that extends a clock, and until when the latest of
// them does.
func (k *counting) extension(r *agreement.Run, run *Running) (act *Entry, until time.Time) {
	kind := protocol.KindExtension
	if r.Region == string(RegionPreservation) {
		kind = protocol.KindPreservation
	}
	k.c.of(kind, func(e *Entry) {
		kept := kind == protocol.KindPreservation && protocol.KeptAction(e.Says.What) == protocol.KeptExtended
		own := kind == protocol.KindExtension && e.From == run.Whose
		if !kept && !own || e.Lost() || !e.Issued.Before(run.Ends) {
			return
		}
		if act == nil || e.Issued.Before(act.Issued) {
			act = e
		}
		until = later(until, e.Says.Until)
	})
	return act, until
}
