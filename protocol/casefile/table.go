package casefile

import (
	"slices"

	"comity.example/protocol"
)

// A turn is one row of the table of who may do what, and when.
type turn struct {
	kind protocol.Kind
	what string // the word that the act says; "" stands for every other
	by   actor
	from []State // in which its sender stood, as far as the act shows by what it follows
	// own, where it is set, are those in which its sender must stand by all that it
	// holds. What an act follows all its recipients hold: that may be less than its
	// sender holds, and of an authority that came late there is more behind it.
	own []State
	to  func(Step) State
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
	lately  = slices.Concat(asked, []State{Produced}) // what came may still be answered for
	ever    = slices.Concat(begun, ended)
	heard   = slices.Concat(asked, ended)
)

// turns is the table (law: the unified life cycle, rows 1 to 33). What is not in
// it is refused.
var turns = []turn{
	{kind: protocol.KindCertification, by: certifier, from: []State{Requested}, to: decided},
	{kind: protocol.KindDisclosure, by: addressee, from: asked, to: produced, only: mayDisclose},
	{kind: protocol.KindRefusal, by: addressee, from: []State{Served, UnderReview, Accepted}, to: to(Refused), only: consulted},
	{kind: protocol.KindRefusal, by: authority, from: lately, to: to(GroundRaised), only: raises},
	{kind: protocol.KindWithdrawal, by: issuing, from: slices.Concat(begun, []State{GroundRaised}), to: to(Withdrawn)},
	{kind: protocol.KindNondelivery, by: certifier, from: []State{UnderReview, Served}, to: failed},

	{kind: protocol.KindClarification, by: addressee, from: asked, to: nowhere},
	{kind: protocol.KindClarification, by: authority, from: heard, own: asked, to: nowhere},
	{kind: protocol.KindClarification, by: certifier, from: []State{Requested}, to: nowhere},
	{kind: protocol.KindReply, what: string(protocol.ReplyConfirmed), by: issuing, from: begun, to: to(Impossible)},
	{kind: protocol.KindReply, what: string(protocol.ReplyWaiver), by: issuing, from: slices.Concat(begun, []State{Produced, Refused}), to: nowhere, only: asksWaiver},
	{kind: protocol.KindReply, by: issuing, from: slices.Concat(begun, []State{Produced, Refused}), to: nowhere},
	{kind: protocol.KindAmendment, by: issuing, from: asked, to: nowhere, only: nextVersion},
	{kind: protocol.KindObjection, what: string(protocol.LevelReceiving), by: addressee, from: asked, to: nowhere, only: escalates},
	{kind: protocol.KindObjection, by: addressee, from: asked, to: nowhere},
	{kind: protocol.KindDetermination, what: string(protocol.ResultNotApplicable), by: authority, from: heard, own: asked, to: to(NotApplicable), only: isReceiving},
	{kind: protocol.KindDetermination, what: string(protocol.ResultLifted), by: issuing | addressee, from: asked, to: to(Lifted), only: settlesWell},
	{kind: protocol.KindDetermination, by: addressee | authority, from: heard, to: nowhere, only: settlesWell},
	{kind: protocol.KindDetermination, by: issuing, from: asked, to: nowhere, only: settlesWell},
	{kind: protocol.KindAcceptance, by: addressee, from: asked, to: to(Accepted), only: isAuthority},
	{kind: protocol.KindAcceptance, by: authority, from: heard, own: lately, to: nowhere, only: isAuthority},
	{kind: protocol.KindAcceptance, by: issuing, from: heard, to: nowhere, only: answersSomething},
	{kind: protocol.KindConditions, by: addressee, from: lately, to: nowhere, only: mayOffer},
	{kind: protocol.KindConditions, by: authority, from: heard, own: lately, to: nowhere, only: mayOffer},
	{kind: protocol.KindPostponement, by: addressee, from: []State{UnderReview, Served, Accepted}, to: nowhere, only: mayPostpone},
	{kind: protocol.KindConsultation, by: addressee, from: lately, to: nowhere, only: isAuthority},
	{kind: protocol.KindConsultation, by: authority, from: heard, own: slices.Concat(lately, []State{Refused}), to: nowhere, only: isAuthority},
	{kind: protocol.KindEnforcement, by: issuing, from: slices.Concat(asked, []State{Refused}), to: nowhere, only: putToAuthority},
	{kind: protocol.KindUse, by: issuing, from: heard, own: yielded, to: nowhere, only: uses},
	{kind: protocol.KindChallenge, by: addressee, from: []State{UnderReview, Served, Accepted}, to: nowhere, only: leavesTime},
	{kind: protocol.KindResponse, by: issuing, from: asked, to: nowhere, only: byWhoAsked},

	{kind: protocol.KindExtension, by: issuing | addressee, from: asked, to: nowhere},
	{kind: protocol.KindExtension, by: authority, from: heard, own: asked, to: nowhere},
	{kind: protocol.KindPreservation, what: string(protocol.KeptExtended), by: issuing, from: heard, to: nowhere, only: mayExtend},
	{kind: protocol.KindPreservation, by: issuing, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, what: string(protocol.SecrecyChallenged), by: addressee, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, what: string(protocol.SecrecyLifted), by: issuing | addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindSecrecy, by: issuing, from: heard, to: nowhere, only: hasEnd},
	{kind: protocol.KindNotice, by: issuing | addressee, from: append(slices.Clone(ever), Closed), to: nowhere},
	{kind: protocol.KindValidation, what: string(protocol.ValidationDenied), by: issuing, from: ever, to: to(Withdrawn), only: unvalidated},
	{kind: protocol.KindValidation, what: string(protocol.ValidationLapsed), by: issuing, from: ever, to: to(Withdrawn), only: unvalidated},
	{kind: protocol.KindValidation, by: issuing, from: ever, to: nowhere, only: unvalidated},
	{kind: protocol.KindInterception, what: string(protocol.TapRenewed), by: issuing, from: asked, to: nowhere, only: intercepts},
	{kind: protocol.KindInterception, what: string(protocol.TapStarted), by: addressee, from: asked, to: nowhere, only: intercepts},
	{kind: protocol.KindInterception, what: string(protocol.TapStopped), by: addressee, from: heard, to: nowhere, only: intercepts},
	{kind: protocol.KindCosts, what: string(protocol.CostsClaimed), by: addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindCosts, what: string(protocol.CostsPaid), by: issuing | addressee | authority, from: heard, to: nowhere},
	{kind: protocol.KindCosts, by: issuing, from: heard, to: nowhere},
	{kind: protocol.KindClosure, by: issuing, from: ever, own: slices.Concat(ended, []State{Served, Accepted}), to: to(Closed), only: nothingOpen},
	{kind: protocol.KindDeletion, by: issuing | addressee, from: append(slices.Clone(heard), Closed), to: nowhere, only: deletes},
}

