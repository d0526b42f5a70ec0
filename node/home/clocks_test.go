package home_test

import (
	"testing"
	"time"

	"comity.example/node/home"
)

// TestPeriodsOfClocks are hours or days, and nothing else.
func TestPeriodsOfClocks(t *testing.T) {
	const base = "participant = \"us.contoso\"\nlisten = \"127.0.0.1:4433\"\n[clocks]\nobjection-time = "
	for text, want := range map[string]time.Duration{
		`"48h"`: 48 * time.Hour, `"10 days"`: 240 * time.Hour, `"1 day"`: 24 * time.Hour,
		`"0h"`: 0, `"-1h"`: 0, `"soon"`: 0, `"90m"`: 0, `"99999 days"`: 0, `7`: 0,
	} {
		c, err := home.ParseConfig([]byte(base + text + "\n"))
		if got := c.Clocks["objection-time"].Length; (err != nil) != (want == 0) || err == nil && got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}
