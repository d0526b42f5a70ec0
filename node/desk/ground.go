package desk

import (
	"comity.example/protocol"
	"comity.example/protocol/register"
)

// A Signer is an organisation that stands behind an act, as the node verified
// it when it took the act.
type Signer struct {
	Kind        protocol.Kind          `json:"kind"` // of its act: of a certification's request too
	Participant protocol.ParticipantID `json:"participant"`
	Name        string                 `json:"name"`     // as registered
	Register    string                 `json:"register"` // Party and version: "GB@3"
	Officers    []Officer              `json:"officers"`
}

// An Officer is one of those who endorsed an act.
type Officer struct {
	ID          register.OfficerID     `json:"officer"`
	Participant protocol.ParticipantID `json:"participant"`
	Roles       []protocol.Role        `json:"roles"`
	Grades      []register.Grade       `json:"grades,omitempty"`
}

// A Right is what the agreement found to grant what an act asks for.
type Right struct {
	Article    string `json:"article"`
	Provenance string `json:"provenance,omitzero"`
}

// A Clock is a period that the agreement sets, in its own words: which order it
// is for a person reads there.
type Clock struct {
	ID         string `json:"clock"`
	Article    string `json:"article"`
	Starts     string `json:"starts"`
	Length     string `json:"length"`
	Text       string `json:"text"`
	Provenance string `json:"provenance"`
}

// An Organisation is a participant with the name that its register gives it now.
type Organisation struct {
	ID   protocol.ParticipantID `json:"participant"`
	Name string                 `json:"name"`
	// Authority says that it answers as an authority does: it accepts, consults
	// and has things carried out.
	Authority bool `json:"authority,omitzero"`
}
