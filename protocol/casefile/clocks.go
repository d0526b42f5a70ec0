package casefile

import (
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/calendar"
)

// A Law is by what the clocks of a case run.
type Law struct {
	// Document is the agreement of the case, nil if it is not held any more.
	Document *agreement.Document
	// Domestic are laws of Parties. That of the issuing Party counts beside an
	// agreement under which its orders go straight to providers.
	Domestic []*agreement.Document
	// Self is the participant that holds the case: some starts only it knows.
	Self protocol.ParticipantID
	// Policies are the node's own periods, by the id of a clock that is policy
	// and not law.
	Policies map[string]time.Duration
	// Places, if set, spares looking up a place for each case again.
	Places *calendar.Places
}

// ValidationTime is how long after its issue the validation of a request that an
// emergency did not let wait must have been sought where the agreement gives no
// clock for it (Regulation (EU) 2023/1543, Art. 4(5); that it runs from the issue
// is a reading).
const ValidationTime = 48 * time.Hour

// Deadline is the id of the clock of the time that the request itself asks for.
const Deadline = "deadline"

// The usual reminders are at a half and at an eighth of a clock's time before its
// end.
const (
	remindFirst = 2
	remindLast  = 8
)

// A counting is one reckoning of the clocks of a case, by one of its holders.
type counting struct {
	c   *Case
	law Law
	out []Running
}

// Clocks returns the clocks of a case, those of its acts before those of its
// agreement and of its issuing Party's law. It is a function of the case and the
// law: the time comes in with Tick. Whoever knows when a clock started counts the
// same end; who does not is told who does (Unknown).
func Clocks(c *Case, law Law) []Running {
	if law.Places == nil {
		law.Places = &calendar.Places{}
	}
	k := &counting{c: c, law: law}
	docs := k.documents()
	for _, d := range docs {
		for i := range d.Clocks {
			k.count(d, &d.Clocks[i])
		}
	}
	k.differ(docs)
	counted := k.out
	k.out = nil
	k.regions(counted, docs)
	k.reviews(docs)
	k.deadline(counted)
	return append(k.out, counted...)
}

// documents returns whose clocks run, the agreement first. A Party's own law
// binds who gets its order; under assistance from State to State the law of the
// requested one does, which is for its people.
func (k *counting) documents() []*agreement.Document {
	if k.law.Document == nil {
		return nil
	}
	out := []*agreement.Document{k.law.Document}
	if k.law.Document.Kind != agreement.KindDataAccess {
		return out
	}
	for _, d := range k.law.Domestic {
		if d.Kind == agreement.KindDomestic && slices.Contains(d.Parties(), k.c.Issuer.Party()) {
			out = append(out, d)
		}
	}
	return out
}

// regions adds what runs beside the case. An end that the agreement counts stands
// among the others already, under the region's name.
func (k *counting) regions(counted []Running, docs []*agreement.Document) {
	c := k.c
	for _, s := range c.Regions(time.Time{}) {
		r := Running{ID: string(s.Region), Starts: s.Since, Ends: s.Until, Whose: c.Addressee}
		has := slices.ContainsFunc(counted, func(x Running) bool { return x.ID == r.ID })
		if s.Ended || has || s.Until.IsZero() && s.Region != RegionValidation {
			continue
		}
		switch s.Region {
		case RegionSecrecy:
			r.Effect, r.Whose, r.Text = EffectNotice, c.Teller(), "The order of secrecy ends."
		case RegionInterception:
			r.Effect, r.Text = EffectStop, "The authorisation of the interception ends."
		case RegionPreservation:
			r.Effect, r.Text = EffectRelease, "What was kept need not be kept any more."
		case RegionValidation:
			if s.State != "pending" {
				continue
			}
			r.Ends, r.Effect, r.Whose = s.Since.Add(ValidationTime), EffectWithdraw, c.Issuer
			r.Text = "Validation after the fact must have been sought."
		case RegionUserNotice:
			if s.State != "delayed" { // until it is, secrecy has its own clock
				continue
			}
			r.Effect, r.Whose, r.Text = EffectNotice, c.Teller(), "The notice to the user is delayed until then."
		default:
			continue
		}
		k.add(r, given(docs, c, r.ID))
	}
}

// reviews adds the moments that the acts name at which what was put off is looked
// at again, and until which a challenge is to be answered.
func (k *counting) reviews(docs []*agreement.Document) {
	for _, q := range k.c.Questions() {
		e := k.c.entryOf(q.Act)
		if e == nil || len(q.Awaits) == 0 || e.Kind != protocol.KindChallenge && e.Kind != protocol.KindPostponement {
			continue
		}
		r := Running{ID: string(e.Kind) + "/" + e.Act.String(), Starts: e.Issued, Ends: e.Says.Until,
			Effect: EffectAlert, Whose: q.Awaits[0]}
		var law *agreement.Clock
		if e.Kind == protocol.KindPostponement {
			r.Text = "What was put off is looked at again."
			law = given(docs, k.c, "postponement")
		}
		k.add(r, law)
	}
}

