package casefile

import (
	"slices"

	"comity.example/protocol"
)

// An actor is the part a participant plays in a case.
type actor uint8

const (
	issuer actor = 1 << iota
	certifier
	addressee
)

// part returns the parts that id plays. Before a certification, whom the
// issuer addressed plays the certifier's: it may certify the request or end it.
// Package chain has checked its role.
func (c *Case) part(id protocol.ParticipantID) actor {
	var p actor
	if id == c.Issuer {
		p |= issuer
	}
	if id == c.Certifier || c.Certifier == "" && id != c.Addressee && c.addressedTo(id) {
		p |= certifier
	}
	if id == c.Addressee {
		p |= addressee
	}
	return p
}

// A turn is one row of the table of who may do what, and when.
type turn struct {
	kind protocol.Kind
	by   actor
	from []State
	to   func(Step) State
}

func to(s State) func(Step) State { return func(Step) State { return s } }

// turns is the table. What is not in it is refused.
var turns = []turn{
	{protocol.KindCertification, certifier, []State{Requested}, decided},
	{protocol.KindDisclosure, addressee, []State{UnderReview, Served, PartlyProduced}, produced},
	{protocol.KindRefusal, addressee, []State{Served, UnderReview}, to(Refused)},
	{protocol.KindWithdrawal, issuer | certifier, []State{Requested, UnderReview, Served, PartlyProduced}, to(Withdrawn)},
}

// decided is the state in which a request waits, given what the agreement says.
// A hold on the issuing side waits for the designated authority; a hold on the
// receiving side for the named role there.
func decided(s Step) State {
	if s.Decision == nil || s.Decision.Verdict == protocol.Deny {
		return Refused
	}
	state := Served
	for _, f := range s.Decision.Findings {
		switch {
		case f.Outcome != protocol.Held:
		case f.Side == protocol.SideIssuing:
			return Requested
		default:
			state = UnderReview
		}
	}
	return state
}

func produced(s Step) State {
	if s.Act.Body.Disclosure.Status == protocol.ProductionPartial {
		return PartlyProduced
	}
	return Produced
}

// Open returns the case that a request or a certification opens.
func Open(s Step) (Case, error) {
	act := s.Act
	c := Case{ID: act.Case, Agreement: act.Agreement}
	refuse := func(r protocol.Reason) (Case, error) {
		return Case{}, &TurnError{Reason: r, Kind: act.Body.Kind()}
	}
	switch act.Body.Kind() {
	case protocol.KindRequest:
		if len(act.Follows) != 0 {
			return refuse(protocol.ReasonThread)
		}
		c.open(act)
	case protocol.KindCertification:
		if s.Inner == nil || !slices.Equal(act.Follows, []protocol.Digest{s.Inner.Digest}) {
			return refuse(protocol.ReasonThread)
		}
		c.open(s.Inner.Act)
		c.Certifier = act.From
	default:
		return refuse(protocol.ReasonOutOfTurn)
	}
	c.State = decided(s)
	c.Thread = []Entry{entry(s)}
	return c, nil
}

func (c *Case) open(request *protocol.Act) {
	c.Issuer = request.Body.Request.Issuer
	c.Addressee = request.Body.Request.Addressee
	c.Emergency = request.Emergency()
}

// Apply returns the case after s. The case c is not changed. The error is a
// *TurnError.
func (c Case) Apply(s Step) (Case, error) {
	refuse := func(r protocol.Reason) (Case, error) {
		return Case{}, &TurnError{Reason: r, Kind: s.Act.Body.Kind(), State: c.State}
	}
	if len(c.Thread) >= MaxThread || s.Act.Case != c.ID || c.Holds(s.Digest) {
		return refuse(protocol.ReasonThread)
	}
	if s.Act.Agreement != c.Agreement {
		return refuse(protocol.ReasonNotGoverning)
	}
	if len(s.Act.Follows) == 0 || slices.ContainsFunc(s.Act.Follows, c.lacks) {
		return refuse(protocol.ReasonThread)
	}
	next := c
	next.Thread = append(slices.Clone(c.Thread), entry(s))
	if s.Act.Body.Relay != nil {
		return next.relayed(s)
	}
	state, reason := next.take(s)
	if reason != "" {
		return refuse(reason)
	}
	next.State = state
	return next, nil
}

func (c *Case) lacks(d protocol.Digest) bool { return !c.Holds(d) }

// relayed takes a relay: the act inside moves the case if this participant
// does not hold it yet, and is judged as if it had come from its own sender.
func (c Case) relayed(s Step) (Case, error) {
	if s.Inner == nil || c.part(s.Act.From) == 0 {
		return Case{}, &TurnError{Reason: protocol.ReasonOutOfTurn, Kind: protocol.KindRelay, State: c.State}
	}
	before := Case{Thread: c.Thread[:len(c.Thread)-1]}
	if before.relays(s.Inner.Digest) { // a thread is not filled with repetitions
		return Case{}, &TurnError{Reason: protocol.ReasonThread, Kind: protocol.KindRelay, State: c.State}
	}
	if before.Holds(s.Inner.Digest) {
		return c, nil
	}
	state, reason := c.take(*s.Inner)
	if reason != "" {
		return Case{}, &TurnError{Reason: reason, Kind: protocol.KindRelay, State: c.State}
	}
	c.State = state
	return c, nil
}

