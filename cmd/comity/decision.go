package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// detail says how much of a decision a person wants to read.
type detail int

const (
	brief detail = iota // what keeps the request or warns, and how many rules are met
	full                // every rule
)

// writeDecision writes what an agreement found: what keeps the request and what
// warns in the order of the document, then the ways that would work, best first.
func writeDecision(w io.Writer, d *protocol.Decision, much detail) {
	field(w, "verdict", verdictText(d))
	if d.Agreement.ID != "" {
		field(w, "agreement", d.Agreement.ID+", version "+d.Agreement.Version)
	}
	outcomes := map[protocol.Outcome]int{}
	for i := range d.Findings {
		f := &d.Findings[i]
		outcomes[f.Outcome]++
		if much == full || f.Outcome != protocol.Pass && f.Outcome != protocol.NotApplicable {
			writeFinding(w, f)
		}
	}
	field(w, "rules", ruleText(outcomes, len(d.Findings)))
	writeProvenance(w, d)
	for _, r := range d.Routes {
		field(w, "route", routeText(r))
	}
}

func ruleText(of map[protocol.Outcome]int, all int) string {
	met, idle, warn := of[protocol.Pass], of[protocol.NotApplicable], of[protocol.Flag]
	text := fmt.Sprintf("%d met, %d do not apply, %d keep it", met, idle, all-met-idle-warn)
	if warn > 0 {
		text += fmt.Sprintf(", %d warn", warn)
	}
	return text
}

func writeProvenance(w io.Writer, d *protocol.Decision) {
	var p agreement.Proof
	for i := range d.Findings {
		f := &d.Findings[i]
		if domestic := strings.Contains(f.Rule, "/"); f.Provenance != "" && !domestic && !agreement.IsStep(f.Rule) {
			p.Add(agreement.Provenance(f.Provenance))
		}
	}
	if !p.Whole() {
		field(w, "proof", "with the days of the clocks, "+p.String())
	}
}

// writeAsked says which statements would meet rules, and how the designated
// authority makes one.
func writeAsked(w io.Writer, rules []*agreement.Rule) {
	for _, rule := range rules {
		text := fmt.Sprintf("%s, for %s", codesOf(rule), rule.ID)
		if rule.By == protocol.RoleDesignated {
			text += ", by the designated authority: comity certify --attest CODE"
		}
		field(w, "attest", text)
	}
}

// unsaid returns the rules with the statements alone that are not there yet, of
// those that a designated authority makes the ones that the certification lacks.
// A rule whose statements are all there waits for something else, and is left out.
func unsaid(rules []*agreement.Rule, request, certification []protocol.Attestation) []*agreement.Rule {
	var out []*agreement.Rule
	for _, rule := range rules {
		said := certification
		if rule.By != protocol.RoleDesignated {
			said = slices.Concat(request, certification)
		}
		left := *rule
		left.Statements = slices.DeleteFunc(slices.Clone(rule.Statements), func(s agreement.Statement) bool {
			return slices.ContainsFunc(said, func(a protocol.Attestation) bool { return a.Statement == s.Code })
		})
		if len(left.Statements) > 0 {
			out = append(out, &left)
		}
	}
	return out
}

// askedOf returns the rules that are not met and that a statement would meet,
// in the order of the documents.
func askedOf(docs []*agreement.Document, d *protocol.Decision) []*agreement.Rule {
	var out []*agreement.Rule
	for _, doc := range docs {
		for i := range doc.Rules {
			rule := &doc.Rules[i]
			name := rule.ID
			if doc.Kind == agreement.KindDomestic {
				name = doc.ID + "/" + rule.ID
			}
			if len(rule.Statements) > 0 && slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
				return f.Rule == name && f.Outcome != protocol.Pass && f.Outcome != protocol.NotApplicable
			}) {
				out = append(out, rule)
			}
		}
	}
	return out
}

func codesOf(rule *agreement.Rule) string {
	var codes []string
	for _, s := range rule.Statements {
		codes = append(codes, s.Code)
	}
	return strings.Join(codes, " or ")
}

func verdictText(d *protocol.Decision) string {
	switch {
	case d.Verdict == protocol.Allow:
		return "allow"
	case d.Verdict == protocol.Hold && suppliable(d):
		return "hold: something is missing that the issuing side supplies"
	case d.Verdict == protocol.Hold:
		return "hold: a person must decide or supply something"
	}
	return "deny"
}

// waitsFor names who supplies or decides what a finding holds for.
func waitsFor(f *protocol.Finding) string {
	switch {
	case f.Role == protocol.RoleProvider:
		return "the provider"
	case f.Role == protocol.RoleContact:
		return fmt.Sprintf("the 24/7 point of contact on the %s side", f.Side)
	case string(f.Role) == string(f.Side):
		return fmt.Sprintf("the %s authority", f.Role)
	}
	return fmt.Sprintf("the %s authority on the %s side", f.Role, f.Side)
}

func writeFinding(w io.Writer, f *protocol.Finding) {
	where := f.Rule
	if f.Article != "" {
		where += ", " + f.Article
	}
	fmt.Fprintf(w, "  %-5s %s\n", f.Outcome, shown(where))
	text := f.Text
	if f.Outcome == protocol.Held && f.Role != "" {
		text += " Waits for " + waitsFor(f) + "."
	}
	if f.Reason != "" {
		text += " (" + string(f.Reason) + ")"
	}
	hang(w, "        ", text)
	if f.Ask != "" {
		hang(w, "        → ", f.Ask)
	}
}

func routeText(r protocol.Route) string {
	text := r.Title
	if r.Agreement != "" {
		text = r.Agreement + " (" + r.Title + ", " + r.Article + ")"
	}
	if len(r.Via) > 0 {
		text += ", via " + words(r.Via)
	}
	return text + ": " + r.Text
}

// suppliable reports whether the issuer's own people still have to supply
// something: the certification is the designated authority's to give.
func suppliable(d *protocol.Decision) bool {
	for _, f := range d.Findings {
		if f.Outcome == protocol.Held && f.Side == protocol.SideIssuing && f.Role != protocol.RoleDesignated {
			return true
		}
	}
	return false
}

// incomplete reports whether the issuer's own people still have to supply
// something before they send a request: what its central authority states is added
// on the way, where it goes through one.
func incomplete(p *desk.Prepared) bool {
	r := p.Body.Request
	through := r != nil && len(p.To) > 0 && p.To[0] != r.Addressee
	d := p.Decision
	d.Findings = slices.DeleteFunc(slices.Clone(d.Findings), func(f protocol.Finding) bool {
		return through && f.Side == protocol.SideIssuing && f.Role == protocol.RoleCentral
	})
	return suppliable(&d)
}

// statusOf is the exit status of a decision.
func statusOf(v protocol.Verdict) exitStatus {
	switch v {
	case protocol.Allow:
		return exitOK
	case protocol.Hold:
		return exitHold
	}
	return exitDeny
}
