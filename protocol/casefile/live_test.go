package casefile_test

import (
	"slices"
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

// TestALiveObjectIsDeletedByEitherOfItsNames: while it grows, and after a stop that says
// nothing of it, by its id; once a stop says what it became, either name means both.
func TestALiveObjectIsDeletedByEitherOfItsNames(t *testing.T) {
	id, product := protocol.DigestOf([]byte("id")), protocol.DigestOf([]byte("product"))
	r := protocol.Request{Type: protocol.Interception, Interception: &protocol.Window{Start: began, End: days(30)}}
	opened, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	tap := func(c casefile.Case, b protocol.Tap, day int, follows protocol.Digest) (casefile.Case, protocol.Digest) {
		b.At = days(day)
		s := uttered(protocol.Body{Interception: &b}, contoso, days(day), follows)
		return apply(t, c, s), s.Digest
	}
	running, start := tap(opened, protocol.Tap{Action: protocol.TapStarted, Live: &protocol.Live{ID: id, Readers: to(police)}}, 1, s.Digest)
	silent, _ := tap(running, protocol.Tap{Action: protocol.TapStopped}, 2, start)
	told, stop := tap(running, protocol.Tap{Action: protocol.TapStopped, Product: &protocol.Object{Tree: product}}, 2, start)
	del := func(c casefile.Case, o protocol.Digest) casefile.Step {
		s := deletion(&c, police, protocol.Deleted, o)
		s.Act.Body.Deletion.Reason = protocol.DeletionMinimised
		return s
	}

	for name, x := range map[string]struct {
		c    casefile.Case
		by   []protocol.Digest // the names by which it is deleted
		not  protocol.Digest
		acts []protocol.Digest // that are to be deleted
	}{
		"it runs":                      {running, []protocol.Digest{id}, product, []protocol.Digest{start}},
		"stopped without a word of it": {silent, []protocol.Digest{id}, product, []protocol.Digest{start}},
		"stopped, and it became":       {told, []protocol.Digest{id, product}, protocol.Digest{1}, []protocol.Digest{stop}},
	} {
		_, err := x.c.Send(del(x.c, x.not))
		wantReason(t, name+": what is not of the case", err, protocol.ReasonThread)
		barred := x.c
		barred.Thread = append(slices.Clone(x.c.Thread), casefile.Entry{Act: protocol.Digest{9}, Kind: protocol.KindRefusal, Leads: casefile.GroundRaised})
		if got := barred.ToDelete(); !slices.Equal(got, x.acts) {
			t.Errorf("%s: to be deleted %v, want %v", name, got, x.acts)
		}
		for _, o := range x.by {
			if _, err := x.c.Send(del(x.c, o)); err != nil {
				t.Errorf("%s: it cannot be deleted: %v", name, err)
			}
			after := apply(t, x.c, del(x.c, o))
			for _, other := range x.by {
				if gone, ok := after.Gone(police, other); !ok || gone.Action != protocol.Deleted {
					t.Errorf("%s: deleted by one name, by another it is %+v", name, gone)
				}
				if after.Serves(start, other, police) || !x.c.Serves(start, other, police) || !after.Serves(start, other, fbi) {
					t.Errorf("%s: who is served changed otherwise", name)
				}
			}
			barred := after
			barred.Thread = append(slices.Clone(after.Thread), casefile.Entry{Act: protocol.Digest{9}, Kind: protocol.KindRefusal, Leads: casefile.GroundRaised})
			if got := barred.ToDelete(); len(got) != 0 || len(barred.Barred()) != 1 || barred.Serves(start, id, fbi) {
				t.Errorf("%s: deleted, and still to be deleted %v", name, got)
			}
		}
	}

	// Who deleted it while it ran has deleted what it became.
	early := apply(t, running, del(running, id))
	early, _ = tap(early, protocol.Tap{Action: protocol.TapStopped, Product: &protocol.Object{Tree: product}}, 2, start)
	if _, ok := early.Gone(police, product); !ok || early.Serves(start, product, police) {
		t.Error("the product is served to who deleted the live object")
	}
}

// TestAStopThatNamesOtherEvidenceSaysNothingOfTheLiveObject: else who deletes that would
// have deleted both.
func TestAStopThatNamesOtherEvidenceSaysNothingOfTheLiveObject(t *testing.T) {
	id, file := protocol.DigestOf([]byte("id")), protocol.DigestOf([]byte("file"))
	r := protocol.Request{Type: protocol.Interception, Interception: &protocol.Window{Start: began, End: days(30)}}
	c, s := direct(t, r, casefile.Terms{}, decision(protocol.Allow))
	last := s.Digest
	for _, b := range []protocol.Body{
		{Disclosure: &protocol.Disclosure{Status: protocol.ProductionPartial, Objects: []protocol.Object{{Tree: file}}, Readers: to(police), Keys: protocol.Signed{1}}},
		{Interception: &protocol.Tap{Action: protocol.TapStarted, At: days(2), Live: &protocol.Live{ID: id, Readers: to(police)}}},
		{Interception: &protocol.Tap{Action: protocol.TapStopped, At: days(3), Product: &protocol.Object{Tree: file}}},
	} {
		said := uttered(b, contoso, days(2), last)
		c, last = apply(t, c, said), said.Digest
	}
	after := apply(t, c, deletion(&c, police, protocol.Deleted, file))
	if _, ok := after.Gone(police, id); ok {
		t.Error("who deleted a file is said to have deleted the live object")
	}
	minimised := deletion(&after, police, protocol.Deleted, id)
	minimised.Act.Body.Deletion.Reason = protocol.DeletionMinimised
	if _, err := after.Send(minimised); err != nil {
		t.Errorf("the live object cannot be deleted by itself: %v", err)
	}
}
