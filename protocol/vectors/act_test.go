package vectors_test

import (
	"slices"
	"strings"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

// actArea holds acts in their canonical form, without signatures.
func (w world) actArea() area {
	good := func(name, about string, act func() *protocol.Act) recipe {
		return recipe{name, "valid", about, nil, func() []byte { return w.encode(act()) }}
	}
	recipes := []recipe{
		good("request", "a request with all that it may hold", w.fullRequest),
		good("preservation", "a request without identifiers", func() *protocol.Act {
			act := w.fullRequest()
			r := act.Body.Request
			r.Type, r.Identifiers, r.Interception = protocol.Preservation, []protocol.Identifier{}, nil
			return act
		}),
		good("certification", "a certification, whose request is not looked at here", func() *protocol.Act {
			return w.act(protocol.Body{Certification: &protocol.Certification{Request: []byte("{}"), Contact: "desk"}},
				office, contoso)
		}),
		good("certification-attests", "a certification that attests something", func() *protocol.Act {
			return w.act(protocol.Body{Certification: &protocol.Certification{Request: []byte("{}"), Contact: "desk",
				Attestations: []protocol.Attestation{{Statement: "necessary", Reference: "p. 2"}}}}, office, contoso)
		}),
		good("path", "a request for the path of a communication", func() *protocol.Act {
			r := order()
			r.Type, r.Data[0].Category = protocol.PathDisclosure, protocol.CategoryTraffic
			return w.act(protocol.Body{Request: r}, police, office)
		}),
		good("drill", "an emergency that is an exercise", func() *protocol.Act {
			r := order()
			r.Emergency, r.Drill = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a drill"}, true
			return w.act(protocol.Body{Request: r}, police, office)
		}),
		good("disclosure", "a disclosure of one object", w.disclosure),
		good("disclosure-full", "a disclosure of a pack and its list, with all that they may hold", func() *protocol.Act {
			pack, list := evidencetest.Object("mail.pack", "", []byte("From a\n")), evidencetest.Object("mail.jsonl", "text/plain", []byte("{}\n"))
			pack.Role, list.Role = protocol.RolePack, protocol.RoleList
			pack.Collected, pack.Collector, pack.Segments = now.Add(-day), "mail export 4", 2
			d := evidencetest.Disclosure(protocol.ProductionPartial, []protocol.Object{pack, list}, office, police)
			d.Note = "more follows"
			return w.act(protocol.Body{Disclosure: d}, contoso, office)
		}),
		good("disclosure-largest", "an object of 4 TiB with a name of 255 bytes, which looks like another", func() *protocol.Act {
			act := w.disclosure()
			o := &act.Body.Disclosure.Objects[0]
			o.Size, o.Name = protocol.MaxObject, strings.Repeat("\u202e", protocol.MaxObjectName/3)
			return act
		}),
		good("disclosure-until", "a disclosure that can be fetched for thirty days", func() *protocol.Act {
			act := w.disclosure()
			act.Body.Disclosure.Until = act.Issued.Add(30 * day)
			return act
		}),
		good("no-data", "a disclosure that there is nothing", func() *protocol.Act {
			return w.act(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData,
				Objects: []protocol.Object{}}}, contoso, office)
		}),
		good("relay", "a relay, whose act is not looked at here", func() *protocol.Act {
			return w.act(protocol.Body{Relay: &protocol.Relay{Act: []byte("{}")}}, office, police)
		}),
		good("withdrawal", "a withdrawal that follows two acts", func() *protocol.Act {
			act := w.act(protocol.Body{Withdrawal: &protocol.Withdrawal{}}, police, office)
			act.Follows = []protocol.Digest{protocol.DigestOf([]byte("1")), protocol.DigestOf([]byte("2"))}
			return act
		}),
		good("refusal", "a refusal with a note", func() *protocol.Act {
			return w.act(protocol.Body{Refusal: &protocol.Refusal{Reason: protocol.ReasonNotHeld, Note: "note"}},
				contoso, office)
		}),
		good("longest-life", "an act that may wait for 90 days", func() *protocol.Act {
			act := w.disclosure()
			act.Expires = act.Issued.Add(protocol.MaxLifetime)
			return act
		}),
	}
	recipes = append(recipes, w.actForms()...)
	recipes = append(recipes, w.actRaw()...)
	recipes = append(recipes, w.nondeliveryForms()...)
	recipes = append(recipes, w.particularForms()...)
	recipes = append(recipes, w.lifeForms()...)
	return area{"act", append(recipes, w.bodyForms()...), func(_ world, v *vector) string {
		if _, err := protocol.ParseAct(v.body); err != nil {
			return string(protocol.ReasonMalformed)
		}
		return "valid"
	}}
}