// take looks the act up in the table of turns.
func (c *Case) take(s Step) (State, protocol.Reason) {
	kind := s.Act.Body.Kind()
	if kind == protocol.KindCertification && c.Certifier == "" {
		// Of the request that opened the case, and of no other.
		if s.Inner == nil || s.Inner.Digest != c.Thread[0].Act {
			return "", protocol.ReasonThread
		}
		c.Certifier = s.Act.From
	}
	part := c.part(s.Act.From)
	for _, t := range turns {
		if t.kind != kind {
			continue
		}
		if t.by&part == 0 {
			return "", protocol.ReasonRole
		}
		if c.State == UnderReview && kind == protocol.KindDisclosure && !s.Endorsed {
			return "", protocol.ReasonOfficerMissing // what was held for a person, a person answers
		}
		if slices.Contains(t.from, c.State) {
			return t.to(s), ""
		}
	}
	return "", protocol.ReasonOutOfTurn
}

func entry(s Step) Entry {
	e := Entry{Act: s.Digest, ID: s.Act.ID, Kind: s.Act.Body.Kind(), From: s.Act.From,
		To: s.Act.To, Follows: s.Act.Follows, Issued: s.Act.Issued}
	if s.Inner != nil {
		e.Inner, e.InnerKind = s.Inner.Digest, s.Inner.Act.Body.Kind()
	}
	return e
}

// A Move is what a participant's people are asked to do next.
type Move string

// The moves. None means that it is somebody else's turn.
const (
	None    Move = ""
	Certify Move = "certify" // review and certify, or withdraw
	Review  Move = "review"  // decide what the agreement leaves to judgement
	Answer  Move = "answer"  // disclose or refuse
	Pass    Move = "relay"   // pass what came back on to the issuing authority
	Read    Move = "read"    // evidence, or a refusal, has come
)

// Move returns what self's people are asked to do now.
func (c *Case) Move(self protocol.ParticipantID) Move {
	switch c.State {
	case Requested:
		if self != c.Issuer || c.addressedTo(self) {
			return Certify
		}
	case UnderReview:
		if self == c.Addressee {
			return Review
		}
	case Served, PartlyProduced:
		if self == c.Addressee {
			return Answer
		}
	}
	switch {
	case self == c.Certifier && self != c.Issuer && !c.passedOn():
		return Pass
	case self == c.Issuer && (c.returned() || c.State == Refused):
		return Read
	}
	return None
}

// addressedTo reports whether the opening request was addressed to self: an
// authority that issues and certifies addresses its request to itself.
func (c *Case) addressedTo(self protocol.ParticipantID) bool {
	return len(c.Thread) > 0 && slices.Contains(c.Thread[0].To, self)
}

// returned reports whether the addressee has answered.
func (c *Case) returned() bool {
	_, disclosed := c.Last(protocol.KindDisclosure)
	_, refused := c.Last(protocol.KindRefusal)
	return disclosed || refused
}

// passedOn reports whether every answer of the addressee has been relayed.
func (c *Case) passedOn() bool { return len(c.ToRelay()) == 0 }

// ToRelay returns the answers of the addressee that the certifier has not yet
// passed on, oldest first.
func (c *Case) ToRelay() []protocol.Digest {
	var out []protocol.Digest
	for _, e := range c.Thread {
		answer := e.Kind == protocol.KindDisclosure || e.Kind == protocol.KindRefusal
		if answer && !slices.Contains(e.To, c.Issuer) && !c.relays(e.Act) {
			out = append(out, e.Act)
		}
	}
	return out
}

func (c *Case) relays(d protocol.Digest) bool {
	for _, e := range c.Thread {
		if e.Kind == protocol.KindRelay && e.Inner == d {
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
		// The product goes to the designated authority that transmitted the
		// request; it passes it on (UK-US agreement, Art 6: provenance unverified).
		to = []protocol.ParticipantID{c.Certifier}
		if c.Certifier == "" {
			to[0] = c.Issuer
		}
	case protocol.KindRelay:
		to = []protocol.ParticipantID{c.Issuer}
	case protocol.KindCertification:
		to = []protocol.ParticipantID{c.Addressee, c.Issuer}
	case protocol.KindWithdrawal:
		to = c.Participants()
		if c.State == Requested { // the addressee has not heard of it
			to = slices.Clone(c.Thread[0].To)
			to = append(to, c.Issuer)
		}
	}
	to = slices.DeleteFunc(to, func(id protocol.ParticipantID) bool { return id == self })
	if len(to) == 0 && kind == protocol.KindWithdrawal && c.addressedTo(self) {
		to = []protocol.ParticipantID{self} // what nobody else has heard of ends here
	}
	return to
}

// Undelivered returns the case after the act with digest d was refused by the
// recipient's node, or expired before it could be delivered. Only an opening
// act that does not reach the one who is to act on it ends the case.
func (c Case) Undelivered(d protocol.Digest, recipient protocol.ParticipantID, state State) Case {
	for _, e := range c.Thread {
		opens := e.Kind == protocol.KindCertification && recipient == c.Addressee ||
			e.Kind == protocol.KindRequest && recipient != c.Issuer
		if e.Act == d && opens && !c.State.Ended() {
			c.State = state
		}
	}
	return c
}
