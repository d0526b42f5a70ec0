package agreement

import (
	"testing"

	"comity.example/protocol"
)

// No step leads here: it is the last thing that stands between a mistake of
// ours and an allow.
func TestDecisionWithoutAFindingDenies(t *testing.T) {
	if got := verdictOf(nil); got != protocol.Deny {
		t.Errorf("got %v, want deny", got)
	}
	if got := verdictOf([]protocol.Finding{{}}); got != protocol.Deny {
		t.Errorf("zero finding: got %v, want deny", got)
	}
}
