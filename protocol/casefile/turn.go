package casefile

import (
	"errors"
	"iter"
	"slices"

	"comity.example/protocol"
)

// An actor is the part a participant plays in a case.
type actor uint8

const (
	issuer actor = 1 << iota
	certifier
	addressee
	authority // of the receiving side, that was notified or to which something was put

	issuing = issuer | certifier
)

// part returns the parts that id plays. Before a certification, whom the
// issuer addressed of its own Party plays the certifier's: it may certify the request or end it.
// Package chain has checked its role.
func (c *Case) part(id protocol.ParticipantID) actor {
	var p actor
	if id == c.Issuer {
		p |= issuer
	}
	asked := c.Certifier == "" && id != c.Addressee && id.Party() == c.Issuer.Party() && c.addressedTo(id)
	if id == c.Certifier || asked && !c.isAuthority(id) {
		p |= certifier
	}
	if id == c.Addressee {
		p |= addressee
	}
	if c.isAuthority(id) {
		p |= authority
	}
	return p
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

func failed(s Step) State {
	if s.Act.Body.Nondelivery.State == protocol.FailureExpired {
		return Expired
	}
	return Refused
}

// Open returns the case that a request or a certification opens. The error is
// a *TurnError, or ErrEarly.
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
		c.open(&s)
	case protocol.KindCertification:
		if s.Inner == nil || !slices.Equal(act.Follows, []protocol.Digest{s.Inner.Digest}) {
			return refuse(protocol.ReasonThread)
		}
		c.open(s.Inner)
		c.Certifier = act.From
	case protocol.KindObjection, protocol.KindEnforcement, protocol.KindUse:
		if len(act.Follows) == 0 {
			return refuse(protocol.ReasonThread)
		}
		if s.Inner == nil { // it is put to nobody who has not heard of the case
			return Case{}, ErrEarly
		}
		return c.join(s)
	default:
		if len(act.Follows) == 0 { // it could follow nothing in any case
			return refuse(protocol.ReasonOutOfTurn)
		}
		return Case{}, ErrEarly
	}
	if slices.ContainsFunc(c.Notified, func(id protocol.ParticipantID) bool { return slices.Contains(s.Unfit, id) }) {
		return refuse(protocol.ReasonWrongRecipient) // the order is not everybody's to read
	}
	c.settleTerms(&s)
	e := entry(s)
	e.Leads, e.StateTold = decided(s), c.Terms.told(&s)
	c.State, c.Thread = e.Leads, []Entry{e}
	return c, nil
}

// join opens the case at an authority of the receiving side to which something
// in it was put: with the order as its sender holds it. To everybody else the act
// is early: what opens their case is on its way, and is decided first.
func (c Case) join(s Step) (Case, error) {
	opening := s.Inner
	if opening.Inner != nil {
		c.Certifier = opening.Act.From
		opening = opening.Inner
	}
	if opening.Act.Body.Request == nil {
		return Case{}, &TurnError{Reason: protocol.ReasonThread, Kind: s.Act.Body.Kind()}
	}
	c.open(opening)
	c.settleTerms(&s)
	e := entry(s)
	e.Leads = puts(s.Act.Body.Kind())
	e.Inner, e.InnerKind, e.InnerFollows = s.Inner.Digest, s.Inner.Act.Body.Kind(), s.Inner.Act.Follows
	e.Joins = c.joins(s.Act)
	c.Joined = e.Joins
	if !slices.Contains(e.Joins, s.Self) {
		return Case{}, ErrEarly
	}
	if c.part(s.Act.From)&partOf(s.Act.Body.Kind()) == 0 {
		return Case{}, &TurnError{Reason: protocol.ReasonRole, Kind: s.Act.Body.Kind()}
	}
	c.State, c.Thread = e.Leads, []Entry{e}
	return c, nil
}

// puts is what who comes late knows of the case by what was put to it: that the
// order was served, or that something came of it.
func puts(k protocol.Kind) State {
	if k == protocol.KindUse {
		return PartlyProduced
	}
	return Served
}

