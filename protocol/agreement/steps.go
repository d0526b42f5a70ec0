package agreement

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types/ref"

	"comity.example/protocol"
)

// right sees whether the agreement grants each category that is asked for.
func (d *deciding) right() bool {
	typed := false
	for _, c := range d.req.Categories() {
		r := d.entry.doc.rightFor(d.pair, d.channel, d.req.Type, c)
		if r == nil {
			return d.noRight(c, typed)
		}
		typed = true
		if !slices.Contains(d.granted, r) {
			d.granted = append(d.granted, r)
		}
	}
	if len(d.granted) == 0 {
		return d.check(false, protocol.Finding{Rule: StepRight, Reason: protocol.ReasonIncomplete,
			Text: "The request must say what data it asks for."})
	}
	return d.check(true, protocol.Finding{Rule: StepRight, Article: articles(d.granted),
		Provenance: string(weakest(d.granted)),
		Text:       "The agreement must grant this type of request and each category of data."})
}

func (d *deciding) noRight(c protocol.Category, typed bool) bool {
	f := protocol.Finding{Rule: StepRight, Reason: protocol.ReasonNoRight,
		Text: "The agreement must grant this type of request to this kind of addressee."}
	for i := range d.entry.doc.Rights {
		r := &d.entry.doc.Rights[i]
		typed = typed || r.Channel == d.channel && r.joins(d.pair.from, d.pair.to) &&
			slices.Contains(r.Types, d.req.Type)
	}
	if typed {
		f.Reason = protocol.ReasonCategory
		f.Text = fmt.Sprintf("The agreement must grant each category of data: it does not grant %s.", c)
	}
	return d.check(false, f)
}

// weakest returns the provenance of the least proven of the rights.
func weakest(rights []*Right) Provenance {
	worst := Verified
	for _, r := range rights {
		if slices.Index(provenances(), r.Provenance) > slices.Index(provenances(), worst) {
			worst = r.Provenance
		}
	}
	return worst
}

// reciprocal sees whether each right that is used stands while its mirror
// does. The volume of traffic is no part of it.
func (d *deciding) reciprocal() bool {
	f := protocol.Finding{Rule: StepReciprocal, Article: articles(d.granted),
		Reason: protocol.ReasonNotReciprocal,
		Text: "The right must be granted by the receiving Party, and the same right must stand " +
			"in the other direction."}
	for _, c := range d.req.Categories() {
		if why := d.obstacle(c); why != "" {
			f.Text = why
			d.check(false, f)
			return true
		}
	}
	d.check(true, f)
	if slices.ContainsFunc(d.granted, func(r *Right) bool { return r.Reciprocity == Promise }) {
		d.promise()
	}
	return true
}

// obstacle says what keeps a category from being asked for reciprocally, ""
// if nothing does.
func (d *deciding) obstacle(c protocol.Category) string {
	at, t := d.facts.At, d.req.Type
	right := d.entry.doc.rightFor(d.pair, d.channel, t, c)
	given := grant{by: d.pair.to, toward: d.pair.from, typ: t, category: c}
	if n := suspended(d.entry.notices, given, at); n != nil {
		return fmt.Sprintf("%s suspended the right to ask it for %s by notice %s, from %s.",
			n.Party, c, n.ID, n.Effective.Format("2006-01-02T15:04:05Z"))
	}
	if right.Reciprocity != Mirrored {
		return ""
	}
	back := pair{d.pair.to, d.pair.from}
	if d.entry.doc.rightFor(back, d.channel, t, c) == nil {
		return fmt.Sprintf("%s may not ask %s for %s, so the right does not stand in this direction.",
			back.from, back.to, c)
	}
	mirror := grant{by: back.to, toward: back.from, typ: t, category: c}
	if n := suspended(d.entry.notices, mirror, at); n != nil {
		return fmt.Sprintf("%s suspended the mirrored right to ask it for %s by notice %s, from %s.",
			n.Party, c, n.ID, n.Effective.Format("2006-01-02T15:04:05Z"))
	}
	return ""
}

