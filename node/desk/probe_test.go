package desk_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"comity.example/node/desk"
)

func TestProbeKeepsItsDurationsOverTheAPI(t *testing.T) {
	want := desk.Probe{Peer: "us.contoso-mail", Reached: true, RoundTrip: 3 * time.Millisecond, Skew: -time.Second}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got desk.Probe
	if err := json.Unmarshal(b, &got); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