// partOf returns whose it is to put something to an authority.
func partOf(k protocol.Kind) actor {
	if k == protocol.KindObjection {
		return addressee
	}
	return issuing
}

// joins returns the authorities of the receiving side that an act is the first
// to reach.
func (c *Case) joins(act *protocol.Act) []protocol.ParticipantID {
	b := &act.Body
	if b.Enforcement == nil && b.Use == nil && (b.Objection == nil || b.Objection.Level != protocol.LevelReceiving) {
		return nil
	}
	var out []protocol.ParticipantID
	for _, id := range act.To {
		if id.Party() == c.Addressee.Party() && id != c.Addressee && !c.notified(id) {
			out = append(out, id)
		}
	}
	return out
}

// open notes who is who, and of what the life of the case depends. Of those to
// whom a request is addressed besides its addressee, whoever is of the receiving
// Party is notified: it is the sender who chose them.
func (c *Case) open(s *Step) {
	request := s.Act
	r := request.Body.Request
	c.Issuer, c.Addressee, c.Emergency = r.Issuer, r.Addressee, request.Emergency()
	c.Matter = Matter{Type: r.Type, Categories: r.Categories(), Issued: request.Issued,
		Unvalidated: r.Authorisation.Unvalidated, Window: r.Interception, Secrecy: r.Secrecy,
		Officers: s.Officers, Keys: s.Keys, Drill: r.Drill}
	if r.Deadline != nil {
		c.Matter.Deadline = r.Deadline.At
	}
	for _, x := range r.RelatedBy(protocol.RelationExecutes) {
		if x.Case != "" && c.Matter.Executes == "" {
			c.Matter.Executes = x.Case
		}
	}
	for _, p := range append([]protocol.Party{r.Target.LocatedIn}, r.Target.ResidentIn...) {
		if p != "" && p != c.Issuer.Party() && p != c.Addressee.Party() && !slices.Contains(c.Matter.ThirdStates, p) {
			c.Matter.ThirdStates = append(c.Matter.ThirdStates, p)
		}
	}
	for _, id := range request.To {
		if id != c.Addressee && id.Party() == c.Addressee.Party() && id.Party() != c.Issuer.Party() {
			c.Notified = append(c.Notified, id)
		}
	}
}

func (c *Case) notified(id protocol.ParticipantID) bool { return slices.Contains(c.Notified, id) }

// Apply returns the case after s, an act that came in: it is judged in the
// state in which its sender stood. The case c is not changed. The error is a
// *TurnError, or ErrEarly.
func (c Case) Apply(s Step) (Case, error) {
	refuse := func(r protocol.Reason, at State) (Case, error) {
		return Case{}, &TurnError{Reason: r, Kind: s.Act.Body.Kind(), State: at}
	}
	e := entry(s)
	if !c.fits(&e) || s.Act.Case != c.ID || c.stands(s.Digest) {
		return refuse(protocol.ReasonThread, c.State)
	}
	if s.Act.Agreement != c.Agreement {
		return refuse(protocol.ReasonNotGoverning, c.State)
	}
	if len(s.Act.Follows) == 0 {
		return refuse(protocol.ReasonThread, c.State)
	}
	moves := &s
	if s.Act.Body.Relay != nil {
		if s.Inner == nil || c.part(s.Act.From) == 0 || c.wentToAll(s.Inner.Act) {
			return refuse(protocol.ReasonOutOfTurn, c.State)
		}
		if c.relays(s.Inner.Digest) { // a thread is not filled with repetitions
			return refuse(protocol.ReasonThread, c.State)
		}
		moves = s.Inner // judged as if it had come from its own sender
	}
	if c.early(&s) || c.early(moves) {
		return Case{}, ErrEarly
	}
	if !c.Holds(moves.Digest) { // what is held already leads nowhere again
		var reason protocol.Reason
		at := c.stance(moves)
		if e.Leads, reason = c.take(&stance{step: *moves, state: at}, moves.Act.Follows); reason != "" {
			return refuse(reason, at)
		}
		// Nobody passes on what its own sender could not have sent.
		switch {
		case !e.Origin.IsZero() && c.Passes(e.Origin):
			return refuse(protocol.ReasonThread, at)
		case moves.Act.Agreement != c.Agreement:
			return refuse(protocol.ReasonNotGoverning, at)
		case len(moves.Act.Follows) == 0:
			return refuse(protocol.ReasonThread, at)
		}
	}
	next := c
	if c.late() && len(c.joins(s.Act)) > 0 {
		e.Leads = puts(e.Kind)
	}
	if e.Kind == protocol.KindCertification {
		next.Certifier, e.StateTold = e.From, c.Terms.told(&s)
	}
	for _, id := range c.joins(s.Act) {
		e.Joins = append(e.Joins, id)
		if !slices.Contains(next.Joined, id) {
			next.Joined = append(slices.Clone(next.Joined), id)
		}
	}
	next.Thread = append(slices.Clone(c.Thread), e)
	next.State = merge(c.State, e.Leads)
	return next, nil
}

