package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// An instant is when something happened. Every holder that knows it knows the
// same: it is the time of issue of an act, or that of a receipt by the recipient's
// ledger.
type instant struct {
	at  time.Time
	act *Entry // nil for what no act of the thread is
	// unknown is who knows when it was, if the holder does not.
	unknown protocol.ParticipantID
}

// told returns when a participant learned of an act: of its own when it issued it.
func (k *counting) told(e *Entry, by protocol.ParticipantID) instant {
	at := e.Issued
	if e.From != by {
		at = e.ReceivedAt(by, k.law.Self)
	}
	if at.IsZero() {
		return instant{act: e, unknown: by}
	}
	return instant{at: at, act: e}
}

// each returns the instants of the acts of a kind that a test takes, oldest first.
func (k *counting) each(kind protocol.Kind, when func(*Entry) instant, takes func(*Entry) bool) []instant {
	var out []instant
	for i := range k.c.Thread {
		e := &k.c.Thread[i]
		if e.Kind == kind && !e.Lost() && (takes == nil || takes(e)) {
			out = append(out, when(e))
		}
	}
	slices.SortStableFunc(out, func(a, b instant) int { return a.act.Issued.Compare(b.act.Issued) })
	return out
}

func issuedAt(e *Entry) instant { return instant{at: e.Issued, act: e} }

func word(w string) func(*Entry) bool {
	return func(e *Entry) bool { return e.Says != nil && e.Says.What == w }
}

// serving returns the act with which the addressee received the order, nil if it
// was not sent, or came to this holder in another act.
func (c *Case) serving() *Entry {
	var out *Entry
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Kind == protocol.KindCertification {
			return e
		}
		if e.Kind == protocol.KindRequest && slices.Contains(e.To, c.Addressee) {
			out = e
		}
	}
	return out
}

// receipt returns when the addressee received the order.
func (k *counting) receipt() []instant {
	if k.c.State == Requested {
		return nil
	}
	if e := k.c.serving(); e != nil {
		return []instant{k.told(e, k.c.Addressee)}
	}
	return []instant{{unknown: k.c.Addressee}}
}

// starts returns when the event from which a clock runs happened, oldest first:
// nothing if it has not.
func (k *counting) starts(r *agreement.Run) []instant {
	c := k.c
	issuing := func(e *Entry) instant { return k.told(e, c.answeredTo()) }
	put := func(e *Entry) instant {
		if ids := e.authorities(c); len(ids) > 0 {
			return k.told(e, ids[0])
		}
		return instant{act: e, unknown: c.Addressee}
	}
	receiving := func(e *Entry) bool { return c.part(e.From)&(addressee|authority) != 0 }
	switch r.From {
	case agreement.EventIssue:
		return []instant{{at: c.Matter.Issued}}
	case agreement.EventReceipt:
		return k.receipt()
	case agreement.EventComplete:
		return k.complete()
	case agreement.EventNotification:
		return k.notification()
	case agreement.EventQuestion:
		return k.each(protocol.KindClarification, issuing, receiving)
	case agreement.EventConsultation:
		return k.each(protocol.KindConsultation, issuing, receiving)
	case agreement.EventObjection:
		return k.each(protocol.KindObjection, issuing, word(string(protocol.LevelIssuer)))
	case agreement.EventEscalation:
		return k.each(protocol.KindObjection, put, word(string(protocol.LevelReceiving)))
	case agreement.EventEnforcement:
		return k.each(protocol.KindEnforcement, put, nil)
	case agreement.EventAcceptance:
		return k.each(protocol.KindAcceptance, issuedAt, receiving)
	case agreement.EventPostponement:
		return k.each(protocol.KindPostponement, issuedAt, nil)
	}
	return k.startsBeside(r)
}

