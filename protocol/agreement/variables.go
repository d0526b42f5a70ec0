package agreement

import (
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
		if v.typ == cel.TimestampType { // in the words of the language, not of its library
			out[i].Type = "timestamp"
		}
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
	doc   *Document // the governing agreement; nil: none
	other bool      // whether another instrument of assistance is in force between the two
}

var (
	texts = cel.ListType(cel.StringType)

	// variables is never written to.
	variables = []variable{
		{"at", cel.TimestampType, "The legal time for which it is decided.",
			func(in *input) ref.Val { return moment(in.facts.At) }},

		{"request.type", cel.StringType,
			"production, preservation, subscriber, interception or path_disclosure.",
			func(in *input) ref.Val { return types.String(in.req.Type) }},
		{"request.categories", texts, "The data categories asked for, each once, in the order of their list.",
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

		{"request.related", texts, "How the request is related to other matters: follows, renews, replaces, preserves, converted_from.",
			func(in *input) ref.Val { return list(relations(in.req)) }},
		{"request.proceedings", cel.StringType, "investigation, trial, sentence_execution, control_order, national_security or administrative; \"\": not said.",
			func(in *input) ref.Val { return types.String(in.req.Proceedings) }},
		{"request.languages", texts, "The languages of the request and of its translations, as ISO 639-1 codes.",
			func(in *input) ref.Val { return list(in.req.Languages) }},
		{"request.identifier_types", texts, "The types of the identifiers, each once, in the order of the request.",
			func(in *input) ref.Val { return list(identifierTypes(in.req)) }},
		{"request.ip_without_time", cel.BoolType, "Whether an IP address is named without the time at which it was seen.",
			func(in *input) ref.Val { return types.Bool(ipWithoutTime(in.req)) }},
		{"request.range_days", cel.IntType, "The longest time range of the data asked for, in days, begun days counted; 0: one is not known.",
			func(in *input) ref.Val { return types.Int(rangeDays(in.req)) }},
		{"request.range_end", cel.TimestampType, "When the last time range of the data asked for ends.",
			func(in *input) ref.Val { return moment(rangeEnd(in.req)) }},
		{"request.has_purpose", cel.BoolType, "Whether the purpose is stated.",
			func(in *input) ref.Val { return types.Bool(in.req.Purpose != "") }},
		{"request.has_facts", cel.BoolType, "Whether the facts are given in short.",
			func(in *input) ref.Val { return types.Bool(in.req.Facts != "") }},
		{"request.has_nexus", cel.BoolType, "Whether it is said why this data belongs to these facts.",
			func(in *input) ref.Val { return types.Bool(in.req.Nexus != "") }},
		{"request.has_promise", cel.BoolType, "Whether a written promise of reciprocity is given.",
			func(in *input) ref.Val { return types.Bool(in.req.Promise != "") }},
		{"request.has_deadline", cel.BoolType, "Whether a deadline is asked for, with the reason.",
			func(in *input) ref.Val { return types.Bool(in.req.Deadline != nil) }},
		{"request.has_procedure", cel.BoolType, "Whether a special procedure is asked for.",
			func(in *input) ref.Val { return types.Bool(in.req.Procedure != "") }},

		{"secrecy.requested", cel.BoolType, "Whether it is asked that the user is not told.",
			func(in *input) ref.Val { return types.Bool(in.req.Secrecy != nil) }},
		{"secrecy.grounds", texts, "On what grounds the user is not to be told.",
			func(in *input) ref.Val { return list(secrecy(in).Grounds) }},
		{"secrecy.ends", cel.BoolType, "Whether the secrecy has an end.",
			func(in *input) ref.Val { return types.Bool(!secrecy(in).Until.IsZero()) }},
		{"secrecy.days", cel.IntType, "How long the secrecy lasts from the issue of the request, in days, begun days counted; 0: no end.",
			func(in *input) ref.Val { return types.Int(secrecyDays(in)) }},

		{"offence.max_custody_months", cel.IntType,
			"The maximum custodial penalty under the issuing Party's law, in months; 0: not known.",
			func(in *input) ref.Val { return types.Int(in.req.Offence.MaxCustodyMonths) }},
		{"offence.death_penalty", cel.BoolType, "Whether the offence can carry the death penalty.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.DeathPenalty) }},
		{"offence.speech", cel.BoolType,
			"Whether the offence is on a list that raises freedom of speech.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.Speech) }},
		{"offence.committed_in", texts, "Where the offence was committed; empty: not known.",
			func(in *input) ref.Val { return list(in.req.Offence.CommittedIn) }},
		{"offence.category", cel.StringType, "The code of the offence in a list that an instrument prints; \"\": none.",
			func(in *input) ref.Val { return types.String(in.req.Offence.Category) }},
		{"offence.listed_in", texts, "The ids of the governing agreement's lists of offences that hold offence.category.",
			func(in *input) ref.Val { return list(listed(in)) }},
		{"offence.lists", texts, "The codes of the lists of offences to which it is said to belong.",
			func(in *input) ref.Val { return list(in.req.Offence.Lists) }},
		{"offence.by_information_system", cel.BoolType, "Whether it was committed by means of an information system.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.ByInformationSystem) }},
		{"offence.receiving_max_custody_months", cel.IntType, "The maximum custodial penalty for the conduct under the receiving Party's law, in months; 0: not known.",
			func(in *input) ref.Val { return types.Int(in.req.Offence.ReceivingMaxCustodyMonths) }},
		{"offence.fiscal", cel.BoolType, "Whether it is a fiscal offence.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.Fiscal) }},
		{"offence.political", cel.BoolType, "Whether it is a political offence.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.Political) }},
		{"offence.military", cel.BoolType, "Whether it is an offence under military law alone.",
			func(in *input) ref.Val { return types.Bool(in.req.Offence.Military) }},
		{"sentence.months", cel.IntType, "The sentence to be executed, in months; 0: none.",
			func(in *input) ref.Val { return types.Int(sentence(in).Months) }},
		{"sentence.in_absentia", cel.BoolType, "Whether it was given in the absence of the person.",
			func(in *input) ref.Val { return types.Bool(sentence(in).InAbsentia) }},
		{"sentence.absconded", cel.BoolType, "Whether the convict absconded.",
			func(in *input) ref.Val { return types.Bool(sentence(in).Absconded) }},

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
		{"target.protected", texts, "What may protect the data: privileged_profession, press, immunity, public_authority_infrastructure.",
			func(in *input) ref.Val { return list(in.req.Target.Protected) }},

		{"service.class", cel.StringType, "electronic_communications, domain_or_ip, information_society or financial; \"\": not said.",
			func(in *input) ref.Val { return types.String(service(in).Class) }},
		{"service.capacity", cel.StringType, "As what the addressee holds the data: controller or processor; \"\": not said.",
			func(in *input) ref.Val { return types.String(service(in).Capacity) }},
		{"service.capacity_reason", cel.StringType, "Why a processor is asked: controller_unidentified or harmful_to_investigation; \"\": not said.",
			func(in *input) ref.Val { return types.String(service(in).CapacityReason) }},

		{"interception.start", cel.TimestampType, "When an interception begins.",
			func(in *input) ref.Val { return moment(window(in).Start) }},
		{"interception.end", cel.TimestampType, "When an interception ends.",
			func(in *input) ref.Val { return moment(window(in).End) }},
		{"interception.less_intrusive_considered", cel.BoolType,
			"Whether a less intrusive way was considered and is not enough.",
			func(in *input) ref.Val { return types.Bool(window(in).LessIntrusiveConsidered) }},
		{"interception.days", cel.IntType, "How long an interception lasts, in days, begun days counted; 0: not known.",
			func(in *input) ref.Val { return types.Int(windowDays(in)) }},

		{"authorisation.kind", cel.StringType, "judge, court, investigating_judge, prosecutor, " +
			"police or administrative; \"\": not known.",
			func(in *input) ref.Val { return types.String(in.req.Authorisation.Kind) }},
		{"authorisation.independent", cel.BoolType,
			"Whether the approving authority is a judge, a court or an investigating judge.",
			func(in *input) ref.Val { return types.Bool(independent(in.req.Authorisation.Kind)) }},
		{"authorisation.judicial", cel.BoolType, "Whether a judge, a court or an investigating judge approved or validated it.",
			func(in *input) ref.Val { return types.Bool(judicial(&in.req.Authorisation)) }},
		{"authorisation.validated_by", cel.StringType, "The kind of the authority that validated it; \"\": none.",
			func(in *input) ref.Val { return types.String(validation(in).Kind) }},
		{"authorisation.unvalidated", cel.BoolType, "Whether a validation is to be sought afterwards.",
			func(in *input) ref.Val { return types.Bool(in.req.Authorisation.Unvalidated) }},
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
		{"addressee.law", texts, "The Parties whose law binds the addressee, its own first.",
			func(in *input) ref.Val { return list(in.facts.Addressee.law()) }},
		{"notified.roles", texts, "The roles of those participants of the receiving Party that get the request at the same time.",
			func(in *input) ref.Val { return list(in.facts.notifiedRoles()) }},
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

		{"certified", texts, "The codes of the statements that the certifying authority attests.",
			func(in *input) ref.Val { return list(codes(certified(in).Attestations)) }},
		{"agreement.id", cel.StringType, "The id of the governing agreement; \"\": none.",
			func(in *input) ref.Val { return types.String(governing(in).ID) }},
		{"agreement.kind", cel.StringType, "The kind of the governing agreement; \"\": none.",
			func(in *input) ref.Val { return types.String(governing(in).Kind) }},
		{"treaty.other", cel.BoolType, "Whether another instrument of mutual assistance is in force between the two Parties.",
			func(in *input) ref.Val { return types.Bool(in.other) }},

		{"attested", texts, "The codes of the statements that the officer attests.",
			func(in *input) ref.Val { return list(codes(in.req.Attestations)) }},
	}
)
