package register

import (
	"fmt"

	"comity.example/protocol"
)

// Trusted returns the root keys with which a Party signs now: those of the
// register that is held of it, or of its pin while none is. It reports false
// for a Party that is not pinned.
func (d *Directory) Trusted(party protocol.Party) (Pin, bool) {
	s := d.of(party)
	switch {
	case s == nil:
		return Pin{}, false
	case s.held == nil:
		return s.pin, true
	}
	return s.held.Pin(), true
}

// Find returns the entry of id in the register that is held, whenever it
// stands there: for verifying what the participant signed in the past. The
// error is ErrUnknownParty or ErrUnregistered.
func (d *Directory) Find(id protocol.ParticipantID) (*Participant, error) {
	s := d.of(id.Party())
	if s == nil || s.held == nil {
		return nil, fmt.Errorf("register: look up %s: %w", id.Party(), ErrUnknownParty)
	}
	if p := s.byID[id]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("register: look up %q: %w", id, ErrUnregistered)
}
