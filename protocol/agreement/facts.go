package agreement

import (
	"slices"
	"time"

	"comity.example/protocol"
)

// Facts are what a node knows of a request beyond its words: who the
// participants are by their registers, and which signatures it verified. The
// zero Facts know nothing and allow nothing.
type Facts struct {
	// Ref names the agreement that is relied on. Empty: find the one that
	// governs.
	Ref protocol.AgreementRef

	At     time.Time // the legal time for which it is decided
	Issued time.Time // when the request was issued

	Issuing   Standing // the issuing authority
	Addressee Standing // who is to act on the request
	Sender    Standing // who transmits it

	// Notified are the participants to whom the request goes at the same time,
	// besides its addressee.
	Notified []Standing

	Officer       Officer
	Certification Certification

	// Central returns the central authorities of a Party, from its register,
	// best first. It is asked only for advice on other routes; nil: unknown.
	Central func(protocol.Party) []protocol.ParticipantID
}

// A Standing is what a Party's register says of a participant. The zero
// Standing is a participant that stands in no register.
type Standing struct {
	ID    protocol.ParticipantID
	Party protocol.Party
	Roles []protocol.Role
	// AlsoUnder are the other Parties whose law binds the participant.
	AlsoUnder []protocol.Party
}

// law returns the Parties whose law binds the participant, its own first.
func (s Standing) law() []protocol.Party {
	if s.Party == "" {
		return nil
	}
	return append([]protocol.Party{s.Party}, s.AlsoUnder...)
}

// is reports whether the standing is that of the participant, in its own
// Party's register.
func (s Standing) is(id protocol.ParticipantID) bool {
	return id != "" && s.ID == id && s.Party == id.Party()
}

// An Officer is the natural person who endorsed the request.
type Officer struct {
	Present bool // the endorsement was verified
	Roles   []protocol.Role
}

// A Certification is what was verified of a certifying authority's statement.
type Certification struct {
	Present   bool // the certification was verified
	By        Standing
	Invokes   bool
	Contact   string
	Targeting string
	// Attestations are what the authority's officer states.
	Attestations []protocol.Attestation
}

// notifiedRoles returns the roles of the notified participants of the receiving
// Party, each once.
func (f *Facts) notifiedRoles() []protocol.Role {
	var out []protocol.Role
	for _, s := range f.Notified {
		if s.Party != f.Addressee.Party || s.ID == f.Addressee.ID {
			continue
		}
		for _, r := range s.Roles {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}
