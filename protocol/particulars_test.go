package protocol_test

import (
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
)

// particulars fills what only some instruments ask for.
func particulars(r *protocol.Request) *protocol.Request {
	r.Related = []protocol.Related{{Relation: protocol.RelationFollows, Case: protocol.NewCaseID(),
		Reference: "P 7", Date: utc("2026-10-01T00:00:00Z")}}
	r.Proceedings = protocol.StageSentence
	r.Sentence = &protocol.Sentence{Months: 48, InAbsentia: true, Absconded: true}
	r.Service = &protocol.Service{Class: protocol.ServiceFinancial, Capacity: protocol.CapacityProcessor,
		CapacityReason: protocol.ControllerUnidentified}
	r.Languages = []string{"en", "de"}
	r.Secrecy = &protocol.Secrecy{Grounds: protocol.SecrecyGrounds(), Until: utc("2027-01-01T00:00:00Z")}
	r.Deadline = &protocol.Deadline{At: utc("2026-12-01T00:00:00Z"), Reason: "a hearing"}
	r.Procedure, r.Facts, r.Nexus, r.Promise = "under seal", "in short", "it was used", "we shall do the same"
	r.Authorisation.ValidatedBy = &protocol.Validation{Kind: protocol.AuthorityCourt, Authority: "Crown Court",
		Reference: "V 7", Date: utc("2026-11-02T00:00:00Z")}
	r.Offence.CommittedIn = []protocol.Party{"GB", "DE"}
	r.Offence.Category, r.Offence.Lists = "fraud", []string{"eu_2019_713"}
	r.Offence.ByInformationSystem, r.Offence.ReceivingMaxCustodyMonths = true, 60
	r.Offence.Fiscal, r.Offence.Political, r.Offence.Military = true, true, true
	r.Target.Protected = protocol.Protections()
	r.Data[0].Own = []string{"content_data"}
	return r
}

func TestParticularsRoundTrip(t *testing.T) {
	a := act()
	a.Body.Request = particulars(order())
	a.Body.Request.Identifiers = append(a.Body.Request.Identifiers, protocol.Identifier{
		Type: protocol.IdentifierIP, Value: "198.51.100.7:443", Seen: utc("2026-11-01T00:00:00Z")})
	enc, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := protocol.ParseAct(enc)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back.Encode(); err != nil || string(again) != string(enc) {
		t.Errorf("got %s (%v), want %s", again, err, enc)
	}
}

