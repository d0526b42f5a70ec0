package chain

import (
	"comity.example/protocol"
)

// A duty says who may do an act: a participant that is registered for one of
// the roles, by an officer whose credential names a role that they share.
type duty struct {
	roles []protocol.Role
	// alone are the roles whose holder may do it without an officer.
	alone []protocol.Role
}

// duties says it for every kind of act; a kind that is not here nobody may do.
//
// A provider discloses by a system of its own, or by a person whom it answers
// for and need not name. A relay adds no word of its own to what it carries.
// A refusal is a person's, always. That an act did not get through is a fact,
// which the node that sent it states by itself.
func duties(kind protocol.Kind) (duty, bool) {
	issuing := []protocol.Role{protocol.RoleIssuing, protocol.RoleDesignated, protocol.RoleCentral,
		protocol.RoleContact}
	answering := []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact}
	passing := []protocol.Role{
		protocol.RoleDesignated, protocol.RoleCentral, protocol.RoleEnforcing}
	switch kind {
	case protocol.KindRequest, protocol.KindWithdrawal:
		return duty{roles: issuing}, true
	case protocol.KindCertification:
		return duty{roles: []protocol.Role{protocol.RoleDesignated}}, true
	case protocol.KindDisclosure:
		return duty{roles: answering, alone: []protocol.Role{protocol.RoleProvider}}, true
	case protocol.KindRefusal:
		return duty{roles: answering}, true
	case protocol.KindNondelivery:
		return duty{roles: []protocol.Role{protocol.RoleDesignated},
			alone: []protocol.Role{protocol.RoleDesignated}}, true
	case protocol.KindRelay:
		return duty{roles: passing, alone: passing}, true
	}
	return duty{}, false
}

// checkRole asks whether the sender is registered for what it does.
func (q *inquiry) checkRole() *Fault {
	act, sender := q.found.Act, q.found.Sender
	kind := act.Body.Kind()
	d, ok := duties(kind)
	if !ok || !sender.Has(d.roles...) {
		return refuse(protocol.ReasonRole, "%q is not registered to send a %s", act.From, kind)
	}
	if r := act.Body.Request; r != nil {
		return q.checkIssuer(r)
	}
	return nil
}

// checkIssuer: nobody issues in another's name, except that a designated
// authority may transmit for an issuing authority of its own Party that has no
// node. Whom the request names must be registered to issue either way.
func (q *inquiry) checkIssuer(r *protocol.Request) *Fault {
	if r.Issuer == q.found.Act.From {
		return nil
	}
	issuer, err := q.Directory.Participant(r.Issuer, q.moment)
	if err != nil || r.Issuer.Party() != q.found.Act.From.Party() ||
		!issuer.Has(protocol.RoleIssuing) || !q.found.Sender.Has(protocol.RoleDesignated) {
		return refuse(protocol.ReasonRole, "%q may not issue for another", q.found.Act.From)
	}
	return nil
}

// checkOfficersRole asks whether one of the officers may do what is done: in a
// role that the participant has too, since it cannot give what it does not
// have, and for the type of request that is made or certified.
func (q *inquiry) checkOfficersRole() *Fault {
	kind := q.found.Act.Body.Kind()
	d, _ := duties(kind) // checkRole has seen that there are some
	if len(q.found.Officers) == 0 {
		if q.found.Sender.Has(d.alone...) {
			return nil
		}
		return refuse(protocol.ReasonOfficerMissing, "no officer stands behind the %s", kind)
	}
	for _, o := range q.found.Officers {
		if q.entitled(o, d.roles) {
			return nil
		}
	}
	return refuse(protocol.ReasonOfficerRole, "no officer may do a %s", kind)
}

func (q *inquiry) entitled(o Officer, roles []protocol.Role) bool {
	if r := q.found.Request(); r != nil && !o.competent(r.Type) {
		return false
	}
	for _, role := range roles {
		if o.Has(role) && q.found.Sender.Has(role) {
			return true
		}
	}
	return false
}