// A stance is where the sender of an act stood.
type stance struct {
	step  Step
	state State
	own   bool // by all that its sender holds, who is the holder of the case
	part  actor
	open  map[protocol.Digest]*Entry // questions
	known []*Entry
}

// of goes through the acts of a kind that the sender knew.
func (st *stance) of(k protocol.Kind) []*Entry {
	var out []*Entry
	for _, e := range st.known {
		if e.Kind == k {
			out = append(out, e)
		}
	}
	return out
}

// take looks the act up in the table of turns, for a sender who stood at a
// state and held the acts in follows and what is behind them, and returns the
// state to which it leads.
func (c *Case) take(st *stance, follows []protocol.Digest) (State, protocol.Reason) {
	body, from := &st.step.Act.Body, st.step.Act.From
	kind := body.Kind()
	if st.part = c.part(from); isAuthority(c, st) != "" {
		st.part &^= authority // whoever it was that sent it the case
	}
	if kind == protocol.KindCertification && c.Certifier == "" {
		// Of the request that opened the case, and of no other.
		if st.step.Inner == nil || st.step.Inner.Digest != c.Thread[0].Act {
			return "", protocol.ReasonThread
		}
		st.part |= certifier
	}
	var what string
	said := says(body)
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
	case body.Nondelivery != nil && !c.certifies(body.Nondelivery, from):
		return "", protocol.ReasonThread
	case st.state == UnderReview && kind == protocol.KindDisclosure && !st.step.Endorsed:
		return "", protocol.ReasonOfficerMissing // what was held for a person, a person answers
	case !slices.Contains(row.states(st), st.state):
		return "", protocol.ReasonOutOfTurn
	case !c.carriesOrder(&st.step):
		return "", protocol.ReasonThread
	}
	if said != nil || row.only != nil {
		if said != nil { // what it answers its sender holds
			follows = slices.Concat(follows, said.Answers)
		}
		st.open, st.known = c.openAt(follows)
	}
	for _, check := range []func(*Case, *stance) protocol.Reason{wantTo, answersWhatIsOpen, row.only} {
		if check == nil {
			continue
		}
		if reason := check(c, st); reason != "" {
			return "", reason
		}
	}
	return row.to(st.step), ""
}

