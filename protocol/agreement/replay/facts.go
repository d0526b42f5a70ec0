package replay

import (
	"slices"
	"time"

	"comity.example/protocol"
	"comity.example/protocol/agreement"
)

// Facts are the facts of a decision as a record holds them.
type Facts struct {
	Agreement protocol.AgreementRef `json:"agreement"` // that was named; empty: none was
	At        time.Time             `json:"at"`
	Issued    time.Time             `json:"issued"`

	Issuing   Standing   `json:"issuing"`
	Addressee Standing   `json:"addressee"`
	Sender    Standing   `json:"sender"`
	Notified  []Standing `json:"notified"`

	Officer       *Officer       `json:"officer,omitzero"`       // none: nobody's endorsement was verified
	Certification *Certification `json:"certification,omitzero"` // none: none was verified

	Central []Authorities `json:"central"` // of the Parties to whom a route may lead
}

// A Standing is what was known of a participant.
type Standing struct {
	ID        protocol.ParticipantID `json:"id,omitzero"` // none: it stands in no register, or is whoever is in charge
	Party     protocol.Party         `json:"party,omitzero"`
	Roles     []protocol.Role        `json:"roles"`
	AlsoUnder []protocol.Party       `json:"also_under,omitempty"`
}

// An Officer is who endorsed the request.
type Officer struct {
	Roles []protocol.Role `json:"roles"`
}

// A Certification is what was verified of a certifying authority's statement.
type Certification struct {
	By           Standing               `json:"by"`
	Invokes      bool                   `json:"invokes"`
	Contact      string                 `json:"contact"`
	Targeting    string                 `json:"targeting"`
	Attestations []protocol.Attestation `json:"attestations"`
}

// Authorities are the central authorities of a Party, best first.
type Authorities struct {
	Party protocol.Party           `json:"party"`
	IDs   []protocol.ParticipantID `json:"ids"`
}

func standingOf(s agreement.Standing) Standing {
	return Standing{s.ID, s.Party, slices.Concat([]protocol.Role{}, s.Roles), s.AlsoUnder}
}

func (s Standing) standing() agreement.Standing {
	return agreement.Standing{ID: s.ID, Party: s.Party, Roles: s.Roles, AlsoUnder: s.AlsoUnder}
}

func factsOf(f *agreement.Facts) Facts {
	out := Facts{Agreement: f.Ref, At: f.At, Issued: f.Issued, Issuing: standingOf(f.Issuing),
		Addressee: standingOf(f.Addressee), Sender: standingOf(f.Sender), Notified: []Standing{}, Central: []Authorities{}}
	for _, s := range f.Notified {
		out.Notified = append(out.Notified, standingOf(s))
	}
	if f.Officer.Present {
		out.Officer = &Officer{slices.Concat([]protocol.Role{}, f.Officer.Roles)}
	}
	if c := f.Certification; c.Present {
		out.Certification = &Certification{standingOf(c.By), c.Invokes, c.Contact, c.Targeting,
			slices.Concat([]protocol.Attestation{}, c.Attestations)}
	}
	if f.Central == nil {
		return out
	}
	for _, p := range out.parties() {
		if ids := f.Central(p); len(ids) > 0 {
			out.Central = append(out.Central, Authorities{p, ids})
		}
	}
	return out
}

// facts are the facts on which it is decided again.
func (f *Facts) facts() agreement.Facts {
	out := agreement.Facts{Ref: f.Agreement, At: f.At, Issued: f.Issued, Issuing: f.Issuing.standing(),
		Addressee: f.Addressee.standing(), Sender: f.Sender.standing(), Central: f.central}
	for _, s := range f.Notified {
		out.Notified = append(out.Notified, s.standing())
	}
	if f.Officer != nil {
		out.Officer = agreement.Officer{Present: true, Roles: f.Officer.Roles}
	}
	if c := f.Certification; c != nil {
		out.Certification = agreement.Certification{Present: true, By: c.By.standing(), Invokes: c.Invokes,
			Contact: c.Contact, Targeting: c.Targeting, Attestations: c.Attestations}
	}
	return out
}

func (f *Facts) central(p protocol.Party) []protocol.ParticipantID {
	for _, a := range f.Central {
		if a.Party == p {
			return a.IDs
		}
	}
	return nil
}

// parties returns the Parties whose law or authorities can bear on the
// decision, each once, the issuing one first.
func (f *Facts) parties() []protocol.Party {
	var out []protocol.Party
	for _, p := range slices.Concat([]protocol.Party{f.Issuing.Party, f.Addressee.Party}, f.Addressee.AlsoUnder) {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// concernedBy reports whether a document could bear on the decision: it is the
// one that was named, it joins the issuing Party to one to whom a route may lead,
// or it is the law of one of them.
func (f *Facts) concernedBy(d *agreement.Document) bool {
	if f.Agreement.ID != "" && d.ID == f.Agreement.ID {
		return true
	}
	for _, p := range f.parties() {
		if d.Governs(f.Issuing.Party, p) || d.Kind == agreement.KindDomestic && d.Has(p) {
			return true
		}
	}
	return false
}
