package node_test

import (
	"slices"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
)

// TestCaseSaysWhoStandsBehindAnAct, and by which right: at the provider, who
// must know whether the order is genuine.
func TestCaseSaysWhoStandsBehindAnAct(t *testing.T) {
	atBorder(t, func(t *testing.T, b *border) {
		id := b.served()
		for _, at := range []protocol.ParticipantID{contoso, office} {
			v, err := b.node(at).Case(t.Context(), id)
			b.must(err)
			cert := v.Acts[len(v.Acts)-1]
			if len(cert.Signers) != 2 {
				t.Fatalf("at %s the certification has the signers %+v", at, cert.Signers)
			}
			wantSigner(t, v, cert.Signers[0], desk.Signer{Kind: protocol.KindCertification, Participant: office})
			wantSigner(t, v, cert.Signers[1], desk.Signer{Kind: protocol.KindRequest, Participant: police})
			if cert.Right == nil || cert.Right.Article == "" || v.Title == "" || len(v.Clocks) == 0 {
				t.Errorf("at %s: right %+v, title %q, %d clocks", at, cert.Right, v.Title, len(v.Clocks))
			}
			for _, c := range v.Clocks {
				if c.Article == "" || c.Provenance == "" || c.Length == "" {
					t.Errorf("a clock without its source: %+v", c)
				}
			}
		}
	}, police, office, contoso)
}

func wantSigner(t *testing.T, v desk.CaseView, got, want desk.Signer) {
	t.Helper()
	if got.Kind != want.Kind || got.Participant != want.Participant || got.Register != "GB@1" {
		t.Errorf("got the signer %+v, want %+v", got, want)
	}
	known := func(o desk.Organisation) bool { return o.ID == got.Participant && o.Name == got.Name }
	if got.Name == "" || !slices.ContainsFunc(v.Organisations, known) {
		t.Errorf("the name %q is not among %+v", got.Name, v.Organisations)
	}
	if len(got.Officers) != 1 || got.Officers[0].ID == "" || len(got.Officers[0].Roles) == 0 ||
		got.Officers[0].Participant != want.Participant {
		t.Errorf("the officers of the %s are %+v", got.Kind, got.Officers)
	}
}
