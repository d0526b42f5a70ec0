package protocol_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// order returns a complete request of the sort that most tests start from.
func order() *protocol.Request {
	return &protocol.Request{
		Type: protocol.Production, Issuer: "gb.met-police", Addressee: "us.contoso",
		FileNumber: "OP-1", Purpose: "criminal investigation",
		Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "Crown Court",
			Reference: "T1", Date: utc("2026-11-01T00:00:00Z"), Instrument: "overseas production order"},
		Offence: protocol.Offence{Description: "fraud", Provisions: []string{"Fraud Act 2006 s.1"}, MaxCustodyMonths: 120},
		Target:  protocol.Target{LocatedIn: "GB", Basis: "subscriber check"},
		Identifiers: []protocol.Identifier{
			{Type: protocol.IdentifierEmail, Value: "a@example.com", Service: "mail"}},
		Data: []protocol.DataItem{{Category: protocol.CategoryContent,
			From: utc("2026-01-01T00:00:00Z"), To: utc("2026-06-01T00:00:00Z")}},
	}
}

func act() *protocol.Act {
	return &protocol.Act{
		Version: protocol.Version, ID: protocol.NewActID(), Case: protocol.NewCaseID(),
		Follows: []protocol.Digest{}, From: "gb.met-police", To: []protocol.ParticipantID{"us.contoso"},
		Agreement: protocol.AgreementRef{ID: "ukus-daa-2019", Version: "1"},
		Issued:    utc("2026-11-22T10:00:00Z"), Expires: utc("2026-11-29T10:00:00Z"),
		Body: protocol.Body{Request: order()}, Endorsements: []protocol.Endorsement{},
	}
}

