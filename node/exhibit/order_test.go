package exhibit

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
	emergencies, all := []int{urgentLine}, []int{urgentLine, largeLine}
	next := func(lines []int, want string) {
		t.Helper()
		a, ok := f.next(lines...)
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
	next(emergencies, "") // the seat of emergencies is for nothing else
	next(all, "0")
	arrive(5, "us.other", true)
	next(all, "5")
	next(all, "1")
	next(all, "4") // before 2 and 3: two of theirs are being checked
	arrive(6, "us.slow", true)
	next(emergencies, "6") // its own emergency does not wait for what else is theirs
	next(all, "")
	for len(f.landed[urgentLine]) > 0 || len(f.landed[largeLine]) > 0 {
		select {
		case <-f.landed[urgentLine]:
		case <-f.landed[largeLine]:
		}
	}
	f.checked(held[0])
	if len(f.landed[largeLine]) != 1 {
		t.Error("nobody is told that there is a seat")
	}
	next(all, "2")
}

// TestBriefObjectsWaitForNothingLarge, emergencies among them are first, and one peer
// does not take every seat of theirs either.
func TestBriefObjectsWaitForNothingLarge(t *testing.T) {
	f := newFetcher()
	arrive := func(n int, peer protocol.ParticipantID, urgent, brief bool) {
		f.arrive(arrival{exhibitID: exhibitID{protocol.CaseID(fmt.Sprint(n)), protocol.Digest{byte(n)}}, peer: peer, urgent: urgent, brief: brief})
	}
	next := func(want string, of ...int) arrival {
		t.Helper()
		a, ok := f.next(of...)
		if got := string(a.Case); got != want || ok != (want != "") {
			t.Fatalf("got %q, want %q", got, want)
		}
		return a
	}
	for n := range checkersPeer + 1 {
		arrive(n, "us.slow", false, false)
		if n < checkersPeer {
			next(fmt.Sprint(n), urgentLine, largeLine)
		}
	}
	next("", urgentLine, largeLine)
	for n := range briefCheckersPeer + 1 {
		arrive(10+n, "us.slow", false, true)
	}
	first := next("10", urgentBriefLine, briefLine)
	arrive(40, "us.slow", true, true)
	next("40", urgentBriefLine, briefLine)
	for n := range briefCheckersPeer - 1 {
		next(fmt.Sprint(11+n), urgentBriefLine, briefLine)
	}
	next("", urgentBriefLine, briefLine)
	arrive(41, "us.other", false, true)
	next("41", urgentBriefLine, briefLine)
	f.checked(first)
	next(fmt.Sprint(10+briefCheckersPeer), urgentBriefLine, briefLine)
}
