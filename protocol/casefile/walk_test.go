package casefile_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
)

// A holder is one participant's machine, and what it has answered so far.
type holder struct {
	id    protocol.ParticipantID
	file  *casefile.Case // nil before the first act arrives
	seen  map[protocol.Digest]error
	taken []casefile.Step // in the order in which they were taken
}

// take does what a node does with an act that arrives: an act that came before
// is answered as before, and an early one is not answered at all.
func (h *holder) take(s casefile.Step, way way) error {
	if err, again := h.seen[s.Digest]; again {
		return err
	}
	var next casefile.Case
	var err error
	s.Self = h.id
	if h.file == nil {
		if next, err = casefile.Open(s); next.Terms == nil {
			next.Terms = &casefile.Terms{Consult: []agreement.Consulted{agreement.BeforeRefusal}}
		}
	} else {
		next, err = way(*h.file, s)
	}
	if errors.Is(err, casefile.ErrEarly) {
		return err
	}
	if err == nil {
		h.file = &next
		h.taken = append(h.taken, s)
	}
	h.seen[s.Digest] = err
	return err
}

// A mail is an act on its way to one recipient.
type mail struct {
	step casefile.Step
	to   *holder
}

// A matter is a case among two or three holders, with a mail that delays,
// repeats and reorders.
type matter struct {
	t       *rapid.T
	issuer  *holder
	office  *holder // who certifies; nil where nobody has to
	contoso *holder
	under   []mail // what is on its way
	sent    []mail // what ever was
	held    map[protocol.Digest]casefile.Step
	lost    bool // the certification never reached the addressee
}

// newMatter draws who takes part: the police by way of the office, the office
// for itself, or the police straight to the addressee.
func newMatter(t *rapid.T) *matter {
	m := &matter{t: t, held: map[protocol.Digest]casefile.Step{}}
	make := func(id protocol.ParticipantID) *holder {
		return &holder{id: id, seen: map[protocol.Digest]error{}}
	}
	m.contoso = make(contoso)
	r := request()
	switch rapid.SampledFrom([]string{"certified", "certified", "own", "direct"}).Draw(t, "way") {
	case "certified":
		m.issuer, m.office = make(police), make(office)
	case "own":
		m.issuer = make(office)
		m.office = m.issuer
		r.Act.From, r.Act.Body.Request.Issuer = office, office
	case "direct":
		m.issuer = make(police)
		r.Act.To, r.Decision = to(contoso), decision(protocol.Allow)
	}
	m.send(m.issuer, r)
	return m
}

func (m *matter) holders() []*holder {
	all := []*holder{m.issuer, m.contoso}
	if m.office != nil && m.office != m.issuer {
		all = append(all, m.office)
	}
	return all
}

// send has a holder take its own act first, as a node does; what does not fit
// there is never sent.
func (m *matter) send(by *holder, s casefile.Step) bool {
	if by.take(s, casefile.Case.Send) != nil {
		return false
	}
	m.held[s.Digest] = s
	for _, h := range m.holders() {
		if h != by && slices.Contains(s.Act.To, h.id) {
			m.under = append(m.under, mail{s, h})
			m.sent = append(m.sent, mail{s, h})
		}
	}
	return true
}

// compose returns an act of a kind by a holder, as its node would plan it.
func (m *matter) compose(by *holder, kind protocol.Kind) (casefile.Step, bool) {
	if by == nil || by.file == nil {
		return casefile.Step{}, false
	}
	c := by.file
	to := c.Recipients(kind, by.id)
	if len(to) == 0 {
		return casefile.Step{}, false
	}
	var body protocol.Body
	var inner *casefile.Step
	follows := c.Heads(to...)
	carry := func(d protocol.Digest) { s := m.held[d]; inner = &s }
	switch kind {
	case protocol.KindCertification:
		body.Certification = &protocol.Certification{}
		carry(c.Thread[0].Act)
		follows = []protocol.Digest{inner.Digest}
		if inner.Act.Body.Request == nil {
			return casefile.Step{}, false
		}
	case protocol.KindRelay:
		waiting := c.ToRelay()
		if len(waiting) == 0 {
			return casefile.Step{}, false
		}
		body.Relay = &protocol.Relay{}
		carry(waiting[0])
	case protocol.KindDisclosure:
		body.Disclosure = &protocol.Disclosure{Status: rapid.SampledFrom([]protocol.ProductionStatus{
			protocol.ProductionPartial, protocol.ProductionPartial, protocol.ProductionComplete}).Draw(m.t, "status")}
	case protocol.KindRefusal:
		body.Refusal = &protocol.Refusal{}
	default:
		body.Withdrawal = &protocol.Withdrawal{}
	}
	s := step(body, by.id, to, follows...)
	s.Inner, s.Endorsed = inner, true
	if kind == protocol.KindCertification {
		s.Decision = rapid.SampledFrom([]*protocol.Decision{decision(protocol.Allow), decision(protocol.Allow),
			decision(protocol.Hold, protocol.SideReceiving)}).Draw(m.t, "decision")
	}
	return s, true
}

