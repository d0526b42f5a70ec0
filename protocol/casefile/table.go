package casefile

import (
	"slices"

	"comity.example/protocol"
)

// A turn is one row of the table of who may do what, and when.
type turn struct {
	kind protocol.Kind
	what string // the word that the act says; "" stands for every
	by   actor
	from []State // in which its sender stood
	to   func(Step) State
	// only, where it is set, says what else must hold.
	only func(*Case, *stance) protocol.Reason
}

func to(s State) func(Step) State { return func(Step) State { return s } }

// nowhere: the act leads to no state.
func nowhere(Step) State { return "" }

// The states from which acts start.
var (
	asked   = []State{UnderReview, Served, Accepted, PartlyProduced} // the addressee has it
	begun   = []State{Requested, UnderReview, Served, Accepted, PartlyProduced}
	ended   = []State{Expired, Refused, Produced, Impossible, NotApplicable, Lifted, GroundRaised, Withdrawn}
	yielded = []State{PartlyProduced, Produced, Impossible, NotApplicable, Lifted, GroundRaised, Withdrawn}
	ever    = slices.Concat(begun, ended)
	heard   = slices.Concat(asked, ended)
)

// turns is the table (law: the unified life cycle, rows 1 to 33). What is not in
// it is refused.
var turns = []turn{
	{kind: protocol.KindCertification, by: certifier, from: []State{Requested}, to: decided},
	{kind: protocol.KindDisclosure, by: addressee, from: asked, to: produced, only: mayDisclose},
	{kind: protocol.KindRefusal, by: addressee, from: []State{Served, UnderReview, Accepted}, to: to(Refused), only: consulted},
	{kind: protocol.KindRefusal, by: authority, from: slices.Concat(asked, []State{Produced}), to: to(GroundRaised), only: consulted},
	{kind: protocol.KindWithdrawal, by: issuing, from: slices.Concat(begun, []State{GroundRaised}), to: to(Withdrawn)},
	{kind: protocol.KindNondelivery, by: certifier, from: []State{UnderReview, Served}, to: failed},

	{kind: protocol.KindClarification, by: addressee | authority, from: asked, to: nowhere},
	{kind: protocol.KindClarification, by: certifier, from: []State{Requested}, to: nowhere},
	{kind: protocol.KindReply, what: string(protocol.ReplyConfirmed), by: issuing, from: begun, to: to(Impossible)},
	{kind: protocol.KindReply, by: issuing, from: begun, to: nowhere},
	{kind: protocol.KindAmendment, by: issuing, from: begun, to: nowhere, only: nextVersion},
	{kind: protocol.KindObjection, what: string(protocol.LevelReceiving), by: addressee, from: asked, to: nowhere, only: objectedBefore},
	{kind: protocol.KindObjection, by: addressee, from: asked, to: nowhere},
	{kind: protocol.KindDetermination, what: string(protocol.ResultNotApplicable), by: authority, from: asked, to: to(NotApplicable), only: isAuthority},
	{kind: protocol.KindDetermination, what: string(protocol.ResultLifted), by: issuing | addressee | authority, from: asked, to: to(Lifted)},
	{kind: protocol.KindDetermination, by: addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindDetermination, by: issuing, from: asked, to: nowhere}, // of a court
	{kind: protocol.KindAcceptance, by: addressee, from: []State{UnderReview, Served, Accepted}, to: to(Accepted), only: isAuthority},
	{kind: protocol.KindAcceptance, by: authority, from: asked, to: nowhere, only: isAuthority},
	{kind: protocol.KindAcceptance, by: issuing, from: heard, to: nowhere, only: answersSomething},
	{kind: protocol.KindConditions, by: addressee | authority, from: slices.Concat(asked, []State{Produced}), to: nowhere, only: isAuthority},
	{kind: protocol.KindPostponement, by: addressee, from: []State{UnderReview, Served, Accepted}, to: nowhere, only: isAuthority},
	{kind: protocol.KindConsultation, by: addressee | authority, from: slices.Concat(asked, []State{Produced}), to: nowhere, only: isAuthority},
	{kind: protocol.KindEnforcement, by: issuing, from: asked, to: nowhere},
	{kind: protocol.KindUse, by: issuing, from: yielded, to: nowhere},
	{kind: protocol.KindChallenge, by: addressee, from: []State{UnderReview, Served, Accepted}, to: nowhere},
	{kind: protocol.KindResponse, by: issuer, from: asked, to: nowhere, only: byWhoAsked},

	{kind: protocol.KindExtension, by: issuing | addressee | authority, from: asked, to: nowhere},
	{kind: protocol.KindPreservation, by: issuing, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, what: string(protocol.SecrecyChallenged), by: addressee, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, what: string(protocol.SecrecyLifted), by: issuing | addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, by: issuing, from: heard, to: nowhere},
	{kind: protocol.KindNotice, by: issuing | addressee, from: ever, to: nowhere},
	{kind: protocol.KindValidation, what: string(protocol.ValidationDenied), by: issuing, from: ever, to: to(Withdrawn)},
	{kind: protocol.KindValidation, what: string(protocol.ValidationLapsed), by: issuing, from: ever, to: to(Withdrawn)},
	{kind: protocol.KindValidation, by: issuing, from: ever, to: nowhere},
	{kind: protocol.KindInterception, what: string(protocol.TapRenewed), by: issuing, from: asked, to: nowhere},
	{kind: protocol.KindInterception, what: string(protocol.TapStarted), by: addressee, from: asked, to: nowhere},
	{kind: protocol.KindInterception, what: string(protocol.TapStopped), by: addressee, from: heard, to: nowhere},
	{kind: protocol.KindCosts, what: string(protocol.CostsClaimed), by: addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindCosts, by: issuing, from: heard, to: nowhere},
	{kind: protocol.KindClosure, by: issuer, from: ended, to: to(Closed)},
}

