package casefile_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

const (
	friend  = protocol.ParticipantID("fr.central") // an authority, and none of the receiving side
	initech = protocol.ParticipantID("us.initech") // a provider, of the receiving side
)

// says has a participant say a word in the case as it holds it.
func says(t *testing.T, c casefile.Case, self protocol.ParticipantID, w word) (casefile.Case, error) {
	t.Helper()
	at := c.Thread[0].Issued
	b := w.body(&c, self, at)
	s := step(b, self, slices.DeleteFunc(c.Participants(), func(id protocol.ParticipantID) bool { return id == self }),
		c.Thread[len(c.Thread)-1].Act)
	s.Act.Issued, s.At = at, at
	s.Endorsed, s.Roles, s.Officers, s.Keys = true, registered(self), officersOf(self), keysOf(self)
	return c.Apply(s)
}

// TestNoFriendIsAnAuthorityOfTheReceivingSide: whoever issues a request chooses its
// recipients. An authority of a third Party among them raises no ground and
// decides nothing, and no provider of the receiving Party has an authority's say.
func TestNoFriendIsAnAuthorityOfTheReceivingSide(t *testing.T) {
	s := notifying()
	s.Act.To = to(contoso, enforcing, friend, initech)
	c := open(t, s)
	if !slices.Equal(c.Notified, to(enforcing, initech)) {
		t.Errorf("notified are %v", c.Notified)
	}
	for _, self := range to(friend, initech) {
		for _, w := range []word{{protocol.KindExtension, ""}, {protocol.KindSecrecy, "lifted"}, {protocol.KindClarification, "returned"},
			{protocol.KindConditions, "partial"}, {protocol.KindConsultation, ""}, {protocol.KindCosts, "claimed"}} {
			_, err := says(t, c, self, w)
			wantReason(t, string(self)+": "+w.String(), err, protocol.ReasonRole)
		}
	}
	if _, err := says(t, c, enforcing, word{protocol.KindExtension, ""}); err != nil {
		t.Errorf("who is notified, and an authority: %v", err)
	}
}

// TestAClosureDoesNotSilenceTheNotice: an issuing side that closes the case while
// its order of secrecy still binds, which nobody else can see to, leaves the
// addressee what it owes the user.
func TestAClosureDoesNotSilenceTheNotice(t *testing.T) {
	c, s := direct(t, protocol.Request{Type: protocol.Production, Secrecy: &protocol.Secrecy{Until: days(30)}}, casefile.Terms{},
		decision(protocol.Allow))
	closure := uttered(protocol.Body{Closure: &protocol.Closure{}}, police, days(1), s.Digest)
	c = apply(t, c, closure)
	if got := c.MoveAt(contoso, days(29)); c.State != casefile.Closed || got != casefile.None {
		t.Errorf("the case is %s, and while secrecy binds the provider is to %q", c.State, got)
	}
	if got := c.MoveAt(contoso, days(31)); got != casefile.Notify {
		t.Errorf("the provider is to %q", got)
	}
	told := uttered(protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeUser, Status: protocol.NoticeDelivered, At: days(31)}},
		contoso, days(31), closure.Digest)
	c, err := c.Send(told)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.MoveAt(contoso, days(32)); got != casefile.None {
		t.Errorf("once it was told the provider is to %q", got)
	}
}
