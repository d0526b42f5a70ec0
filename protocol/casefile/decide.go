package casefile

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// Grounds are what a decision rests on besides the act: the registers and the
// agreements as they stand at a moment. Both are immutable.
type Grounds struct {
	Directory *register.Directory
	Book      *agreement.Book
}

// Decide says what the agreements find of a verified act at a time. A request,
// and a certification with the request in it, are decided rule by rule. Of a
// refusal it is decided whether its ground is barred, of a deletion whether a
// document knows its reason. Every other act belongs to a case that was decided
// when it was opened: whether it fits is for Apply.
func (g Grounds) Decide(a *chain.Authentic, at time.Time) protocol.Decision {
	if opens := a.Act.Body.Request != nil || a.Act.Body.Certification != nil; opens {
		f := g.facts(a, at)
		d := g.Book.Decide(a.Request(), f)
		addOwn(&d, a.Origin(), &f)
		return d
	}
	if r := a.Act.Body.Refusal; r != nil && len(a.Act.To) > 0 {
		return g.Book.Refuse(agreement.Ground{Agreement: a.Act.Agreement, Reason: r.Reason,
			From: across(a.Act.To, a.Act.From).Party(), To: a.Act.From.Party(), At: at,
			Unasked: len(r.Answers) == 0 && !slices.Contains(g.Standing(a.Act.From, at).Roles, protocol.RoleProvider)})
	}
	if x := a.Act.Body.Deletion; x != nil {
		return g.Book.Erase(agreement.Erasure{Agreement: a.Act.Agreement, Reason: x.Reason, Action: x.Action,
			By: a.Act.From.Party(), At: at})
	}
	d := Belongs(a.Act.Agreement, at)
	if x := a.Act.Body.Secrecy; x != nil && x.EndMissing() {
		d.Findings = append(d.Findings, protocol.Finding{Rule: RuleSecrecyEnd, Outcome: protocol.Flag,
			Reason: protocol.ReasonSecrecyEnd, Text: "The order of secrecy has no end: nobody will tell the user.",
			Ask: "Name the day on which it ends, or have a court look at it again before long."})
	}
	return d
}

// RuleSecrecyEnd is the finding that flags an order of secrecy without an end.
const RuleSecrecyEnd = "secrecy-without-end"

// across returns the first of ids that is of another Party than from: to whom a
// refusal is said. It is the first where there is none.
func across(ids []protocol.ParticipantID, from protocol.ParticipantID) protocol.ParticipantID {
	for _, id := range ids {
		if id.Party() != from.Party() {
			return id
		}
	}
	return ids[0]
}

// Belongs is the decision on an act of a case that is open.
func Belongs(ref protocol.AgreementRef, at time.Time) protocol.Decision {
	return protocol.Decision{
		Verdict: protocol.Allow, Agreement: ref, At: at,
		Routes: []protocol.Route{}, Documents: []protocol.Digest{},
		Findings: []protocol.Finding{{Rule: "case", Outcome: protocol.Pass,
			Text: "The act belongs to a case that its agreement allowed when it was opened."}},
	}
}

// Files reports whether self takes a as an act of its own open case, whatever
// the agreements find of it by now: the certification of its own request, of
// which the addressee decides. An issuing authority whose node was away when a
// right was suspended must not lose sight of an order that was served before. Nor is
// another's certificate of a deletion refused: what it says is done, and who refused
// it would only not know. A use that is only restricted is judged on both sides.
func Files(a *chain.Authentic, self protocol.ParticipantID, open bool) bool {
	if d := a.Act.Body.Deletion; open && d != nil && d.Action == protocol.Deleted && a.Act.From != self {
		return true
	}
	r := a.Request()
	return open && a.Act.Body.Certification != nil && r != nil && r.Issuer == self && r.Addressee != self
}

// facts gathers what was verified of the act.
func (g Grounds) facts(a *chain.Authentic, at time.Time) agreement.Facts {
	request := a
	if a.Inner != nil {
		request = a.Inner
	}
	f := g.Draft(request.Act.Body.Request, at)
	f.Ref, f.Issued = a.Act.Agreement, request.Act.Issued
	f.Sender = g.Standing(a.Act.From, at)
	f.Officer = officers(request, f.Issuing.Roles)
	f.Notified = g.Standings(a.Act.To, at)
	if c := a.Act.Body.Certification; c != nil {
		f.Certification = agreement.Certification{Present: true, By: f.Sender,
			Invokes: c.Invokes, Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}
	}
	return f
}

// Unfit returns the recipients of a step, and of the request that it carries, that
// are of the receiving Party, not the addressee, and no authority.
func (g Grounds) Unfit(s *Step, at time.Time) []protocol.ParticipantID {
	var out []protocol.ParticipantID
	r := s.Request()
	for ; r != nil && s != nil; s = s.Inner {
		for _, id := range s.Act.To {
			if id.Party() == r.Addressee.Party() && id != r.Addressee && !has(g.Standing(id, at).Roles, authorityRoles[:]...) {
				out = append(out, id)
			}
		}
	}
	return out
}

// Standings returns those of the participants that stand in their registers.
func (g Grounds) Standings(ids []protocol.ParticipantID, at time.Time) []agreement.Standing {
	var out []agreement.Standing
	for _, id := range ids {
		if s := g.Standing(id, at); s.ID != "" {
			out = append(out, s)
		}
	}
	return out
}

// Draft returns the facts of a request that nobody has signed yet: who its
// issuer and addressee are.
func (g Grounds) Draft(r *protocol.Request, at time.Time) agreement.Facts {
	return agreement.Facts{
		At: at, Issued: at,
		Issuing:   g.Standing(r.Issuer, at),
		Addressee: g.Standing(r.Addressee, at),
		Sender:    g.Standing(r.Issuer, at),
		Central: func(p protocol.Party) []protocol.ParticipantID {
			return g.Directory.ByRole(p, protocol.RoleCentral, at)
		},
	}
}

// Standing returns what the registers say of id, the zero Standing if nothing.
func (g Grounds) Standing(id protocol.ParticipantID, at time.Time) agreement.Standing {
	p, err := g.Directory.Participant(id, at)
	if err != nil {
		return agreement.Standing{}
	}
	return agreement.Standing{ID: p.ID, Party: p.ID.Party(), Roles: p.Roles, AlsoUnder: p.AlsoUnder}
}

// officers gathers the roles of those officers who are competent for the
// request, as far as their participant has the role to give.
func officers(a *chain.Authentic, given []protocol.Role) agreement.Officer {
	var o agreement.Officer
	for _, officer := range a.Officers {
		if len(officer.Types) > 0 && !slices.Contains(officer.Types, a.Act.Body.Request.Type) {
			continue
		}
		o.Present = true
		for _, r := range officer.Roles {
			if slices.Contains(given, r) && !slices.Contains(o.Roles, r) {
				o.Roles = append(o.Roles, r)
			}
		}
	}
	return o
}

// StepOf returns the step that a verified and decided act makes.
func StepOf(a *chain.Authentic, d *protocol.Decision) Step {
	s := Step{Act: a.Act, Digest: a.Digest, Decision: d, Endorsed: len(a.Officers) > 0, Roles: a.Sender.Roles}
	if d != nil {
		s.At = d.At
	}
	for _, o := range a.Officers {
		s.Officers, s.Keys = append(s.Officers, o.ID), append(s.Keys, o.Key)
	}
	if a.Inner != nil {
		inner := StepOf(a.Inner, nil)
		s.Inner = &inner
	}
	return s
}
