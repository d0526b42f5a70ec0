package story

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// talk returns the verbs of the talk in a case.
func talk() map[string]verb {
	return map[string]verb{
		"clarify":    (*player).clarify,
		"reply":      (*player).reply,
		"amend":      (*player).amend,
		"object":     (*player).object,
		"determine":  (*player).determine,
		"conditions": (*player).conditions,
		"postpone":   (*player).postpone,
		"enforce":    (*player).enforce,
		"use":        (*player).use,
		"part":       (*player).part,
		"stopped":    (*player).stopped,
		"open":       (*player).open,
		"asks":       (*player).asks,
		"heard":      (*player).heard,
	}
}

// clarify: clarify CASE PARTICIPANT ASK REASON [TEXT…]
func (p *player) clarify(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Clarification: &protocol.Clarification{Ask: protocol.Ask(args[2]),
		Reasons: []protocol.Reason{protocol.Reason(args[3])}, Text: strings.Join(args[4:], " ")}})
}

// reply: reply CASE PARTICIPANT RESULT [TEXT…]
func (p *player) reply(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Reply: &protocol.Reply{Result: protocol.ReplyResult(args[2]),
		Text: strings.Join(args[3:], " ")}})
}

// amend: amend CASE PARTICIPANT CATEGORY WHY… — gives up what is asked for in the
// category.
func (p *player) amend(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	v, err := p.caseAt(ctx, args[0], args[1])
	if err != nil {
		return err
	}
	a := &protocol.Amendment{Version: v.Version + 1, Identifiers: v.Current.Identifiers}
	for i, d := range v.Current.Data {
		if string(d.Category) == args[2] {
			a.Dropped = append(a.Dropped, protocol.Drop{Member: fmt.Sprintf("data[%d]", i), Why: strings.Join(args[3:], " ")})
			continue
		}
		a.Data = append(a.Data, d)
	}
	return p.body(ctx, st, protocol.Body{Amendment: a})
}

func (p *player) caseAt(ctx context.Context, name, at string) (desk.CaseView, error) {
	id, err := p.caseOf(name)
	if err != nil {
		return desk.CaseView{}, err
	}
	node, err := p.Desk(protocol.ParticipantID(at))
	if err != nil {
		return desk.CaseView{}, err
	}
	return node.Case(ctx, id)
}

// object: object CASE PARTICIPANT LEVEL GROUND TEXT… [court=REFERENCE]
func (p *player) object(ctx context.Context, st step) error {
	args, err := st.want(5)
	if err != nil {
		return err
	}
	text := strings.Join(args[4:], " ")
	if i := strings.Index(text, " court="); i >= 0 {
		text = text[:i]
	}
	o := &protocol.Objection{Level: protocol.Level(args[2]), Grounds: []protocol.Reason{protocol.Reason(args[3])},
		Text: text, Reference: st.option("court")}
	return p.body(ctx, st, protocol.Body{Objection: o})
}

// determine: determine CASE PARTICIPANT RESULT [reference=REFERENCE] [TEXT…]
func (p *player) determine(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	d := &protocol.Determination{Result: protocol.Result(args[2]), Reference: st.option("reference")}
	var said []string
	for _, a := range args[3:] {
		if !strings.HasPrefix(a, "reference=") {
			said = append(said, a)
		}
	}
	d.Text = strings.Join(said, " ")
	return p.body(ctx, st, protocol.Body{Determination: d})
}

// conditions: conditions CASE PARTICIPANT REASON|- LIMIT… — with a reason, a ground
// for refusal is raised for the rest.
func (p *player) conditions(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	c := &protocol.Conditions{Limits: []protocol.Clause{{Text: strings.Join(args[3:], " ")}}}
	if args[2] != "-" {
		c.Partial, c.Reason = true, protocol.Reason(args[2])
	}
	return p.body(ctx, st, protocol.Body{Conditions: c})
}

// postpone: postpone CASE PARTICIPANT REASON
func (p *player) postpone(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Postponement: &protocol.Postponement{Reason: protocol.Reason(args[2]),
		Review: p.now().AddDate(0, 0, 30)}})
}

// enforce: enforce CASE PARTICIPANT REASON
func (p *player) enforce(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Enforcement: &protocol.Enforcement{Reason: protocol.Reason(args[2])}})
}

// use: use CASE PARTICIPANT PURPOSE
func (p *player) use(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	return p.body(ctx, st, protocol.Body{Use: &protocol.Use{Purpose: args[2]}})
}

// stopped: stopped REASON VERB … — the step does not go through: the node says that
// it does not fit, for that reason.
func (p *player) stopped(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	try := find(args[1])
	if try == nil {
		return fmt.Errorf("verb %q is not known", args[1])
	}
	err = try(p, ctx, step{line: st.line, verb: args[1], args: args[2:], text: strings.Join(args[2:], " ")})
	var problem *desk.Problem
	switch {
	case err == nil:
		return errors.New("it went through")
	case !errors.As(err, &problem), !strings.Contains(problem.Text, args[0]):
		return err
	}
	p.say("  ✗ %s: %s", args[1], problem.Text)
	return nil
}

// open: open CASE PARTICIPANT KIND — that question is open there, or with "none"
// no question is.
func (p *player) open(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	var q casefile.Question
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for _, q = range v.Questions {
			if string(q.Kind) == args[2] {
				return true
			}
		}
		return args[2] == "none" && len(v.Questions) == 0
	})
	switch {
	case err != nil:
		return err
	case args[2] == "none":
		p.say("  ✓ at %s nothing is open", args[1])
	default:
		p.say("  ✓ at %s the %s of %s is open, and awaits %s", args[1], q.Kind, q.From, join(q.Awaits))
	}
	return nil
}

// asks: asks CASE PARTICIPANT VERSION CATEGORY… — what the request asks for there, as
// it stands.
func (p *player) asks(ctx context.Context, st step) error {
	args, err := st.want(4)
	if err != nil {
		return err
	}
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		if v.Current == nil || fmt.Sprint(v.Version) != args[2] || len(v.Current.Data) != len(args)-3 {
			return false
		}
		for i, d := range v.Current.Data {
			if string(d.Category) != args[3+i] {
				return false
			}
		}
		return true
	})
	if err == nil {
		p.say("  ✓ at %s version %s of the request stands, for %s", args[1], args[2], join(args[3:]))
	}
	return err
}

// heard: heard CASE PARTICIPANT KIND — an act of that kind has come there.
func (p *player) heard(ctx context.Context, st step) error {
	args, err := st.want(3)
	if err != nil {
		return err
	}
	id := protocol.ParticipantID(args[1])
	var from protocol.ParticipantID
	err = p.view(ctx, st, func(v desk.CaseView) bool {
		for i := range v.Acts {
			if from = v.Acts[i].From; string(v.Acts[i].Kind) == args[2] && from != id {
				return true
			}
		}
		return false
	})
	if err == nil {
		p.say("  ✓ %s holds the %s of %s", args[1], args[2], from)
	}
	return err
}
