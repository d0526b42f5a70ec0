package casefile

import (
	"slices"

	"comity.example/protocol"
)

// trees names objects.
func trees(objects []protocol.Object) []protocol.Digest {
	var out []protocol.Digest
	for i := range objects {
		out = append(out, objects[i].Tree)
	}
	return out
}

// deletes: one deletes what one had in the case, and nothing of another. Only its
// own node knows all that its sender had: an object that others do not know frees
// nobody of anything.
func deletes(c *Case, st *stance) protocol.Reason {
	if !st.own {
		return ""
	}
	from, d := st.step.Act.From, st.step.Act.Body.Deletion
	if !c.happenedTo(d.Reason) {
		return protocol.ReasonOutOfTurn
	}
	for _, o := range d.Objects {
		names := c.called(o)
		if !slices.ContainsFunc(c.Thread, func(e Entry) bool {
			return c.evidence(&e) && e.about(names) && e.seenBy([]protocol.ParticipantID{from})
		}) {
			return protocol.ReasonThread
		}
	}
	return ""
}

// happenedTo reports whether what a reason for a deletion is about happened in the
// case: a ground was raised, or a third State is concerned, which says outside of
// the case that what was intercepted may not be used; and a validation was not
// granted. Of the other reasons no act tells.
func (c *Case) happenedTo(r protocol.DeletionReason) bool {
	leads := func(s State, kinds ...protocol.Kind) bool {
		return slices.ContainsFunc(c.Thread, func(e Entry) bool {
			return e.Leads == s && (len(kinds) == 0 || slices.Contains(kinds, e.Kind))
		})
	}
	switch r {
	case protocol.DeletionRefused:
		return leads(GroundRaised) || len(c.Matter.ThirdStates) > 0
	case protocol.DeletionNotValidated:
		return leads(Withdrawn, protocol.KindValidation)
	}
	return true
}

// evidence reports whether the act hands evidence over. Of an interception that is the
// act which says what its live object became, or as long as none does the one that
// announces it: its readers hold what came so far.
func (c *Case) evidence(e *Entry) bool {
	switch {
	case e.Says == nil || e.Lost() || e.Says.What == string(protocol.ProductionNoData):
		return false
	case e.Kind == protocol.KindInterception && e.Says.What == string(protocol.TapStarted):
		live, product := c.live()
		return len(e.Says.Objects) > 0 && e.Says.Objects[0] == live && product.IsZero()
	case e.Kind == protocol.KindInterception:
		return len(e.Says.Objects) > 0
	}
	return e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure
}

// live returns the names of the live object of the case: the id under which it was
// announced, and the tree hash of what it became, each zero as long as no act says it. A
// stop that names what was handed over before says nothing of the live object.
func (c *Case) live() (id, product protocol.Digest) {
	for i := range c.Thread {
		e := &c.Thread[i]
		if e.Kind != protocol.KindInterception || e.Says == nil || e.Lost() || len(e.Says.Objects) == 0 {
			continue
		}
		switch o := e.Says.Objects[0]; {
		case e.Says.What == string(protocol.TapStarted):
			id = o
		case !slices.ContainsFunc(c.Thread[:i], func(b Entry) bool {
			return b.Kind != protocol.KindDeletion && b.about([]protocol.Digest{o})
		}):
			product = o
		}
	}
	return id, product
}

// called returns what an object is called: a live one has two names once it has become
// something.
func (c *Case) called(object protocol.Digest) []protocol.Digest {
	if id, product := c.live(); !id.IsZero() && !product.IsZero() && (object == id || object == product) {
		return []protocol.Digest{id, product}
	}
	return []protocol.Digest{object}
}

// about reports whether the act is about an object of some names.
func (e *Entry) about(names []protocol.Digest) bool {
	return e.Says != nil && slices.ContainsFunc(names, func(o protocol.Digest) bool { return slices.Contains(e.Says.Objects, o) })
}

