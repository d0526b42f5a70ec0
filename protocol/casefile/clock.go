package casefile

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
)

// An Effect is what comes about at the end of a clock. None of them refuses and
// none of them discloses.
type Effect string

// The effects.
const (
	EffectOverdue  Effect = "overdue"  // who was to act did not in time
	EffectLapse    Effect = "lapse"    // nobody raised a ground for refusal: ready to produce
	EffectRelease  Effect = "release"  // what was kept need not be kept any more
	EffectNotice   Effect = "notice"   // the user is to be told
	EffectStop     Effect = "stop"     // the interception stops: the addressee's node says so by itself
	EffectWithdraw Effect = "withdraw" // the request lapses for want of validation: the issuer's node says so by itself
	EffectLost     Effect = "lost"     // a right to object is over
	EffectConvert  Effect = "convert"  // another way is open: enforcement, or another instrument
	EffectAlert    Effect = "alert"    // a person is told, and nothing else
	EffectRemind   Effect = "remind"   // ahead of the end
)

// Effects lists the effects.
func Effects() []Effect {
	return []Effect{EffectOverdue, EffectLapse, EffectRelease, EffectNotice, EffectStop, EffectWithdraw, EffectLost,
		EffectConvert, EffectAlert, EffectRemind}
}

// A Running is a clock of a case.
type Running struct {
	ID      string                 `json:"id"` // of the agreement's clock, or of a policy: "production"
	Article string                 `json:"article,omitzero"`
	Whose   protocol.ParticipantID `json:"whose"` // who is to act
	Starts  time.Time              `json:"starts,omitzero"`
	// Ends is when its effect is due; zero while it stands still, and of a clock
	// whose start is not known here.
	Ends time.Time `json:"ends,omitzero"`
	// Remind are the moments ahead of the end at which its people are reminded.
	Remind []time.Time `json:"remind,omitempty"`
	// Paused says that it stands still, since when, and what is left: as JSON
	// left_ns, whole nanoseconds.
	Paused time.Time     `json:"paused,omitzero"`
	Left   time.Duration `json:"-"`
	// Stopped is when what it waits for was done.
	Stopped time.Time `json:"stopped,omitzero"`
	Effect  Effect    `json:"effect"`
	// Policy says that the period is this node's own, and not law.
	Policy  bool   `json:"policy,omitzero"`
	Unknown string `json:"unknown,omitzero"` // who knows when it started, if that is not known here
	// Without names what was not known when it was counted, and was left out: "the
	// public holidays of XA", "the national law of FR".
	Without string `json:"without,omitzero"`
	// Fetch says that it is about what is to be fetched: whoever has fetched it need
	// not be told, and only their own node knows that they have.
	Fetch      bool   `json:"fetch,omitzero"`
	Text       string `json:"text,omitzero"`
	Provenance string `json:"provenance,omitzero"`
}

// runningJSON is a clock as JSON, in which durations have no form of their own.
type runningJSON struct {
	Clock plainRunning `json:",inline"`
	Left  int64        `json:"left_ns,omitzero"`
}

// plainRunning is a Running without its methods.
type plainRunning Running

// MarshalJSON writes what is left in nanoseconds.
func (r Running) MarshalJSON() ([]byte, error) {
	return json.Marshal(runningJSON{plainRunning(r), int64(r.Left)}, json.Deterministic(true))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Running) UnmarshalJSON(b []byte) error {
	var j runningJSON
	err := json.Unmarshal(b, &j)
	*r = Running(j.Clock)
	r.Left = time.Duration(j.Left)
	return err
}

// A Fired is an effect that has come about at this participant's node. It
// comes about once.
type Fired struct {
	Clock  string    `json:"clock"`
	Effect Effect    `json:"effect"`
	Due    time.Time `json:"due"`
	At     time.Time `json:"at"` // when it was noticed: later, if the node was down
}

// Tick returns the case after the effects that are due by a time, and those
// effects, in the order in which they were due. What has fired does not fire
// again: a clock that was moved on meanwhile is another, by its new end.
func (c Case) Tick(clocks []Running, now time.Time) (Case, []Fired) {
	var due []Fired
	for i := range clocks {
		r := &clocks[i]
		if r.Ends.IsZero() || !r.Stopped.IsZero() || !r.Paused.IsZero() {
			continue
		}
		ended := !now.Before(r.Ends)
		if ended && !c.fired(r.ID, r.Effect, r.Ends) {
			due = append(due, Fired{r.ID, r.Effect, r.Ends, now})
		}
		for _, at := range r.Remind {
			if !ended && !now.Before(at) && !c.fired(r.ID, EffectRemind, at) {
				due = append(due, Fired{r.ID, EffectRemind, at, now})
			}
		}
	}
	if len(due) == 0 {
		return c, nil
	}
	sortFired(due)
	c.Fired = append(append([]Fired{}, c.Fired...), due...)
	return c, due
}

// Next returns when the case is to be ticked next, the zero time if never.
func (c *Case) Next(clocks []Running) time.Time {
	var next time.Time
	earlier := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for i := range clocks {
		r := &clocks[i]
		if r.Ends.IsZero() || !r.Stopped.IsZero() || !r.Paused.IsZero() {
			continue
		}
		if c.fired(r.ID, r.Effect, r.Ends) {
			continue
		}
		earlier(r.Ends)
		for _, at := range r.Remind {
			if !c.fired(r.ID, EffectRemind, at) {
				earlier(at)
			}
		}
	}
	return next
}

func (c *Case) fired(clock string, effect Effect, due time.Time) bool {
	for i := range c.Fired {
		f := &c.Fired[i]
		if f.Clock == clock && f.Effect == effect && f.Due.Equal(due) {
			return true
		}
	}
	return false
}

// firedEffect returns the latest firing of an effect, nil if there is none.
func (c *Case) firedEffect(e Effect) *Fired {
	var last *Fired
	for i := range c.Fired {
		if f := &c.Fired[i]; f.Effect == e && (last == nil || f.Due.After(last.Due)) {
			last = f
		}
	}
	return last
}

// sortFired orders effects by when they were due, and those of one moment by
// their clocks.
func sortFired(fs []Fired) {
	slices.SortStableFunc(fs, func(a, b Fired) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.Effect, b.Effect))
	})
}

// Receipted returns the case after the receipt of one of the holder's own acts
// came: its clocks start with it.
func (c Case) Receipted(act protocol.Digest, r Receipt) Case {
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Act != act || slices.ContainsFunc(e.Receipts, func(x Receipt) bool { return x.By == r.By }) {
			continue
		}
		c.Thread = slices.Clone(c.Thread)
		c.Thread[i].Receipts = append(slices.Clone(e.Receipts), r)
		break
	}
	return c
}

// ReceivedAt returns when a participant received an act by its own ledger, as
// far as self knows: its own, and those of whom it sent the act to.
func (e *Entry) ReceivedAt(by, self protocol.ParticipantID) time.Time {
	if by == self && e.From != self {
		return e.At
	}
	for _, r := range e.Receipts {
		if r.By == by {
			return r.At
		}
	}
	return time.Time{}
}
