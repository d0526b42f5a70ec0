package casefile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/protocol"
	"comity.example/protocol/casefile"
)

// asking is what has to be asked before a word can be an answer, and by whom.
func asking(w word, x setting) []word {
	switch {
	case w.kind == protocol.KindReply && w.what != string(protocol.ReplyConfirmed), w.kind == protocol.KindAmendment:
		return []word{{protocol.KindClarification, "information"}}
	case w.kind == protocol.KindReply:
		return []word{{protocol.KindClarification, "impossible"}}
	case w.kind == protocol.KindResponse:
		return []word{{protocol.KindChallenge, ""}}
	case w.kind == protocol.KindObjection && w.what == string(protocol.LevelReceiving):
		return []word{{protocol.KindObjection, "issuer"}}
	case w == word{protocol.KindInterception, "product"}:
		return []word{{protocol.KindInterception, "live"}}
	case w.kind == protocol.KindRefusal && x.addressee == doj:
		return []word{{protocol.KindConsultation, ""}}
	case w.kind == protocol.KindAcceptance && x.addressee == doj:
		return []word{{protocol.KindConditions, "whole"}}
	case w.kind != protocol.KindDetermination:
		return nil
	}
	switch r := protocol.Result(w.what); r {
	case protocol.ResultNotApplicable, protocol.ResultOverruled, protocol.ResultModified:
		if x.addressee == doj { // to whom nothing is put above itself
			return []word{{protocol.KindObjection, "court"}}
		}
		return []word{{protocol.KindObjection, "issuer"}, {protocol.KindObjection, "receiving_authority"}}
	case protocol.ResultLifted:
		return []word{{protocol.KindObjection, "court"}}
	case protocol.ResultRecognised, protocol.ResultDenied:
		return []word{{protocol.KindEnforcement, ""}}
	}
	return nil
}

// lead brings a case that is before its addressee to a state.
func lead(t *testing.T, g *group, state casefile.State) {
	t.Helper()
	a, last := g.setting.addressee, g.setting.issuer
	switch state {
	case casefile.Accepted:
		g.must(t, a, protocol.KindAcceptance, "")
	case casefile.PartlyProduced:
		g.must(t, a, protocol.KindDisclosure, "partial")
	case casefile.Produced:
		g.must(t, a, protocol.KindDisclosure, "complete")
	case casefile.Refused:
		if a == doj {
			g.must(t, a, protocol.KindConsultation, "")
		}
		g.must(t, a, protocol.KindRefusal, "")
	case casefile.Impossible:
		g.must(t, a, protocol.KindClarification, "impossible")
		g.must(t, last, protocol.KindReply, "confirmed")
	case casefile.Lifted:
		g.must(t, a, protocol.KindObjection, "court")
		g.must(t, a, protocol.KindDetermination, "lifted")
	case casefile.NotApplicable:
		g.must(t, a, protocol.KindObjection, "issuer")
		g.must(t, a, protocol.KindObjection, "receiving_authority")
		g.must(t, doj, protocol.KindDetermination, "not_applicable")
	case casefile.GroundRaised:
		g.must(t, enforcing, protocol.KindConsultation, "")
		g.must(t, enforcing, protocol.KindRefusal, "")
	case casefile.Withdrawn:
		g.must(t, last, protocol.KindWithdrawal, "")
	case casefile.Closed:
		if g.setting.unvalidated {
			g.must(t, last, protocol.KindValidation, "granted")
		}
		g.must(t, last, protocol.KindWithdrawal, "")
		g.must(t, last, protocol.KindClosure, "deleted")
	}
}

// possible reports whether a case of a setting can come to a state with everybody
// told at once.
func possible(x setting, state casefile.State) bool {
	switch state {
	case casefile.Requested:
		return slices.Contains(x.to, office)
	case casefile.Accepted:
		return x.addressee == doj
	case casefile.NotApplicable:
		return x.addressee != doj
	case casefile.GroundRaised:
		return slices.Contains(x.to, enforcing)
	}
	return state != casefile.Expired
}

// tableOf says for each word and part what becomes of a case in each state: the
// state to which the word leads it, or with which reason it is refused.
func tableOf(t *testing.T, own bool) string {
	var b strings.Builder
	for _, w := range words() {
		for _, p := range []struct {
			part, setting string
			by            protocol.ParticipantID
		}{
			{"issuer", "certified", police}, {"certifier", "certified", office}, {"addressee", "certified", contoso},
			{"notified", "notified", enforcing}, {"joined", "joined", doj}, {"central", "central", doj}, {"stranger", "certified", fbi},
		} {
			if w.kind != protocol.KindRequest {
				fmt.Fprintf(&b, "%-31s%-11s%s\n", w, p.part, row(t, w, p.setting, p.by, own))
			}
		}
	}
	return trimmed(b.String())
}

