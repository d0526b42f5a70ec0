package casefile_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// refusedAfter is a case in which an enforcing authority refused once the evidence
// had come.
func refusedAfter(t *testing.T) *group {
	t.Helper()
	g := served(t, settings()["notified"])
	g.must(t, contoso, protocol.KindDisclosure, "complete")
	g.must(t, enforcing, protocol.KindConsultation, "")
	g.must(t, enforcing, protocol.KindRefusal, "")
	return g
}

// deletion is one of the given objects, by self, in a case as it holds it.
func deletion(c *casefile.Case, self protocol.ParticipantID, action protocol.DeletionAction, objects ...protocol.Digest) casefile.Step {
	b := protocol.Body{Deletion: &protocol.Deletion{Action: action, Reason: protocol.DeletionRefused, Objects: objects}}
	to := c.Recipients(protocol.KindDeletion, self)
	s := step(b, self, to, c.Heads(to...)...)
	s.Endorsed, s.Roles, s.Officers, s.Keys = true, registered(self), officersOf(self), keysOf(self)
	return s
}

// TestWhatIsRefusedAfterwardsIsDeleted: the issuing authority is to delete, and
// closes the case once it has; nothing else needs to be confirmed.
func TestWhatIsRefusedAfterwardsIsDeleted(t *testing.T) {
	for _, action := range []protocol.DeletionAction{protocol.Deleted, protocol.Restricted} {
		g := refusedAfter(t)
		c := g.holder(police).file
		if c.State != casefile.GroundRaised || len(c.ToDelete()) != 1 || c.MoveAt(police, g.now) != casefile.Delete {
			t.Fatalf("the case is %s, %d to delete, and the police are to %q", c.State, len(c.ToDelete()), c.MoveAt(police, g.now))
		}
		if m := g.holder(contoso).file.MoveAt(contoso, g.now); m == casefile.Delete {
			t.Error("the provider is to delete what the police have")
		}
		closing := step(protocol.Body{Closure: &protocol.Closure{}}, police, c.Recipients(protocol.KindClosure, police), c.Heads(contoso)...)
		_, err := c.Send(closing)
		wantReason(t, "closed with the evidence", err, protocol.ReasonPending)
		g.must(t, police, protocol.KindDeletion, string(action))
		c = g.holder(police).file
		if len(c.ToDelete()) != 0 || c.MoveAt(police, g.now) == casefile.Delete || len(c.Barred()) != 1 {
			t.Errorf("%s: %d to delete, %d barred, and the police are to %q", action, len(c.ToDelete()), len(c.Barred()), c.MoveAt(police, g.now))
		}
		closing = step(protocol.Body{Closure: &protocol.Closure{}}, police, c.Recipients(protocol.KindClosure, police), c.Heads(contoso)...)
		if next, err := c.Send(closing); err != nil || next.State != casefile.Closed {
			t.Errorf("%s: the case is not closed: %v", action, err)
		}
		for _, id := range to(police, contoso, enforcing) {
			if gone, ok := g.holder(id).file.Gone(police, sealedFile); !ok || gone.Action != action || gone.By != police {
				t.Errorf("%s knows of the police: %+v", id, gone)
			}
			if _, ok := g.holder(id).file.Gone(contoso, sealedFile); ok {
				t.Errorf("%s takes the certificate for the provider's", id)
			}
		}
	}
}