// Barred returns the acts with evidence that may not be used, oldest first: that
// of a request that was not validated after the fact, and that against which an
// authority raised a ground for refusal afterwards (Regulation (EU) 2023/1543,
// Art. 4(5) and 10(4); that the latter holds outside of an emergency is a reading:
// provenance unverified).
func (c *Case) Barred() []protocol.Digest {
	if !c.Unusable() {
		return nil
	}
	var out []protocol.Digest
	for i := range c.Thread {
		if e := &c.Thread[i]; c.evidence(e) {
			out = append(out, e.Act)
		}
	}
	return out
}

// Unusable reports whether evidence of the case may not be used, also what an
// interception yields and no act names yet.
func (c *Case) Unusable() bool {
	return slices.ContainsFunc(c.Thread, func(e Entry) bool {
		return e.Kind == protocol.KindValidation && e.Leads == Withdrawn || e.Leads == GroundRaised
	})
}

// ToDelete returns the acts with evidence that may not be used and that the
// issuing authority has neither deleted nor restricted, oldest first. What a
// certifier deletes is its own copy; a closure that says so takes the place of all.
func (c *Case) ToDelete() []protocol.Digest {
	var out []protocol.Digest
	if slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.Kind == protocol.KindClosure && e.Says.Deleted }) {
		return nil
	}
	barred := c.Barred()
	for i := range c.Thread {
		if e := &c.Thread[i]; slices.Contains(barred, e.Act) && !c.freed(e) {
			out = append(out, e.Act)
		}
	}
	return out
}

// freed reports whether the issuing authority said of every object of an act that
// it can read it no more, or restricted its use.
func (c *Case) freed(e *Entry) bool {
	for _, o := range e.Says.Objects {
		names := c.called(o)
		if !slices.ContainsFunc(c.Thread, func(d Entry) bool { return d.deletes(names) && c.Speaks(d.From) }) {
			return false
		}
	}
	return len(e.Says.Objects) > 0
}

// deletes reports whether the act certifies that an object of some names is deleted, or
// restricted.
func (e *Entry) deletes(names []protocol.Digest) bool {
	return e.Kind == protocol.KindDeletion && e.about(names)
}

// A Gone object is one that a participant deleted, or whose use it restricted.
type Gone struct {
	Act    protocol.Digest         `json:"act"` // the certificate
	By     protocol.ParticipantID  `json:"by"`
	Action protocol.DeletionAction `json:"action"`
	Reason protocol.DeletionReason `json:"reason"`
}

// Gone returns what a participant said of an object last: a deletion over a
// restriction, since what is deleted does not come back.
func (c *Case) Gone(by protocol.ParticipantID, object protocol.Digest) (gone Gone, ok bool) {
	names := c.called(object)
	c.of(protocol.KindDeletion, func(e *Entry) {
		action := protocol.DeletionAction(e.Says.What)
		if e.From == by && e.deletes(names) && gone.Action != protocol.Deleted {
			gone = Gone{Act: e.Act, By: by, Action: action, Reason: protocol.DeletionReason(e.Says.Ground)}
			ok = true
		}
	})
	return gone, ok
}

// Serves reports whether an object that an act handed over may be given to one of
// its readers now: nobody gives away what may not be used, nor to a reader again
// what that reader said that it deleted or restricted, nor what its own sender did.
func (c *Case) Serves(act, object protocol.Digest, reader protocol.ParticipantID) bool {
	e := c.entryOf(act)
	if e == nil {
		return false
	}
	_, taken := c.Gone(reader, object)
	return !taken && c.Passable(object, e.From)
}

// Passable reports whether a participant may give an object of the case away, here or
// in another case: it may be used, and who would give it neither deleted nor restricted it.
func (c *Case) Passable(object protocol.Digest, by protocol.ParticipantID) bool {
	_, gone := c.Gone(by, object)
	return !gone && !c.Unusable()
}