// A stance is where the sender of an act stood.
type stance struct {
	step  Step
	state State
	part  actor
	open  map[protocol.Digest]*Entry // questions
	known []*Entry
}

// take looks the act up in the table of turns, for a sender who stood at a
// state and held the acts in follows and what is behind them, and returns the
// state to which it leads.
func (c *Case) take(s Step, at State, follows []protocol.Digest) (State, protocol.Reason) {
	kind := s.Act.Body.Kind()
	st := &stance{step: s, state: at, part: c.part(s.Act.From)}
	if kind == protocol.KindCertification && c.Certifier == "" {
		// Of the request that opened the case, and of no other.
		if s.Inner == nil || s.Inner.Digest != c.Thread[0].Act {
			return "", protocol.ReasonThread
		}
		st.part |= certifier
	}
	var what string
	said := says(&s.Act.Body)
	if said != nil {
		what = said.What
	}
	row, reason := find(kind, what, st)
	if row == nil {
		return "", reason
	}
	switch {
	case kind == protocol.KindCertification && c.Certifier != "":
		return "", protocol.ReasonOutOfTurn // a case has one
	case s.Act.Body.Nondelivery != nil && !c.certifies(s.Act.Body.Nondelivery, s.Act.From):
		return "", protocol.ReasonThread
	case at == UnderReview && kind == protocol.KindDisclosure && !s.Endorsed:
		return "", protocol.ReasonOfficerMissing // what was held for a person, a person answers
	case !slices.Contains(row.from, at):
		return "", protocol.ReasonOutOfTurn
	}
	if said != nil || row.only != nil {
		st.open, st.known = c.openAt(follows)
	}
	if reason := c.wantTo(kind, st); reason != "" {
		return "", reason
	}
	if reason := c.answersWhatIsOpen(said, st); reason != "" {
		return "", reason
	}
	if row.only != nil {
		if reason := row.only(c, st); reason != "" {
			return "", reason
		}
	}
	return row.to(s), ""
}

// find returns the row for an act: the first of its kind and word that its
// sender has the part for, and the state, if there is one.
func find(kind protocol.Kind, what string, st *stance) (*turn, protocol.Reason) {
	var found *turn
	reason := protocol.ReasonOutOfTurn
	for i := range turns {
		t := &turns[i]
		if t.kind != kind || t.what != "" && t.what != what {
			continue
		}
		if t.by&st.part == 0 {
			if t.what != "" {
				return nil, protocol.ReasonRole // the word is another's
			}
			if found == nil {
				reason = protocol.ReasonRole
			}
			continue
		}
		if slices.Contains(t.from, st.state) {
			return t, ""
		}
		if found == nil {
			found = t
		}
		if t.what == what && what != "" {
			break // its own row, and no other
		}
	}
	return found, reason
}

// wantTo checks to whom an act goes. The addressee's answers go to one only:
// whoever told two of them two things would split the case. What is said in the
// life of a case goes to everybody whom its sender knows to be in it.
func (c *Case) wantTo(kind protocol.Kind, st *stance) protocol.Reason {
	act := st.step.Act
	if answers(kind) && st.part&addressee != 0 {
		if !slices.Equal(act.To, []protocol.ParticipantID{c.answeredTo()}) {
			return protocol.ReasonWrongRecipient
		}
		return ""
	}
	if !shared(kind) {
		return ""
	}
	want := c.circle(st.state, st.known)
	for _, id := range want {
		if id != act.From && !slices.Contains(act.To, id) {
			return protocol.ReasonWrongRecipient
		}
	}
	for _, id := range act.To {
		if !slices.Contains(want, id) && !c.isAuthority(id) && !slices.Contains(c.joins(act), id) {
			return protocol.ReasonWrongRecipient
		}
	}
	return ""
}

