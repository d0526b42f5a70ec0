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
	// Challenged says that whom secrecy binds has challenged it before a court.
	Challenged bool `json:"challenged,omitzero"`
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

// of goes through what acts of a kind say, oldest first: in the order in which
// they were issued, which is the same at all who hold them.
func (c *Case) of(k protocol.Kind, each func(e *Entry)) {
	var found []*Entry
	for i := range c.Thread {
		if e := &c.Thread[i]; e.Kind == k && e.Says != nil {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *Entry) int {
		return cmp.Or(a.Issued.Compare(b.Issued), bytes.Compare(a.Act[:], b.Act[:]))
	})
	for _, e := range found {
		each(e)
	}
}

// Stand returns where one region stands at a time, without a state if the case
// has no such region.
func (c *Case) Stand(name Name, at time.Time) Stand {
	for _, s := range c.Regions(at) {
		if s.Region == name {
			return s
		}
	}
	return Stand{Region: name}
}

// Said reports whether an act of a kind says a word.
func (c *Case) Said(k protocol.Kind, what string) bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.Kind == k && e.Says != nil && e.Says.What == what })
}

// disclosed reports whether there is evidence in the case.
func (c *Case) disclosed() bool { return !c.disclosedAt().IsZero() }

// Pending returns the regions that have not ended at a time: as long as there is
// one, the case is not closed.
func (c *Case) Pending(at time.Time) []Name {
	var out []Name
	for _, s := range c.Regions(at) {
		if !s.Ended {
			out = append(out, s.Region)
		}
	}
	return out
}

// secrecy: an order binds until the latest of its ends; that it was lifted
// prevails. What the request itself says of secrecy counts as an order from its
// issue on (Regulation (EU) 2023/1543, Art. 13(2): the issuing authority sets it),
// until an act orders it, which is a court's (18 USC 2705(b)).
func (c *Case) secrecy(at time.Time) Stand {
	s := Stand{Region: RegionSecrecy}
	orders, extended, lifted := 0, false, false
	bind := func(from, until time.Time, by protocol.ParticipantID) {
		if orders++; orders == 1 {
			s.Since, s.Until, s.NoEnd, s.By = from, until, until.IsZero(), by
			return
		}
		s.NoEnd, s.By = s.NoEnd || until.IsZero(), by
		if until.After(s.Until) {
			s.Until = until
		}
		if from.Before(s.Since) {
			s.Since = from
		}
	}
	c.of(protocol.KindSecrecy, func(e *Entry) {
		if e.Says.What == string(protocol.SecrecyOrdered) {
			bind(e.Says.Start, e.Says.Until, e.From)
		}
	})
	if q := c.Matter.Secrecy; q != nil && orders == 0 {
		bind(c.Matter.Issued, q.Until, c.Issuer)
	}
	var end time.Time
	c.of(protocol.KindSecrecy, func(e *Entry) {
		switch protocol.SecrecyAction(e.Says.What) {
		case protocol.SecrecyExtended:
			extended = true
			bind(e.Says.Start, e.Says.Until, e.From)
		case protocol.SecrecyChallenged:
			s.Challenged = true
		case protocol.SecrecyLifted:
			if !lifted || e.Issued.Before(end) {
				end = e.Issued
			}
			lifted, s.By = true, e.From
		}
	})
	if s.NoEnd {
		s.Until = time.Time{}
	}
	switch {
	case lifted:
		s.State, s.Ended, s.Until, s.NoEnd = "lifted", true, end, false
	case orders == 0:
	case !s.NoEnd && !at.Before(s.Until):
		s.State, s.Ended = "expired", true
	case extended:
		s.State = "extended"
	default:
		s.State = "active"
	}
	return s
}

// disclosedAt returns when evidence was disclosed first, the zero time if none was.
func (c *Case) disclosedAt() time.Time {
	var first time.Time
	for i := range c.Thread {
		e := &c.Thread[i]
		if (e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure) && !e.Lost() &&
			(first.IsZero() || e.Issued.Before(first)) {
			first = e.Issued
		}
	}
	return first
}

