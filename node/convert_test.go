package node

import (
	"fmt"
	"maps"
	"testing"

	"comity.example/node/record"
	"comity.example/node/store"
	"comity.example/protocol"
)

// A shelfOfValues is a store in memory.
type shelfOfValues map[string][]byte

func (s shelfOfValues) Get(key []byte) ([]byte, error) {
	if v, ok := s[string(key)]; ok {
		return v, nil
	}
	return nil, store.ErrNotFound
}

func (s shelfOfValues) Set(key, value []byte) error {
	s[string(key)] = value
	return nil
}

func mails(values ...string) []protocol.Identifier {
	var out []protocol.Identifier
	for _, v := range values {
		out = append(out, protocol.Identifier{Type: protocol.IdentifierEmail, Value: v})
	}
	return out
}

// TestRefusedMattersAreToldApart: what was refused under another instrument
// needs a link to the case; what was refused under the same one, or is filed
// under something else, or is asked by somebody else, does not.
func TestRefusedMattersAreToldApart(t *testing.T) {
	const police, office = protocol.ParticipantID("gb.met-police"), protocol.ParticipantID("gb.home-office")
	kept := shelfOfValues{}
	refused := protocol.Request{Issuer: police, Identifiers: mails("Heron@example.com", "b@example.com")}
	first, second := protocol.NewCaseID(), protocol.NewCaseID()
	if err := noteRefused(kept, &refused, first, "one"); err != nil {
		t.Fatal(err)
	}
	linked := refused
	linked.Related = []protocol.Related{{Relation: protocol.RelationConvertedFrom, Case: first}}
	other := refused
	other.Related = []protocol.Related{{Relation: protocol.RelationFollows, Case: first}}
	for name, c := range map[string]struct {
		req         protocol.Request
		under, want string
	}{
		"another instrument":    {protocol.Request{Issuer: police, Identifiers: mails("heron@example.com")}, "two", "one"},
		"its second identifier": {protocol.Request{Issuer: police, Identifiers: mails("c@example.com", "b@example.com")}, "two", "one"},
		"another relation":      {other, "two", "one"},
		"the same instrument":   {refused, "one", ""},
		"with a link":           {linked, "two", ""},
		"something else":        {protocol.Request{Issuer: police, Identifiers: mails("d@example.com")}, "two", ""},
		"somebody else":         {protocol.Request{Issuer: office, Identifiers: refused.Identifiers}, "two", ""},
	} {
		got, err := unlinked(kept, &c.req, second, c.under)
		if err != nil {
			t.Fatal(err)
		}
		if got.Agreement != c.want {
			t.Errorf("%s: refused before under %q, want %q", name, got.Agreement, c.want)
		}
	}
}

// TestRefusedMatterIsOneHoweverItIsWritten: with another spelling, or as another
// type, nobody asks again.
func TestRefusedMatterIsOneHoweverItIsWritten(t *testing.T) {
	id := func(typ protocol.IdentifierType, value string) protocol.Identifier {
		return protocol.Identifier{Type: typ, Value: value}
	}
	for _, c := range []struct {
		refused, again protocol.Identifier
		same           bool
	}{
		{id("email", "a@example.com"), id("account", "A@Example.com"), true},
		{id("account", "kiosk"), id("account", "\u212aio\u017fk"), true},
		{id("ip", "[2001:db8::7]:443"), id("ip", "[2001:0DB8:0:0::0007]:443"), true},
		{id("ip", "198.51.100.7:443"), id("ip", "[::ffff:198.51.100.7]:443"), true},
		{id("ip", "198.51.100.7:443"), id("ip", "198.51.100.7:444"), false},
		{id("url", "https://example.com/a"), id("url", "HTTP://Example.com:80/a/#top"), true},
		{id("url", "https://example.com/a"), id("url", "https://example.com/b"), false},
		{id("url", "https://example.com/a?u=1"), id("url", "https://example.com/a?u=2"), false},
	} {
		kept := shelfOfValues{}
		r := &protocol.Request{Issuer: "gb.met-police", Identifiers: []protocol.Identifier{c.refused}}
		if err := noteRefused(kept, r, protocol.NewCaseID(), "one"); err != nil {
			t.Fatal(err)
		}
		r.Identifiers[0] = c.again
		got, err := unlinked(kept, r, protocol.NewCaseID(), "two")
		if err != nil || (got.Case != "") != c.same {
			t.Errorf("%v and %v: found %v, %v, want that they are one: %v", c.refused, c.again, got, err, c.same)
		}
	}
}

// TestLinkIsForWhatWasRefusedThere: one to another refusal, of something else or
// under the same instrument, does not stand for it.
func TestLinkIsForWhatWasRefusedThere(t *testing.T) {
	kept := shelfOfValues{}
	refused, decoy, late := protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID()
	for _, x := range []struct {
		mail, under string
		c           protocol.CaseID
	}{{"a@example.com", "one", refused}, {"decoy@example.com", "one", decoy}, {"a@example.com", "two", late}} {
		r := &protocol.Request{Issuer: "gb.met-police", Identifiers: mails(x.mail)}
		if err := noteRefused(kept, r, x.c, x.under); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		links []protocol.CaseID
		want  protocol.CaseID
	}{
		{[]protocol.CaseID{decoy}, refused}, {[]protocol.CaseID{late}, decoy}, {[]protocol.CaseID{decoy, late}, refused},
		{[]protocol.CaseID{refused}, decoy}, {[]protocol.CaseID{refused, decoy}, ""},
	} {
		r := &protocol.Request{Issuer: "gb.met-police", Identifiers: mails("decoy@example.com", "a@example.com")}
		for _, x := range c.links {
			r.Related = append(r.Related, protocol.Related{Relation: protocol.RelationConvertedFrom, Case: x})
		}
		if got, err := unlinked(kept, r, protocol.NewCaseID(), "two"); err != nil || got.Case != c.want {
			t.Errorf("linked to %v: got %v, %v, want %v", c.links, got.Case, err, c.want)
		}
	}
}

// TestRefusalsOfOneMatterAreBounded: whoever is refused again and again under
// one name fills no disk, and drives out no refusal under another.
func TestRefusalsOfOneMatterAreBounded(t *testing.T) {
	kept := shelfOfValues{}
	r := &protocol.Request{Issuer: "gb.met-police", Identifiers: mails("a@example.com")}
	first := protocol.NewCaseID()
	note := func(c protocol.CaseID, under string) int {
		t.Helper()
		err := noteRefused(kept, r, c, under)
		m, err2 := record.Read[matter](kept, matterKey(r.Issuer, &r.Identifiers[0]))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return len(m.Refused)
	}
	note(first, "one")
	most := 0
	for range 3 * refusalsKept {
		most = max(most, note(protocol.NewCaseID(), "two"))
	}
	if got, err := unlinked(kept, r, protocol.NewCaseID(), "two"); err != nil || got.Case != first || most != refusalsKept+1 {
		t.Errorf("got %v of %d, %v, want the first refusal", got, most, err)
	}
	for i := range 3 * agreementsKept {
		for range 2 * refusalsKept {
			most = max(most, note(protocol.NewCaseID(), fmt.Sprint("agreement-", i)))
		}
	}
	if most > agreementsKept*refusalsKept {
		t.Errorf("kept %d refusals", most)
	}
	for key := range maps.Keys(kept) {
		if len(key) != len(prefixMatter)+64 {
			t.Errorf("key %q is not a digest", key)
		}
	}
}
