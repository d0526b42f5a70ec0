package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// A guard of the table says what else must hold, for its sender as it stood. It
// sees what the act follows and answers, which is less than its sender held: that
// something is there it can ask, that something is not there only of one's own.

// answersWhatIsOpen: an act answers questions that its sender knows, that are
// open there, and that are its sender's to answer. Who asked may go further with
// its own question, also when it was answered. Who came late does not hold what
// was asked before.
func answersWhatIsOpen(c *Case, st *stance) protocol.Reason {
	said := says(&st.step.Act.Body)
	if said == nil {
		return ""
	}
	kind, from := st.step.Act.Body.Kind(), st.step.Act.From
	if len(said.Answers) == 0 && (kind == protocol.KindReply || kind == protocol.KindDetermination || kind == protocol.KindResponse) {
		return protocol.ReasonQuestion
	}
	for _, d := range said.Answers {
		if c.late() && !c.Holds(d) {
			continue
		}
		q := st.open[d]
		if q == nil && furthers(kind) {
			if e := c.entryOf(d); e != nil && e.From == from && asks(e.Kind) {
				q = e
			}
		}
		if q == nil || !settles(kind, said.What, q) || !c.mayAnswer(kind, q, from) {
			return protocol.ReasonQuestion
		}
	}
	return ""
}

// furthers reports whether acts of a kind take their sender's own question further.
func furthers(k protocol.Kind) bool { return k == protocol.KindRefusal || k == protocol.KindObjection }

// before reports whether the act names something that was said before the holder
// came into the case.
func (c *Case) before(st *stance) bool {
	said := says(&st.step.Act.Body)
	return c.late() && said != nil && slices.ContainsFunc(said.Answers, c.lacks)
}

func has(roles []protocol.Role, want ...protocol.Role) bool {
	return slices.ContainsFunc(roles, func(r protocol.Role) bool { return slices.Contains(want, r) })
}

// authorityRoles are those of an authority of the receiving side.
var authorityRoles = [...]protocol.Role{protocol.RoleCentral, protocol.RoleDesignated, protocol.RoleEnforcing, protocol.RoleContact}

// isAuthority: what an authority alone may say, no provider says.
func isAuthority(_ *Case, st *stance) protocol.Reason {
	if Authority(st.step.Roles) {
		return ""
	}
	return protocol.ReasonRole
}

// Authority reports whether roles are those of an authority, which may accept,
// consult, postpone and offer conditions.
func Authority(roles []protocol.Role) bool {
	return has(roles, authorityRoles[:]...)
}

// isReceiving: that the agreement does not apply says the authority of the
// receiving side that the agreement names, and nobody else (18 USC
// 2523(b)(4)(K); UK-US agreement, Art. 5(12): provenance secondary).
func isReceiving(_ *Case, st *stance) protocol.Reason {
	if has(st.step.Roles, protocol.RoleCentral, protocol.RoleDesignated) {
		return ""
	}
	return protocol.ReasonRole
}

// consulted: where its document says that it must, an authority refuses only
// after it consulted the issuing side, and with a ground (law: EU 12(3), EIO 11(4),
// UNCAC 46(26)). Where it is to do so where appropriate (Budapest 27(6)), the
// decision reminds it (agreement.RuleConsult). A provider's refusal is its own.
//
// That a challenge was not answered is no ground to consult about: who is not
// known to have asked is not consulted.
func consulted(c *Case, st *stance) protocol.Reason {
	if st.step.Act.Body.Refusal.Reason == protocol.ReasonChallenge {
		return unanswered(c, st)
	}
	if st.part&authority == 0 && (has(st.step.Roles, protocol.RoleProvider) || isAuthority(c, st) != "") {
		return ""
	}
	return c.asksFirst(st, agreement.BeforeRefusal, st.step.Act.Body.Refusal.Reason)
}

