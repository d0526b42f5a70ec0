// Package protocol holds the nouns of Comity: Party, Participant, Act,
// Request, Decision, Reason. SPEC.md in this folder says what of them crosses
// a border and how.
//
// Nothing here reads a clock, a disk or a socket. The package is trusted with
// meaning: what its Check methods let pass, every other part takes as well
// formed.
package protocol

// Version is the version of the protocol, and with it every algorithm: there
// is no negotiation (SPEC.md §1).
const Version = "comity/1"

// A Role is what a participant is registered to do, or an officer is
// credentialed to do.
type Role string

// The roles. The list is append-only: a role's meaning never changes.
const (
	RoleIssuing    Role = "issuing"    // issues requests
	RoleValidating Role = "validating" // validates what an issuing authority may not issue alone
	RoleCentral    Role = "central"    // central authority for mutual legal assistance
	RoleDesignated Role = "designated" // designated authority of a data access agreement
	RoleEnforcing  Role = "enforcing"  // enforcing or notified authority
	RoleProvider   Role = "provider"   // service provider
	RoleOversight  Role = "oversight"  // court of review, auditor, data protection authority
	RoleContact    Role = "point-of-contact-24/7"
)

// Roles lists every role, in the order of their introduction.
func Roles() []Role {
	return []Role{RoleIssuing, RoleValidating, RoleCentral, RoleDesignated, RoleEnforcing,
		RoleProvider, RoleOversight, RoleContact}
}

// UnmarshalText refuses a role that is not in the list.
func (r *Role) UnmarshalText(b []byte) error {
	*r = Role(b)
	return known("role", *r, Roles())
}
