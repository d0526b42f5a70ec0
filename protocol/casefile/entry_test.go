package casefile_test

import (
	"testing"

	"comity.example/protocol"
)

func TestEntriesNameWhatTheyCarry(t *testing.T) {
	c, cert := certified(t, decision(protocol.Allow))
	e, ok := c.Last(protocol.KindCertification)
	if !ok || e.Act != cert.Digest || e.Inner != cert.Inner.Digest || e.InnerKind != protocol.KindRequest {
		t.Errorf("got %+v %v", e, ok)
	}
	if e, ok := c.Last(protocol.KindRequest); !ok || e.Act != cert.Digest {
		t.Errorf("the newest that holds the request is %+v %v", e, ok)
	}
	if _, ok := c.Last(protocol.KindRefusal); ok {
		t.Error("it found a refusal")
	}
}
