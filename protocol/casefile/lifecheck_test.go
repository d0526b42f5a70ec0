package casefile_test

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// allowed checks what the law says of an act that its sender's machine let out,
// without asking the table (law.md, 12): in a case as it was before it, and after.
func (w *walk) allowed(s casefile.Step, before *casefile.Case, questions []casefile.Question, after *casefile.Case) {
	b, from := &s.Act.Body, s.Act.From
	open := func(f func(casefile.Question) bool) bool { return slices.ContainsFunc(questions, f) }
	authority := from == enforcing || from == doj
	switch {
	case b.Disclosure != nil:
		w.discloses(s, before, questions)
	case b.Refusal != nil && authority:
		consulted := slices.ContainsFunc(before.Thread, func(e casefile.Entry) bool {
			return e.Kind == protocol.KindConsultation && e.From == from
		})
		if !consulted || b.Refusal.Reason == "" {
			w.t.Fatalf("%s refuses without a consultation or a ground", from)
		}
		if from != before.Addressee && !slices.Contains(before.Notified, from) {
			w.t.Fatalf("%s raises a ground for refusal, and was not notified", from)
		}
	case b.Determination != nil && b.Determination.Result == protocol.ResultNotApplicable:
		put := open(func(q casefile.Question) bool {
			return q.Kind == protocol.KindObjection && q.What == string(protocol.LevelReceiving) &&
				slices.Contains(q.Awaits, from) && slices.Contains(b.Determination.Answers, q.Act)
		})
		if from == before.Addressee || from != doj || !put {
			w.t.Fatalf("%s declares the agreement inapplicable", from)
		}
	case b.Clarification != nil && (after.State != before.State || after.State.Ended()):
		w.t.Fatalf("a question leads from %s to %s", before.State, after.State)
	case b.Closure != nil && slices.ContainsFunc(before.Regions(s.Act.Issued), func(r casefile.Stand) bool { return !r.Ended }):
		w.t.Fatal("a case is closed while something in it goes on")
	case b.Response != nil && from != before.Issuer:
		w.t.Fatalf("%s answers a challenge of the officer of %s", from, before.Issuer)
	case b.Deletion != nil && from != before.Issuer && from != before.Certifier && from != before.Addressee:
		w.t.Fatalf("%s deletes what it never had", from)
	case b.Request == nil && b.Relay == nil && b.Notice == nil && b.Deletion == nil && before.State == casefile.Closed:
		w.t.Fatalf("a %s in a closed case", b.Kind())
	}
	w.neverUnends(&holder{id: from, file: after}, before.State)
}

func (w *walk) discloses(s casefile.Step, before *casefile.Case, questions []casefile.Question) {
	if before.State.Ended() || before.State == casefile.Requested {
		w.t.Fatalf("evidence in a case that is %s", before.State)
	}
	for _, q := range questions {
		if q.Kind == protocol.KindChallenge || q.Kind == protocol.KindObjection && q.What == string(protocol.LevelCourt) {
			w.t.Fatalf("evidence while a %s %s is open", q.Kind, q.What)
		}
	}
	partial := s.Act.Body.Disclosure.Status == protocol.ProductionPartial
	for _, r := range before.Regions(s.Act.Issued) {
		if r.Region == casefile.RegionInterception && r.State == "stopped" && partial {
			w.t.Fatal("an interception goes on after its end")
		}
	}
}

// neverUnends: but for what was thought lost, a case that has ended stays so, and
// what has come to a state never goes back.
func (w *walk) neverUnends(h *holder, before casefile.State) {
	after := h.file.State
	if before != "" && before.Ended() && !after.Ended() && before != casefile.Expired && before != casefile.Refused {
		w.t.Fatalf("at %s a case that was %s is %s", h.id, before, after)
	}
	if rank := func(s casefile.State) int { return slices.Index(casefile.States(), s) }; rank(after) < rank(before) {
		w.t.Fatalf("at %s a case that was %s is %s", h.id, before, after)
	}
}

