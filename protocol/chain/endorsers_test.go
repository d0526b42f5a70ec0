package chain_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/chain"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

// TestEndorsersAreThoseOfTheSignedAct: what is asked before an act is signed is
// what its receiver asks, but for the organisation's own signature.
func TestEndorsersAreThoseOfTheSignedAct(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	act := w.Request(police, contoso)
	in := w.Context("", "")
	found, fault := chain.Endorsers(act, in)
	if fault != nil || len(found) != 1 || found[0].ID != us.Officer.Claim.Officer {
		t.Fatalf("got %v, %v", found, fault)
	}
	for name, c := range map[string]struct {
		spoil func(a *protocol.Act)
		want  protocol.Reason
	}{
		"nobody":       {func(a *protocol.Act) { a.Endorsements = nil }, protocol.ReasonOfficerMissing},
		"another body": {func(a *protocol.Act) { r := *a.Body.Request; r.FileNumber = "2"; a.Body.Request = &r }, protocol.ReasonOfficerInvalid},
		"another case": {func(a *protocol.Act) { a.Case = protocol.NewCaseID() }, protocol.ReasonWrongCase},
		"without a role": {func(a *protocol.Act) {
			a.Endorsements = nil
			w.Endorse(a, w.NewOfficer(us, []protocol.Role{protocol.RoleContact}))
		}, protocol.ReasonOfficerRole},
		"a sender without one": {func(a *protocol.Act) { a.From = contoso }, protocol.ReasonRole},
	} {
		bad := *act
		c.spoil(&bad)
		if _, fault := chain.Endorsers(&bad, in); fault == nil || fault.Reason != c.want {
			t.Errorf("%s: got %v, want %s", name, fault, c.want)
		}
	}
	if _, fault := chain.Endorsers(act, chain.Context{}); fault == nil {
		t.Error("the zero Context believes an officer")
	}
	w.Update("GB", register.Changes{Revoke: []register.Revocation{{Key: us.Officer.Key.Public().Fingerprint(), Time: chaintest.Now.Add(-1e9),
		Cause: register.CauseCeased}}})
	if _, fault := chain.Endorsers(act, w.Context("", "")); fault == nil || fault.Reason != protocol.ReasonKeyRevoked {
		t.Errorf("a revoked key: got %v", fault)
	}
}
