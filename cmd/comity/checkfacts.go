package main

import (
	"maps"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/draft"
)

// facts are what signatures and registers would say.
func (k *checking) facts() agreement.Facts {
	r := k.claims.Request
	var f agreement.Facts
	if k.registered {
		f = k.grounds.Draft(r, k.at)
		f.Officer = agreement.Officer{Present: true, Roles: f.Issuing.Roles}
	} else {
		f = k.believed()
	}
	f.Ref.ID, f.Ref.Version, _ = strings.Cut(k.claims.Agreement, "@")
	k.assume("that an officer of %s signs the request, with what it attests", r.Issuer)
	if c := k.claims.Certification; c != nil {
		k.certify(&f, c)
	}
	if id := k.claims.Sender; id != "" {
		f.Sender = k.standing(id, protocol.RoleCentral)
		k.assume("that %s transmits the request", id)
	}
	k.tell(&f)
	return f
}

// believed returns the facts where no register says who is who.
func (k *checking) believed() agreement.Facts {
	r := k.claims.Request
	role := k.role()
	f := draft.Assume(r, role, k.at)
	k.assume("that %s is registered as issuing, and %s as %s: no registers were given", r.Issuer, r.Addressee, role)
	if _, said := k.claims.Roles[r.Issuer]; said {
		f.Issuing = k.standing(r.Issuer, protocol.RoleIssuing)
		f.Officer.Roles, f.Sender = f.Issuing.Roles, f.Issuing
	}
	f.Addressee = k.standing(r.Addressee, role)
	f.Addressee.AlsoUnder = k.claims.AddresseeAlsoUnder
	if len(f.Addressee.AlsoUnder) > 0 {
		k.assume("that the law of %s binds %s too", words(f.Addressee.AlsoUnder), r.Addressee)
	}
	for _, id := range slices.Sorted(maps.Keys(k.claims.Roles)) {
		k.assume("that %s is registered as %s", id, words(k.claims.Roles[id]))
	}
	return f
}

// role is what the addressee is: as it is said, or as the agreement that is
// named asks for, or a provider.
func (k *checking) role() protocol.Role {
	if k.claims.AddresseeRole != "" {
		return k.claims.AddresseeRole
	}
	r := k.claims.Request
	id, _, _ := strings.Cut(k.claims.Agreement, "@")
	role := protocol.RoleProvider
	for _, c := range k.grounds.Book.Candidates(k.query()) {
		if c.Document.ID != id {
			continue
		}
		if c.Channel == agreement.Direct {
			return protocol.RoleProvider
		}
		role = protocol.RoleCentral
	}
	if roles := k.claims.Roles[r.Addressee]; slices.Contains(roles, role) || len(roles) == 0 {
		return role
	}
	return k.claims.Roles[r.Addressee][0]
}

// query is what the request asks for.
func (k *checking) query() agreement.Query {
	r := k.claims.Request
	return agreement.Query{From: r.Issuer.Party(), To: r.Addressee.Party(), Type: r.Type, Categories: r.Categories(),
		Emergency: r.Emergency != nil, At: k.at}
}

// standing returns what the registers say of a participant, or else the file,
// or else that it has the role.
func (k *checking) standing(id protocol.ParticipantID, role protocol.Role) agreement.Standing {
	if k.registered {
		return k.grounds.Standing(id, k.at)
	}
	if roles, said := k.claims.Roles[id]; said {
		return draft.Standing(id, roles...)
	}
	return draft.Standing(id, role)
}

func (k *checking) certify(f *agreement.Facts, c *certified) {
	by := k.standing(c.By, protocol.RoleDesignated)
	f.Certification = agreement.Certification{Present: true, By: by, Invokes: true,
		Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}
	f.Sender = by
	k.assume("that %s certifies the request, invokes the agreement and transmits it", c.By)
}

// tell says who gets the request at the same time: those whom the file names, or
// else whoever must, as a node sees to it.
func (k *checking) tell(f *agreement.Facts) {
	if k.claims.Notified != nil {
		for _, id := range k.claims.Notified {
			f.Notified = append(f.Notified, k.standing(id, protocol.RoleEnforcing))
			k.assume("that %s gets the request at the same time", id)
		}
		return
	}
	to := f.Addressee.Party
	for _, role := range k.grounds.Book.Notifies(k.claims.Request, *f) {
		if !k.registered {
			f.Notified = append(f.Notified, draft.Told(to, role)...)
			k.assume("that the node sends it at the same time to an authority of %s that is registered as %s", to, role)
			continue
		}
		if ids := k.grounds.Directory.ByRole(to, role, k.at); len(ids) > 0 {
			f.Notified = append(f.Notified, k.grounds.Standing(ids[0], k.at))
			k.assume("that the node sends it at the same time to %s", ids[0])
		}
	}
}
