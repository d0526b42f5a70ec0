package agreement

import (
	"time"

	"comity.example/protocol"
)

// An Event is what a clock runs from, stands still at, or ends with.
type Event string

// The events.
const (
	EventIssue        Event = "issue"        // the request was issued
	EventReceipt      Event = "receipt"      // the addressee received the order
	EventNotification Event = "notification" // the notified authority received it
	EventQuestion     Event = "question"     // the issuing side received a clarification
	EventObjection    Event = "objection"    // the issuing side received an objection
	EventEscalation   Event = "escalation"   // the receiving authority received an objection
	EventEnforcement  Event = "enforcement"  // the enforcing authority received the order to enforce
	EventAcceptance   Event = "acceptance"   // the authority accepted the request
	EventPostponement Event = "postponement" // the authority put it off
	EventStart        Event = "start"        // the interception started, or was to start
	EventSecrecyEnd   Event = "secrecy_end"  // the order of secrecy ended
	EventPreserved    Event = "preserved"    // the end of a preservation before it was extended
	EventAnswered     Event = "answered"     // the addressee answered: disclosed, refused, objected before a court
	EventReplied      Event = "replied"      // the issuing side replied
	EventDecided      Event = "decided"      // the authority decided what was put to it
	EventExamined     Event = "examined"     // the notified authority said what it will do
	EventSought       Event = "sought"       // validation after the fact was sought, granted or denied
	EventNoticeGiven  Event = "notice_given" // the user was told, or the omission recorded
	EventStateTold    Event = "state_told"   // the third State was told, or the exception recorded
	EventStopped      Event = "stopped"      // the interception was stopped
	EventEvidence     Event = "evidence"     // the issuing side received what was disclosed
	EventMotion       Event = "motion"       // an objection went to a court
)

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
)

// A Run says how a machine counts a clock.
type Run struct {
	From  Event
	Count int
	Unit  Unit
	By    Computation
	// Place is whose holidays and days count: "addressee", "issuing", "authority".
	Place string
	// Whose move it is until it ends: "addressee", "issuing", "authority".
	Whose string
	// Types, Emergency and Notified say for which requests it runs; none of them
	// stands for all.
	Types     []protocol.RequestType
	Emergency *bool
	Notified  *bool
	// Until are the events that end it, Pauses those at which it stands still.
	Until  []Event
	Pauses []Event
	// Effect is a name of package casefile: overdue, lapse, release …
	Effect string
	Remind []time.Duration // ahead of its end
	// Policy says that the period is no law: a node may set its own.
	Policy bool
}