// asksFirst: what the document wants the issuing side consulted about, it was. A
// refusal names its consultation, and all see it; of the others only the sender's
// own node asks, since what they follow may be less than it holds.
func (c *Case) asksFirst(st *stance, before agreement.Consulted, ground protocol.Reason) protocol.Reason {
	t, refusal := c.Terms, st.step.Act.Body.Refusal != nil
	if t == nil || !slices.Contains(t.Consult, before) || refusal && c.before(st) || !refusal && !st.own {
		return ""
	}
	if before == agreement.BeforeRefusal && len(t.ConsultOn) > 0 && !slices.Contains(t.ConsultOn, ground) {
		return ""
	}
	for _, e := range st.of(protocol.KindConsultation) {
		if e.From == st.step.Act.From {
			return ""
		}
	}
	return protocol.ReasonConsultation
}

// unanswered: there must be an open challenge whose time is over, since its
// addressee was told how long it had.
func unanswered(c *Case, st *stance) protocol.Reason {
	for _, q := range st.open {
		if q.Kind == protocol.KindChallenge && !st.step.Act.Issued.Before(q.Says.Until) {
			return ""
		}
	}
	if c.before(st) {
		return ""
	}
	return protocol.ReasonQuestion
}

// raises: a ground for refusal raises an authority that was notified (Regulation
// (EU) 2023/1543, Art. 12). To one that joined something else was put.
func raises(c *Case, st *stance) protocol.Reason {
	if !c.notified(st.step.Act.From) || isAuthority(c, st) != "" {
		return protocol.ReasonRole
	}
	if r := inTime(c, st); r != "" {
		return r
	}
	return consulted(c, st)
}

// inTime: whose time to raise a ground for refusal has lapsed raises none any more:
// its silence was its answer (Regulation (EU) 2023/1543, Art. 10(2), 12(1)). Only its
// own node knows that, by the clock that it counted.
func inTime(c *Case, st *stance) protocol.Reason {
	if st.own && c.firedEffect(EffectLapse) != nil {
		return protocol.ReasonOverdue
	}
	return ""
}

// mayPostpone: an authority puts a request off, where its document says so after it
// consulted (UNCAC, Art. 46(25)-(26)).
func mayPostpone(c *Case, st *stance) protocol.Reason {
	if r := isAuthority(c, st); r != "" {
		return r
	}
	return c.asksFirst(st, agreement.BeforePostponement, "")
}

// mayOffer: an authority offers conditions. A ground for refusal of the rest goes
// with them only if it may raise one, and as one is raised (Regulation (EU)
// 2023/1543, Art. 12(3)-(4); Directive 2014/41/EU, Art. 11(4): in whole or in part).
func mayOffer(c *Case, st *stance) protocol.Reason {
	x := st.step.Act.Body.Conditions
	if st.part&authority != 0 && x.Partial && !c.notified(st.step.Act.From) {
		return protocol.ReasonRole
	}
	if r := isAuthority(c, st); r != "" || !x.Partial {
		return r
	}
	if st.part&authority != 0 {
		if r := inTime(c, st); r != "" {
			return r
		}
	}
	return c.asksFirst(st, agreement.BeforeRefusal, x.Reason)
}

// mayDisclose: not while the requesting officer has not answered a challenge, a
// ground for refusal stands against part of the request, or a court has not
// decided; and of an interception nothing before it begins, and once it has ended
// only the last that it brought.
func mayDisclose(c *Case, st *stance) protocol.Reason {
	if d := st.step.Act.Body.Disclosure; c.Matter.Drill && (d.Status != protocol.ProductionNoData || len(d.Objects) > 0) {
		return protocol.ReasonDrill // that there is no data is all that answers an exercise
	}
	if !c.mayRead(st.step.Act, st.step.Act.Body.Disclosure.Readers) {
		return protocol.ReasonWrongRecipient
	}
	if r := held(st.open); r != "" {
		return r
	}
	w := c.Matter.Window
	if w == nil {
		return ""
	}
	at, until, stopped := st.step.Act.Issued, c.interceptionEnd(), st.stopped()
	partial := st.step.Act.Body.Disclosure.Status == protocol.ProductionPartial
	if at.Before(w.Start) || partial && (stopped || !at.Before(until)) {
		return protocol.ReasonInterception
	}
	return ""
}

