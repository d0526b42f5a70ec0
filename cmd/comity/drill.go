package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/casefile"
	"comity.example/protocol/draft"
	"comity.example/protocol/register"
)

type drillCmd struct {
	Emergency drillEmergencyCmd `cmd:"" help:"Send a marked emergency request, and say how long each step took."`
}

type drillEmergencyCmd struct {
	To        protocol.ParticipantID `required:"" help:"Whom to exercise with." placeholder:"PARTICIPANT"`
	Agreement string                 `help:"Id of the agreement to rely on. By default the first that carries it." placeholder:"ID"`
	Timeout   time.Duration          `default:"30m" help:"How long to wait for the answer." placeholder:"TIME"`
	With      string                 `help:"The second officer's key file. By default the home's other officer on duty." placeholder:"FILE"`
	signing
}

func (c *drillEmergencyCmd) Help() string {
	return `The request says that it is a DRILL, at every node and in every list, and no node lets anything be
disclosed in its case: the duty desk answers comity disclose CASE --no-data. It goes the way of a real
emergency: two officers of the duty list sign it, one of them a supervisor, it is certified where the
agreement asks for that, and it overtakes what is no emergency. Reports leave it out.`
}

// A drillStep is one step of a drill.
type drillStep struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
	// Took is how long it took since the step before, in seconds.
	Took int64 `json:"took_seconds"`
}

// drilled is what a drill says to a program.
type drilled struct {
	Case     protocol.CaseID `json:"case"`
	State    string          `json:"state"`
	Answered bool            `json:"answered"`
	Steps    []drillStep     `json:"steps"`
}

func (c *drillEmergencyCmd) Run(ctx context.Context, a *app) error {
	h, node, err := a.openDesk()
	if err != nil {
		return err
	}
	first, second, err := c.officers(ctx, a, h)
	if err != nil {
		return err
	}
	defer first.Close()
	defer second.Close()
	p, err := c.save(ctx, a, h, node)
	if err != nil {
		return err
	}
	if err := a.confirm(ctx, "sign and send this drill to "+string(c.To)+"?"); err != nil {
		return err
	}
	signed, err := drillSignedBy(p, a.instant(), first, second)
	if err != nil {
		return err
	}
	if err := sendDrill(ctx, node, signed); err != nil {
		return err
	}
	a.note("DRILL: %s is on its way to %s", p.Case, words(p.To))
	v, err := c.follow(ctx, a, node, p.Case)
	if err != nil {
		return err
	}
	out := drilled{Case: p.Case, State: v.State, Steps: stepsOf(&v)}
	out.Answered = answeredAt(&v) != nil
	if err := a.show(out, out.text); err != nil || out.Answered {
		return err
	}
	return &failure{exitError, fmt.Sprintf("after %v nobody at %s has answered: the case is %s", c.Timeout, c.To, out.State),
		"comity case show " + string(p.Case) + " says whose move it is; comity request withdraw " + string(p.Case) + " ends the drill"}
}

// officers returns the two who sign.
func (c *drillEmergencyCmd) officers(ctx context.Context, a *app, h *home.Home) (first, second *home.Officer, err error) {
	if first, err = a.readOfficer(ctx, h, c.Officer); errors.Is(err, errNoOfficer) {
		err = badInput("two officers must sign a drill, and the home has no officer's key", "name their files with --officer and --with")
	}
	if err != nil {
		return nil, nil, err
	}
	with := c.With
	if with == "" {
		if with, err = otherOnDuty(h, first, a.now()); err != nil {
			return nil, nil, err
		}
	}
	if second, err = a.readOfficer(ctx, h, with); err != nil {
		return nil, nil, err
	}
	x, err1 := register.ClaimCredential(first.Credential)
	y, err2 := register.ClaimCredential(second.Credential)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	on := func(c *register.Credential, g register.Grade) bool { return slices.Contains(c.Grades, g) }
	if !on(x, register.GradeDuty) || !on(y, register.GradeDuty) || x.Officer == y.Officer ||
		!on(x, register.GradeSupervisor) && !on(y, register.GradeSupervisor) {
		return nil, nil, badInput("two officers of the duty list sign an emergency, one of them a supervisor: these two do not do",
			"comity officer list says who stands on it; comity officer new --grade duty --grade supervisor makes one")
	}
	return first, second, nil
}