// fullRequest returns a request in which every optional member is set.
func (w world) fullRequest() *protocol.Act {
	r := order()
	r.Type = protocol.Interception
	r.Identifiers = []protocol.Identifier{
		{Type: protocol.IdentifierAccount, Value: "name-1"},
		{Type: protocol.IdentifierEmail, Value: "name@example.com", Service: "mail"},
		{Type: protocol.IdentifierPhone, Value: "+441632960961"},
		{Type: protocol.IdentifierIMEI, Value: "490154203237518"},
		{Type: protocol.IdentifierIMSI, Value: "234150999999999"},
		{Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: now.Add(-5 * day)},
		{Type: protocol.IdentifierIP, Value: "[2001:db8::7]:443"},
		{Type: protocol.IdentifierURL, Value: "https://social.example/name"},
		{Type: protocol.IdentifierDevice, Value: "0123"},
		{Type: protocol.IdentifierMAC, Value: "02:00:5e:10:00:00"},
		{Type: protocol.IdentifierDomain, Value: "mail.xn--bcher-kva.example"},
		{Type: protocol.IdentifierNumber, Value: "K 17"},
	}
	particulars(r)
	r.Offence.DeathPenalty, r.Offence.Speech = true, true
	r.Target = protocol.Target{LocatedIn: "GB", Nationalities: []protocol.Party{"GB", "IE"},
		ResidentIn: []protocol.Party{"FR"}, Incorporated: "GB", GovernmentOf: "GB", Basis: "subscriber check", Protected: protocol.Protections()}
	r.Data[0].Category, r.Data[0].Description = protocol.CategoryContentLive, "calls and messages"
	r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife, Facts: "a person is held"}
	r.Interception = &protocol.Window{Start: now, End: now.Add(30 * day), LessIntrusiveConsidered: true}
	r.Attestations = []protocol.Attestation{{Statement: "own_purpose", Reference: "R-1"}}
	return w.act(protocol.Body{Request: r}, police, office)
}

// actForms are acts whose own members are not well formed.
func (w world) actForms() []recipe {
	bad := func(name, about string, change func(*protocol.Act)) recipe {
		return recipe{"form-" + name, "malformed", about, nil, func() []byte {
			act := w.disclosure()
			change(act)
			return w.encode(act)
		}}
	}
	return []recipe{
		bad("version", "another version of the protocol", func(a *protocol.Act) { a.Version = "comity/2" }),
		bad("id", "an id in capitals", func(a *protocol.Act) {
			a.ID = protocol.ActID("act-" + strings.ToUpper(string(a.ID)[4:]))
		}),
		bad("case", "the id of an act for a case", func(a *protocol.Act) { a.Case = protocol.CaseID(a.ID) }),
		bad("from", "a sender without a country", func(a *protocol.Act) { a.From = "contoso" }),
		bad("to-nobody", "no recipient", func(a *protocol.Act) { a.To = []protocol.ParticipantID{} }),
		bad("to-twice", "one recipient twice",
			func(a *protocol.Act) { a.To = []protocol.ParticipantID{office, office} }),
		bad("to-nine", "nine recipients", func(a *protocol.Act) {
			a.To = nil
			for _, n := range "123456789" {
				a.To = append(a.To, protocol.ParticipantID("gb.p"+string(n)))
			}
		}),
		bad("follows-none", "follows the empty digest", func(a *protocol.Act) { a.Follows = []protocol.Digest{{}} }),
		bad("follows-many", "follows seventeen acts", func(a *protocol.Act) {
			for i := range protocol.MaxFollows + 1 {
				a.Follows = append(a.Follows, protocol.DigestOf([]byte{byte(i)}))
			}
		}),
		bad("endorsements", "five endorsements", func(a *protocol.Act) {
			for i := range protocol.MaxEndorsements + 1 {
				a.Endorsed = append(a.Endorsed, protocol.DigestOf([]byte{byte(i)}))
			}
		}),
		bad("endorsement-none", "names the empty digest as an endorsement",
			func(a *protocol.Act) { a.Endorsed = []protocol.Digest{{}} }),
		bad("agreement", "the id of the agreement has 129 bytes",
			func(a *protocol.Act) { a.Agreement.ID = strings.Repeat("a", protocol.MaxReference+1) }),
		bad("expires", "expires when it is issued", func(a *protocol.Act) { a.Expires = a.Issued }),
		bad("life", "may wait for more than 90 days",
			func(a *protocol.Act) { a.Expires = a.Issued.Add(protocol.MaxLifetime + time.Second) }),
		bad("fraction", "a time with a fraction of a second",
			func(a *protocol.Act) { a.Issued = a.Issued.Add(time.Millisecond) }),
		bad("zone", "a time that is not in UTC",
			func(a *protocol.Act) { a.Issued = a.Issued.In(time.FixedZone("", 3600)) }),
		bad("no-body", "a body without a member", func(a *protocol.Act) { a.Body = protocol.Body{} }),
		bad("two-bodies", "a body with two members",
			func(a *protocol.Act) { a.Body.Withdrawal = &protocol.Withdrawal{} }),
	}
}

