// Package agreement says what Parties promised each other: documents, rights,
// reciprocity and rules, and whether a request keeps within them.
//
// A Document is a YAML file that a lawyer can read and a node can enforce. A
// Book is a fixed set of documents and of the notices that Parties gave under
// them; its Decide is a pure function, so that both sides of a border and a
// court find the same, byte for byte.
//
// Nothing here reads a clock, a disk or a socket. The package is trusted with
// this: no request is allowed unless an agreement in force grants the right
// for it, the right is reciprocal, and every rule was computed and met.
package agreement

import (
	"time"

	"comity.example/protocol"
)

// A Kind says what sort of instrument a document states.
type Kind string

// The kinds of instrument.
const (
	KindDataAccess Kind = "data_access_agreement" // orders go straight to providers
	KindAssistance Kind = "mutual_assistance"     // on assistance as such, from State to State
	KindConvention Kind = "convention"            // on one sort of crime, with assistance in it
	KindRegulation Kind = "regulation"            // law of a union of States
	KindDirective  Kind = "directive"             // law of a union, as its States transposed it
	KindDomestic   Kind = "domestic_law"          // a Party's own law: it grants nothing to another
	KindCourtesy   Kind = "courtesy"              // no treaty: what one State does for another
)

func kinds() []Kind {
	return []Kind{KindDataAccess, KindAssistance, KindConvention, KindRegulation, KindDirective,
		KindDomestic, KindCourtesy}
}

// A Status says where an instrument stands in its life. Only an instrument in
// force carries requests; one that has ended carries them for times before its
// end, so that an old decision can be replayed.
type Status string

// The statuses.
const (
	Proposed         Status = "proposed"
	Signed           Status = "signed"
	SignedNotInForce Status = "signed_not_in_force"
	InForce          Status = "in_force"
	Suspended        Status = "suspended"
	Lapsed           Status = "lapsed"
	Terminated       Status = "terminated"
)

func statuses() []Status {
	return []Status{Proposed, Signed, SignedNotInForce, InForce, Suspended, Lapsed, Terminated}
}

// A Provenance says what a statement of law rests on.
type Provenance string

// The provenances.
const (
	Verified   Provenance = "verified"   // read in the primary text that the source names
	Secondary  Provenance = "secondary"  // read in commentary or in official answers
	Unverified Provenance = "unverified" // no text that proves it was read
)

func provenances() []Provenance { return []Provenance{Verified, Secondary, Unverified} }

// A Mark is the provenance of one statement of law, with the text it rests on.
type Mark struct {
	Provenance Provenance
	Source     string
}

// A Document is one version of one agreement. It does not change after it was
// parsed; the digest of its bytes is what the Parties sign.
type Document struct {
	ID       string
	Version  string
	Title    string
	Citation string
	Kind     Kind
	Status   Status

	Signed  Date
	InForce Date
	Expires Date // the first day on which it is no longer in force
	Ended   Date // when it was suspended, lapsed or was terminated

	// Members are the Parties, with what is particular to one. EveryParty says
	// that every State may be one; then there are no Members.
	Members    []Member
	EveryParty bool
	Provenance string // what the reader must know before relying on the document

	Terms     []Term
	Options   []Option
	Positions []Position
	Lists     []OffenceList

	Rights    []Right
	Rules     []Rule
	Barred    []BarredGround
	UseLimits []Clause
	Clocks    []Clock
	Deletions []DeletionTerm
	Objection []ObjectionStep
	Notes     []Clause

	// What runs beside a request: nil where the document says nothing of it.
	Notice      *UserNotice
	Secrecy     *SecrecyTerm
	Keeping     *Keeping
	StateNotice *StateNotice
	// Consult says when the issuing side is asked before something is decided
	// against it.
	Consult *ConsultFirst

	bytes   []byte
	digest  protocol.Digest
	rank    []int                  // Version, as numbers
	members map[protocol.Party]int // positions in Members
}