// act has somebody do something, if it may.
func (m *matter) act() {
	// Package chain lets nobody do anything else.
	type turn struct {
		by   *holder
		kind protocol.Kind
	}
	turns := []turn{{m.office, protocol.KindCertification}, {m.office, protocol.KindCertification},
		{m.contoso, protocol.KindDisclosure}, {m.contoso, protocol.KindDisclosure}, {m.contoso, protocol.KindRefusal},
		{m.office, protocol.KindRelay}, {m.office, protocol.KindWithdrawal}, {m.issuer, protocol.KindWithdrawal}}
	x := turns[rapid.IntRange(0, len(turns)-1).Draw(m.t, "turn")]
	if s, ok := m.compose(x.by, x.kind); ok {
		m.send(x.by, s)
	}
}

// deliver delivers something: not the second act of one sender to one recipient
// before the first (the courier sees to that), but any of the first ones, and
// at times once more. An early act stays. It reports whether anything arrived.
func (m *matter) deliver() bool {
	var first []int
	for i, x := range m.under {
		if !slices.ContainsFunc(m.under[:i], func(y mail) bool { return y.to == x.to && y.step.Act.From == x.step.Act.From }) {
			first = append(first, i)
		}
	}
	if len(first) == 0 {
		return false
	}
	i := first[rapid.IntRange(0, len(first)-1).Draw(m.t, "mail")]
	x := m.under[i]
	err := x.to.take(x.step, casefile.Case.Apply)
	switch {
	case errors.Is(err, casefile.ErrEarly):
		return false
	case err != nil:
		m.t.Fatalf("what fitted at %s is refused by %s: %v", x.step.Act.From, x.to.id, err)
	}
	if !rapid.Bool().Draw(m.t, "receipt lost") { // else it stays, and is delivered again
		m.under = slices.Delete(m.under, i, i+1)
	}
	return true
}

// settle delivers until nothing is left. What nobody can take any more must
// follow what was lost.
func (m *matter) settle() {
	for idle := 0; len(m.under) > 0; idle++ {
		if m.deliver() {
			idle = 0
		}
		if idle < 100 {
			continue
		}
		for _, x := range m.under {
			if !m.lost || x.to != m.contoso {
				m.t.Fatalf("a %s to %s is early for ever", x.step.Act.Body.Kind(), x.to.id)
			}
		}
		m.under = nil // it expires
	}
}

// giveUp has the office's certification expire on its way to the addressee, or
// only its receipt on the way back, and the office tell the issuer.
func (m *matter) giveUp() {
	for i, x := range m.under {
		if x.to != m.contoso || x.step.Act.Body.Certification == nil {
			continue
		}
		if _, arrived := x.to.seen[x.step.Digest]; !arrived {
			m.lost = true
		}
		m.under = slices.Delete(m.under, i, i+1)
		before := m.office.file.State
		file := m.office.file.Undelivered(x.step.Digest, contoso, casefile.Expired)
		m.office.file = &file
		if m.office != m.issuer && before != file.State {
			n := &protocol.Nondelivery{Act: x.step.Digest, Recipient: contoso, State: protocol.FailureExpired}
			to := file.Recipients(protocol.KindNondelivery, office)
			if !m.send(m.office, step(protocol.Body{Nondelivery: n}, office, to, file.Heads(to...)...)) {
				m.t.Fatal("the office cannot say that its certification expired")
			}
		}
		return
	}
}

// replay delivers again what was delivered long ago.
func (m *matter) replay() {
	if len(m.sent) == 0 {
		return
	}
	x := m.sent[rapid.IntRange(0, len(m.sent)-1).Draw(m.t, "replayed")]
	if _, delivered := x.to.seen[x.step.Digest]; delivered {
		before := *x.to.file
		if x.to.take(x.step, casefile.Case.Apply); before.State != x.to.file.State || len(before.Thread) != len(x.to.file.Thread) {
			m.t.Fatal("a replay changed the case")
		}
	}
}

