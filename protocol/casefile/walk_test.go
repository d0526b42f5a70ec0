package casefile_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// A holder is one participant's machine, and what it has answered so far.
type holder struct {
	id   protocol.ParticipantID
	file *casefile.Case // nil before the first act arrives
	seen map[protocol.Digest]error
}

// take does what a node does with an act that arrives: an act that came before
// is answered as before.
func (h *holder) take(s casefile.Step) error {
	if err, again := h.seen[s.Digest]; again {
		return err
	}
	var next casefile.Case
	var err error
	if h.file == nil {
		next, err = casefile.Open(s)
	} else {
		next, err = h.file.Apply(s)
	}
	if err == nil {
		h.file = &next
	}
	h.seen[s.Digest] = err
	return err
}

// A mail is an act on its way to one recipient.
type mail struct {
	step casefile.Step
	to   *holder
}

// A matter is a case among three holders, with a mail that loses, repeats and
// reorders.
type matter struct {
	t       *rapid.T
	police  *holder
	office  *holder
	contoso *holder
	under   []mail // what is on its way
	sent    []mail // what ever was
	held    map[protocol.Digest]casefile.Step
	refused int // acts that a recipient did not take
}

func newMatter(t *rapid.T) *matter {
	m := &matter{t: t, held: map[protocol.Digest]casefile.Step{}}
	for id, h := range map[protocol.ParticipantID]**holder{police: &m.police, office: &m.office, contoso: &m.contoso} {
		*h = &holder{id: id, seen: map[protocol.Digest]error{}}
	}
	m.send(m.police, request())
	return m
}

func (m *matter) holders() []*holder { return []*holder{m.police, m.office, m.contoso} }

// send has a holder take its own act first, as a node does; what does not fit
// there is never sent.
func (m *matter) send(by *holder, s casefile.Step) bool {
	if by.take(s) != nil {
		return false
	}
	m.held[s.Digest] = s
	for _, h := range m.holders() {
		if h != by && slices.Contains(s.Act.To, h.id) {
			m.under = append(m.under, mail{s, h})
		}
	}
	m.sent = append(m.sent, m.under...)
	return true
}

