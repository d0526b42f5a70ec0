package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/canon"
	"comity.example/protocol/casefile"
)

// TestLongestCaseFitsIntoTheStore: acts that name as many others and as many
// recipients as they may would grow the file of their case out of the store.
// Whatever was to change it then, such as a refusal of its certification, could
// not be written: the node would end, and end again after each start.
func TestLongestCaseFitsIntoTheStore(t *testing.T) {
	id := protocol.ParticipantID("us." + strings.Repeat("x", 61))
	d := protocol.DigestOf([]byte("an act"))
	text := strings.Repeat(`"`, 128)
	// Digests are the longest names; each act has a recipient.
	many := slices.Repeat([]protocol.Digest{d}, casefile.MaxNames/casefile.MaxThread/2)
	e := casefile.Entry{Act: d, ID: protocol.NewActID(), Kind: protocol.KindCertification, From: id,
		To: []protocol.ParticipantID{id}, Follows: many, Issued: time.Now().UTC().Truncate(time.Second), Leads: casefile.PartlyProduced, Inner: d, InnerKind: protocol.KindCertification, InnerFollows: many,
		Undelivered: casefile.PartlyProduced}
	f := filed{Inbox: strings.Repeat("x", store.MaxKey), Move: casefile.Certify, Since: e.Issued, Read: casefile.MaxThread,
		File: casefile.Case{ID: protocol.NewCaseID(), State: casefile.PartlyProduced,
			Agreement: protocol.AgreementRef{ID: text, Version: text}, Emergency: true,
			Issuer: id, Certifier: id, Addressee: id, Thread: slices.Repeat([]casefile.Entry{e}, casefile.MaxThread)}}
	b, err := canon.Write(&f)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > store.MaxValue {
		t.Errorf("%d bytes, the store takes %d", len(b), store.MaxValue)
	}
}