// passOn has the office pass on everything that it is to.
func (m *matter) passOn() {
	for m.office != nil && m.office.file != nil && len(m.office.file.ToRelay()) > 0 && m.office != m.issuer {
		s, ok := m.compose(m.office, protocol.KindRelay)
		if !ok || !m.send(m.office, s) {
			m.t.Fatal("the office cannot pass on what it holds")
		}
		m.settle()
	}
}

// agree: everybody who has heard of the case says the same of it.
func (m *matter) agree() {
	for _, h := range m.holders() {
		if h.file == nil {
			if h != m.contoso || !m.lost && m.issuer.file.State != casefile.Requested && m.issuer.file.State != casefile.Withdrawn {
				m.t.Fatalf("%s has no case, and the issuer's is %s", h.id, m.issuer.file.State)
			}
			continue
		}
		// The addressee does not know that it was given up.
		open := h.file.State == casefile.Served || h.file.State == casefile.UnderReview
		if h == m.contoso && open && m.issuer.file.State == casefile.Expired {
			continue
		}
		if h.file.State != m.issuer.file.State {
			m.t.Fatalf("the case is %s at %s, and %s at its issuer", h.file.State, h.id, m.issuer.file.State)
		}
	}
}

// nothingLost: whatever was disclosed is before the issuer, and marked exactly
// if it crossed a withdrawal.
func (m *matter) nothingLost() {
	for d, s := range m.held {
		if s.Act.Body.Disclosure == nil {
			continue
		}
		for _, h := range m.holders() {
			if !h.file.Holds(d) {
				m.t.Fatalf("%s has lost evidence", h.id)
			}
			for _, e := range h.file.Thread {
				if (e.Act == d || e.Inner == d) && h.file.Crossed(e.Act) != (h.file.State == casefile.Withdrawn) {
					m.t.Fatalf("at %s evidence in a case that is %s: crossed %v", h.id, h.file.State, h.file.Crossed(e.Act))
				}
			}
		}
		if m.issuer.file.Move(m.issuer.id) != casefile.Read {
			m.t.Fatal("nobody is asked to read the evidence")
		}
	}
}

// nothingAfterTheEnd: but for relays no act follows a withdrawal, however far back.
func (m *matter) nothingAfterTheEnd() {
	var ends func(protocol.Digest) bool
	ends = func(d protocol.Digest) bool {
		s := m.held[d]
		return s.Act.Body.Withdrawal != nil || s.Inner != nil && ends(s.Inner.Digest) ||
			slices.ContainsFunc(s.Act.Follows, ends)
	}
	for _, s := range m.held {
		if s.Act.Body.Relay == nil && slices.ContainsFunc(s.Act.Follows, ends) {
			m.t.Fatalf("a %s follows a withdrawal", s.Act.Body.Kind())
		}
	}
}

// anyOrder: whoever takes the same acts in another order, as early acts come
// again, says the same of the case.
func (m *matter) anyOrder() {
	for _, h := range m.holders() {
		if h.file == nil {
			continue
		}
		again := &holder{id: h.id, seen: map[protocol.Digest]error{}}
		left := rapid.Permutation(h.taken).Draw(m.t, "order")
		for len(left) > 0 {
			var early []casefile.Step
			for _, s := range left {
				opens := s.Digest == h.taken[0].Digest // a certification may open what a request did
				if again.file == nil && !opens || errors.Is(again.take(s, casefile.Case.Apply), casefile.ErrEarly) {
					early = append(early, s)
				}
			}
			if len(early) == len(left) {
				m.t.Fatal("acts that were taken are early for ever")
			}
			left = early
		}
		for _, e := range h.file.Thread {
			if e.Undelivered != "" {
				file := again.file.Undelivered(e.Act, contoso, e.Undelivered)
				again.file = &file
			}
		}
		if again.file.State != h.file.State || again.file.Certifier != h.file.Certifier ||
			again.file.Move(h.id) != h.file.Move(h.id) || len(again.file.Thread) != len(h.file.Thread) {
			m.t.Fatalf("at %s the case is %s, in another order %s", h.id, h.file.State, again.file.State)
		}
	}
}

