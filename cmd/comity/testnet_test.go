package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/testnet"
)

// TestDemosOrderIsForItsWorld: what the demo hints at can be sent as it is.
func TestDemosOrderIsForItsWorld(t *testing.T) {
	f := &worldFlags{World: t.TempDir()}
	world := testnet.DefaultTopology()
	name, err := f.order(&world, time.Now())
	if err != nil || filepath.Dir(name) != f.World {
		t.Fatalf("got %q, %v", name, err)
	}
	r, err := (&app{now: time.Now}).readRequest(name)
	if err != nil {
		t.Fatal(err)
	}
	if r.Issuer != orderIssuer || r.Addressee != orderAddressee {
		t.Errorf("the order is from %s to %s", r.Issuer, r.Addressee)
	}
	waiting := strings.Join(f.tries(name, "case-x"), "\n")
	for _, want := range []string{"inbox --dir " + f.World + "/gb.home-office ", "certify --dir ", " case-x ", "--file " + name} {
		if !strings.Contains(waiting, want) {
			t.Errorf("nothing to try holds %q: %s", want, waiting)
		}
	}
	other, err := testnet.ParseTopology([]byte("parties: {ZZ: {zz.a: {name: A, roles: [issuing]}}}"))
	if err != nil {
		t.Fatal(err)
	}
	if name, err := f.order(&other, time.Now()); name != "" || err != nil {
		t.Errorf("in a world without the police: got %q, %v", name, err)
	}
}
