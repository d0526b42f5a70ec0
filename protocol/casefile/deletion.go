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
		if !slices.ContainsFunc(c.Thread, func(e Entry) bool { return e.hands(o) && e.seenBy([]protocol.ParticipantID{from}) }) {
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

// hands reports whether the act hands an object over.
func (e *Entry) hands(object protocol.Digest) bool {
	return e.evidence() && slices.Contains(e.Says.Objects, object)
}

// evidence reports whether the act hands evidence over.
func (e *Entry) evidence() bool {
	switch {
	case e.Says == nil || e.Lost() || e.Says.What == string(protocol.ProductionNoData):
		return false
	case e.Kind == protocol.KindInterception:
		return len(e.Says.Objects) > 0
	}
	return e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure
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
		if e := &c.Thread[i]; e.evidence() {
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
		if !slices.ContainsFunc(c.Thread, func(d Entry) bool { return d.deletes(o) && c.Speaks(d.From) }) {
			return false
		}
	}
	return len(e.Says.Objects) > 0
}

func (e *Entry) deletes(object protocol.Digest) bool {
	return e.Kind == protocol.KindDeletion && e.Says != nil && slices.Contains(e.Says.Objects, object)
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
	c.of(protocol.KindDeletion, func(e *Entry) {
		action := protocol.DeletionAction(e.Says.What)
		if e.From == by && e.deletes(object) && gone.Action != protocol.Deleted {
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
	if e == nil || slices.Contains(c.Barred(), act) {
		return false
	}
	_, taken := c.Gone(reader, object)
	_, kept := c.Gone(e.From, object)
	return !taken && !kept
}
