package node_test

import (
	"slices"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/ledger"
)

// secretFor is an order that asks not to tell the user for some time.
func secretFor(b *border, d time.Duration) *protocol.Request {
	r := newOrder()
	r.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper}, Until: b.now().Add(d)}
	return r
}

// servedAs takes an order to the provider.
func (b *border) servedAs(r *protocol.Request) protocol.CaseID {
	b.t.Helper()
	id := b.request(r).Case
	b.awaitState(office, id, "requested")
	_, err := b.act(office, desk.Draft{Case: id, Body: certification()})
	b.must(err)
	b.awaitState(contoso, id, "served")
	b.awaitState(police, id, "served")
	return id
}

func (b *border) view(at protocol.ParticipantID, id protocol.CaseID) desk.CaseView {
	b.t.Helper()
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	return v
}

func (b *border) item(at protocol.ParticipantID, id protocol.CaseID) desk.Item {
	b.t.Helper()
	for _, i := range b.inbox(at) {
		if i.Case == id {
			return i
		}
	}
	return desk.Item{}
}

// ticked returns the ledger entries of effects in a case.
func (b *border) ticked(at protocol.ParticipantID, id protocol.CaseID) (out []ledger.Record) {
	b.t.Helper()
	for _, rec := range b.records(at) {
		if rec.Kind == ledger.KindClock && rec.Case == id {
			out = append(out, rec)
		}
	}
	return out
}

// ends are the effects that are no reminders.
func ends(fired []casefile.Fired) (out []casefile.Fired) {
	for _, f := range fired {
		if f.Effect != casefile.EffectRemind {
			out = append(out, f)
		}
	}
	return out
}

// firedOnce checks that what the case says has fired stands in the ledger, each
// once, and that it fired at all.
func (b *border) firedOnce(at protocol.ParticipantID, id protocol.CaseID) []casefile.Fired {
	b.t.Helper()
	fired := b.view(at, id).Fired
	if len(fired) == 0 {
		b.t.Errorf("nothing fired at %s", at)
	}
	for i := range fired {
		for j := range i {
			if x, y := fired[i], fired[j]; x.Clock == y.Clock && x.Effect == y.Effect && x.Due.Equal(y.Due) {
				b.t.Errorf("%s of %s fired twice at %s", x.Effect, x.Clock, at)
			}
		}
	}
	if n := len(b.ticked(at, id)); n != len(fired) {
		b.t.Errorf("the ledger of %s has %d effects, the case %d", at, n, len(fired))
	}
	b.check(at)
	return fired
}

// TestAClockThatEndsIsToldAndProved: at its end the effect comes about at every
// node, in the case, in the ledger, and in the inbox of whom it concerns.
func TestAClockThatEndsIsToldAndProved(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.servedAs(secretFor(b, 3*time.Hour))
		item := b.item(contoso, id)
		end := b.view(contoso, id).File.Matter.Secrecy.Until
		if !item.Due.Equal(end) || item.Clock == "" || item.Alerts != 0 {
			t.Errorf("the item is due %v by %q with %d alerts, want %v, and none", item.Due, item.Clock, item.Alerts, end)
		}
		time.Sleep(3*time.Hour - time.Minute)
		if early := ends(b.view(contoso, id).Fired); len(early) > 0 {
			t.Fatalf("it fired %v before its end", end.Sub(early[0].At))
		}
		if item := b.item(contoso, id); item.Alerts != 2 || item.Alert.Effect != casefile.EffectRemind {
			t.Errorf("before its end there are %d alerts, the newest %q, want two reminders", item.Alerts, item.Alert.Effect)
		}
		time.Sleep(2 * time.Minute)
		for _, at := range []protocol.ParticipantID{police, contoso} {
			fired := b.firedOnce(at, id)
			for _, f := range fired {
				if late := f.At.Sub(f.Due); late < 0 || late > time.Second {
					t.Errorf("at %s: %s came about %v late", at, f.Clock, late)
				}
			}
			if last := ends(fired); len(last) != 1 || !last[0].Due.Equal(end) {
				t.Errorf("at %s came about %+v, want the end alone", at, last)
			}
		}
		if item := b.item(contoso, id); item.Alerts == 0 || item.Alert.Effect != casefile.EffectNotice || item.Move != casefile.Answer {
			t.Errorf("the item has %d alerts, the newest %q, and asks to %q", item.Alerts, item.Alert.Effect, item.Move)
		}
		b.does(contoso, id, disclosure(protocol.ProductionPartial))
		if item := b.item(contoso, id); item.Alerts != 0 {
			t.Errorf("who has acted still has %d alerts", item.Alerts)
		}
	}, police, office, contoso)
}

