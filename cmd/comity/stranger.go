package main

import (
	"io"
	"slices"
	"strings"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
	"comity.example/protocol/register"
)

// namedParticipants is how many participants of a Party are named to who wrote
// one that does not stand in its register.
const namedParticipants = 8

// writeStrangers says which participants of a request stand in no register, and
// whom the person probably meant.
func (p place) writeStrangers(w io.Writer, r *protocol.Request, d *protocol.Decision, held []protocol.ParticipantID) {
	if !slices.ContainsFunc(d.Findings, func(f protocol.Finding) bool {
		return f.Rule == agreement.StepParticipants && f.Outcome == protocol.Fail
	}) {
		return
	}
	for _, member := range []string{"issuer", "addressee"} {
		id := r.Issuer
		if member == "addressee" {
			id = r.Addressee
		}
		if !slices.Contains(held, id) {
			field(w, "unknown", p.of(member).String()+string(id)+" stands in no register that is held here"+suggestion(id, held))
		}
	}
}

// suggestion is whom a person probably meant: a name that is nearly the same, or
// one that goes on where this one ends; else who there is of that Party.
func suggestion(id protocol.ParticipantID, held []protocol.ParticipantID) string {
	var all, of []string
	for _, h := range held {
		all = append(all, string(h))
		if h.Party() == id.Party() {
			of = append(of, string(h))
		}
	}
	meant := nearest(string(id), all)
	for _, h := range of {
		if meant == "" && (strings.HasPrefix(h, string(id)) || strings.HasPrefix(string(id), h)) {
			meant = h
		}
	}
	switch {
	case meant != "":
		return ": did you mean " + meant + "?"
	case len(of) == 0:
		return "; no register of " + string(id.Party()) + " is held"
	case len(of) > namedParticipants:
		return "; see comity register show"
	}
	return "; of " + string(id.Party()) + " there are: " + strings.Join(of, ", ")
}

// participantsOf lists who stands in the registers.
func participantsOf(registers []*register.Register) []protocol.ParticipantID {
	var out []protocol.ParticipantID
	for _, r := range registers {
		for i := range r.Participants {
			out = append(out, r.Participants[i].ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// participants lists who stands in the registers that were given.
func (k *checking) participants() []protocol.ParticipantID {
	var held []*register.Register
	for _, p := range k.grounds.Directory.Parties() {
		if r, err := k.grounds.Directory.Register(p); err == nil {
			held = append(held, r.Register)
		}
	}
	return participantsOf(held)
}
