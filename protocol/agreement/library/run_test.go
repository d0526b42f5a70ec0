package library_test

import (
	"strings"
	"testing"

	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
)

// TestEveryNumberIsCounted: of a period of days, hours or months a machine knows
// how it is counted, and says of what is policy that it is not law.
func TestEveryNumberIsCounted(t *testing.T) {
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, d := range docs {
		for i := range d.Clocks {
			c := &d.Clocks[i]
			if c.Run == nil {
				if strings.ContainsAny(c.Length, "0123456789") {
					t.Errorf("%s/%s: %q is not counted", d.ID, c.ID, c.Length)
				}
				continue
			}
			counted++
			if words := c.Run.Words(); c.Run.Policy != strings.Contains(words, "policy, not law") || strings.Contains(words, "_") {
				t.Errorf("%s/%s: %s", d.ID, c.ID, words)
			}
			number := strings.ContainsAny(c.Length, "0123456789") || strings.Contains(c.Length, "week") || strings.Contains(c.Length, "31 March") ||
				strings.Contains(c.Length, "yearly") || c.Run.Unit == agreement.UnitGiven || c.Run.Remind != nil
			if !number && !c.Run.Policy {
				t.Errorf("%s/%s: counts %d %s although the law says %q, and is no policy", d.ID, c.ID, c.Run.Count, c.Run.Unit, c.Length)
			}
		}
	}
	if counted < 60 {
		t.Errorf("%d clocks are counted", counted)
	}
}
