package protocol

import (
	"errors"
	"fmt"
	"slices"

	"comity.example/protocol/canon"
)

// Limits of compartments.
const (
	MaxCompartments    = 2        // of one request: one of each name
	MaxCompartmentText = 16 << 10 // bytes of what one holds
	MaxCompartment     = 48 << 10 // bytes of one, sealed
)

// A CompartmentName says what a compartment holds.
type CompartmentName string

// The compartments. Regulation (EU) 2023/1543, Art. 5(5)(i)-(j) and 9(2): the
// enforcing authority gets them, the addressee does not.
const (
	CompartmentFacts     CompartmentName = "facts"     // a summary of the case
	CompartmentNecessity CompartmentName = "necessity" // why the measure is necessary and proportionate
)

// CompartmentNames lists the names.
func CompartmentNames() []CompartmentName {
	return []CompartmentName{CompartmentFacts, CompartmentNecessity}
}

// UnmarshalText refuses a name that is not in the list.
func (n *CompartmentName) UnmarshalText(b []byte) error {
	*n = CompartmentName(b)
	return known("compartment", *n, CompartmentNames())
}

// A Compartment is a part of a request that is sealed to authorities, away from
// the addressee. As it stands in the signed act, nobody can exchange it.
type Compartment struct {
	Name CompartmentName `json:"name"`
	For  []ParticipantID `json:"for"` // who can open it
	// Sealed is a JWE (SPEC.md §5) of a CompartmentText in canonical form.
	Sealed Signed `json:"sealed"`
}

// A CompartmentText is what a compartment holds. That it names its case keeps
// it from being used in another.
type CompartmentText struct {
	Case CaseID          `json:"case"`
	Name CompartmentName `json:"name"`
	Text string          `json:"text"`
}

// Encode returns t in canonical form.
func (t *CompartmentText) Encode() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	b, err := canon.Encode(t)
	if err != nil {
		return nil, fmt.Errorf("protocol: encode compartment: %w", err)
	}
	return b, nil
}

func (t *CompartmentText) check() error {
	if !caseForm.MatchString(string(t.Case)) || !slices.Contains(CompartmentNames(), t.Name) {
		return errors.New("protocol: compartment: want its case and its name")
	}
	if t.Text == "" || len(t.Text) > MaxCompartmentText {
		return fmt.Errorf("protocol: compartment %s: want 1 to %d bytes", t.Name, MaxCompartmentText)
	}
	return nil
}

// ParseCompartmentText reads what Encode wrote, of a compartment of a case.
func ParseCompartmentText(b []byte, id CaseID, name CompartmentName) (*CompartmentText, error) {
	t := new(CompartmentText)
	if err := canon.Decode(b, t); err != nil {
		return nil, errors.New("protocol: compartment: not in its form")
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.Case != id || t.Name != name {
		return nil, errors.New("protocol: compartment: of another case, or another one")
	}
	return t, nil
}

func (r *Request) checkCompartments() error {
	if len(r.Compartments) > MaxCompartments {
		return fmt.Errorf("compartments: want at most %d", MaxCompartments)
	}
	var names []CompartmentName
	for i := range r.Compartments {
		c := &r.Compartments[i]
		names = append(names, c.Name)
		switch {
		case c.Name == "":
			return fmt.Errorf("compartments[%d].name: want one of %v", i, CompartmentNames())
		case len(c.For) == 0 || len(c.For) > MaxRecipients:
			return fmt.Errorf("compartments[%d].for: want 1 to %d participants", i, MaxRecipients)
		case slices.Contains(c.For, r.Addressee):
			return fmt.Errorf("compartments[%d].for: want it sealed away from the addressee", i)
		case len(c.Sealed) == 0 || len(c.Sealed) > MaxCompartment:
			return fmt.Errorf("compartments[%d].sealed: want 1 to %d bytes", i, MaxCompartment)
		}
		if err := checkOnce("for", c.For); err != nil {
			return fmt.Errorf("compartments[%d].%w", i, err)
		}
	}
	return checkOnce("compartments", names)
}
