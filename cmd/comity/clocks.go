package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// No document says in a code for which request a clock is. What follows reads it
// from the words of the event from which it runs, and of its id: a clock is left
// out only where they name something else than the request at hand, and that
// clocks were left out is said. --json has all of them.

// standing are words of events in the life of an agreement, and in no case.
var standing = []string{"calendar year", "each year", "entry into force", "denunciation", "termination", "determination"}

// An event is what a clock runs from, where its words say for which types of
// request that is.
type event struct {
	word  string // in the clock's id and event, in lower case
	types []protocol.RequestType
}

// events are looked through in this order: the first that fits says it.
var events = []event{
	{"epoc-pr", []protocol.RequestType{protocol.Preservation}}, // before epoc, which is in it
	{"epoc", []protocol.RequestType{protocol.Production, protocol.Subscriber}},
	{"production order", []protocol.RequestType{protocol.Production, protocol.Subscriber}},
	{"interception", []protocol.RequestType{protocol.Interception}},
	{"preservation", []protocol.RequestType{protocol.Preservation}},
}

// matters reports whether a clock can run in a case with that request.
func matters(c *desk.Clock, file *casefile.Case, r *protocol.Request) bool {
	said := strings.ToLower(c.Starts + " " + c.ID)
	names := func(word string) bool { return strings.Contains(said, word) }
	switch {
	case slices.ContainsFunc(standing, names),
		names("emergency") && !file.Emergency,
		names("notification") && len(file.Notified) == 0,
		names("not validated") && !r.Authorisation.Unvalidated:
		return false
	}
	for _, e := range events {
		if names(e.word) {
			return slices.Contains(e.types, r.Type)
		}
	}
	return true
}

// writeClocks says what periods the agreement sets, in its own words.
func writeClocks(w io.Writer, v *desk.CaseView) {
	r := requestOf(v).Request
	rest := 0
	for i := range v.Clocks {
		c := &v.Clocks[i]
		if r != nil && !matters(c, v.File, r) {
			rest++
			continue
		}
		field(w, "clock", fmt.Sprintf("%s from %s (%s, %s): %s", shown(c.Length), shown(c.Starts),
			shown(c.Article), c.Provenance, shown(c.Text)))
	}
	if rest > 0 {
		field(w, "clocks", fmt.Sprintf("%d more of this agreement seem to be for other requests: comity agreement show %s",
			rest, v.File.Agreement.ID))
	}
}