// given returns the clock that says by what law an end that the acts give is one.
func given(docs []*agreement.Document, c *Case, region string) *agreement.Clock {
	for _, d := range docs {
		for i := range d.Clocks {
			x := &d.Clocks[i]
			if x.Run != nil && x.Run.Unit == agreement.UnitGiven && x.Run.Region == region && c.runs(x.Run) {
				return x
			}
		}
	}
	return nil
}

// lastMoment is the last that can be written (RFC 3339). A peer may name a day that
// is near to it, and what moves that on does not move it further.
var lastMoment = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// add adds a clock with its reminders, and what the law says of it.
func (k *counting) add(r Running, law *agreement.Clock) {
	var spans []agreement.Span
	for _, t := range []*time.Time{&r.Starts, &r.Ends} {
		if t.After(lastMoment) {
			*t = lastMoment
		}
	}
	if law != nil {
		r.Article, r.Text, r.Provenance = law.Article, law.Text, string(law.Provenance)
		r.Policy, spans = law.Run.Policy, law.Run.Remind
	}
	if r.Starts.IsZero() && r.Unknown == "" && len(spans) == 0 || r.Ends.IsZero() {
		k.out = append(k.out, r)
		return
	}
	r.Remind = reminders(r, spans)
	k.out = append(k.out, r)
}

// reminders returns the moments at which people are reminded of an end.
func reminders(r Running, spans []agreement.Span) []time.Time {
	var out []time.Time
	note := func(at time.Time) {
		if at.After(r.Starts) && at.Before(r.Ends) {
			out = append(out, at)
		}
	}
	if len(spans) == 0 && !r.Starts.IsZero() {
		length := r.Ends.Sub(r.Starts)
		note(r.Ends.Add(-length / remindFirst))
		note(r.Ends.Add(-length / remindLast))
	}
	for _, s := range spans {
		note(r.Ends.Add(-s.Length()))
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// deadline adds the time that the request itself asks for, unless a clock of the
// law has taken it in. Beside a clock of the law it is a wish, and people are told;
// where the law gives no time it is the time to answer in.
func (k *counting) deadline(counted []Running) {
	c := k.c
	if c.Matter.Deadline.IsZero() {
		return
	}
	r := Running{ID: Deadline, Whose: c.Addressee, Effect: EffectOverdue, Text: "The issuing side asks for an answer by then."}
	for _, d := range k.documents() {
		for i := range d.Clocks {
			x := d.Clocks[i].Run
			if x == nil || !c.runs(x) || !slices.Contains(x.Until, agreement.EventAnswered) ||
				!slices.ContainsFunc(counted, func(r Running) bool { return r.ID == d.Clocks[i].ID }) {
				continue
			}
			if x.Stated != "" {
				return
			}
			if !x.Policy && (x.Effect == string(EffectOverdue) || x.Effect == string(EffectLapse)) {
				r.Effect = EffectAlert
			}
		}
	}
	if c.State == Requested {
		return // nobody has it yet who could answer
	}
	asked := &agreement.Run{From: agreement.EventReceipt, Unit: agreement.UnitHours, By: agreement.Plain, Whose: agreement.WhoseAddressee,
		Until: []agreement.Event{agreement.EventAnswered}, Pauses: []agreement.Event{agreement.EventQuestion, agreement.EventMotion}}
	starts := k.starts(asked)
	if len(starts) == 0 {
		return
	}
	r.Starts = starts[0].at
	k.settle(&r, asked, c.Matter.Deadline, starts[0])
	k.add(r, nil)
}

// differ tells people of two clocks to which the law gives one length and that
// end at different moments, because two received the order at different times.
func (k *counting) differ(docs []*agreement.Document) {
	open := func(id string) *Running {
		at := slices.IndexFunc(k.out, func(r Running) bool {
			return r.ID == id && !r.Ends.IsZero() && !r.Starts.IsZero() && r.Stopped.IsZero()
		})
		if at < 0 {
			return nil
		}
		return &k.out[at]
	}
	for _, d := range docs {
		for i := range d.Clocks {
			x := &d.Clocks[i]
			if x.Run == nil || x.Run.Beside == "" {
				continue
			}
			a, b := open(x.ID), open(x.Run.Beside)
			if a == nil || b == nil || a.Ends.Equal(b.Ends) {
				continue
			}
			first, second := a, b
			if second.Ends.Before(first.Ends) {
				first, second = b, a
			}
			k.out = append(k.out, Running{ID: x.ID + "-differs", Article: x.Article, Whose: k.c.answeredTo(),
				Starts: later(a.Starts, b.Starts), Ends: later(a.Starts, b.Starts), Effect: EffectAlert,
				Provenance: string(agreement.Unverified),
				Text: strings.Join([]string{"Two received the order at different times:", first.ID, "ends before", second.ID,
					"and the law does not say which of the two counts. People decide."}, " ")})
		}
	}
}

// entryOf returns the entry of an act that the case holds by itself.
func (c *Case) entryOf(d protocol.Digest) *Entry {
	for i := range c.Thread {
		if c.Thread[i].Act == d {
			return &c.Thread[i]
		}
	}
	return nil
}
