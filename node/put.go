package node

import (
	"fmt"
	"net/http"
	"slices"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// putTo adds to the recipients of an act the authority of the receiving side to
// which it puts something: an objection, an enforcement, a use.
func (n *Node) putTo(g casefile.Grounds, p *plan) error {
	var roles []protocol.Role
	switch b := &p.body; {
	case b.Objection != nil && b.Objection.Level == protocol.LevelReceiving:
		roles = []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral}
	case b.Enforcement != nil:
		roles = []protocol.Role{protocol.RoleEnforcing}
	case b.Use != nil:
		roles = []protocol.Role{protocol.RoleDesignated, protocol.RoleCentral, protocol.RoleEnforcing}
	default:
		return nil
	}
	party, now := p.file.Addressee.Party(), n.now()
	addressee := g.Standing(p.file.Addressee, now)
	for _, role := range roles {
		if p.body.Use != nil && slices.Contains(addressee.Roles, role) {
			return nil // the addressee is that authority
		}
		ids := g.Directory.ByRole(party, role, now)
		if len(ids) == 0 {
			continue
		}
		if !slices.Contains(p.act.To, ids[0]) {
			p.act.To = append(slices.Clone(p.act.To), ids[0])
		}
		return nil
	}
	return &desk.Problem{Status: http.StatusUnprocessableEntity,
		Text: fmt.Sprintf("no %v authority stands in the register of %s", roles[0], party),
		Hint: "ask that Party for a register that names one"}
}

// carryOrder puts the order of the case, as this node holds it, into an act that
// goes to an authority which has not heard of it.
func (n *Node) carryOrder(p *plan, read func(protocol.Digest) ([]byte, error)) error {
	b := &p.body
	puts := b.Objection != nil && b.Objection.Level == protocol.LevelReceiving
	if !puts && b.Enforcement == nil && b.Use == nil {
		return nil
	}
	order := p.file.Thread[0].Act
	if e, ok := p.file.Last(protocol.KindCertification); ok {
		order = e.Act
	}
	signed, err := read(order)
	if err != nil {
		return err
	}
	switch {
	case puts:
		o := *b.Objection
		o.Request = signed
		b.Objection = &o
	case b.Enforcement != nil:
		e := *b.Enforcement
		e.Request = signed
		b.Enforcement = &e
	case b.Use != nil:
		u := *b.Use
		u.Request = signed
		b.Use = &u
	}
	return nil
}

// answerOpen fills in which open questions an act answers, where the person
// named none. An objection names one only where it is taken further.
func answerOpen(b *protocol.Body, open []protocol.Digest) {
	further := b.Objection == nil || b.Objection.Level == protocol.LevelReceiving
	if further && len(b.Answered()) == 0 {
		*b, _ = b.Answering(open)
	}
}
