package library_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// A stop is how a step says no.
type stop struct {
	step   string
	reason protocol.Reason
	want   protocol.Outcome
	change [2]string                        // of the text of the agreement
	when   func(*scene)                     // of the request
	book   func(*testing.T) *agreement.Book // nil: of that agreement alone
}

func lateBy(years int) func(*scene) {
	return func(s *scene) { s.Facts.At = agreementtest.Day.AddDate(-years, 0, 0) }
}

// stops are all that the steps say no to, on a small agreement.
var stops = []stop{
	{step: agreement.StepParticipants, reason: protocol.ReasonUnregistered,
		when: func(s *scene) { s.Facts.Issuing = agreement.Standing{} }},
	{step: agreement.StepAgreement, reason: protocol.ReasonNoAgreement,
		when: func(s *scene) { s.Ask(protocol.Interception, protocol.CategoryContentLive) }},
	{step: agreement.StepAgreement, reason: protocol.ReasonNoAgreement,
		when: func(s *scene) { s.Facts.Ref.ID = "strange" }},
	{step: agreement.StepAgreement, reason: protocol.ReasonNotGoverning, change: [2]string{"[GB, US]", "[GB, FR]"},
		when: func(s *scene) { s.Facts.Ref.ID = "a-b" }},
	{step: agreement.StepVersion, reason: protocol.ReasonVersion,
		when: func(s *scene) { s.Facts.Ref = protocol.AgreementRef{ID: "a-b", Version: "9"} }},
	{step: agreement.StepSigned, reason: protocol.ReasonUnsigned, when: nothing, book: signedByOthers},
	{step: agreement.StepInForce, reason: protocol.ReasonNotInForce, when: lateBy(20)},
	{step: agreement.StepInForce, reason: protocol.ReasonNotInForce, when: nothing,
		change: [2]string{"[GB, US]", "[GB, {party: US, signed: 2020-01-01}]"}},
	{step: agreement.StepRight, reason: protocol.ReasonNoRight, when: func(s *scene) {
		s.Facts.Ref.ID = "a-b"
		s.Facts.Addressee.Roles = []protocol.Role{protocol.RoleCentral}
	}},
	{step: agreement.StepRight, reason: protocol.ReasonCategory, when: func(s *scene) {
		s.Facts.Ref.ID = "a-b"
		s.Ask(protocol.Production, protocol.CategoryTraffic)
	}},
	{step: agreement.StepRight, reason: protocol.ReasonEmergencyScope, when: func(s *scene) { s.Facts.Ref.ID = "a-b" },
		change: [2]string{"    channel: direct", "    emergency: only\n    channel: direct"}},
	{step: agreement.StepRight, reason: protocol.ReasonIncomplete, when: func(s *scene) {
		s.Facts.Ref.ID = "a-b"
		s.Req.Data = nil
	}},
	{step: agreement.StepTerms, reason: protocol.ReasonTerms, when: func(s *scene) { s.Req.Data[0].Own = []string{"strange"} }},
	{step: agreement.StepReciprocal, reason: protocol.ReasonNotReciprocal, when: nothing,
		change: [2]string{"from: any party", "from: GB"}},
	{step: agreement.StepPromise, reason: protocol.ReasonNotReciprocal, want: protocol.Held, when: nothing,
		change: [2]string{"reciprocity: mirrored", "reciprocity: promise"}},
	{step: agreement.StepTransmission, reason: protocol.ReasonCertification, want: protocol.Held, when: nothing,
		change: [2]string{"    channel: direct", "    transmitted_by: {role: central, article: A, text: T, provenance: unverified}\n    channel: direct"}},
	{step: agreement.StepNotification, reason: protocol.ReasonNotification, want: protocol.Held, when: nothing,
		change: [2]string{"    channel: direct", "    notifies: {role: central, article: A, text: T, provenance: unverified}\n    channel: direct"}},
	{step: agreement.StepNotification, reason: protocol.ReasonRuleError, when: nothing, change: [2]string{"    channel: direct",
		"    notifies: {role: central, when: 'attested[99] == \"x\"', article: A, text: T, provenance: unverified}\n    channel: direct"}},
	{step: "term", reason: protocol.ReasonNotInForce, want: protocol.Held, when: nothing,
		change: [2]string{"rules:", "clocks:\n  - {id: term, article: A, text: T, date: 2025-01-01, provenance: unverified}\nrules:"}},
	{step: "threshold", reason: protocol.ReasonRuleError, when: nothing,
		change: [2]string{"offence.max_custody_months >= 12", `attested[99] == "x"`}},
	{step: "threshold", reason: protocol.ReasonThreshold, when: func(s *scene) { s.Req.Offence.MaxCustodyMonths = 0 }},
}

// small is the agreement on which the stops are shown, with a change.
func small(change [2]string) string {
	text := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)
	if change[0] == "" {
		return text
	}
	return strings.Replace(text, change[0], change[1], 1)
}

// signedByOthers is a book of an agreement that the receiving Party has not
// signed.
func signedByOthers(t *testing.T) *agreement.Book {
	doc := agreementtest.Parse(t, small([2]string{"[GB, US]", "[GB, US, FR]"}))
	keys := map[protocol.Party]*identity.Key{}
	sigs := &agreement.PartySignatures{Agreement: doc.Ref()}
	for _, p := range []protocol.Party{"GB", "FR"} {
		key, err := identity.Generate()
		if err != nil {
			t.Fatal(err)
		}
		keys[p] = key
		sig, err := agreement.SignDocument(doc, p, time.Unix(0, 0), key)
		if err != nil {
			t.Fatal(err)
		}
		sigs.Add(sig)
	}
	held, err := agreement.VerifyDocument(doc, sigs, func(p protocol.Party) ([]*identity.Public, int, bool) {
		return []*identity.Public{keys[p].Public()}, 1, true
	})
	if err != nil {
		t.Fatal(err)
	}
	book, err := agreement.NewSignedBook([]agreement.SignedDocument{held}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestEveryStepSaysNoForEachOfItsReasons(t *testing.T) {
	steps := map[string]bool{agreement.StepGround: true} // of which TestCoverageOfTheLibrary sees the barred
	for _, x := range stops {
		steps[x.step] = true
		doc := agreementtest.Parse(t, small(x.change))
		book := agreementtest.NewBook(t, []*agreement.Document{doc})
		if x.book != nil {
			book = x.book(t)
		}
		s := agreementtest.UKOrder()
		s.Facts.Sender = s.Facts.Issuing
		x.when(s)
		d := s.Decide(book)
		at := slices.IndexFunc(d.Findings, func(f protocol.Finding) bool { return f.Rule == x.step })
		want := map[protocol.Outcome]protocol.Verdict{protocol.Fail: protocol.Deny, protocol.Held: protocol.Hold}[x.want]
		if at < 0 || d.Findings[at].Outcome != x.want || d.Findings[at].Reason != x.reason || d.Verdict != want {
			t.Errorf("%s %s: got verdict %v%s", x.step, x.reason, d.Verdict, agreementtest.Failures(d))
		}
	}
	for _, name := range stepNames(t) {
		if !steps[name] {
			t.Errorf("step %s is in no row", name)
		}
	}
}

// stepNames are the names under which the steps report.
func stepNames(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "protocol/agreement/decide.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Step") {
			name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, name)
		}
		return true
	})
	if !slices.Contains(out, agreement.StepNotification) {
		t.Errorf("the steps were not found: %v", out)
	}
	return out
}
