package agreement

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"comity.example/protocol"
)

func (s *source) rule(d *Document) func(ast.Node, string) {
	return func(n ast.Node, what string) {
		var r Rule
		var when, require ast.Node
		var question, advice string
		s.mapping(n, what, append(s.mark(&r.Mark, what),
			need("id", s.id(&r.ID, what+".id")),
			need("article", s.into(&r.Article, what+".article")),
			need("kind", choose(s, &r.Kind, what+".kind", ruleKinds())),
			may("from", s.partySet(&r.From, what+".from")),
			may("to", s.partySet(&r.To, what+".to")),
			may("when", func(n ast.Node) { when, r.When = n, s.text(n, what+".when") }),
			may("require", func(n ast.Node) { require, r.Require = n, s.text(n, what+".require") }),
			may("statements", s.statements(&r, what+".statements")),
			need("otherwise", choose(s, &r.Otherwise, what+".otherwise", otherwises())),
			need("reason", choose(s, &r.Reason, what+".reason", protocol.Reasons())),
			may("side", choose(s, &r.Side, what+".side", sides())),
			may("role", choose(s, &r.Role, what+".role", protocol.Roles())),
			need("text", s.into(&r.Text, what+".text")),
			may("proven_for", s.partySet(&r.ProvenFor, what+".proven_for")),
			may("by", choose(s, &r.By, what+".by", protocol.Roles())),
			may("option", s.id(&r.Option, what+".option")),
			may("capacity", choose(s, &r.Capacity, what+".capacity", capacities())),
			may("question", s.into(&question, what+".question")),
			may("advice", s.into(&advice, what+".advice")),
		)...)
		r.Ask = question + advice // a rule has one of the two, checkAsk sees to it
		s.checkAsk(n, &r, question)
		r.when = s.expression(when, r.When, what+".when")
		r.require = s.expression(require, r.Require, what+".require")
		r.name = r.ID
		var said []string
		if r.Kind == Attested {
			said = []string{"attested", "certified"}
		}
		if r.By != "" {
			said = append(said, "certification.roles", "officer.roles")
		}
		r.inputs = looksAt(said, r.when, r.require)
		s.checkMark(n, r.Mark, what)
		s.checkRule(n, &r, what)
		s.checkFindingID(n, d, r.ID, what)
		d.Rules = append(d.Rules, r)
	}
}

func (s *source) expression(n ast.Node, text, what string) *expression {
	if text == "" {
		return nil
	}
	e, err := compile(text)
	if err != nil {
		s.bad(n, "%s: %v", what, err)
	}
	return e
}

func (s *source) statements(r *Rule, what string) func(ast.Node) {
	return s.statementList(&r.Statements, what)
}

// statementList reads codes with their texts, each code once.
func (s *source) statementList(dst *[]Statement, what string) func(ast.Node) {
	return func(n ast.Node) {
		s.each(n, what, func(item ast.Node, what string) {
			var st Statement
			s.mapping(item, what,
				need("code", s.code(&st.Code, what+".code")),
				need("text", s.into(&st.Text, what+".text")),
			)
			if slices.ContainsFunc(*dst, func(x Statement) bool { return x.Code == st.Code }) {
				s.bad(item, "%s.code: %q stands twice: want it once", what, clip(st.Code))
			}
			*dst = append(*dst, st)
		})
	}
}

// checkAsk sees that a person who is to decide is asked something, and that a
// rule that only warns says what to do. Ask is the question and the advice.
func (s *source) checkAsk(n ast.Node, r *Rule, question string) {
	switch {
	case r.Kind == Judgement && (question == "" || r.Ask != question):
		s.bad(n, "rule %s: want the question that a person answers, and no advice", r.ID)
	case r.Kind != Judgement && question != "":
		s.bad(n, "rule %s: leave out question: only a rule left to judgement has one", r.ID)
	case r.Otherwise == OtherwiseFlag && r.Kind != Judgement && r.Ask == "":
		s.bad(n, "rule %s: advice is missing: a rule that only warns says what to do", r.ID)
	}
}