// actRaw are acts that differ by bytes from the canonical form.
func (w world) actRaw() []recipe {
	raw := func(name, about, from, to string) recipe {
		return recipe{"raw-" + name, "malformed", about, nil,
			func() []byte { return w.replaced(w.encode(w.disclosure()), from, to) }}
	}
	return []recipe{
		raw("space", "a space", `"from":`, `"from": `),
		raw("member", "a member that is not known", `"to":`, `"also":"","to":`),
		raw("missing", "a member is missing", `"follows":[],`, ``),
		raw("empty", "a member that may be left out is there and empty", `"objects":`, `"note":"","objects":`),
		raw("null", "null for an empty list", `"follows":[]`, `"follows":null`),
		raw("null-body", "null for a body that is not there", `"body":{`, `"body":{"certification":null,`),
		raw("capital", "a member in another case", `"follows"`, `"Follows"`),
		raw("kind", "a kind of body that is not known", `"disclosure"`, `"division"`),
		raw("status", "a status that is not in the list", `"complete"`, `"finished"`),
		raw("number", "a number as text", `"size":7`, `"size":"7"`),
		raw("digest", "a digest without its algorithm", `"tree":"sha256:`, `"tree":"`),
		raw("role", "a role that may be left out is there and empty", `"sha512":`, `"role":"","sha512":`),
	}
}

