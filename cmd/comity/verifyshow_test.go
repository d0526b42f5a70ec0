package main

import (
	"bytes"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casepack"
)

// TestShownPackageTurnsNoTerminal: acts, and the decisions on them, which nobody signed,
// are whoever's the package is. What they say stays text.
func TestShownPackageTurnsNoTerminal(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\x1b[Hholds\u202e\x07\u009b"
	d := &protocol.Decision{Agreement: protocol.AgreementRef{ID: "a" + hostile, Version: hostile}, Verdict: protocol.Hold,
		Findings: []protocol.Finding{{Rule: "r" + hostile, Article: hostile, Outcome: protocol.Held, Text: hostile, Ask: hostile,
			Side: protocol.SideIssuing, Role: protocol.Role(hostile), Provenance: hostile}},
		Routes: []protocol.Route{{Agreement: hostile, Title: hostile, Article: hostile, Text: hostile}}}
	act := &protocol.Act{Body: protocol.Body{Request: &protocol.Request{Purpose: hostile,
		Identifiers: []protocol.Identifier{{Value: hostile}}}}}
	v := verified{act: 1, Report: casepack.Report{Case: "case-a", Exporter: hostile}, Timeline: []told{{Number: 1, Content: act, Decision: d}}}
	var out bytes.Buffer
	v.timeline(&out)
	for _, never := range []string{"\x1b", "\u202e", "\x07", "\u009b"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("%q reaches the terminal:\n%q", never, out.String())
			break
		}
	}
	if strings.Count(out.String(), "holds") < 6 {
		t.Errorf("the decision is not shown:\n%s", out.String())
	}
}
