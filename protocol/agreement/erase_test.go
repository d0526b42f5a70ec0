package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

const deletions = `
deletions:
  - {id: minimised, reasons: [minimisation], from: GB, restricts: true, article: Art. 7, text: GB minimises., provenance: unverified}
  - {id: not-validated, reasons: [not_validated], article: Art. 4, text: It is deleted., provenance: unverified}
  - {id: judge-first, reasons: [purge], advice: Ask the judge., article: Art. 9, text: A judge orders it., provenance: unverified}
`

// TestOnlyADeletionThatADocumentKnows may be given for a reason that names a rule of
// an agreement; what is the sender's own law may, and is marked.
func TestOnlyADeletionThatADocumentKnows(t *testing.T) {
	d := agreementtest.Parse(t, agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020)+deletions)
	book := agreementtest.NewBook(t, []*agreement.Document{d})
	for name, c := range map[string]struct {
		reason   protocol.DeletionReason
		action   protocol.DeletionAction
		by       protocol.Party
		want     protocol.Verdict
		findings string
	}{
		"known":                     {protocol.DeletionMinimised, protocol.Deleted, "GB", protocol.Allow, "deletion pass , minimised pass unverified"},
		"known, restricted":         {protocol.DeletionMinimised, protocol.Restricted, "GB", protocol.Allow, "deletion pass , minimised pass unverified"},
		"known of another Party":    {protocol.DeletionMinimised, protocol.Deleted, "US", protocol.Deny, "deletion fail "},
		"known of no Party":         {protocol.DeletionRefused, protocol.Deleted, "GB", protocol.Deny, "deletion fail "},
		"known, but not restricted": {protocol.DeletionNotValidated, protocol.Restricted, "GB", protocol.Deny, "deletion fail , not-validated pass unverified"},
		"of one's own law":          {protocol.DeletionWithdrawn, protocol.Deleted, "GB", protocol.Allow, "deletion pass unverified"},
		"with something in the way": {protocol.DeletionPurge, protocol.Deleted, "GB", protocol.Allow, "deletion pass unverified, judge-first flag unverified"},
	} {
		got := book.Erase(agreement.Erasure{Agreement: d.Ref(), Reason: c.reason, Action: c.action, By: c.by, At: agreementtest.Day})
		var said []string
		for _, f := range got.Findings {
			said = append(said, f.Rule+" "+f.Outcome.String()+" "+f.Provenance)
		}
		if got.Verdict != c.want || strings.Join(said, ", ") != c.findings || len(got.Documents) != 1 {
			t.Errorf("%s: %v, %q", name, got.Verdict, strings.Join(said, ", "))
		}
		if c.want == protocol.Deny && !slices.Equal(got.Reasons(), []protocol.Reason{protocol.ReasonBarredGround}) {
			t.Errorf("%s: denied for %v", name, got.Reasons())
		}
	}
	unknown := book.Erase(agreement.Erasure{Agreement: protocol.AgreementRef{ID: "a-b", Version: "9"}, Reason: protocol.DeletionRefused,
		Action: protocol.Deleted, By: "GB", At: agreementtest.Day})
	if unknown.Verdict != protocol.Allow || unknown.Findings[0].Provenance != string(agreement.Unverified) || len(unknown.Documents) != 0 {
		t.Errorf("of an agreement that is not held: %v, %v", unknown.Verdict, unknown.Findings)
	}
}

func TestDeletionsThatDoNotStand(t *testing.T) {
	good := agreementtest.Bilateral("a-b", "GB", "US", agreementtest.Standing2020) + deletions
	for name, c := range map[string][3]string{
		"a reason of no list":         {"[not_validated]", "[bored]", `deletions[1].reasons[0]: "bored"`},
		"a Party that is none":        {"from: GB, restricts", "from: FR, restricts", "deletion minimised: FR is not in parties"},
		"restricted for no such":      {"reasons: [not_validated]", "reasons: [retention], restricts: true", "deletions[1].restricts"},
		"in the way, and restricted":  {"reasons: [purge]", "reasons: [minimisation], restricts: true", "deletions[2].advice"},
		"the name of a rule":          {"id: minimised", "id: threshold", `deletions are "threshold"`},
		"the name of a step":          {"id: minimised", "id: deletion", "is the name of a step"},
		"a claim without its source":  {"text: GB minimises., provenance: unverified", "text: GB minimises., provenance: verified", "source: missing"},
		"two deletions under one id":  {"id: not-validated", "id: minimised", `deletions are "minimised"`},
		"a reason that stands twice":  {"[not_validated]", "[not_validated, not_validated]", "deletions[1].reasons"},
		"restricts that is not true":  {"restricts: true", "restricts: no", "deletions[0].restricts"},
		"nothing that is said of it":  {"text: It is deleted., ", "", "deletions[1].text: missing"},
		"a member that it has not":    {"advice: Ask the judge.", "advise: Ask the judge.", "advise"},
		"an article that is left out": {"article: Art. 4, ", "", "deletions[1].article: missing"},
	} {
		if _, err := agreement.ParseDocument("test.yaml", []byte(replace(t, good, c[0], c[1]))); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: got %v, want %q", name, err, c[2])
		}
	}
}

