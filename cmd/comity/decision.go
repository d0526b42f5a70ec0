package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// detail says how much of a decision a person wants to read.
type detail int

const (
	brief detail = iota // what keeps the request, and how many rules are met
	full                // every rule
)

// writeDecision writes what an agreement found: what keeps the request first
// of all in the order of the document, then the ways that would work.
func writeDecision(w io.Writer, d *protocol.Decision, much detail) {
	field(w, "verdict", verdictText(d))
	if d.Agreement.ID != "" {
		field(w, "agreement", d.Agreement.ID+", version "+d.Agreement.Version)
	}
	met, idle, unverified := 0, 0, 0
	for i := range d.Findings {
		f := &d.Findings[i]
		switch f.Outcome {
		case protocol.Pass:
			met++
		case protocol.NotApplicable:
			idle++
		}
		if f.Provenance == "unverified" {
			unverified++
		}
		if much == full || f.Outcome == protocol.Fail || f.Outcome == protocol.Held {
			writeFinding(w, f)
		}
	}
	field(w, "rules", fmt.Sprintf("%d met, %d do not apply, %d keep it", met, idle, len(d.Findings)-met-idle))
	if unverified > 0 {
		field(w, "", count(unverified, "rule")+" of this agreement could not be verified against its text")
	}
	for _, r := range d.Routes {
		field(w, "route", routeText(r))
	}
}

// writeStatements says which statement would meet what is not met, and which of
// the request's nobody asks for: a typo there is no other error.
func writeStatements(w io.Writer, doc *agreement.Document, r *protocol.Request, d *protocol.Decision) {
	known := map[string]bool{}
	for i := range doc.Rules {
		rule := &doc.Rules[i]
		var codes []string
		for _, s := range rule.Statements {
			known[s.Code] = true
			codes = append(codes, s.Code)
		}
		unmet := slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
			return f.Rule == rule.ID && (f.Outcome == protocol.Held || f.Outcome == protocol.Fail)
		})
		if unmet && len(codes) > 0 {
			field(w, "attest", fmt.Sprintf("%s, for %s", strings.Join(codes, " or "), rule.ID))
		}
	}
	for i, s := range r.Attestations {
		if !known[s.Statement] {
			text := fmt.Sprintf("attestations[%d].statement: no rule of %s asks for %q", i, doc.ID, s.Statement)
			if meant := nearest(s.Statement, slices.Sorted(maps.Keys(known))); meant != "" {
				text += ": did you mean " + meant + "?"
			}
			field(w, "unknown", text)
		}
	}
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

func writeFinding(w io.Writer, f *protocol.Finding) {
	where := f.Rule
	if f.Article != "" {
		where += ", " + f.Article
	}
	fmt.Fprintf(w, "  %-5s %s\n", f.Outcome, where)
	text := f.Text
	if f.Outcome == protocol.Held && f.Role != "" {
		text += fmt.Sprintf(" Waits for the %s side's %s authority.", f.Side, f.Role)
	}
	if f.Reason != "" {
		text += " (" + string(f.Reason) + ")"
	}
	hang(w, "        ", text)
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
