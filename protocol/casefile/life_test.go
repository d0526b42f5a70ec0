package casefile_test

import (
	"cmp"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A walk is a case among up to five holders who say all that can be said, with a
// mail that delays, repeats, reorders and loses.
type walk struct {
	*group
	t     *rapid.T
	under []mail
	sent  []mail
	// lost are the acts that a holder never gets, or never gets that its sender
	// knows of.
	lost map[protocol.ParticipantID][]protocol.Digest
	said map[string]int // the words that fitted, in all walks
	dice *rand.Rand     // even, where rapid prefers what is small
}

func newWalk(t *rapid.T, said map[string]int) *walk {
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "dice"), 0))
	all := settings()
	names := slices.Sorted(maps.Keys(all))
	x := all[names[dice.IntN(len(names))]]
	x.kind = []protocol.RequestType{protocol.Production, protocol.Production, protocol.Interception,
		protocol.Preservation}[dice.IntN(4)]
	x.unvalidated, x.secrecy, x.elsewhere, x.review = dice.IntN(4) == 0, dice.IntN(4) == 0, dice.IntN(4) == 0, dice.IntN(4) == 0
	w := &walk{group: newGroup(x), t: t, said: said, dice: dice, lost: map[protocol.ParticipantID][]protocol.Digest{}}
	w.post(w.open())
	return w
}

func (w *walk) post(s casefile.Step) {
	for _, h := range w.holders {
		if h.id != s.Act.From && slices.Contains(s.Act.To, h.id) {
			w.under = append(w.under, mail{s, h})
			w.sent = append(w.sent, mail{s, h})
		}
	}
}

// act has somebody say something that fits, if such is found.
func (w *walk) act(all []word) {
	w.now = w.now.Add([]time.Duration{time.Second, time.Minute, time.Hour, 20 * day}[w.dice.IntN(4)])
	for range 20 {
		by, x := w.holders[w.dice.IntN(len(w.holders))], all[w.dice.IntN(len(all))]
		switch {
		case by.file == nil || x.kind == protocol.KindNondelivery: // its node says that by itself (expire)
			continue
		case (x.kind == protocol.KindCertification || x.kind == protocol.KindRelay) && by.id != office:
			continue // package chain sees to that
		}
		before := *by.file
		questions := before.Questions()
		s, err := w.say(by, x)
		if err != nil {
			continue
		}
		w.t.Logf("%s: %s to %v, from %s to %s", by.id, x, s.Act.To, before.State, by.file.State)
		w.said[x.String()]++
		w.allowed(s, &before, questions, by.file)
		w.post(s)
		return
	}
}

// deliver delivers the first act of somebody to somebody, and at times once more.
func (w *walk) deliver() bool {
	var first []int
	for i, x := range w.under {
		if !slices.ContainsFunc(w.under[:i], func(y mail) bool { return y.to == x.to && y.step.Act.From == x.step.Act.From }) {
			first = append(first, i)
		}
	}
	if len(first) == 0 {
		return false
	}
	i := first[w.dice.IntN(len(first))]
	x := w.under[i]
	before := casefile.State("")
	if x.to.file != nil {
		before = x.to.file.State
	}
	err := x.to.take(x.step, casefile.Case.Apply)
	switch {
	case errors.Is(err, casefile.ErrEarly):
		return false
	case err != nil:
		w.t.Fatalf("a %v that fitted at %s is refused by %s: %v", x.step.Act.Body.Kind(), x.step.Act.From, x.to.id, err)
	}
	w.neverUnends(x.to, before)
	if w.dice.IntN(4) > 0 { // else its receipt was lost
		w.under = slices.Delete(w.under, i, i+1)
	}
	return true
}

// expire gives a delivery up: the act did not get there, or only its receipt not
// back.
func (w *walk) expire(i int) {
	x := w.under[i]
	w.under = slices.Delete(w.under, i, i+1)
	from := w.holder(x.step.Act.From)
	_, arrived := x.to.seen[x.step.Digest]
	if arrived && casefile.Repeatable(x.step.Act.Body.Kind()) { // it is asked until it says so
		return
	}
	if !arrived {
		w.lost[x.to.id] = append(w.lost[x.to.id], x.step.Digest)
	}
	before := from.file.State
	file := from.file.Undelivered(x.step.Digest, x.to.id, casefile.Expired)
	from.file = &file
	if x.step.Act.Body.Certification != nil && from.file.State != before && from.id != w.setting.issuer {
		s, err := w.say(from, word{protocol.KindNondelivery, ""})
		if err != nil {
			w.t.Fatalf("nobody can say that the certification expired: %v", err)
		}
		w.post(s)
	}
	for _, d := range file.Stranded(x.step.Digest, x.to.id) {
		for j, y := range w.under {
			if y.to == x.to && y.step.Digest == d {
				w.expire(j)
				break
			}
		}
	}
}

