package reporttest

import (
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/report"
)

const aDay = 24 * time.Hour

// whole leads the case from its receipt to its end.
func (l *life) whole() {
	deed := &l.made.Deed
	if l.year.Authority && !deed.Notified && l.of(2) {
		l.lose()
		return
	}
	if l.of(55) || deed.Security != "" {
		l.gag()
	}
	if l.made.Request.Authorisation.Unvalidated {
		l.validate()
	}
	if deed.Third != "" && l.of(80) {
		l.third()
	}
	if deed.Outcome == "" && deed.Emergency && l.of(30) {
		l.challenge()
	}
	if deed.Outcome == "" {
		l.middle()
	}
	if deed.Outcome == "" {
		l.end()
	}
	if deed.Outcome != report.OutcomePending && deed.Notified && l.made.Case.State == casefile.Produced && l.of(10) {
		l.raise() // after the data came (Regulation (EU) 2023/1543, Art. 10(4))
	}
	if len(deed.Raised) == 0 && l.of(8) {
		l.costs()
	}
	if g := deed.Gag; g != nil && !g.Until.IsZero() && g.Lifted.IsZero() && l.of(25) {
		l.later(g)
	}
	c := &l.made.Case
	l.now = l.now.Add(l.lasting(40 * aDay))
	// An authority of the receiving side does not hold the disclosure, and could
	// not follow a closure that rests on it.
	if c.State.Ended() && len(c.Pending(l.now)) == 0 && len(c.Notified)+len(c.Joined) == 0 && l.of(60) {
		l.does(deed.Issuer, time.Second, protocol.Body{Closure: &protocol.Closure{Deleted: len(c.ToDelete()) > 0}})
	}
}

// lose: the request does not get to its addressee in its time, which only its
// sender knows.
func (l *life) lose() {
	deed := &l.made.Deed
	deed.Lost, deed.Outcome = true, report.OutcomeRejected
	l.made.Case = l.made.Case.Undelivered(l.order.Digest, deed.Addressee, casefile.Expired)
}

func (l *life) gag() {
	deed := &l.made.Deed
	g := &report.Secret{Ordered: true}
	deed.Gag = g
	until := time.Time{}
	if l.of(50) {
		until = l.now.Add(pick(l.draw, 30*aDay, 90*aDay, 180*aDay, 365*aDay, 500*aDay))
	}
	g.Since, g.Until = l.now, until
	l.does(deed.Issuer, time.Hour, secrecy(protocol.SecrecyOrdered, l.now, until))
}

func secrecy(a protocol.SecrecyAction, start, end time.Time) protocol.Body {
	return protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: a, Start: start, End: end}}
}

// later is what becomes of an order of secrecy once the case is answered.
func (l *life) later(g *report.Secret) {
	deed := &l.made.Deed
	over := func() {
		if l.now.Before(g.Until) {
			l.now = g.Until
		}
	}
	notice := func(n protocol.Notice) {
		n.To = protocol.NoticeUser
		deed.Notice = string(n.Status)
		l.does(deed.Addressee, 3*aDay, protocol.Body{Notice: &n})
	}
	switch l.below(6) {
	case 0:
		l.does(deed.Addressee, 5*aDay, secrecy(protocol.SecrecyChallenged, time.Time{}, time.Time{}))
		g.Disputed = true
		l.does(deed.Issuer, 20*aDay, secrecy(protocol.SecrecyLifted, time.Time{}, time.Time{}))
		g.Lifted = l.now
	case 1:
		g.Ordered, g.Until, g.Extended = true, g.Until.Add(90*aDay), true
		l.does(deed.Issuer, 5*aDay, secrecy(protocol.SecrecyExtended, l.now, g.Until))
	case 2, 3:
		over()
		notice(protocol.Notice{Status: protocol.NoticeDelivered, At: l.now})
		deed.Told = true
	case 4:
		over()
		notice(protocol.Notice{Status: protocol.NoticeOmitted, Ground: protocol.SecrecyFlight})
	case 5:
		over()
		deed.Delayed = l.now.Add(400 * aDay)
		notice(protocol.Notice{Status: protocol.NoticeDelayed, Until: deed.Delayed, Ground: protocol.SecrecyFlight})
	}
}

func (l *life) validate() {
	deed := &l.made.Deed
	result := pick(l.draw, protocol.ValidationGranted, protocol.ValidationGranted, protocol.ValidationDenied, protocol.ValidationLapsed)
	deed.Validation = string(result)
	if result != protocol.ValidationLapsed {
		l.does(deed.Issuer, 40*time.Hour, protocol.Body{Validation: &protocol.Validated{Result: protocol.ValidationSought}})
	}
	l.does(deed.Issuer, 40*time.Hour, protocol.Body{Validation: &protocol.Validated{Result: result}})
	if result != protocol.ValidationGranted {
		deed.Outcome = report.OutcomeWithdrawn
	}
}

func (l *life) third() {
	deed := &l.made.Deed
	n := &protocol.Notice{To: protocol.NoticeState, State: "BR", Status: pick(l.draw, protocol.NoticeDelivered, protocol.NoticeOmitted)}
	deed.Third = "sent"
	if n.Status == protocol.NoticeOmitted {
		deed.Third = "exception"
	}
	l.does(deed.Issuer, time.Hour, protocol.Body{Notice: n})
}

