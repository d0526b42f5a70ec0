package casefile_test

import (
	"slices"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

const enforcing = protocol.ParticipantID("us.enforcing") // is notified

// notifying is a request that goes to its addressee and, at the same time, to an
// authority of the receiving Party.
func notifying() casefile.Step {
	s := step(protocol.Body{Request: &protocol.Request{Issuer: police, Addressee: contoso}}, police,
		to(contoso, enforcing))
	s.Decision = decision(protocol.Allow)
	return s
}

func TestWhoIsNotifiedHasNoPartButReads(t *testing.T) {
	c := open(t, notifying())
	if !slices.Equal(c.Notified, to(enforcing)) {
		t.Fatalf("got %v, want %v", c.Notified, enforcing)
	}
	for who, want := range map[protocol.ParticipantID]casefile.Move{
		enforcing: casefile.Examine, contoso: casefile.Answer, police: casefile.None} {
		if got := c.Move(who); got != want {
			t.Errorf("%s: got %q, want %q", who, got, want)
		}
	}
	opening := c.Thread[0].Act
	for name, body := range map[string]protocol.Body{
		"withdrawal": {Withdrawal: &protocol.Withdrawal{}},
		"disclosure": {Disclosure: &protocol.Disclosure{}},
	} {
		_, err := c.Apply(step(body, enforcing, to(police), opening))
		wantReason(t, name, err, protocol.ReasonRole)
	}
}

// TestAWithdrawalIsToldToWhoeverIsNotified, and the case does not end because
// the notification did not get through: the addressee has it.
func TestAWithdrawalIsToldToWhoeverIsNotified(t *testing.T) {
	c := open(t, notifying())
	if got := c.Recipients(protocol.KindWithdrawal, police); !slices.Equal(got, to(contoso, enforcing)) {
		t.Errorf("got %v", got)
	}
	opening := c.Thread[0].Act
	if got := c.Undelivered(opening, enforcing, casefile.Expired).State; got != casefile.Served {
		t.Errorf("got %s, want served", got)
	}
	if got := c.Undelivered(opening, contoso, casefile.Expired).State; got != casefile.Expired {
		t.Errorf("got %s, want expired", got)
	}
}