// startsBeside is starts for what runs beside the main region, or after it.
func (k *counting) startsBeside(r *agreement.Run) []instant {
	c := k.c
	switch r.From {
	case agreement.EventService:
		if c.State == Accepted || c.State == PartlyProduced {
			return []instant{{unknown: c.Addressee}}
		}
	case agreement.EventSought:
		return first(k.each(protocol.KindValidation, issuedAt, word(string(protocol.ValidationSought))))
	case agreement.EventEvidence:
		return first(k.each(protocol.KindDisclosure, func(e *Entry) instant { return k.told(e, c.answeredTo()) }, nil))
	case agreement.EventLinked:
		return k.each(protocol.KindDisclosure, issuedAt, c.evidence)
	case agreement.EventStart:
		if s := c.interception(time.Time{}); s.State != "" {
			return []instant{{at: s.Since}}
		}
	case agreement.EventChallenged:
		return k.each(protocol.KindSecrecy, func(e *Entry) instant { return k.told(e, c.answeredTo()) },
			word(string(protocol.SecrecyChallenged)))
	case agreement.EventStateTold:
		return k.each(protocol.KindNotice, func(e *Entry) instant { return instant{at: e.Says.Start, act: e} }, func(e *Entry) bool {
			return e.Says != nil && e.Says.To == string(protocol.NoticeState) && e.Says.What == string(protocol.NoticeDelivered)
		})
	}
	return nil
}

func first(list []instant) []instant { return list[:min(len(list), 1)] }

// complete returns when the addressee had all that it needs: the order, and the
// answer to each question with which it sent the order back (UNCAC, Art. 46(16)).
func (k *counting) complete() []instant {
	out := k.receipt()
	for _, q := range k.each(protocol.KindClarification, issuedAt, word(string(protocol.AskReturned))) {
		a := k.c.answerTo(q.act.Act)
		if a == nil {
			return nil
		}
		came := k.told(a, k.c.Addressee)
		if came.unknown != "" || len(out) > 0 && out[0].unknown == "" && came.at.After(out[0].at) {
			out = []instant{came}
		}
	}
	return out
}

// notification returns when the notified authority received it.
func (k *counting) notification() []instant {
	c := k.c
	if len(c.Notified) == 0 || c.State == Requested {
		return nil
	}
	for i := range c.Thread {
		if e := &c.Thread[i]; slices.Contains(e.To, c.Notified[0]) && (e.Kind == protocol.KindRequest || e.Kind == protocol.KindCertification) {
			return []instant{k.told(e, c.Notified[0])}
		}
	}
	return []instant{{unknown: c.Notified[0]}}
}

// answerTo returns the first act that answers a question, nil if none does.
func (c *Case) answerTo(d protocol.Digest) *Entry {
	var out *Entry
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Says == nil || e.Lost() || !slices.Contains(e.Says.Answers, d) {
			continue
		}
		if out == nil || e.Issued.Before(out.Issued) {
			out = e
		}
	}
	return out
}

// A span is a time during which a clock stands still, without an end as long as
// it does.
type span struct{ from, to time.Time }

// pauses returns when a clock stood still, in order and without overlaps: from the
// issuing side's receipt of what is asked until the addressee's of the answer. Both
// know both.
func (k *counting) pauses(r *agreement.Run, since time.Time) []span {
	var out []span
	for i := range k.c.Thread {
		q := &k.c.Thread[i]
		if q.Lost() || q.From != k.c.Addressee || !slices.Contains(r.Pauses, pausing(q)) {
			continue
		}
		asked := k.told(q, k.c.answeredTo())
		if asked.unknown != "" {
			continue // it has not come, as far as is known: the clock runs
		}
		s := span{from: later(asked.at, since)}
		if a := k.c.answerTo(q.Act); a != nil {
			s.to = k.told(a, k.c.Addressee).at
		}
		if s.to.IsZero() || s.to.After(s.from) {
			out = append(out, s)
		}
	}
	return merged(out)
}

// pausing returns at what event a clock stands still when an act comes, "" at none.
func pausing(e *Entry) agreement.Event {
	switch {
	case e.Kind == protocol.KindClarification:
		return agreement.EventQuestion
	case e.Kind != protocol.KindObjection || e.Says == nil:
		return ""
	case e.Says.What == string(protocol.LevelCourt):
		return agreement.EventMotion
	case e.Says.What == string(protocol.LevelIssuer):
		return agreement.EventObjection
	}
	return ""
}

// merged returns spans in order, those that overlap as one.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var out []span
	for _, s := range spans {
		last := len(out) - 1
		switch {
		case last < 0 || !out[last].to.IsZero() && out[last].to.Before(s.from):
			out = append(out, s)
		case s.to.IsZero():
			out[last].to = s.to
		case !out[last].to.IsZero():
			out[last].to = later(out[last].to, s.to)
		}
	}
	return out
}
