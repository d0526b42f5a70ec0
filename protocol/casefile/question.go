package casefile

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"comity.example/protocol"
)

// Says is what an act says, as far as the life of a case depends on it: words of
// closed lists, times and digests, and nothing of a person.
type Says struct {
	// What is the act's own word: the ask of a clarification, the level of an
	// objection, a result, an action, a status. Of a relay it is that of the
	// disclosure in it.
	What string `json:"what,omitzero"`
	// To is who is told, of a notice.
	To      string            `json:"to,omitzero"`
	Answers []protocol.Digest `json:"answers,omitempty"`
	Reasons []protocol.Reason `json:"reasons,omitempty"`
	Start   time.Time         `json:"start,omitzero"`
	Until   time.Time         `json:"until,omitzero"`
	State   protocol.Party    `json:"state,omitzero"` // the third State of a notice
	Ground  string            `json:"ground,omitzero"`
	// Partial: of conditions, that a ground for refusal is raised for the rest.
	Partial bool `json:"partial,omitzero"`
	// Deleted: of a closure, that what was disclosed is no more.
	Deleted bool `json:"deleted,omitzero"`
	// Live: of an interception that starts, that it announces a live object; of one
	// that stops, that it says what that became.
	Live    bool            `json:"live,omitzero"`
	Version int64           `json:"version,omitzero"` // of the request after an amendment
	Case    protocol.CaseID `json:"case,omitzero"`    // of the request for production, of a preservation
	// Amount is what costs come to, in the smallest unit of Currency.
	Amount   int64  `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
	// Objects are the evidence that the act hands over, or of a deletion what it is
	// about: tree hashes, and the id of a live object.
	Objects []protocol.Digest `json:"objects,omitempty"`
}

// says gathers it, nil of an act that says nothing of the kind.
func says(b *protocol.Body) *Says {
	switch {
	case b.Refusal != nil:
		return &Says{Answers: b.Refusal.Answers, Reasons: []protocol.Reason{b.Refusal.Reason}}
	case b.Disclosure != nil:
		return &Says{What: string(b.Disclosure.Status), Until: b.Disclosure.Until, Objects: trees(b.Disclosure.Objects)}
	case b.Clarification != nil:
		return &Says{What: string(b.Clarification.Ask), Reasons: b.Clarification.Reasons}
	case b.Reply != nil:
		return &Says{What: string(b.Reply.Result), Answers: b.Reply.Answers}
	case b.Amendment != nil:
		return &Says{Answers: b.Amendment.Answers, Version: b.Amendment.Version}
	case b.Objection != nil:
		return &Says{What: string(b.Objection.Level), Answers: b.Objection.Answers, Reasons: b.Objection.Grounds}
	case b.Determination != nil:
		return &Says{What: string(b.Determination.Result), Answers: b.Determination.Answers, Reasons: b.Determination.Grounds}
	case b.Acceptance != nil:
		return &Says{Answers: b.Acceptance.Answers}
	case b.Conditions != nil:
		s := &Says{Partial: b.Conditions.Partial}
		if b.Conditions.Reason != "" {
			s.Reasons = []protocol.Reason{b.Conditions.Reason}
		}
		return s
	case b.Postponement != nil:
		return &Says{Reasons: []protocol.Reason{b.Postponement.Reason}, Until: b.Postponement.Review}
	case b.Consultation != nil:
		return &Says{Reasons: b.Consultation.Reasons}
	}
	return saysOfRegion(b)
}

func saysOfRegion(b *protocol.Body) *Says {
	switch {
	case b.Extension != nil:
		return &Says{Until: b.Extension.Until}
	case b.Preservation != nil:
		return &Says{What: string(b.Preservation.Action), Until: b.Preservation.Until, Case: b.Preservation.Case}
	case b.Secrecy != nil:
		return &Says{What: string(b.Secrecy.Action), Start: b.Secrecy.Start, Until: b.Secrecy.End}
	case b.Notice != nil:
		return &Says{What: string(b.Notice.Status), To: string(b.Notice.To), Start: b.Notice.At, Until: b.Notice.Until,
			State: b.Notice.State, Ground: string(b.Notice.Ground)}
	case b.Validation != nil:
		return &Says{What: string(b.Validation.Result)}
	case b.Interception != nil:
		return saysOfTap(b.Interception)
	case b.Costs != nil:
		return &Says{What: string(b.Costs.Action), Amount: b.Costs.Amount, Currency: b.Costs.Currency}
	case b.Challenge != nil:
		return &Says{Until: b.Challenge.Until, Ground: b.Challenge.Nonce}
	case b.Response != nil:
		return &Says{Answers: b.Response.Answers, Ground: b.Response.Nonce}
	case b.Enforcement != nil:
		return &Says{Reasons: []protocol.Reason{b.Enforcement.Reason}}
	case b.Use != nil:
		return &Says{What: b.Use.Purpose}
	case b.Closure != nil:
		return &Says{Deleted: b.Closure.Deleted}
	case b.Deletion != nil:
		return &Says{What: string(b.Deletion.Action), Ground: string(b.Deletion.Reason), Objects: b.Deletion.Objects}
	}
	return nil
}

func saysOfTap(t *protocol.Tap) *Says {
	s := &Says{What: string(t.Action), Start: t.At, Until: t.Until, Live: t.Live != nil || t.Product != nil}
	switch {
	case t.Live != nil:
		s.Objects = []protocol.Digest{t.Live.ID}
	case t.Product != nil:
		s.Objects = []protocol.Digest{t.Product.Tree}
	}
	return s
}

// A Question is an act that waits for an answer.
type Question struct {
	Act   protocol.Digest        `json:"act"`
	Kind  protocol.Kind          `json:"kind"`
	What  string                 `json:"what,omitzero"`
	From  protocol.ParticipantID `json:"from"`
	Since time.Time              `json:"since"` // when it was issued
	// Awaits are the participants of whom one is to answer.
	Awaits []protocol.ParticipantID `json:"awaits"`
	// Holds says that nothing is disclosed as long as it is open.
	Holds bool `json:"holds,omitzero"`
}

// asks reports whether acts of a kind are questions.
func asks(k protocol.Kind) bool {
	switch k {
	case protocol.KindClarification, protocol.KindObjection, protocol.KindConditions, protocol.KindPostponement,
		protocol.KindConsultation, protocol.KindChallenge, protocol.KindEnforcement, protocol.KindUse:
		return true
	}
	return false
}

// settles reports whether an act of kind k and word what may answer a question.
func settles(k protocol.Kind, what string, q *Entry) bool {
	level := q.Says.What
	switch k {
	case protocol.KindReply:
		asked := q.Kind == protocol.KindClarification || q.Kind == protocol.KindConsultation ||
			q.Kind == protocol.KindObjection && level == string(protocol.LevelIssuer)
		impossible := q.Kind == protocol.KindClarification && level == string(protocol.AskImpossible)
		return asked && (what != string(protocol.ReplyConfirmed) || impossible)
	case protocol.KindAmendment:
		return q.Kind == protocol.KindClarification || q.Kind == protocol.KindConditions ||
			q.Kind == protocol.KindConsultation || q.Kind == protocol.KindObjection && level == string(protocol.LevelIssuer)
	case protocol.KindObjection:
		return q.Kind == protocol.KindObjection && level == string(protocol.LevelIssuer)
	case protocol.KindDetermination:
		return decides(protocol.Result(what), q.Kind, protocol.Level(level))
	case protocol.KindAcceptance:
		return q.Kind == protocol.KindConditions || q.Kind == protocol.KindPostponement
	case protocol.KindRefusal:
		return q.Kind == protocol.KindClarification || q.Kind == protocol.KindConsultation ||
			q.Kind == protocol.KindPostponement || q.Kind == protocol.KindChallenge || q.Kind == protocol.KindConditions ||
			q.Kind == protocol.KindObjection && level == string(protocol.LevelIssuer)
	case protocol.KindResponse:
		return q.Kind == protocol.KindChallenge
	}
	return false
}

// decides reports whether a result is one for what was put to an authority or
// to a court.
func decides(r protocol.Result, k protocol.Kind, level protocol.Level) bool {
	switch r {
	case protocol.ResultNotApplicable:
		return k == protocol.KindObjection && level == protocol.LevelReceiving
	case protocol.ResultOverruled, protocol.ResultModified:
		return k == protocol.KindObjection && level != protocol.LevelIssuer
	case protocol.ResultLifted:
		return k == protocol.KindObjection && level == protocol.LevelCourt
	case protocol.ResultRecognised:
		return k == protocol.KindEnforcement
	case protocol.ResultDenied:
		return k == protocol.KindEnforcement || k == protocol.KindUse
	case protocol.ResultAllowed:
		return k == protocol.KindUse
	}
	return false
}

// Questions returns those that are open, oldest first: that no act has answered
// whose sender may, and that are not moot. What got to none of those who could
// answer it is to be put again, and is not open at who asked.
func (c *Case) Questions() []Question {
	all := make([]*Entry, len(c.Thread))
	for i := range c.Thread {
		all[i] = &c.Thread[i]
	}
	open := c.unanswered(all)
	var out []Question
	for _, e := range all {
		if open[e.Act] == nil || c.moot(e) {
			continue
		}
		awaits := c.awaited(e)
		lost := func(id protocol.ParticipantID) bool { return slices.Contains(e.LostTo, id) }
		if awaits = slices.DeleteFunc(awaits, lost); len(awaits) == 0 {
			continue
		}
		out = append(out, Question{Act: e.Act, Kind: e.Kind, What: e.Says.What, From: e.From, Since: e.Issued,
			Awaits: awaits, Holds: held(map[protocol.Digest]*Entry{e.Act: e}) != ""})
	}
	slices.SortFunc(out, func(a, b Question) int { // not as they came, which is another order at every holder
		return cmp.Or(a.Since.Compare(b.Since), bytes.Compare(a.Act[:], b.Act[:]))
	})
	return out
}

// unanswered returns the questions among some acts that none of them answers. A
// certification is the answer to what its sender asked before it.
func (c *Case) unanswered(acts []*Entry) map[protocol.Digest]*Entry {
	open := map[protocol.Digest]*Entry{}
	for _, e := range acts {
		if asks(e.Kind) && e.Says != nil {
			open[e.Act] = e
		}
	}
	if len(open) == 0 {
		return open
	}
	for _, e := range acts {
		if e.Kind == protocol.KindCertification {
			for d, q := range open {
				if q.Kind == protocol.KindClarification && q.From == e.From {
					delete(open, d)
				}
			}
		}
		if e.Says == nil || e.Lost() {
			continue
		}
		for _, d := range e.Says.Answers {
			if q := open[d]; q != nil && settles(e.Kind, e.Says.What, q) && c.mayAnswer(e.Kind, q, e.From) {
				delete(open, d)
			}
		}
	}
	return open
}

// moot reports whether a question needs no answer any more. That for a use does as
// long as the case is not closed, that for enforcement also after the addressee
// refused, and what a notified authority asks also after evidence came
// (Regulation (EU) 2023/1543, Art. 10(4), 16).
func (c *Case) moot(e *Entry) bool {
	switch {
	case c.State == Closed:
		return true
	case !c.State.Ended():
		return false
	}
	switch e.Kind {
	case protocol.KindUse:
		return false
	case protocol.KindEnforcement:
		return c.State != Refused
	case protocol.KindConsultation: // also before enforcement of what was refused is denied (Art. 16(7))
		return c.State != Produced && (c.State != Refused || !c.isAuthority(e.From))
	case protocol.KindConditions:
		return c.State != Produced
	}
	return true
}

// awaited returns who may answer a question.
func (c *Case) awaited(e *Entry) []protocol.ParticipantID {
	issuing := []protocol.ParticipantID{c.Issuer}
	if c.Certifier != "" && c.Certifier != c.Issuer {
		issuing = []protocol.ParticipantID{c.Certifier, c.Issuer}
	}
	switch e.Kind {
	case protocol.KindObjection:
		switch protocol.Level(e.Says.What) {
		case protocol.LevelReceiving:
			return e.authorities(c)
		case protocol.LevelCourt: // of either side: whoever has its decision says so
			return append([]protocol.ParticipantID{e.From}, issuing...)
		}
	case protocol.KindPostponement:
		return []protocol.ParticipantID{e.From}
	case protocol.KindChallenge: // its officer may have signed for an authority without a node
		return issuing
	case protocol.KindEnforcement, protocol.KindUse:
		return e.authorities(c)
	}
	return slices.DeleteFunc(issuing, func(id protocol.ParticipantID) bool { return id == e.From })
}

// authorities returns the authorities of the receiving side that the act was put
// to: those that joined, else those that were notified, else the addressee.
func (e *Entry) authorities(c *Case) []protocol.ParticipantID {
	of := func(ids []protocol.ParticipantID) []protocol.ParticipantID {
		return slices.DeleteFunc(slices.Clone(e.To), func(id protocol.ParticipantID) bool { return !slices.Contains(ids, id) })
	}
	if joined := of(c.Joined); len(joined) > 0 {
		return joined
	}
	if notified := of(c.Notified); len(notified) > 0 {
		return notified
	}
	return of([]protocol.ParticipantID{c.Addressee})
}

func (c *Case) isAuthority(id protocol.ParticipantID) bool {
	return slices.Contains(c.Notified, id) || slices.Contains(c.Joined, id)
}

// openAt returns the questions that are open for one who holds the acts in
// follows and what is behind them, and all the acts that one holds.
func (c *Case) openAt(follows []protocol.Digest) (open map[protocol.Digest]*Entry, known []*Entry) {
	for e, whole := range c.behind(follows) {
		if whole {
			known = append(known, e)
		}
	}
	return c.unanswered(known), known
}

// Answerable returns the open questions that an act of a kind by self answers:
// what a node fills in for a person who names none. They are of the kind and word
// of the oldest, since an answer to one thing is not an answer to another; a
// response has one nonce. A refusal closes all that its sender asked. What is
// taken further though it was answered is named too: whoever came late learns
// from that what was before.
func (c *Case) Answerable(b *protocol.Body, self protocol.ParticipantID) []protocol.Digest {
	kind, said := b.Kind(), says(b)
	if said == nil {
		return nil
	}
	open, _ := c.openAt(c.heads())
	var out []protocol.Digest
	var first *Entry
	for i := range c.Thread {
		e := &c.Thread[i]
		further := furthers(kind) && e.From == self && asks(e.Kind) && e.Says != nil
		if open[e.Act] == nil && !further || !settles(kind, said.What, e) || !c.mayAnswer(kind, e, self) {
			continue
		}
		nonce := b.Response == nil || e.Says.Ground == b.Response.Nonce
		if nonce && (first == nil || further || e.Kind == first.Kind && e.Says.What == first.Says.What) {
			out = append(out, e.Act)
			if first == nil {
				first = e
			}
		}
	}
	if len(out) > protocol.MaxAnswers {
		out = out[len(out)-protocol.MaxAnswers:]
	}
	return out
}

// heads returns every act that no other follows, of whatever recipients.
func (c *Case) heads() []protocol.Digest {
	var out []protocol.Digest
	for i := range c.Thread {
		out = append(out, c.Thread[i].Act)
	}
	return out
}

// mayAnswer reports whether it is self's to answer a question with a kind of act.
func (c *Case) mayAnswer(k protocol.Kind, q *Entry, self protocol.ParticipantID) bool {
	switch k {
	case protocol.KindRefusal, protocol.KindObjection: // the asker goes further with its own question
		return q.From == self
	case protocol.KindAcceptance: // who offered conditions may go on without them
		if q.From == self {
			return q.Kind == protocol.KindPostponement || q.Kind == protocol.KindConditions
		}
		return q.Kind == protocol.KindConditions && slices.Contains(c.awaited(q), self)
	}
	return slices.Contains(c.awaited(q), self)
}
