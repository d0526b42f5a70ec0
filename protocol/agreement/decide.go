package agreement

import (
	"slices"
	"strings"

	"comity.example/protocol"
)

// The names under which the steps before an agreement's own rules report.
const (
	StepParticipants = "participants"
	StepAgreement    = "agreement"
	StepVersion      = "version"
	StepSigned       = "signed"
	StepInForce      = "in_force"
	StepRight        = "right"
	StepReciprocal   = "reciprocal"
	StepPromise      = "reciprocity_promise"
	StepTransmission = "transmission"
)

// Decide says whether an agreement carries the request, step by step and rule
// by rule. It is a pure function of the Book, the request and the facts: the
// same on both sides and in court.
//
// The verdict is the worst of the findings. A denied request comes with the
// other routes by which it could be made.
func (b *Book) Decide(req *protocol.Request, f Facts) protocol.Decision {
	if req == nil {
		req = &protocol.Request{}
	}
	d := &deciding{book: b, req: req, facts: &f, pair: pair{f.Issuing.Party, f.Addressee.Party}}
	d.findings = make([]protocol.Finding, 0, expectedFindings)
	for _, step := range steps {
		if !step(d) {
			break
		}
	}
	return d.conclude()
}

// expectedFindings is how much room a decision gets at once, in findings.
const expectedFindings = 40

// steps are taken in the order of a document. A step that returns false is one
// without which the later ones have no meaning. It is never written to.
var steps = []func(*deciding) bool{
	(*deciding).participants,
	(*deciding).agreement,
	(*deciding).version,
	(*deciding).signed,
	(*deciding).inForce,
	(*deciding).right,
	(*deciding).reciprocal,
	(*deciding).transmission,
	(*deciding).clocks,
	(*deciding).rules,
}

// A deciding is one decision while it is made.
type deciding struct {
	book  *Book
	req   *protocol.Request
	facts *Facts
	pair  pair

	channel Channel
	entry   *entry   // the governing agreement, once found
	granted []*Right // by position in the request's categories

	findings []protocol.Finding
}

func (d *deciding) add(f protocol.Finding) { d.findings = append(d.findings, f) }

// check adds the finding of a step that passes or denies.
func (d *deciding) check(ok bool, f protocol.Finding) bool {
	f.Outcome = protocol.Fail
	if ok {
		f.Outcome, f.Reason = protocol.Pass, ""
	}
	d.add(f)
	return ok
}

// participants refuses facts that are not about this request.
func (d *deciding) participants() bool {
	f := d.facts
	ok := f.Issuing.is(d.req.Issuer) && f.Addressee.is(d.req.Addressee)
	return d.check(ok, protocol.Finding{Rule: StepParticipants, Reason: protocol.ReasonUnregistered,
		Text: "The issuing authority and the addressee must stand in the registers of their Parties."})
}

// agreement finds the governing agreement, or sees whether the named one
// governs.
func (d *deciding) agreement() bool {
	switch {
	case slices.Contains(d.facts.Addressee.Roles, protocol.RoleProvider):
		d.channel = Direct
	case slices.Contains(d.facts.Addressee.Roles, protocol.RoleCentral):
		d.channel = Central
	}
	if d.facts.Ref.ID == "" {
		d.entry = d.find()
		return d.check(d.entry != nil, protocol.Finding{Rule: StepAgreement,
			Reason: protocol.ReasonNoAgreement,
			Text: "An agreement between the two Parties must grant what is asked, of this kind " +
				"of addressee."})
	}
	versions := d.book.byID[d.facts.Ref.ID]
	if len(versions) == 0 {
		return d.check(false, protocol.Finding{Rule: StepAgreement, Reason: protocol.ReasonNoAgreement,
			Text: "The agreement that the request names must be one that this node holds."})
	}
	governs := slices.ContainsFunc(versions,
		func(e *entry) bool { return e.doc.Governs(d.pair.from, d.pair.to) })
	return d.check(governs, protocol.Finding{Rule: StepAgreement, Reason: protocol.ReasonNotGoverning,
		Text: "The agreement that the request names must bind both Parties."})
}

