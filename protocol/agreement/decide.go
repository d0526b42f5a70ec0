package agreement

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/common/types/ref"

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
	StepTerms        = "terms"
	StepReciprocal   = "reciprocal"
	StepPromise      = "reciprocity_promise"
	StepTransmission = "transmission"
	StepNotification = "notification"
)

// StepGround is the name under which it is reported that a ground of refusal
// is barred.
const StepGround = "ground"

// Decide says whether an agreement carries the request, step by step and rule
// by rule. It is a pure function of the Book, the request and the facts: the
// same on both sides and in court.
//
// The verdict is the worst of the findings. A denied request comes with the
// other routes by which it could be made.
func (b *Book) Decide(req *protocol.Request, f Facts) protocol.Decision {
	d := b.examine(req, f)
	defer d.release()
	return d.conclude()
}

// Notifies returns the roles of those participants of the receiving Party who
// must get the request at the same time as its addressee, each once.
func (b *Book) Notifies(req *protocol.Request, f Facts) []protocol.Role {
	d := b.examine(req, f)
	defer d.release()
	return slices.Clone(d.tell)
}

// examine takes the steps.
func (b *Book) examine(req *protocol.Request, f Facts) *deciding {
	if req == nil {
		req = &protocol.Request{}
	}
	d := spare.Get().(*deciding)
	d.book, d.req, d.given, d.facts, d.pair = b, req, f, &d.given, pair{f.Issuing.Party, f.Addressee.Party}
	d.asked = req.Categories()
	d.vars.in = input{req: req, facts: d.facts}
	d.find()
	for _, step := range steps {
		if !step(d) {
			break
		}
	}
	return d
}

// A Ground is what somebody gives for the refusal of a request that From made of
// To under an agreement.
type Ground struct {
	Agreement protocol.AgreementRef
	Reason    protocol.Reason
	From, To  protocol.Party
	At        time.Time
	// Unasked says that an authority refuses that names nothing it asked before.
	Unasked bool
}

// Refuse says whether a ground may be given. The decision allows it, or denies
// because the agreement bars the ground.
func (b *Book) Refuse(g Ground) protocol.Decision {
	out := protocol.Decision{Verdict: protocol.Allow, Agreement: g.Agreement, At: g.At, Findings: []protocol.Finding{
		{Rule: StepGround, Outcome: protocol.Pass, Text: "The agreement must not bar the ground of the refusal."}}}
	p := pair{g.From, g.To}
	e := b.pick(g.Agreement, p, g.At)
	if e == nil {
		return out
	}
	out.Agreement, out.Documents = e.doc.Ref(), slices.Clone(e.digests)
	out.Findings = append(out.Findings, g.consultFirst(e.doc)...)
	x := e.doc.barred(g.Reason, p)
	if x != nil && (x.Only == "" || !b.otherTreaty(e.doc, p, g.At)) {
		out.Verdict = protocol.Deny
		out.Findings[0] = protocol.Finding{Rule: StepGround, Article: x.Article, Outcome: protocol.Fail,
			Reason: protocol.ReasonBarredGround, Text: x.Text, Provenance: string(x.Provenance)}
	}
	return out
}

// steps are taken in the order of a document. A step that returns false is one
// without which the later ones have no meaning. It is never written to.
var steps = []func(*deciding) bool{
	(*deciding).participants,
	(*deciding).agreement,
	(*deciding).version,
	(*deciding).signed,
	(*deciding).inForce,
	(*deciding).right,
	(*deciding).terms,
	(*deciding).reciprocal,
	(*deciding).transmission,
	(*deciding).notification,
	(*deciding).clocks,
	(*deciding).rules,
	(*deciding).domesticLaw,
}

