package casefile

import (
	"slices"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/chain"
	"comity.example/protocol/register"
)

// Rules of this protocol, which no agreement has to hold.
const (
	// RuleEmergencyOfficers asks for two officers behind an emergency.
	RuleEmergencyOfficers = "emergency-officers"
	// RuleDrill says that a request is an exercise.
	RuleDrill = "drill"
)

// EmergencyOfficers is how many officers on duty stand behind an emergency.
const EmergencyOfficers = 2

// Texts of these rules: SPEC.md §8.3.
const (
	textEmergencyOfficers = "Two officers of the duty list, one of them a supervisor, must have signed an emergency request. " +
		"This is a rule of the protocol, and no law."
	askEmergencyOfficers = "Are you sure that the request is genuine? Challenge the officer who signed it before you answer."
	textDrill            = "DRILL: this request is an exercise. Nothing can be disclosed in its case: the answer is that there is no data."
)

// addOwn adds to a decision on a request what this protocol asks for besides the
// agreement. Nothing here allows what the agreement denies.
func addOwn(d *protocol.Decision, request *chain.Authentic, f *agreement.Facts) {
	r := request.Act.Body.Request
	if r.Drill {
		d.Findings = append(d.Findings, protocol.Finding{Rule: RuleDrill, Outcome: protocol.Flag,
			Reason: protocol.ReasonDrill, Text: textDrill})
	}
	if r.Emergency == nil {
		return
	}
	own := protocol.Finding{Rule: RuleEmergencyOfficers, Outcome: protocol.Pass, Text: textEmergencyOfficers}
	if !onDuty(request, f.Issuing.Roles) {
		own.Outcome, own.Reason, own.Ask = protocol.Held, protocol.ReasonApproval, askEmergencyOfficers
		own.Side, own.Role = protocol.SideReceiving, answeringRole(f.Addressee.Roles)
		if d.Verdict == protocol.Allow {
			d.Verdict = protocol.Hold
		}
	}
	d.Findings = append(d.Findings, own)
}

// onDuty reports whether two officers of the duty list, one of them a
// supervisor, stand behind a request: each competent for it, in a role that the
// issuing authority has. Package chain has seen that they are two persons: by
// their ids, and by their keys.
func onDuty(request *chain.Authentic, given []protocol.Role) bool {
	n, supervised := 0, false
	for _, o := range request.Officers {
		competent := len(o.Types) == 0 || slices.Contains(o.Types, request.Act.Body.Request.Type)
		if !competent || !o.Has(given...) || !slices.Contains(o.Grades, register.GradeDuty) {
			continue
		}
		n++
		supervised = supervised || slices.Contains(o.Grades, register.GradeSupervisor)
	}
	return n >= EmergencyOfficers && supervised
}

// answeringRole returns the role in which an addressee answers.
func answeringRole(roles []protocol.Role) protocol.Role {
	for _, r := range []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact} {
		if slices.Contains(roles, r) {
			return r
		}
	}
	return protocol.RoleProvider
}
