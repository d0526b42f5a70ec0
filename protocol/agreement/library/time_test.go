package library_test

import (
	"testing"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
)

// moments are the times about the days that matter to a document.
func moments(d *agreement.Document) []time.Time {
	out := []time.Time{{}, agreementtest.Day, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	days := []agreement.Date{d.Signed, d.InForce, d.Expires, d.Ended}
	for _, m := range d.Members[:min(len(d.Members), 3)] {
		days = append(days, m.Signed, m.InForce, m.Left)
	}
	for _, day := range days {
		if !day.IsZero() {
			out = append(out, day.Time().Add(-time.Second), day.Time())
		}
	}
	return out
}

// Between Parties, at each moment that matters, whether the document is named or
// found beside all others: while it does not stand for both, it neither allows
// nor holds.
func TestDocumentThatDoesNotStandAllowsNothing(t *testing.T) {
	all := agreementtest.LibraryBook(t)
	stood, fallen := 0, 0
	for i := range instruments {
		inst := &instruments[i]
		doc := document(t, inst.id)
		pairsOf(doc, func(r *agreement.Right, from, to agreement.Member) {
			s := inst.scene(use{right: r, typ: r.Types[0], category: r.Categories[0], from: from.Party, to: to.Party}, doc)
			for _, at := range moments(doc) {
				s.Facts.At, s.Facts.Issued = at, at
				for _, s.Facts.Ref = range []protocol.AgreementRef{doc.Ref(), {}} {
					if stands(doc, at, from, to) {
						stood++
						continue
					}
					fallen++
					if d := s.Decide(all); d.Agreement == doc.Ref() && d.Verdict != protocol.Deny {
						t.Errorf("%s: %v from %s to %s at %v", doc.ID, d.Verdict, from.Party, to.Party, at)
					}
				}
			}
		})
	}
	if stood == 0 || fallen == 0 {
		t.Errorf("%d times a document stood, %d times it did not", stood, fallen)
	}
	t.Logf("%d times a document stood, %d times it did not", stood, fallen)
}

// pairsOf are the Parties between which a right is, one of the two the first for
// which it is: of the first two rights every Party has its part.
func pairsOf(d *agreement.Document, do func(r *agreement.Right, from, to agreement.Member)) {
	for i := range d.Rights {
		r := &d.Rights[i]
		var first [2]*agreement.Member
		for j := range d.Members {
			for k := range d.Members {
				from, to := &d.Members[j], &d.Members[k]
				if j == k || !r.From.Has(from.Party) || !r.To.Has(to.Party) {
					continue
				}
				if first[0] == nil {
					first = [2]*agreement.Member{from, to}
				}
				alone := from == first[0] && to == first[1]
				if alone || i < 2 && (from == first[0] || to == first[1]) {
					do(r, *from, *to)
				}
			}
		}
	}
}

// stands says from its days alone whether a document is in force for Parties.
func stands(d *agreement.Document, at time.Time, members ...agreement.Member) bool {
	begun := func(day agreement.Date) bool { return !day.IsZero() && !at.Before(day.Time()) }
	for _, m := range members {
		if m != (agreement.Member{Party: m.Party}) && (!begun(m.InForce) || begun(m.Left)) {
			return false
		}
	}
	return begun(d.InForce) && !begun(d.Expires) && !begun(d.Ended)
}