func TestActRoundTrips(t *testing.T) {
	enc, err := act().Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := protocol.ParseAct(enc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(again, enc) {
		t.Fatalf("got %s (%v), want %s", again, err, enc)
	}
}

func TestEveryPrefixOfAnActIsRefused(t *testing.T) {
	enc, err := act().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range enc {
		if _, err := protocol.ParseAct(enc[:i]); err == nil {
			t.Fatalf("a prefix of %d bytes was accepted", i)
		}
	}
	for _, more := range []string{" ", "\n", "{}", "\x00"} {
		if _, err := protocol.ParseAct(append(bytes.Clone(enc), more...)); err == nil {
			t.Fatalf("a tail of %q was accepted", more)
		}
	}
}

func TestActWithAnotherEncodingIsRefused(t *testing.T) {
	enc, err := act().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string][]byte{
		"space":     bytes.Replace(enc, []byte(`"agreement":`), []byte(`"agreement": `), 1),
		"unknown":   bytes.Replace(enc, []byte(`{"agreement"`), []byte(`{"aaa":1,"agreement"`), 1),
		"duplicate": bytes.Replace(enc, []byte(`"version":"comity/1"`), []byte(`"version":"comity/1","version":"comity/1"`), 1),
		"case":      bytes.Replace(enc, []byte(`"follows"`), []byte(`"Follows"`), 1),
		"escape":    bytes.Replace(enc, []byte(`"fraud"`), []byte(`"fr\u0061ud"`), 1),
		"null":      bytes.Replace(enc, []byte(`"follows":[]`), []byte(`"follows":null`), 1),
		"offset":    bytes.Replace(enc, []byte(`"issued":"2026-11-22T10:00:00Z"`), []byte(`"issued":"2026-11-22T11:00:00+01:00"`), 1),
		"version":   bytes.Replace(enc, []byte(`comity/1`), []byte(`comity/2`), 1),
	} {
		if bytes.Equal(other, enc) {
			t.Fatalf("%s: the crime was not committed", name)
		}
		if _, err := protocol.ParseAct(other); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDepthBombIsRefused(t *testing.T) {
	bomb := append(bytes.Repeat([]byte(`{"body":`), 50_000), bytes.Repeat([]byte(`}`), 50_000)...)
	if _, err := protocol.ParseAct(bomb); err == nil {
		t.Fatal("accepted")
	}
}

func TestIdentifiersAreChecked(t *testing.T) {
	for _, tc := range []struct {
		typ   protocol.IdentifierType
		value string
		ok    bool
	}{
		{protocol.IdentifierEmail, "a@example.com", true},
		{protocol.IdentifierEmail, "A <a@example.com>", false},
		{protocol.IdentifierEmail, "example.com", false},
		{protocol.IdentifierPhone, "+441632960961", true},
		{protocol.IdentifierPhone, "01632960961", false},
		{protocol.IdentifierIMEI, "490154203237518", true},
		{protocol.IdentifierIMEI, "490154203237517", false},
		{protocol.IdentifierIMSI, "234150999999999", true},
		{protocol.IdentifierIMSI, "23415099999999x", false},
		{protocol.IdentifierIP, "198.51.100.7:443", true},
		{protocol.IdentifierIP, "[2001:db8::1]:443", true},
		{protocol.IdentifierIP, "198.51.100.7", false},
		{protocol.IdentifierURL, "https://example.com/a", true},
		{protocol.IdentifierURL, "example.com/a", false},
		{protocol.IdentifierAccount, "user 7", true},
		{protocol.IdentifierAccount, "*@example.com", false},
		{protocol.IdentifierAccount, strings.Repeat("a", protocol.MaxIdentifier), true},
		{protocol.IdentifierAccount, strings.Repeat("a", protocol.MaxIdentifier+1), false},
		{protocol.IdentifierAccount, "", false},
		{protocol.IdentifierDevice, "0123", true},
		{protocol.IdentifierDevice, "0123 ", false},
		{protocol.IdentifierNumber, "K 17", true},
		{protocol.IdentifierNumber, "K?17", false},
		{protocol.IdentifierMAC, "02:00:5e:10:00:00", true},
		{protocol.IdentifierMAC, "02:00:5e:ff:fe:10:00:00", true},
		{protocol.IdentifierMAC, "02-00-5e-10-00-00", false},
		{protocol.IdentifierMAC, "02:00:5E:10:00:00", false},
		{protocol.IdentifierMAC, "02:00:5e:10:00", false},
		{protocol.IdentifierMAC, strings.Repeat("02:", 19) + "02", false}, // of InfiniBand
		{protocol.IdentifierDomain, "mail.xn--bcher-kva.example", true},
		{protocol.IdentifierDomain, "example", false},
		{protocol.IdentifierDomain, "Example.com", false},
		{protocol.IdentifierDomain, "-a.example", false},
		{protocol.IdentifierDomain, "a.example.", false},
		{protocol.IdentifierDomain, "198.51.100.7", false},
		{protocol.IdentifierDomain, strings.Repeat("a", 63) + ".example", true},
		{protocol.IdentifierDomain, strings.Repeat("a", 64) + ".example", false},
		{protocol.IdentifierDomain, strings.Repeat("a.", 125) + "com", true}, // 253 bytes
		{protocol.IdentifierDomain, strings.Repeat("a.", 126) + "com", false},
		{"everything", "x", false},
	} {
		id := protocol.Identifier{Type: tc.typ, Value: tc.value}
		if err := id.Check(); (err == nil) != tc.ok {
			t.Errorf("%s %q: got %v, want ok=%v", tc.typ, tc.value, err, tc.ok)
		}
	}
}

func TestIdentifiersOtherMembersAreChecked(t *testing.T) {
	at := utc("2026-11-01T00:00:00Z")
	for _, c := range []struct {
		id protocol.Identifier
		ok bool
	}{
		{protocol.Identifier{Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: at}, true},
		{protocol.Identifier{Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: at.Add(1)}, false},
		{protocol.Identifier{Type: protocol.IdentifierEmail, Value: "a@example.com", Seen: at}, false},
		{protocol.Identifier{Type: protocol.IdentifierAccount, Value: "a",
			Service: strings.Repeat("s", protocol.MaxReference)}, true},
		{protocol.Identifier{Type: protocol.IdentifierAccount, Value: "a",
			Service: strings.Repeat("s", protocol.MaxReference+1)}, false},
	} {
		if err := c.id.Check(); (err == nil) != c.ok {
			t.Errorf("%s at %v: got %v, want ok=%v", c.id.Type, c.id.Seen, err, c.ok)
		}
	}
}

func TestZeroDecisionRefuses(t *testing.T) {
	var d protocol.Decision
	var f protocol.Finding
	if d.Verdict != protocol.Deny || f.Outcome != protocol.Fail || protocol.Verdict(77).String() != "deny" {
		t.Fatalf("got %v and %v", d.Verdict, f.Outcome)
	}
}

func TestObjectNamesAreNeverPaths(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../a", "a/b", `a\b`, "a\x00b", "/a"} {
		o := evidencetest.Object(name, "text/plain", []byte("x"))
		if o.Check() == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	o := evidencetest.Object("mail.mbox", "application/mbox", []byte("x"))
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	o.Tree = protocol.Digest{}
	if o.Check() == nil {
		t.Fatal("an object without a tree hash was accepted")
	}
}

func FuzzParseAct(f *testing.F) {
	enc, err := act().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(enc)
	for _, a := range bodies() {
		if enc, err = a.Encode(); err != nil {
			f.Fatal(err)
		}
		f.Add(enc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := protocol.ParseAct(b)
		if err != nil {
			return
		}
		again, err := a.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two encodings of one act")
		}
	})
}
