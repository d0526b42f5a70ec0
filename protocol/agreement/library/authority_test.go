package library_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// approvers are the columns of the matrix: who approved a request.
var approvers = map[string]func(*scene){
	"police alone": all(approvedBy(protocol.AuthorityPolice), notValidated),
	"administrative authority": all(approvedBy(protocol.AuthorityAdministrative),
		notValidated),
	"police in an emergency, to be validated": unvalidated,
	"police, validated by a prosecutor":       validatedBy(protocol.AuthorityProsecutor),
	"police, validated by a judge":            validatedBy(protocol.AuthorityJudge),
	"prosecutor":                              all(approvedBy(protocol.AuthorityProsecutor), notValidated),
	"prosecutor in an emergency, unvalidated": all(unvalidated, approvedBy(protocol.AuthorityProsecutor)),
	"court":               all(approvedBy(protocol.AuthorityCourt), notValidated),
	"investigating judge": all(approvedBy(protocol.AuthorityInvestigating), notValidated),
	"judge":               all(approvedBy(protocol.AuthorityJudge), notValidated),
	"police, supervised by an independent one": all(approvedBy(protocol.AuthorityPolice), notValidated, attesting("independently_supervised")),
}

func notValidated(s *scene) {
	s.Req.Authorisation.ValidatedBy, s.Req.Authorisation.Unvalidated = nil, false
	s.Withdraw("independently")
}

func attesting(code string) func(*scene) { return func(s *scene) { s.Attest(code) } }

func asking(typ protocol.RequestType, categories ...protocol.Category) func(*scene) {
	return func(s *scene) { s.Ask(typ, categories...) }
}

func epocOrder() *scene { return epoc("nl.prosecution", "ie.contoso") }

// A matrixRow is one of the matrix of authorities and categories: which approvers
// are enough for what is asked under an instrument.
type matrixRow struct {
	name   string
	of     *instrument
	make   func() *scene
	ask    func(*scene)
	rule   string
	given  []*agreement.Notice
	broken protocol.Outcome // of the rule, where the approver is not enough
	enough []string
}

var (
	judges      = []string{"court", "investigating judge", "judge", "police, validated by a judge"}
	prosecution = append([]string{"prosecutor", "police, validated by a prosecutor", "prosecutor in an emergency, unvalidated"}, judges...)
	urgently    = append([]string{"police in an emergency, to be validated"}, prosecution...)
)

