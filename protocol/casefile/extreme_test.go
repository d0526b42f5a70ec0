package casefile_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TestTheLastDayOfTheCalendarCanBeWritten: what moves an end on from the last day
// that can be written moves it no further. An end that no node can write would keep
// the act that led to it, and the clocks of every other case, from being written.
func TestTheLastDayOfTheCalendarCanBeWritten(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	docs := documents()
	asked := clockCase{from: paris, to: alnwick, matter: casefile.Matter{Deadline: last}, deeds: []deed{
		order(paris, alnwick, "2026-11-02 10:00", "2026-11-02 10:01"),
		{kind: protocol.KindClarification, from: alnwick, at: "2026-11-03 10:00", name: "q",
			got: map[protocol.ParticipantID]string{paris: "2026-11-03 10:01"}},
		{kind: protocol.KindReply, from: paris, at: "2026-11-05 10:00", on: "q",
			got: map[protocol.ParticipantID]string{alnwick: "2026-11-05 10:01"}},
	}}
	told := clockCase{doc: "eu-eio-2014", from: paris, to: berlin, matter: casefile.Matter{Type: protocol.Interception,
		ThirdStates: []protocol.Party{"ES"}}, deeds: []deed{
		order(paris, berlin, "2026-11-02 10:00", "2026-11-02 10:01"),
		{kind: protocol.KindNotice, from: paris, at: "2026-11-03 10:00", got: map[protocol.ParticipantID]string{berlin: "2026-11-03 10:01"},
			says: casefile.Says{What: "delivered", To: "third_state", State: "ES", Start: last}},
	}}
	for name, m := range map[string]clockCase{"a deadline that was paused": asked, "a State that was told": told} {
		moved := false
		for _, self := range m.holders() {
			c := m.as(self)
			for _, r := range casefile.Clocks(&c, law(docs, m.doc, self)) {
				moved = moved || r.Ends.Equal(last)
				if _, err := json.Marshal(r); err != nil || r.Ends.After(last) {
					t.Errorf("%s: %s ends at %v: %v", name, r.ID, r.Ends, err)
				}
			}
		}
		if !moved {
			t.Errorf("%s: no clock ends on the last day", name)
		}
	}
}
