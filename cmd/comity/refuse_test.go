package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/agreement/library"
)

func shipped(t *testing.T, id string) *agreement.Document {
	t.Helper()
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no %s is shipped", id)
	return nil
}

// TestBarredReasonsAreMarked with the article that bars them, and are not
// offered.
func TestBarredReasonsAreMarked(t *testing.T) {
	for id, want := range map[string]struct {
		d      direction
		barred protocol.Reason
	}{
		"eu-eio-2014":  {direction{"FR", "DE"}, protocol.ReasonBankSecrecy},
		"eu-epoc-2023": {direction{"FR", "DE"}, protocol.ReasonStoredAbroad},
	} {
		free, out := reasonsUnder(shipped(t, id), want.d)
		if !slices.ContainsFunc(out, func(b barred) bool { return b.Reason == want.barred && b.Article != "" }) {
			t.Errorf("%s: %s is not marked: %v", id, want.barred, out)
		}
		if slices.Contains(free, want.barred) || !slices.Contains(free, protocol.ReasonNotHeld) {
			t.Errorf("%s: %v are offered", id, free)
		}
	}
	// Only between some Parties: the Protocol to eu-mla-2000.
	mla := shipped(t, "eu-mla-2000")
	if _, out := reasonsUnder(mla, direction{"FR", "DE"}); len(out) == 0 {
		t.Error("FR, DE: nothing is barred")
	}
	if free, out := reasonsUnder(mla, direction{"FR", "IT"}); len(out) != 0 || !slices.Equal(free, refusals()) {
		t.Errorf("FR, IT: %v are barred", out)
	}
}

// TestEachBarredReasonIsOneOfAPerson, so that nobody has to guess the code.
func TestEachBarredReasonIsOneOfAPerson(t *testing.T) {
	docs, err := library.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		for _, b := range d.Barred {
			if !slices.Contains(refusals(), b.Ground) {
				t.Errorf("%s bars %s, which nobody is offered", d.ID, b.Ground)
			}
		}
	}
}

// TestWhoMayNotRefuseSoIsToldWhatToDo, and whose act is held is not.
func TestWhoMayNotRefuseSoIsToldWhatToDo(t *testing.T) {
	for verdict, want := range map[protocol.Verdict]bool{protocol.Deny: true, protocol.Hold: false} {
		var out bytes.Buffer
		a := &app{out: &out}
		a.tell(t.Context(), errand{instead: "comity disclose CASE FILE…"},
			sent{Submitted: desk.Submitted{Decision: protocol.Decision{Verdict: verdict}}}, &protocol.Body{})
		if got := strings.Contains(out.String(), "instead    comity disclose CASE FILE…"); got != want {
			t.Errorf("%s: got %v\n%s", verdict, got, &out)
		}
	}
}
