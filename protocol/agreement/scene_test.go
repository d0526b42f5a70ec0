package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// day is the legal time of every scene that does not say otherwise.
var day = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// A scene is a request and what is known of it.
type scene struct {
	req   protocol.Request
	facts agreement.Facts
}

func (s *scene) decide(b *agreement.Book) protocol.Decision { return b.Decide(&s.req, s.facts) }

// attest and withdraw change the officer's statements.
func (s *scene) attest(codes ...string) {
	for _, c := range codes {
		s.req.Attestations = append(s.req.Attestations, protocol.Attestation{Statement: c})
	}
}

func (s *scene) withdraw(prefix string) {
	s.req.Attestations = slices.DeleteFunc(s.req.Attestations,
		func(a protocol.Attestation) bool { return strings.HasPrefix(a.Statement, prefix) })
}

func (s *scene) person(in, nationality, resident protocol.Party) {
	s.req.Target = protocol.Target{LocatedIn: in, Nationalities: []protocol.Party{nationality},
		ResidentIn: []protocol.Party{resident}, Basis: "account registration"}
}

func (s *scene) organisation(in, incorporated protocol.Party) {
	s.req.Target = protocol.Target{LocatedIn: in, Incorporated: incorporated, Basis: "company register"}
}

func (s *scene) authority(in, of protocol.Party) {
	s.req.Target = protocol.Target{LocatedIn: in, GovernmentOf: of, Basis: "public website"}
}

func (s *scene) ask(t protocol.RequestType, c ...protocol.Category) {
	s.req.Type, s.req.Interception, s.req.Data = t, nil, nil
	for _, category := range c {
		s.req.Data = append(s.req.Data, protocol.DataItem{Category: category,
			From: day.AddDate(0, -3, 0), To: day})
	}
	if t == protocol.Interception {
		s.req.Interception = &protocol.Window{Start: day, End: day.AddDate(0, 0, 28),
			LessIntrusiveConsidered: true}
		s.attest("interception_no_longer_than_needed")
	}
}

func standing(id protocol.ParticipantID, roles ...protocol.Role) agreement.Standing {
	return agreement.Standing{ID: id, Party: id.Party(), Roles: roles}
}

// certifiedOrder is an order for stored content that the UK-US agreement
// carries: aimed at a person of the issuing Party, certified and transmitted
// by its designated authority.
func certifiedOrder(issuer, designated, provider protocol.ParticipantID) *scene {
	home := issuer.Party()
	s := &scene{
		req: protocol.Request{Issuer: issuer, Addressee: provider, FileNumber: "2026/117",
			Authorisation: protocol.Authorisation{Kind: protocol.AuthorityJudge, Authority: "a court",
				Reference: "O-9", Date: day.AddDate(0, 0, -1), Instrument: "production order"},
			Offence: protocol.Offence{Description: "fraud", Provisions: []string{"s.1"},
				MaxCustodyMonths: 120},
			Identifiers: []protocol.Identifier{{Type: protocol.IdentifierEmail,
				Value: "name@example.com"}}},
		facts: agreement.Facts{At: day, Issued: day,
			Issuing: standing(issuer, protocol.RoleIssuing), Addressee: standing(provider, protocol.RoleProvider),
			Sender:  standing(designated, protocol.RoleDesignated),
			Officer: agreement.Officer{Present: true, Roles: []protocol.Role{protocol.RoleIssuing}},
			Certification: agreement.Certification{Present: true, Invokes: true,
				By: standing(designated, protocol.RoleDesignated), Contact: "desk@" + string(home),
				Targeting: "TP-3"},
			Central: centrals},
	}
	s.ask(protocol.Production, protocol.CategoryContent)
	s.person(home, home, home)
	s.attest("not_receiving_party_person", "no_reverse_targeting", "no_speech_infringement",
		"no_discrimination", "reasonable_justification", "own_purpose")
	return s
}

func ukOrder() *scene { return certifiedOrder("gb.met-police", "gb.home-office", "us.contoso") }

func usOrder() *scene { return certifiedOrder("us.fbi", "us.doj-oia", "gb.contoso") }

// assistance is a request from central authority to central authority.
func assistance(from, to protocol.ParticipantID) *scene {
	s := certifiedOrder(from, from, to)
	s.facts.Issuing = standing(from, protocol.RoleIssuing, protocol.RoleCentral)
	s.facts.Sender = s.facts.Issuing
	s.facts.Addressee = standing(to, protocol.RoleCentral)
	s.facts.Certification = agreement.Certification{}
	return s
}

func centrals(p protocol.Party) []protocol.ParticipantID {
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

func library(t testing.TB) []*agreement.Document {
	t.Helper()
	docs, err := agreement.Library()
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func libraryBook(t testing.TB, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	return newBook(t, library(t), notices...)
}

func newBook(t testing.TB, docs []*agreement.Document, notices ...*agreement.Notice) *agreement.Book {
	t.Helper()
	b, err := agreement.NewBook(docs, notices)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// suspension is a Party's notice that takes effect tomorrow.
func suspension(p protocol.Party, id string, c ...protocol.Category) *agreement.Notice {
	return &agreement.Notice{ID: id, Agreement: "ukus-daa-2019", Party: p, Kind: agreement.Suspend,
		Categories: c, Issued: day, Effective: day.AddDate(0, 0, 1), Ground: "review"}
}

// found returns the finding of a rule.
func found(t testing.TB, d protocol.Decision, rule string) protocol.Finding {
	t.Helper()
	for _, f := range d.Findings {
		if f.Rule == rule {
			return f
		}
	}
	t.Fatalf("no finding of %s in %v", rule, d.Findings)
	return protocol.Finding{}
}

// expect fails the test unless the decision is v for exactly these reasons.
func expect(t testing.TB, d protocol.Decision, v protocol.Verdict, reasons ...protocol.Reason) {
	t.Helper()
	if d.Verdict != v || !slices.Equal(d.Reasons(), reasons) && v != protocol.Allow {
		t.Errorf("got %v %v, want %v %v%s", d.Verdict, d.Reasons(), v, reasons, failures(d))
	}
}

func failures(d protocol.Decision) string {
	var b strings.Builder
	for _, f := range d.Findings {
		if f.Outcome == protocol.Fail || f.Outcome == protocol.Held {
			fmt.Fprintf(&b, "\n\t%s: %v %s: %s", f.Rule, f.Outcome, f.Reason, f.Text)
		}
	}
	return b.String()
}

// bilateral is a synthetic agreement between two Parties with the rights and
// rules that a real one has.
func bilateral(id string, a, b protocol.Party, status string) string {
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

const standing2020 = "status: in_force\nin_force: 2020-06-01"

func parse(t testing.TB, text string) *agreement.Document {
	t.Helper()
	d, err := agreement.ParseDocument("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
