package node

import (
	"errors"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

func problemOf(t *testing.T, err error) *desk.Problem {
	t.Helper()
	var p *desk.Problem
	if !errors.As((&Node{}).problem(err), &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	return p
}

// TestWhoActsOutOfTurnIsToldWhoseItIs in words, in each state.
func TestWhoActsOutOfTurnIsToldWhoseItIs(t *testing.T) {
	for state, want := range map[casefile.State]string{
		casefile.Requested:      "designated authority, which certifies",
		casefile.UnderReview:    "a person at the addressee, who discloses or refuses",
		casefile.Served:         "the addressee, who discloses or refuses",
		casefile.PartlyProduced: "partly produced: it waits for the addressee, who discloses the rest",
		casefile.Produced:       "it has ended",
		casefile.Refused:        "it has ended",
		casefile.Withdrawn:      "it has ended",
		casefile.Expired:        "it has ended",
	} {
		p := problemOf(t, &casefile.TurnError{Reason: protocol.ReasonOutOfTurn, Kind: protocol.KindWithdrawal, State: state})
		if !strings.Contains(p.Text, want) || !strings.HasSuffix(p.Text, " (out_of_turn)") {
			t.Errorf("%s: got %q, want %q in it", state, p.Text, want)
		}
	}
}

// TestWhoMayNotSendAnActIsToldWhoMay: the two are told apart by the code alone
// otherwise.
func TestWhoMayNotSendAnActIsToldWhoMay(t *testing.T) {
	for kind, want := range map[protocol.Kind]string{
		protocol.KindRefusal:       "only the addressee sends one",
		protocol.KindDisclosure:    "only the addressee sends one",
		protocol.KindCertification: "only the issuing side's designated authority sends one",
		protocol.KindWithdrawal:    "only the issuing side sends one",
	} {
		p := problemOf(t, &casefile.TurnError{Reason: protocol.ReasonRole, Kind: kind, State: casefile.Served})
		if !strings.Contains(p.Text, want) || !strings.HasSuffix(p.Text, " (role)") {
			t.Errorf("%s: got %q", kind, p.Text)
		}
	}
	p := problemOf(t, &casefile.TurnError{Reason: protocol.ReasonOfficerMissing, Kind: protocol.KindDisclosure,
		State: casefile.UnderReview})
	if !strings.Contains(p.Text, "an officer must sign it") || !strings.Contains(p.Hint, "--officer") {
		t.Errorf("got %q, %q", p.Text, p.Hint)
	}
	// Before its beginning nothing has ended: a new request would be of no use.
	p = problemOf(t, &casefile.TurnError{Reason: protocol.ReasonInterception, Kind: protocol.KindInterception, State: casefile.Served})
	if !strings.Contains(p.Text, "outside of the time that is authorised") || !strings.Contains(p.Hint, "from when until when") {
		t.Errorf("got %q, %q", p.Text, p.Hint)
	}
}
