package agreement

import (
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"comity.example/protocol"
)

// A Variable is one name that an expression may use.
type Variable struct {
	Name string
	Type string // "string", "int", "bool", "timestamp" or "list(string)"
	Doc  string
}

// VariablesDoc lists every variable, in the order of the documentation.
func VariablesDoc() []Variable {
	out := make([]Variable, len(variables))
	for i, v := range variables {
		out[i] = Variable{Name: v.name, Type: v.typ.String(), Doc: v.doc}
	}
	return out
}

// A variable is declared here once: its name, its type, what it means, and
// where its value comes from. What is not known is "", an empty list, 0 or
// false, and a rule must be written so that this does not meet it.
type variable struct {
	name  string
	typ   *cel.Type
	doc   string
	value func(*input) ref.Val
}

// An input is what the variables are read from.
type input struct {
	req   *protocol.Request
	facts *Facts
}

var (
	texts = cel.ListType(cel.StringType)

	// variables is never written to.
	variables = []variable{
		{"at", cel.TimestampType, "The legal time for which it is decided.",
			func(in *input) ref.Val { return moment(in.facts.At) }},

		{"request.type", cel.StringType,
			"production, preservation, subscriber or interception.",
			func(in *input) ref.Val { return types.String(in.req.Type) }},
		{"request.categories", texts, "The data categories asked for, each once.",
			func(in *input) ref.Val { return list(in.req.Categories()) }},
		{"request.identifier_count", cel.IntType, "How many identifiers the request names.",
			func(in *input) ref.Val { return types.Int(len(in.req.Identifiers)) }},
		{"request.identifiers_typed", cel.BoolType,
			"Whether each identifier, and at least one, is well formed for its type.",
			identifiersTyped},
		{"request.emergency", cel.StringType, "The kind of emergency, \"\" for none.",
			emergencyKind},
		{"request.issued", cel.TimestampType, "When the request was issued.",
			func(in *input) ref.Val { return moment(in.facts.Issued) }},

		{"offence.max_custody_months", cel.IntType,
			"The maximum custodial penalty under the issuing Party's law, in months; 0: not known.",
			func(in *input) ref.Val { return types.Int(in.req.Offence.MaxCustodyMonths) }},
		{"offence.death_penalty", cel.BoolType, "Whether the offence can carry the death penalty.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.DeathPenalty) }},
		{"offence.speech", cel.BoolType,
			"Whether the offence is on a list that raises freedom of speech.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.Speech) }},

		{"target.shape", cel.StringType, "person, organisation or public_authority, by what is " +
			"known of the target; \"\" when nothing is known or when it contradicts itself.",
			func(in *input) ref.Val { return types.String(shape(&in.req.Target)) }},
		{"target.located_in", cel.StringType, "Where the target is; \"\": not known.",
			func(in *input) ref.Val { return types.String(in.req.Target.LocatedIn) }},
		{"target.nationalities", texts, "Of which Parties the target is a national; empty: not known.",
			func(in *input) ref.Val { return list(in.req.Target.Nationalities) }},
		{"target.resident_in", texts,
			"Where the target is a lawful permanent resident; empty: not known.",
			func(in *input) ref.Val { return list(in.req.Target.ResidentIn) }},
		{"target.incorporated_in", cel.StringType,
			"Where an organisation is incorporated; \"\": not known, or not an organisation.",
			func(in *input) ref.Val { return types.String(in.req.Target.Incorporated) }},
		{"target.government_of", cel.StringType,
			"Whose public authority the target is; \"\": not known, or not a public authority.",
			func(in *input) ref.Val { return types.String(in.req.Target.GovernmentOf) }},

		{"interception.start", cel.TimestampType, "When an interception begins.",
			func(in *input) ref.Val { return moment(window(in).Start) }},
		{"interception.end", cel.TimestampType, "When an interception ends.",
			func(in *input) ref.Val { return moment(window(in).End) }},
		{"interception.less_intrusive_considered", cel.BoolType,
			"Whether a less intrusive way was considered and is not enough.",
			func(in *input) ref.Val { return types.Bool(window(in).LessIntrusiveConsidered) }},

		{"authorisation.kind", cel.StringType, "judge, court, investigating_judge, prosecutor, " +
			"police or administrative; \"\": not known.",
			func(in *input) ref.Val { return types.String(in.req.Authorisation.Kind) }},
		{"authorisation.independent", cel.BoolType,
			"Whether the approving authority is a judge, a court or an investigating judge.",
			func(in *input) ref.Val { return types.Bool(independent(in.req.Authorisation.Kind)) }},
		{"authorisation.date", cel.TimestampType, "When the request was approved.",
			func(in *input) ref.Val { return moment(in.req.Authorisation.Date) }},

		{"issuing.party", cel.StringType, "The issuing Party.",
			func(in *input) ref.Val { return types.String(in.facts.Issuing.Party) }},
		{"issuing.roles", texts, "What the issuing authority is registered to do.",
			func(in *input) ref.Val { return list(in.facts.Issuing.Roles) }},
		{"receiving.party", cel.StringType, "The receiving Party.",
			func(in *input) ref.Val { return types.String(in.facts.Addressee.Party) }},
		{"addressee.roles", texts, "What the addressee is registered to do.",
			func(in *input) ref.Val { return list(in.facts.Addressee.Roles) }},
		{"sender.party", cel.StringType, "The Party of the participant that transmits the request.",
			func(in *input) ref.Val { return types.String(in.facts.Sender.Party) }},
		{"sender.roles", texts, "What the participant that transmits the request is registered to do.",
			func(in *input) ref.Val { return list(in.facts.Sender.Roles) }},

		{"officer.present", cel.BoolType, "Whether an officer's endorsement was verified.",
			func(in *input) ref.Val { return types.Bool(in.facts.Officer.Present) }},
		{"officer.roles", texts,
			"The roles of the officers who are competent for the request, as far as their participant has them.",
			func(in *input) ref.Val { return list(in.facts.Officer.Roles) }},

		{"certification.present", cel.BoolType, "Whether a certification was verified.",
			func(in *input) ref.Val { return types.Bool(in.facts.Certification.Present) }},
		{"certification.party", cel.StringType, "The Party of the certifying authority.",
			func(in *input) ref.Val { return types.String(certified(in).By.Party) }},
		{"certification.roles", texts, "What the certifying authority is registered to do.",
			func(in *input) ref.Val { return list(certified(in).By.Roles) }},
		{"certification.invokes", cel.BoolType, "Whether the certification invokes the agreement.",
			func(in *input) ref.Val { return types.Bool(certified(in).Invokes) }},
		{"certification.contact", cel.StringType, "The desk that answers questions; \"\": none.",
			func(in *input) ref.Val { return types.String(certified(in).Contact) }},
		{"certification.targeting", cel.StringType,
			"The targeting procedure that was followed; \"\": none.",
			func(in *input) ref.Val { return types.String(certified(in).Targeting) }},

		{"attested", texts, "The codes of the statements that the officer attests.", attested},
	}
)

// list lends items to an expression as a list of strings.
func list[T ~string](items []T) ref.Val {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = string(item)
	}
	return types.NewStringList(types.DefaultTypeAdapter, out)
}

// moment leaves out a monotonic reading and a zone, which are no part of a
// legal time.
func moment(t time.Time) ref.Val { return types.Timestamp{Time: t.UTC().Round(0)} }

func identifiersTyped(in *input) ref.Val {
	for i := range in.req.Identifiers {
		if in.req.Identifiers[i].Check() != nil {
			return types.False
		}
	}
	return types.Bool(len(in.req.Identifiers) > 0)
}

func emergencyKind(in *input) ref.Val {
	if in.req.Emergency == nil {
		return types.String("")
	}
	return types.String(in.req.Emergency.Kind)
}

func window(in *input) protocol.Window {
	if in.req.Interception == nil {
		return protocol.Window{}
	}
	return *in.req.Interception
}

// certified returns nothing of a certification that was not verified.
func certified(in *input) Certification {
	if !in.facts.Certification.Present {
		return Certification{}
	}
	return in.facts.Certification
}

func attested(in *input) ref.Val {
	codes := make([]string, len(in.req.Attestations))
	for i, a := range in.req.Attestations {
		codes[i] = a.Statement
	}
	return types.NewStringList(types.DefaultTypeAdapter, codes)
}

// attests reports whether the officer attests the statement.
func (in *input) attests(code string) bool {
	return slices.ContainsFunc(in.req.Attestations,
		func(a protocol.Attestation) bool { return a.Statement == code })
}

func independent(k protocol.AuthorityKind) bool {
	return k == protocol.AuthorityJudge || k == protocol.AuthorityCourt ||
		k == protocol.AuthorityInvestigating
}

// shape says what a target is by the members that only one sort of target
// has. A target of two shapes has none: what is said of it cannot be relied on.
func shape(t *protocol.Target) string {
	person := len(t.Nationalities) > 0 || len(t.ResidentIn) > 0
	organisation := t.Incorporated != ""
	authority := t.GovernmentOf != ""
	switch {
	case person && !organisation && !authority:
		return "person"
	case organisation && !person && !authority:
		return "organisation"
	case authority && !person && !organisation:
		return "public_authority"
	}
	return ""
}