// TestNobodyElseDeletesForTheIssuer: what the provider deletes of its own does not
// free the issuing authority, nor an object that is not in the case.
func TestNobodyElseDeletesForTheIssuer(t *testing.T) {
	g := refusedAfter(t)
	g.must(t, contoso, protocol.KindDeletion, "deleted")
	c := *g.holder(police).file
	if len(c.ToDelete()) != 1 {
		t.Error("the provider's deletion frees the police")
	}
	g.refused(t, enforcing, protocol.KindDeletion, "deleted", protocol.ReasonRole)
	other := protocol.DigestOf([]byte("of another case"))
	for name, s := range map[string]casefile.Step{
		"of another case":         deletion(&c, police, protocol.Deleted, other),
		"of another case as well": deletion(&c, police, protocol.Deleted, sealedFile, other),
	} {
		_, err := c.Send(s)
		wantReason(t, name, err, protocol.ReasonThread)
	}
	after := apply(t, c, deletion(&c, police, protocol.Deleted, other)) // of a node that let it out
	if len(after.ToDelete()) != 1 {
		t.Error("an object of another case frees the police")
	}
	if _, err := c.Send(deletion(&c, police, protocol.Deleted, sealedFile)); err != nil {
		t.Errorf("what is of this case is not deleted: %v", err)
	}
}

// TestNobodyIsServedWhatMayNotBeUsed, nor again what it said that it deleted.
func TestNobodyIsServedWhatMayNotBeUsed(t *testing.T) {
	g := served(t, settings()["notified"])
	act := g.must(t, contoso, protocol.KindDisclosure, "complete").Digest
	serves := func() bool { return g.holder(contoso).file.Serves(act, sealedFile, police) }
	if !serves() {
		t.Fatal("the police are not served")
	}
	g.must(t, police, protocol.KindDeletion, "deleted")
	if serves() {
		t.Error("the police are served again what they deleted")
	}
	g = refusedAfter(t)
	c := g.holder(contoso).file
	i := slices.IndexFunc(c.Thread, func(e casefile.Entry) bool { return e.Kind == protocol.KindDisclosure })
	if c.Serves(c.Thread[i].Act, sealedFile, police) {
		t.Error("the police are served what was refused afterwards")
	}
}

// TestADeletionOverARestriction: what was deleted does not come back.
func TestADeletionOverARestriction(t *testing.T) {
	g := refusedAfter(t)
	g.must(t, police, protocol.KindDeletion, "restricted")
	g.must(t, police, protocol.KindDeletion, "deleted")
	g.must(t, police, protocol.KindDeletion, "restricted")
	for _, id := range to(police, contoso, enforcing) {
		if gone, _ := g.holder(id).file.Gone(police, sealedFile); gone.Action != protocol.Deleted {
			t.Errorf("at %s it is %s", id, gone.Action)
		}
	}
}

// TestAReasonIsGivenOfWhatHappened: that an authority refused, and that nobody
// validated, only where that came about; a State that no act is of says it outside.
func TestAReasonIsGivenOfWhatHappened(t *testing.T) {
	for name, x := range map[string]struct {
		reason protocol.DeletionReason
		change func(*casefile.Case)
		want   protocol.Reason
	}{
		"nobody refused":             {protocol.DeletionRefused, func(*casefile.Case) {}, protocol.ReasonOutOfTurn},
		"a third State is concerned": {protocol.DeletionRefused, func(c *casefile.Case) { c.Matter.ThirdStates = []protocol.Party{"FR"} }, ""},
		"it was validated before":    {protocol.DeletionNotValidated, func(*casefile.Case) {}, protocol.ReasonOutOfTurn},
		"it is not needed":           {protocol.DeletionMinimised, func(*casefile.Case) {}, ""},
		"a court said so":            {protocol.DeletionCourt, func(*casefile.Case) {}, ""},
	} {
		g := served(t, settings()["notified"])
		g.must(t, contoso, protocol.KindDisclosure, "complete")
		c := *g.holder(police).file
		x.change(&c)
		s := deletion(&c, police, protocol.Deleted, sealedFile)
		s.Act.Body.Deletion.Reason = x.reason
		if _, err := c.Send(s); x.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else {
			wantReason(t, name, err, x.want)
		}
	}
	c := *refusedAfter(t).holder(police).file
	if _, err := c.Send(deletion(&c, police, protocol.Deleted, sealedFile)); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}
