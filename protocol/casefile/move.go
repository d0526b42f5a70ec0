package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
)

// A Move is what a participant's people are asked to do next.
type Move string

// The moves. None means that it is somebody else's turn.
const (
	None    Move = ""
	Certify Move = "certify" // review and certify, or withdraw
	Review  Move = "review"  // decide what the agreement leaves to judgement
	Answer  Move = "answer"  // disclose or refuse
	Pass    Move = "relay"   // pass on what came to who has not seen it
	Read    Move = "read"    // evidence, a refusal or a notification has come, or the order has ended

	Reply     Move = "reply"     // the issuing side is asked, or objected to, or offered conditions
	Respond   Move = "respond"   // the officer who signed the request answers a challenge
	Determine Move = "determine" // an authority decides what was put to it, or a court's decision is told
	Examine   Move = "examine"   // a notified authority raises a ground for refusal, or says that it will not
	Resume    Move = "resume"    // a request that was put off is looked at again

	Notify   Move = "notify"   // the user or a third State is told, or it is recorded why not
	Validate Move = "validate" // what was issued without validation is validated after the fact
	Delete   Move = "delete"   // what was disclosed is deleted, or its use restricted
	// Halt: the request of another State that the case carries out has ended, or
	// asks for less: withdraw, or amend.
	Halt Move = "withdraw"
)

// Awaited is whose move it is in a case, and for what.
type Awaited struct {
	Participant protocol.ParticipantID `json:"participant"`
	Move        Move                   `json:"move"`
}

// Awaits returns whose move it is, of all in the case.
func (c *Case) Awaits() []Awaited {
	var out []Awaited
	all := c.Participants()
	if c.State == Requested { // who is to certify is not the certifier yet
		for _, id := range c.Thread[0].To {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	for _, id := range all {
		if m := c.Move(id); m != None && m != Read {
			out = append(out, Awaited{id, m})
		}
	}
	return out
}

// Move returns what self's people are asked to do now.
func (c *Case) Move(self protocol.ParticipantID) Move {
	asking := false
	if c.State == Closed {
		return None
	}
	for _, q := range c.Questions() {
		if slices.Contains(q.Awaits, self) {
			return moveFor(&q)
		}
		asking = asking || q.From == self && q.Kind != protocol.KindConsultation || q.Holds
	}
	if c.isAuthority(self) {
		if c.notified(self) && !c.State.Ended() && !c.examined(self) {
			return Examine
		}
		return Read
	}
	if self == c.Addressee && asking && slices.Contains(asked, c.State) {
		return None // somebody else's answer comes first
	}
	switch c.State {
	case Requested:
		if c.addressedTo(self) && !asking { // what it returned is completed first
			return Certify
		}
	case UnderReview:
		if self == c.Addressee {
			return Review
		}
	case Served, Accepted, PartlyProduced:
		if self == c.Addressee && c.Matter.Type == protocol.Preservation {
			return Read // it keeps what is asked for, and need not say so
		}
		if self == c.Addressee {
			return Answer
		}
	}
	return c.reads(self)
}

// MoveAt returns what self's people are asked to do at a time: the move of the
// main region, or else what is due beside it.
func (c *Case) MoveAt(self protocol.ParticipantID, at time.Time) Move {
	if m := c.Move(self); m != None && m != Read {
		return m
	}
	if m := c.Due(self, at); m != None {
		return m
	}
	return c.Move(self)
}

// Due returns what the regions of the case ask of self's people at a time. What is
// owed to the user the issuing side does not end by closing the case.
func (c *Case) Due(self protocol.ParticipantID, at time.Time) Move {
	due := None
	for _, s := range c.Regions(at) {
		switch {
		case s.Ended, c.State == Closed && s.Region != RegionUserNotice:
		case s.Region == RegionValidation && c.Speaks(self):
			return Validate // it has the shortest clock
		case s.Region == RegionUserNotice && s.State == "due":
			if self == c.Teller() || c.Teller() == c.Issuer && c.Speaks(self) {
				due = Notify
			}
		case s.Region == RegionThirdState && s.State == "to_do" && c.State != Requested && c.Speaks(self):
			due = Notify
		}
	}
	if c.State != Closed && c.Speaks(self) && len(c.ToDelete()) > 0 {
		return Delete
	}
	return due
}

// Speaks reports whether self speaks for the issuing authority: it is it, or sent
// the request for one that has no node.
func (c *Case) Speaks(self protocol.ParticipantID) bool {
	first := &c.Thread[0]
	return self == c.Issuer || first.Kind == protocol.KindRequest && first.From == self
}

// moveFor returns what a question asks of whom it awaits.
func moveFor(q *Question) Move {
	switch q.Kind {
	case protocol.KindObjection:
		if q.What != string(protocol.LevelIssuer) {
			return Determine
		}
	case protocol.KindEnforcement, protocol.KindUse:
		return Determine
	case protocol.KindChallenge:
		return Respond
	case protocol.KindPostponement:
		return Resume
	}
	return Reply
}

// examined reports whether a notified authority has said what it will do.
func (c *Case) examined(self protocol.ParticipantID) bool {
	return c.firedEffect(EffectLapse) != nil || slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return e.From == self && (e.Kind == protocol.KindAcceptance || e.Kind == protocol.KindRefusal || e.Kind == protocol.KindConditions)
	})
}

