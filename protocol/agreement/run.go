package agreement

import (
	"time"

	"comity.example/protocol"
)

// An Event is what a clock runs from, stands still at, or ends with.
type Event string

// The events. Each is one that the acts of a case tell, at the time that is the
// same for all who hold them: the time of issue of an act, or of the receipt that a
// recipient's ledger gave.
const (
	EventIssue        Event = "issue"        // the request was issued
	EventReceipt      Event = "receipt"      // the addressee received the order
	EventComplete     Event = "complete"     // the addressee received what it had sent the request back for, or the order if nothing was missing
	EventNotification Event = "notification" // the notified authority received it
	EventQuestion     Event = "question"     // the issuing side received a clarification
	EventConsultation Event = "consultation" // the issuing side received a consultation
	EventObjection    Event = "objection"    // the issuing side received an objection
	EventEscalation   Event = "escalation"   // the receiving authority received an objection
	EventEnforcement  Event = "enforcement"  // the enforcing authority received the order to enforce
	EventAcceptance   Event = "acceptance"   // the authority accepted the request
	EventPostponement Event = "postponement" // the authority put it off
	EventService      Event = "service"      // the requested Party served its own order: told in another case, so not known here
	EventSought       Event = "sought"       // validation after the fact was sought, granted or denied
	EventExtension    Event = "extension"    // whose move it is took more time: from the end of the clock named in after
	EventEvidence     Event = "evidence"     // the issuing side received what was disclosed
	EventLinked       Event = "linked"       // what was disclosed was made available, to be fetched
	EventMotion       Event = "motion"       // an objection went to a court: its clocks stand still
	EventStart        Event = "start"        // the interception is to start
	EventSecrecy      Event = "secrecy"      // the order of secrecy
	EventChallenged   Event = "challenged"   // the issuing side received word that the order of secrecy is challenged

	// In the life of an agreement.
	EventInForce     Event = "in_force"    // the agreement's entry into force
	EventYearEnd     Event = "year_end"    // the end of each calendar year
	EventHalfYear    Event = "half_year"   // the end of each half of a calendar year
	EventTermination Event = "termination" // the notice of termination: not known here
	EventDetermined  Event = "determined"  // the determination that it rests on: not known here

	EventActed       Event = "acted"        // the addressee sent its first act in the case
	EventAnswered    Event = "answered"     // the addressee answered: disclosed all, or refused
	EventReplied     Event = "replied"      // the issuing side answered what was asked
	EventDecided     Event = "decided"      // the authority decided what was put to it
	EventExamined    Event = "examined"     // the notified authority said what it will do
	EventObjected    Event = "objected"     // the addressee objected
	EventResumed     Event = "resumed"      // what was put off goes on
	EventConfirmed   Event = "confirmed"    // the request for production was issued: what is kept waits for it
	EventReleased    Event = "released"     // what is kept need not be kept any more
	EventNoticeGiven Event = "notice_given" // the user was told, or the omission recorded
	EventStateTold   Event = "state_told"   // the third States were told, or the exception recorded
	EventDeleted     Event = "deleted"      // whose clock it is deleted what was disclosed, and certified that
	EventStopped     Event = "stopped"      // the interception was stopped
	EventValidated   Event = "validated"    // validation after the fact was granted or denied
)

// Events lists what a clock may run from, stand still at, and end with.
func Events() (from, pauses, until []Event) {
	return []Event{EventIssue, EventReceipt, EventComplete, EventNotification, EventQuestion, EventConsultation, EventStateTold,
			EventObjection, EventEscalation, EventEnforcement, EventAcceptance, EventPostponement, EventService,
			EventSought, EventExtension, EventEvidence, EventLinked, EventStart, EventSecrecy, EventChallenged,
			EventInForce, EventYearEnd, EventHalfYear, EventTermination, EventDetermined},
		[]Event{EventQuestion, EventObjection, EventMotion},
		[]Event{EventReceipt, EventAcceptance, EventSought, EventActed, EventAnswered, EventReplied,
			EventDecided, EventExamined, EventObjected, EventResumed, EventConfirmed, EventReleased,
			EventNoticeGiven, EventStateTold, EventDeleted, EventStopped, EventValidated}
}