// anyOrder: whoever takes the same acts in another order says the same.
func (w *walk) anyOrder() {
	for _, h := range w.holders {
		if h.file == nil {
			continue
		}
		again := &holder{id: h.id, seen: map[protocol.Digest]error{}}
		opening := h.taken[0].Digest
		var own []protocol.Digest // a holder's own acts have one order
		for _, s := range h.taken {
			if s.Act.From == h.id {
				own = append(own, s.Digest)
			}
		}
		left := slices.Clone(h.taken)
		w.dice.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		for len(left) > 0 {
			var early []casefile.Step
			for _, s := range left {
				passes := s.Act.Body.Relay != nil && s.Act.From == h.id && again.file != nil && !again.file.Holds(s.Inner.Digest)
				if again.file == nil && s.Digest != opening || s.Act.From == h.id && s.Digest != own[0] || passes {
					early = append(early, s)
					continue
				}
				err := again.take(s, casefile.Case.Apply)
				switch {
				case errors.Is(err, casefile.ErrEarly):
					early = append(early, s)
				case err != nil:
					w.t.Fatalf("%s refuses in another order what it took, a %v: %v", h.id, s.Act.Body.Kind(), err)
				default:
					again.forget(h, s.Digest)
					if s.Act.From == h.id {
						own = own[1:]
					}
				}
			}
			if len(early) == len(left) {
				w.t.Fatal("acts that were taken are early for ever")
			}
			left = early
		}
		if again.file.State != h.file.State || again.file.Certifier != h.file.Certifier ||
			!slices.Equal(sorted(again.file.Joined), sorted(h.file.Joined)) || again.file.Move(h.id) != h.file.Move(h.id) {
			w.t.Fatalf("at %s the case is %s, to %q; in another order %s, to %q", h.id, h.file.State, h.file.Move(h.id),
				again.file.State, again.file.Move(h.id))
		}
		if !equal(again.file.Questions(), h.file.Questions()) || !slices.Equal(again.file.Regions(w.now), h.file.Regions(w.now)) {
			w.t.Fatalf("at %s other questions or regions in another order", h.id)
		}
	}
}

// forget notes what became of the deliveries of an act, as the other holder knows.
func (h *holder) forget(as *holder, d protocol.Digest) {
	for _, e := range as.file.Thread {
		if e.Act != d {
			continue
		}
		lost := slices.Clone(e.LostTo)
		if e.Undelivered != "" {
			lost = append(lost, e.To...)
		}
		for _, id := range lost {
			file := h.file.Undelivered(d, id, casefile.Expired)
			h.file = &file
		}
	}
}

// someoneIsAsked: unless the case has ended, somebody is asked to move; and
// whoever is awaited may do something.
func (w *walk) someoneIsAsked() {
	issuer := w.holders[0].file
	if issuer.State.Ended() {
		return
	}
	for _, h := range w.holders {
		if h.file != nil && h.file.Move(h.id) != casefile.None {
			return
		}
	}
	if len(w.lost) == 0 {
		w.t.Fatalf("the case is %s, and nobody is asked to do anything", issuer.State)
	}
}

// ticksDoNothing: what clocks bring about neither refuses nor discloses, and comes
// about once.
func (w *walk) ticksDoNothing() {
	for _, h := range w.holders {
		if h.file == nil {
			continue
		}
		before := *h.file
		clocks := casefile.Clocks(h.file, casefile.Law{Self: h.id})
		for i, e := range casefile.Effects() {
			clocks = append(clocks, casefile.Running{ID: string(e), Effect: e, Ends: w.now.Add(time.Duration(i) * time.Hour)})
		}
		c := before
		var fired []casefile.Fired
		for range 200 {
			var due []casefile.Fired
			next := c.Next(clocks)
			if next.IsZero() {
				break
			}
			if c, due = c.Tick(clocks, next); len(due) == 0 {
				w.t.Fatal("nothing comes about when something is due")
			}
			fired = append(fired, due...)
		}
		if c.State != before.State || !reflect.DeepEqual(c.Thread, before.Thread) || !reflect.DeepEqual(c.Fired, fired) {
			w.t.Fatal("a clock spoke in the case")
		}
		if _, again := c.Tick(clocks, w.now.Add(1000*day)); len(again) != 0 {
			w.t.Fatal("what came about comes about again")
		}
	}
}
