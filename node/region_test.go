package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// stand returns where a region of a case stands at a participant.
func (b *border) stand(at protocol.ParticipantID, id protocol.CaseID, name casefile.Name) casefile.Stand {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	return v.File.Stand(name, b.now())
}

// awaitStand waits until a region stands so at each participant.
func (b *border) awaitStand(id protocol.CaseID, name casefile.Name, want string, at ...protocol.ParticipantID) {
	b.t.Helper()
	for _, p := range at {
		b.await(string(name)+" "+want+" at "+string(p), func() bool { return b.stand(p, id, name).State == want })
	}
}

// ticks has the clock of every node look at a case, as its clerk does.
func (b *border) ticks(id protocol.CaseID, at ...protocol.ParticipantID) {
	b.t.Helper()
	for _, p := range at {
		b.must(b.node(p).TickCase(b.t.Context(), id))
	}
}

// wantMove wants a case to be in the inbox of a participant, for a move.
func (b *border) wantMove(at protocol.ParticipantID, want casefile.Move) {
	b.t.Helper()
	var got casefile.Move
	for _, i := range b.inbox(at) {
		got = i.Move
	}
	if got != want {
		b.t.Errorf("in the inbox of %s it is to %q, want %q", at, got, want)
	}
}

// acts counts the acts of a kind from a participant that a case holds somewhere.
func (b *border) acts(at protocol.ParticipantID, id protocol.CaseID, kind protocol.Kind, from protocol.ParticipantID) int {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	n := 0
	for _, a := range v.Acts {
		if a.Kind == kind && a.From == from {
			n++
		}
	}
	return n
}

func (b *border) refuses(at protocol.ParticipantID, id protocol.CaseID, body protocol.Body) {
	b.t.Helper()
	if done, err := b.act(at, desk.Draft{Case: id, Body: body}); err == nil && !done.Act.IsZero() {
		b.t.Errorf("%s sent a %s", at, body.Kind())
	}
}

// order opens a case with an order of the police, certified.
func (b *border) order(r *protocol.Request) protocol.CaseID {
	b.t.Helper()
	id := b.request(r).Case
	b.awaitState(office, id, "requested")
	b.does(office, id, certification())
	b.awaitState(contoso, id, "served")
	b.awaitState(police, id, "served")
	return id
}

// tapOrder asks for thirty days of what arises.
func (b *border) tapOrder() *protocol.Request {
	r := newOrder()
	r.Type = protocol.Interception
	r.Data = []protocol.DataItem{{Category: protocol.CategoryContentLive, From: b.now(), To: b.now().AddDate(0, 0, 30)}}
	r.Interception = &protocol.Window{Start: b.now(), End: b.now().AddDate(0, 0, 30), LessIntrusiveConsidered: true}
	r.Attestations = append(r.Attestations, protocol.Attestation{Statement: "interception_no_longer_than_needed"})
	return r
}

func tap(action protocol.TapAction, at time.Time) protocol.Body {
	return protocol.Body{Interception: &protocol.Tap{Action: action, At: at}}
}

// TestInterceptionStopsThoughTheOperatorSleeps: thirty days, renewed once; at the
// end the provider's node says that it stopped, once, and nobody signs.
func TestInterceptionStopsThoughTheOperatorSleeps(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		all := []protocol.ParticipantID{police, office, contoso}
		order := b.tapOrder()
		id := b.order(order)
		b.does(contoso, id, tap(protocol.TapStarted, b.now()))
		b.awaitStand(id, casefile.RegionInterception, "active", all...)
		b.turn(29 * 24 * time.Hour)
		b.ticks(id, all...)
		renewal := order.Authorisation
		renewal.Reference, renewal.Date = "T20260418", b.now()
		b.does(police, id, protocol.Body{Interception: &protocol.Tap{Action: protocol.TapRenewed, At: b.now(),
			Until: order.Interception.End.AddDate(0, 0, 30), Authorisation: &renewal}})
		b.awaitStand(id, casefile.RegionInterception, "renewed", all...)
		b.turn(2 * 24 * time.Hour)
		b.ticks(id, all...)
		time.Sleep(time.Minute)
		if n := b.acts(contoso, id, protocol.KindInterception, contoso); n != 1 {
			t.Fatalf("the provider sent %d acts of interception before the end, want that it started", n)
		}

		b.turn(30 * 24 * time.Hour)
		b.ticks(id, all...)
		b.ticks(id, all...)
		for _, p := range all {
			b.await("the word at "+string(p), func() bool {
				return b.acts(p, id, protocol.KindInterception, contoso) == 2
			})
		}
		time.Sleep(time.Minute)
		if n := b.acts(police, id, protocol.KindInterception, contoso); n != 2 {
			t.Errorf("the police hold %d acts of interception of the provider, want two", n)
		}
		v, err := b.node(police).Case(t.Context(), id)
		b.must(err)
		if last := v.Acts[len(v.Acts)-1]; last.Content.Body.Interception.Action != protocol.TapStopped ||
			len(last.Content.Endorsements) != 0 {
			t.Errorf("the last act is %+v, want the node's own word that it stopped", last.Content.Body)
		}
		b.refuses(contoso, id, tap(protocol.TapStarted, b.now())) // without a new authorisation
		for _, p := range all {
			b.awaitStand(id, casefile.RegionInterception, "stopped", p)
			b.awaitReceipt(p, id)
			b.verifies(p, id)
			b.check(p)
		}
	}, police, office, contoso)
}