// reads returns what self's people are to do with what has come.
func (c *Case) reads(self protocol.ParticipantID) Move {
	ended := c.State == Refused || c.State == Expired || c.State == Impossible || c.State == NotApplicable ||
		c.State == Lifted || c.State == GroundRaised
	switch {
	case self == c.Certifier && self != c.Issuer && !c.passedOn():
		return Pass
	case self == c.Issuer && (c.returned() || ended):
		return Read
	case self == c.Addressee && (c.State == Impossible || c.State == NotApplicable || c.State == Lifted || c.State == GroundRaised):
		return Read
	case c.State == Withdrawn && c.withdrawnBeside(self):
		return Read
	case self == c.Certifier && (c.State == Refused || c.State == Expired) && c.lostBy(self):
		return Read
	}
	return None
}

// withdrawnBeside reports whether somebody else than self withdrew: an order
// does not vanish from before the people who worked on it.
func (c *Case) withdrawnBeside(self protocol.ParticipantID) bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.From != self && (e.withdraws() || e.Leads == Withdrawn) })
}

// lostBy reports whether an act with which self opened a case did not get there.
func (c *Case) lostBy(self protocol.ParticipantID) bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.From == self && e.Undelivered != "" })
}

// addressedTo reports whether the opening request was addressed to self: an
// authority that issues and certifies addresses its request to itself.
func (c *Case) addressedTo(self protocol.ParticipantID) bool {
	return len(c.Thread) > 0 && c.Thread[0].Kind == protocol.KindRequest && slices.Contains(c.Thread[0].To, self)
}

// returned reports whether the addressee has answered.
func (c *Case) returned() bool {
	_, disclosed := c.Last(protocol.KindDisclosure)
	_, refused := c.Last(protocol.KindRefusal)
	return disclosed || refused
}

// passedOn reports whether everything that is to be passed on has been.
func (c *Case) passedOn() bool { return len(c.ToRelay()) == 0 }

// ToRelay returns what the certifier has not yet passed on: WithdrawalsToRelay,
// and then the answers of the addressee, oldest first.
func (c *Case) ToRelay() []protocol.Digest {
	out := c.WithdrawalsToRelay()
	for _, e := range c.Thread {
		if answers(e.Kind) && !e.Lost() && !slices.Contains(e.To, c.Issuer) && !c.relays(e.Act) {
			out = append(out, e.Act)
		}
	}
	return out
}

// WithdrawalsToRelay returns the withdrawals that crossed the certification and
// that the certifier has not yet passed on: they were not sent to the addressee,
// who goes on with an order that has ended.
func (c *Case) WithdrawalsToRelay() []protocol.Digest {
	var out []protocol.Digest
	for _, e := range c.Thread {
		crossed := c.Certifier != "" && slices.Contains(e.To, c.Certifier) && !slices.Contains(e.To, c.Addressee)
		if (e.Kind == protocol.KindWithdrawal) && crossed && !c.relays(e.Act) {
			out = append(out, e.Act)
		}
	}
	return out
}

func (c *Case) relays(d protocol.Digest) bool {
	for _, e := range c.Thread {
		if e.Kind == protocol.KindRelay && e.Inner == d && !e.Lost() {
			return true
		}
	}
	return false
}