// TestHoldersAgree: many act at the same time, so that acts cross and overtake
// each other, and once everything is delivered nobody could tell.
func TestHoldersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMatter(t)
		for range rapid.IntRange(1, 40).Draw(t, "moves") {
			switch rapid.IntRange(0, 9).Draw(t, "move") {
			case 0:
				m.giveUp()
			case 1:
				m.replay()
			case 2, 3, 4, 5:
				m.act()
			default:
				m.deliver()
			}
		}
		m.settle()
		m.passOn()
		m.agree()
		m.nothingLost()
		m.nothingAfterTheEnd()
		m.anyOrder()
	})
}

// crossing is a case of the three with a withdrawal by the police and an answer
// of the addressee, neither of which follows the other.
func crossing(t *testing.T) (c casefile.Case, withdrawal, answer casefile.Step) {
	c, cert := certified(t, decision(protocol.Allow))
	withdrawal = step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), cert.Digest)
	return c, withdrawal, disclosure(protocol.ProductionComplete, cert.Digest)
}

// TestWithdrawalAndDisclosureThatCross: the case is withdrawn, whichever comes
// first, and the evidence is there, marked. What follows either does not fit.
func TestWithdrawalAndDisclosureThatCross(t *testing.T) {
	c, withdrawal, answer := crossing(t)
	for name, both := range map[string]casefile.Case{
		"the withdrawal first": apply(t, c, withdrawal, answer),
		"the disclosure first": apply(t, c, answer, withdrawal),
	} {
		if both.State != casefile.Withdrawn || !both.Holds(answer.Digest) || !both.Crossed(answer.Digest) {
			t.Errorf("%s: %s, crossed %v", name, both.State, both.Crossed(answer.Digest))
		}
		if both.Crossed(withdrawal.Digest) || both.Crossed(c.Thread[0].Act) {
			t.Errorf("%s: what is no answer is marked", name)
		}
		if both.Move(office) != casefile.Pass || both.Move(contoso) != casefile.Read {
			t.Errorf("%s: the office is to %q, the addressee to %q", name, both.Move(office), both.Move(contoso))
		}
	}
	_, err := apply(t, c, withdrawal).Apply(disclosure(protocol.ProductionComplete, withdrawal.Digest))
	wantReason(t, "a disclosure that follows the withdrawal", err, protocol.ReasonOutOfTurn)
	_, err = apply(t, c, withdrawal).Send(answer)
	wantReason(t, "a disclosure by one who holds the withdrawal", err, protocol.ReasonOutOfTurn)
	late := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), answer.Digest)
	_, err = apply(t, c, answer).Apply(late)
	wantReason(t, "a withdrawal that follows the last disclosure", err, protocol.ReasonOutOfTurn)
	_, err = apply(t, c, answer).Send(withdrawal)
	wantReason(t, "a withdrawal by one who holds the last disclosure", err, protocol.ReasonOutOfTurn)
}

// TestEvidenceThatCrossedReachesTheIssuer, who holds its own withdrawal: the
// relay follows it, the evidence in it does not.
func TestEvidenceThatCrossedReachesTheIssuer(t *testing.T) {
	c, withdrawal, answer := crossing(t)
	c = apply(t, c, withdrawal) // as the police hold it
	passed := relay(answer, withdrawal.Digest)
	c = apply(t, c, passed)
	if c.State != casefile.Withdrawn || !c.Crossed(passed.Digest) || c.Move(police) != casefile.Read {
		t.Errorf("the case is %s, crossed %v, to %q", c.State, c.Crossed(passed.Digest), c.Move(police))
	}
	after := relay(disclosure(protocol.ProductionComplete, withdrawal.Digest), withdrawal.Digest)
	_, err := c.Apply(after)
	wantReason(t, "a relay of evidence that follows the withdrawal", err, protocol.ReasonOutOfTurn)
}

// TestWithdrawalThatCrossedTheCertificationIsPassedOn to the addressee, who was
// not sent it.
func TestWithdrawalThatCrossedTheCertificationIsPassedOn(t *testing.T) {
	r := request()
	cert := certification(r, decision(protocol.Allow))
	withdrawal := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office), r.Digest)
	c := apply(t, open(t, r), cert, withdrawal)
	if c.State != casefile.Withdrawn || c.Move(office) != casefile.Pass ||
		!slices.Equal(c.ToRelay(), []protocol.Digest{withdrawal.Digest}) {
		t.Fatalf("the office's case is %s, to %q", c.State, c.Move(office))
	}
	if got := c.Recipients(protocol.KindRelay, office); !slices.Equal(got, to(contoso)) {
		t.Errorf("the relay goes to %v", got)
	}
	passed := relay(withdrawal, cert.Digest)
	if c = apply(t, c, passed); c.Move(office) != casefile.Read {
		t.Errorf("then the office is to %q", c.Move(office))
	}
	a := apply(t, open(t, cert), passed)
	if a.State != casefile.Withdrawn || a.Move(contoso) != casefile.Read {
		t.Errorf("the addressee's case is %s, to %q", a.State, a.Move(contoso))
	}
	_, err := a.Send(disclosure(protocol.ProductionComplete, cert.Digest))
	wantReason(t, "a disclosure after it", err, protocol.ReasonOutOfTurn)
}

