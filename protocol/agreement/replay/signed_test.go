package replay_test

import (
	"bytes"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/agreementtest"
	"comity.example/protocol/agreement/replay"
	"comity.example/protocol/register"
)

// Whose signatures count is saved too: a right of one who did not sign is none.
func TestSignedDecisionNeedsTheSignatures(t *testing.T) {
	roots := map[protocol.Party]*identity.Key{}
	var s replay.Sources
	for _, p := range []protocol.Party{"GB", "US"} {
		key, err := identity.Generate()
		if err != nil {
			t.Fatal(err)
		}
		roots[p] = key
		s.Roots = append(s.Roots, register.Pin{Party: p,
			Roots: register.Roots{Threshold: 1, Keys: []*identity.Public{key.Public()}}})
	}
	_, n := suspended(t, s)
	jws, err := agreement.SignNotice(n, roots["US"])
	if err != nil {
		t.Fatal(err)
	}
	s.Notices = [][]byte{jws}
	trusted := func(p protocol.Party) ([]*identity.Public, int, bool) {
		return []*identity.Public{roots[p].Public()}, 1, true
	}
	notice, err := agreement.VerifyNotice(jws, trusted)
	if err != nil {
		t.Fatal(err)
	}
	var docs []agreement.SignedDocument
	for _, d := range agreementtest.Pair(t) {
		if d.ID != n.Agreement {
			continue
		}
		sigs := &agreement.PartySignatures{Agreement: d.Ref()}
		for _, p := range []protocol.Party{"GB", "US"} {
			sig, err := agreement.SignDocument(d, p, agreementtest.Day, roots[p])
			if err != nil {
				t.Fatal(err)
			}
			sigs.Add(sig)
		}
		enc, err := sigs.Encode()
		if err != nil {
			t.Fatal(err)
		}
		s.Documents = append(s.Documents, replay.Document{Text: d.Bytes(), Signatures: enc})
		signed, err := agreement.VerifyDocument(d, sigs, trusted)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, signed)
	}
	book, err := agreement.NewSignedBook(docs, []agreement.SignedNotice{notice})
	if err != nil {
		t.Fatal(err)
	}
	sc := agreementtest.UKOrder()
	b := saved(t, sc, s, sc.Decide(book))
	if got := parsed(t, b).Replay(); !got.Same || got.Verdict != protocol.Deny {
		t.Errorf("got %+v, want the same", got)
	}
	for name, change := range map[string]func(*replay.Record){
		"a signature": func(r *replay.Record) {
			r.Documents[0].Signatures = bytes.Replace(r.Documents[0].Signatures, []byte(`"jws":"e`), []byte(`"jws":"f`), 1)
		},
		"the document":   func(r *replay.Record) { text(r, "36", "12") },
		"the notice":     func(r *replay.Record) { r.Notices[0][40] ^= 1 },
		"a root":         func(r *replay.Record) { r.Roots = r.Roots[:1] },
		"all signatures": func(r *replay.Record) { r.Roots = []register.Pin{} },
	} {
		if got := forged(t, b, change).Replay(); got.Same || got.Why == "" {
			t.Errorf("%s changed: got %+v, want why it could not be decided", name, got)
		}
	}
}
