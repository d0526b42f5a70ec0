package protocol

import (
	"errors"
	"fmt"
	"strings"
)

func (c *Clarification) absent() bool { return c == nil }
func (r *Reply) absent() bool         { return r == nil }
func (a *Amendment) absent() bool     { return a == nil }
func (o *Objection) absent() bool     { return o == nil }
func (d *Determination) absent() bool { return d == nil }
func (a *Acceptance) absent() bool    { return a == nil }
func (c *Conditions) absent() bool    { return c == nil }
func (p *Postponement) absent() bool  { return p == nil }
func (c *Consultation) absent() bool  { return c == nil }
func (e *Extension) absent() bool     { return e == nil }
func (h *Kept) absent() bool          { return h == nil }
func (s *SecrecyOrder) absent() bool  { return s == nil }
func (n *Notice) absent() bool        { return n == nil }
func (v *Validated) absent() bool     { return v == nil }
func (t *Tap) absent() bool           { return t == nil }
func (c *Costs) absent() bool         { return c == nil }
func (c *Challenge) absent() bool     { return c == nil }
func (r *Response) absent() bool      { return r == nil }
func (e *Enforcement) absent() bool   { return e == nil }
func (u *Use) absent() bool           { return u == nil }
func (c *Closure) absent() bool       { return c == nil }

func (c *Clarification) check() error {
	switch {
	case c.Ask == "":
		return errors.New("ask: want what is asked for")
	case len(c.Fields) > MaxFields:
		return fmt.Errorf("fields: want at most %d", MaxFields)
	case (c.Ask == AskRedirect) != (c.Controller != ""):
		return errors.New("controller: want the customer's organisation of a redirect, and of nothing else")
	}
	for i, f := range c.Fields {
		if len(f) > MaxReference || !fieldForm.MatchString(f) {
			return fmt.Errorf("fields[%d]: want a member of the request, such as data[0].from", i)
		}
	}
	return errors.Join(checkReasons("reasons", c.Reasons, 1), checkText("text", c.Text),
		checkReference("controller", c.Controller), checkOnce("fields", c.Fields))
}

func (r *Reply) check() error {
	if r.Result == "" {
		return errors.New("result: want how it is answered")
	}
	return errors.Join(checkAnswers(r.Answers, 1), checkText("text", r.Text))
}

func (a *Amendment) check() error {
	if a.Version < 2 || a.Version > MaxFollows {
		return fmt.Errorf("version: want 2 to %d", MaxFollows)
	}
	if len(a.Dropped) == 0 || len(a.Dropped) > MaxIdentifiers+MaxDataItems {
		return fmt.Errorf("dropped: want what was given up, 1 to %d", MaxIdentifiers+MaxDataItems)
	}
	for i, d := range a.Dropped {
		if !fieldForm.MatchString(d.Member) || len(d.Member) > MaxReference {
			return fmt.Errorf("dropped[%d].member: want a member of the request, such as data[0]", i)
		}
		if err := needText("dropped.why", d.Why); err != nil {
			return err
		}
	}
	r := Request{Identifiers: a.Identifiers, Data: a.Data}
	return errors.Join(checkAnswers(a.Answers, 0), r.checkIdentifiers(), r.checkData())
}

func (o *Objection) check() error {
	switch {
	case o.Level == "":
		return errors.New("level: want to whom the objection goes")
	case (o.Level == LevelReceiving) != (len(o.Request) > 0):
		return errors.New("request: want it at the level of the receiving authority, and only there")
	case o.Level == LevelCourt && o.Reference == "":
		return errors.New("reference: want the court's")
	}
	return errors.Join(checkAnswers(o.Answers, 0), checkReasons("grounds", o.Grounds, 1), needText("text", o.Text),
		checkFactors(o.Factors), checkReference("reference", o.Reference))
}

func (d *Determination) check() error {
	if d.Result == "" {
		return errors.New("result: want how it was decided")
	}
	return errors.Join(checkAnswers(d.Answers, 1), checkReasons("grounds", d.Grounds, 0), checkText("text", d.Text),
		checkFactors(d.Factors), checkReference("reference", d.Reference))
}

func (a *Acceptance) check() error {
	return errors.Join(checkAnswers(a.Answers, 0), checkText("text", a.Text))
}

func (c *Conditions) check() error {
	if len(c.Limits) == 0 || len(c.Limits) > MaxGrounds {
		return fmt.Errorf("limits: want 1 to %d conditions", MaxGrounds)
	}
	if c.Partial && c.Reason == "" {
		return errors.New("reason: want the ground for refusal of the rest")
	}
	for i, l := range c.Limits {
		if l.Code != "" && !wellFormedCode(l.Code) {
			return fmt.Errorf("limits[%d].code: want a code of small letters, digits and single underscores", i)
		}
		if err := needText("limits.text", l.Text); err != nil {
			return err
		}
	}
	return nil
}

func (p *Postponement) check() error {
	if p.Reason == "" {
		return errors.New("reason: want why it is put off")
	}
	return errors.Join(checkText("text", p.Text), checkTime("review", p.Review))
}

func (c *Consultation) check() error {
	return errors.Join(checkReasons("reasons", c.Reasons, 1), checkText("text", c.Text))
}

func (e *Extension) check() error {
	return errors.Join(checkTime("until", e.Until), needText("reason", e.Reason))
}

