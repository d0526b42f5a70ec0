package node

import (
	"testing"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// TestPeriodLeavesOutWhatIsOver, and nothing that a report of it counts.
func TestPeriodLeavesOutWhatIsOver(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	w := &factWriter{period: desk.Period{From: day(10), To: day(20)}}
	made := func(issued, first, last time.Time, s casefile.State) *casefile.Case {
		return &casefile.Case{State: s, Matter: casefile.Matter{Type: protocol.Production, Issued: issued},
			Thread: []casefile.Entry{{At: first}, {At: last}}}
	}
	secret := made(day(1), day(1), day(5), casefile.Produced)
	secret.Matter.Secrecy = &protocol.Secrecy{}
	ended := made(day(1), day(1), day(5), casefile.Produced)
	ended.Matter.Secrecy = &protocol.Secrecy{Until: day(8)}
	for _, x := range []struct {
		what string
		c    *casefile.Case
		want bool
	}{
		{"in it", made(day(12), day(12), day(13), casefile.Produced), true},
		{"over before it", made(day(1), day(1), day(5), casefile.Produced), false},
		{"open since before it", made(day(1), day(1), day(5), casefile.Served), true},
		{"answered in it", made(day(1), day(1), day(12), casefile.Produced), true},
		{"secret still", secret, true},
		{"told of to nobody, and due", ended, true},
		{"after it", made(day(20), day(20), day(21), casefile.Produced), false},
		{"issued in it, and here after it", made(day(19), day(20), day(21), casefile.Produced), true},
		{"here before it was issued, by another clock", made(day(10), day(9), day(9), casefile.Refused), true},
	} {
		if got := w.within(x.c); got != x.want {
			t.Errorf("%s: got %v, want %v", x.what, got, x.want)
		}
	}
	w.period = desk.Period{}
	if !w.within(made(day(1), day(1), day(5), casefile.Produced)) {
		t.Error("no period, and a case is left out")
	}
}
