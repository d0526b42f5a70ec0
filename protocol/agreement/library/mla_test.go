package library_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// mlaScene is a request for stored content from one central authority to
// another, with all that a treaty of mutual assistance asks for.
func mlaScene(from, to protocol.ParticipantID, statements ...string) *scene {
	s := agreementtest.Assistance(from, to)
	s.Req.Proceedings = protocol.StageInvestigation
	s.Req.Purpose = "evidence for trial"
	s.Req.Facts, s.Req.Nexus = "what was done", "why this account"
	s.Req.Languages = []string{"en", "fr", "nl"}
	s.Req.Offence.ReceivingMaxCustodyMonths = 48
	s.Attest(statements...)
	return s
}

// mlaNamed names the agreement on which the request relies.
func mlaNamed(id string, s *scene) *scene {
	s.Facts.Ref = protocol.AgreementRef{ID: id}
	return s
}

func mlaStage(stage protocol.Stage) func(*scene) {
	return func(s *scene) { s.Req.Proceedings = stage }
}

func mlaNoTarget(s *scene) { s.Req.Target = protocol.Target{Basis: "nothing is known"} }

func mlaLocated(in protocol.Party) func(*scene) {
	return func(s *scene) { s.Req.Target.LocatedIn = in }
}

func mlaProsecutor(s *scene) { s.Req.Authorisation.Kind = protocol.AuthorityProsecutor }

func mlaSentBy(roles ...protocol.Role) func(*scene) {
	return func(s *scene) { s.Facts.Sender.Roles = roles }
}

// mlaThen does one thing after another.
func mlaThen(steps ...func(*scene)) func(*scene) {
	return func(s *scene) {
		for _, step := range steps {
			step(s)
		}
	}
}

// mlaAmong makes a row one for requests between the Parties of a list.
func mlaAmong(parties ...protocol.Party) func(*scene) bool {
	return func(s *scene) bool {
		return slices.Contains(parties, s.Facts.Issuing.Party) &&
			slices.Contains(parties, s.Facts.Addressee.Party)
	}
}

// A mlaGrant is what one Party asks of another, and why it is not granted; ""
// if it is.
type mlaGrant struct {
	from, to protocol.ParticipantID
	typ      protocol.RequestType
	category protocol.Category
	reason   protocol.Reason
}

func mlaGrants(t *testing.T, id string, grants []mlaGrant, notices ...*agreement.Notice) {
	t.Helper()
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, id)}, notices...)
	for _, g := range grants {
		s := mlaNamed(id, mlaScene(g.from, g.to))
		s.Ask(g.typ, g.category)
		d := s.Decide(book)
		var got protocol.Reason
		for _, f := range d.Findings {
			step := slices.Contains([]string{agreement.StepAgreement, agreement.StepInForce, agreement.StepRight,
				agreement.StepReciprocal}, f.Rule)
			if got == "" && step && f.Outcome == protocol.Fail {
				got = f.Reason
			}
		}
		if got != g.reason {
			t.Errorf("%s asks %s, %s of %s: got %q, want %q%s", g.from, g.to, g.typ, g.category, got, g.reason,
				agreementtest.Failures(d))
		}
		if d.Verdict == protocol.Allow {
			t.Errorf("%s asks %s: allowed, want a person of the requested Party to decide", g.from, g.to)
		}
	}
}

// mlaBars fails unless the document bars exactly the grounds in that direction.
func mlaBars(t *testing.T, id string, from, to protocol.Party, grounds ...protocol.Reason) {
	t.Helper()
	book := agreementtest.NewBook(t, []*agreement.Document{document(t, id)})
	ref := protocol.AgreementRef{ID: id, Version: "1"}
	for _, ground := range protocol.Reasons() {
		d := book.Refuse(agreement.Ground{Agreement: ref, Reason: ground, From: from, To: to, At: agreementtest.Day})
		want := protocol.Allow
		if slices.Contains(grounds, ground) {
			want = protocol.Deny
		}
		if d.Verdict != want {
			t.Errorf("%s refuses %s with %s: got %v, want %v", to, from, ground, d.Verdict, want)
		}
	}
}

func mlaSpeaks(languages ...string) func(*scene) {
	return func(s *scene) { s.Req.Languages = languages }
}

func mlaProcedure(s *scene) { s.Req.Procedure = "hash the files before they are handed over" }

