package protocol_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
)

func day(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }

// foreign is what another State asks.
func foreign() *protocol.Request {
	return &protocol.Request{Type: protocol.Production, Issuer: "gb.met-police", Addressee: "ie.justice",
		FileNumber: "OP-1", Facts: "the facts", Nexus: "why", Promise: "the same",
		Target:      protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB"}, Basis: "passport"},
		Secrecy:     &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyLife}},
		Identifiers: []protocol.Identifier{{Type: protocol.IdentifierAccount, Value: "a"}, {Type: protocol.IdentifierAccount, Value: "b"}},
		Data: []protocol.DataItem{{Category: protocol.CategoryContent, From: day(1), To: day(9), Description: "mail"},
			{Category: protocol.CategorySubscriber, From: day(1), To: day(9), Own: []string{"name_only"}, Description: "the name"}}}
}

func domesticOrder() *protocol.Request {
	return &protocol.Request{Issuer: "ie.justice", Addressee: "ie.contoso", FileNumber: "MA-1", Purpose: "order"}
}

const carriedOut = protocol.CaseID("case-abcdefghijklmnopqrstuvwxyz")

func TestAnOrderTakesOverWhatIsAskedForAndNoMore(t *testing.T) {
	o := domesticOrder()
	r := o.Executing(foreign(), carriedOut)
	if err := r.Executes(foreign()); err != nil {
		t.Fatal(err)
	}
	if r.Type != protocol.Production || len(r.Identifiers) != 2 || len(r.Data) != 2 || r.Data[1].Own != nil ||
		r.Issuer != "ie.justice" || r.FileNumber != "MA-1" {
		t.Errorf("got %+v", r)
	}
	if r.Facts != "" || r.Nexus != "" || r.Promise != "" || r.Secrecy != nil || r.Target.LocatedIn != "" ||
		r.Target.Nationalities != nil || strings.Contains(r.Target.Basis, "passport") {
		t.Errorf("the provider would be told %+v", r)
	}
	if got := r.RelatedBy(protocol.RelationExecutes); len(got) != 1 || got[0].Case != carriedOut || got[0].Reference != "" {
		t.Errorf("got %+v", got)
	}
	if len(o.Related) != 0 || o.Type != "" {
		t.Error("the order was changed")
	}
}

func TestAnOrderThatIsWiderIsFound(t *testing.T) {
	item := func(change func(*protocol.DataItem)) func(*protocol.Request) {
		return func(r *protocol.Request) { change(&r.Data[0]) }
	}
	for name, tc := range map[string]struct {
		change func(*protocol.Request)
		want   string // "" for one that is not
	}{
		"the same":           {func(*protocol.Request) {}, ""},
		"less":               {func(r *protocol.Request) { r.Identifiers, r.Data = r.Identifiers[:1], r.Data[:1] }, ""},
		"shorter":            {item(func(d *protocol.DataItem) { d.From, d.To = day(2), day(3) }), ""},
		"to preserve only":   {func(r *protocol.Request) { r.Type = protocol.Preservation }, ""},
		"another type":       {func(r *protocol.Request) { r.Type = protocol.Interception }, "type:"},
		"another identifier": {func(r *protocol.Request) { r.Identifiers[1].Value = "c" }, "identifiers[1]:"},
		"no identifier":      {func(r *protocol.Request) { r.Identifiers = nil }, "identifiers:"},
		"from earlier":       {item(func(d *protocol.DataItem) { d.From = day(1).Add(-time.Second) }), "data[0]:"},
		"to later":           {item(func(d *protocol.DataItem) { d.To = day(9).Add(time.Second) }), "data[0]:"},
		"another category":   {item(func(d *protocol.DataItem) { d.Category = protocol.CategoryTraffic }), "data[0]:"},
		"codes of its own":   {item(func(d *protocol.DataItem) { d.Own = []string{"mine"} }), "data[0]:"},
		"codes left unsaid":  {func(r *protocol.Request) { r.Data[1].Description = "" }, "data[1]:"},
		"a live collection":  {func(r *protocol.Request) { r.Interception = &protocol.Window{Start: day(1), End: day(2)} }, "interception:"},
	} {
		r := domesticOrder().Executing(foreign(), carriedOut)
		tc.change(r)
		err := r.Executes(foreign())
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestProductIsPassedOnAsWhatItWas(t *testing.T) {
	const c, p, n = protocol.ProductionComplete, protocol.ProductionPartial, protocol.ProductionNoData
	for _, x := range []struct {
		as, was protocol.ProductionStatus
		want    bool
	}{{c, c, true}, {p, c, true}, {n, c, false}, {c, p, false}, {p, p, true}, {n, n, true}, {p, n, true}, {c, n, false}} {
		d, origin := protocol.Disclosure{Status: x.as}, protocol.Disclosure{Status: x.was}
		if d.PassesOn(&origin) != x.want {
			t.Errorf("%s as %s: got %v", x.was, x.as, !x.want)
		}
	}
}

func TestARequestAfterItsAmendments(t *testing.T) {
	less := func(version int64, data ...protocol.DataItem) *protocol.Amendment {
		return &protocol.Amendment{Version: version, Identifiers: foreign().Identifiers[:1], Data: data}
	}
	r := complete(t, foreign())
	first, second := r.Data[0], r.Data[0]
	first.To, second.To = day(8), day(7)
	wide := r.Data[0]
	wide.To = day(10)
	for name, tc := range map[string]struct {
		amendments []*protocol.Amendment
		want       time.Time // the end of what is asked for
	}{
		"none":          {nil, day(9)},
		"one":           {[]*protocol.Amendment{less(2, first)}, day(8)},
		"two, reversed": {[]*protocol.Amendment{less(3, second), less(2, first)}, day(7)},
		"a gap":         {[]*protocol.Amendment{less(3, second)}, day(7)}, // to who came late
		"crossed":       {[]*protocol.Amendment{less(2, first), less(2, second)}, day(7)},
		"wider":         {[]*protocol.Amendment{less(2, wide), less(3, second)}, day(7)},
		"twice":         {[]*protocol.Amendment{less(2, second), less(2, first)}, day(7)},
	} {
		if got := r.After(tc.amendments).Data[0].To; !got.Equal(tc.want) {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

// complete adds what every request has.
func complete(t *testing.T, r *protocol.Request) *protocol.Request {
	t.Helper()
	r.Authorisation = protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "a", Reference: "b",
		Instrument: "c", Date: day(1)}
	r.Offence = protocol.Offence{Description: "d", Provisions: []string{"e"}}
	r.Purpose = "f"
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}