// states are those in which a row finds its sender.
func (t *turn) states(st *stance) []State {
	if st.own && t.own != nil {
		return t.own
	}
	return t.from
}

// find returns the row for an act: the first of its kind and word that its
// sender has the part for, and the state, if there is one. A word with a row of
// its own has that row and no other.
func find(kind protocol.Kind, what string, st *stance) (found *turn, reason protocol.Reason) {
	reason = protocol.ReasonOutOfTurn
	ownRow := slices.ContainsFunc(turns, func(t turn) bool { return t.kind == kind && t.what == what && what != "" })
	for i := range turns {
		t := &turns[i]
		switch {
		case t.kind != kind || t.what != what && (t.what != "" || ownRow):
		case t.by&st.part == 0:
			if found == nil {
				reason = protocol.ReasonRole
			}
		case slices.Contains(t.states(st), st.state):
			return t, ""
		case found == nil:
			found = t
		}
	}
	return found, reason
}

// wantTo checks to whom an act goes. The addressee's answers go to one only:
// whoever told two of them two things would split the case. What is said in the
// life of a case goes to everybody whom its sender knows to be in it, and may go
// to authorities of the receiving side of which its recipients have not heard.
func wantTo(c *Case, st *stance) protocol.Reason {
	act := st.step.Act
	if answers(act.Body.Kind()) && st.part&addressee != 0 {
		if !slices.Equal(act.To, []protocol.ParticipantID{c.answeredTo()}) {
			return protocol.ReasonWrongRecipient
		}
		return ""
	}
	if !shared(act.Body.Kind()) {
		return ""
	}
	want := c.circle(st.known)
	for _, id := range want {
		if id != act.From && !slices.Contains(act.To, id) {
			return protocol.ReasonWrongRecipient
		}
	}
	for _, id := range act.To {
		stranger := id.Party() != c.Addressee.Party() || id == c.Addressee || slices.Contains(st.step.Unfit, id)
		if !slices.Contains(want, id) && stranger {
			return protocol.ReasonWrongRecipient
		}
	}
	return ""
}

// circle returns who is in a case for one who knows some of its acts. As long as
// the request waits for its certification, they are its issuer and whom it was
// sent to.
func (c *Case) circle(known []*Entry) []protocol.ParticipantID {
	out := []protocol.ParticipantID{c.Issuer}
	add := func(ids ...protocol.ParticipantID) {
		for _, id := range ids {
			if id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	first := &c.Thread[0]
	waits := first.Kind == protocol.KindRequest && first.Leads == Requested
	if waits && !slices.ContainsFunc(known, func(e *Entry) bool { return e.Kind == protocol.KindCertification }) {
		add(first.From)
		add(first.To...)
		return out
	}
	add(c.Certifier, c.Addressee)
	add(c.Notified...)
	for _, e := range known {
		add(e.Joins...)
	}
	return out
}

// shared reports whether acts of a kind go to everybody in the case: what is said
// in its life, and a refusal by who is not the addressee. The other kinds have a way
// of their own.
func shared(kind protocol.Kind) bool {
	switch kind {
	case protocol.KindRequest, protocol.KindCertification, protocol.KindDisclosure, protocol.KindRelay,
		protocol.KindWithdrawal, protocol.KindNondelivery:
		return false
	}
	return true
}