func mlaSecret(s *scene) {
	s.Req.Secrecy = &protocol.Secrecy{Grounds: []protocol.SecrecyGround{protocol.SecrecyTamper},
		Until: agreementtest.Day.AddDate(0, 6, 0)}
}

// mlaTo makes a row one for requests to a Party.
func mlaTo(p protocol.Party) func(*scene) bool {
	return func(s *scene) bool { return s.Facts.Addressee.Party == p }
}

// mlaBank asks for the accounts of a person.
func mlaBank(s *scene) {
	s.Ask(protocol.Subscriber, protocol.CategorySubscriber)
	s.Req.Service = &protocol.Service{Class: protocol.ServiceFinancial}
}

// mlaTransactions asks for what happened on named accounts.
func mlaTransactions(s *scene) {
	s.Ask(protocol.Production, protocol.CategoryOther)
	s.Req.Service = &protocol.Service{Class: protocol.ServiceFinancial}
}

func mlaPenalties(here, there int64) func(*scene) {
	return func(s *scene) {
		s.Req.Offence.MaxCustodyMonths, s.Req.Offence.ReceivingMaxCustodyMonths = here, there
	}
}

func mlaNoFacts(s *scene) { s.Req.Facts = "" }

func mlaNoNexus(s *scene) { s.Req.Nexus = "" }

func mlaAuthorised(kind protocol.AuthorityKind) func(*scene) {
	return func(s *scene) { s.Req.Authorisation.Kind = kind }
}

// mlaBankSent asks for the accounts of a person by the one who may ask for them.
func mlaBankSent(s *scene) {
	mlaBank(s)
	s.Attest("sent_by_attache")
}

// mlaApplies fails unless exactly these rules apply to the request.
func mlaApplies(t *testing.T, id string, s *scene, rules string, notices ...*agreement.Notice) {
	t.Helper()
	doc := document(t, id)
	d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{doc}, notices...))
	var got []string
	for i := range doc.Rules {
		if f := agreementtest.Found(t, d, doc.Rules[i].ID); f.Outcome != protocol.NotApplicable {
			got = append(got, doc.Rules[i].ID)
		}
	}
	want := strings.Fields(rules)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s asks %s, %s: these rules apply:\n%v\nwant\n%v", s.Req.Issuer, s.Req.Addressee, s.Req.Type, got, want)
	}
}

// mlaFinds returns what the named rules find of a request.
func mlaFinds(t *testing.T, id string, s *scene, rules ...string) []protocol.Outcome {
	t.Helper()
	d := s.Decide(agreementtest.NewBook(t, []*agreement.Document{document(t, id)}))
	out := make([]protocol.Outcome, len(rules))
	for i, rule := range rules {
		out[i] = agreementtest.Found(t, d, rule).Outcome
	}
	return out
}

// mlaMirrors fails unless the options of the document are those, each mirrored
// by that article; "": not mirrored.
func mlaMirrors(t *testing.T, id string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, o := range document(t, id).Options {
		got[o.ID] = o.Mirrored
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: got options %v, want %v", id, got, want)
	}
}

// eioStates are the Member States bound by the European Investigation Order:
// all but Denmark and Ireland.
var eioStates = []protocol.Party{"AT", "BE", "BG", "CY", "CZ", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IT",
	"LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}

// mlaPairs fails unless the document grants a type and category between exactly
// the pairs of its Parties for which want says so.
func mlaPairs(t *testing.T, id string, typ protocol.RequestType, category protocol.Category,
	want func(from, to protocol.Party) bool) {
	t.Helper()
	doc := document(t, id)
	book := agreementtest.NewBook(t, []*agreement.Document{doc})
	authority := func(p protocol.Party) protocol.ParticipantID {
		return protocol.ParticipantID(strings.ToLower(string(p)) + ".justice")
	}
	for _, from := range doc.Members {
		for _, to := range doc.Members {
			if from.Party == to.Party {
				continue
			}
			s := mlaNamed(id, mlaScene(authority(from.Party), authority(to.Party)))
			s.Ask(typ, category)
			f := agreementtest.Found(t, s.Decide(book), agreement.StepRight)
			if (f.Outcome == protocol.Pass) != want(from.Party, to.Party) {
				t.Errorf("%s asks %s, %s: got %v", from.Party, to.Party, typ, f.Outcome)
			}
		}
	}
}
