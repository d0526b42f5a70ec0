package main

import (
	"errors"
	"slices"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
)

// TestNodeThatAttestsSomethingElse has no officer's signature for it.
func TestNodeThatAttestsSomethingElse(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	request := w.Request("gb.met-police", "us.contoso")
	c := &certifyCmd{Case: request.Case, Attest: []string{"own_purpose=MEMO-7", "lawful"}}
	attests, err := c.attestations()
	if err != nil {
		t.Fatal(err)
	}
	want := []protocol.Attestation{{Statement: "own_purpose", Reference: "MEMO-7"}, {Statement: "lawful"}}
	if !slices.Equal(attests, want) {
		t.Fatalf("got %v, want %v", attests, want)
	}
	asked := protocol.Certification{Invokes: true, Contact: "desk", Targeting: "TP-3", Attestations: attests}
	prepared := func(change func(*protocol.Certification)) *desk.Prepared {
		got := asked
		got.Request, got.Attestations = w.Sign(request), slices.Clone(attests)
		change(&got)
		return &desk.Prepared{Case: request.Case, Body: protocol.Body{Certification: &got}}
	}
	if err := c.fits(&asked)(prepared(func(*protocol.Certification) {})); err != nil {
		t.Errorf("what was asked for: %v", err)
	}
	for name, change := range map[string]func(*protocol.Certification){
		"one less":           func(x *protocol.Certification) { x.Attestations = x.Attestations[:1] },
		"another reference":  func(x *protocol.Certification) { x.Attestations[0].Reference = "MEMO-8" },
		"another statement":  func(x *protocol.Certification) { x.Attestations[1].Statement = "unlawful" },
		"another contact":    func(x *protocol.Certification) { x.Contact = "elsewhere" },
		"another targeting":  func(x *protocol.Certification) { x.Targeting = "TP-4" },
		"nothing is invoked": func(x *protocol.Certification) { x.Invokes = false },
	} {
		if err := c.fits(&asked)(prepared(change)); !errors.Is(err, errNotAsked) {
			t.Errorf("%s: got %v, want errNotAsked", name, err)
		}
	}
}

func TestAttestThatSaysNothingIsRefused(t *testing.T) {
	for _, texts := range [][]string{{""}, {"=MEMO-7"}, {"lawful", "lawful=MEMO-7"}} {
		if _, err := (&certifyCmd{Attest: texts}).attestations(); err == nil {
			t.Errorf("got no error of %q", texts)
		}
	}
}