// A Unit is what a clock counts.
type Unit string

// The units.
const (
	UnitHours       Unit = "hours"
	UnitDays        Unit = "days"
	UnitWorkingDays Unit = "working_days"
	UnitMonths      Unit = "months"
	UnitGiven       Unit = "given" // to a moment that an act names: an end, a review, a deadline
)

// A Computation is the law by which a clock counts.
type Computation string

// The computations.
const (
	Plain          Computation = "plain"      // hours and days to the second, in UTC
	Regulation1182 Computation = "eu_1182_71" // Regulation (EEC, Euratom) 1182/71, Art. 3
	FirstDay       Computation = "first_day"  // the day of the event is day one (COPO Act 2019 s.5(5))
	National       Computation = "national"   // by a national law that is not computed here: as plain, and it says so
)

// A Run says how a machine counts a clock.
type Run struct {
	From  Event
	Count int
	Unit  Unit
	By    Computation
	// After is the id of the clock at whose end it starts, of an extension.
	After string
	// Place is whose holidays and days count, Whose whose move it is until it ends.
	Place Whose
	Whose Whose
	// Region is the region of a case whose end it is, "" for none.
	Region string

	// For which requests it runs; what is not said is for all.
	Types      []protocol.RequestType
	Categories []protocol.Category
	Issuing    []protocol.Party // of the issuing side
	Emergency  *bool
	Notified   *bool

	// Until are the events that end it, Pauses those at which it stands still.
	Until  []Event
	Pauses []Event
	// Stated says what a deadline in the request does to it.
	Stated Stated
	// Beside is the id of a clock that may end at another moment although the law
	// gives both one length: people are told if it does.
	Beside string
	// Effect is one of Effects.
	Effect string
	Remind []Span // ahead of its end; none: the usual ones
	// Every says that it starts anew each time it ended, of an agreement's life.
	Every bool
	// Policy says that the period is no law: a node may set its own.
	Policy bool
}

// A Whose is a side of a case.
type Whose string

// The sides of a case, as a clock knows them.
const (
	WhoseAddressee Whose = "addressee"
	WhoseIssuing   Whose = "issuing"
	WhoseAuthority Whose = "authority" // that was notified, or to which something was put
)

// A Stated says what a deadline in the request does to a clock.
type Stated string

// What it may do. Most clocks take no notice: the law's time stands.
const (
	StatedLonger  Stated = "longer"  // the later of the two counts
	StatedInstead Stated = "instead" // the stated time counts
)

// A Span is a time ahead of an end, as a person writes it.
type Span struct {
	Count int
	Unit  Unit // days or hours
}

// Length returns how long a span is.
func (s Span) Length() time.Duration {
	if s.Unit == UnitDays {
		return time.Duration(s.Count) * 24 * time.Hour
	}
	return time.Duration(s.Count) * time.Hour
}

// Effects lists what may come about at the end of a clock: the names of package
// casefile.
func Effects() []string {
	return []string{"overdue", "lapse", "release", "notice", "stop", "withdraw", "lost", "convert", "alert"}
}

// Regions lists what of a case a clock may be the end of: the names of package
// casefile, and what was put off.
func Regions() []string {
	return []string{"secrecy", "user_notice", "preservation", "validation", "third_state_notice", "interception",
		"postponement"}
}

// OfAgreement reports whether the clock runs in the life of an agreement, and in
// no case.
func (r *Run) OfAgreement() bool {
	switch r.From {
	case EventInForce, EventYearEnd, EventHalfYear, EventTermination, EventDetermined:
		return true
	}
	return false
}