// circle returns who is in a case for one who stands at a state and knows some
// of its acts.
func (c *Case) circle(at State, known []*Entry) []protocol.ParticipantID {
	if at == Requested {
		out := []protocol.ParticipantID{c.Issuer}
		if c.Thread[0].Kind == protocol.KindCertification {
			return append(out, c.Certifier)
		}
		for _, id := range c.Thread[0].To {
			if id != c.Issuer {
				out = append(out, id)
			}
		}
		return out
	}
	out := []protocol.ParticipantID{c.Issuer}
	add := func(ids ...protocol.ParticipantID) {
		for _, id := range ids {
			if id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	add(c.Certifier, c.Addressee)
	add(c.Notified...)
	for _, e := range known {
		add(e.Joins...)
	}
	return out
}

// shared reports whether acts of a kind go to everybody in the case: those of
// its life, and a refusal by who is not the addressee.
func shared(kind protocol.Kind) bool {
	switch kind {
	case protocol.KindRequest, protocol.KindCertification, protocol.KindDisclosure, protocol.KindRelay,
		protocol.KindWithdrawal, protocol.KindNondelivery:
		return false
	}
	return true
}

// answersWhatIsOpen: an act answers questions that its sender knows, that are
// open there, and that are its sender's to answer.
func (c *Case) answersWhatIsOpen(said *Says, st *stance) protocol.Reason {
	if said == nil {
		return ""
	}
	for _, d := range said.Answers {
		q := st.open[d]
		if q == nil || !settles(st.step.Act.Body.Kind(), said.What, q) || !c.mayAnswer(st.step.Act.Body.Kind(), q, st.step.Act.From) {
			return protocol.ReasonQuestion
		}
	}
	return ""
}

// isAuthority: what an authority alone may say, no provider says.
func isAuthority(_ *Case, st *stance) protocol.Reason {
	for _, r := range st.step.Roles {
		switch r {
		case protocol.RoleCentral, protocol.RoleDesignated, protocol.RoleEnforcing, protocol.RoleContact:
			return ""
		}
	}
	return protocol.ReasonRole
}

// consulted: an authority refuses only after it consulted the issuing side, and
// with a ground (law: EU 12(3); UNCAC 46(26); Budapest 27(6)). A provider's
// refusal is its own.
//
// That a challenge was not answered is no ground to consult about: who is not
// known to have asked is not consulted.
func consulted(c *Case, st *stance) protocol.Reason {
	if st.step.Act.Body.Refusal.Reason == protocol.ReasonChallenge {
		return unanswered(st)
	}
	if st.part&authority == 0 && (slices.Contains(st.step.Roles, protocol.RoleProvider) || isAuthority(c, st) != "") {
		return ""
	}
	for _, e := range st.known {
		if e.Kind == protocol.KindConsultation && e.From == st.step.Act.From {
			return ""
		}
	}
	return protocol.ReasonConsultation
}

// unanswered: there must be an open challenge whose time is over, since its
// addressee was told how long it had.
func unanswered(st *stance) protocol.Reason {
	for _, q := range st.open {
		if q.Kind == protocol.KindChallenge && !st.step.Act.Issued.Before(q.Says.Until) {
			return ""
		}
	}
	return protocol.ReasonQuestion
}

// mayDisclose: not while a ground for refusal stands against part of it, nor
// while the requesting officer has not answered a challenge. A drill exercises
// people: that there is no data is all that answers it.
func mayDisclose(c *Case, st *stance) protocol.Reason {
	if d := st.step.Act.Body.Disclosure; c.Matter.Drill && (d.Status != protocol.ProductionNoData || len(d.Objects) > 0) {
		return protocol.ReasonDrill
	}
	for _, q := range st.open {
		switch {
		case q.Kind == protocol.KindChallenge:
			return protocol.ReasonChallenge
		case q.Kind == protocol.KindConditions && q.Says.Partial:
			return protocol.ReasonNotified
		}
	}
	return ""
}

// nextVersion: amendments are numbered from 2, without a gap.
func nextVersion(c *Case, st *stance) protocol.Reason {
	next := int64(2)
	for _, e := range st.known {
		if e.Kind == protocol.KindAmendment && e.Says.Version >= next {
			next = e.Says.Version + 1
		}
	}
	if st.step.Act.Body.Amendment.Version != next {
		return protocol.ReasonNarrower
	}
	return ""
}

// objectedBefore: what is taken to the receiving authority was put to the
// issuing side first (law: UK-US 5(11)).
func objectedBefore(_ *Case, st *stance) protocol.Reason {
	for _, e := range st.known {
		if e.Kind == protocol.KindObjection && e.Says.What == string(protocol.LevelIssuer) {
			return ""
		}
	}
	return protocol.ReasonOutOfTurn
}

// answersSomething: the issuing side accepts what was offered to it.
func answersSomething(_ *Case, st *stance) protocol.Reason {
	if len(st.step.Act.Body.Acceptance.Answers) == 0 {
		return protocol.ReasonQuestion
	}
	return ""
}

// byWhoAsked: only an officer who signed the request answers a challenge, with
// the key that signed it, and repeats its nonce. The id alone would not do: a
// participant may give it to another key.
func byWhoAsked(c *Case, st *stance) protocol.Reason {
	r := st.step.Act.Body.Response
	for _, d := range r.Answers {
		q := st.open[d]
		if q == nil || q.Says.Ground != r.Nonce {
			return protocol.ReasonChallenge
		}
	}
	for _, key := range st.step.Keys {
		if slices.Contains(c.Matter.Keys, key) {
			return ""
		}
	}
	return protocol.ReasonChallenge // also where nobody signed the request
}
