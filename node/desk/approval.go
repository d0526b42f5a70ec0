package desk

import (
	"context"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/register"
)

// An Approval is an officer's signature under a draft that was not sent yet.
type Approval struct {
	Officer register.OfficerID `json:"officer"`
	Roles   []protocol.Role    `json:"roles"`
	Grades  []register.Grade   `json:"grades,omitempty"`
	Signed  time.Time          `json:"signed"`
	// Void says why the approval does not count any more, in words; "" if it does.
	Void string `json:"void,omitzero"`
}

// Approvals say who stands behind a draft. Who sends it is one more; an officer
// who has approved and sends as well counts once.
type Approvals struct {
	By []Approval `json:"by"`
	// Void are those that no longer count: the draft has changed, or the officer
	// may not sign it any more.
	Void []Approval `json:"void,omitempty"`
	// Needed is how many officers must stand behind it, whoever sends it included.
	Needed int `json:"needed"`
	// Duty says that it is an emergency: the addressee holds it unless two officers
	// of the duty list signed, one of them a supervisor.
	Duty bool `json:"duty,omitzero"`
}

// Missing is how many officers have yet to sign, whoever sends it included.
func (a *Approvals) Missing() int { return max(a.Needed-len(a.By), 0) }

// Approving collects the signatures of officers under what was not sent yet.
type Approving interface {
	// Approve keeps an officer's endorsement of the draft that is saved in the case.
	Approve(ctx context.Context, d Draft) (Approvals, error)
	// Unapprove takes one back. Whoever may use the desk may: it lets nothing out.
	Unapprove(ctx context.Context, id protocol.CaseID, officer register.OfficerID) (Approvals, error)
}
