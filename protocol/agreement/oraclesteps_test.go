package agreement_test

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// decide takes the steps.
func (o *oracle) decide() []string {
	o.find()
	if !o.check(agreement.StepParticipants, o.from != "" && o.to != "", protocol.ReasonUnregistered) || !o.governed() {
		return o.found
	}
	if o.signatures {
		o.check(agreement.StepSigned, o.signedBy(o.x, o.from, o.to), protocol.ReasonUnsigned)
	} else {
		o.say(agreement.StepSigned, protocol.NotApplicable, "")
	}
	o.check(agreement.StepInForce, o.stands(o.x, o.from, o.to), protocol.ReasonNotInForce)
	used := o.rightsUsed()
	if used == nil {
		return o.found
	}
	o.termsFit()
	o.reciprocal(used)
	o.sentAndTold(used)
	for i, day := range o.x.clocks {
		name := "clock-" + string(rune('0'+i))
		if o.begun(day) {
			o.say(name, protocol.Held, protocol.ReasonNotInForce)
		} else {
			o.say(name, protocol.Pass, "")
		}
	}
	for _, x := range o.texts {
		if (x.kind == agreement.KindAssistance || x.kind == agreement.KindDirective) && x.id != o.x.id &&
			o.governs(x) && o.stands(x, o.from, o.to) && o.signedBy(x, o.from, o.to) {
			o.otherTreaty = true
		}
	}
	for _, r := range o.x.rules {
		o.rule(r.id, r)
	}
	o.law(o.from, agreement.LawOfIssuing)
	o.law(o.to, agreement.LawOfReceiving)
	if o.channel == agreement.Direct {
		for _, p := range append([]protocol.Party{o.to}, o.Facts.Addressee.AlsoUnder...) {
			o.law(p, agreement.LawOfProvider)
		}
	}
	return o.found
}

// governed reports whether there is a governing text.
func (o *oracle) governed() bool {
	ref := o.Facts.Ref
	if ref.ID == "" {
		return o.check(agreement.StepAgreement, o.x != nil, protocol.ReasonNoAgreement) &&
			o.check(agreement.StepVersion, true, "")
	}
	held, governing := false, false
	for _, x := range o.texts {
		held = held || x.id == ref.ID
		governing = governing || x.id == ref.ID && o.governs(x)
	}
	if !held {
		return o.check(agreement.StepAgreement, false, protocol.ReasonNoAgreement)
	}
	return o.check(agreement.StepAgreement, governing, protocol.ReasonNotGoverning) &&
		o.check(agreement.StepVersion, o.x != nil && !o.replaced(o.x), protocol.ReasonVersion)
}

// rightsUsed are the rights that are used, each once; nil if one is missing.
func (o *oracle) rightsUsed() []*right {
	var used []*right
	asked := o.Req.Categories()
	for _, item := range o.Req.Data {
		if !slices.Contains(protocol.Categories(), item.Category) {
			o.say(agreement.StepRight, protocol.Fail, protocol.ReasonIncomplete)
			return nil
		}
	}
	for i, c := range asked {
		r := o.rightOf(o.x, o.from, o.to, c, o.emergency())
		if r == nil {
			o.say(agreement.StepRight, protocol.Fail, o.whyNot(c, i > 0))
			return nil
		}
		if !slices.Contains(used, r) {
			used = append(used, r)
		}
	}
	o.check(agreement.StepRight, len(used) > 0, protocol.ReasonIncomplete)
	return used
}

func (o *oracle) whyNot(c protocol.Category, before bool) protocol.Reason {
	if o.rightOf(o.x, o.from, o.to, c, true) != nil {
		return protocol.ReasonEmergencyScope
	}
	for _, any := range categories {
		// Also a right for emergencies only shows that the type is granted.
		if before || o.rightOf(o.x, o.from, o.to, any, true) != nil {
			return protocol.ReasonCategory
		}
	}
	return protocol.ReasonNoRight
}

