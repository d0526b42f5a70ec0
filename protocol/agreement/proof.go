package agreement

import (
	"fmt"
	"strings"
)

// A Proof says on what rules rest: how many on what.
type Proof struct {
	Verified   int // on the text itself
	Partly     int // on it for the orders of some Parties, on nothing for the others
	Secondary  int // on what others write of it
	Unverified int // on no text that was read
}

// Proof returns on what the rules of the document rest.
func (d *Document) Proof() Proof {
	var out Proof
	for i := range d.Rules {
		if r := &d.Rules[i]; r.Provenance == Verified && !r.ProvenFor.IsZero() {
			out.Partly++
		} else {
			out.Add(r.Provenance)
		}
	}
	return out
}

// Add counts one rule more.
func (p *Proof) Add(of Provenance) {
	switch of {
	case Verified:
		p.Verified++
	case Secondary:
		p.Secondary++
	default:
		p.Unverified++
	}
}

// Whole reports whether every rule is verified, whoever issues the order.
func (p Proof) Whole() bool { return p.Partly+p.Secondary+p.Unverified == 0 }

// String says it in the one form in which people read it everywhere.
func (p Proof) String() string {
	parts := []string{fmt.Sprintf("of %d rules %d verified", p.Verified+p.Partly+p.Secondary+p.Unverified, p.Verified)}
	for _, x := range []struct {
		n    int
		form string
	}{{p.Partly, "%d verified for the orders of some Parties only"}, {p.Secondary, "%d from secondary sources"},
		{p.Unverified, "%d not verified"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf(x.form, x.n))
		}
	}
	return strings.Join(parts, ", ")
}
