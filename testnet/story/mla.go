package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// words joins what follows the first arguments of a step.
func (st step) words(after int) string { return strings.Join(st.args[min(after, len(st.args)):], " ") }

// accept: accept CASE PARTICIPANT [TEXT] — a request, or the conditions that were offered.
func (p *player) accept(ctx context.Context, st step) error {
	return p.body(ctx, st, protocol.Body{Acceptance: &protocol.Acceptance{Text: st.words(2)}})
}

// offer: offer CASE PARTICIPANT CONDITION
func (p *player) offer(ctx context.Context, st step) error {
	return p.body(ctx, st, protocol.Body{Conditions: &protocol.Conditions{Limits: []protocol.Clause{{Text: st.words(2)}}}})
}

// sendBack: return CASE PARTICIPANT REASON MEMBER TEXT — to be completed.
func (p *player) sendBack(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.AskReturned,
		Reasons: []protocol.Reason{protocol.Reason(args[2])}, Fields: []string{args[3]}, Text: st.words(4)}})
}

// complete: complete CASE PARTICIPANT TEXT — answers what was returned to be completed.
func (p *player) complete(ctx context.Context, st step) error {
	return p.body(ctx, st, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyProvided, Text: st.words(2)}})
}

// serve: serve CASE PARTICIPANT PROVIDER FILE NAME [refused=TEXT] — serves the
// domestic order in FILE, by which CASE is carried out, on a provider, in a linked
// case NAME; or the node refuses it, with TEXT (_ for a space).
func (p *player) serve(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	foreign, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	id := protocol.ParticipantID(args[1])
	node, err := p.Desk(id)
	if err != nil {
		return err
	}
	order, err := p.readRequest(args[3])
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, foreign)
	if err != nil {
		return err
	}
	asked, err := desk.Asked(&v)
	if err != nil {
		return err
	}
	order.Issuer, order.Addressee = id, protocol.ParticipantID(args[2])
	err = p.act(ctx, id, desk.Draft{Body: protocol.Body{Request: order.Executing(asked, foreign)}})
	refused := strings.ReplaceAll(st.option("refused"), "_", " ")
	switch {
	case refused == "":
		p.cases[args[4]] = p.named
		return err
	case err == nil:
		return errors.New("the node took it")
	case !strings.Contains(err.Error(), refused):
		return err
	}
	p.say("  ✗ request: %s's own node does not take it: %s", id, err)
	return nil
}

// pass: pass CASE PARTICIPANT — what a provider disclosed in a linked case, as it
// was signed.
func (p *player) pass(ctx context.Context, st step) error {
	err := p.view(ctx, st, func(v desk.CaseView) bool { return v.Move == casefile.Pass && p.allHere(ctx, st, &v) })
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionComplete,
		Objects: []protocol.Object{}}})
}

// allHere reports whether what a linked case produced was fetched.
func (p *player) allHere(ctx context.Context, st step, v *desk.CaseView) bool {
	node, err := p.Desk(protocol.ParticipantID(st.args[1]))
	if err != nil {
		return false
	}
	for _, l := range v.Linked {
		e, err := node.Evidence(ctx, l.Case)
		if err != nil || slices.ContainsFunc(e.Items, func(i desk.EvidenceItem) bool { return i.State != desk.EvidenceComplete }) {
			return false
		}
	}
	return true
}

// produced: produced CASE PARTICIPANT PRODUCER PASSED — the participant can prove,
// offline, who produced the evidence and who passed it on.
func (p *player) produced(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	report, err := p.exported(ctx, protocol.ParticipantID(args[1]), id)
	if err != nil {
		return err
	}
	for _, e := range report.Evidence {
		if e.From == protocol.ParticipantID(args[2]) && e.PassedOn == protocol.ParticipantID(args[3]) {
			p.say("  ✓ %s can show a court that %s produced it and %s passed it on", args[1], e.From, e.PassedOn)
			return nil
		}
	}
	return fmt.Errorf("the evidence is %+v", report.Evidence)
}

// awaits: awaits CASE PARTICIPANT WHO MOVE — the participant sees whose move it is.
func (p *player) awaits(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for _, a := range v.File.Awaits() {
			if string(a.Participant) == args[2] && string(a.Move) == args[3] {
				return true
			}
		}
		return false
	})
	if err == nil {
		p.say("  ✓ %s sees that it is for %s to %s", args[1], args[2], args[3])
	}
	return err
}

// blind: blind CASE PARTICIPANT FILE — nothing that the participant holds of the
// case says what a member of the request in FILE says.
func (p *player) blind(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	id, err := p.caseOf(args[0])
	if err != nil {
		return err
	}
	foreign, err := p.readRequest(args[2])
	if err != nil {
		return err
	}
	node, err := p.Desk(protocol.ParticipantID(args[1]))
	if err != nil {
		return err
	}
	v, err := node.Case(ctx, id)
	if err != nil {
		return err
	}
	held, err := json.Marshal(v)
	if err != nil {
		return err
	}
	for _, secret := range []string{foreign.Facts, foreign.Nexus, foreign.FileNumber, foreign.Target.Basis, string(foreign.Issuer)} {
		if secret == "" || bytes.Contains(held, []byte(secret)) {
			return errors.New("it holds what is not for it to know, or there is nothing to hide")
		}
	}
	p.say("  ✓ %s holds neither the facts nor who asks, only the order", args[1])
	return nil
}

// narrow: narrow CASE PARTICIPANT FILE — gives up what the request in FILE does
// not ask for; the second version of the request.
func (p *player) narrow(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	less, err := p.readRequest(args[2])
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Amendment: &protocol.Amendment{Version: 2, Identifiers: less.Identifiers,
		Data: less.Data, Dropped: []protocol.Drop{{Member: "data[0].from", Why: "not needed any more"}}}})
}
