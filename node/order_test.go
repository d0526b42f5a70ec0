package node

import (
	"fmt"
	"testing"

	"comity.example/protocol"
)

// TestEmergenciesAreCheckedFirst, and nobody's objects take every seat.
func TestEmergenciesAreCheckedFirst(t *testing.T) {
	f := newFetcher()
	arrive := func(n int, peer protocol.ParticipantID, urgent bool) {
		f.arrive(arrival{exhibitID: exhibitID{protocol.CaseID(fmt.Sprint(n)), protocol.Digest{byte(n)}}, peer: peer, urgent: urgent})
	}
	var held []arrival
	next := func(classes int, want string) {
		t.Helper()
		a, ok := f.next(classes)
		if got := string(a.Case); got != want || ok != (want != "") {
			t.Fatalf("got %q, want %q", got, want)
		}
		if ok {
			held = append(held, a)
		}
	}
	for n := range 4 {
		arrive(n, "us.slow", false)
	}
	arrive(4, "us.other", false)
	next(1, "") // the seat of emergencies is for nothing else
	next(2, "0")
	arrive(5, "us.other", true)
	next(2, "5")
	next(2, "1")
	next(2, "4") // before 2 and 3: two of theirs are being checked
	arrive(6, "us.slow", true)
	next(1, "")
	next(2, "")
	for len(f.landed[0]) > 0 || len(f.landed[1]) > 0 {
		select {
		case <-f.landed[0]:
		case <-f.landed[1]:
		}
	}
	f.checked(held[0])
	if len(f.landed[0]) != 1 || len(f.landed[1]) != 1 {
		t.Error("nobody is told that there is a seat")
	}
	next(1, "6")
	f.checked(held[2])
	next(2, "2")
}
