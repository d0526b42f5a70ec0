package node

import (
	"fmt"
	"testing"

	"comity.example/protocol"
)

// TestNobodyWaitsForAnothersCheck: what a peer hands over is checked in its order, an
// emergency beside what is none, and whoever takes long keeps nobody else waiting.
func TestNobodyWaitsForAnothersCheck(t *testing.T) {
	f := newFetcher()
	tree := byte(0)
	arrive := func(peer string, urgent bool) {
		tree++
		f.arrive(arrival{exhibitID: exhibitID{Object: protocol.Digest{tree}}, line: line{protocol.ParticipantID(peer), urgent}})
	}
	next := func(want byte) {
		t.Helper()
		a, ok := f.next()
		if want == 0 && ok || want != 0 && (!ok || a.Object[0] != want) {
			t.Errorf("got %d, %v, want %d", a.Object[0], ok, want)
		}
	}
	arrive("slow", false)
	arrive("slow", false)
	arrive("quick", false)
	arrive("slow", true)
	arrive("slow", true)
	arrive("quick", true)
	next(4) // emergencies first, one of each peer
	next(6)
	next(1)
	next(3)
	next(0)
	f.checked(line{"slow", true})
	next(5)
	for i := range Checks {
		arrive(fmt.Sprint("other", i), false)
	}
	next(7)
	next(8)
	next(0) // enough at once
	arrive("late", true)
	next(11) // but not for an emergency
	f.checked(line{"slow", false})
	next(2)
}