var authorityMatrix = []matrixRow{
	// Regulation (EU) 2023/1543, Art. 4(1), 4(5): police alone in an emergency only.
	{"EPOC subscriber", &euEPOC, epocOrder, identify, "issued-for-identification", nil, protocol.Fail, urgently},
	{"EPOC identification", &euEPOC, epocOrder, all(asking(protocol.Subscriber, protocol.CategoryUserID), attesting("identification_only")),
		"issued-for-identification", nil, protocol.Fail, urgently},
	// Art. 4(2): a prosecutor is not enough, an emergency changes nothing.
	{"EPOC traffic", &euEPOC, epocOrder, asking(protocol.Production, protocol.CategoryTraffic), "issued-for-traffic-and-content",
		nil, protocol.Fail, judges},
	{"EPOC location", &euEPOC, epocOrder, asking(protocol.Production, protocol.CategorySubscriber, protocol.CategoryLocation),
		"issued-for-traffic-and-content", nil, protocol.Fail, judges},
	{"EPOC content", &euEPOC, epocOrder, asking(protocol.Production, protocol.CategoryContent), "issued-for-traffic-and-content",
		nil, protocol.Fail, judges},
	// Art. 4(3), with the corrigendum of 13.7.2026: any category, in an emergency.
	{"EPOC-PR content", &euEPOC, epocOrder, keep, "issued-for-preservation", nil, protocol.Fail, urgently},
	{"EPOC-PR traffic", &euEPOC, epocOrder, all(keep, asking(protocol.Preservation, protocol.CategoryTraffic)), "issued-for-preservation",
		nil, protocol.Fail, urgently},
	// Second Additional Protocol, Art. 7(2)(b), where the receiving Party declared it: unverified.
	{"CETS 7", &cets224, cetsRequest("gb.ukca", "us.doj-oia"), cetsOrder, "supervised-order",
		cetsMade("supervised-orders", agreement.Declare), protocol.Fail,
		append([]string{"police, supervised by an independent one"}, prosecution...)},
	// 18 USC 2703: the law of the issuing Party, which warns.
	{"US content", &usLaw, agreementtest.USOrder, asking(protocol.Production, protocol.CategoryContent), "content-warrant",
		nil, protocol.Flag, judges},
	{"US traffic", &usLaw, agreementtest.USOrder, asking(protocol.Production, protocol.CategoryTraffic), "records-order",
		nil, protocol.Flag, judges},
	{"US other records", &usLaw, agreementtest.USOrder, asking(protocol.Production, protocol.CategoryOther), "records-order",
		nil, protocol.Flag, judges},
	{"US basic subscriber", &usLaw, agreementtest.USOrder, asking(protocol.Subscriber, protocol.CategorySubscriber),
		"basic-records-subpoena", nil, protocol.Flag, append([]string{"administrative authority"}, prosecution...)},
	// UK-US, Art. 5(2): an independent authority, before or in proceedings about enforcement
	// (18 USC 2523(b)(4)(D)(v)). A validation by a judge is one of the issuer's law, and stated.
	{"UK-US content", &ukusDAA, agreementtest.UKOrder, asking(protocol.Production, protocol.CategoryContent), "independent-review",
		nil, protocol.Fail, []string{"court", "investigating judge", "judge"}},
	{"US-UK content", &ukusDAA, agreementtest.USOrder, asking(protocol.Production, protocol.CategoryContent), "independent-review",
		nil, protocol.Fail, []string{"court", "investigating judge", "judge"}},
	{"UK-US subscriber", &ukusDAA, agreementtest.UKOrder, asking(protocol.Subscriber, protocol.CategorySubscriber), "independent-review",
		nil, protocol.Fail, []string{"court", "investigating judge", "judge"}},
}

// TestTheAuthorityMatrix puts each approver before each row: what the rule says,
// and that the decision follows where the instrument denies.
func TestTheAuthorityMatrix(t *testing.T) {
	for _, r := range authorityMatrix {
		book := r.of.book(t, r.given...)
		name := r.of.name(r.of.document(t), r.rule)
		for approver, approve := range approvers {
			s := r.make()
			r.ask(s)
			approve(s)
			d := s.Decide(book)
			want := r.broken
			for _, x := range r.enough {
				if x == approver {
					want = protocol.Pass
				}
			}
			f := agreementtest.Found(t, d, name)
			if f.Outcome != want || want != protocol.Pass && f.Reason != protocol.ReasonNotValidated {
				t.Errorf("%s, %s: got %v %s, want %v", r.name, approver, f.Outcome, f.Reason, want)
			}
			if want == protocol.Fail && d.Verdict != protocol.Deny {
				t.Errorf("%s, %s: got %v, want deny", r.name, approver, d.Verdict)
			}
			if f.Article == "" || f.Provenance == "" {
				t.Errorf("%s: %s has no article or provenance", r.name, r.rule)
			}
		}
	}
}

// TestUKUSOrdersAreCertified: besides, the designated authority certifies, and
// nobody else reaches the provider.
func TestUKUSOrdersAreCertified(t *testing.T) {
	for _, make := range []func() *scene{agreementtest.UKOrder, agreementtest.USOrder} {
		s := make()
		s.Facts.Certification, s.Facts.Sender = agreement.Certification{}, s.Facts.Issuing
		s.Facts.Sender.Roles = []protocol.Role{protocol.RoleIssuing}
		d := s.Decide(ukusDAA.book(t))
		if d.Verdict != protocol.Hold {
			t.Errorf("got %v%s, want hold", d.Verdict, agreementtest.Failures(d))
		}
	}
}
