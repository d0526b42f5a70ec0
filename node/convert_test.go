package node

import (
	"fmt"
	"maps"
	"testing"

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

// TestRefusalsOfOneMatterAreBounded: whoever is refused again and again under
// one name fills no disk, and the last refusals are told.
func TestRefusalsOfOneMatterAreBounded(t *testing.T) {
	kept := shelfOfValues{}
	r := &protocol.Request{Issuer: "gb.met-police", Identifiers: mails("a@example.com")}
	for i := range 3 * refusalsKept {
		if err := noteRefused(kept, r, protocol.NewCaseID(), fmt.Sprint("agreement-", i)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := readJSON[matter](kept, matterKey(r.Issuer, &r.Identifiers[0]))
	last := fmt.Sprint("agreement-", 3*refusalsKept-1)
	if err != nil || len(m.Refused) != refusalsKept || m.Refused[refusalsKept-1].Agreement != last {
		t.Errorf("got %v, %v", m.Refused, err)
	}
	for key := range maps.Keys(kept) {
		if len(key) != len(prefixMatter)+64 {
			t.Errorf("key %q is not a digest", key)
		}
	}
}