func TestParticularsAreChecked(t *testing.T) {
	text, over := strings.Repeat("x", protocol.MaxText), strings.Repeat("x", protocol.MaxText+1)
	name := text[:protocol.MaxReference]
	letters := func(n int) []string { return strings.Split("abcdefghijklmnopq"[:n], "") }
	other := func(x protocol.Related) func(*protocol.Request) {
		return func(r *protocol.Request) { r.Related = []protocol.Related{x} }
	}
	validated := func(change func(*protocol.Validation)) func(*protocol.Request) {
		return func(r *protocol.Request) { change(r.Authorisation.ValidatedBy) }
	}
	for _, c := range []struct {
		change func(*protocol.Request)
		want   string // "" for nothing
	}{
		{func(*protocol.Request) {}, ""},
		{other(protocol.Related{Relation: protocol.RelationRenews, Reference: name}), ""},
		{other(protocol.Related{Relation: protocol.RelationRenews, Reference: name + "x"}), "related[0].reference: want at most 128"},
		{other(protocol.Related{Reference: "1"}), "related[0].relation: want how"},
		{other(protocol.Related{Relation: protocol.RelationPreserves}), "related[0]: want a case"},
		{other(protocol.Related{Relation: protocol.RelationReplaces, Reference: "1", Date: time.Unix(0, 1).UTC()}),
			"related[0].date: want a time in UTC"},
		{func(r *protocol.Request) {
			r.Related = make([]protocol.Related, protocol.MaxRelated+1)
		}, "related: want at most 16"},
		{func(r *protocol.Request) { // as much as may be
			for len(r.Related) < protocol.MaxRelated {
				r.Related = append(r.Related, r.Related[0])
			}
			r.Sentence.Months, r.Offence.ReceivingMaxCustodyMonths = 1, 12_000
			r.Authorisation.ValidatedBy.Authority, r.Authorisation.ValidatedBy.Reference = name, name
			r.Offence.CommittedIn = []protocol.Party{"GB", "US", "FR", "DE", "IT", "ES", "PT", "NL"}
		}, ""},
		{func(r *protocol.Request) { r.Sentence.Months = 0 }, "sentence.months: want 1 to 12000"},
		{func(r *protocol.Request) { r.Sentence.Months = 12_000 }, ""},
		{func(r *protocol.Request) { r.Sentence.Months = 12_001 }, "sentence.months: want 1 to 12000"},
		{func(r *protocol.Request) { r.Service.Class = "" }, "service.class: want the class"},
		{func(r *protocol.Request) { r.Service.Capacity, r.Service.CapacityReason = "", "" }, ""},
		{func(r *protocol.Request) { r.Languages = strings.Fields("bg cs da de el en es et") }, ""},
		{func(r *protocol.Request) { r.Languages = strings.Fields("bg cs da de el en es et fi") }, "languages: want at most 8"},
		{func(r *protocol.Request) { r.Languages = []string{"EN"} }, "languages[0]: want two small letters"},
		{func(r *protocol.Request) { r.Languages = []string{"en", "en"} }, "languages[1]: stands twice"},
		{func(r *protocol.Request) { r.Secrecy.Grounds = nil }, "secrecy.grounds: want one ground"},
		{func(r *protocol.Request) { r.Secrecy.Grounds = append(r.Secrecy.Grounds, protocol.SecrecyLife) },
			"secrecy.grounds[10]: stands twice"},
		{func(r *protocol.Request) { r.Secrecy.Until = time.Time{} }, ""},
		{func(r *protocol.Request) { r.Secrecy.Until = time.Unix(0, 1).UTC() }, "secrecy.until: want a time in UTC"},
		{func(r *protocol.Request) { r.Deadline.At = time.Time{} }, "deadline.at: want a time in UTC"},
		{func(r *protocol.Request) { r.Deadline.Reason = "" }, "deadline.reason: want 1 to 4096"},
		{func(r *protocol.Request) { r.Deadline.Reason = text }, ""},
		{func(r *protocol.Request) { r.Deadline.Reason = over }, "deadline.reason: want 1 to 4096"},
		{func(r *protocol.Request) { r.Procedure, r.Facts, r.Nexus, r.Promise = text, text, text, text }, ""},
		{func(r *protocol.Request) { r.Procedure = over }, "procedure: want at most 4096"},
		{func(r *protocol.Request) { r.Facts = over }, "facts: want at most 4096"},
		{func(r *protocol.Request) { r.Nexus = over }, "nexus: want at most 4096"},
		{func(r *protocol.Request) { r.Promise = over }, "promise: want at most 4096"},
		{func(r *protocol.Request) { r.Authorisation.Unvalidated = true }, "authorisation.unvalidated: leave it out"},
		{func(r *protocol.Request) { r.Authorisation.ValidatedBy, r.Authorisation.Unvalidated = nil, true }, ""},
		{validated(func(v *protocol.Validation) { v.Kind = "" }), "authorisation.validated_by: want kind"},
		{validated(func(v *protocol.Validation) { v.Authority = "" }), "authorisation.validated_by: want kind"},
		{validated(func(v *protocol.Validation) { v.Reference = "" }), "authorisation.validated_by: want kind"},
		{validated(func(v *protocol.Validation) { v.Authority = name + "x" }), "authorisation.validated_by: want at most 128"},
		{validated(func(v *protocol.Validation) { v.Reference = name + "x" }), "authorisation.validated_by: want at most 128"},
		{validated(func(v *protocol.Validation) { v.Date = time.Time{} }), "authorisation.validated_by.date: want a time"},
		{func(r *protocol.Request) { r.Offence.CommittedIn = []protocol.Party{"GB", "GB"} }, "offence.committed_in[1]: stands twice"},
		{func(r *protocol.Request) { r.Offence.CommittedIn = make([]protocol.Party, 9) }, "offence.committed_in: want at most 8"},
		{func(r *protocol.Request) { r.Offence.Category = "Fraud" }, "offence.category: want a code"},
		{func(r *protocol.Request) { r.Offence.Category = "a__b" }, "offence.category: want a code"},
		{func(r *protocol.Request) { r.Offence.Category = name }, ""},
		{func(r *protocol.Request) { r.Offence.Category = name + "x" }, "offence.category: want a code"},
		{func(r *protocol.Request) { r.Offence.Lists = letters(protocol.MaxCodes) }, ""},
		{func(r *protocol.Request) { r.Offence.Lists = letters(protocol.MaxCodes + 1) }, "offence.lists: want at most 16"},
		{func(r *protocol.Request) { r.Offence.Lists = []string{"a", "b c"} }, "offence.lists[1]: want a code"},
		{func(r *protocol.Request) { r.Offence.Lists = []string{"a", "a"} }, "offence.lists[1]: stands twice"},
		{func(r *protocol.Request) { r.Offence.ReceivingMaxCustodyMonths = -1 }, "offence.receiving_max_custody_months: want 0"},
		{func(r *protocol.Request) { r.Offence.ReceivingMaxCustodyMonths = 12_001 }, "offence.receiving_max_custody_months: want 0"},
		{func(r *protocol.Request) { r.Target.Protected = []protocol.Protection{"press", "press"} }, "target.protected[1]: stands twice"},
		{func(r *protocol.Request) { r.Data[0].Own = letters(protocol.MaxCodes + 1) }, "data[0].own: want at most 16"},
		{func(r *protocol.Request) { r.Data[0].Own = []string{"own-code"} }, "data[0].own[0]: want a code"},
		{func(r *protocol.Request) { r.Data[0].Own = []string{"a", "a"} }, "data[0].own[1]: stands twice"},
	} {
		r := particulars(order())
		c.change(r)
		err := r.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// A word that is in no list must not come in under any of the names.
func TestUnknownWordsOfParticularsAreRefused(t *testing.T) {
	for name, v := range map[string]interface{ UnmarshalText([]byte) error }{
		"relation": new(protocol.Relation), "stage": new(protocol.Stage), "protection": new(protocol.Protection),
		"class": new(protocol.ServiceClass), "capacity": new(protocol.Capacity),
		"capacity reason": new(protocol.CapacityReason), "ground": new(protocol.SecrecyGround),
	} {
		for _, word := range []string{"", "other", "Press", "press "} {
			if err := v.UnmarshalText([]byte(word)); err == nil {
				t.Errorf("%s %q: accepted", name, word)
			}
		}
	}
}

func TestRelatedByFindsTheRelations(t *testing.T) {
	r := &protocol.Request{Related: []protocol.Related{
		{Relation: protocol.RelationFollows, Reference: "1"}, {Relation: protocol.RelationRenews, Reference: "2"},
		{Relation: protocol.RelationFollows, Reference: "3"}}}
	got := r.RelatedBy(protocol.RelationFollows, protocol.RelationPreserves)
	if len(got) != 2 || got[0].Reference != "1" || got[1].Reference != "3" {
		t.Errorf("got %v, want the first and the third", got)
	}
	if got := r.RelatedBy(protocol.RelationReplaces); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestCertificationsAttestationsAreChecked(t *testing.T) {
	a := act()
	c := &protocol.Certification{Request: []byte(`{}`), Contact: "desk",
		Attestations: make([]protocol.Attestation, protocol.MaxAttestations)}
	for i := range c.Attestations {
		c.Attestations[i].Statement = "necessary"
	}
	a.Body = protocol.Body{Certification: c}
	if err := a.Check(); err != nil {
		t.Errorf("got %v, want nothing", err)
	}
	c.Attestations = append(c.Attestations, c.Attestations[0])
	if err := a.Check(); err == nil {
		t.Error("one more than may be was accepted")
	}
	c.Attestations = []protocol.Attestation{{Reference: "p. 1"}}
	if err := a.Check(); err == nil {
		t.Error("an attestation of nothing was accepted")
	}
}
