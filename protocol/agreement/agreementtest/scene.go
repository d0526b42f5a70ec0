// Package agreementtest makes requests with what is known of them, for the
// tests of agreements and of the documents of the library. It is trusted with
// nothing: its people and its signatures are made up.
package agreementtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
)

// Day is the legal time of every Scene that does not say otherwise.
var Day = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// A Scene is a request and what is known of it.
type Scene struct {
	Req   protocol.Request
	Facts agreement.Facts
}

// Decide decides the scene by a book.
func (s *Scene) Decide(b *agreement.Book) protocol.Decision { return b.Decide(&s.Req, s.Facts) }

// Attest adds statements of the officer.
func (s *Scene) Attest(codes ...string) {
	for _, c := range codes {
		s.Req.Attestations = append(s.Req.Attestations, protocol.Attestation{Statement: c})
	}
}

// Withdraw takes back the statements whose code has the prefix.
func (s *Scene) Withdraw(prefix string) {
	s.Req.Attestations = slices.DeleteFunc(s.Req.Attestations,
		func(a protocol.Attestation) bool { return strings.HasPrefix(a.Statement, prefix) })
}

// Person makes the target a natural person.
func (s *Scene) Person(in, nationality, resident protocol.Party) {
	s.Req.Target = protocol.Target{LocatedIn: in, Nationalities: []protocol.Party{nationality},
		ResidentIn: []protocol.Party{resident}, Basis: "account registration"}
}

// Organisation makes the target a body that is incorporated somewhere.
func (s *Scene) Organisation(in, incorporated protocol.Party) {
	s.Req.Target = protocol.Target{LocatedIn: in, Incorporated: incorporated, Basis: "company register"}
}

// Authority makes the target a public authority.
func (s *Scene) Authority(in, of protocol.Party) {
	s.Req.Target = protocol.Target{LocatedIn: in, GovernmentOf: of, Basis: "public website"}
}

// Ask says what is asked for; an interception gets a window and its statement.
func (s *Scene) Ask(t protocol.RequestType, c ...protocol.Category) {
	s.Req.Type, s.Req.Interception, s.Req.Data = t, nil, nil
	for _, category := range c {
		s.Req.Data = append(s.Req.Data, protocol.DataItem{Category: category,
			From: Day.AddDate(0, -3, 0), To: Day})
	}
	if t == protocol.Interception {
		s.Req.Interception = &protocol.Window{Start: Day, End: Day.AddDate(0, 0, 28),
			LessIntrusiveConsidered: true}
		s.Attest("interception_no_longer_than_needed")
	}
}

// StandingOf returns the standing of a registered participant.
func StandingOf(id protocol.ParticipantID, roles ...protocol.Role) agreement.Standing {
	return agreement.Standing{ID: id, Party: id.Party(), Roles: roles}
}

// CertifiedOrder is an order for stored content that the UK-US agreement
// carries: aimed at a person of the issuing Party, certified and transmitted
// by its designated authority.
func CertifiedOrder(issuer, designated, provider protocol.ParticipantID) *Scene {
	home := issuer.Party()
	s := &Scene{
		Req: protocol.Request{Issuer: issuer, Addressee: provider, FileNumber: "2026/117",
			Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "a court",
				Reference: "O-9", Date: Day.AddDate(0, 0, -1), Instrument: "production order"},
			Offence: protocol.Offence{Description: "fraud", Provisions: []string{"s.1"},
				MaxCustodyMonths: 120},
			Identifiers: []protocol.Identifier{{Type: protocol.IdentifierEmail,
				Value: "name@example.com"}},
			Proceedings: protocol.StageInvestigation,
			Service:     &protocol.Service{Class: protocol.ServiceCommunications}},
		Facts: agreement.Facts{At: Day, Issued: Day,
			Issuing: StandingOf(issuer, protocol.RoleIssuing), Addressee: StandingOf(provider, protocol.RoleProvider),
			Sender:  StandingOf(designated, protocol.RoleDesignated),
			Officer: agreement.Officer{Present: true, Roles: []protocol.Role{protocol.RoleIssuing}},
			Certification: agreement.Certification{Present: true, Invokes: true,
				By: StandingOf(designated, protocol.RoleDesignated), Contact: "desk@" + string(home),
				Targeting: "TP-3"},
			Central: Centrals},
	}
	s.Ask(protocol.Production, protocol.CategoryContent)
	s.Person(home, home, home)
	s.Attest("not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose")
	return s
}

// UKOrder is an order of the United Kingdom to a provider in the United States.
func UKOrder() *Scene { return CertifiedOrder("gb.met-police", "gb.home-office", "us.contoso") }

// USOrder is the same in the other direction.
func USOrder() *Scene { return CertifiedOrder("us.fbi", "us.doj-oia", "gb.contoso") }

