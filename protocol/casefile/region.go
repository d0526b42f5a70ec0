package casefile

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"comity.example/protocol"
)

// A Name is the name of a region: something that runs beside the main region of
// a case (law: the unified life cycle, parallel regions).
type Name string

// The regions.
const (
	RegionSecrecy      Name = "secrecy"
	RegionUserNotice   Name = "user_notice"
	RegionPreservation Name = "preservation"
	RegionValidation   Name = "validation"
	RegionThirdState   Name = "third_state_notice"
	RegionInterception Name = "interception"
	RegionCosts        Name = "costs"
)

// Names lists the regions.
func Names() []Name {
	return []Name{RegionSecrecy, RegionUserNotice, RegionPreservation, RegionValidation, RegionThirdState,
		RegionInterception, RegionCosts}
}

// A Stand is where a region of a case stands at a moment.
type Stand struct {
	Region Name `json:"region"`
	// State is one word: none, requested, active, extended, expired, lifted,
	// not_due, delayed, due, done, omitted, held, held_pending_production,
	// released, pending, sought, granted, denied, lapsed, to_do, sent, exception,
	// authorised, renewed, stopped, claimed, agreed, disputed, paid.
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// NoEnd says that an order of secrecy has none.
	NoEnd bool `json:"no_end,omitzero"`
	// By is who brought it there, last.
	By protocol.ParticipantID `json:"by,omitzero"`
	// Ended says that nothing more is to come of it.
	Ended bool `json:"ended,omitzero"`
}

// Regions returns where each region that the case has stands at a time. It
// follows from the set of acts that are held, and from the time.
func (c *Case) Regions(at time.Time) []Stand {
	var out []Stand
	secrecy := c.secrecy(at)
	for _, s := range []Stand{secrecy, c.userNotice(at, secrecy), c.preservation(at), c.validation(at), c.thirdState(),
		c.interception(at), c.costs()} {
		if s.State != "" {
			out = append(out, s)
		}
	}
	return out
}

// of goes through what acts of a kind say, in the order in which they were issued:
// not in that in which they came, which is another at every holder.
func (c *Case) of(k protocol.Kind, each func(e *Entry)) {
	var found []*Entry
	for i := range c.Thread {
		if e := &c.Thread[i]; e.Kind == k && e.Says != nil {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *Entry) int {
		return cmp.Or(a.Issued.Compare(b.Issued), bytes.Compare(a.Act[:], b.Act[:]))
	})
	for _, e := range found {
		each(e)
	}
}

// spent reports whether the case has ended without evidence: there is nobody whom
// it would be to tell of anything.
func (c *Case) spent() bool { return c.State.Ended() && !c.disclosed() }

// disclosed reports whether there is evidence in the case.
func (c *Case) disclosed() bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return (e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure) && !e.Lost()
	})
}

// secrecy: an order binds until the latest of its ends; that it was lifted
// prevails.
func (c *Case) secrecy(at time.Time) Stand {
	s := Stand{Region: RegionSecrecy}
	if q := c.Matter.Secrecy; q != nil {
		s.State, s.Until, s.NoEnd, s.By, s.Since = "requested", q.Until, q.Until.IsZero(), c.Issuer, c.Matter.Issued
	}
	orders, lifted := 0, false
	c.of(protocol.KindSecrecy, func(e *Entry) {
		switch protocol.SecrecyAction(e.Says.What) {
		case protocol.SecrecyOrdered, protocol.SecrecyExtended:
			if orders == 0 {
				s.Until, s.NoEnd, s.Since = e.Says.Until, e.Says.Until.IsZero(), e.Says.Start
			}
			orders++
			s.By = e.From
			s.NoEnd = s.NoEnd || e.Says.Until.IsZero()
			if e.Says.Until.After(s.Until) {
				s.Until = e.Says.Until
			}
			if e.Says.Start.Before(s.Since) {
				s.Since = e.Says.Start
			}
		case protocol.SecrecyLifted:
			lifted, s.By = true, e.From
		}
	})
	switch {
	case lifted:
		s.State, s.Ended = "lifted", true
	case s.State == "" && orders == 0:
	case !s.NoEnd && !at.Before(s.Until):
		s.State, s.Ended = "expired", true
	case orders > 1:
		s.State = "extended"
	case orders == 1:
		s.State = "active"
	default: // no court ordered it
		s.Ended = c.spent()
	}
	return s
}

// gagged reports whether secrecy was ordered, and not only asked for.
func (c *Case) gagged() bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return e.Kind == protocol.KindSecrecy && (e.Says.What == string(protocol.SecrecyOrdered) || e.Says.What == string(protocol.SecrecyExtended))
	})
}