// TestStopIsNotSaidWhereAPersonSaidIt, nor of an interception that was renewed
// while the word of its end waited.
func TestStopIsNotSaidWhereAPersonSaidIt(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.order(b.tapOrder())
		b.does(contoso, id, tap(protocol.TapStarted, b.now()))
		b.turn(29 * 24 * time.Hour)
		b.does(contoso, id, tap(protocol.TapStopped, b.now()))
		b.turn(2 * 24 * time.Hour)
		b.must(b.node(contoso).Owe(t.Context(), id, protocol.KindInterception))
		b.await("the duty to be dropped", func() bool {
			n, err := b.node(contoso).Duties(t.Context())
			return err == nil && n == 0
		})
		if n := b.acts(contoso, id, protocol.KindInterception, contoso); n != 2 {
			t.Errorf("the provider sent %d acts of interception, want two", n)
		}
	}, police, office, contoso)
}

// gagged is an order that asks for secrecy until a time.
func gagged(until time.Time) *protocol.Request {
	r := newOrder()
	r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}, Until: until}
	return r
}

func secrecyOrder(action protocol.SecrecyAction, start, end time.Time) protocol.Body {
	return protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: action, Authority: "Crown Court at Southwark",
		Reference: "S20260417", Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}, Start: start, End: end,
		Binds: []protocol.Bound{protocol.BoundUser}}}
}

// TestSecrecyEndsAndTheUserIsTold: half a year, extended once, expired. Then who
// tells the user is asked to, and the case is closed only when that is done.
func TestSecrecyEndsAndTheUserIsTold(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		all := []protocol.ParticipantID{police, office, contoso}
		end := b.now().AddDate(0, 0, 40)
		id := b.order(gagged(end))
		b.awaitStand(id, casefile.RegionSecrecy, "active", all...)
		b.does(contoso, id, disclosure(protocol.ProductionComplete))
		b.awaitState(office, id, "produced")
		b.does(office, id, protocol.Body{Relay: &protocol.Relay{}})
		b.awaitState(police, id, "produced")
		b.reads(police, id)
		b.refuses(police, id, protocol.Body{Closure: &protocol.Closure{}})

		b.turn(39 * 24 * time.Hour)
		b.ticks(id, all...)
		b.does(police, id, secrecyOrder(protocol.SecrecyExtended, b.now(), end.AddDate(0, 0, 40)))
		b.awaitStand(id, casefile.RegionSecrecy, "extended", all...)
		b.turn(2 * 24 * time.Hour)
		b.ticks(id, all...)
		b.awaitStand(id, casefile.RegionUserNotice, "not_due", all...)
		b.wantMove(contoso, casefile.None)

		b.turn(40 * 24 * time.Hour)
		b.ticks(id, all...)
		b.awaitStand(id, casefile.RegionUserNotice, "due", all...)
		b.wantMove(contoso, casefile.Notify)
		b.refuses(police, id, protocol.Body{Closure: &protocol.Closure{}})
		b.does(contoso, id, protocol.Body{Notice: &protocol.Notice{To: protocol.NoticeUser,
			Status: protocol.NoticeDelivered, At: b.now(), Text: protocol.DigestOf([]byte("the text"))}})
		b.awaitStand(id, casefile.RegionUserNotice, "done", all...)
		b.wantMove(contoso, casefile.None)
		b.does(police, id, protocol.Body{Closure: &protocol.Closure{Deleted: true}})
		for _, p := range all {
			b.awaitState(p, id, "closed")
			b.awaitReceipt(p, id)
			b.verifies(p, id)
			b.check(p)
		}
	}, police, office, contoso)
}

// TestLiftedSecrecyIsOverAtOnce, whoever's court lifted it.
func TestLiftedSecrecyIsOverAtOnce(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.order(gagged(b.now().AddDate(1, 0, 0)))
		b.does(contoso, id, protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyChallenged,
			Reference: "motion 1"}})
		b.await("the challenge at the police", func() bool { return b.stand(police, id, casefile.RegionSecrecy).Challenged })
		b.awaitStand(id, casefile.RegionSecrecy, "active", police, office, contoso)
		b.does(contoso, id, protocol.Body{Secrecy: &protocol.SecrecyOrder{Action: protocol.SecrecyLifted,
			Reference: "decision 1"}})
		b.awaitStand(id, casefile.RegionSecrecy, "lifted", police, office, contoso)
		b.awaitStand(id, casefile.RegionUserNotice, "due", police, office, contoso)
	}, police, office, contoso)
}

// TestSecrecyWithoutAnEnd: a law that wants an end, as that of overseas production
// orders, has it refused; elsewhere it is flagged, and shows as without an end.
func TestSecrecyWithoutAnEnd(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.order(newOrder())
		done := b.does(police, id, secrecyOrder(protocol.SecrecyOrdered, b.now(), time.Time{}))
		if !slices.ContainsFunc(done.Decision.Findings, func(f protocol.Finding) bool {
			return f.Rule == casefile.RuleSecrecyEnd && f.Outcome == protocol.Flag
		}) {
			t.Errorf("the findings are %+v, want a flag", done.Decision.Findings)
		}
		b.awaitStand(id, casefile.RegionSecrecy, "active", contoso)
		if s := b.stand(contoso, id, casefile.RegionSecrecy); !s.NoEnd || !s.Until.IsZero() {
			t.Errorf("secrecy stands at %+v, want no end", s)
		}
		b.verifies(contoso, id)
	}, police, office, contoso)
}
