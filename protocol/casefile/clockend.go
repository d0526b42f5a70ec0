package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// stopped returns when what a clock waits for was done, and whether it was.
func (k *counting) stopped(r *agreement.Run, start instant) (time.Time, bool) {
	var first time.Time
	done := false
	note := func(at time.Time) {
		if !done || at.Before(first) {
			first, done = at, true
		}
	}
	for _, ev := range r.Until {
		at, ok := k.happened(ev, start)
		if ev == agreement.EventDeleted {
			at, ok = k.deleted(r, start)
		}
		if ok {
			note(at)
		}
	}
	if at, over := k.over(r); over {
		note(at)
	}
	return first, done
}

// deleted returns when whose clock it is had certified of every object that it
// deleted it: of the act from which the clock runs, or else of all evidence.
func (k *counting) deleted(r *agreement.Run, start instant) (time.Time, bool) {
	c, last, any := k.c, time.Time{}, false
	mine := func(id protocol.ParticipantID) bool {
		if r.Whose == agreement.WhoseIssuing {
			return c.part(id)&issuing != 0
		}
		return id == k.side(r.Whose)
	}
	for i := range c.Thread {
		e := &c.Thread[i]
		if !c.evidence(e) || r.From == agreement.EventLinked && e != start.act {
			continue
		}
		for _, o := range e.Says.Objects {
			names := c.called(o)
			at, gone := k.sent(func(d *Entry) bool {
				return d.deletes(names) && mine(d.From) && d.Says.What == string(protocol.Deleted)
			})
			if !gone {
				return time.Time{}, false
			}
			last, any = later(last, at), true
		}
	}
	return last, any
}

// over reports whether the end of the case is the end of a clock, and when that
// was. What runs beside the case, or begins with its evidence, goes on; so does in
// a case that has produced all what nobody's answer ends. How long evidence is kept
// goes on also once the case is closed.
func (k *counting) over(r *agreement.Run) (time.Time, bool) {
	if r.From == agreement.EventEvidence && slices.Contains(r.Until, agreement.EventDeleted) {
		return time.Time{}, false
	}
	state := k.c.State
	beside := r.Region != "" && r.Region != string(RegionPreservation)
	late := r.From == agreement.EventEvidence || r.From == agreement.EventLinked || r.From == agreement.EventStateTold ||
		r.From == agreement.EventChallenged || r.From == agreement.EventSought
	switch {
	case !state.Ended(), state != Closed && (beside || late):
		return time.Time{}, false
	case state == Produced && !slices.Contains(r.Until, agreement.EventAnswered):
		return time.Time{}, false
	}
	var at time.Time
	for i := range k.c.Thread {
		e := &k.c.Thread[i]
		if led := e.Leads == state || e.Undelivered == state; led && (at.IsZero() || e.Issued.Before(at)) {
			at = e.Issued
		}
	}
	return at, true
}

// happened returns when an event that ends a clock did.
func (k *counting) happened(ev agreement.Event, start instant) (time.Time, bool) {
	c := k.c
	by := func(part actor, kinds ...protocol.Kind) func(*Entry) bool {
		return func(e *Entry) bool { return slices.Contains(kinds, e.Kind) && c.part(e.From)&part != 0 }
	}
	switch ev {
	case agreement.EventReceipt:
		return k.arrived()
	case agreement.EventAcceptance:
		return k.sent(by(addressee|authority, protocol.KindAcceptance))
	case agreement.EventActed:
		return k.sent(func(e *Entry) bool { return e.From == c.Addressee || answers(e.InnerKind) })
	case agreement.EventAnswered:
		return k.sent(func(e *Entry) bool {
			given := e.From == c.Addressee && answers(e.Kind) || answers(e.InnerKind)
			return given && (e.Leads == Produced || e.Leads == Refused)
		})
	case agreement.EventObjected:
		return k.sent(by(addressee, protocol.KindObjection))
	case agreement.EventExamined:
		return k.sent(by(authority, protocol.KindAcceptance, protocol.KindRefusal, protocol.KindConditions))
	case agreement.EventReplied, agreement.EventDecided, agreement.EventResumed:
		if start.act == nil {
			return time.Time{}, false
		}
		if a := c.answerTo(start.act.Act); a != nil {
			return a.Issued, true
		}
		return time.Time{}, false
	}
	return k.regionEnd(ev)
}

// regionEnd is happened for what ends in a region.
func (k *counting) regionEnd(ev agreement.Event) (time.Time, bool) {
	c := k.c
	of := func(kind protocol.Kind, words ...string) func(*Entry) bool {
		return func(e *Entry) bool { return e.Kind == kind && e.Says != nil && slices.Contains(words, e.Says.What) }
	}
	switch ev {
	case agreement.EventSought:
		return k.sent(func(e *Entry) bool { return e.Kind == protocol.KindValidation })
	case agreement.EventValidated:
		return k.sent(of(protocol.KindValidation, string(protocol.ValidationGranted), string(protocol.ValidationDenied),
			string(protocol.ValidationLapsed)))
	case agreement.EventConfirmed:
		return k.sent(of(protocol.KindPreservation, string(protocol.KeptConfirmed)))
	case agreement.EventReleased:
		return k.sent(of(protocol.KindPreservation, string(protocol.KeptReleased)))
	case agreement.EventStopped:
		return k.sent(of(protocol.KindInterception, string(protocol.TapStopped)))
	case agreement.EventStateTold:
		s := c.thirdState()
		return s.Since, s.Ended
	case agreement.EventNoticeGiven:
		s := c.userNotice(time.Time{}, c.secrecy(time.Time{}))
		return s.Since, s.Ended
	}
	return time.Time{}, false
}

// sent returns when the first of the acts that a test takes was issued.
func (k *counting) sent(takes func(*Entry) bool) (time.Time, bool) {
	var at time.Time
	done := false
	for i := range k.c.Thread {
		if e := &k.c.Thread[i]; !e.Lost() && takes(e) && (!done || e.Issued.Before(at)) {
			at, done = e.Issued, true
		}
	}
	return at, done
}

// arrived returns when the order arrived. Of who neither sent nor received it, it
// is enough that it was sent: whether it came the sender watches.
func (k *counting) arrived() (time.Time, bool) {
	e := k.c.serving()
	if e == nil {
		return time.Time{}, k.c.State != Requested
	}
	came := k.told(e, k.c.Addressee)
	if came.unknown == "" {
		return came.at, true
	}
	return e.Issued, e.From != k.law.Self
}