// bodyForms are requests and disclosures that are not well formed.
func (w world) bodyForms() []recipe {
	request := func(name, about string, change func(*protocol.Request)) recipe {
		return recipe{"request-" + name, "malformed", about, nil, func() []byte {
			r := order()
			change(r)
			return w.encode(w.act(protocol.Body{Request: r}, police, office))
		}}
	}
	one := func(t protocol.IdentifierType, value string) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Identifiers[0] = protocol.Identifier{Type: t, Value: value} }
	}
	object := func(name, about string, change func(*protocol.Object)) recipe {
		return recipe{"object-" + name, "malformed", about, nil, func() []byte {
			act := w.disclosure()
			change(&act.Body.Disclosure.Objects[0])
			return w.encode(act)
		}}
	}
	readers := func(name, about string, change func(*protocol.Disclosure)) recipe {
		return recipe{"readers-" + name, "malformed", about, nil, func() []byte {
			d := evidencetest.Disclosure(protocol.ProductionComplete,
				[]protocol.Object{evidencetest.Object("mail.mbox", "application/mbox", []byte("From a\n"))}, office, police)
			change(d)
			return w.encode(w.act(protocol.Body{Disclosure: d}, contoso, office))
		}}
	}
	empty := func(name, about, from, to string) recipe {
		return recipe{"request-" + name, "malformed", about, nil, func() []byte {
			return w.replaced(w.encode(w.act(protocol.Body{Request: order()}, police, office)), from, to)
		}}
	}
	return []recipe{
		recipe{"no-data-until", "malformed", "there is nothing, and it can be fetched for thirty days", nil, func() []byte {
			return w.encode(w.act(protocol.Body{Disclosure: &protocol.Disclosure{Status: protocol.ProductionNoData,
				Objects: []protocol.Object{}, Until: now.Add(30 * day)}}, contoso, office))
		}},
		empty("empty-attestations", "a list that may be left out is there and empty",
			`"authorisation":{`, `"attestations":[],"authorisation":{`),
		empty("empty-nationalities", "another list that may be left out is there and empty",
			`"nationalities":["GB"]`, `"nationalities":[]`),
		request("wildcard", "an account with a wildcard", one(protocol.IdentifierAccount, "name*")),
		request("email", "an e-mail address with a display name",
			one(protocol.IdentifierEmail, "Name <name@example.com>")),
		request("phone", "a telephone number without its country", one(protocol.IdentifierPhone, "01632960961")),
		request("imei", "an IMEI whose check digit is wrong", one(protocol.IdentifierIMEI, "490154203237519")),
		request("imsi", "an IMSI of thirteen digits", one(protocol.IdentifierIMSI, "2341509999999")),
		request("ip", "an IP address without a port", one(protocol.IdentifierIP, "198.51.100.7")),
		request("url", "an address that is not absolute", one(protocol.IdentifierURL, "/name")),
		request("identifier", "a type of identifier that is not known", one("passport", "1")),
		request("no-data", "no data", func(r *protocol.Request) { r.Data = []protocol.DataItem{} }),
		request("range", "a time range that ends before it starts", func(r *protocol.Request) {
			r.Data[0].From, r.Data[0].To = r.Data[0].To, r.Data[0].From
		}),
		request("no-provision", "an offence without a provision",
			func(r *protocol.Request) { r.Offence.Provisions = []string{} }),
		request("custody", "a penalty of more than 12000 months",
			func(r *protocol.Request) { r.Offence.MaxCustodyMonths = 12_001 }),
		request("window", "an interception without a window",
			func(r *protocol.Request) { r.Type = protocol.Interception }),
		request("no-window", "a window without an interception", func(r *protocol.Request) {
			r.Interception = &protocol.Window{Start: now, End: now.Add(day)}
		}),
		request("facts", "an emergency without facts",
			func(r *protocol.Request) { r.Emergency = &protocol.Emergency{Kind: protocol.EmergencyLife} }),
		request("reference", "a file number of 129 bytes",
			func(r *protocol.Request) { r.FileNumber = strings.Repeat("1", protocol.MaxReference+1) }),
		object("name", "a name with a path", func(o *protocol.Object) { o.Name = "../mail.mbox" }),
		object("name-empty", "no name", func(o *protocol.Object) { o.Name = "" }),
		object("name-nul", "a name with a NUL", func(o *protocol.Object) { o.Name = "mail\x00.mbox" }),
		object("name-long", "a name of 256 bytes", func(o *protocol.Object) { o.Name = strings.Repeat("n", protocol.MaxObjectName+1) }),
		object("size", "a negative size", func(o *protocol.Object) { o.Size = -1 }),
		object("size-large", "more than 4 TiB", func(o *protocol.Object) { o.Size = protocol.MaxObject + 1 }),
		object("tree", "no tree hash", func(o *protocol.Object) { o.Tree = protocol.Digest{} }),
		object("sha512", "a digest of 127 digits", func(o *protocol.Object) { o.SHA512 = o.SHA512[1:] }),
		object("sha512-capital", "a digest in capitals", func(o *protocol.Object) { o.SHA512 = strings.ToUpper(o.SHA512) }),
		object("role", "a role that is not known", func(o *protocol.Object) { o.Role = "trash" }),
		object("segments", "a negative number of segments", func(o *protocol.Object) { o.Segments = -1 }),
		object("collected", "a time with a fraction of a second",
			func(o *protocol.Object) { o.Collected = now.Add(time.Millisecond) }),
		object("collector", "a collector of 129 bytes",
			func(o *protocol.Object) { o.Collector = strings.Repeat("c", protocol.MaxReference+1) }),
		readers("none", "objects that nobody can read", func(d *protocol.Disclosure) { d.Readers, d.Keys = nil, nil }),
		readers("no-keys", "readers without keys", func(d *protocol.Disclosure) { d.Keys = nil }),
		readers("only-keys", "keys without readers", func(d *protocol.Disclosure) { d.Readers = nil }),
		readers("order", "readers that are not in ascending order", func(d *protocol.Disclosure) { slices.Reverse(d.Readers) }),
		readers("twice", "one reader twice", func(d *protocol.Disclosure) { d.Readers[1] = d.Readers[0] }),
		readers("ten", "ten readers", func(d *protocol.Disclosure) {
			d.Readers = nil
			for _, n := range "0123456789" {
				d.Readers = append(d.Readers, protocol.ParticipantID("gb.p"+string(n)))
			}
		}),
		readers("large", "keys of more than 49152 bytes", func(d *protocol.Disclosure) {
			d.Keys = []byte(`{"ciphertext":"` + strings.Repeat("A", protocol.MaxKeys) + `"}`)
		}),
		readers("object-twice", "one object twice", func(d *protocol.Disclosure) { d.Objects = append(d.Objects, d.Objects[0]) }),
		{"disclosure-empty", "malformed", "a complete disclosure of nothing", nil, func() []byte {
			return w.encode(w.act(protocol.Body{Disclosure: &protocol.Disclosure{
				Status: protocol.ProductionComplete, Objects: []protocol.Object{}}}, contoso, office))
		}},
	}
}
