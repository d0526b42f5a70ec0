package reporttest

import (
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/report"
)

// middle is what goes to and fro before an answer.
func (l *life) middle() {
	deed := &l.made.Deed
	eu := deed.Agreement == report.EURegulation
	switch n := l.below(100); {
	case n < 10:
		l.asks()
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyProvided}})
	case n < 15 && deed.Type == protocol.Production:
		l.asks()
		l.narrow()
	case n < 27 && deed.Type != protocol.Preservation:
		l.object()
	case n < 30 && eu && l.year.Authority && deed.Addressee == Contoso:
		deed.Enforced = true
		l.does(deed.Issuer, 20*aDay, protocol.Body{Enforcement: &protocol.Enforcement{Reason: protocol.ReasonOverdue}}, l.absent()...)
		if l.of(60) {
			l.does(Justice, 9*aDay, protocol.Body{Determination: &protocol.Determination{Result: protocol.ResultRecognised}})
		}
	case n < 40 && deed.Notified && deed.Addressee == Contoso:
		l.notifiedSays()
	case n < 44:
		l.does(deed.Addressee, 3*aDay, protocol.Body{Extension: &protocol.Extension{Until: l.now.Add(30 * aDay), Reason: "volume"}})
	case deed.Addressee == Justice && n < 80:
		l.central()
	}
}

func (l *life) asks() {
	l.does(l.made.Deed.Addressee, 3*aDay, protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskInformation}})
}

// narrow leaves subscriber data of what was asked for.
func (l *life) narrow() {
	deed := &l.made.Deed
	left := []protocol.DataItem{{Category: protocol.CategorySubscriber}}
	l.does(deed.Issuer, 4*aDay, protocol.Body{Amendment: &protocol.Amendment{Version: 2, Data: left, Identifiers: l.made.Request.Identifiers}})
	deed.Narrowed = true
	l.made.View.Narrowed = []protocol.Category{protocol.CategorySubscriber}
}

// absent returns the authority of the receiving side, where it is not in the
// case yet.
func (l *life) absent() []protocol.ParticipantID {
	if l.made.Deed.Notified {
		return nil
	}
	return []protocol.ParticipantID{Justice}
}

func (l *life) refuse(why protocol.Reason) {
	if l.made.Deed.Addressee == Justice { // an authority consults first
		l.does(Justice, 3*aDay, protocol.Body{Consultation: &protocol.Consultation{Reasons: []protocol.Reason{why}}})
	}
	l.does(l.made.Deed.Addressee, 20*aDay, protocol.Body{Refusal: &protocol.Refusal{Reason: why}})
}

// challenge: the requesting officer answers, or does not, and is refused.
func (l *life) challenge() {
	deed := &l.made.Deed
	nonce := strings.Repeat("0f", protocol.NonceSize)
	until := l.now.Add(2 * time.Hour)
	l.does(deed.Addressee, time.Minute, protocol.Body{Challenge: &protocol.Challenge{Nonce: nonce, Until: until}})
	if l.of(80) {
		deed.Answered = true
		l.does(deed.Issuer, time.Hour, protocol.Body{Response: &protocol.Response{Nonce: nonce}})
		return
	}
	deed.Outcome = report.OutcomeRejected
	l.now = until
	l.does(deed.Addressee, time.Hour, protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonChallenge}})
}

// central: an authority that was asked for assistance looks at the request.
func (l *life) central() {
	deed := &l.made.Deed
	switch l.below(3) {
	case 0:
		l.does(Justice, 9*aDay, protocol.Body{Conditions: &protocol.Conditions{Limits: []protocol.Clause{{Text: "no onward use"}}}})
		l.does(deed.Issuer, 9*aDay, protocol.Body{Acceptance: &protocol.Acceptance{}})
	case 1:
		l.does(Justice, 9*aDay, protocol.Body{Postponement: &protocol.Postponement{Reason: protocol.ReasonOther, Review: l.now.Add(60 * aDay)}})
	}
	l.does(Justice, 30*aDay, protocol.Body{Acceptance: &protocol.Acceptance{}})
}

// notifiedSays: a notified authority raises a ground against all of it, or against
// part, or none after all.
func (l *life) notifiedSays() {
	deed := &l.made.Deed
	switch l.below(3) {
	case 0:
		l.raise()
		deed.Outcome = report.OutcomeRejected
	case 1:
		deed.Raised = append(deed.Raised, report.Raised{Ground: protocol.ReasonPrivilege, Partial: true})
		l.does(Justice, 3*aDay, protocol.Body{Conditions: &protocol.Conditions{Partial: true, Reason: protocol.ReasonPrivilege,
			Limits: []protocol.Clause{{Text: "not the letters to counsel"}}}})
		l.does(deed.Issuer, 3*aDay, protocol.Body{Acceptance: &protocol.Acceptance{}})
	case 2:
		deed.Cleared = true
		l.does(Justice, 3*aDay, protocol.Body{Consultation: &protocol.Consultation{Reasons: []protocol.Reason{protocol.ReasonPrivilege}}})
		l.does(deed.Issuer, 2*aDay, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyProvided}})
		l.does(Justice, 2*aDay, protocol.Body{Acceptance: &protocol.Acceptance{}})
	}
}

