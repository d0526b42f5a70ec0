package library_test

import (
	"slices"
	"strings"
	"testing"

	"comity.example/protocol/agreement"
)

// 18 USC 2523(b)(4) lists eleven things that an agreement with a foreign
// government contains.
func TestDataAccessAgreementHoldsWhat18USC2523AsksFor(t *testing.T) {
	for _, d := range documents(t) {
		if d.Kind != agreement.KindDataAccess || !d.Has("US") {
			continue
		}
		var sources strings.Builder
		for _, r := range d.Rules {
			sources.WriteString(r.Source + "\n")
		}
		for _, c := range slices.Concat(d.UseLimits, d.Notes) {
			sources.WriteString(c.Source + "\n")
		}
		for _, o := range d.Objection {
			sources.WriteString(o.Source + "\n")
		}
		for letter := 'A'; letter <= 'K'; letter++ {
			if want := "2523(b)(4)(" + string(letter) + ")"; !strings.Contains(sources.String(), want) {
				t.Errorf("%s: nothing rests on %s", d.ID, want)
			}
		}
	}
}
