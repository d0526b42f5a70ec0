package draft

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/lint"
)

// A move fills in a member that a rule looks at. It shares nothing with the
// request as it was before.
type move struct {
	looks string // the variable
	do    func(*solving, *protocol.Request)
}

// moves are tried in this order, each where a rule that is not met looks at its
// variable. It is never written to.
var moves = []move{
	{"request.proceedings", func(_ *solving, r *protocol.Request) { r.Proceedings = protocol.StageInvestigation }},
	{"request.has_facts", func(_ *solving, r *protocol.Request) {
		r.Facts = "On 3 occasions the suspect wrote to victims that goods had been sent, and took their payments; " +
			"the victims' statements and the bank's records show it."
	}},
	{"request.has_nexus", func(_ *solving, r *protocol.Request) {
		r.Nexus = "The victims got these letters from this account, in the time that is asked for."
	}},
	{"request.has_promise", func(s *solving, r *protocol.Request) {
		r.Promise = "The issuing Party will give the same assistance in a like case."
	}},
	{"request.related", func(_ *solving, r *protocol.Request) {
		r.Related = []protocol.Related{{Relation: protocol.RelationFollows, Reference: "24/7-117"}}
	}},
	{"request.languages", func(s *solving, r *protocol.Request) { r.Languages = s.languages() }},
	{"service.class", func(_ *solving, r *protocol.Request) {
		r.Service = &protocol.Service{Class: protocol.ServiceCommunications}
	}},
	{"service.capacity", func(_ *solving, r *protocol.Request) {
		if r.Service == nil {
			r.Service = &protocol.Service{Class: protocol.ServiceCommunications}
		}
		service := *r.Service
		service.Capacity = protocol.CapacityController
		r.Service = &service
	}},
	{"offence.committed_in", func(_ *solving, r *protocol.Request) {
		r.Offence.CommittedIn = []protocol.Party{r.Issuer.Party()}
	}},
	{"offence.listed_in", func(s *solving, r *protocol.Request) { s.list(r) }},
	{"offence.category", func(s *solving, r *protocol.Request) { s.list(r) }},
	{"offence.receiving_max_custody_months", func(_ *solving, r *protocol.Request) { r.Offence.ReceivingMaxCustodyMonths = 60 }},
}

// solving fills in a template.
type solving struct {
	want *Want
	t    *Template
}

// decide decides the template as it is.
func (s *solving) decide() protocol.Decision {
	r := &s.t.Request
	f := Assume(r, s.t.Role, s.want.At)
	f.Ref = s.want.Document.Ref()
	f.Notified = Told(r.Addressee.Party(), s.want.Book.Notifies(r, f)...)
	return s.want.Book.Decide(r, f)
}

// A change fills in one member or makes one statement.
type change func(*protocol.Request)

// solve makes the changes that bring the request nearer to what the agreement
// asks for, until none does. Each pass brings it nearer, so it ends.
func (s *solving) solve() {
	for s.step() {
	}
	s.nameLanguages()
	s.t.Statements = s.statements()
	s.t.Certified = s.certified()
}

func (s *solving) step() bool {
	d := s.decide()
	before := s.distance(&d)
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Outcome == protocol.Pass || f.Outcome == protocol.NotApplicable {
			continue
		}
		for _, set := range s.changes(f) {
			if s.try(before, set) {
				return true
			}
		}
	}
	for _, defect := range s.lint() {
		for _, m := range moves {
			if memberOf(m.looks) == defect.Member && s.try(before, []change{s.makes(m)}) {
				return true
			}
		}
	}
	return false
}

func (s *solving) lint() []lint.Defect { return lint.Lint(&s.t.Request, s.want.Document, s.want.At) }

func (s *solving) makes(m move) change { return func(r *protocol.Request) { m.do(s, r) } }

// changes returns what may meet a rule, the least first: the members that it
// looks at, with none of its statements, with each of them, with all of them. To
// spare a mere warning nothing is stated: in the ordinary case it is not so.
func (s *solving) changes(f *protocol.Finding) [][]change {
	var members []change
	for _, m := range moves {
		if slices.Contains(f.Inputs, m.looks) {
			members = append(members, s.makes(m))
		}
	}
	out := [][]change{members}
	x := s.rule(f.Rule)
	if x == nil || x.By == protocol.RoleDesignated || f.Outcome == protocol.Flag {
		return out
	}
	all := slices.Clone(members)
	for _, st := range x.Statements {
		out = append(out, append(slices.Clone(members), attests(st.Code)))
		all = append(all, attests(st.Code))
	}
	return append(out, all)
}

