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
	if l.of(55) || deed.Security != "" {
		l.gag()
	}
	if l.made.Request.Authorisation.Unvalidated {
		l.validate()
	}
	if deed.Third != "" && l.of(80) {
		l.third()
	}
	if deed.Outcome == "" {
		l.middle()
	}
	if deed.Outcome == "" {
		l.end()
	}
	if len(deed.Raised) == 0 && l.made.Case.State != casefile.Closed && l.of(8) {
		l.costs()
	}
	closed := l.made.Case.State == casefile.Closed // which is over, with all that ran beside it
	if g := deed.Gag; g != nil && !closed && !g.Until.IsZero() && g.Lifted.IsZero() && l.of(15) {
		l.later(g)
	}
}

func (l *life) gag() {
	deed := &l.made.Deed
	g := &report.Secret{Ordered: true}
	deed.Gag = g
	until := time.Time{}
	if l.of(60) {
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
	switch l.below(3) {
	case 0:
		l.does(deed.Addressee, 5*aDay, secrecy(protocol.SecrecyChallenged, time.Time{}, time.Time{}))
		g.Disputed = true
		l.does(deed.Issuer, 20*aDay, secrecy(protocol.SecrecyLifted, time.Time{}, time.Time{}))
		g.Lifted = l.now
	case 1:
		g.Until, g.Extended = g.Until.Add(90*aDay), true
		l.does(deed.Issuer, 5*aDay, secrecy(protocol.SecrecyExtended, l.now, g.Until))
	case 2:
		if l.now.Before(g.Until) {
			l.now = g.Until
		}
		l.does(deed.Addressee, 3*aDay, protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeUser,
			Status: protocol.NoticeDelivered, At: l.now}})
		deed.Told = true
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
	if l.of(70) {
		deed.Paid = true
		l.does(deed.Issuer, 30*aDay, protocol.Body{Costs: &protocol.Costs{Action: protocol.CostsPaid}})
	}
}

// middle is what goes to and fro before an answer.
func (l *life) middle() {
	deed := &l.made.Deed
	switch n := l.below(100); {
	case n < 12:
		l.does(deed.Addressee, 3*aDay, protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskInformation}})
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyProvided}})
	case n < 22 && deed.Type != protocol.Preservation:
		l.object()
	case n < 25 && deed.Agreement == report.EURegulation && l.year.Authority && deed.Addressee == Contoso:
		deed.Enforced = true
		l.does(deed.Issuer, 20*aDay, protocol.Body{Enforcement: &protocol.Enforcement{Reason: protocol.ReasonOverdue}}, l.absent()...)
	case n < 31 && deed.Notified && deed.Addressee == Contoso:
		l.raise()
	}
}

// absent returns the authority of the receiving side, where it is not in the
// case yet.
func (l *life) absent() []protocol.ParticipantID {
	if l.made.Deed.Notified {
		return nil
	}
	return []protocol.ParticipantID{Justice}
}

func (l *life) object() {
	deed := &l.made.Deed
	note := func(level protocol.Level, result string) {
		deed.Objections = append(deed.Objections, report.Objected{Level: level, Result: result})
	}
	object := func(level protocol.Level, more ...protocol.ParticipantID) {
		l.does(deed.Addressee, 4*aDay, protocol.Body{Objection: &protocol.Objection{Level: level,
			Grounds: []protocol.Reason{protocol.ReasonOverbroad}}}, more...)
	}
	determine := func(by protocol.ParticipantID, r protocol.Result) {
		l.does(by, 9*aDay, protocol.Body{Determination: &protocol.Determination{Result: r}})
	}
	further := deed.Addressee == Contoso
	object(protocol.LevelIssuer)
	switch n := l.below(6); {
	case n == 0:
		note(protocol.LevelIssuer, report.ObjectionOverruled)
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyInsists}})
	case n == 1:
		note(protocol.LevelIssuer, report.ObjectionModified)
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyAgrees}})
	case n == 2:
		note(protocol.LevelIssuer, report.ObjectionWithdrawn)
		l.does(deed.Issuer, 5*aDay, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		deed.Outcome = report.OutcomeWithdrawn
	case n == 3 && further:
		note(protocol.LevelIssuer, report.ObjectionFurther)
		object(protocol.LevelReceiving, l.absent()...)
		note(protocol.LevelReceiving, report.ObjectionOff)
		determine(Justice, protocol.ResultNotApplicable)
		deed.Outcome, deed.NotApplies = report.OutcomeRejected, true
	case n == 4 && further:
		note(protocol.LevelIssuer, report.ObjectionFurther)
		object(protocol.LevelReceiving, l.absent()...)
		note(protocol.LevelReceiving, report.ObjectionOverruled)
		determine(Justice, protocol.ResultOverruled)
	default:
		note(protocol.LevelIssuer, report.ObjectionOverruled)
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyInsists}})
		object(protocol.LevelCourt)
		note(protocol.LevelCourt, report.ObjectionLifted)
		determine(deed.Addressee, protocol.ResultLifted)
		deed.Outcome = report.OutcomeRejected
	}
}

// raise: a notified authority raises a ground for refusal.
func (l *life) raise() {
	deed := &l.made.Deed
	ground := pick(l.draw, protocol.ReasonPrivilege, protocol.ReasonFundamentalRight, protocol.ReasonNeBisInIdem)
	deed.Raised = append(deed.Raised, report.Raised{Ground: ground})
	l.does(Justice, 3*aDay, protocol.Body{Consultation: &protocol.Consultation{Reasons: []protocol.Reason{ground}}})
	l.does(Justice, 5*aDay, protocol.Body{Refusal: &protocol.Refusal{Reason: ground}})
	deed.Outcome = report.OutcomeRejected
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
	switch n := l.below(100); {
	case n < 60:
		if l.of(10) {
			disclose(protocol.ProductionPartial)
		}
		disclose(protocol.ProductionComplete)
		deed.Outcome, deed.Produced = report.OutcomeNonContent, l.now
		for _, c := range deed.Categories {
			if c == protocol.CategoryContent {
				deed.Outcome = report.OutcomeContent
			}
		}
		// An authority of the receiving side does not hold the disclosure, and could
		// not follow a closure that rests on it.
		if c := &l.made.Case; l.of(30) && len(c.Notified)+len(c.Joined) == 0 {
			l.does(deed.Issuer, 40*aDay, protocol.Body{Closure: &protocol.Closure{}})
		}
	case n < 70:
		disclose(protocol.ProductionNoData)
		deed.Outcome = report.OutcomeNoData
	case n < 75:
		disclose(protocol.ProductionPartial)
		deed.Outcome = report.OutcomePartial
	case n < 85:
		deed.Outcome = report.OutcomeRejected
		l.does(deed.Addressee, patience, protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotCustomer}})
	case n < 92:
		deed.Outcome = report.OutcomeWithdrawn
		l.does(deed.Issuer, patience, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
	default:
		deed.Outcome = report.OutcomePending
	}
}

func (l *life) keep() {
	deed := &l.made.Deed
	deed.Outcome = report.OutcomePreserved
	if l.of(10) {
		deed.Outcome = report.OutcomeWithdrawn
		l.does(deed.Issuer, 30*aDay, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		return
	}
	if !l.of(60) {
		return
	}
	l.does(deed.Issuer, 50*aDay, protocol.Body{Preservation: &protocol.Kept{Action: protocol.KeptConfirmed,
		Case: protocol.CaseID(l.name("case-"))}})
	deed.Followed = l.now.Add(-time.Hour)
	followed := deed.Followed
	l.made.View.Followed = func(protocol.CaseID) time.Time { return followed }
}