// userNotice is due as soon as secrecy has ended; a delivery or a recorded
// omission ends it, a delay puts it off.
func (c *Case) userNotice(at time.Time, secrecy Stand) Stand {
	s := Stand{Region: RegionUserNotice}
	if secrecy.State != "" {
		s.State, s.Until = "not_due", secrecy.Until
		switch {
		case c.spent() && !c.gagged():
			s.Ended = true
		case secrecy.Ended:
			s.State, s.Since = "due", secrecy.Until
		}
	}
	told := false
	c.of(protocol.KindNotice, func(e *Entry) {
		if e.Says.To != string(protocol.NoticeUser) || told {
			return
		}
		s.By = e.From
		switch protocol.NoticeStatus(e.Says.What) {
		case protocol.NoticeDelivered:
			s.State, s.Since, s.Ended, told = "done", e.Says.Start, true, true
		case protocol.NoticeOmitted:
			s.State, s.Since, s.Ended, told = "omitted", e.Issued, true, true
		case protocol.NoticeDelayed:
			if e.Says.Until.After(s.Until) || s.State == "" {
				s.Until = e.Says.Until
			}
			s.State = "delayed"
			if !at.Before(s.Until) {
				s.State, s.Since = "due", s.Until
			}
		}
	})
	return s
}

// preservation is there in a case that asks for it. Its first end is a clock of
// the agreement (Running); an extension's is its own.
func (c *Case) preservation(at time.Time) Stand {
	s := Stand{Region: RegionPreservation}
	if c.Matter.Type != protocol.Preservation || c.State.rank() < UnderReview.rank() {
		return s
	}
	s.State, s.Since, s.By = "held", c.Matter.Issued, c.Addressee
	confirmed, released := false, false
	c.of(protocol.KindPreservation, func(e *Entry) {
		s.By = e.From
		switch protocol.KeptAction(e.Says.What) {
		case protocol.KeptExtended:
			s.State = "extended"
			if e.Says.Until.After(s.Until) {
				s.Until = e.Says.Until
			}
		case protocol.KeptConfirmed:
			confirmed = true
		case protocol.KeptReleased:
			released = true
		}
	})
	fired := c.firedEffect(EffectRelease)
	switch {
	case released || c.State == Closed || c.State.Ended() && c.State != Produced && !confirmed:
		s.State, s.Ended = "released", true
	case confirmed: // also of a request that was withdrawn: what it led to goes on
		s.State, s.Until = "held_pending_production", time.Time{}
	case fired != nil && !at.Before(s.Until):
		s.State, s.Since, s.Ended = "expired", fired.At, true
	}
	return s
}

// validation is pending in a case whose request was not validated when it was
// issued (Regulation (EU) 2023/1543, Art. 4(5)).
func (c *Case) validation(time.Time) Stand {
	s := Stand{Region: RegionValidation}
	if !c.Matter.Unvalidated {
		return s
	}
	s.State, s.Since, s.By = "pending", c.Matter.Issued, c.Issuer
	rank := map[string]int{"pending": 0, "sought": 1, "granted": 2, "lapsed": 3, "denied": 4}
	c.of(protocol.KindValidation, func(e *Entry) {
		if rank[e.Says.What] > rank[s.State] {
			s.State, s.Since, s.By = e.Says.What, e.Issued, e.From
		}
	})
	s.Ended = rank[s.State] > 1
	return s
}

// thirdState is to do as long as one of the third States that the matter
// concerns was neither told nor left out for a ground that is recorded.
func (c *Case) thirdState() Stand {
	s := Stand{Region: RegionThirdState}
	told := map[protocol.Party]string{}
	c.of(protocol.KindNotice, func(e *Entry) {
		if e.Says.To != string(protocol.NoticeState) {
			return
		}
		s.By, s.Since = e.From, e.Issued
		if e.Says.What == string(protocol.NoticeDelivered) {
			told[e.Says.State] = "sent"
		} else if told[e.Says.State] == "" {
			told[e.Says.State] = "exception"
		}
	})
	for _, p := range c.Matter.ThirdStates {
		if told[p] == "" {
			s.State = "to_do"
			return s
		}
		s.State, s.Ended = told[p], true
	}
	return s
}

// interception runs from its start until it is stopped; a renewal moves its end.
func (c *Case) interception(at time.Time) Stand {
	s := Stand{Region: RegionInterception}
	if c.Matter.Window == nil {
		return s
	}
	s.State, s.Since, s.Until, s.By = "authorised", c.Matter.Window.Start, c.Matter.Window.End, c.Issuer
	started, renewed, stopped := false, false, false
	c.of(protocol.KindInterception, func(e *Entry) {
		switch protocol.TapAction(e.Says.What) {
		case protocol.TapStarted:
			started = true
			s.Since = e.Says.Start
		case protocol.TapRenewed:
			renewed = true
			if e.Says.Until.After(s.Until) {
				s.Until = e.Says.Until
			}
		case protocol.TapStopped:
			stopped = true
			s.By = e.From
		}
	})
	switch {
	case stopped || !at.Before(s.Until) || c.State.Ended() && c.State != Produced:
		s.State, s.Ended = "stopped", true
	case started && renewed:
		s.State = "renewed"
	case started:
		s.State = "active"
	}
	return s
}

// costs stand where they were brought last: paid over agreed over disputed over
// claimed.
func (c *Case) costs() Stand {
	s := Stand{Region: RegionCosts}
	rank := map[string]int{"": 0, "claimed": 1, "disputed": 2, "agreed": 3, "paid": 4}
	c.of(protocol.KindCosts, func(e *Entry) {
		if rank[e.Says.What] > rank[s.State] {
			s.State, s.Since, s.By = e.Says.What, e.Issued, e.From
		}
	})
	s.Ended = s.State == string(protocol.CostsPaid)
	return s
}