// A deciding is one decision while it is made.
type deciding struct {
	book  *Book
	req   *protocol.Request
	given Facts
	facts *Facts // given
	asked []protocol.Category
	pair  pair

	channel Channel
	entry   *entry          // the governing agreement, once found
	granted []*Right        // those that are used, each once
	law     []*entry        // the domestic law that was looked at
	tell    []protocol.Role // who must be told at the same time

	vars     values
	findings []protocol.Finding
}

// spare are decisions that are done, emptied: the room that one takes while it is
// made is larger than what is left of it.
var spare = sync.Pool{New: func() any {
	return &deciding{vars: values{made: make([]ref.Val, len(variables)), seen: make([]bool, len(variables))}}
}}

// release gives the room back. Nothing of the request stays in it, and nobody may
// hold on to it.
func (d *deciding) release() {
	clear(d.findings)
	clear(d.vars.made)
	clear(d.vars.text)
	clear(d.law)
	*d = deciding{findings: d.findings[:0], law: d.law[:0],
		vars: values{made: d.vars.made, seen: d.vars.seen, text: d.vars.text[:0], ends: d.vars.ends[:0]}}
	spare.Put(d)
}

// wants returns what is asked for, of one category.
func (d *deciding) wants(c protocol.Category) wanted {
	return wanted{typ: d.req.Type, category: c, emergency: urgent(d.req)}
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
	if d.facts.Ref.ID == "" {
		f := protocol.Finding{Rule: StepAgreement, Reason: protocol.ReasonNoAgreement,
			Text: "An agreement between the two Parties must grant what is asked, of this kind of addressee."}
		if d.within() {
			f.Text = "The law of the Party must grant what is asked within it, of this kind of addressee."
		}
		return d.check(d.entry != nil, f)
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

// within reports whether a Party asks within itself.
func (d *deciding) within() bool { return d.pair.from == d.pair.to }

// find looks for the agreement that governs, where none is named: of those that
// grant what is asked the first that is in force, or else the first (Book.index
// has the order). What it chooses does not depend on notices, so that a
// suspension never moves a request to another agreement.
func (d *deciding) find() {
	switch {
	case slices.Contains(d.facts.Addressee.Roles, protocol.RoleProvider):
		d.channel = Direct
	case slices.Contains(d.facts.Addressee.Roles, protocol.RoleCentral),
		slices.Contains(d.facts.Addressee.Roles, protocol.RoleContact):
		d.channel = Central
	}
	if d.facts.Ref.ID == "" {
		d.entry = d.first()
	} else {
		d.entry = d.book.pick(d.facts.Ref, d.pair, d.facts.At)
	}
	if d.entry != nil { // before any expression asks: a variable is made once
		d.vars.in.doc, d.vars.in.other = d.entry.doc, d.book.otherTreaty(d.entry.doc, d.pair, d.facts.At)
	}
}

func (d *deciding) first() *entry {
	var past *entry
	for e := range d.book.between(d.pair) {
		if !d.grantsAll(e, d.pair, d.channel) || d.book.successor(e, d.pair, d.facts.At) != nil {
			continue
		}
		if e.doc.StandsFor(d.facts.At, d.pair.from, d.pair.to) {
			return e
		}
		if past == nil {
			past = e
		}
	}
	return past
}

// version finds the version that the request relies on. One that a newer version
// has replaced between the two Parties carries nothing any more.
func (d *deciding) version() bool {
	f := protocol.Finding{Rule: StepVersion, Reason: protocol.ReasonVersion,
		Text: "This node must hold the version of the agreement that the request names."}
	if d.entry == nil {
		return d.check(false, f)
	}
	next := d.book.successor(d.entry, d.pair, d.facts.At)
	if next != nil {
		f.Text = fmt.Sprintf("The request must rely on the version in force: version %s replaced version %s.",
			next.doc.Version, d.entry.doc.Version)
	}
	return d.check(next == nil, f)
}

// successor returns the newest version of an agreement that has replaced the
// entry between two Parties: it is in force between them and both signed it. It
// returns nil if none has.
func (b *Book) successor(e *entry, p pair, at time.Time) *entry {
	for _, newer := range b.byID[e.doc.ID] {
		if newer == e {
			break // the newest come first
		}
		if newer.doc.Governs(p.from, p.to) && newer.doc.StandsFor(at, p.from, p.to) && b.usable(newer, p) {
			return newer
		}
	}
	return nil
}

// pick returns the named version, or if none is named the newest in force,
// or else the newest.
func (b *Book) pick(ref protocol.AgreementRef, p pair, at time.Time) *entry {
	var newest *entry
	for _, e := range b.byID[ref.ID] {
		if !e.doc.Governs(p.from, p.to) {
			continue
		}
		if ref.Version == e.doc.Version || ref.Version == "" && e.doc.StandsFor(at, p.from, p.to) {
			return e
		}
		if newest == nil && ref.Version == "" {
			newest = e
		}
	}
	return newest
}

func (d *deciding) signed() bool {
	f := protocol.Finding{Rule: StepSigned, Reason: protocol.ReasonUnsigned,
		Text: "Both Parties must have signed this text of the agreement."}
	if d.within() {
		f.Text = "The Party must have signed this text of its law."
	}
	if !d.book.signatures {
		f.Outcome, f.Reason = protocol.NotApplicable, ""
		d.add(f)
		return true
	}
	d.check(d.book.usable(d.entry, d.pair), f)
	return true
}

func (d *deciding) inForce() bool {
	f := protocol.Finding{Rule: StepInForce, Reason: protocol.ReasonNotInForce,
		Text: "The agreement must be in force at the time of the request."}
	doc := d.entry.doc
	for _, p := range [...]protocol.Party{d.pair.from, d.pair.to} {
		if doc.Stands(d.facts.At) && !doc.StandsFor(d.facts.At, p) {
			f.Text = fmt.Sprintf("The agreement must be in force for both Parties: for %s it is not.", p)
			break
		}
	}
	d.check(doc.StandsFor(d.facts.At, d.pair.from, d.pair.to), f)
	return true
}

// conclude makes the decision of the findings. Without a finding it denies.
func (d *deciding) conclude() protocol.Decision {
	out := protocol.Decision{Verdict: verdictOf(d.findings), Agreement: d.facts.Ref,
		Findings: slices.Clone(d.findings), At: d.facts.At}
	if d.entry != nil {
		out.Agreement = d.entry.doc.Ref()
		out.Documents = slices.Clone(d.entry.digests)
	}
	for _, e := range d.law {
		out.Documents = append(out.Documents, e.digests...)
	}
	out.Inputs = d.vars.inputs(d.findings)
	if out.Verdict == protocol.Deny || d.conflicts() {
		out.Routes = d.routes()
	}
	return out
}

// conflicts reports whether the law of a third country was found in the way.
func (d *deciding) conflicts() bool {
	return slices.ContainsFunc(d.findings, func(f protocol.Finding) bool {
		return f.Outcome == protocol.Flag && f.Reason == protocol.ReasonThirdCountryLaw
	})
}

func verdictOf(findings []protocol.Finding) protocol.Verdict {
	verdict := protocol.Allow
	for i := range findings {
		switch findings[i].Outcome {
		case protocol.Pass, protocol.NotApplicable, protocol.Flag:
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
// request asks for, in a direction and by a channel.
func (d *deciding) grantsAll(e *entry, p pair, c Channel) bool {
	for i := range d.req.Data {
		if e.doc.rightFor(p, c, d.wants(d.req.Data[i].Category)) == nil {
			return false
		}
	}
	return len(d.req.Data) > 0
}

// rightFor returns the first right of the document that covers what is wanted
// in that direction, by that channel.
func (d *Document) rightFor(p pair, c Channel, w wanted) *Right {
	for i := range d.Rights {
		r := &d.Rights[i]
		if r.Channel == c && r.joins(p.from, p.to) && r.covers(w) {
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
