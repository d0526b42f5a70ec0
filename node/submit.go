package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"comity.example/node/courier"
	"comity.example/node/desk"
	"comity.example/node/gate"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
	"comity.example/protocol/wire"
)

// How long an act waits to be delivered before it is given up.
const (
	Lifetime          = 7 * 24 * time.Hour
	EmergencyLifetime = 24 * time.Hour
	// LastWord is how much longer an answer or a relay is delivered, which nobody
	// may accept any more: its recipient proves that it had accepted it, and the
	// receipt was lost, or that it will not. An answer that was taken for lost and
	// made again would have the sides apart for good.
	LastWord = 7 * 24 * time.Hour
)

// Submit is how an act goes out: completed, examined and decided as its
// receiver will, made durable, and left to the courier.
func (n *Node) Submit(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	if !n.running.Load() {
		return desk.Submitted{}, &desk.Problem{Status: http.StatusServiceUnavailable,
			Text: "the node is starting or stopping", Hint: "try again in a moment"}
	}
	lapsed := d.Body.Validation != nil && d.Body.Validation.Result == protocol.ValidationLapsed
	if d.Body.Nondelivery != nil || lapsed {
		return desk.Submitted{}, &desk.Problem{Status: http.StatusForbidden,
			Text: fmt.Sprintf("such a %s is the node's to send", d.Body.Kind()),
			Hint: "it does so by itself: see comity case show"}
	}
	if err := n.heard.wait(ctx, urgency(d)); err != nil {
		return desk.Submitted{}, err
	}
	if destroys(&d.Body) {
		return n.destroy(ctx, d)
	}
	return n.dispatch(ctx, d)
}

// dispatch sends an act: the rest of Submit.
func (n *Node) dispatch(ctx context.Context, d desk.Draft) (desk.Submitted, error) {
	for {
		grounds := n.grounds.Load()
		now := n.now()
		p, out, err := n.departure(ctx, *grounds, d, now)
		if err != nil {
			return desk.Submitted{}, err
		}
		if problem := n.mayLeave(p, &out); problem != nil {
			return desk.Submitted{}, problem
		}
		n.metrics.submission(out.Decision.Verdict.String())
		done := desk.Submitted{Case: p.act.Case, Decision: out.Decision}
		if problem := mayBePassedOn(p, &out); problem != nil {
			return desk.Submitted{}, problem
		}
		if out.Refused() || !complete(*grounds, p, &out.Decision) {
			return done, n.keepDraft(ctx, p, out.Decision)
		}
		if err := n.enough(p); err != nil {
			return desk.Submitted{}, err
		}
		ruled, err := rule(&out.Decision, now)
		if err != nil {
			return desk.Submitted{}, err
		}
		var posted []courier.Entry
		lane := urgency(d)
		if p.file != nil {
			lane = laneOf(p.file)
		}
		_, err = n.committer(lane)(ctx, func(tx *journal.Tx) (err error) {
			if n.grounds.Load() != grounds {
				return errStale
			}
			if err := cmp.Or(mayConvert(tx, p.act), n.mayExecute(tx, p.act), n.exhibits.MayClose(tx, p.act)); err != nil {
				return err
			}
			posted, err = n.send(tx, &out, ruled)
			return err
		})
		if errors.Is(err, errStale) {
			continue
		}
		if err != nil {
			return desk.Submitted{}, n.problem(err)
		}
		// From here the act is sent, whatever happens next.
		n.courier.Posted(posted...)
		n.duties.wake()
		n.exhibits.Withdraw(p.act)
		done.Act = out.Act.Digest
		return done, nil
	}
}

// departure completes a draft and decides it. Only a request is ordinary for
// sure before it is completed: what else there is takes no place from others.
func (n *Node) departure(ctx context.Context, g casefile.Grounds, d desk.Draft, now time.Time) (p *plan, out gate.Departure, err error) {
	lane := urgency(d)
	if d.Body.Request == nil {
		lane = wire.Emergency
	}
	stopping := n.precedence.do(ctx, lane, func() {
		if p, err = n.plan(ctx, g, d, now); err != nil {
			return
		}
		if err = n.addApprovals(ctx, g, p, now); err == nil {
			out = n.gate.Out(g, p.act, now)
		}
	})
	return p, out, cmp.Or(stopping, err)
}

// urgency returns how urgent a draft says that it is.
func urgency(d desk.Draft) wire.Lane {
	if r := d.Body.Request; r != nil && r.Emergency != nil {
		return wire.Emergency
	}
	return wire.Ordinary
}