// promise asks for the written promise that takes the place of a treaty.
func (d *deciding) promise() {
	f := protocol.Finding{Rule: StepPromise, Outcome: protocol.Pass,
		Article: articles(d.granted),
		Text:    "Where no treaty grants the right, a written promise of reciprocity must be attached."}
	in := input{req: d.req, facts: d.facts}
	if !in.attests(PromiseStatement) {
		f.Outcome, f.Reason = protocol.Held, protocol.ReasonNotReciprocal
		f.Side, f.Role = protocol.SideIssuing, protocol.RoleCentral
	}
	d.add(f)
}

// transmission sees whether the one who sends the request may send it. Until
// then it is not denied: the right one may still send it.
func (d *deciding) transmission() bool {
	var last *Transmission
	for _, r := range d.granted {
		t := r.Transmitted
		if t == nil || last != nil && *t == *last {
			continue
		}
		last = t
		f := protocol.Finding{Rule: StepTransmission, Article: t.Article, Text: t.Text,
			Provenance: string(t.Provenance), Outcome: protocol.Pass}
		s := d.facts.Sender
		if s.ID == "" || s.Party != d.pair.from || !slices.Contains(s.Roles, t.Role) {
			f.Outcome, f.Reason = protocol.Held, protocol.ReasonCertification
			f.Side, f.Role = protocol.SideIssuing, t.Role
		}
		d.add(f)
	}
	return true
}

// clocks holds requests once a day has come from which the agreement may no
// longer stand. A day that nobody could verify must not end an agreement in
// silence, and must not be ignored in silence either.
func (d *deciding) clocks() bool {
	for i := range d.entry.doc.Clocks {
		c := &d.entry.doc.Clocks[i]
		if c.Date.IsZero() {
			continue
		}
		f := protocol.Finding{Rule: c.ID, Article: c.Article, Text: c.Text,
			Provenance: string(c.Provenance), Outcome: protocol.Pass}
		if c.Date.reached(d.facts.At) {
			f.Outcome, f.Reason = protocol.Held, protocol.ReasonNotInForce
			f.Side, f.Role = protocol.SideIssuing, protocol.RoleDesignated
			if d.channel == Central {
				f.Role = protocol.RoleCentral
			}
		}
		d.add(f)
	}
	return true
}

// rules applies every rule of the agreement, in the order of the document.
func (d *deciding) rules() bool {
	vars := &values{in: input{req: d.req, facts: d.facts}, made: make([]ref.Val, len(variables))}
	for i := range d.entry.doc.Rules {
		d.add(d.entry.doc.Rules[i].apply(vars, d.pair))
	}
	return true
}

// apply returns what the rule finds. A rule that cannot be computed denies.
func (r *Rule) apply(vars *values, p pair) protocol.Finding {
	f := protocol.Finding{Rule: r.ID, Article: r.Article, Text: r.Text,
		Provenance: string(r.provenance(p.from))}
	applies, met, err := r.evaluate(vars, p)
	switch {
	case err != nil:
		f.Outcome, f.Reason = protocol.Fail, protocol.ReasonRuleError
	case !applies:
		f.Outcome = protocol.NotApplicable
	case met:
		f.Outcome = protocol.Pass
	case r.Otherwise == OtherwiseHold:
		f.Outcome, f.Reason, f.Side, f.Role = protocol.Held, r.Reason, r.Side, r.Role
	default:
		f.Outcome, f.Reason = protocol.Fail, r.Reason
	}
	return f
}

func (r *Rule) evaluate(vars *values, p pair) (applies, met bool, err error) {
	if !r.From.IsZero() && !r.From.Has(p.from) || !r.To.IsZero() && !r.To.Has(p.to) {
		return false, false, nil
	}
	if r.when != nil {
		if applies, err = r.when.holds(vars); err != nil || !applies {
			return false, false, err
		}
	}
	switch r.Kind {
	case Computed:
		met, err = r.require.holds(vars)
	case Attested:
		met = slices.ContainsFunc(r.Statements,
			func(s Statement) bool { return vars.in.attests(s.Code) })
	case Judgement:
	}
	return true, met, err
}
