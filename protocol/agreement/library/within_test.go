package library_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// within is the law by which a Party carries out what another asks.
func within(id string, central, provider protocol.ParticipantID, subscriberToo bool) instrument {
	order := "order-of-a-court"
	if subscriberToo {
		order = "order-of-a-judge"
	}
	inst := instrument{
		id:     id,
		scenes: []func() *scene{func() *scene { return execution(central, provider) }},
		clean:  protocol.Allow,
		rows: []row{
			{rule: "foreign-request", breaks: func(s *scene) { s.Req.Related = nil }, want: protocol.Fail,
				reason: protocol.ReasonRelated},
			{rule: order, breaks: lawKind(protocol.AuthorityPolice), want: protocol.Held,
				reason: protocol.ReasonNotValidated},
		},
	}
	if subscriberToo {
		inst.rows[1].unless = lawAsk(protocol.Subscriber, protocol.CategorySubscriber)
	}
	return inst
}

var (
	ieLaw     = within("ie-law", "ie.justice", "ie.contoso", false)
	usLaw3512 = within("us-law-3512", "us.doj-oia", "us.contoso", true)
	gbLaw2003 = within("gb-law-2003", "gb.home-office", "gb.contoso", false)
)

// execution is an order to a provider that carries out what another State asks.
func execution(central, provider protocol.ParticipantID) *scene {
	s := agreementtest.CertifiedOrder(central, central, provider)
	s.Facts.Issuing = agreementtest.StandingOf(central, protocol.RoleCentral)
	s.Facts.Sender, s.Facts.Certification = s.Facts.Issuing, agreement.Certification{}
	s.Req.Target = protocol.Target{Basis: "as the order says"}
	s.Req.Attestations = nil
	s.Req.Related = []protocol.Related{{Relation: protocol.RelationExecutes, Case: protocol.NewCaseID()}}
	return s
}

// TestDomesticLawIsForItsOwnPartyAlone: what it grants within its Party it grants
// to nobody else, and no agreement with others grants it there.
func TestDomesticLawIsForItsOwnPartyAlone(t *testing.T) {
	book := agreementtest.LibraryBook(t)
	s := execution("ie.justice", "ie.contoso")
	d := s.Decide(book)
	agreementtest.Expect(t, d, protocol.Allow)
	if d.Agreement.ID != "ie-law" {
		t.Errorf("got %s", d.Agreement.ID)
	}
	for name, change := range map[string]func(){
		"named, across a border": func() {
			*s = *execution("gb.home-office", "ie.contoso")
			s.Facts.Ref.ID = "ie-law"
		},
		"another Party's": func() { s.Facts.Ref.ID = "gb-law-2003" },
		"of an agreement": func() { s.Facts.Ref.ID = "eu-epoc-2023" },
		"by the police": func() {
			s.Facts.Issuing.Roles = []protocol.Role{protocol.RoleIssuing}
			s.Facts.Sender = s.Facts.Issuing
		},
		"live":              func() { s.Ask(protocol.Interception, protocol.CategoryContentLive) },
		"to an authority":   func() { s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral} },
		"where none stands": func() { *s = *execution("fr.justice", "fr.contoso") },
	} {
		s = execution("ie.justice", "ie.contoso")
		change()
		if got := s.Decide(book).Verdict; got == protocol.Allow {
			t.Errorf("%s: allowed", name)
		}
	}
}

// TestAcrossABorderNothingChanges with the law of execution beside.
func TestAcrossABorderNothingChanges(t *testing.T) {
	with := agreementtest.NewBook(t, append(agreementtest.Pair(t), document(t, "us-law-3512"), document(t, "gb-law-2003")))
	for _, s := range []*scene{agreementtest.UKOrder(), agreementtest.USOrder()} {
		a, err1 := ptr(s.Decide(agreementtest.PairBook(t))).Canonical()
		b, err2 := ptr(s.Decide(with)).Canonical()
		if err1 != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("got %s, want %s", b, a)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestWithinAPartyWhatBindsTheProviderElsewhereIsShown: the parent is American.
func TestWithinAPartyWhatBindsTheProviderElsewhereIsShown(t *testing.T) {
	s := execution("ie.justice", "ie.contoso")
	s.Facts.Addressee.AlsoUnder = []protocol.Party{"US"}
	d := s.Decide(agreementtest.LibraryBook(t))
	agreementtest.Expect(t, d, protocol.Allow)
	if f := agreementtest.Found(t, d, "us-law/content-bar"); f.Outcome != protocol.Flag {
		t.Errorf("got %v", f.Outcome)
	}
	if agreementtest.Has(d, "us-law/content-warrant") || agreementtest.Has(d, "ie-law/order-of-a-court") != true {
		t.Error("the wrong capacity was asked")
	}
}
