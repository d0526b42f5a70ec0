package casefile_test

import (
	"testing"

	"comity.example/protocol"
)

// TestEntrySaysHowMuchWasDisclosed, by itself and in a relay: a report need not
// open what was disclosed.
func TestEntrySaysHowMuchWasDisclosed(t *testing.T) {
	for _, status := range []protocol.ProductionStatus{protocol.ProductionPartial, protocol.ProductionComplete, protocol.ProductionNoData} {
		c, opened := certified(t, decision(protocol.Allow))
		d := disclosure(status, opened.Digest)
		c = apply(t, c, d)
		c = apply(t, c, relay(d, d.Digest))
		for _, e := range c.Thread[1:] {
			want := e.Kind == protocol.KindDisclosure || e.InnerKind == protocol.KindDisclosure
			if got := e.Says != nil && e.Says.What == string(status); got != want {
				t.Errorf("%s: the %s says %+v", status, e.Kind, e.Says)
			}
		}
	}
}
