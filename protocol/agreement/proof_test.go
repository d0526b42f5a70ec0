package agreement_test

import (
	"testing"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

func TestProofIsSaidInOneForm(t *testing.T) {
	for want, p := range map[string]agreement.Proof{
		"of 3 rules 3 verified": {Verified: 3},
		"of 31 rules 1 verified, 12 verified for the orders of some Parties only, 10 from secondary sources, 8 not verified": {
			Verified: 1, Partly: 12, Secondary: 10, Unverified: 8},
		"of 1 rules 0 verified, 1 not verified": {Unverified: 1},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if p.Whole() != (p.Verified == 3) {
			t.Errorf("%s: got whole %v", want, p.Whole())
		}
	}
}

// What is verified for the orders of some Parties only counts as such, and with
// the rest it is every rule.
func TestProofCountsEachRuleOnce(t *testing.T) {
	for _, d := range agreementtest.Library(t) {
		p := d.Proof()
		unproven, all := d.Unproven()
		if p.Verified != all-unproven || p.Verified+p.Partly+p.Secondary+p.Unverified != all || p.Whole() != (unproven == 0) {
			t.Errorf("%s: got %+v, want %d of %d unproven", d.ID, p, unproven, all)
		}
	}
}

func TestStepsAreNoRules(t *testing.T) {
	for id, want := range map[string]bool{agreement.StepInForce: true, agreement.StepNotification: true,
		agreement.StepGround: true, "serious-crime": false, "": false} {
		if agreement.IsStep(id) != want {
			t.Errorf("%q: got %v, want %v", id, !want, want)
		}
	}
}