// checkRule sees that a rule has what its kind needs, and only that.
func (s *source) checkRule(n ast.Node, r *Rule, what string) {
	switch {
	case r.Kind == Computed && r.Require == "":
		s.bad(n, "%s.require: missing: a computed rule says what it requires", what)
	case r.Kind == Attested && len(r.Statements) == 0:
		s.bad(n, "%s.statements: missing: an attested rule names what an officer attests", what)
	case r.Kind != Computed && r.Kind != "" && r.Require != "":
		s.bad(n, "%s.require: leave it out: only a computed rule has it", what)
	case r.Kind != Attested && r.By != "":
		s.bad(n, "%s.by: leave it out: only an attested rule has it", what)
	case r.Kind == Judgement && (len(r.Statements) > 0 || r.Otherwise != OtherwiseHold):
		// The machine never refuses on judgement.
		s.bad(n, "%s: want otherwise: hold and no statements: a person decides", what)
	}
	hold := r.Otherwise == OtherwiseHold
	if hold != (r.Side != "") || hold != (r.Role != "") {
		s.bad(n, "%s: want side and role, who is to act on it, exactly when otherwise is hold", what)
	}
	if !r.ProvenFor.IsZero() && r.Provenance != Verified {
		s.bad(n, "%s.proven_for: leave it out: only a verified rule has it", what)
	}
}

// IsStep reports whether a finding is of a step, and of no rule or clock.
func IsStep(finding string) bool {
	return slices.Contains([]string{StepParticipants, StepAgreement, StepVersion, StepSigned, StepInForce, StepRight,
		StepTerms, StepReciprocal, StepPromise, StepTransmission, StepNotification, StepGround, StepDeletion}, finding)
}

// steps and rules and clocks report under their names: none may pass for
// another.
func (s *source) checkFindingID(n ast.Node, d *Document, id, what string) {
	if IsStep(id) {
		s.bad(n, "%s.id: %q is the name of a step: want another id", what, id)
	}
	if slices.ContainsFunc(d.Rules, func(x Rule) bool { return x.ID == id }) ||
		slices.ContainsFunc(d.Clocks, func(x Clock) bool { return x.ID == id }) ||
		slices.ContainsFunc(d.Deletions, func(x DeletionTerm) bool { return x.ID == id }) {
		s.bad(n, "%s.id: two rules, clocks or deletions are %q: want another id", what, clip(id))
	}
}

func (s *source) checkDates(n ast.Node, d *Document) {
	bad := func(member, format string, args ...any) {
		s.bad(s.at("document."+member, s.at("document.status", n)),
			"document."+member+": "+format, args...)
	}
	courtesy := d.Kind == KindCourtesy // which nobody signed and no day began
	stood := slices.Contains([]Status{InForce, Suspended, Lapsed, Terminated}, d.Status)
	ended := stood && d.Status != InForce
	switch {
	case d.Status == "":
	case courtesy && !(d.Signed.IsZero() && d.InForce.IsZero()):
		bad("signed", "leave out signed and in_force: courtesy has no day from which it binds")
	case stood && d.InForce.IsZero() && !courtesy:
		bad("in_force", "missing: status %s needs the day of entry into force", d.Status)
	case !stood && !d.InForce.IsZero():
		bad("in_force", "leave it out, or mend status: %s was never in force", d.Status)
	case !stood && !d.Expires.IsZero():
		bad("expires", "leave it out, or mend status: %s was never in force", d.Status)
	case ended && d.Ended.IsZero():
		bad("ended", "missing: status %s needs the day from which it is so", d.Status)
	case !ended && !d.Ended.IsZero():
		bad("ended", "leave it out, or mend status: %s has not ended", d.Status)
	case d.Status != Proposed && d.Signed.IsZero() && !courtesy:
		bad("signed", "missing: status %s needs the day of signature", d.Status)
	}
	const order = "%s is before %s, %s: mend one of the two"
	if !d.InForce.IsZero() && d.InForce.t.Before(d.Signed.t) {
		bad("in_force", order, d.InForce, "signed", d.Signed)
	}
	if !d.Expires.IsZero() && !d.Expires.t.After(d.InForce.t) {
		bad("expires", "%s is not after in_force, %s: mend one of the two", d.Expires, d.InForce)
	}
	if !d.Ended.IsZero() && d.Ended.t.Before(d.InForce.t) {
		bad("ended", order, d.Ended, "in_force", d.InForce)
	}
}