// TestTheLibraryKnowsItsDeletions: by which agreement which reason may be given, and
// whether its source was read.
func TestTheLibraryKnowsItsDeletions(t *testing.T) {
	book := agreementtest.NewBook(t, agreementtest.Library(t))
	for _, c := range []struct {
		id     string
		reason protocol.DeletionReason
		action protocol.DeletionAction
		by     protocol.Party
		want   protocol.Verdict
		said   string // of the documents: name, outcome, provenance
	}{
		{"eu-epoc-2023", protocol.DeletionRefused, protocol.Restricted, "FR", protocol.Allow,
			"deleted-when-refused-in-an-emergency pass verified, deleted-when-refused-later pass unverified"},
		{"eu-epoc-2023", protocol.DeletionNotValidated, protocol.Deleted, "FR", protocol.Allow, "deleted-when-not-validated pass verified"},
		{"eu-epoc-2023", protocol.DeletionMinimised, protocol.Deleted, "FR", protocol.Deny, ""},
		{"eu-epoc-2023", protocol.DeletionRetention, protocol.Deleted, "FR", protocol.Allow, "deleted-in-time pass verified"},
		{"eu-eio-2014", protocol.DeletionRefused, protocol.Restricted, "FR", protocol.Allow, "restricted-when-a-notified-state-objects pass verified"},
		{"eu-eio-2014", protocol.DeletionNotValidated, protocol.Deleted, "FR", protocol.Deny, ""},
		{"eu-mla-2000", protocol.DeletionRefused, protocol.Restricted, "FR", protocol.Allow, "restricted-when-a-notified-state-objects pass verified"},
		{"ukus-daa-2019", protocol.DeletionMinimised, protocol.Restricted, "GB", protocol.Allow, "deleted-when-minimised pass verified"},
		{"ukus-daa-2019", protocol.DeletionMinimised, protocol.Deleted, "US", protocol.Deny, "us-law/recordings-of-intercepts flag verified"},
		{"ukus-daa-2019", protocol.DeletionRefused, protocol.Deleted, "GB", protocol.Deny, ""},
		{"ukus-daa-2019", protocol.DeletionRetention, protocol.Deleted, "GB", protocol.Allow, "gb-law/kept-while-necessary pass verified"},
		{"ukus-daa-2019", protocol.DeletionPurge, protocol.Deleted, "US", protocol.Allow, "us-law/recordings-of-intercepts flag verified"},
		{"ukus-daa-2019", protocol.DeletionCourt, protocol.Deleted, "US", protocol.Allow, "us-law/recordings-destroyed-by-order pass verified"},
		{"us-au-daa-2021", protocol.DeletionMinimised, protocol.Deleted, "AU", protocol.Allow, "deleted-when-minimised pass verified"},
		{"us-au-daa-2021", protocol.DeletionNotValidated, protocol.Deleted, "AU", protocol.Deny, ""},
		{"cets224-2022", protocol.DeletionRetention, protocol.Deleted, "FR", protocol.Allow, "deleted-in-time pass unverified"},
		{"budapest-2001", protocol.DeletionRefused, protocol.Deleted, "FR", protocol.Deny, ""},
		{"uncac-2003", protocol.DeletionMinimised, protocol.Deleted, "FR", protocol.Deny, ""},
		{"letter-rogatory", protocol.DeletionPurge, protocol.Deleted, "FR", protocol.Allow, ""},
	} {
		d := book.Erase(agreement.Erasure{Agreement: protocol.AgreementRef{ID: c.id, Version: "1"}, Reason: c.reason, Action: c.action,
			By: c.by, At: agreementtest.Day})
		var said []string
		for _, f := range d.Findings[1:] {
			said = append(said, f.Rule+" "+f.Outcome.String()+" "+f.Provenance)
		}
		if d.Verdict != c.want || strings.Join(said, ", ") != c.said {
			t.Errorf("%s, %s by %s: %v, %q", c.id, c.reason, c.by, d.Verdict, strings.Join(said, ", "))
		}
		if own := c.want == protocol.Allow && !strings.Contains(c.said, " pass "); (d.Findings[0].Provenance != "") != own {
			t.Errorf("%s, %s: the step is marked %q", c.id, c.reason, d.Findings[0].Provenance)
		}
	}
}
