package register

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"comity.example/crypto/identity"
	"comity.example/protocol"
)

// MaxParties bounds the Parties of a Directory: there are 249 codes in
// ISO 3166-1, and "EU".
const MaxParties = 300

// A Directory is what a node knows of who is who: the pins that it was given
// and the newest register that it accepted of each Party. It never changes:
// With returns another. It is safe for concurrent use, and whoever receives a
// *Participant or a *Signed from it only reads it.
//
// A node that starts makes its directory from its pins and from every register
// that it accepted before, in their order: a pin may be older than the roots.
//
// The zero Directory, like a nil one, knows nobody.
type Directory struct {
	parties map[protocol.Party]*standing
}

// A standing is what is known of one Party.
type standing struct {
	pin     Pin
	held    *Signed // nil until a register was accepted
	byID    map[protocol.ParticipantID]*Participant
	byPin   map[protocol.Digest][]*Participant
	revoked map[identity.Fingerprint]time.Time
}

// NewDirectory returns a directory that trusts the given pins and holds no
// register yet. A Party has one pin.
func NewDirectory(pins ...Pin) (*Directory, error) {
	if len(pins) > MaxParties {
		return nil, fmt.Errorf("register: new directory: %d pins: want at most %d",
			len(pins), MaxParties)
	}
	d := &Directory{parties: make(map[protocol.Party]*standing, len(pins))}
	for _, p := range pins {
		if err := p.Check(); err != nil {
			return nil, err
		}
		if d.parties[p.Party] != nil {
			return nil, fmt.Errorf("register: new directory: two pins of %s", p.Party)
		}
		d.parties[p.Party] = &standing{pin: p}
	}
	return d, nil
}

// With returns a directory that holds the register in signed in place of the
// one that d holds of that Party, or d itself when it is the same document.
// It must be signed by the roots of the register held, or of the pin when none
// is held, and by its own; it must be newer, and, when it is the very next
// version, name the one held by its digest. It must not take a revocation
// back, except one so old that nothing it ended could still be valid.
//
// A register that has lapsed at the given time is accepted: it may hold
// revocations, and Participant will say that it lapsed. The directory keeps
// the bytes in signed, which nobody may change afterwards.
func (d *Directory) With(signed []byte, at time.Time) (*Directory, error) {
	party, _, err := claimed(signed)
	if err != nil {
		return nil, err
	}
	known := d.of(party)
	if known == nil {
		return nil, fmt.Errorf("register: accept: %w: %s is not pinned", ErrUnknownParty, party)
	}
	trusted := known.pin.Roots
	if known.held != nil {
		trusted = known.held.Roots
	}
	next, err := Verify(signed, trusted)
	if err != nil {
		return nil, err
	}
	if next.Party != party {
		return nil, fmt.Errorf("register: accept: %w: of another Party", ErrMalformed)
	}
	if next.Issued.After(at.Add(protocol.MaxSkew)) {
		return nil, fmt.Errorf("register: accept %s: %w", party, ErrEarly)
	}
	if known.held != nil {
		if err := succeeds(known.held, next); err != nil {
			return nil, fmt.Errorf("register: accept %s: %w", party, err)
		}
		if next.Digest == known.held.Digest {
			return d, nil
		}
	}
	parties := maps.Clone(d.parties)
	parties[party] = newStanding(known.pin, next)
	return &Directory{parties: parties}, nil
}

func newStanding(pin Pin, held *Signed) *standing {
	s := &standing{
		pin:     pin,
		held:    held,
		byID:    make(map[protocol.ParticipantID]*Participant, len(held.Participants)),
		byPin:   make(map[protocol.Digest][]*Participant, len(held.Participants)),
		revoked: make(map[identity.Fingerprint]time.Time, len(held.Revoked)),
	}
	for i := range held.Participants {
		p := &held.Participants[i]
		s.byID[p.ID] = p
		for _, pin := range p.TLS {
			s.byPin[pin] = append(s.byPin[pin], p)
		}
	}
	for _, v := range held.Revoked {
		s.revoked[v.Key] = v.Time
	}
	return s
}

func (d *Directory) of(party protocol.Party) *standing {
	if d == nil {
		return nil
	}
	return d.parties[party]
}

// Parties returns the Parties that are pinned, in ascending order.
func (d *Directory) Parties() []protocol.Party {
	if d == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.parties))
}

// Register returns the register that is held of a Party, or ErrUnknownParty.
func (d *Directory) Register(party protocol.Party) (*Signed, error) {
	s := d.of(party)
	if s == nil || s.held == nil {
		return nil, fmt.Errorf("register: look up %s: %w", party, ErrUnknownParty)
	}
	return s.held, nil
}

// Participant returns the entry of id for the sake of something new from it.
// The error is ErrUnknownParty, ErrLapsed or ErrUnregistered.
func (d *Directory) Participant(id protocol.ParticipantID, at time.Time) (*Participant, error) {
	held, err := d.Register(id.Party())
	if err != nil {
		return nil, err
	}
	if !at.Before(held.Expires) {
		return nil, fmt.Errorf("register: look up %q: %w", id, ErrLapsed)
	}
	return d.AsOf(id, at)
}

// AsOf returns the entry of id as its Party last said, even if its register
// has lapsed since: for what is already in hand, such as a receipt that is due
// or a case that goes on. The error is ErrUnknownParty or ErrUnregistered.
func (d *Directory) AsOf(id protocol.ParticipantID, at time.Time) (*Participant, error) {
	s := d.of(id.Party())
	if s == nil || s.held == nil {
		return nil, fmt.Errorf("register: look up %s: %w", id.Party(), ErrUnknownParty)
	}
	p := s.byID[id]
	if p == nil || !p.stands(at) {
		return nil, fmt.Errorf("register: look up %q: %w", id, ErrUnregistered)
	}
	return p, nil
}

// ByPin returns the participants whose node has the TLS key with this pin, in
// ascending order of their ids, as AsOf would return them; none if their Party
// revoked the key. There can be several: a node may serve more than one
// participant, and a Party may list a key that is another's. Who holds the key
// can therefore act as any of them, and nobody can keep a key's holder out by
// listing it as well.
func (d *Directory) ByPin(pin protocol.Digest, at time.Time) []*Participant {
	var out []*Participant
	if d == nil {
		return out
	}
	for party, s := range d.parties {
		for _, p := range s.byPin[pin] {
			if p.stands(at) && !d.Revoked(party, identity.Fingerprint(pin), at) {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Participant) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

// ByRole returns the participants of a Party that hold a role, in ascending
// order, as AsOf would return them.
func (d *Directory) ByRole(
	party protocol.Party, role protocol.Role, at time.Time) []protocol.ParticipantID {
	var out []protocol.ParticipantID
	s := d.of(party)
	if s == nil || s.held == nil {
		return out
	}
	for i := range s.held.Participants {
		if p := &s.held.Participants[i]; p.Has(role) && p.stands(at) {
			out = append(out, p.ID)
		}
	}
	return out
}

// Revoked reports whether a Party has revoked a key for things that arrive at
// the given time. A Party revokes keys of its own only: what it says of
// another's is not even looked at.
func (d *Directory) Revoked(party protocol.Party, key identity.Fingerprint, at time.Time) bool {
	s := d.of(party)
	if s == nil {
		return false
	}
	from, ok := s.revoked[key]
	return ok && !at.Before(from)
}