// raise: a notified authority raises a ground for refusal.
func (l *life) raise() {
	deed := &l.made.Deed
	ground := pick(l.draw, protocol.ReasonPrivilege, protocol.ReasonFundamentalRight, protocol.ReasonNeBisInIdem)
	deed.Raised = append(deed.Raised, report.Raised{Ground: ground})
	l.does(Justice, 3*aDay, protocol.Body{Consultation: &protocol.Consultation{Reasons: []protocol.Reason{ground}}})
	l.does(Justice, 5*aDay, protocol.Body{Refusal: &protocol.Refusal{Reason: ground}})
}

// object leads an objection through its levels.
func (l *life) object() {
	deed := &l.made.Deed
	note := func(level protocol.Level, result string) {
		deed.Objections = append(deed.Objections, report.Objected{Level: level, Result: result})
	}
	object := func(level protocol.Level, more ...protocol.ParticipantID) {
		l.does(deed.Addressee, 4*aDay, protocol.Body{Objection: &protocol.Objection{Level: level,
			Grounds: []protocol.Reason{protocol.ReasonOverbroad}}}, more...)
	}
	reply := func(r protocol.ReplyResult) {
		l.does(deed.Issuer, 5*aDay, protocol.Body{Reply: &protocol.Reply{Result: r}})
	}
	further := deed.Addressee == Contoso
	object(protocol.LevelIssuer)
	switch n := l.below(11); {
	case n == 0:
		note(protocol.LevelIssuer, report.ObjectionOverruled)
		reply(protocol.ReplyInsists)
	case n == 1:
		note(protocol.LevelIssuer, report.ObjectionModified)
		reply(protocol.ReplyAgrees)
	case n == 2:
		note(protocol.LevelIssuer, report.ObjectionModified)
		l.narrow()
	case n == 3:
		note(protocol.LevelIssuer, report.ObjectionWithdrawn)
		l.does(deed.Issuer, 5*aDay, protocol.Body{Withdrawal: &protocol.Withdrawal{}})
		deed.Outcome = report.OutcomeWithdrawn
	case n == 4:
		note(protocol.LevelIssuer, report.ObjectionRefused)
		l.refuse(protocol.ReasonOverbroad)
		deed.Outcome = report.OutcomeRejected
	case n == 5 && !deed.Drill && deed.Type != protocol.Interception:
		note(protocol.LevelIssuer, report.ObjectionDropped)
		l.does(deed.Addressee, 9*aDay, protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete}})
		l.produced()
	case n == 6:
		note(protocol.LevelIssuer, report.ObjectionOpen)
		deed.Outcome = report.OutcomePending
	case n < 9 && further:
		note(protocol.LevelIssuer, report.ObjectionFurther)
		object(protocol.LevelReceiving, l.absent()...)
		l.receiving(note)
	default:
		note(protocol.LevelIssuer, report.ObjectionOverruled)
		reply(protocol.ReplyInsists)
		object(protocol.LevelCourt)
		l.court(note)
	}
}

// receiving decides what was put to the authority of the receiving side.
func (l *life) receiving(note func(protocol.Level, string)) {
	deed := &l.made.Deed
	determine := func(r protocol.Result, became string) {
		note(protocol.LevelReceiving, became)
		l.does(Justice, 9*aDay, protocol.Body{Determination: &protocol.Determination{Result: r}})
	}
	switch l.below(3) {
	case 0:
		determine(protocol.ResultNotApplicable, report.ObjectionOff)
		deed.Outcome, deed.NotApplies = report.OutcomeRejected, true
	case 1:
		determine(protocol.ResultOverruled, report.ObjectionOverruled)
	case 2:
		determine(protocol.ResultModified, report.ObjectionModified)
	}
}

// court decides; who brought it there says so.
func (l *life) court(note func(protocol.Level, string)) {
	deed := &l.made.Deed
	determine := func(r protocol.Result, became string) {
		note(protocol.LevelCourt, became)
		l.does(deed.Addressee, 40*aDay, protocol.Body{Determination: &protocol.Determination{Result: r, Reference: "No 1"}})
	}
	if l.of(40) {
		determine(protocol.ResultOverruled, report.ObjectionOverruled)
		return
	}
	determine(protocol.ResultLifted, report.ObjectionLifted)
	deed.Outcome = report.OutcomeRejected
}