// settle delivers until nothing is left. Only what follows what was lost is early
// for ever, and expires.
func (w *walk) settle() {
	for idle := 0; len(w.under) > 0; idle++ {
		if w.deliver() {
			idle = 0
		}
		if idle < 60 {
			continue
		}
		x := w.under[0]
		if len(w.lost[x.to.id]) == 0 && w.opened(x.to) {
			w.t.Fatalf("a %s of %s to %s is early for ever", x.step.Act.Body.Kind(), x.step.Act.From, x.to.id)
		}
		w.expire(0)
		idle = 0
	}
}

// opened reports whether somebody has, or was sent, what opens the case there.
func (w *walk) opened(h *holder) bool {
	return h.file != nil || slices.ContainsFunc(w.sent, func(m mail) bool {
		b := &m.step.Act.Body
		return m.to == h && (b.Request != nil || b.Certification != nil)
	})
}

// replay delivers again what was delivered long ago.
func (w *walk) replay() {
	if len(w.sent) == 0 {
		return
	}
	x := w.sent[w.dice.IntN(len(w.sent))]
	if _, delivered := x.to.seen[x.step.Digest]; delivered {
		before := *x.to.file
		x.to.take(x.step, casefile.Case.Apply)
		if before.State != x.to.file.State || len(before.Thread) != len(x.to.file.Thread) {
			w.t.Fatal("a replay changed the case")
		}
		if _, err := x.to.file.Apply(x.step); err == nil && x.to.file.Holds(x.step.Digest) {
			w.t.Fatal("an act that is held is taken again")
		}
	}
}

// passOn has everybody pass on what it is to.
func (w *walk) passOn() {
	for _, h := range w.holders {
		for h.file != nil && h.id == h.file.Certifier && h.id != h.file.Issuer && len(h.file.ToRelay()) > 0 {
			s, err := w.say(h, word{protocol.KindRelay, ""})
			if err != nil {
				w.t.Fatalf("the certifier cannot pass on what it holds: %v", err)
			}
			w.post(s)
			w.settle()
			if slices.Contains(w.lost[s.Act.To[0]], s.Digest) {
				break // its recipient has lost what it follows
			}
		}
	}
}

// key is the set of acts that a holder holds, by themselves or carried, besides
// what opened its case.
func key(c *casefile.Case) []protocol.Digest {
	var out []protocol.Digest
	for _, e := range c.Thread {
		switch e.Kind {
		case protocol.KindRequest, protocol.KindCertification:
		case protocol.KindRelay:
			out = append(out, e.Inner)
		default:
			out = append(out, e.Act)
		}
	}
	slices.SortFunc(out, func(a, b protocol.Digest) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// agree: whoever holds the same acts says the same of the case.
func (w *walk) agree() {
	for i, a := range w.holders {
		for _, b := range w.holders[i+1:] {
			if a.file == nil || b.file == nil || !slices.Equal(key(a.file), key(b.file)) || a.file.Certifier != b.file.Certifier {
				continue
			}
			w.same(a, b)
		}
	}
}

// same compares what two say who hold the same acts. What became of a delivery
// only its sender knows; and who joined was not told who was to review.
func (w *walk) same(a, b *holder) {
	unsure := func(c *casefile.Case) bool {
		return slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Undelivered != "" || len(e.LostTo) > 0 })
	}
	if unsure(a.file) || unsure(b.file) {
		return
	}
	learnt := func(c *casefile.Case) bool { // from what opened its case: that evidence came
		return slices.ContainsFunc(c.Thread, func(e casefile.Entry) bool { return e.Kind == protocol.KindUse }) && slices.Contains(c.Joined, doj)
	}
	if learnt(a.file) && (a.id == doj || b.id == doj || a.id == enforcing || b.id == enforcing) {
		return
	}
	review := func(s casefile.State) casefile.State {
		if s == casefile.UnderReview {
			return casefile.Served
		}
		return s
	}
	if review(a.file.State) != review(b.file.State) {
		w.t.Fatalf("the case is %s at %s, and %s at %s, who hold the same", a.file.State, a.id, b.file.State, b.id)
	}
	if !equal(a.file.Questions(), b.file.Questions()) {
		w.t.Fatalf("%s and %s differ about what is open: %v, %v", a.id, b.id, a.file.Questions(), b.file.Questions())
	}
	for _, at := range []time.Time{w.now, w.now.Add(15 * day), w.now.Add(90 * day)} {
		if !slices.Equal(a.file.Regions(at), b.file.Regions(at)) {
			w.t.Fatalf("%s and %s differ about the regions: %v, %v", a.id, b.id, a.file.Regions(at), b.file.Regions(at))
		}
	}
	if a.file.State == b.file.State && !slices.Equal(awaits(a.file), awaits(b.file)) {
		w.t.Fatalf("%s and %s differ about whose move it is: %v, %v", a.id, b.id, awaits(a.file), awaits(b.file))
	}
}