func (o *oracle) termsFit() {
	said := false
	for _, item := range o.Req.Data {
		for _, own := range item.Own {
			said = true
			if !slices.ContainsFunc(o.x.terms, func(t term) bool {
				return t.own == own && (t.of == string(item.Category) || t.of == string(o.Req.Type))
			}) {
				o.say(agreement.StepTerms, protocol.Fail, protocol.ReasonTerms)
				return
			}
		}
	}
	if said {
		o.say(agreement.StepTerms, protocol.Pass, "")
	}
}

func (o *oracle) reciprocal(used []*right) {
	ok := true
	for _, c := range o.Req.Categories() {
		if o.suspends(o.x, o.to, o.from, c) || o.excludes(o.x, o.to, o.from, c, false) {
			ok = false
		}
		if o.rightOf(o.x, o.from, o.to, c, o.emergency()).reciprocity != agreement.Mirrored {
			ok = ok && !o.excludes(o.x, o.from, o.to, c, true)
			continue
		}
		if o.rightOf(o.x, o.to, o.from, c, o.emergency()) == nil || o.suspends(o.x, o.from, o.to, c) ||
			o.excludes(o.x, o.from, o.to, c, false) {
			ok = false
		}
	}
	promised := slices.ContainsFunc(used, func(r *right) bool { return r.reciprocity == agreement.Promise })
	if !o.check(agreement.StepReciprocal, ok, protocol.ReasonNotReciprocal) || !promised {
		return
	}
	if o.Req.Promise != "" && (attests(o.Req.Attestations, agreement.PromiseStatement) || o.certifies(agreement.PromiseStatement)) {
		o.say(agreement.StepPromise, protocol.Pass, "")
	} else {
		o.say(agreement.StepPromise, protocol.Held, protocol.ReasonNotReciprocal)
	}
}

// sentAndTold says whether whoever alone may send it does, and whether whoever
// must be told is.
func (o *oracle) sentAndTold(used []*right) {
	var last protocol.Role
	for _, r := range used {
		if r.sentBy == "" || r.sentBy == last {
			continue
		}
		last = r.sentBy
		if s := o.Facts.Sender; s.Party == o.from && slices.Contains(s.Roles, r.sentBy) {
			o.say(agreement.StepTransmission, protocol.Pass, "")
		} else {
			o.say(agreement.StepTransmission, protocol.Held, protocol.ReasonCertification)
		}
	}
	for _, r := range used {
		switch {
		case r.tells == "":
		case r.tellsOption != "" && !o.matters(r.tellsOption):
			o.say(agreement.StepNotification, protocol.NotApplicable, "")
		case slices.ContainsFunc(o.Facts.Notified, func(s agreement.Standing) bool {
			return s.Party == o.to && s.ID != o.Facts.Addressee.ID && slices.Contains(s.Roles, r.tells)
		}):
			o.say(agreement.StepNotification, protocol.Pass, "")
		default:
			o.say(agreement.StepNotification, protocol.Held, protocol.ReasonNotification)
		}
	}
}

// rule says what a rule finds, under a name.
func (o *oracle) rule(name string, r rule) {
	has := func(list []protocol.Party, p protocol.Party) bool { return len(list) == 0 || slices.Contains(list, p) }
	switch {
	case !has(r.from, o.from), !has(r.to, o.to), r.option != "" && !o.matters(r.option),
		r.says.applies != nil && !r.says.applies(o.matter):
		if r.capacity == "" { // of a Party's own law only what applies is reported
			o.say(name, protocol.NotApplicable, "")
		}
	case r.says.met != nil && r.says.met(o.matter):
		o.say(name, protocol.Pass, "")
	default:
		outcome := map[agreement.Otherwise]protocol.Outcome{agreement.OtherwiseDeny: protocol.Fail,
			agreement.OtherwiseHold: protocol.Held, agreement.OtherwiseFlag: protocol.Flag}[r.otherwise]
		o.say(name, outcome, protocol.ReasonIncomplete)
	}
}

// law applies a Party's own law in a capacity.
func (o *oracle) law(p protocol.Party, c agreement.LawCapacity) {
	for _, x := range o.texts {
		if x.kind != agreement.KindDomestic || !o.stands(x, p) || !o.signedBy(x, p) || x.members[0].party != p {
			continue
		}
		for _, r := range x.rules {
			if r.capacity == c {
				o.rule(x.id+"/"+r.id, r)
			}
		}
	}
}