func row(t *testing.T, w word, name string, by protocol.ParticipantID, own bool) string {
	base := name
	if name == "joined" {
		base = "certified"
	}
	x := settings()[base]
	x.unvalidated = w.kind == protocol.KindValidation
	if w.kind == protocol.KindInterception {
		x.kind = protocol.Interception
	}
	found, order := map[string][]string{}, []string{}
	for _, state := range casefile.States() {
		if !possible(x, state) {
			continue
		}
		y := x
		y.review = state == casefile.UnderReview
		got := said(t, y, w, by, state, name == "joined", own)
		if got == "" {
			continue
		}
		if got == string(state) {
			got = "stays"
		}
		if found[got] == nil {
			order = append(order, got)
		}
		found[got] = append(found[got], string(state))
	}
	var out []string
	for _, got := range order {
		out = append(out, got+": "+strings.Join(found[got], " "))
	}
	return strings.Join(out, "; ")
}

// said is what becomes of a word in a case that has come to a state.
func said(t *testing.T, x setting, w word, by protocol.ParticipantID, state casefile.State, joins, own bool) string {
	g := newGroup(x)
	g.deliver(t, g.open())
	if state != casefile.Requested {
		if g.certifies() {
			g.must(t, office, protocol.KindCertification, "")
		}
		if joins {
			g.must(t, contoso, protocol.KindObjection, "issuer")
			g.must(t, contoso, protocol.KindObjection, "receiving_authority")
		}
		for _, q := range asking(w, x) {
			asker := x.addressee
			if q.kind == protocol.KindEnforcement {
				asker = x.issuer
			}
			g.must(t, asker, q.kind, q.what)
		}
		partial := w == word{protocol.KindConditions, "partial"} && registered(by)[0] != protocol.RoleProvider
		if by == enforcing && (w.kind == protocol.KindRefusal || partial && slices.Contains(x.to, by)) {
			g.must(t, by, protocol.KindConsultation, "")
		}
		holds := slices.ContainsFunc(g.holder(x.addressee).file.Questions(), func(q casefile.Question) bool { return q.Holds })
		if holds && slices.Contains([]casefile.State{casefile.PartlyProduced, casefile.Produced, casefile.Lifted}, state) {
			return "" // the question keeps it from there, or is answered there
		}
		lead(t, g, state)
	}
	h := g.holder(by)
	if h == nil || h.file == nil {
		if own {
			return ""
		}
		h = g.holder(x.issuer) // a stranger speaks to one who holds the case
	}
	c := *h.file
	if !own {
		c = *g.holders[0].file
		if by == x.issuer {
			c = *g.holder(x.addressee).fileOr(g.holders[1])
		}
	}
	return outcome(t, c, spoken(g, w, &c, by, own), map[bool]way{true: casefile.Case.Send, false: casefile.Case.Apply}[own])
}

func (h *holder) fileOr(other *holder) *casefile.Case {
	if h.file != nil {
		return h.file
	}
	return other.file
}

// spoken is the act by which somebody says a word, whether or not it may: to all,
// after all that is held.
func spoken(g *group, w word, c *casefile.Case, by protocol.ParticipantID, own bool) casefile.Step {
	at := g.now.Add(40 * day)
	b := w.body(c, by, at)
	if b.Disclosure != nil || b.Interception != nil {
		at = g.now
		b = w.body(c, by, at)
	}
	to := recipients(c, &b, by)
	if len(to) == 0 {
		to = []protocol.ParticipantID{c.Issuer}
	}
	follows := c.Heads(to...)
	if !own {
		follows = nil
		for _, e := range c.Thread {
			follows = append(follows, e.Act)
		}
	}
	s := step(b, by, to, follows...)
	s.Act.Issued, s.At = at, at
	s.Endorsed, s.Roles, s.Officers, s.Decision = true, registered(by), officersOf(by), decision(protocol.Allow)
	s.Keys = keysOf(by)
	inner := protocol.Digest{}
	switch w.kind {
	case protocol.KindCertification:
		inner = c.Thread[0].Act
	case protocol.KindRelay:
		if waiting := c.ToRelay(); len(waiting) > 0 {
			inner = waiting[0]
		} else if e, ok := c.Last(protocol.KindDisclosure); ok {
			inner = e.Act
		}
	case protocol.KindEnforcement, protocol.KindUse, protocol.KindObjection:
		if w.kind != protocol.KindObjection || w.what == string(protocol.LevelReceiving) {
			inner = orderOf(c, w.kind)
		}
	}
	if held, ok := g.held[inner]; ok {
		s.Inner = &held
	}
	return s
}

// TestTheTableOfTurns has everybody say everything in a case in every state: as an
// act that comes in and follows all that is held, and as one's own. The questions
// that it answers are open. The transcripts say what becomes of the case, or with
// which reason the act is refused.
func TestTheTableOfTurns(t *testing.T) {
	for name, own := range map[string]bool{"turns.txt": false, "own.txt": true} {
		transcript(t, name, tableOf(t, own))
	}
}