// equal compares questions as sets.
func equal(a, b []casefile.Question) bool {
	for _, q := range a {
		i := slices.IndexFunc(b, func(x casefile.Question) bool { return x.Act == q.Act })
		if i < 0 || !slices.Equal(sorted(q.Awaits), sorted(b[i].Awaits)) {
			return false
		}
	}
	return len(a) == len(b)
}

func sorted(ids []protocol.ParticipantID) []protocol.ParticipantID {
	return slices.Sorted(slices.Values(ids))
}

// awaits returns who is awaited, in one order, besides for what only the certifier
// knows that it has not passed on.
func awaits(c *casefile.Case) []casefile.Awaited {
	out := slices.DeleteFunc(c.Awaits(), func(a casefile.Awaited) bool { return a.Move == casefile.Pass })
	slices.SortFunc(out, func(a, b casefile.Awaited) int { return cmp.Compare(a.Participant, b.Participant) })
	return out
}

// rounds of the walks, of as many cases each as rapid makes at a time.
const rounds = 20

// TestHoldersOfALifeAgree: everybody says everything at random, crossing,
// overtaking, repeated and lost; once all is delivered, whoever holds the same acts
// says the same of the case. Every word fits somewhere in them: where chance has left
// one out, it gets more rounds.
func TestHoldersOfALifeAgree(t *testing.T) {
	all, said := words(), map[string]int{}
	weighted := slices.Clone(all)
	for _, w := range all { // what ends a case, or opens it, is said less often
		if !w.ends() {
			weighted = append(weighted, w, w, w, w, w)
		}
	}
	unsaid := func() (rest []word) {
		for _, w := range all {
			if w.kind != protocol.KindRequest && w.kind != protocol.KindNondelivery && said[w.String()] == 0 {
				rest = append(rest, w)
			}
		}
		return rest
	}
	for round := 0; !t.Failed() && (round < rounds || round < 5*rounds && len(unsaid()) > 0); round++ {
		rapid.Check(t, func(t *rapid.T) { live(newWalk(t, said), weighted) })
	}
	if rest := unsaid(); len(rest) > 0 && !t.Failed() {
		t.Errorf("nobody ever said %v", rest)
	}
}

func (w word) ends() bool {
	return w.kind == protocol.KindRequest || w.kind == protocol.KindWithdrawal || w.kind == protocol.KindClosure ||
		w == word{protocol.KindValidation, "denied"} || w == word{protocol.KindValidation, "lapsed"} || w.kind == protocol.KindRefusal
}

// live walks through a case and then looks at what all have come to.
func live(w *walk, words []word) {
	for range rapid.IntRange(1, 160).Draw(w.t, "moves") {
		switch n := w.dice.IntN(60); {
		case n == 0 && len(w.under) > 0:
			w.expire(w.dice.IntN(len(w.under)))
		case n == 1:
			w.replay()
		case n < 20:
			w.act(words)
		default:
			w.deliver()
		}
	}
	w.settle()
	w.passOn()
	w.agree()
	w.anyOrder()
	w.someoneIsAsked()
	w.ticksDoNothing()
}