// A Clause is law that is shown to people and not computed.
type Clause struct {
	ID      string
	Article string
	Text    string
	Mark
}

// A Clock is a moment or a period that the law sets.
type Clock struct {
	ID      string
	Article string
	// Date, when it is set, is a day from which the agreement may no longer
	// stand although the document does not say so: from then on requests are
	// held, neither allowed nor denied, until somebody has looked.
	Date   Date
	Starts string // the event from which Length runs
	Length string // "7 days", "reasonable time"
	Text   string
	// Run is how a machine counts the clock; without it the clock is shown only.
	Run *Run
	Mark
}

// An ObjectionStep is one step of the way by which an addressee objects.
type ObjectionStep struct {
	By      protocol.Role
	To      protocol.Role
	ToSide  protocol.Side
	Article string
	Time    string
	Text    string
	Mark
}

// Ref returns what an act names the document by.
func (d *Document) Ref() protocol.AgreementRef {
	return protocol.AgreementRef{ID: d.ID, Version: d.Version}
}

// Digest returns the digest of the document's bytes.
func (d *Document) Digest() protocol.Digest { return d.digest }

// Bytes returns the document as it was read. The caller must not change it.
func (d *Document) Bytes() []byte { return d.bytes }

// Parties returns the Parties, in the order of the document; none where every
// State may be one.
func (d *Document) Parties() []protocol.Party {
	out := make([]protocol.Party, len(d.Members))
	for i := range d.Members {
		out[i] = d.Members[i].Party
	}
	return out
}

// Member returns what is said of a Party.
func (d *Document) Member(p protocol.Party) (Member, bool) {
	if d.EveryParty {
		return Member{Party: p}, p != ""
	}
	i, ok := d.members[p]
	if !ok {
		return Member{}, false
	}
	return d.Members[i], true
}

// Has reports whether p is a Party.
func (d *Document) Has(p protocol.Party) bool {
	_, ok := d.members[p]
	return ok || d.EveryParty && p != ""
}

// Governs reports whether both are Parties to the document, or of a Party's own
// law, whether it grants rights within that one Party.
func (d *Document) Governs(from, to protocol.Party) bool {
	if d.Kind == KindDomestic {
		return from == to && len(d.Rights) > 0 && d.Has(from)
	}
	return from != to && d.Has(from) && d.Has(to)
}

// Stands reports whether the document is in force at the given time. It says
// so only for times from its entry into force until its end. For which Parties
// it is, says StandsFor.
func (d *Document) Stands(at time.Time) bool {
	switch d.Status {
	case InForce, Suspended, Lapsed, Terminated:
		begun := d.InForce.reached(at) || d.Kind == KindCourtesy && !at.IsZero()
		return begun && !d.Expires.reached(at) && !d.Ended.reached(at)
	default:
		return false
	}
}

// StandsFor reports whether the document is in force for each of the Parties.
func (d *Document) StandsFor(at time.Time, parties ...protocol.Party) bool {
	for _, p := range parties {
		m, ok := d.Member(p)
		if !ok || !m.bound(at) {
			return false
		}
	}
	return d.Stands(at)
}

// Cost returns what all expressions of the document may cost together, in CEL's
// cost units: what one decision may spend on it.
func (d *Document) Cost() uint64 {
	var sum uint64
	add := func(e *expression) {
		if e != nil {
			sum += e.cost
		}
	}
	for i := range d.Rules {
		add(d.Rules[i].when)
		add(d.Rules[i].require)
	}
	for i := range d.Rights {
		if x := d.Rights[i].Notifies; x != nil {
			add(x.when)
		}
	}
	return sum
}

// Unproven returns how many of the document's rules are not verified for at
// least one issuing Party, and how many rules there are.
func (d *Document) Unproven() (unproven, all int) {
	for i := range d.Rules {
		if r := &d.Rules[i]; r.Provenance != Verified || !r.ProvenFor.IsZero() {
			unproven++
		}
	}
	return unproven, len(d.Rules)
}