// TestANodeThatWasDownCatchesUpInOrder, each effect once, however often it is
// started.
func TestANodeThatWasDownCatchesUpInOrder(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		var ids []protocol.CaseID
		for _, hours := range []int{5, 1, 3} {
			ids = append(ids, b.servedAs(secretFor(b, time.Duration(hours)*time.Hour)))
		}
		b.halt(contoso)
		b.turn(4 * time.Hour)
		for range 2 {
			b.start(contoso)
			b.await("the clerk", func() bool { return len(b.view(contoso, ids[0]).Fired) > 0 })
			b.halt(contoso)
		}
		b.start(contoso)
		if got := ends(b.view(contoso, ids[0]).Fired); len(got) > 0 {
			t.Errorf("what is due in an hour came about: %v", got)
		}
		var order []protocol.CaseID
		for _, rec := range b.records(contoso) {
			if rec.Kind == ledger.KindClock {
				order = append(order, rec.Case)
			}
		}
		b.firedOnce(contoso, ids[1])
		b.firedOnce(contoso, ids[2])
		// Half an hour, and three halves; the last is only reminded of, by 2.5 hours.
		if want := []protocol.CaseID{ids[1], ids[2], ids[0]}; !slices.Equal(slices.Compact(order), want) {
			t.Errorf("they came about in the order %v, want %v", order, want)
		}
		b.turn(2 * time.Hour)
		b.node(contoso).Wake()
		b.await("the last", func() bool { return len(ends(b.view(contoso, ids[0]).Fired)) > 0 })
	}, police, office, contoso)
}

// TestAnAlertOfAnotherIsReadOnce: where it is nobody's move here, what came about
// is to be read, and then it is gone.
func TestAnAlertOfAnotherIsReadOnce(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		r := newOrder()
		r.Deadline = &protocol.Deadline{Reason: "hearing", At: b.now().Add(time.Hour)}
		id := b.servedAs(r)
		if i := b.item(office, id); i.Case != "" {
			t.Fatalf("who waits for an answer is asked to %s", i.Move)
		}
		time.Sleep(time.Hour)
		b.await("the alert", func() bool { return b.item(office, id).Move == casefile.Read })
		v := b.view(office, id)
		after, err := b.node(office).MarkRead(t.Context(), id, desk.Seen{Acts: len(v.Acts), State: v.File.State})
		b.must(err)
		if after.Move != casefile.None || b.item(office, id).Case != "" {
			t.Errorf("after it was read, it asks to %q", after.Move)
		}
	}, police, office, contoso)
}

// TestClocksAreListedByWhenTheyAreDue, page by page.
func TestClocksAreListedByWhenTheyAreDue(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		for _, hours := range []int{5, 1, 3} {
			b.request(secretFor(b, time.Duration(hours)*time.Hour))
		}
		b.request(newOrder())
		list := func(all bool) (out []desk.CaseClock) {
			for p := (desk.ClockPage{Page: desk.Page{Limit: 1}, All: all}); ; {
				c, err := b.node(police).Clocks(t.Context(), p)
				b.must(err)
				out = append(out, c.Items...)
				if p.After = c.Next; p.After == "" {
					return out
				}
			}
		}
		var ends []time.Duration
		for _, c := range list(false) {
			if c.Clock.ID != "secrecy" {
				continue // the time for service, of all four
			}
			if c.Clock.Whose != contoso || c.Case == "" || c.Passed {
				t.Errorf("got %+v", c)
			}
			ends = append(ends, c.Clock.Ends.Sub(founded).Round(time.Hour))
		}
		if want := []time.Duration{time.Hour, 3 * time.Hour, 5 * time.Hour}; !slices.Equal(slices.Compact(ends), want) {
			t.Errorf("got %v, want %v", ends, want)
		}
		time.Sleep(2 * time.Hour)
		// Of the four orders runs the time for service, of three the secrecy.
		if now, all := len(list(false)), len(list(true)); now != 4+2 || all != 4+3 {
			t.Errorf("after 2 hours %d run and %d are listed in all, want 6 and 7", now, all)
		}
	}, police)
}

// TestWhoHasFetchedIsLeftAlone: a clock about what is to be fetched tells only whose
// move it is, and a reader only as long as something is not here.
func TestWhoHasFetchedIsLeftAlone(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id, _, _ := b.disclosed()
		time.Sleep(time.Minute)
		idle := func(name string, at, whose protocol.ParticipantID, want bool) {
			if got, err := b.node(at).FetchedAll(t.Context(), id, whose); err != nil || got != want {
				t.Errorf("%s: left alone %v, %v, want %v", name, got, err, want)
			}
		}
		idle("who has not fetched it", office, office, false)
		idle("another's move", contoso, office, true)
		idle("who holds it", contoso, contoso, false)
		b.fetch(office, id, desk.Fetch{})
		b.awaitExhibit(office, id, desk.EvidenceComplete)
		idle("who has it", office, office, true)
	}, police, office, contoso)
}
