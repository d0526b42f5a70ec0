package casefile_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TestALiveObjectIsAnnouncedOnceAndAccountedForOnce, whatever who receives it was
// told before.
func TestALiveObjectIsAnnouncedOnceAndAccountedForOnce(t *testing.T) {
	r := protocol.Request{Type: protocol.Interception, Interception: &protocol.Window{Start: began, End: days(30)}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	tap := func(b protocol.Tap, day int, follows protocol.Digest) casefile.Step {
		b.At = days(day)
		return uttered(protocol.Body{Interception: &b}, contoso, days(day), follows)
	}
	live := func(readers ...protocol.ParticipantID) protocol.Tap {
		return protocol.Tap{Action: protocol.TapStarted, Live: &protocol.Live{Readers: readers}}
	}
	product := protocol.Tap{Action: protocol.TapStopped, Product: &protocol.Object{}}
	never := func(name string, c casefile.Case, s casefile.Step, want protocol.Reason) {
		t.Helper()
		refused(t, c, s, want)
		_, err := c.Apply(s)
		wantReason(t, name, err, want)
	}
	never("a product of nothing", c, tap(product, 1, s.Digest), protocol.ReasonOutOfTurn)
	never("a reader from elsewhere", c, tap(live(police, fbi), 1, s.Digest), protocol.ReasonWrongRecipient)

	asked := uttered(protocol.Body{Challenge: &protocol.Challenge{Nonce: nonce, Until: days(2)}}, contoso, began.Add(time.Hour), s.Digest)
	challenged := apply(t, c, asked)
	never("while an officer has not answered", challenged, tap(live(police), 1, asked.Digest), protocol.ReasonChallenge)

	bare := tap(protocol.Tap{Action: protocol.TapStarted}, 1, s.Digest)
	c = apply(t, c, bare) // it may be said first that it has begun, and then how it is delivered
	started := tap(live(police), 2, bare.Digest)
	c = apply(t, c, started)
	never("a second one", c, tap(live(police), 3, started.Digest), protocol.ReasonOutOfTurn)
	stopped := tap(product, 4, started.Digest)
	c = apply(t, c, stopped)
	never("a second product", c, tap(product, 5, stopped.Digest), protocol.ReasonOutOfTurn)
	never("a start after the stop", c, tap(live(police), 5, stopped.Digest), protocol.ReasonInterception)
}

// TestNothingIsDeliveredInADrill.
func TestNothingIsDeliveredInADrill(t *testing.T) {
	r := protocol.Request{Type: protocol.Interception, Drill: true, Interception: &protocol.Window{Start: began, End: days(30)}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	start := uttered(protocol.Body{Interception: &protocol.Tap{Action: protocol.TapStarted, At: days(1),
		Live: &protocol.Live{Readers: to(police)}}}, contoso, days(1), s.Digest)
	_, err := c.Apply(start)
	wantReason(t, "a live object in a drill", err, protocol.ReasonDrill)
}