func (l *life) costs() {
	deed := &l.made.Deed
	deed.Claimed = int64(100 + l.below(50_000))
	l.does(deed.Addressee, aDay, protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsClaimed, Amount: deed.Claimed, Currency: "EUR"}})
	if l.of(30) {
		l.does(deed.Issuer, 10*aDay, protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsDisputed}})
		l.does(deed.Issuer, 10*aDay, protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsAgreed}})
	}
	if l.of(70) {
		deed.Paid = true
		l.does(deed.Issuer, 30*aDay, protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsPaid}})
	}
}

// end answers the request, or leaves it open.
func (l *life) end() {
	deed := &l.made.Deed
	patience := 20 * aDay
	if deed.Emergency {
		patience = 6 * time.Hour
	}
	disclose := func(s protocol.ProductionStatus) {
		l.does(deed.Addressee, patience, protocol.Body{Disclosure: &protocol.Disclosure{Status: s}})
	}
	if deed.Type == protocol.Preservation {
		l.keep()
		return
	}
	if deed.Drill { // which can disclose nothing
		if w := l.made.Request.Interception; w != nil && l.now.Before(w.Start) {
			l.now = w.Start
		}
		disclose(protocol.ProductionNoData)
		deed.Outcome = report.OutcomeNoData
		return
	}
	if deed.Type == protocol.Interception {
		l.tap()
		return
	}
	switch n := l.below(100); {
	case n < 60:
		if l.of(10) {
			disclose(protocol.ProductionPartial)
		}
		disclose(protocol.ProductionComplete)
		l.produced()
	case n < 70:
		disclose(protocol.ProductionNoData)
		deed.Outcome = report.OutcomeNoData
	case n < 75:
		disclose(protocol.ProductionPartial)
		deed.Outcome = report.OutcomePartial
	case n < 85:
		deed.Outcome = report.OutcomeRejected
		l.refuse(protocol.ReasonNotCustomer)
	case n < 92:
		deed.Outcome = report.OutcomeWithdrawn
		l.does(deed.Issuer, patience, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
	case n < 95:
		deed.Outcome = report.OutcomeRejected
		l.does(deed.Addressee, patience, protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskImpossible}})
		l.does(deed.Issuer, patience, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyConfirmed}})
	default:
		deed.Outcome = report.OutcomePending
	}
}

// produced notes that all the data have come.
func (l *life) produced() {
	deed := &l.made.Deed
	deed.Outcome, deed.Produced = report.OutcomeNonContent, l.now
	for _, c := range deed.Categories {
		if !deed.Narrowed && (c == protocol.CategoryContent || c == protocol.CategoryContentLive) {
			deed.Outcome = report.OutcomeContent
		}
	}
}

// tap carries an interception out: it starts, is renewed, brings something in
// parts, and stops.
func (l *life) tap() {
	deed := &l.made.Deed
	deed.Tapped = true
	w := l.made.Request.Interception
	tap := func(from protocol.ParticipantID, t protocol.Tap) {
		t.At = l.now
		l.does(from, time.Second, protocol.Body{Interception: &t})
	}
	brings := func(s protocol.ProductionStatus) {
		l.does(deed.Addressee, time.Hour, protocol.Body{Disclosure: &protocol.Disclosure{Status: s}})
	}
	end := w.End
	if l.now.Before(w.Start) {
		l.now = w.Start
	}
	if !l.now.Before(end.Add(-2 * aDay)) { // it took too long to begin
		deed.Outcome = report.OutcomeWithdrawn
		l.does(deed.Issuer, aDay, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		return
	}
	tap(deed.Addressee, protocol.Tap{Action: protocol.TapStarted})
	brings(protocol.ProductionPartial)
	if l.of(40) {
		end = end.Add(30 * aDay)
		tap(deed.Issuer, protocol.Tap{Action: protocol.TapRenewed, Until: end})
	}
	l.now = end
	tap(deed.Addressee, protocol.Tap{Action: protocol.TapStopped})
	brings(protocol.ProductionComplete)
	l.produced()
}

func (l *life) keep() {
	deed := &l.made.Deed
	deed.Outcome = report.OutcomePreserved
	if l.of(10) {
		deed.Outcome = report.OutcomeWithdrawn
		l.does(deed.Issuer, 30*aDay, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		return
	}
	if l.of(20) {
		deed.Kept = true
		l.does(deed.Issuer, 50*aDay, protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptExtended, Until: l.now.Add(110 * aDay)}})
	}
	if !l.of(60) {
		if l.of(50) {
			l.does(deed.Issuer, 50*aDay, protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptReleased}})
		}
		return
	}
	l.does(deed.Issuer, 50*aDay, protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptConfirmed,
		Case: protocol.CaseID(l.name("case-"))}})
	deed.Followed = l.now.Add(-time.Hour)
	followed := deed.Followed
	l.made.View.Followed = func(protocol.CaseID) time.Time { return followed }
}
