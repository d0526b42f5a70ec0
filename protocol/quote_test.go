package protocol_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// bodies holds an act for each kind of body, with every member filled.
func bodies() []*protocol.Act {
	request := particulars(order())
	request.Identifiers[0] = protocol.Identifier{Type: protocol.IdentifierIP, Value: "198.51.100.7:443",
		Service: "mail", Seen: utc("2026-11-01T00:00:00Z")}
	request.Authorisation.Order = protocol.DigestOf([]byte("order"))
	request.Offence.DeathPenalty, request.Offence.Speech = true, true
	request.Target = protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB"},
		ResidentIn: []protocol.Party{"GB"}, Incorporated: "GB", GovernmentOf: "GB", Basis: "payments", Protected: protocol.Protections()}
	request.Data[0].Description = "messages"
	request.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a threat"}
	request.Type = protocol.Interception
	request.Interception = &protocol.Window{Start: utc("2026-11-23T00:00:00Z"), End: utc("2026-12-01T00:00:00Z"),
		LessIntrusiveConsidered: true}
	request.Attestations = []protocol.Attestation{{Statement: "own_purpose", Reference: "p. 3"}}
	var acts []*protocol.Act
	for _, b := range []protocol.Body{
		{Request: request},
		{Certification: &protocol.Certification{Invokes: true, Request: []byte(`{"a":"b"}`), Contact: "desk", Targeting: "TP-3",
			Attestations: []protocol.Attestation{{Statement: "necessary", Reference: "p. 4"}}}},
		{Disclosure: disclosed()},
		{Interception: &protocol.Tap{Action: protocol.TapStarted, At: then, Live: live()}},
		{Relay: &protocol.Relay{Act: []byte(`{"a":"b"}`)}},
		{Withdrawal: &protocol.Withdrawal{Note: "no longer needed"}},
		{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld, Note: "closed"}},
	} {
		a := act()
		a.Body, a.Follows = b, []protocol.Digest{protocol.DigestOf([]byte("before"))}
		a.Endorsed = []protocol.Digest{protocol.DigestOf([]byte("endorsement"))}
		acts = append(acts, a)
	}
	return acts
}

// planted returns every JSON value that differs from v in one place, where the
// secret stands: as a value, as a number, in a list, under a known name, as a
// name. Each is v with a hole that set fills.
func planted(v any, secret any, found func()) {
	holes(v, func(set func(any)) {
		forms := []any{secret, []any{secret}, map[string]any{"type": secret}, map[string]any{"value": []any{secret}}}
		if name, ok := secret.(string); ok {
			forms = append(forms, map[string]any{name: 1}, map[string]any{name: map[string]any{name: name}})
		}
		for _, form := range forms {
			set(form)
			found()
		}
	})
}

// holes calls at for each value in v, with what replaces it, and puts it back.
func holes(v any, at func(set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for k, old := range v {
			at(func(x any) { v[k] = x })
			v[k] = old
			holes(old, at)
		}
	case []any:
		for i, old := range v {
			at(func(x any) { v[i] = x })
			v[i] = old
			holes(old, at)
		}
	}
}

// secrets are texts that could be a person, and some that look like the end of
// an error; and a number, which a phone number is.
func secrets() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Map(rapid.StringMatching(`[A-Za-z0-9]{8,40}`), func(s string) any { return s }),
		rapid.Map(rapid.StringMatching(`[a-z]{8,12}@[a-z]{3,9}\.example`), func(s string) any { return s }),
		rapid.Map(rapid.StringMatching(`[a-z]: want [A-Z][a-z]{7,12}( [A-Z][a-z]{7,12}){0,9}`), func(s string) any { return s }),
		rapid.Map(rapid.StringMatching(`[1-9][0-9]{9,15}`), func(s string) any { return json.Number(s) }),
	)
}

// needle is the part of a secret that no error has by itself.
func needle(secret any) string {
	if n, ok := secret.(json.Number); ok {
		return n.String()
	}
	s := secret.(string)
	return s[strings.LastIndex(s, ": want ")+1:]
}

// TestNoErrorQuotesWhatStandsInAnAct: errors come to logs and into answers.
func TestNoErrorQuotesWhatStandsInAnAct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := secrets().Draw(t, "secret")
		a := rapid.SampledFrom(bodies()).Draw(t, "act")
		enc, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var whole map[string]any
		if err := json.Unmarshal(enc, &whole); err != nil {
			t.Fatal(err)
		}
		errs := 0
		check := func(err error) {
			if err != nil {
				errs++
			}
			if err != nil && strings.Contains(err.Error(), needle(secret)) {
				t.Fatalf("%s: %v", a.Body.Kind(), err)
			}
		}
		planted(whole, secret, func() {
			b, err := canon.Encode(whole)
			if err != nil {
				t.Fatal(err)
			}
			_, err = protocol.ParseAct(b)
			check(err)
			loose := new(protocol.Act)
			if err := canon.Read(b, loose); err != nil {
				check(err)
				return
			}
			_, err = loose.Encode()
			check(err)
		})
		if errs == 0 {
			t.Fatal("nothing that was planted was refused")
		}
	})
}
