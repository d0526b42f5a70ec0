package agreement

import (
	"fmt"
	"slices"
	"strings"
)

// Words says in words how a machine counts the clock, for people who check it
// against the text of the law.
func (r *Run) Words() string {
	var b strings.Builder
	switch {
	case r.Unit == UnitGiven:
		fmt.Fprintf(&b, "until the end that the acts of a case give (%s)", spaced(r.Region))
	case r.From == EventExtension:
		fmt.Fprintf(&b, "%d %s at most from the end of %s, if an act extends it", r.Count, spaced(r.Unit), r.After)
	default:
		fmt.Fprintf(&b, "%d %s from %s", r.Count, spaced(r.Unit), fromWords(r.From))
	}
	say := func(when bool, format string, args ...any) {
		if when {
			b.WriteString("; ")
			fmt.Fprintf(&b, format, args...)
		}
	}
	say(r.Every, "anew each time")
	say(r.By == Regulation1182, "by Regulation 1182/71, Art. 3, in the place of the %s", sideWords(r.Place))
	say(r.By == FirstDay, "that day is the first, in the place of the %s", sideWords(r.Place))
	say(r.By == National, "the national law of the %s, which is not computed: plain days are shown", sideWords(r.Place))
	say(len(r.Types) > 0, "for %s", spaced(joined(r.Types)))
	say(len(r.Categories) > 0, "of %s", spaced(joined(r.Categories)))
	say(len(r.Issuing) > 0, "issued by %s", joined(r.Issuing))
	say(r.Emergency != nil, "%s in an emergency", onlyWord(r.Emergency))
	say(r.Notified != nil, "%s with a notification", onlyWord(r.Notified))
	say(r.Whose != "", "it is the %s's move", sideWords(r.Whose))
	say(len(r.Pauses) > 0, "stands still at a %s", spaced(strings.Join(words(r.Pauses), " or a ")))
	say(len(r.Until) > 0, "ends earlier when %s", strings.Join(untilWords(r.Until), " or "))
	deadline := "deadline in the request"
	if r.From == EventLinked {
		deadline = "end that the disclosure gives"
	}
	say(r.Stated == StatedLonger, "a later %s counts", deadline)
	say(r.Stated == StatedInstead, "the %s counts instead, if there is one", deadline)
	say(r.Beside != "", "people are told if it ends at another moment than %s", r.Beside)
	say(len(r.Remind) > 0, "reminds %s ahead", strings.Join(spanWords(r.Remind), " and "))
	say(true, "then: %s", effectWords(r.Effect))
	say(r.Policy, "policy, not law: a node may set its own time")
	return b.String()
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

func joined[T ~string](list []T) string { return strings.Join(words(list), ", ") }

func spaced[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }

func onlyWord(only *bool) string {
	if only != nil && *only {
		return "only"
	}
	return "not"
}

func sideWords(w Whose) string {
	switch w {
	case WhoseIssuing:
		return "issuing side"
	case WhoseAuthority:
		return "authority"
	}
	return "addressee"
}

// A phrase is what an event is in words.
type phrase struct {
	event Event
	words string
}

// origins are the words for events after "from". It is never written to.
var origins = []phrase{
	{EventIssue, "the issue of the request"},
	{EventReceipt, "the addressee's receipt of the order"},
	{EventComplete, "the addressee's receipt of the complete information"},
	{EventNotification, "the notified authority's receipt"},
	{EventQuestion, "the issuing side's receipt of the question"},
	{EventConsultation, "the issuing side's receipt of the consultation"},
	{EventObjection, "the issuing side's receipt of the objection"},
	{EventEscalation, "the receiving authority's receipt of the objection"},
	{EventEnforcement, "the enforcing authority's receipt of the order"},
	{EventAcceptance, "the acceptance"},
	{EventPostponement, "the postponement"},
	{EventService, "the requested Party's service of its own order, which another case tells"},
	{EventSought, "the moment at which validation was sought"},
	{EventEvidence, "the issuing side's receipt of the evidence"},
	{EventLinked, "the moment at which what was disclosed was made available"},
	{EventStart, "the start of the interception"},
	{EventSecrecy, "the order of secrecy"},
	{EventChallenged, "the issuing side's receipt of the challenge to the secrecy"},
	{EventStateTold, "the word to the third State"},
	{EventInForce, "the entry into force"},
	{EventYearEnd, "the end of a calendar year"},
	{EventHalfYear, "the end of half a calendar year"},
	{EventTermination, "the notice of termination, which is told outside"},
	{EventDetermined, "the determination, which is told outside"},
}

func fromWords(e Event) string {
	at := slices.IndexFunc(origins, func(p phrase) bool { return p.event == e })
	if at < 0 {
		return spaced(e)
	}
	return origins[at].words
}

func untilWords(events []Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, untilWord(e))
	}
	return out
}

func untilWord(e Event) string {
	switch e {
	case EventReceipt:
		return "the addressee received it"
	case EventAcceptance:
		return "it is accepted"
	case EventSought:
		return "validation was sought"
	case EventActed:
		return "the addressee sends word"
	case EventAnswered:
		return "the addressee answered"
	case EventReplied:
		return "the issuing side replied"
	case EventDecided:
		return "it is decided"
	case EventExamined:
		return "the authority says what it will do"
	case EventObjected:
		return "the addressee objected"
	case EventResumed:
		return "it goes on"
	case EventConfirmed:
		return "the request for production is confirmed"
	case EventReleased:
		return "it is released"
	case EventNoticeGiven:
		return "the user is told"
	case EventStateTold:
		return "the third State is told"
	case EventDeleted:
		return "it certifies that what was disclosed is deleted"
	case EventStopped:
		return "the interception is stopped"
	case EventValidated:
		return "validation is granted or denied"
	}
	return spaced(e)
}

func spanWords(spans []Span) []string {
	var out []string
	for _, s := range spans {
		out = append(out, fmt.Sprintf("%d %s", s.Count, s.Unit))
	}
	return out
}

func effectWords(effect string) string {
	switch effect {
	case "overdue":
		return "it is overdue"
	case "lapse":
		return "nobody raised a ground: ready to produce"
	case "release":
		return "what is kept need not be kept any more"
	case "notice":
		return "the user is to be told"
	case "stop":
		return "the interception stops"
	case "withdraw":
		return "the request lapses"
	case "lost":
		return "the right to object is over"
	case "convert":
		return "another way is open"
	}
	return "people are told"
}
