package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/evidence"
)

// TestTheRecordHasWhatPoints331And332AskFor: of each act of one's own, for each
// recipient; between authorities by another point.
func TestTheRecordHasWhatPoints331And332AskFor(t *testing.T) {
	request := &protocol.Request{Issuer: "fr.parquet", Addressee: "ie.initech", FileNumber: "2026/17"}
	order := &protocol.Act{ID: protocol.NewActID(), Case: theCase, From: "fr.parquet", To: []protocol.ParticipantID{"ie.initech", "ie.court"},
		Issued: sent, Body: protocol.Body{Withdrawal: &protocol.Withdrawal{Note: "over"}}}
	answer := &protocol.Act{ID: protocol.NewActID(), Case: theCase, From: "ie.initech", To: []protocol.ParticipantID{"ie.court"}, Issued: sent,
		Body: protocol.Body{Withdrawal: &protocol.Withdrawal{}}}
	b, err := canon.Encode(order)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.RecordOf([]*protocol.Act{order, answer}, request, "fr.parquet", sent.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	name := "withdrawal-" + string(order.ID) + ".json"
	want := []evidence.RecordLine{{Sent: sent, Recipient: "ie.initech", Name: name, Size: int64(len(b)), Point: "3.3.1"},
		{Sent: sent, Recipient: "ie.court", Name: name, Size: int64(len(b)), Point: "3.3.2"}}
	if !slices.Equal(r.Lines, want) || r.Case != theCase || r.FileNumber != "2026/17" || r.Sender != "fr.parquet" || r.Provenance != "verified" {
		t.Errorf("got %+v, want the lines %+v", r, want)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), `"2026/17"`) ||
		!strings.Contains(text.String(), "2026-11-22 10:00:00 UTC  to ie.court  "+name) || !strings.Contains(text.String(), "Sent: 2.") {
		t.Errorf("%v:\n%s", err, text.String())
	}
	theirs, err := evidence.RecordOf([]*protocol.Act{order, answer}, request, "ie.initech", sent)
	if err != nil || len(theirs.Lines) != 1 || theirs.Lines[0].Point != "3.3.1" {
		t.Errorf("the provider's: %+v, %v", theirs, err)
	}
	if _, err := evidence.RecordOf(nil, nil, "fr.parquet", sent); err == nil {
		t.Error("a record without its request")
	}
}