// TestAnActIsJudgedWhereItsSenderStood, by all that it follows and nothing else.
func TestAnActIsJudgedWhereItsSenderStood(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	request := c.Thread[0].Act
	early := disclosure(protocol.ProductionComplete, request)
	_, err := c.Apply(early)
	wantReason(t, "a disclosure on an order that its sender did not see certified", err, protocol.ReasonOutOfTurn)
	_, err = open(t, cert).Apply(early)
	wantReason(t, "the same, where the request came with its certification", err, protocol.ReasonOutOfTurn)

	answer := disclosure(protocol.ProductionComplete, cert.Digest)
	passed := relay(answer, cert.Digest)
	late := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), passed.Digest)
	_, err = apply(t, c, answer, passed).Apply(late)
	wantReason(t, "a withdrawal by one who saw the last disclosure passed on", err, protocol.ReasonOutOfTurn)
}

// TestPrecedenceOfStates: of two acts that cross, the same one prevails in
// either order.
func TestPrecedenceOfStates(t *testing.T) {
	c, cert := certified(t, decision(protocol.Hold, protocol.SideReceiving))
	answer := func(body protocol.Body) casefile.Step {
		s := step(body, contoso, to(office), cert.Digest)
		s.Endorsed = true
		return s
	}
	expired := step(protocol.Body{Nondelivery: nondelivery(c, protocol.FailureExpired)}, office, to(police), cert.Digest)
	refused := step(protocol.Body{Nondelivery: nondelivery(c, protocol.FailureRefused)}, office, to(police), cert.Digest)
	partial := answer(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionPartial}})
	complete := answer(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete}})
	rising := []casefile.Step{expired, refused, partial, complete,
		step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), cert.Digest)}
	want := []casefile.State{casefile.Expired, casefile.Refused, casefile.PartlyProduced, casefile.Produced,
		casefile.Withdrawn}
	for i, low := range rising {
		for j, high := range rising[i:] {
			if j == 0 {
				continue
			}
			if high.Digest == complete.Digest && low.Digest == partial.Digest {
				continue // they cannot cross
			}
			one, other := apply(t, c, low, high), apply(t, c, high, low)
			if one.State != want[i+j] || other.State != want[i+j] {
				t.Errorf("%s and %s: %s, %s, want %s", want[i], want[i+j], one.State, other.State, want[i+j])
			}
		}
	}
}

// TestAnAnswerIsNotTakenBack by one that does not follow it.
func TestAnAnswerIsNotTakenBack(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	complete := disclosure(protocol.ProductionComplete, cert.Digest)
	more := disclosure(protocol.ProductionPartial, cert.Digest)
	no := step(protocol.Body{Refusal: &protocol.Refusal{}}, contoso, to(office), cert.Digest)
	for name, x := range map[string]struct{ before, after casefile.Step }{
		"a disclosure after the last":             {complete, more},
		"a refusal after a disclosure":            {more, no},
		"a disclosure after a refusal":            {no, complete},
		"passed on, a disclosure after the last":  {relay(complete, cert.Digest), relay(more, cert.Digest)},
		"passed on, a disclosure after a refusal": {relay(no, cert.Digest), relay(complete, cert.Digest)},
	} {
		_, err := apply(t, c, x.before).Apply(x.after)
		wantReason(t, name, err, protocol.ReasonOutOfTurn)
	}
}

func BenchmarkApplyToAFullThread(b *testing.B) {
	c, cert := certified(b, decision(protocol.Allow))
	for c.Room(contoso).Acts > 1 {
		c = apply(b, c, disclosure(protocol.ProductionPartial, c.Heads(office, contoso)...))
	}
	newest := disclosure(protocol.ProductionPartial, c.Heads(office, contoso)...)
	oldest := disclosure(protocol.ProductionPartial, cert.Digest)
	for name, s := range map[string]casefile.Step{"newest": newest, "oldest": oldest} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Apply(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
