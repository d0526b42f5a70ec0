package protocol_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"comity.example/protocol"
	"comity.example/protocol/canon"
)

// anyText draws what JSON writes in more than one way, and what it cannot write.
func anyText(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "\"\\/\b\f\n\r\t\x00\x1f\x7f",
		"<>&'", "\u2028\u2029", "é𝄞", "\xff"})).Draw(t, label)
}

func anyDecision(t *rapid.T) *protocol.Decision {
	few := rapid.IntRange(0, 2)
	d := &protocol.Decision{Verdict: protocol.Verdict(rapid.IntRange(0, 4).Draw(t, "verdict")),
		Agreement: protocol.AgreementRef{ID: anyText(t, "id"), Version: anyText(t, "version")},
		At:        time.Unix(rapid.Int64Range(-1<<36, 1<<38).Draw(t, "at"), rapid.Int64Range(0, 2).Draw(t, "ns")).UTC()}
	for range few.Draw(t, "findings") {
		f := protocol.Finding{Rule: anyText(t, "rule"), Article: anyText(t, "article"), Text: anyText(t, "text"),
			Outcome: protocol.Outcome(rapid.IntRange(0, 6).Draw(t, "outcome")), Reason: protocol.Reason(anyText(t, "reason")),
			Ask: anyText(t, "ask"), Side: protocol.Side(anyText(t, "side")), Role: protocol.Role(anyText(t, "role")),
			Provenance: anyText(t, "provenance")}
		for range few.Draw(t, "names") {
			f.Inputs = append(f.Inputs, anyText(t, "name"))
		}
		d.Findings = append(d.Findings, f)
	}
	for range few.Draw(t, "inputs") {
		d.Inputs = append(d.Inputs, protocol.Input{Name: anyText(t, "input"), Value: anyText(t, "value")})
	}
	for range few.Draw(t, "routes") {
		r := protocol.Route{Agreement: anyText(t, "agreement"), Title: anyText(t, "title"),
			Article: anyText(t, "route article"), Text: anyText(t, "route text")}
		for range few.Draw(t, "via") {
			r.Via = append(r.Via, protocol.ParticipantID(anyText(t, "central")))
		}
		d.Routes = append(d.Routes, r)
	}
	for i := range few.Draw(t, "documents") {
		d.Documents = append(d.Documents, protocol.DigestOf([]byte{byte(i)}))
	}
	return d
}

// TestCanonicalIsWhatCanonWrites, whatever the decision says; what one cannot
// write, the other cannot either.
func TestCanonicalIsWhatCanonWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecision(t)
		want, err1 := canon.Encode(d)
		got, err2 := d.Canonical()
		if (err1 == nil) != (err2 == nil) || err1 == nil && !bytes.Equal(got, want) {
			t.Fatalf("got %s, %v\nwant %s, %v", got, err2, want, err1)
		}
	})
}

// TestCanonicalFillsEveryMember: a member that is added to a decision and not to
// its canonical form is noticed.
func TestCanonicalFillsEveryMember(t *testing.T) {
	d := &protocol.Decision{Verdict: protocol.Hold, Agreement: protocol.AgreementRef{ID: "a", Version: "1"},
		Routes:    []protocol.Route{{Agreement: "a", Title: "t", Article: "Art. 1", Via: []protocol.ParticipantID{"gb.x"}, Text: "x"}},
		Findings:  []protocol.Finding{{Rule: "r", Article: "Art. 1", Outcome: protocol.Held, Reason: "x", Text: "t", Inputs: []string{"i"}, Ask: "a", Side: "issuing", Role: "central", Provenance: "verified"}},
		Inputs:    []protocol.Input{{Name: "i", Value: "1"}},
		At:        utc("2026-11-22T10:00:00Z"),
		Documents: []protocol.Digest{protocol.DigestOf(nil)}}
	want, err := canon.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Canonical()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if strings.Contains(string(want), "null") {
		t.Errorf("a member is not filled: %s", want)
	}
}

func BenchmarkCanonical(b *testing.B) {
	d := &protocol.Decision{At: utc("2026-11-22T10:00:00Z")}
	for range 40 {
		d.Findings = append(d.Findings, protocol.Finding{Rule: "specific-identifier", Article: "Art. 4(5)", Outcome: protocol.Pass,
			Text: strings.Repeat("what is required, ", 8), Inputs: []string{"request.identifier_count", "request.identifiers_typed"}, Provenance: "verified"})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Canonical(); err != nil {
			b.Fatal(err)
		}
	}
}
