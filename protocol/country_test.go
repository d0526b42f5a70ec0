package protocol_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
)

func TestDraftNamesCountries(t *testing.T) {
	issued := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	order := func() *protocol.Request {
		return &protocol.Request{Issuer: "gb.x", Addressee: "us.x", Authorisation: protocol.Authorisation{Date: issued},
			Target: protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"NA", "ZW", "XK"}, ResidentIn: []protocol.Party{"AD"},
				Incorporated: "GB", GovernmentOf: "EU"},
			Offence: protocol.Offence{CommittedIn: []protocol.Party{"GB", "XK"}}}
	}
	for _, c := range []struct {
		change func(*protocol.Request)
		want   string // "" for nothing
	}{
		{func(*protocol.Request) {}, ""},
		{func(r *protocol.Request) { r.Issuer, r.Addressee = "zz.x", "xa.x" }, ""},
		{func(r *protocol.Request) { r.Issuer, r.Addressee = "eu.x", "qz.x" }, ""},
		{func(r *protocol.Request) { r.Issuer = "uk.x" }, `issuer: "UK" is no country of ISO 3166-1: did you mean gb.x?`},
		{func(r *protocol.Request) { r.Addressee = "qa.x" }, ""},
		{func(r *protocol.Request) { r.Addressee = "ql.x" }, `addressee: "QL" is no country of ISO 3166-1`},
		{func(r *protocol.Request) { r.Target.LocatedIn = "UK" }, `target.located_in: "UK" is no country of ISO 3166-1: did you mean GB?`},
		{func(r *protocol.Request) { r.Target.Nationalities[1] = "ZZ" }, `target.nationalities[1]: "ZZ" is no`},
		{func(r *protocol.Request) { r.Target.ResidentIn[0] = "XA" }, `target.resident_in[0]: "XA" is no`},
		{func(r *protocol.Request) { r.Target.ResidentIn[0] = "EU" }, `target.resident_in[0]: "EU" is no`},
		{func(r *protocol.Request) { r.Target.Incorporated = "D " }, `target.incorporated_in: "D " is no`},
		{func(r *protocol.Request) { r.Offence.CommittedIn[1] = "UK" }, `offence.committed_in[1]: "UK" is no country of ISO 3166-1: did you mean GB?`},
		{func(r *protocol.Request) { r.Offence.CommittedIn[0] = "EU" }, `offence.committed_in[0]: "EU" is no`},
		{func(r *protocol.Request) { r.Target.GovernmentOf = "ZZ" }, `target.government_of: "ZZ" is no`},
		{func(r *protocol.Request) { r.Authorisation.Date = issued.Add(protocol.MaxSkew) }, ""},
		{func(r *protocol.Request) { r.Authorisation.Date = issued.Add(protocol.MaxSkew + time.Second) }, "authorisation.date: is after"},
		{func(r *protocol.Request) { r.Authorisation.Date = issued.AddDate(-30, 0, 0) }, ""},
		{func(r *protocol.Request) { r.Authorisation.Date = issued.AddDate(-30, 0, -1) }, "authorisation.date: is more than 30 years"},
	} {
		r := order()
		c.change(r)
		err := r.CheckDraft(issued)
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
