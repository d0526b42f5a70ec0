package story

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// off: off PARTICIPANT — its node ends as a power cut would end it.
func (p *player) off(_ context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	err = p.Kill(protocol.ParticipantID(args[0]))
	if err == nil {
		p.say("  ✗ the node of %s is off", args[0])
	}
	return err
}

// on: on PARTICIPANT
func (p *player) on(ctx context.Context, st step) error {
	args, err := st.want(1)
	if err != nil {
		return err
	}
	err = p.Restart(ctx, protocol.ParticipantID(args[0]))
	if err == nil {
		p.say("  → the node of %s is on again", args[0])
	}
	return err
}

// waitsFor is how long what waits must go on waiting: long enough for the
// recipient to answer, were it to answer for good.
const waitsFor = time.Second

// waits: waits CASE PARTICIPANT RECIPIENT — what the participant sent to the
// recipient is neither receipted nor refused, and the recipient has no such case.
func (p *player) waits(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	to := protocol.ParticipantID(args[2])
	recipient, err := p.Desk(to)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(waitsFor):
	}
	err = p.view(ctx, st, func(v desk.CaseView) bool { return waiting(&v, to) })
	if err != nil {
		return err
	}
	var problem *desk.Problem
	if v, err := recipient.Case(ctx, p.cases[args[0]]); !errors.As(err, &problem) || problem.Status != http.StatusNotFound {
		return fmt.Errorf("the recipient has the case: %q, %w", v.State, err)
	}
	p.say("  ✓ %s has neither taken nor refused it: %s keeps it and tries again", to, args[1])
	return nil
}

func waiting(v *desk.CaseView, to protocol.ParticipantID) bool {
	for _, a := range v.Acts {
		for _, d := range a.Deliveries {
			if d.To == to && d.State == "waiting" {
				return true
			}
		}
	}
	return false
}

// crossed: crossed CASE PARTICIPANT — evidence is there, marked as having
// crossed a withdrawal.
func (p *player) crossed(ctx context.Context, st step) error {
	err := p.view(ctx, st, func(v desk.CaseView) bool {
		for _, a := range v.Acts {
			evidence := a.Content.Body.Disclosure != nil || a.Carried != nil && a.Carried.Body.Disclosure != nil
			if evidence && a.Crossed {
				return true
			}
		}
		return false
	})
	if err == nil {
		p.say("  ✓ %s sees that it crossed the withdrawal", st.args[1])
	}
	return err
}