// wentToAll reports whether an act went to everybody in the case: nobody passes it on.
func (c *Case) wentToAll(act *protocol.Act) bool {
	return shared(act.Body.Kind()) && (act.Body.Refusal == nil || act.From != c.Addressee)
}

// Send returns the case after s, an act of the one who holds the case: it must
// fit all that is held, and then it is judged as every recipient will. The
// error is a *TurnError.
func (c Case) Send(s Step) (Case, error) {
	at := c.State
	if s.Act.Body.Nondelivery != nil {
		at = c.led() // that the case ended so is what it says
	}
	if s.Act.Body.Relay == nil { // which adds no word of its own
		if _, reason := c.take(&stance{step: s, state: at, own: true}, c.heads()); reason != "" {
			return Case{}, &TurnError{Reason: reason, Kind: s.Act.Body.Kind(), State: at}
		}
	}
	next, err := c.Apply(s)
	if errors.Is(err, ErrEarly) { // nobody follows what it does not hold
		err = &TurnError{Reason: protocol.ReasonThread, Kind: s.Act.Body.Kind(), State: c.State}
	}
	return next, err
}

// led returns the state to which the acts lead, whatever became of them on
// their way.
func (c *Case) led() State {
	var state State
	for i := range c.Thread {
		state = merge(state, c.Thread[i].Leads)
	}
	return state
}

// early reports whether what an act follows or answers is not held yet. Who came
// late never gets what was said before, and asks no more than that it was said.
func (c *Case) early(s *Step) bool {
	if slices.ContainsFunc(s.Act.Follows, c.lacks) {
		return !c.late() || len(c.joins(s.Act)) == 0
	}
	said := says(&s.Act.Body)
	return said != nil && !c.late() && slices.ContainsFunc(said.Answers, c.lacks)
}

// Passes reports whether a disclosure from another case was passed on in c.
func (c *Case) Passes(origin protocol.Digest) bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.Origin == origin && !e.Lost() })
}

func (c *Case) lacks(d protocol.Digest) bool { return !c.Holds(d) }

// answeredTo returns to whom the addressee's answers go, and to nobody else.
func (c *Case) answeredTo() protocol.ParticipantID {
	if c.Certifier != "" {
		return c.Certifier
	}
	return c.Issuer
}

// certifies reports whether n is about the sender's certification, on its way
// to the addressee.
func (c *Case) certifies(n *protocol.Nondelivery, from protocol.ParticipantID) bool {
	return n.Recipient == c.Addressee && slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return e.Act == n.Act && e.Kind == protocol.KindCertification && e.From == from &&
			slices.Contains(e.To, n.Recipient)
	})
}

