package agreement

import (
	"comity.example/protocol"
)

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
	OtherwiseFlag Otherwise = "flag" // it is shown, and changes no verdict
)

func otherwises() []Otherwise { return []Otherwise{OtherwiseDeny, OtherwiseHold, OtherwiseFlag} }

// A LawCapacity says in which capacity a Party's domestic law matters.
type LawCapacity string

// The capacities.
const (
	LawOfIssuing   LawCapacity = "issuing"   // the law under which the order was made
	LawOfReceiving LawCapacity = "receiving" // the law of the requested Party
	LawOfProvider  LawCapacity = "provider"  // law that binds the provider
	LawWithin      LawCapacity = "within"    // the law by which a Party executes what another State asks
)

func capacities() []LawCapacity {
	return []LawCapacity{LawOfIssuing, LawOfReceiving, LawOfProvider, LawWithin}
}

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
	// By is the role that must attest; "": whoever signs the request or
	// certifies it.
	By protocol.Role

	// Option makes the rule apply only where the receiving Party made this
	// option, or, of a mirrored one, the issuing Party did.
	Option string
	// Capacity is set in domestic law, and there only.
	Capacity LawCapacity

	Otherwise Otherwise
	Reason    protocol.Reason
	Side      protocol.Side // who is to act on a hold
	Role      protocol.Role
	Text      string // what is required, in one plain sentence
	// Ask is the question to answer, of a judgement; else what to do or to
	// write when the rule is not met.
	Ask string

	Mark
	// ProvenFor are the issuing Parties for which the source proves the rule;
	// for every other the rule is unverified. The zero PartySet: for all.
	ProvenFor PartySet

	when, require *expression
	inputs        []string // what the rule looks at, in ascending order
	name          string   // under which it reports: of domestic law with the document's
}

// provenance returns the mark of the rule for requests from that Party.
func (r *Rule) provenance(from protocol.Party) Provenance {
	if r.Provenance == Verified && !r.ProvenFor.IsZero() && !r.ProvenFor.Has(from) {
		return Unverified
	}
	return r.Provenance
}