// find returns the agreement that carries the request: one in force before
// one that is not, in the order of their ids. What it chooses does not depend
// on notices, so that a suspension never moves a request to another agreement.
func (d *deciding) find() *entry {
	var past *entry
	for _, e := range d.book.byPair[d.pair] {
		if !e.grantsAll(d.req, d.pair, d.channel) {
			continue
		}
		if e.doc.Stands(d.facts.At) {
			return e
		}
		if past == nil {
			past = e
		}
	}
	return past
}

// version finds the version that the request relies on.
func (d *deciding) version() bool {
	ref := d.facts.Ref
	if ref.ID != "" {
		d.entry = d.pick(ref.Version)
	}
	return d.check(d.entry != nil, protocol.Finding{Rule: StepVersion, Reason: protocol.ReasonVersion,
		Text: "This node must hold the version of the agreement that the request names."})
}

// pick returns the named version, or if none is named the newest in force,
// or else the newest.
func (d *deciding) pick(version string) *entry {
	var newest *entry
	for _, e := range d.book.byID[d.facts.Ref.ID] {
		if !e.doc.Governs(d.pair.from, d.pair.to) {
			continue
		}
		if version == e.doc.Version || version == "" && e.doc.Stands(d.facts.At) {
			return e
		}
		if newest == nil && version == "" {
			newest = e
		}
	}
	return newest
}

func (d *deciding) signed() bool {
	f := protocol.Finding{Rule: StepSigned, Reason: protocol.ReasonUnsigned,
		Text: "Both Parties must have signed this text of the agreement."}
	if !d.book.signatures {
		f.Outcome, f.Reason = protocol.NotApplicable, ""
		d.add(f)
		return true
	}
	d.check(d.book.usable(d.entry, d.pair), f)
	return true
}

func (d *deciding) inForce() bool {
	d.check(d.entry.doc.Stands(d.facts.At), protocol.Finding{Rule: StepInForce,
		Reason: protocol.ReasonNotInForce,
		Text:   "The agreement must be in force at the time of the request."})
	return true
}

// conclude makes the decision of the findings. Without a finding it denies.
func (d *deciding) conclude() protocol.Decision {
	out := protocol.Decision{Verdict: verdictOf(d.findings), Agreement: d.facts.Ref,
		Findings: d.findings, At: d.facts.At}
	if d.entry != nil {
		out.Agreement = d.entry.doc.Ref()
		out.Documents = slices.Clone(d.entry.digests)
	}
	if out.Verdict == protocol.Deny {
		out.Routes = d.routes()
	}
	return out
}

func verdictOf(findings []protocol.Finding) protocol.Verdict {
	verdict := protocol.Allow
	for i := range findings {
		switch findings[i].Outcome {
		case protocol.Pass, protocol.NotApplicable:
		case protocol.Held:
			verdict = min(verdict, protocol.Hold)
		default:
			return protocol.Deny
		}
	}
	if len(findings) == 0 {
		return protocol.Deny
	}
	return verdict
}

// grantsAll reports whether the rights of the document cover all that the
// request asks for, by that channel.
func (e *entry) grantsAll(req *protocol.Request, p pair, c Channel) bool {
	for _, item := range req.Data {
		if e.doc.rightFor(p, c, req.Type, item.Category) == nil {
			return false
		}
	}
	return len(req.Data) > 0
}

// rightFor returns the first right of the document that covers the type and
// the category in that direction, by that channel.
func (d *Document) rightFor(p pair, c Channel, t protocol.RequestType,
	cat protocol.Category) *Right {
	for i := range d.Rights {
		r := &d.Rights[i]
		if r.Channel == c && r.joins(p.from, p.to) && r.covers(t, cat) {
			return r
		}
	}
	return nil
}

// articles names the articles of the rights, each once.
func articles(rights []*Right) string {
	var out []string
	for _, r := range rights {
		if !slices.Contains(out, r.Article) {
			out = append(out, r.Article)
		}
	}
	return strings.Join(out, "; ")
}