// stance returns the state in which the sender of s stood: after the acts that
// s follows, and an answer also after the answers before it. Those are all the
// addressee's, in order: it cannot take one back by not following it.
func (c *Case) stance(s *Step) State {
	at := c.stood(s.Act.Follows)
	if c.late() { // what was put to it says so
		at = merge(at, Served)
	}
	if !answers(s.Act.Body.Kind()) || s.Act.From != c.Addressee {
		return at
	}
	for i := range c.Thread {
		if e := &c.Thread[i]; answers(e.Kind) && e.From == c.Addressee || answers(e.InnerKind) {
			at = merge(at, e.Leads) // further than what it follows leads
		}
	}
	return at
}

// answers reports whether acts of a kind are the addressee's, if it sends them.
func answers(kind protocol.Kind) bool {
	return kind == protocol.KindDisclosure || kind == protocol.KindRefusal
}

// stood returns the state of one who holds the acts in follows, which c holds,
// those that they follow, and no others.
func (c *Case) stood(follows []protocol.Digest) State {
	var state State
	for e, whole := range c.behind(follows) {
		led := e.Leads
		if !whole && e.Kind == protocol.KindCertification {
			led = Requested // the request in it, without it
		}
		if state = merge(state, led); state == c.State {
			break // no act that c holds leads further
		}
	}
	return state
}

// behind goes through the entries that hold one of the acts in follows, or
// what these follow, newest first: whole, or only for the act that they carry.
// A thread is in an order in which no act follows a later one.
func (c *Case) behind(follows []protocol.Digest) iter.Seq2[*Entry, bool] {
	return func(yield func(*Entry, bool) bool) {
		seen := make(map[protocol.Digest]struct{}, len(follows))
		see := func(ds []protocol.Digest) {
			for _, d := range ds {
				seen[d] = struct{}{}
			}
		}
		see(follows)
		for i := range slices.Backward(c.Thread) {
			e := &c.Thread[i]
			_, whole := seen[e.Act]
			carried := whole
			if !whole && e.InnerKind != "" {
				_, carried = seen[e.Inner]
			}
			if !carried {
				continue
			}
			if !yield(e, whole) {
				return
			}
			if whole {
				see(e.Follows)
			}
			see(e.InnerFollows)
			if e.InnerKind != "" {
				seen[e.Inner] = struct{}{} // it may be held by itself too
			}
		}
	}
}

// Crossed reports whether an answer of the addressee crossed a withdrawal: the
// case holds one that the answer does not follow.
func (c *Case) Crossed(d protocol.Digest) bool {
	if !slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.withdraws() }) {
		return false
	}
	for _, e := range c.Thread {
		follows := e.Follows
		kind := e.Kind
		if e.Kind == protocol.KindRelay {
			follows, kind = e.InnerFollows, e.InnerKind
		}
		if e.Act != d || !answers(kind) {
			continue
		}
		for known := range c.behind(follows) {
			if known.withdraws() {
				return false
			}
		}
		return true
	}
	return false
}

func (e *Entry) withdraws() bool {
	return e.Kind == protocol.KindWithdrawal || e.InnerKind == protocol.KindWithdrawal
}

func entry(s Step) Entry {
	e := Entry{Act: s.Digest, ID: s.Act.ID, Kind: s.Act.Body.Kind(), From: s.Act.From,
		To: s.Act.To, Follows: s.Act.Follows, Issued: s.Act.Issued, Says: says(&s.Act.Body), At: s.At}
	if s.Inner != nil && (s.Act.Body.Certification != nil || s.Act.Body.Relay != nil) {
		e.Inner, e.InnerKind, e.InnerFollows = s.Inner.Digest, s.Inner.Act.Body.Kind(), s.Inner.Act.Follows
		if s.Inner.Act.Body.Disclosure != nil {
			e.Says = says(&s.Inner.Act.Body)
		}
	}
	said := &s
	if s.Act.Body.Relay != nil && s.Inner != nil {
		said = s.Inner
	}
	if said.Act.Body.Disclosure != nil && said.Inner != nil {
		e.Origin = said.Inner.Digest
		if d := said.Inner.Act.Body.Disclosure; d != nil { // whose objects it hands over
			e.Says.Objects = trees(d.Objects)
		}
	}
	return e
}