// Recipients returns to whom an act of the given kind from self goes, besides
// the opening acts, whose way the agreement decides.
func (c *Case) Recipients(kind protocol.Kind, self protocol.ParticipantID) []protocol.ParticipantID {
	var to []protocol.ParticipantID
	switch kind {
	case protocol.KindDisclosure, protocol.KindRefusal:
		if self != c.Addressee && c.isAuthority(self) {
			return c.circleOf(self)
		}
		// The product goes to the designated authority that transmitted the
		// request; it passes it on (UK-US agreement, Art 6: provenance unverified).
		to = []protocol.ParticipantID{c.answeredTo()}
	case protocol.KindNondelivery:
		to = []protocol.ParticipantID{c.Issuer}
	case protocol.KindRelay:
		to = []protocol.ParticipantID{c.Issuer}
		if len(c.WithdrawalsToRelay()) > 0 {
			to[0] = c.Addressee
		}
	case protocol.KindCertification:
		to = []protocol.ParticipantID{c.Addressee, c.Issuer}
	case protocol.KindWithdrawal:
		to = c.Participants()
		if c.State == Requested { // the addressee has not heard of it
			to = slices.Clone(c.Thread[0].To)
			to = append(to, c.Issuer)
		}
	default:
		if shared(kind) {
			to = c.circleOf(self)
		}
	}
	to = slices.DeleteFunc(to, func(id protocol.ParticipantID) bool { return id == self })
	if len(to) == 0 && (kind == protocol.KindWithdrawal || shared(kind) && !answers(kind)) && c.addressedTo(self) {
		to = []protocol.ParticipantID{self} // what nobody else has heard of ends here
	}
	return to
}

// circleOf returns everybody else whom self knows to be in the case: where what
// is said in its life goes.
func (c *Case) circleOf(self protocol.ParticipantID) []protocol.ParticipantID {
	known := make([]*Entry, len(c.Thread))
	for i := range c.Thread {
		known[i] = &c.Thread[i]
	}
	return slices.DeleteFunc(c.circle(known), func(id protocol.ParticipantID) bool { return id == self })
}

// Undelivered returns the case after the act with digest d was refused by the
// recipient's node, or expired before it could be delivered. An opening act that
// does not reach the one who is to act on it ends the case. An answer or a relay
// leads nowhere then, and can be made again.
func (c Case) Undelivered(d protocol.Digest, recipient protocol.ParticipantID, state State) Case {
	for i, e := range c.Thread {
		opens := e.Kind == protocol.KindCertification && recipient == c.Addressee ||
			e.Kind == protocol.KindRequest && recipient != c.Issuer && !c.notified(recipient)
		repeatable := Repeatable(e.Kind) && slices.Contains(e.To, recipient) && !c.toAll(&e)
		if e.Act == d && c.toAll(&e) && !slices.Contains(e.LostTo, recipient) {
			c.Thread = slices.Clone(c.Thread)
			c.Thread[i].LostTo = append(slices.Clone(e.LostTo), recipient)
		}
		if e.Act != d || !opens && !repeatable {
			continue
		}
		c.Thread = slices.Clone(c.Thread)
		c.Thread[i].Undelivered = state
		if repeatable {
			c.Thread[i].Leads = ""
		}
		c.State = c.led()
		for _, e := range c.Thread {
			if e.Undelivered != "" && !e.Lost() {
				c.State = merge(c.State, e.Undelivered)
			}
		}
	}
	return c
}

// Stranded returns the answers and relays to a recipient that follow the act with
// digest d, which was lost on its way there: the recipient will never hold what
// they follow, so it accepts none of them.
func (c *Case) Stranded(d protocol.Digest, recipient protocol.ParticipantID) []protocol.Digest {
	var out []protocol.Digest
	lost := slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return e.Act == d && (e.Lost() || slices.Contains(e.LostTo, recipient))
	})
	for _, e := range c.Thread {
		gone := e.Lost() || slices.Contains(e.LostTo, recipient)
		if lost && !gone && (Repeatable(e.Kind) || c.toAll(&e)) && slices.Contains(e.To, recipient) && slices.Contains(e.Follows, d) {
			out = append(out, e.Act)
		}
	}
	return out
}

// Lost reports whether e is an answer or a relay that did not get to its
// recipient: nobody but its sender holds it, and nothing follows it.
func (e *Entry) Lost() bool {
	return e.Undelivered != "" && Repeatable(e.Kind)
}

// toAll reports whether the act went to everybody in the case: that one of them
// did not get it is no reason to take it back.
func (c *Case) toAll(e *Entry) bool {
	return shared(e.Kind) && (e.Kind != protocol.KindRefusal || e.From != c.Addressee)
}

// Repeatable reports whether an act of a kind that did not get to its recipient
// can be made again: an answer or a relay. Whether it did is for the recipient to
// say, also after the act has expired: a receipt may have been lost.
func Repeatable(kind protocol.Kind) bool { return answers(kind) || kind == protocol.KindRelay }