// otherOnDuty returns the file of an officer on duty with whom first makes two
// that may sign an emergency.
func otherOnDuty(h *home.Home, first *home.Officer, now time.Time) (string, error) {
	is, err := register.ClaimCredential(first.Credential)
	if err != nil {
		return "", err
	}
	files, err := h.Officers()
	if err != nil {
		return "", err
	}
	for _, path := range files {
		c, err := home.ReadCredential(path)
		if err != nil || c.Officer == is.Officer || c.ValidAt(now) != nil || !slices.Contains(c.Grades, register.GradeDuty) {
			continue
		}
		if slices.Contains(slices.Concat(is.Grades, c.Grades), register.GradeSupervisor) {
			return path, nil
		}
	}
	return "", badInput("two officers of the duty list sign an emergency, one of them a supervisor: this home holds no second one's file",
		"name it with --with, or make one with comity officer new --grade duty --grade supervisor")
}

// drillTypes are tried in this order: what most instruments grant first.
var drillTypes = []protocol.RequestType{protocol.Subscriber, protocol.Production, protocol.Preservation}

// save keeps a marked emergency request that an agreement carries.
func (c *drillEmergencyCmd) save(ctx context.Context, a *app, h *home.Home, node *desk.Client) (*desk.Prepared, error) {
	all, err := a.texts(ctx)
	if err != nil {
		return nil, err
	}
	docs := documentsOf(all)
	for _, typ := range drillTypes {
		for _, doc := range docs {
			if doc.Kind == agreement.KindDomestic || c.Agreement != "" && doc.ID != c.Agreement {
				continue
			}
			made, err := templateOf(doc, docs, draft.Want{Type: typ, Emergency: true, Issuer: h.Config.Participant, Addressee: c.To,
				At: a.instant()})
			if err != nil {
				continue // it carries no such request between these two
			}
			r := made.Request
			markDrill(&r)
			p, err := node.Save(ctx, desk.Draft{Agreement: doc.ID, Body: protocol.Body{Request: &r}})
			if err != nil {
				continue // the node says why not: another may do
			}
			if err := wasAsked(&p, h, doc.ID, r); err != nil {
				return nil, err
			}
			if p.Decision.Verdict != protocol.Deny && !incomplete(&p) {
				return &p, nil
			}
			if _, err := node.Discard(ctx, p.Case); err != nil {
				return nil, err
			}
		}
	}
	return nil, badInput(fmt.Sprintf("no agreement that this node uses carries an emergency request from %s to %s",
		h.Config.Participant, c.To), "comity agreement matrix says what it carries")
}

// wasAsked wants the node to have prepared this request, and nothing else, for the
// officers to sign.
func wasAsked(p *desk.Prepared, h *home.Home, agreement string, r protocol.Request) error {
	want, err := (&protocol.Body{Request: &r}).Digest()
	if err != nil {
		return err
	}
	e := errand{draft: desk.Draft{Agreement: agreement}, fits: sameBody(want)}
	return e.check(h, p)
}

// drillMark stands wherever a person reads.
const drillMark = "DRILL. This is an exercise, and nothing in it is true. Answer that there is no data."

// markDrill makes a request an exercise.
func markDrill(r *protocol.Request) {
	r.Drill = true
	r.FileNumber, r.Authorisation.Authority, r.Authorisation.Reference = "DRILL", "DRILL", "DRILL"
	r.Offence.Description, r.Target.Basis, r.Purpose = drillMark, drillMark, drillMark
	r.Emergency.Facts = drillMark
	for i := range r.Data {
		r.Data[i].Description = "DRILL"
	}
	if r.Facts != "" {
		r.Facts = drillMark
	}
	if r.Nexus != "" {
		r.Nexus = drillMark
	}
}

