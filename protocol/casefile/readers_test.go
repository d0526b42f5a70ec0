package casefile_test

import (
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/evidence/evidencetest"
)

// TestNobodyElseReadsWhatIsDisclosed: readers are recipients of the act, or the
// issuer, whoever else has a part in the case.
func TestNobodyElseReadsWhatIsDisclosed(t *testing.T) {
	c, opened := servedTo(t, func(*protocol.Request) {})
	objects := []protocol.Object{evidencetest.Object("mail.mbox", "application/mbox", []byte("From a\n"))}
	for name, x := range map[string]struct {
		readers []protocol.ParticipantID
		want    protocol.Reason
	}{
		"the recipient":                       {[]protocol.ParticipantID{office}, ""},
		"the recipient and the issuer":        {[]protocol.ParticipantID{office, police}, ""},
		"the issuer alone":                    {[]protocol.ParticipantID{police}, ""},
		"a stranger":                          {[]protocol.ParticipantID{"gb.press"}, protocol.ReasonWrongRecipient},
		"a stranger too":                      {[]protocol.ParticipantID{office, police, "gb.press"}, protocol.ReasonWrongRecipient},
		"an authority that was not addressed": {[]protocol.ParticipantID{office, doj}, protocol.ReasonWrongRecipient},
		"the sender":                          {[]protocol.ParticipantID{office, contoso}, protocol.ReasonWrongRecipient},
	} {
		s := step(protocol.Body{Disclosure: evidencetest.Disclosure(protocol.ProductionComplete, objects, x.readers...)},
			contoso, to(office), opened.Digest)
		_, err := c.Send(s)
		if x.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantReason(t, name, err, x.want)
		_, err = c.Apply(s)
		wantReason(t, name, err, x.want)
	}
}