// compose returns an act of a kind by a holder, as its node would plan it.
func (m *matter) compose(by *holder, kind protocol.Kind, status protocol.ProductionStatus) (casefile.Step, bool) {
	c := by.file
	if c == nil {
		return casefile.Step{}, false
	}
	to := c.Recipients(kind, by.id)
	if len(to) == 0 {
		return casefile.Step{}, false
	}
	var body protocol.Body
	var inner *casefile.Step
	follows := c.Heads(to...)
	switch kind {
	case protocol.KindCertification:
		body.Certification = &protocol.Certification{}
		s := m.held[c.Thread[0].Act]
		inner, follows = &s, []protocol.Digest{s.Digest}
		if s.Act.Body.Request == nil {
			return casefile.Step{}, false
		}
	case protocol.KindRelay:
		waiting := c.ToRelay()
		if len(waiting) == 0 {
			return casefile.Step{}, false
		}
		body.Relay = &protocol.Relay{}
		s := m.held[waiting[0]]
		inner = &s
	case protocol.KindDisclosure:
		body.Disclosure = &protocol.Disclosure{Status: status}
	case protocol.KindRefusal:
		body.Refusal = &protocol.Refusal{}
	default:
		body.Withdrawal = &protocol.Withdrawal{}
	}
	s := step(body, by.id, to, follows...)
	s.Inner = inner
	if kind == protocol.KindCertification {
		s.Decision = decision(protocol.Allow)
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
	turns := []turn{{m.office, protocol.KindCertification}, {m.contoso, protocol.KindDisclosure},
		{m.contoso, protocol.KindDisclosure}, {m.office, protocol.KindRelay}, {m.contoso, protocol.KindRefusal},
		{m.office, protocol.KindWithdrawal}, {m.police, protocol.KindWithdrawal}}
	i := rapid.IntRange(0, len(turns)-1).Draw(m.t, "turn")
	by, kind := turns[i].by, turns[i].kind
	status := rapid.SampledFrom([]protocol.ProductionStatus{protocol.ProductionPartial, protocol.ProductionPartial,
		protocol.ProductionComplete}).Draw(m.t, "status")
	if s, ok := m.compose(by, kind, status); ok {
		m.send(by, s)
	}
}

// deliver delivers something: not the second act of one sender to one recipient
// before the first (the courier sees to that), but any of the first ones, and
// at times once more or once again long after.
func (m *matter) deliver() {
	if len(m.under) == 0 {
		return
	}
	var first []int
	for i, x := range m.under {
		if !slices.ContainsFunc(m.under[:i], func(y mail) bool { return y.to == x.to && y.step.Act.From == x.step.Act.From }) {
			first = append(first, i)
		}
	}
	i := first[rapid.IntRange(0, len(first)-1).Draw(m.t, "mail")]
	x := m.under[i]
	err := x.to.take(x.step)
	if rapid.Bool().Draw(m.t, "receipt lost") { // it stays, and is delivered again
		return
	}
	m.under = slices.Delete(m.under, i, i+1)
	if err != nil {
		m.refused++
		var turn *casefile.TurnError
		if !errors.As(err, &turn) || turn.Reason == "" {
			m.t.Fatalf("refused without a reason: %v", err)
		}
	}
}

// replay delivers again what was delivered long ago.
func (m *matter) replay() {
	x := m.sent[rapid.IntRange(0, len(m.sent)-1).Draw(m.t, "replayed")]
	if _, delivered := x.to.seen[x.step.Digest]; delivered {
		before := *x.to.file
		if x.to.take(x.step); before.State != x.to.file.State || len(before.Thread) != len(x.to.file.Thread) {
			m.t.Fatal("a replay changed the case")
		}
	}
}

func (m *matter) settle() {
	for len(m.under) > 0 {
		m.deliver()
	}
}

// agree: everybody who has heard of the case says the same of it, but for what
// the office has not passed on yet.
func (m *matter) agree() {
	o, p, c := m.office.file, m.police.file, m.contoso.file
	if o == nil || p == nil {
		m.t.Fatal("the request is lost")
	}
	if c != nil && c.State != o.State {
		m.t.Fatalf("the addressee's case is %s, the office's %s", c.State, o.State)
	}
	if c == nil && o.State != casefile.Requested && o.State != casefile.Withdrawn {
		m.t.Fatalf("the addressee has no case, and the office's is %s", o.State)
	}
	if len(o.ToRelay()) == 0 && p.State != o.State {
		m.t.Fatalf("the police's case is %s, the office's %s", p.State, o.State)
	}
}

// passOn has the office pass on every answer that it holds.
func (m *matter) passOn() {
	for len(m.office.file.ToRelay()) > 0 {
		s, ok := m.compose(m.office, protocol.KindRelay, "")
		if !ok || !m.send(m.office, s) {
			m.t.Fatal("the office cannot pass on what it holds")
		}
		m.settle()
	}
}

// TestHoldersAgreeAfterEachExchange: one act at a time, whatever the mail does
// with it. That the office passes an answer on is part of the exchange.
func TestHoldersAgreeAfterEachExchange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMatter(t)
		m.settle()
		for range rapid.IntRange(1, 10).Draw(t, "acts") {
			m.act()
			m.settle()
			m.passOn()
			m.replay()
			if m.refused > 0 {
				t.Fatal("an act that fitted at its sender did not fit at its recipient")
			}
			m.agree()
		}
	})
}

// TestWithdrawalAndDisclosureThatCross: neither fits at the other end, both
// senders are told so, and the two ends differ from then on.
func TestWithdrawalAndDisclosureThatCross(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	withdrawal := step(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, to(office, contoso), cert.Digest)
	answer := disclosure(protocol.ProductionComplete, cert.Digest)
	_, err := apply(t, c, withdrawal).Apply(answer)
	wantReason(t, "a disclosure after the withdrawal", err, protocol.ReasonOutOfTurn)
	_, err = apply(t, c, answer).Apply(withdrawal)
	wantReason(t, "a withdrawal after the disclosure", err, protocol.ReasonOutOfTurn)
}

// TestCrossedActsAreNeverLostInSilence: many act at the same time, so that
// acts cross. Holders may then differ, but only if somebody holds a refusal.
func TestCrossedActsAreNeverLostInSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMatter(t)
		for range rapid.IntRange(1, 30).Draw(t, "moves") {
			if rapid.Bool().Draw(t, "act") {
				m.act()
			} else {
				m.deliver()
			}
		}
		m.settle()
		if m.refused == 0 {
			m.agree()
		}
		for _, h := range m.holders() {
			if h.file != nil && len(h.file.Thread) > casefile.MaxThread {
				t.Fatal("a thread without bounds")
			}
		}
	})
}
