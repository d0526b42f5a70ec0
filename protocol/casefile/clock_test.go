package casefile_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/protocol/casefile"
)

// TestAClockThatStandsStillIsReadAsItWasWritten: JSON has no durations.
func TestAClockThatStandsStillIsReadAsItWasWritten(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	want := casefile.Running{ID: "production", Whose: "us.contoso", Starts: at, Paused: at.Add(time.Hour),
		Left: 90 * time.Minute, Effect: casefile.EffectOverdue}
	b, err := json.Marshal([]casefile.Running{want})
	if err != nil {
		t.Fatal(err)
	}
	var got []casefile.Running
	if err := json.Unmarshal(b, &got); err != nil || len(got) != 1 || got[0].Left != want.Left ||
		!got[0].Paused.Equal(want.Paused) || got[0].ID != want.ID || got[0].Effect != want.Effect {
		t.Errorf("got %+v %v of %s, want %+v", got, err, b, want)
	}
}
