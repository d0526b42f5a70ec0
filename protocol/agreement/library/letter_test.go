package library_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

var letterRogatory = instrument{
	id: "letter-rogatory",
	// The EU-US agreement is beside it, so that there is another treaty for some.
	beside: []string{"eu-us-mla-2003"},
	scenes: []func() *scene{
		func() *scene { return letter("ke.justice", "us.doj-oia") },
		func() *scene { return letter("us.doj-oia", "ke.justice") },
	},
	clean: protocol.Hold,
	rows:  letterRows,
}

// letter is a complete letter rogatory between two States without a treaty.
func letter(from, to protocol.ParticipantID) *scene {
	s := agreementtest.Assistance(from, to)
	s.Facts.Ref = protocol.AgreementRef{ID: "letter-rogatory", Version: "1"}
	s.Req.Proceedings = protocol.StageInvestigation
	s.Req.Purpose = "evidence at trial"
	s.Req.Facts = "an account was used to deceive a buyer"
	s.Req.Nexus = "the account sent the messages"
	s.Req.Languages = []string{"en", "sw"}
	s.Req.Promise = "the same help is promised in a like case"
	s.Req.Attestations = nil
	s.Attest("reciprocity_promise")
	return s
}

// letterToIreland makes it one between States that have a treaty.
func letterToIreland(s *scene) {
	if s.Facts.Issuing.Party != "US" {
		*s = *letter("ie.justice", "us.doj-oia")
		return
	}
	*s = *letter("us.doj-oia", "ie.justice")
}

var letterRows = []row{
	{rule: "promise", breaks: without("reciprocity_promise"), want: protocol.Held, reason: protocol.ReasonPromise},
	{rule: "promise", breaks: func(s *scene) { s.Req.Promise = "" }, want: protocol.Held, reason: protocol.ReasonPromise},
	{rule: "no-other-treaty", breaks: letterToIreland, want: protocol.Flag, reason: protocol.ReasonOtherTreaty},
	{rule: "court", breaks: func(s *scene) { s.Req.Authorisation.Kind = protocol.AuthorityProsecutor },
		want: protocol.Flag, reason: protocol.ReasonNotValidated},
	{rule: "subject-and-facts", breaks: func(s *scene) { s.Req.Facts = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "subject-and-facts", breaks: func(s *scene) { s.Req.Nexus = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "proceedings-said", breaks: func(s *scene) { s.Req.Proceedings = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "purpose-said", breaks: func(s *scene) { s.Req.Purpose = "" }, want: protocol.Held,
		reason: protocol.ReasonIncomplete},
	{rule: "identifiers", breaks: func(s *scene) { s.Req.Identifiers = nil }, want: protocol.Flag,
		reason: protocol.ReasonWrongIdentifier},
	{rule: "identifiers", breaks: func(s *scene) { s.Req.Identifiers[0].Value = "the account of the suspect" },
		want: protocol.Flag, reason: protocol.ReasonWrongIdentifier},
	{rule: "language", breaks: func(s *scene) { s.Req.Languages = []string{"sw"} }, want: protocol.Flag,
		reason: protocol.ReasonLanguage},
	{rule: "requested-state-decides", breaks: nothing, want: protocol.Held, reason: protocol.ReasonJudgement},
}

func TestCompleteLetterRogatoryWaitsForTheRequestedStateAlone(t *testing.T) {
	for _, make := range letterRogatory.scenes {
		d := make().Decide(letterRogatory.book(t))
		agreementtest.Expect(t, d, protocol.Hold, protocol.ReasonJudgement)
		f := agreementtest.Found(t, d, "requested-state-decides")
		if f.Side != protocol.SideReceiving || f.Role != protocol.RoleCentral || f.Ask == "" {
			t.Errorf("got %+v", f)
		}
	}
}

// Both the step and the rule ask for the promise; who still owes it is the
// asking side, so the letter stays a draft.
func TestLetterRogatoryWithoutItsPromiseStaysADraft(t *testing.T) {
	for _, make := range letterRogatory.scenes {
		s := make()
		s.Req.Promise = ""
		d := s.Decide(letterRogatory.book(t))
		for _, rule := range []string{agreement.StepPromise, "promise"} {
			f := agreementtest.Found(t, d, rule)
			if f.Outcome != protocol.Held || f.Side != protocol.SideIssuing || f.Role != protocol.RoleCentral {
				t.Errorf("%s: got %+v", rule, f)
			}
		}
	}
}

func TestLetterRogatoryGoesFromCentralAuthorityToCentralAuthority(t *testing.T) {
	for _, make := range letterRogatory.scenes {
		s := make()
		s.Facts.Sender = agreement.Standing{}
		if f := agreementtest.Found(t, s.Decide(letterRogatory.book(t)), agreement.StepTransmission); f.Outcome != protocol.Held {
			t.Errorf("sent by nobody known: got %v", f.Outcome)
		}
		s = make()
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleProvider}
		agreementtest.Expect(t, s.Decide(letterRogatory.book(t)), protocol.Deny, protocol.ReasonNoRight)
	}
}

func TestWhatALetterRogatoryMayAskFor(t *testing.T) {
	stored := []protocol.Category{protocol.CategorySubscriber, protocol.CategoryUserID, protocol.CategoryDomain,
		protocol.CategoryTraffic, protocol.CategoryLocation, protocol.CategoryContent, protocol.CategoryOther}
	for _, make := range letterRogatory.scenes {
		grants(t, letterRogatory, daaNamed(&letterRogatory, make), map[protocol.RequestType][]protocol.Category{
			protocol.Production:   stored,
			protocol.Preservation: stored,
			protocol.Subscriber:   stored,
			protocol.Interception: {protocol.CategoryContentLive, protocol.CategoryTrafficLive},
		})
	}
}
