package node_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// narrower is an amendment of newOrder to a version.
func narrower(version int64, change func(*protocol.Amendment)) protocol.Body {
	r := newOrder()
	a := &protocol.Amendment{Version: version, Identifiers: r.Identifiers, Data: r.Data,
		Dropped: []protocol.Drop{{Member: "data[0].from", Why: "too long"}}}
	change(a)
	return protocol.Body{Amendment: a}
}

// later has the first data item begin later.
func later(days int) func(*protocol.Amendment) {
	return func(a *protocol.Amendment) {
		d := a.Data[0]
		d.From = d.From.AddDate(0, 0, days)
		a.Data = []protocol.DataItem{d}
	}
}

// TestAmendmentThatAsksForMoreIsRefused on both sides: by what stood before it,
// and not only by the request as it was made.
func TestAmendmentThatAsksForMoreIsRefused(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		b.does(police, id, narrower(2, later(10)))
		for _, at := range []protocol.ParticipantID{office, contoso} {
			b.await("version 2 at "+string(at), func() bool { return b.version(at, id) == 2 })
		}
		b.awaitReceipt(police, id)
		_, err := b.act(police, desk.Draft{Case: id, Body: narrower(3, later(5))})
		if err == nil || !strings.Contains(err.Error(), "data[0]: goes beyond") || !strings.Contains(err.Error(), "not_narrower") {
			t.Errorf("on the own node: got %v", err)
		}
		thread := b.thread(contoso, id)
		wider := b.blank(narrower(3, later(5)), police, contoso)
		wider.Case, wider.To = id, []protocol.ParticipantID{contoso, office}
		wider.Follows = thread[len(thread)-1:]
		b.endorse(wider)
		b.refused(b.smuggled("amended to more than before", wider, protocol.ReasonNarrower).authentic(wider), id)
		if got := b.version(contoso, id); got != 2 {
			t.Errorf("version %d stands, want 2", got)
		}
		b.does(police, id, narrower(3, later(20)))
		b.await("version 3", func() bool { return b.version(contoso, id) == 3 })
		v, err := b.node(contoso).Case(t.Context(), id)
		b.must(err)
		if want := newOrder().Data[0].From.AddDate(0, 0, 20); !v.Current.Data[0].From.Equal(want) {
			t.Errorf("it begins %v, want %v", v.Current.Data[0].From.Format(time.DateOnly), want)
		}
	}, police, office, contoso)
}

func (b *border) version(at protocol.ParticipantID, id protocol.CaseID) int64 {
	v, err := b.node(at).Case(b.t.Context(), id)
	if err != nil {
		return 0
	}
	return v.Version
}

// TestWhatACourtDecidedEitherSideTells: production waits for it, and nobody else
// may say it.
func TestWhatACourtDecidedEitherSideTells(t *testing.T) {
	for name, teller := range map[string]protocol.ParticipantID{"the issuer": police, "the addressee": contoso} {
		t.Run(name, func(t *testing.T) {
			atBorder(t, func(t *testing.T, b *border) {
				id := b.served()
				held := b.takeIn(contoso, desk.Draft{Case: id, Body: disclosure(protocol.ProductionComplete)})
				b.does(contoso, id, protocol.Body{Objection: &protocol.Objection{Level: protocol.LevelCourt,
					Grounds: []protocol.Reason{protocol.ReasonQFGLaw}, Text: "it is forbidden", Reference: "24-mc-17"}})
				b.await("the objection", func() bool { return b.move(police, id) == casefile.Determine })
				b.does(teller, id, protocol.Body{Determination: &protocol.Determination{Result: protocol.ResultLifted,
					Reference: "24-mc-17"}})
				for _, at := range []protocol.ParticipantID{police, office, contoso} {
					b.awaitState(at, id, "lifted")
				}
				_, err := b.act(contoso, held)
				if err == nil || !strings.Contains(err.Error(), string(protocol.ReasonOutOfTurn)) {
					t.Errorf("disclosed under a lifted order: got %v", err)
				}
			}, police, office, contoso)
		})
	}
}

func (b *border) move(at protocol.ParticipantID, id protocol.CaseID) casefile.Move {
	v, err := b.node(at).Case(b.t.Context(), id)
	b.must(err)
	return v.Move
}
