package agreement

import (
	"fmt"
	"slices"
	"time"

	"comity.example/protocol"
)

// right sees whether the agreement grants each category that is asked for.
func (d *deciding) right() bool {
	typed := false
	for i := range d.req.Data {
		if !slices.Contains(d.asked, d.req.Data[i].Category) { // or it would be asked for unseen
			return d.incomplete()
		}
	}
	for _, c := range d.asked {
		r := d.entry.doc.rightFor(d.pair, d.channel, d.wants(c))
		if r == nil {
			return d.noRight(c, typed)
		}
		typed = true
		if !slices.Contains(d.granted, r) {
			d.granted = append(d.granted, r)
		}
	}
	if len(d.granted) == 0 {
		return d.incomplete()
	}
	return d.check(true, protocol.Finding{Rule: StepRight, Article: articles(d.granted),
		Provenance: string(weakest(d.granted)),
		Text:       "The agreement must grant this type of request and each category of data."})
}

func (d *deciding) incomplete() bool {
	return d.check(false, protocol.Finding{Rule: StepRight, Reason: protocol.ReasonIncomplete,
		Text: "The request must say what data it asks for."})
}

func (d *deciding) noRight(c protocol.Category, typed bool) bool {
	f := protocol.Finding{Rule: StepRight, Reason: protocol.ReasonNoRight,
		Text: "The agreement must grant this type of request to this kind of addressee."}
	for i := range d.entry.doc.Rights {
		r := &d.entry.doc.Rights[i]
		typed = typed || r.Channel == d.channel && r.joins(d.pair.from, d.pair.to) &&
			slices.Contains(r.Types, d.req.Type)
	}
	if urgent := d.wants(c); !urgent.emergency {
		urgent.emergency = true
		if d.entry.doc.rightFor(d.pair, d.channel, urgent) != nil {
			f.Reason = protocol.ReasonEmergencyScope
			f.Text = fmt.Sprintf("The agreement grants this for %s in an emergency only.", c)
			return d.check(false, f)
		}
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

// terms sees whether the instrument's own codes stand for what is asked for.
func (d *deciding) terms() bool {
	said := false
	for i := range d.req.Data {
		item := &d.req.Data[i]
		for _, own := range item.Own {
			said = true
			ok := slices.ContainsFunc(d.entry.doc.Terms, func(t Term) bool {
				return t.Own == own && (t.Category == item.Category || t.Type == d.req.Type)
			})
			if !ok {
				d.check(false, protocol.Finding{Rule: StepTerms, Reason: protocol.ReasonTerms,
					Text: fmt.Sprintf("Each code of the agreement's own must stand for what is asked for: one of "+
						"data[%d] does not stand for %s.", i, item.Category)})
				return true
			}
		}
	}
	if said {
		d.check(true, protocol.Finding{Rule: StepTerms,
			Text: "Each code of the agreement's own must stand for what is asked for."})
	}
	return true
}

// reciprocal sees whether each right that is used stands while its mirror
// does. The volume of traffic is no part of it.
func (d *deciding) reciprocal() bool {
	f := protocol.Finding{Rule: StepReciprocal, Article: articles(d.granted),
		Reason: protocol.ReasonNotReciprocal,
		Text: "The right must be granted by the receiving Party, and the same right must stand " +
			"in the other direction."}
	for _, c := range d.asked {
		w := d.wants(c)
		if why := d.entry.obstacle(d.entry.doc.rightFor(d.pair, d.channel, w), w, d.pair, d.facts.At); why != "" {
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

// promise asks for the written promise that takes the place of a treaty.
func (d *deciding) promise() {
	f := protocol.Finding{Rule: StepPromise, Outcome: protocol.Pass,
		Article: articles(d.granted),
		Text:    "Where no treaty grants the right, a written promise of reciprocity must be attached."}
	if !d.vars.in.attests(PromiseStatement, "") || d.req.Promise == "" {
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

// notification sees whether whoever must be told at the same time is.
func (d *deciding) notification() bool {
	for _, r := range d.granted {
		if r.Notifies != nil {
			d.add(d.notified(r))
		}
	}
	return true
}

func (d *deciding) notified(r *Right) protocol.Finding {
	x := r.Notifies
	f := protocol.Finding{Rule: StepNotification, Article: x.Article, Text: x.Text,
		Provenance: string(x.Provenance), Outcome: protocol.Pass, Inputs: x.inputs}
	applies, err := true, error(nil)
	if x.Option != "" {
		_, applies = d.entry.chosen(d.entry.doc.option(x.Option), d.pair, d.facts.At)
	}
	if applies && x.when != nil {
		applies, err = x.when.holds(&d.vars)
	}
	if err == nil && applies && !slices.Contains(d.tell, x.Role) {
		d.tell = append(d.tell, x.Role)
	}
	switch {
	case err != nil:
		f.Outcome, f.Reason = protocol.Fail, protocol.ReasonRuleError
	case !applies:
		f.Outcome = protocol.NotApplicable
	case !slices.Contains(d.facts.notifiedRoles(), x.Role):
		f.Outcome, f.Reason = protocol.Held, protocol.ReasonNotification
		f.Side, f.Role = protocol.SideIssuing, protocol.RoleIssuing
		if r.Transmitted != nil { // nobody else can send it to them
			f.Role = r.Transmitted.Role
		}
	}
	return f
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

// rules applies every rule of the agreement, in the order of the document. Of a
// Party's own law that grants a right within it those count that are made for that.
func (d *deciding) rules() bool {
	for i := range d.entry.doc.Rules {
		r := &d.entry.doc.Rules[i]
		if d.within() {
			if f := r.apply(&d.vars, d.pair); r.Capacity == LawWithin && f.Outcome != protocol.NotApplicable {
				d.add(f)
			}
			continue
		}
		by, chosen := d.entry.chosen(d.entry.doc.option(r.Option), d.pair, d.facts.At)
		if !r.directed(d.pair) || r.Option != "" && !chosen {
			d.add(protocol.Finding{Rule: r.ID, Article: r.Article, Text: r.Text,
				Provenance: string(r.provenance(d.pair.from)), Outcome: protocol.NotApplicable})
			continue
		}
		f := r.apply(&d.vars, d.pair)
		if chosen {
			f.Text = by.says(f.Text, d.entry.doc.option(r.Option))
		}
		d.add(f)
	}
	return true
}

// otherTreaty reports whether another instrument of mutual assistance than the
// document is in force between the two Parties. A convention on one sort of
// crime is none.
func (b *Book) otherTreaty(doc *Document, p pair, at time.Time) bool {
	for e := range b.between(p) {
		assists := e.doc.Kind == KindAssistance || e.doc.Kind == KindDirective
		if assists && e.doc.ID != doc.ID && e.doc.StandsFor(at, p.from, p.to) && b.usable(e, p) {
			return true
		}
	}
	return false
}

// domesticLaw applies the law of the issuing Party, of the receiving Party and
// of those whose law binds a provider. It grants nothing, and of its rules only
// those that apply are reported. What is asked within a Party is neither issued
// to another nor received from one.
func (d *deciding) domesticLaw() bool {
	if !d.within() {
		d.domestic(d.pair.from, LawOfIssuing)
		d.domestic(d.pair.to, LawOfReceiving)
	}
	if d.channel == Direct {
		for _, p := range d.facts.Addressee.law() {
			d.domestic(p, LawOfProvider)
		}
	}
	return true
}

func (d *deciding) domestic(p protocol.Party, c LawCapacity) {
	id := ""
	for _, e := range d.book.domestic[p] {
		// Of several versions the newest that is in force.
		if e.doc.ID == id || !e.doc.StandsFor(d.facts.At, p) || !d.book.usable(e, pair{p, p}) {
			continue
		}
		if id = e.doc.ID; e.doc.onlyWithin() {
			continue
		}
		if e != d.entry && !slices.Contains(d.law, e) {
			d.law = append(d.law, e)
		}
		for i := range e.doc.Rules {
			if r := &e.doc.Rules[i]; r.Capacity == c {
				if f := r.apply(&d.vars, d.pair); f.Outcome != protocol.NotApplicable {
					d.add(f)
				}
			}
		}
	}
}

// onlyWithin reports whether all that a Party's own law says is for requests
// within it.
func (d *Document) onlyWithin() bool {
	return len(d.Rights) > 0 && !slices.ContainsFunc(d.Rules, func(r Rule) bool { return r.Capacity != LawWithin })
}

// directed reports whether the rule is for that direction.
func (r *Rule) directed(p pair) bool {
	return (r.From.IsZero() || r.From.Has(p.from)) && (r.To.IsZero() || r.To.Has(p.to))
}

// apply returns what the rule finds. A rule that cannot be computed denies.
func (r *Rule) apply(vars *values, p pair) protocol.Finding {
	f := protocol.Finding{Rule: r.name, Article: r.Article, Text: r.Text, Inputs: r.inputs,
		Provenance: string(r.provenance(p.from))}
	applies, met, err := r.evaluate(vars)
	switch {
	case err != nil:
		f.Outcome, f.Reason = protocol.Fail, protocol.ReasonRuleError
	case !applies:
		f.Outcome = protocol.NotApplicable
	case met:
		f.Outcome = protocol.Pass
	default:
		f.Reason, f.Ask = r.Reason, r.Ask
		switch r.Otherwise {
		case OtherwiseHold:
			f.Outcome, f.Side, f.Role = protocol.Held, r.Side, r.Role
		case OtherwiseFlag:
			f.Outcome = protocol.Flag
		default:
			f.Outcome = protocol.Fail
		}
	}
	return f
}

func (r *Rule) evaluate(vars *values) (applies, met bool, err error) {
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
			func(s Statement) bool { return vars.in.attests(s.Code, r.By) })
	case Judgement:
	}
	return true, met, err
}