func attests(code string) change {
	return func(r *protocol.Request) {
		r.Attestations = append(slices.Clone(r.Attestations), protocol.Attestation{Statement: code})
	}
}

// try makes the changes of a set that are needed for it to help, if it helps.
func (s *solving) try(before int, set []change) bool {
	old := s.t.Request
	best := s.after(old, set)
	if best >= before {
		s.t.Request = old
		return false
	}
	for i := len(set) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(set), i, i+1); s.after(old, fewer) <= best {
			set = fewer
		}
	}
	s.after(old, set)
	return true
}

// after makes the changes of a set to a request, and returns how far it then is
// from what the agreement asks for.
func (s *solving) after(r protocol.Request, set []change) int {
	s.t.Request = r
	for _, c := range set {
		c(&s.t.Request)
	}
	d := s.decide()
	return s.distance(&d)
}

// statements puts what the request attests into the order of the document, and
// returns what it means.
func (s *solving) statements() []Statement {
	var out []Statement
	made := s.t.Request.Attestations
	s.t.Request.Attestations = nil
	for i := range s.want.Document.Rules {
		x := &s.want.Document.Rules[i]
		for _, st := range x.Statements {
			at := slices.IndexFunc(made, func(a protocol.Attestation) bool { return a.Statement == st.Code })
			if at < 0 {
				continue
			}
			s.t.Request.Attestations = append(s.t.Request.Attestations, made[at])
			made = slices.Delete(slices.Clone(made), at, at+1)
			out = append(out, statementOf(x, st))
		}
	}
	return out
}

// certified returns what the certifying authority is still to attest.
func (s *solving) certified() []Statement {
	var out []Statement
	d := s.decide()
	for i := range d.Findings {
		x := s.rule(d.Findings[i].Rule)
		if d.Findings[i].Outcome == protocol.Held && x != nil && x.By == protocol.RoleDesignated && len(x.Statements) > 0 {
			out = append(out, statementOf(x, x.Statements[0]))
		}
	}
	return out
}

func statementOf(x *agreement.Rule, st agreement.Statement) Statement {
	out := Statement{Code: st.Code, Article: x.Article, Text: st.Text}
	for _, other := range x.Statements {
		if other.Code != st.Code && x.Kind == agreement.Attested {
			out.Or = append(out.Or, other.Code)
		}
	}
	return out
}

// rule returns the rule of the document, or nil.
func (s *solving) rule(id string) *agreement.Rule {
	for i := range s.want.Document.Rules {
		if r := &s.want.Document.Rules[i]; r.ID == id {
			return r
		}
	}
	return nil
}

// Weights of what is not met: any denial is worse than all that holds, and any
// hold worse than all flags. A document has at most some hundreds of rules.
const (
	weighsFail = 1_000_000
	weighsHold = 1_000
	weighsFlag = 1
)

// distance is how far the request is from one that nothing is missing from and
// that has no defect.
func (s *solving) distance(d *protocol.Decision) int {
	n := weighsFlag * len(s.lint())
	for i := range d.Findings {
		switch d.Findings[i].Outcome {
		case protocol.Fail:
			n += weighsFail
		case protocol.Held:
			n += weighsHold
		case protocol.Flag:
			n += weighsFlag
		}
	}
	return n
}

// languages returns those of the two Parties, the addressee's first.
func (s *solving) languages() []string {
	var out []string
	for _, p := range []protocol.Party{s.t.Request.Addressee.Party(), s.t.Request.Issuer.Party()} {
		list := lint.Languages(p)
		if len(list) > 0 && !slices.Contains(out, list[0]) {
			out = append(out, list[0])
		}
	}
	if len(out) < 2 && !slices.Contains(out, "en") {
		out = append(out, "en")
	}
	return out
}

// nameLanguages names the languages that are known where a rule that is not met
// looks at them, though they do not meet it alone.
func (s *solving) nameLanguages() {
	d := s.decide()
	for i := range d.Findings {
		f := &d.Findings[i]
		unmet := f.Outcome != protocol.Pass && f.Outcome != protocol.NotApplicable
		if unmet && len(s.t.Request.Languages) == 0 && slices.Contains(f.Inputs, "request.languages") {
			s.t.Request.Languages = s.languages()
		}
	}
}

// list puts the offence on a list of the document: as fraud if there is such an
// entry, which the other examples speak of, else as the first.
func (s *solving) list(r *protocol.Request) {
	for _, l := range s.want.Document.Lists {
		for _, e := range l.Entries {
			if r.Offence.Category == "" {
				r.Offence.Category = e.Code
			}
			if e.Code == "fraud" || e.Code == "computer_fraud" {
				r.Offence.Category = e.Code
				return
			}
		}
	}
}
