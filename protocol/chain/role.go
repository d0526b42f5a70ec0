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

// The sides of a case, by the roles that their participants are registered for.
var (
	issuing = []protocol.Role{protocol.RoleIssuing, protocol.RoleDesignated, protocol.RoleCentral,
		protocol.RoleContact}
	answering = []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact}
	passing   = []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral, protocol.RoleEnforcing}
	// authorities review, accept, put off and refuse for the receiving side.
	authorities = []protocol.Role{protocol.RoleCentral, protocol.RoleContact, protocol.RoleEnforcing,
		protocol.RoleDesignated}
	receiving = []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact,
		protocol.RoleEnforcing, protocol.RoleDesignated}
	anyone = []protocol.Role{protocol.RoleProvider, protocol.RoleCentral, protocol.RoleContact,
		protocol.RoleEnforcing, protocol.RoleDesignated, protocol.RoleIssuing}
)

// duties says it for every kind of act; a kind that is not here nobody may do.
// Which side it is for in a case says package casefile.
//
// A provider discloses by a system of its own, or by a person whom it answers
// for and need not name. A relay adds no word of its own to what it carries.
// A refusal is a person's, always. What a node states by itself is a fact: that
// an act did not get through, that an interception stopped, that nobody
// validated an emergency in time.
func duties(b *protocol.Body) (duty, bool) {
	switch b.Kind() {
	case protocol.KindRequest, protocol.KindWithdrawal, protocol.KindAmendment, protocol.KindResponse,
		protocol.KindReply, protocol.KindPreservation, protocol.KindEnforcement, protocol.KindUse, protocol.KindClosure:
		return duty{roles: issuing}, true
	case protocol.KindCertification:
		return duty{roles: []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}}, true
	case protocol.KindDisclosure:
		return duty{roles: answering, alone: []protocol.Role{protocol.RoleProvider}}, true
	case protocol.KindRefusal, protocol.KindClarification:
		return duty{roles: receiving}, true
	case protocol.KindObjection, protocol.KindChallenge:
		return duty{roles: answering}, true
	case protocol.KindNondelivery:
		transmitting := []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}
		return duty{roles: transmitting, alone: transmitting}, true
	case protocol.KindRelay:
		return duty{roles: passing, alone: passing}, true
	case protocol.KindConditions, protocol.KindPostponement, protocol.KindConsultation:
		return duty{roles: authorities}, true
	case protocol.KindDetermination, protocol.KindAcceptance, protocol.KindExtension, protocol.KindSecrecy,
		protocol.KindNotice, protocol.KindCosts, protocol.KindDeletion:
		return duty{roles: anyone}, true
	case protocol.KindValidation:
		d := duty{roles: issuing}
		if b.Validation.Result == protocol.ValidationLapsed {
			d.alone = issuing
		}
		return d, true
	case protocol.KindInterception:
		d := duty{roles: anyone}
		if b.Interception.Action == protocol.TapStopped {
			d.alone = answering
		}
		return d, true
	}
	return duty{}, false
}

// checkRole asks whether the sender is registered for what it does.
func (q *inquiry) checkRole() *Fault {
	act, sender := q.found.Act, q.found.Sender
	kind := act.Body.Kind()
	d, ok := duties(&act.Body)
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
	d, _ := duties(&q.found.Act.Body) // checkRole has seen that there are some
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