// mayRead reports whether the readers of what an act hands over are who it goes to
// and who asked for it, and nobody else.
func (c *Case) mayRead(act *protocol.Act, readers []protocol.ParticipantID) bool {
	for _, r := range readers {
		if r != c.Issuer && !slices.Contains(act.To, r) {
			return false
		}
	}
	return true
}

// held says what keeps the addressee from disclosing, of the open questions.
func held(open map[protocol.Digest]*Entry) protocol.Reason {
	reason := protocol.Reason("")
	for _, q := range open {
		switch {
		case q.Kind == protocol.KindChallenge:
			return protocol.ReasonChallenge
		case q.Kind == protocol.KindConditions && q.Says.Partial:
			reason = protocol.ReasonNotified
		case q.Kind == protocol.KindObjection && q.Says.What == string(protocol.LevelCourt) && reason == "":
			reason = protocol.ReasonCourtDecision
		}
	}
	return reason
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// nextVersion: amendments are numbered from 2. Of two of one version, which
// crossed, both give up what they give up.
func nextVersion(_ *Case, st *stance) protocol.Reason {
	next := int64(2)
	for _, e := range st.of(protocol.KindAmendment) {
		next = max(next, e.Says.Version+1)
	}
	v := st.step.Act.Body.Amendment.Version
	if v < next || st.own && v != next {
		return protocol.ReasonNarrower
	}
	return ""
}

// escalates: what is taken to the receiving authority was put to the issuing side
// first (law: UK-US 5(11)), and gets there.
func escalates(c *Case, st *stance) protocol.Reason {
	first := slices.ContainsFunc(st.of(protocol.KindObjection), func(e *Entry) bool {
		return e.Says.What == string(protocol.LevelIssuer) && e.From == st.step.Act.From
	})
	if !first && !c.before(st) {
		return protocol.ReasonOutOfTurn
	}
	return putToAuthority(c, st)
}

// putToAuthority: what is put to an authority of the receiving side goes to one.
// A use may be for the addressee to allow, where that is an authority itself.
func putToAuthority(c *Case, st *stance) protocol.Reason {
	act := st.step.Act
	if act.Body.Use != nil || len(c.joins(act)) > 0 || slices.ContainsFunc(act.To, c.isAuthority) {
		return ""
	}
	return protocol.ReasonWrongRecipient
}

// uses: leave is asked for the use of what was disclosed.
func uses(c *Case, st *stance) protocol.Reason {
	if st.own && !c.disclosed() {
		return protocol.ReasonOutOfTurn
	}
	return putToAuthority(c, st)
}

// carriesOrder: with what is put to an authority that has not heard of the case
// goes the order: the certification, or else the request.
func (c *Case) carriesOrder(s *Step) bool {
	b := &s.Act.Body
	if b.Objection == nil && b.Enforcement == nil && b.Use == nil {
		return true
	}
	if s.Inner != nil {
		return s.Inner.Digest == c.order()
	}
	return !slices.ContainsFunc(c.joins(s.Act), func(id protocol.ParticipantID) bool { return !slices.Contains(c.Joined, id) })
}

// settlesWell: an authority decides what was put to it, no provider, and denies
// enforcement, where its document says so, after it consulted (Regulation (EU)
// 2023/1543, Art. 16(7)); and of a court's decision it is said which.
func settlesWell(c *Case, st *stance) protocol.Reason {
	d := st.step.Act.Body.Determination
	court := d.Result == protocol.ResultLifted
	for _, a := range d.Answers {
		q := st.open[a]
		switch {
		case q == nil: // said before the holder came
		case q.Kind == protocol.KindObjection && q.Says.What == string(protocol.LevelCourt):
			court = true
		default:
			if r := isAuthority(c, st); r != "" {
				return r
			}
			if q.Kind == protocol.KindEnforcement && d.Result == protocol.ResultDenied {
				if r := c.asksFirst(st, agreement.BeforeDenial, ""); r != "" {
					return r
				}
			}
		}
	}
	if court && d.Reference == "" {
		return protocol.ReasonCourtDecision
	}
	return ""
}

// answersSomething: the issuing side accepts what was offered to it.
func answersSomething(_ *Case, st *stance) protocol.Reason {
	if len(st.step.Act.Body.Acceptance.Answers) == 0 {
		return protocol.ReasonQuestion
	}
	return ""
}

// MinChallenge is what a challenge leaves its officer at least: one that was over
// as it came would be a refusal without a ground.
const MinChallenge = time.Minute

func leavesTime(_ *Case, st *stance) protocol.Reason {
	if st.step.Act.Body.Challenge.Until.Before(st.step.Act.Issued.Add(MinChallenge)) {
		return protocol.ReasonChallenge
	}
	return ""
}

// asksWaiver: an authority that consults for a ground of the document is asked to
// have the immunity or the privilege waived (Regulation (EU) 2023/1543, Art. 12(5)).
func asksWaiver(c *Case, st *stance) protocol.Reason {
	for _, a := range st.step.Act.Body.Reply.Answers {
		q := st.open[a]
		if q == nil && c.late() {
			continue
		}
		if q == nil || q.Kind != protocol.KindConsultation || !c.isAuthority(q.From) || c.Terms != nil &&
			!slices.ContainsFunc(q.Says.Reasons, func(r protocol.Reason) bool { return slices.Contains(c.Terms.Waive, r) }) {
			return protocol.ReasonQuestion
		}
	}
	return ""
}

// byWhoAsked: only an officer who signed the request answers a challenge, with
// the key that signed it, and repeats its nonce. The id alone would not do: a
// participant may give it to another key.
func byWhoAsked(c *Case, st *stance) protocol.Reason {
	r := st.step.Act.Body.Response
	for _, d := range r.Answers {
		if q := st.open[d]; q != nil && q.Says.Ground != r.Nonce {
			return protocol.ReasonChallenge
		}
	}
	for _, key := range st.step.Keys {
		if slices.Contains(c.Matter.Keys, key) {
			return ""
		}
	}
	return protocol.ReasonChallenge
}

// unvalidated: a validation after the fact is of a request that was not validated
// when it was issued. What was granted is not denied any more, and what was
// sought does not lapse.
func unvalidated(c *Case, st *stance) protocol.Reason {
	if !c.Matter.Unvalidated {
		return protocol.ReasonOutOfTurn
	}
	over := map[protocol.ValidationResult][]protocol.ValidationResult{
		protocol.ValidationSought:  {protocol.ValidationGranted, protocol.ValidationDenied, protocol.ValidationLapsed},
		protocol.ValidationGranted: {protocol.ValidationGranted, protocol.ValidationDenied, protocol.ValidationLapsed},
		protocol.ValidationDenied:  {protocol.ValidationGranted, protocol.ValidationDenied, protocol.ValidationLapsed},
		protocol.ValidationLapsed: {protocol.ValidationSought, protocol.ValidationGranted, protocol.ValidationDenied,
			protocol.ValidationLapsed},
	}[st.step.Act.Body.Validation.Result]
	for _, e := range st.of(protocol.KindValidation) {
		if slices.Contains(over, protocol.ValidationResult(e.Says.What)) {
			return protocol.ReasonOutOfTurn
		}
	}
	return ""
}

// intercepts: there is something to intercept, it starts within its window, and
// what has stopped or ended neither starts nor is renewed (law: UK-US 5(3); 18
// USC 2523(b)(4)(D)(vi)).
func intercepts(c *Case, st *stance) protocol.Reason {
	w, tap := c.Matter.Window, st.step.Act.Body.Interception
	if w == nil {
		return protocol.ReasonInterception
	}
	over := func(at time.Time) bool { return st.stopped() || st.own && !at.Before(c.interceptionEnd()) }
	switch {
	case tap.Action == protocol.TapStarted && (tap.At.Before(w.Start) || over(tap.At)),
		tap.Action == protocol.TapRenewed && over(st.step.Act.Issued):
		return protocol.ReasonInterception
	}
	return c.delivers(st)
}

// delivers: a start may announce one live object in a case, for who may read what is
// disclosed, and while something may be; a stop says once what it became. In a drill
// nothing is delivered.
func (c *Case) delivers(st *stance) protocol.Reason {
	tap := st.step.Act.Body.Interception
	if tap.Live == nil && tap.Product == nil {
		return ""
	}
	said := func(what protocol.TapAction) bool {
		return slices.ContainsFunc(st.of(protocol.KindInterception), func(e *Entry) bool {
			return e.Says.What == string(what) && e.Says.Live
		})
	}
	switch {
	case c.Matter.Drill:
		return protocol.ReasonDrill
	case tap.Live != nil && said(protocol.TapStarted), tap.Product != nil && said(protocol.TapStopped),
		tap.Product != nil && !said(protocol.TapStarted) && !c.late():
		return protocol.ReasonOutOfTurn
	case tap.Live != nil && !c.mayRead(st.step.Act, tap.Live.Readers):
		return protocol.ReasonWrongRecipient
	case tap.Live != nil:
		return held(st.open)
	}
	return ""
}

// interceptionEnd is the latest end that was authorised.
func (c *Case) interceptionEnd() time.Time {
	until := c.Matter.Window.End
	c.of(protocol.KindInterception, func(e *Entry) { until = later(until, e.Says.Until) })
	return until
}

// stopped reports whether the sender knew that the interception had stopped.
func (st *stance) stopped() bool {
	return slices.ContainsFunc(st.of(protocol.KindInterception), func(e *Entry) bool {
		return e.Says.What == string(protocol.TapStopped)
	})
}

// hasEnd: an order of secrecy without an end is refused where a document wants
// one (COPO Act 2019 s.8(3)). Elsewhere it is flagged (Grounds.Decide).
func hasEnd(c *Case, st *stance) protocol.Reason {
	if c.Terms != nil && c.Terms.SecrecyEnd != "" && st.step.Act.Body.Secrecy.EndMissing() {
		return protocol.ReasonSecrecyEnd
	}
	return ""
}

// mayExtend: a preservation is extended as often as the document lets it be
// (Regulation (EU) 2023/1543, Art. 11(1); 18 USC 2703(f)(2): once).
func mayExtend(c *Case, st *stance) protocol.Reason {
	n := 0
	for _, e := range st.of(protocol.KindPreservation) {
		if e.Says.What == string(protocol.KeptExtended) {
			n++
		}
	}
	if c.Terms != nil && c.Terms.Extensions > 0 && n >= c.Terms.Extensions {
		return protocol.ReasonOutOfTurn
	}
	return ""
}

// nothingOpen: a case is closed when it and all that runs beside it has ended, and
// what is to be deleted is deleted (law: the unified life cycle, 12; Regulation (EU)
// 2023/1543, Art. 4(5), 10(4)). A preservation ends by no answer: it is closed when
// nothing need be kept any more. Whoever closes it sees to that.
func nothingOpen(c *Case, st *stance) protocol.Reason {
	if !st.own {
		return ""
	}
	act := st.step.Act
	keeps := c.Matter.Type == protocol.Preservation && (c.State == Served || c.State == Accepted)
	switch {
	case !c.State.Ended() && !keeps:
		return protocol.ReasonOutOfTurn
	case len(c.Pending(act.Issued)) > 0, len(c.ToDelete()) > 0 && !act.Body.Closure.Deleted:
		return protocol.ReasonPending
	}
	return ""
}
