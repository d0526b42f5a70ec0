package node

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// turnOf says for whom a case in a state waits, and what they may do.
func turnOf(s casefile.State) string {
	switch s {
	case casefile.Requested:
		return "it waits for the issuing side's designated authority, which certifies it; the issuing side may withdraw it"
	case casefile.UnderReview:
		return "it waits for a person at the addressee, who discloses or refuses; the issuing side may withdraw it"
	case casefile.Served:
		return "it waits for the addressee, who discloses or refuses; the issuing side may withdraw it"
	case casefile.PartlyProduced:
		return "it waits for the addressee, who discloses the rest and can no longer refuse; the issuing side may withdraw it"
	}
	return "it has ended, and nothing but a relay of what came follows; who needs more makes a new request"
}

// senderOf says who alone sends acts of a kind.
func senderOf(k protocol.Kind) string {
	switch k {
	case protocol.KindDisclosure, protocol.KindRefusal:
		return "only the addressee sends one"
	case protocol.KindCertification:
		return "only the issuing side's designated authority sends one"
	case protocol.KindWithdrawal:
		return "only the issuing side sends one"
	}
	return "this participant sends none in this case"
}

// turnProblem says why an act does not fit a case, with the code for a program.
func turnProblem(e *casefile.TurnError) *desk.Problem {
	p := &desk.Problem{Status: http.StatusConflict, Hint: "see comity case show"}
	if e.State == "" {
		p.Text = fmt.Sprintf("a %s opens no case (%s)", e.Kind, e.Reason)
		return p
	}
	why := turnOf(e.State)
	switch e.Reason {
	case protocol.ReasonRole:
		why = senderOf(e.Kind) + "; " + why
	case protocol.ReasonOfficerMissing:
		why = "what was held for a person a person answers, so an officer must sign it"
		p.Hint = "name the officer's file with --officer"
	case protocol.ReasonThread:
		why = "it does not fit what the case holds, or the case holds as much as it can"
	}
	p.Text = fmt.Sprintf("a %s does not fit a case that is %s: %s (%s)", e.Kind,
		strings.ReplaceAll(string(e.State), "_", " "), why, e.Reason)
	return p
}

// onlyReads is the problem of a participant that was told of a request at the
// same time as its addressee, and plays no part in the case; nil for any other.
func onlyReads(c *casefile.Case, self protocol.ParticipantID) error {
	if !slices.Contains(c.Notified, self) {
		return nil
	}
	return &desk.Problem{Status: http.StatusForbidden,
		Text: "this participant was told of the request, and in this version it can only read the case",
		Hint: fmt.Sprintf("if there is a ground to refuse, write to %s, which may withdraw the request, and to %s, "+
			"which may refuse it: outside of this node, and before the data is given", c.Issuer, c.Addressee)}
}
