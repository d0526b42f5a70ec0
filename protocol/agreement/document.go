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
	"slices"
	"time"

	"comity.example/protocol"
)

// A Kind says what sort of instrument a document states.
type Kind string

// The kinds of instrument.
const (
	KindDataAccess Kind = "data_access_agreement" // orders go straight to providers
	KindAssistance Kind = "mutual_assistance"     // requests go from State to State
	KindConvention Kind = "convention"            // multilateral
	KindRegulation Kind = "regulation"            // law of a union of States
)

func kinds() []Kind {
	return []Kind{KindDataAccess, KindAssistance, KindConvention, KindRegulation}
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

	Parties    []protocol.Party
	Provenance string // what the reader must know before relying on the document

	Rights    []Right
	Rules     []Rule
	UseLimits []Clause
	Clocks    []Clock
	Objection []ObjectionStep
	Notes     []Clause

	bytes  []byte
	digest protocol.Digest
	rank   []int // Version, as numbers
}

// A Channel says to whom a request under a right is addressed.
type Channel string

// The channels.
const (
	Direct  Channel = "direct"  // to the provider
	Central Channel = "central" // to the central authority of the receiving Party
)

func channels() []Channel { return []Channel{Direct, Central} }

// A Reciprocity says what a right depends on.
type Reciprocity string

// The reciprocities.
const (
	Mirrored Reciprocity = "mirrored"  // the same right stands in the other direction
	OneSided Reciprocity = "one-sided" // the article says that it does not depend on it
	Promise  Reciprocity = "promise"   // a written promise is attached to each request
)

func reciprocities() []Reciprocity { return []Reciprocity{Mirrored, OneSided, Promise} }

// PromiseStatement is the statement code that a right with Reciprocity Promise
// asks for.
const PromiseStatement = "reciprocity_promise"

// A Right is one permission.
type Right struct {
	ID          string
	From, To    PartySet // the issuing and the receiving Party
	Types       []protocol.RequestType
	Categories  []protocol.Category
	Channel     Channel
	Article     string
	Reciprocity Reciprocity
	// OneSidedArticle is the article that says that the right does not depend
	// on its mirror; set exactly when Reciprocity is OneSided.
	OneSidedArticle string
	Transmitted     *Transmission // nil: anyone the issuing Party registered may send it
	Mark
}

// A Transmission says who alone may send a request under a right.
type Transmission struct {
	Role    protocol.Role // of a participant of the issuing Party
	Article string
	Text    string
	Mark
}

// covers reports whether the right is for that request type and category.
func (r *Right) covers(t protocol.RequestType, c protocol.Category) bool {
	return slices.Contains(r.Types, t) && slices.Contains(r.Categories, c)
}

// joins reports whether the right is from one to another Party.
func (r *Right) joins(from, to protocol.Party) bool {
	return from != to && r.From.Has(from) && r.To.Has(to)
}

// A RuleKind says how a rule is met.
type RuleKind string

// The kinds of rule.
const (
	Computed  RuleKind = "computed"  // an expression over the request and the facts
	Attested  RuleKind = "attested"  // an officer signed one of the rule's statements
	Judgement RuleKind = "judgement" // a person decides: the machine always holds
)

func ruleKinds() []RuleKind { return []RuleKind{Computed, Attested, Judgement} }

// Otherwise says what becomes of a request that does not meet a rule.
type Otherwise string

// What a rule that is not met leads to.
const (
	OtherwiseDeny Otherwise = "deny"
	OtherwiseHold Otherwise = "hold"
)

func otherwises() []Otherwise { return []Otherwise{OtherwiseDeny, OtherwiseHold} }

// A Statement is what an officer may attest, named by a code.
type Statement struct {
	Code string
	Text string
}

// A Rule is one requirement of the agreement.
type Rule struct {
	ID       string
	Article  string
	Kind     RuleKind
	From, To PartySet // the zero PartySet: whatever the direction
	When     string   // CEL; "": always
	Require  string   // CEL; for a computed rule

	// Statements are the codes of which one meets an attested rule, or that
	// the expressions of a computed rule ask for.
	Statements []Statement

	Otherwise Otherwise
	Reason    protocol.Reason
	Side      protocol.Side // who is to act on a hold
	Role      protocol.Role
	Text      string // what is required, in one plain sentence

	Mark
	// ProvenFor are the issuing Parties for which the source proves the rule;
	// for every other the rule is unverified. The zero PartySet: for all.
	ProvenFor PartySet

	when, require *expression
}

// provenance returns the mark of the rule for requests from that Party.
func (r *Rule) provenance(from protocol.Party) Provenance {
	if r.Provenance == Verified && !r.ProvenFor.IsZero() && !r.ProvenFor.Has(from) {
		return Unverified
	}
	return r.Provenance
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

// Governs reports whether both are Parties to the document.
func (d *Document) Governs(from, to protocol.Party) bool {
	return from != to && slices.Contains(d.Parties, from) && slices.Contains(d.Parties, to)
}

// Stands reports whether the document is in force at the given time. It says
// so only for times from its entry into force until its end.
func (d *Document) Stands(at time.Time) bool {
	switch d.Status {
	case InForce, Suspended, Lapsed, Terminated:
		return d.InForce.reached(at) && !d.Expires.reached(at) && !d.Ended.reached(at)
	default:
		return false
	}
}