func (h *Kept) check() error {
	switch h.Action {
	case KeptExtended:
		if err := checkTime("until", h.Until); err != nil {
			return err
		}
	case KeptConfirmed:
		if h.Case == "" && h.Reference == "" {
			return errors.New("case: want the case or the reference of the request for production")
		}
	case KeptReleased:
	default:
		return errors.New("action: want what becomes of the preservation")
	}
	return errors.Join(optionalTime("until", h.Until), checkReference("reference", h.Reference))
}

func (s *SecrecyOrder) check() error {
	switch s.Action {
	case SecrecyOrdered, SecrecyExtended:
		if s.Authority == "" || s.Reference == "" || len(s.Grounds) == 0 {
			return errors.New("authority: want the authority, the reference and a ground of the order")
		}
		if len(s.Binds) == 0 {
			return errors.New("binds: want who is not told")
		}
		if err := checkTime("start", s.Start); err != nil {
			return err
		}
		if !s.End.IsZero() && !s.End.After(s.Start) {
			return errors.New("end: want it after the start")
		}
	case SecrecyChallenged, SecrecyLifted:
		if s.Reference == "" {
			return errors.New("reference: want that of the decision or the motion")
		}
	default:
		return errors.New("action: want what the act does")
	}
	return errors.Join(optionalTime("start", s.Start), optionalTime("end", s.End), checkReference("authority", s.Authority),
		checkReference("reference", s.Reference), checkOnce("grounds", s.Grounds), checkOnce("binds", s.Binds))
}

func (n *Notice) check() error {
	switch {
	case n.To == "" || n.Status == "":
		return errors.New("to: want who is told, and the status")
	case n.Status == NoticeDelivered && n.At.IsZero():
		return errors.New("at: want when it was delivered")
	case n.Status == NoticeDelayed && n.Until.IsZero():
		return errors.New("until: want to when it is delayed")
	case n.Status != NoticeDelivered && n.Ground == "":
		return errors.New("ground: want why nobody was told")
	case (n.To == NoticeState) != (n.State != ""):
		return errors.New("state: want the third State that is told, and only then")
	}
	return errors.Join(optionalTime("at", n.At), optionalTime("until", n.Until), checkReference("method", n.Method))
}

func (v *Validated) check() error {
	if v.Result == "" {
		return errors.New("result: want what became of the validation")
	}
	if (v.Result == ValidationGranted) != (v.By != nil) {
		return errors.New("by: want who validated, exactly when it was granted")
	}
	a := Authorisation{ValidatedBy: v.By}
	return a.checkValidation()
}

func (t *Tap) check() error {
	if err := checkTime("at", t.At); err != nil {
		return err
	}
	switch t.Action {
	case TapStarted, TapStopped:
		if !t.Until.IsZero() || t.Authorisation != nil {
			return errors.New("until: want it, and an authorisation, only of a renewal")
		}
		return t.checkProduct()
	case TapRenewed:
		if t.Authorisation == nil {
			return errors.New("authorisation: want the new one")
		}
		if !t.Until.After(t.At) {
			return errors.New("until: want it after the renewal")
		}
		return errors.Join(checkTime("until", t.Until), t.Authorisation.check(), t.Authorisation.checkValidation(),
			t.checkProduct())
	}
	return errors.New("action: want what happens")
}

// checkProduct: a start may announce a live object, and a stop say what it became.
func (t *Tap) checkProduct() error {
	switch {
	case t.Live != nil && t.Action != TapStarted:
		return errors.New("live: want it only of a start")
	case t.Product != nil && t.Action != TapStopped:
		return errors.New("product: want it only of a stop")
	case t.Live != nil:
		return t.Live.check()
	case t.Product == nil:
		return nil
	case t.Product.Segments == 0 && t.Product.Size > 0:
		return errors.New("product.segments: want how many segments there were")
	}
	if err := t.Product.Check(); err != nil {
		return fmt.Errorf("product.%w", err)
	}
	return nil
}

func (l *Live) check() error {
	// As an object and its keys are checked, of which all but the name is known
	// only at the end.
	o := Object{Name: l.Name, MediaType: l.MediaType, SHA512: strings.Repeat("0", 128), Tree: l.ID}
	if l.ID.IsZero() {
		return errors.New("live.id: want 32 random bytes")
	}
	if err := o.Check(); err != nil {
		return fmt.Errorf("live.%w", err)
	}
	d := Disclosure{Objects: []Object{o}, Readers: l.Readers, Keys: l.Keys}
	if err := d.checkKeys(); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

func (c *Costs) check() error {
	if c.Action == "" {
		return errors.New("action: want where the costs stand")
	}
	claimed, whole := c.Action == CostsClaimed, c.Amount > 0 && currencyForm.MatchString(c.Currency)
	if none := c.Amount == 0 && c.Currency == ""; claimed && !whole || !claimed && !none {
		return errors.New("amount: want a claim's amount, in the smallest unit of a currency such as EUR, and no other's")
	}
	return checkText("basis", c.Basis)
}

func (c *Challenge) check() error {
	return errors.Join(checkNonce(c.Nonce), checkTime("until", c.Until))
}

func (r *Response) check() error {
	return errors.Join(checkAnswers(r.Answers, 1), checkNonce(r.Nonce))
}

func (e *Enforcement) check() error {
	if len(e.Request) == 0 || e.Reason == "" {
		return errors.New("request: want the order as it was sent, and why it is to be enforced")
	}
	return checkText("text", e.Text)
}

func (u *Use) check() error {
	if !wellFormedCode(u.Purpose) {
		return errors.New("purpose: want a code of small letters, digits and single underscores")
	}
	return checkText("text", u.Text)
}

func (c *Closure) check() error { return checkText("text", c.Text) }