// Assistance is a request from central authority to central authority.
func Assistance(from, to protocol.ParticipantID) *Scene {
	s := CertifiedOrder(from, from, to)
	s.Facts.Issuing = StandingOf(from, protocol.RoleIssuing, protocol.RoleCentral)
	s.Facts.Sender = s.Facts.Issuing
	s.Facts.Addressee = StandingOf(to, protocol.RoleCentral)
	s.Facts.Certification = agreement.Certification{}
	return s
}

// Centrals returns the central authorities of a Party.
func Centrals(p protocol.Party) []protocol.ParticipantID {
	switch p {
	case "GB":
		return []protocol.ParticipantID{"gb.ukca"}
	case "US":
		return []protocol.ParticipantID{"us.doj-oia"}
	case "IE":
		return []protocol.ParticipantID{"ie.justice"}
	}
	return nil
}

// read reads the library once: documents do not change.
var read = sync.OnceValues(library.Documents)

// Library returns the shipped documents, in a slice of the caller's.
func Library(t testing.TB) []*agreement.Document {
	t.Helper()
	docs, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(docs)
}

// PairBook returns a Book of two shipped documents, one with direct rights and
// one of assistance: UK-US and EU-US. What else is shipped does not matter to it.
func PairBook(t testing.TB, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	return NewBook(t, Pair(t), notices...)
}

// Pair returns the documents of PairBook.
func Pair(t testing.TB) []*agreement.Document {
	t.Helper()
	return slices.DeleteFunc(Library(t), func(d *agreement.Document) bool {
		return d.ID != "ukus-daa-2019" && d.ID != "eu-us-mla-2003"
	})
}

// LibraryBook returns a Book of the shipped documents.
func LibraryBook(t testing.TB, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	return NewBook(t, Library(t), notices...)
}

// NewBook returns a Book of the documents.
func NewBook(t testing.TB, docs []*agreement.Document, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	b, err := agreement.NewBook(docs, notices)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Suspension is a Party's notice that takes effect tomorrow.
func Suspension(p protocol.Party, id string, c ...protocol.Category) *agreement.Notice {
	return &agreement.Notice{ID: id, Agreement: "ukus-daa-2019", Party: p, Kind: agreement.Suspend,
		Categories: c, Issued: Day, Effective: Day.AddDate(0, 0, 1), Ground: "review"}
}

// Found returns the finding of a rule.
func Found(t testing.TB, d protocol.Decision, rule string) protocol.Finding {
	t.Helper()
	for _, f := range d.Findings {
		if f.Rule == rule {
			return f
		}
	}
	t.Fatalf("no finding of %s in %v", rule, d.Findings)
	return protocol.Finding{}
}

// Has reports whether a decision has a finding of a rule.
func Has(d protocol.Decision, rule string) bool {
	return slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool { return f.Rule == rule })
}

// Expect fails the test unless the decision is v for exactly these reasons.
func Expect(t testing.TB, d protocol.Decision, v protocol.Verdict, reasons ...protocol.Reason) {
	t.Helper()
	if d.Verdict != v || !slices.Equal(d.Reasons(), reasons) && v != protocol.Allow {
		t.Errorf("got %v %v, want %v %v%s", d.Verdict, d.Reasons(), v, reasons, Failures(d))
	}
}

// Failures says what of a decision is not met.
func Failures(d protocol.Decision) string {
	var b strings.Builder
	for _, f := range d.Findings {
		if f.Outcome == protocol.Fail || f.Outcome == protocol.Held {
			fmt.Fprintf(&b, "\n\t%s: %v %s: %s", f.Rule, f.Outcome, f.Reason, f.Text)
		}
	}
	return b.String()
}

// Bilateral is a synthetic agreement between two Parties with the rights and
// rules that a real one has.
func Bilateral(id string, a, b protocol.Party, status string) string {
	return fmt.Sprintf(`id: %s
version: "1"
title: Agreement %[1]s
citation: synthetic
kind: data_access_agreement
%[4]s
signed: 2020-01-01
parties: [%[2]s, %[3]s]
provenance: synthetic
rights:
  - id: data
    from: any party
    to: any party
    types: [production, subscriber]
    categories: [content_stored, subscriber]
    channel: direct
    article: Art. 2
    reciprocity: mirrored
    provenance: unverified
rules:
  - id: threshold
    article: Art. 3
    kind: computed
    require: offence.max_custody_months >= 12
    otherwise: deny
    reason: offence_below_threshold
    text: The offence must carry a year.
    provenance: unverified
`, id, a, b, status)
}

// Standing2020 is the status of a document that is in force since June 2020.
const Standing2020 = "status: in_force\nin_force: 2020-06-01"

// Parse reads a document.
func Parse(t testing.TB, text string) *agreement.Document {
	t.Helper()
	d, err := agreement.ParseDocument("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
