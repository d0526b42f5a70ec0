package node

import (
	"errors"
	"slices"
	"time"

	"comity.example/node/desk"
	"comity.example/node/journal"
	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/chain"
)

// An authority that was asked by another State has the request carried out within
// its own Party: in a case of its own with a provider, the domestic leg. The two
// cases share no act but the product. Each has its own acts, receipts and clocks.
// Only the authority holds both, and its node keeps what it says of the one in
// step with the other: in the commit in which either moves.

// A leg is a domestic case as the case that it carries out knows of it.
type leg struct {
	Case  protocol.CaseID `json:"case"`
	State casefile.State  `json:"state"`
	// Product is what was disclosed to us and not passed on yet, oldest first.
	Product []protocol.Digest `json:"product,omitempty"`
	// Barred says that some was disclosed to us that may not be passed on.
	Barred bool `json:"barred,omitzero"`
}

// A halt says why a domestic leg is not to go on as it is. Nothing is withdrawn
// by a machine: it is the officers' move.
type halt string

const (
	halted   halt = "ended"  // the request that it carries out has ended
	narrowed halt = "narrow" // the request that it carries out asks for less by now
)

// tie brings the other cases in step with f, and f with them. It returns those of
// the others that it changed.
func (n *Node) tie(tx *journal.Tx, f *filed) (changed []filed, err error) {
	if id := f.File.Matter.Executes; id != "" && f.File.Issuer == n.cfg.Self {
		foreign, err := record.Read[filed](tx, caseKey(id))
		if err != nil {
			return nil, record.IgnoreMissing(err)
		}
		f.Halt, err = haltOf(tx, &foreign.File, &f.File)
		foreign.setLeg(legOf(&foreign.File, &f.File))
		return []filed{foreign}, err
	}
	for i := range f.Legs {
		domestic, err := record.Read[filed](tx, caseKey(f.Legs[i].Case))
		if err != nil {
			return nil, err
		}
		f.Legs[i] = legOf(&f.File, &domestic.File)
		before := domestic.Halt
		if domestic.Halt, err = haltOf(tx, &f.File, &domestic.File); err != nil {
			return nil, err
		}
		if domestic.Halt != before {
			changed = append(changed, domestic)
		}
	}
	return changed, nil
}

func (f *filed) setLeg(l leg) {
	i := slices.IndexFunc(f.Legs, func(x leg) bool { return x.Case == l.Case })
	if i < 0 {
		f.Legs = append(f.Legs, l)
		return
	}
	f.Legs[i] = l
}

func legOf(foreign, domestic *casefile.Case) leg {
	l := leg{Case: domestic.ID, State: domestic.State}
	for i := range domestic.Thread {
		e := &domestic.Thread[i]
		if e.Kind != protocol.KindDisclosure || e.From != domestic.Addressee || e.Lost() || foreign.Passes(e.Act) {
			continue
		}
		if slices.ContainsFunc(e.Says.Objects, func(o protocol.Digest) bool { return !domestic.Passable(o, domestic.Issuer) }) {
			l.Barred = true
			continue
		}
		l.Product = append(l.Product, e.Act)
	}
	return l
}

// haltOf compares a domestic case with the one that it carries out.
func haltOf(r record.Getter, foreign, domestic *casefile.Case) (halt, error) {
	switch {
	case domestic.State.Ended():
		return "", nil
	case foreign.State.Ended():
		return halted, nil
	case !slices.ContainsFunc(foreign.Thread, func(e casefile.Entry) bool { return e.Kind == protocol.KindAmendment }):
		return "", nil // it was within it when it was made
	}
	wide, err1 := asked(r, foreign)
	own, err2 := asked(r, domestic)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	if own.Executes(wide) != nil {
		return narrowed, nil
	}
	return "", nil
}

// asked returns what the request of a case asks for after its amendments.
func asked(r record.Getter, c *casefile.Case) (*protocol.Request, error) {
	opening, err := heldAct(r, c.Thread[0].Act)
	if err == nil && opening.Body.Certification != nil {
		opening, err = chain.Unverified(opening.Body.Certification.Request)
	}
	if err != nil {
		return nil, err
	}
	request := opening.Body.Request
	if request == nil {
		return nil, errors.New("node: the case was opened by something else than a request")
	}
	var amendments []*protocol.Amendment
	for _, e := range c.Amendments(c.Held()) {
		act, err := heldAct(r, e.Act)
		if err != nil {
			return nil, err
		}
		amendments = append(amendments, act.Body.Amendment)
	}
	return request.After(amendments), nil
}

// heldAct returns an act that we verified when we took it.
func heldAct(r record.Getter, d protocol.Digest) (*protocol.Act, error) {
	signed, err := r.Get(digestKey(prefixAct, d))
	if err != nil {
		return nil, err
	}
	return chain.Unverified(signed)
}

// legMove is what our people are to do in a case that they accepted and have
// carried out: nothing while somebody else is at it.
func (f *filed) legMove() casefile.Move {
	under := false
	for i := range f.Legs {
		if len(f.Legs[i].Product) > 0 {
			return casefile.Pass
		}
		under = under || !f.Legs[i].State.Ended()
	}
	if under {
		return casefile.None
	}
	return casefile.Answer
}

// file writes a case, and those that it is tied to, and moves them in, within or
// out of the inbox.
func (n *Node) file(tx *journal.Tx, f filed, now time.Time) error {
	tied, err := n.tie(tx, &f)
	if err != nil {
		return err
	}
	for _, other := range tied {
		err = errors.Join(err, n.put(tx, other, now))
	}
	return errors.Join(err, n.put(tx, f, now))
}

// linked returns the cases that a case carries out, or that carry it out.
func (n *Node) linked(r store.Reader, f *filed) ([]desk.Linked, error) {
	var out []desk.Linked
	for i := range f.Legs {
		l := &f.Legs[i]
		out = append(out, desk.Linked{Case: l.Case, Relation: desk.ExecutedBy, State: l.State, Product: len(l.Product)})
	}
	id := f.File.Matter.Executes
	if id == "" || f.File.Issuer != n.cfg.Self {
		return out, nil
	}
	foreign, err := record.Read[filed](r, caseKey(id))
	if err != nil {
		return out, record.IgnoreMissing(err)
	}
	return append(out, desk.Linked{Case: id, Relation: desk.Executes, State: foreign.File.State, Halt: string(f.Halt)}), nil
}
