package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/report"
)

// erased is a case of an emergency order against which an authority raised a ground
// after the evidence had come, and what was certified of it.
func erased(more ...casefile.Entry) *casefile.Case {
	at := date(2026, 9, 1)
	entry := func(k protocol.Kind, from protocol.ParticipantID, days int, leads casefile.State, s casefile.Says) casefile.Entry {
		return casefile.Entry{Act: protocol.DigestOf(fmt.Append(nil, k, days)), Kind: k, From: from, Issued: at.AddDate(0, 0, days),
			At: at.AddDate(0, 0, days), Leads: leads, Says: &s}
	}
	c := &casefile.Case{Agreement: protocol.AgreementRef{ID: report.EURegulation, Version: "1"}, Issuer: "fr.parquet", Addressee: "ie.provider",
		Notified: []protocol.ParticipantID{"ie.court"}, Emergency: true, State: casefile.GroundRaised,
		Matter: casefile.Matter{Type: protocol.Production, Issued: at}}
	c.Thread = []casefile.Entry{entry(protocol.KindRequest, "fr.parquet", 0, casefile.Served, casefile.Says{}),
		entry(protocol.KindDisclosure, "ie.provider", 1, casefile.Produced, casefile.Says{What: "complete", Objects: []protocol.Digest{{1}, {2}}}),
		entry(protocol.KindRefusal, "ie.court", 3, casefile.GroundRaised, casefile.Says{Reasons: []protocol.Reason{protocol.ReasonPrivilege}})}
	c.Thread = append(c.Thread, more...)
	return c
}

func certificate(from protocol.ParticipantID, at time.Time, action protocol.DeletionAction, reason protocol.DeletionReason, objects ...protocol.Digest) casefile.Entry {
	return casefile.Entry{Act: protocol.DigestOf(fmt.Append(nil, from, at)), Kind: protocol.KindDeletion, From: from, Issued: at, At: at,
		Says: &casefile.Says{What: string(action), Ground: string(reason), Objects: objects}}
}

// TestReportsSayWhatWasDeleted, what was restricted, when that was certified, and
// what is to be deleted and is not.
func TestReportsSayWhatWasDeleted(t *testing.T) {
	one, two := protocol.Digest{1}, protocol.Digest{2}
	cases := []*casefile.Case{erased(),
		erased(certificate("fr.parquet", date(2026, 9, 5), protocol.Restricted, protocol.DeletionRefused, one, two),
			certificate("fr.parquet", date(2026, 10, 2), protocol.Deleted, protocol.DeletionRefused, one),
			certificate("ie.provider", date(2026, 10, 12), protocol.Deleted, protocol.DeletionRetention, one, two))}
	request := &protocol.Request{Type: protocol.Production, Issuer: "fr.parquet", Addressee: "ie.provider",
		Data: []protocol.DataItem{{Category: protocol.CategoryContent}}}
	for kind, labels := range map[report.Kind]string{report.EUState: "", report.Annual: report.EURegulation + " FR to IE "} {
		m, err := report.New(options(kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			f, ok := report.Of(c, request, report.View{Self: "fr.parquet", AsOf: date(2026, 12, 1)})
			if !ok {
				t.Fatal("the case does not count")
			}
			m.Add(&f)
		}
		r, err := m.Report(report.Basis{Participant: "fr.parquet", AsOf: date(2026, 12, 1)})
		if err != nil {
			t.Fatal(err)
		}
		x := r.Tables[slices.IndexFunc(r.Tables, func(x report.Table) bool { return x.ID == "deletions" })]
		var got []string
		for _, row := range x.Rows {
			line := strings.Join(row.Labels, " ") + ":"
			for _, cell := range row.Cells {
				n := int64(0) // where nothing is known
				if cell.Value != nil {
					n = *cell.Value
				}
				line += fmt.Sprintf(" %d", n)
			}
			got = append(got, line)
		}
		day := int64(24 * 3600)
		want := []string{
			fmt.Sprintf("%saddressee retention 2026-10: 1 2 0 0 %d", labels, 40*day),
			fmt.Sprintf("%sissuing side refused_after 2026-09: 1 0 2 0 %d", labels, 3*day),
			fmt.Sprintf("%sissuing side refused_after 2026-10: 1 1 0 0 %d", labels, 30*day),
			fmt.Sprintf("%sissuing side refused_after not yet: 0 0 0 1 0", labels)}
		if len(got) < 4 || !slices.Equal(got[:4], want) {
			t.Errorf("%s:\n%s\nwant\n%s", kind, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
