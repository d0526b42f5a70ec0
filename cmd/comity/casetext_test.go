package main

import (
	"bytes"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// heldAndCertified is a case whose request was held by two rules, and whose
// certification found of them what outcomes say.
func heldAndCertified(outcomes ...protocol.Outcome) *desk.CaseView {
	rules := []string{"certified", "transmission"}
	request := desk.ActView{Entry: casefile.Entry{Act: protocol.DigestOf([]byte("request")), Kind: protocol.KindRequest},
		Content: protocol.Act{Body: protocol.Body{Request: &protocol.Request{}}}, Decision: &protocol.Decision{Verdict: protocol.Hold}}
	cert := desk.ActView{Entry: casefile.Entry{Inner: request.Act, Kind: protocol.KindCertification},
		Content: protocol.Act{Body: protocol.Body{Certification: &protocol.Certification{}}}, Decision: &protocol.Decision{}}
	for _, r := range rules {
		request.Decision.Findings = append(request.Decision.Findings, protocol.Finding{Rule: r, Outcome: protocol.Held})
	}
	for i, o := range outcomes {
		cert.Decision.Findings = append(cert.Decision.Findings, protocol.Finding{Rule: rules[i], Outcome: o})
	}
	return &desk.CaseView{Acts: []desk.ActView{request, cert}}
}

// TestOnlyWhatACertificationMetIsFolded: what still holds is always shown.
func TestOnlyWhatACertificationMetIsFolded(t *testing.T) {
	for name, c := range map[string]struct {
		v    *desk.CaseView
		much detail
		want bool
	}{
		"both met":        {heldAndCertified(protocol.Pass, protocol.Pass), brief, true},
		"all asked for":   {heldAndCertified(protocol.Pass, protocol.Pass), full, false},
		"one still holds": {heldAndCertified(protocol.Pass, protocol.Held), brief, false},
		"one fails":       {heldAndCertified(protocol.Fail, protocol.Pass), brief, false},
		"one is not said": {heldAndCertified(protocol.Pass), brief, false},
	} {
		var out bytes.Buffer
		writeFound(&out, c.v, &c.v.Acts[0], c.much)
		if got := strings.HasPrefix(out.String(), "held then  2 findings, met by the certification below"); got != c.want {
			t.Errorf("%s: folded %v, want %v:\n%s", name, got, c.want, &out)
		}
	}
}

// TestEachMoveHasACommand, so that nobody is told to do what he cannot type.
func TestEachMoveHasACommand(t *testing.T) {
	for _, m := range []casefile.Move{casefile.Certify, casefile.Review, casefile.Answer, casefile.Pass, casefile.Read,
		casefile.Reply, casefile.Respond, casefile.Determine, casefile.Examine, casefile.Resume, casefile.Halt} {
		if len((turn{move: m, id: "CASE"}).commands()) == 0 {
			t.Errorf("%s has no command", m)
		}
	}
	if (turn{move: casefile.None, id: "CASE"}).commands() != nil {
		t.Error("nobody's move has a command")
	}
}

// TestEvidenceIsDeletedForTheReasonThatBarsIt.
func TestEvidenceIsDeletedForTheReasonThatBarsIt(t *testing.T) {
	f := &casefile.Case{State: casefile.GroundRaised}
	if got := barredBy(f); got != protocol.DeletionRefused {
		t.Errorf("after a ground was raised: %s", got)
	}
	f.Thread = []casefile.Entry{{Kind: protocol.KindValidation, Says: &casefile.Says{What: string(protocol.ValidationLapsed)}}}
	if got := barredBy(f); got != protocol.DeletionNotValidated {
		t.Errorf("after a validation lapsed: %s", got)
	}
	for barred, want := range map[protocol.DeletionReason]string{protocol.DeletionRefused: "refused_after", "": "CODE"} {
		got := turn{move: casefile.Delete, id: "CASE", barred: barred}.commands()
		if got[0] != "comity delete CASE --all --reason "+want {
			t.Errorf("%q is suggested", got[0])
		}
	}
}