// userNotice is due as soon as secrecy has ended; a delivery or a recorded
// omission ends it, a delay puts it off. Where the document wants the user told of
// what was disclosed, it is due with that and without any secrecy; and where the
// case ended with nothing disclosed, the issuing side owes nothing.
func (c *Case) userNotice(at time.Time, secrecy Stand) Stand {
	s := Stand{Region: RegionUserNotice, By: c.Teller()}
	since, issuer := secrecy.Until, c.Terms != nil && c.Terms.Issuer
	if issuer && c.disclosedAt().After(since) {
		since = c.disclosedAt()
	}
	said, delay := false, time.Time{}
	c.of(protocol.KindNotice, func(e *Entry) {
		if e.Says.To != string(protocol.NoticeUser) {
			return
		}
		said = true
		switch status := protocol.NoticeStatus(e.Says.What); {
		case s.State == "done":
		case status == protocol.NoticeDelivered:
			s.State, s.Since, s.Ended, s.By = "done", e.Says.Start, true, e.From
		case status == protocol.NoticeOmitted:
			s.State, s.Since, s.Ended, s.By = "omitted", e.Issued, true, e.From
		case status == protocol.NoticeDelayed && e.Says.Until.After(delay):
			delay = e.Says.Until
		}
	})
	due := secrecy.State != "" || said || c.Terms != nil && c.Terms.Owed && !c.disclosedAt().IsZero()
	switch {
	case s.Ended || !due:
	case secrecy.State != "" && !secrecy.Ended:
		s.State = "not_due"
	case issuer && c.disclosedAt().IsZero():
		s.State, s.Ended = "not_due", c.State.Ended()
	case at.Before(delay):
		s.State, s.Until = "delayed", delay
	default:
		s.State, s.Since = "due", since
		if delay.After(since) {
			s.Since = delay
		}
	}
	return s
}

// preservation begins by itself, on receipt: in a case that asks for it, and where
// the document wants what an order asks for kept until it is produced or
// withdrawn (Regulation (EU) 2023/1543, Art. 10(1), 10(9)). The first end of one
// that was asked for is a clock of the agreement (Running); an extension's is its
// own.
func (c *Case) preservation(at time.Time) Stand {
	s := Stand{Region: RegionPreservation}
	asked := c.Matter.Type == protocol.Preservation
	beside := c.Terms != nil && c.Terms.Keeps && !asked
	if !asked && !beside || c.State.rank() < UnderReview.rank() { // whatever a person decides of it later
		return s
	}
	s.State, s.Since, s.By = "held", c.Matter.Issued, c.Addressee
	confirmed, released, extended := false, false, false
	c.of(protocol.KindPreservation, func(e *Entry) {
		s.By = e.From
		switch protocol.KeptAction(e.Says.What) {
		case protocol.KeptExtended:
			s.State, extended = "extended", true
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
	case released, !confirmed && c.State.Ended() && c.State != Produced && c.State != GroundRaised, beside && c.produced():
		s.State, s.Until, s.Ended = "released", time.Time{}, true
	case confirmed:
		s.State, s.Until = "held_pending_production", time.Time{}
	case extended && !at.Before(s.Until):
		s.State, s.Since, s.Ended = "expired", s.Until, true
	case !extended && fired != nil:
		s.State, s.Since, s.Ended = "expired", fired.Due, true
	}
	return s
}

// produced reports whether all was produced, whatever came of the case afterwards.
func (c *Case) produced() bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.Leads == Produced && !e.Lost() })
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
	attested := ""
	for i := range c.Thread {
		if e := &c.Thread[i]; e.StateTold == stateSent || e.StateTold != "" && attested == "" {
			attested, s.By, s.Since = e.StateTold, e.From, e.Issued
		}
	}
	told := map[protocol.Party]string{}
	for _, p := range c.Matter.ThirdStates {
		if attested != "" { // what was stated at issue is said of each of them
			told[p] = attested
		}
	}
	c.of(protocol.KindNotice, func(e *Entry) {
		if e.Says.To != string(protocol.NoticeState) {
			return
		}
		s.By, s.Since = e.From, e.Issued
		if e.Says.What == string(protocol.NoticeDelivered) {
			told[e.Says.State] = stateSent
		} else if told[e.Says.State] == "" {
			told[e.Says.State] = stateException
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
			s.By, s.Since = e.From, e.Says.Start
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