// mayLeave turns what the gate's own examination found into words for the
// person who submitted the act.
func (n *Node) mayLeave(p *plan, out *gate.Departure) *desk.Problem {
	if out.Reason == "" {
		return nil
	}
	n.cfg.Log.Info("draft refused", "kind", p.act.Body.Kind(), "reason", out.Reason)
	problem := &desk.Problem{Status: http.StatusUnprocessableEntity,
		Text: fmt.Sprintf("the %s cannot be sent: %s", p.act.Body.Kind(), out.Reason)}
	switch out.Reason {
	case protocol.ReasonOfficerMissing:
		problem.Hint = "an officer must sign it: name the officer's file with --officer"
	case protocol.ReasonOfficerRole, protocol.ReasonOfficerInvalid, protocol.ReasonKeyRevoked:
		problem.Hint = "ask for a credential that fits this act, or for an officer who has one"
	case protocol.ReasonRole:
		problem.Hint = senderOf(p.act.Body.Kind()) + ": the register entry of this participant lacks the role; see comity register show"
	case protocol.ReasonUnregistered, protocol.ReasonUnknownParty, protocol.ReasonRegisterLapsed:
		problem.Hint = "see comity register show, and have the newest register published"
	}
	return problem
}

// complete reports whether nothing that the issuing side still has to supply
// keeps the act from leaving, but the certification of the authority that it
// is addressed to.
func complete(g casefile.Grounds, p *plan, d *protocol.Decision) bool {
	certifier := g.Standing(p.act.To[0], d.At)
	r := p.act.Body.Request
	for _, f := range d.Findings {
		if f.Outcome != protocol.Held || f.Side != protocol.SideIssuing {
			continue
		}
		certifies := f.Role == protocol.RoleDesignated || f.Role == protocol.RoleCentral && certifier.ID != p.act.From
		if r == nil || !certifies || certifier.ID == r.Addressee || !slices.Contains(certifier.Roles, f.Role) {
			return false
		}
	}
	return true
}

// send makes an act durable inside a commit, with its way to its recipients,
// which is what it returns.
func (n *Node) send(tx *journal.Tx, out *gate.Departure, by ruling) (posted []courier.Entry, err error) {
	act := out.Act.Act
	f, err := n.step(tx, casefile.StepOf(out.Act, &out.Decision), casefile.Case.Send)
	if err != nil {
		return nil, err
	}
	if err := n.exhibits.Certify(tx, act, by.at); err != nil {
		return nil, err
	}
	if _, err = n.record(tx, ledger.KindSent, out.Act, by); err != nil {
		return nil, err
	}
	if len(out.Act.Officers) > 0 {
		f.Alerts = nil // our people act: they have seen them
	}
	_, err = n.oweStop(tx, &f.File, by.at)
	err = errors.Join(err, n.exhibits.Note(tx, &f.File, out.Act), dropDraft(tx, act), n.file(tx, f, by.at))
	for _, to := range act.To {
		if to == n.cfg.Self {
			continue
		}
		e := n.entry(to, act.Case, out.Act.Digest)
		e.Lane, e.Expires = laneOf(&f.File), act.Expires
		if casefile.Repeatable(act.Body.Kind()) {
			e.Expires = e.Expires.Add(LastWord)
		}
		err = errors.Join(err, tx.Set(outKey(e), nil),
			record.Write(tx, deliveryKey(e.Act, to), delivery{State: waiting}))
		posted = append(posted, e)
	}
	return posted, err
}

// dropDraft takes out the draft that was sent.
func dropDraft(tx *journal.Tx, act *protocol.Act) error {
	if act.Body.Request != nil {
		return tx.Delete(draftKey(act.Case))
	}
	if act.Body.Disclosure == nil {
		return nil
	}
	s, err := record.Read[saved](tx, draftKey(act.Case))
	if err != nil || !sameBody(&s.Draft.Body, &act.Body) {
		return record.IgnoreMissing(err)
	}
	return tx.Delete(draftKey(act.Case))
}

// problem turns an error of the case or the disk into words for a person.
func (n *Node) problem(err error) error {
	var turn *casefile.TurnError
	var broad *wider
	switch {
	case err == nil:
		return nil
	case errors.As(err, &turn):
		return turnProblem(turn)
	case errors.As(err, &broad):
		return broad.problem()
	case errors.Is(err, store.ErrNoSpace):
		n.watch.setTrouble(err)
		return &desk.Problem{Status: http.StatusInsufficientStorage,
			Text: "the node takes nothing: its disk is nearly full", Hint: "make room on the node's disk"}
	case errors.Is(err, journal.ErrStopped):
		n.watch.setTrouble(err)
		return &desk.Problem{Status: http.StatusServiceUnavailable,
			Text: "the node has stopped taking acts", Hint: "see comity doctor and the node's log"}
	}
	return err
}