// drillSignedBy has officers sign what was prepared.
func drillSignedBy(p *desk.Prepared, at time.Time, by ...*home.Officer) (desk.Draft, error) {
	d := desk.Draft{Case: p.Case, Agreement: p.Statement.Agreement.ID, Body: p.Body}
	for _, o := range by {
		st := p.Statement
		st.Signed = at
		e, err := o.Endorse(st)
		if err != nil {
			return d, err
		}
		d.Endorsements = append(d.Endorsements, e)
	}
	return d, nil
}

// sendDrill sends it, and leaves no draft where it cannot be sent.
func sendDrill(ctx context.Context, node *desk.Client, d desk.Draft) error {
	s, err := node.Submit(ctx, d)
	switch {
	case err != nil:
		if _, gone := node.Discard(context.WithoutCancel(ctx), d.Case); gone != nil {
			return unsure(err, d.Case)
		}
		return err
	case s.Act.IsZero() || heldAlone(&s.Decision):
		return &failure{exitHold, "these two officers may not sign an emergency: two of the duty list must, one of them a supervisor",
			"comity officer list says who stands on it; comity case show " + string(d.Case) + " shows the drill"}
	}
	return nil
}

// follow waits for the answer.
func (c *drillEmergencyCmd) follow(ctx context.Context, a *app, node *desk.Client, id protocol.CaseID) (desk.CaseView, error) {
	var v desk.CaseView
	told := 0
	_, err := await(ctx, c.Timeout, func() (bool, error) {
		var err error
		if v, err = node.Case(ctx, id); err != nil {
			return false, err
		}
		steps := stepsOf(&v)
		for _, s := range steps[min(told, len(steps)):] {
			a.note("  %s  %s", moment(s.At), s.Step)
		}
		told = len(steps)
		return answeredAt(&v) != nil || casefile.State(v.State).Ended(), nil
	})
	if errors.Is(err, context.Canceled) {
		return v, unsure(err, id)
	}
	return v, err
}

// answeredAt returns the entry with which a drill was answered, nil while it was not.
func answeredAt(v *desk.CaseView) *desk.ActView {
	for i := range v.Acts {
		if e := &v.Acts[i]; e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure {
			return e
		}
	}
	return nil
}

// stepsOf returns the steps of a drill, in their order, by the ledgers' times.
func stepsOf(v *desk.CaseView) []drillStep {
	var out []drillStep
	for i := range v.Acts {
		e := &v.Acts[i]
		out = append(out, drillStep{Step: stepText(e), At: e.At})
		for _, r := range e.Receipts {
			out = append(out, drillStep{Step: fmt.Sprintf("%s has the %s", r.By, e.Kind), At: r.At})
		}
	}
	slices.SortStableFunc(out, func(x, y drillStep) int { return cmp.Compare(x.At.Unix(), y.At.Unix()) })
	for i := 1; i < len(out); i++ {
		out[i].Took = int64(out[i].At.Sub(out[i-1].At) / time.Second)
	}
	return out
}

func stepText(e *desk.ActView) string {
	switch {
	case e.Kind == protocol.KindRequest:
		return "signed by two officers, and sent"
	case e.Kind == protocol.KindRelay && e.InnerKind != "":
		return fmt.Sprintf("%s passed the %s on", e.From, e.InnerKind)
	case e.Kind == protocol.KindDisclosure:
		return fmt.Sprintf("answered by %s: no data", e.From)
	}
	return fmt.Sprintf("%s of %s came", e.Kind, e.From)
}

func (d *drilled) text(w io.Writer) {
	fmt.Fprintf(w, "DRILL      %s\n", d.Case)
	var rows [][]string
	total := int64(0)
	for _, s := range d.Steps {
		total += s.Took
		rows = append(rows, []string{moment(s.At), minutes(s.Took), s.Step})
	}
	table(w, rows)
	if d.Answered {
		fmt.Fprintf(w, "answered after %s\n", minutes(total))
	}
}

// minutes writes seconds as minutes and seconds.
func minutes(s int64) string { return fmt.Sprintf("%d min %02d s", s/60, s%60) }
