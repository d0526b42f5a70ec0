package replay

import (
	"bytes"
	"fmt"
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// Difference returns the first place at which two decisions differ, in the
// order in which a person reads them, "" if their canonical forms are the same.
// It names findings and inputs, and says nothing of what stands there.
func Difference(x, y *protocol.Decision) string {
	switch {
	case x.Verdict != y.Verdict && len(x.Findings) == 0:
		return "verdict"
	case x.Agreement != y.Agreement:
		return "agreement"
	}
	for i := range max(len(x.Findings), len(y.Findings)) {
		if i >= len(x.Findings) || i >= len(y.Findings) || !same(x.Findings[i], y.Findings[i]) {
			return fmt.Sprintf("findings[%d], %s", i, ruleAt(i, x, y))
		}
	}
	for i := range max(len(x.Inputs), len(y.Inputs)) {
		if i >= len(x.Inputs) || i >= len(y.Inputs) || x.Inputs[i] != y.Inputs[i] {
			return fmt.Sprintf("inputs[%d], %s", i, inputAt(i, x, y))
		}
	}
	switch {
	case x.Verdict != y.Verdict:
		return "verdict"
	case !same(x.Routes, y.Routes):
		return "route"
	case !x.At.Equal(y.At):
		return "at"
	case !slices.Equal(x.Documents, y.Documents):
		return "documents"
	case !same(*x, *y):
		return "encoding"
	}
	return ""
}

func same(x, y any) bool {
	a, err1 := canon.Encode(x)
	b, err2 := canon.Encode(y)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// ruleAt names the rule of a finding that only one of the two may have.
func ruleAt(i int, of ...*protocol.Decision) string {
	for _, d := range of {
		if i < len(d.Findings) {
			return d.Findings[i].Rule
		}
	}
	return ""
}

func inputAt(i int, of ...*protocol.Decision) string {
	for _, d := range of {
		if i < len(d.Inputs) {
			return d.Inputs[i].Name
		}
	}
	return ""
}
