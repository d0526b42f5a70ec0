package agreement

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"comity.example/protocol"
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

// urgent reports whether an emergency is stated: one of no kind is none.
func urgent(r *protocol.Request) bool { return r.Emergency != nil && r.Emergency.Kind != "" }

func emergencyKind(in *input) ref.Val {
	if in.req.Emergency == nil {
		return types.String("")
	}
	return types.String(in.req.Emergency.Kind)
}

// certified returns nothing of a certification that was not verified.
func certified(in *input) Certification {
	if !in.facts.Certification.Present {
		return Certification{}
	}
	return in.facts.Certification
}

func codes(list []protocol.Attestation) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Statement
	}
	return out
}

// attests reports whether one who has the role attests the statement: an
// officer who signs the request, or the certifying authority. "" is any role.
func (in *input) attests(code string, by protocol.Role) bool {
	says := func(list []protocol.Attestation, roles []protocol.Role) bool {
		return (by == "" || slices.Contains(roles, by)) &&
			slices.ContainsFunc(list, func(a protocol.Attestation) bool { return a.Statement == code })
	}
	c := certified(in)
	return says(in.req.Attestations, in.facts.Officer.Roles) || says(c.Attestations, c.By.Roles)
}

func relations(r *protocol.Request) []protocol.Relation {
	out := make([]protocol.Relation, len(r.Related))
	for i := range r.Related {
		out[i] = r.Related[i].Relation
	}
	return out
}

func identifierTypes(r *protocol.Request) []protocol.IdentifierType {
	var out []protocol.IdentifierType
	for i := range r.Identifiers {
		if t := r.Identifiers[i].Type; !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func ipWithoutTime(r *protocol.Request) bool {
	return slices.ContainsFunc(r.Identifiers, func(id protocol.Identifier) bool {
		return id.Type == protocol.IdentifierIP && id.Seen.IsZero()
	})
}

// days counts begun days; what ends before it starts has none, and neither has
// what has no start or no end.
func days(from, to time.Time) int64 {
	const day = 24 * time.Hour
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return int64((max(to.Sub(from), 0) + day - 1) / day)
}

// rangeDays is 0 if one of the ranges is not known: it may be the longest.
func rangeDays(r *protocol.Request) int64 {
	var most int64
	for i := range r.Data {
		n := days(r.Data[i].From, r.Data[i].To)
		if n == 0 {
			return 0
		}
		most = max(most, n)
	}
	return most
}

// rangeEnd is not known if the end of one range is not.
func rangeEnd(r *protocol.Request) time.Time {
	var last time.Time
	for i := range r.Data {
		end := r.Data[i].To
		if end.IsZero() {
			return end
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}

func windowDays(in *input) int64 {
	w := window(in)
	return days(w.Start, w.End)
}

// The zero value stands for what a request does not have.

func secrecy(in *input) protocol.Secrecy       { return orZero(in.req.Secrecy) }
func sentence(in *input) protocol.Sentence     { return orZero(in.req.Sentence) }
func service(in *input) protocol.Service       { return orZero(in.req.Service) }
func window(in *input) protocol.Window         { return orZero(in.req.Interception) }
func validation(in *input) protocol.Validation { return orZero(in.req.Authorisation.ValidatedBy) }

func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func secrecyDays(in *input) int64 {
	return days(in.facts.Issued, secrecy(in).Until)
}

// governing returns nothing of an agreement that was not found.
func governing(in *input) governingName {
	if in.doc == nil {
		return governingName{}
	}
	return governingName{in.doc.ID, in.doc.Kind}
}

// A governingName is what domestic law may know of the governing agreement.
type governingName struct {
	ID   string
	Kind Kind
}

func listed(in *input) []string {
	if in.doc == nil {
		return nil
	}
	return in.doc.listed(in.req.Offence.Category)
}

// judicial reports whether a judge stands behind the request, by approving it
// or by validating what another approved.
func judicial(a *protocol.Authorisation) bool {
	return independent(a.Kind) || a.ValidatedBy != nil && independent(a.ValidatedBy.Kind)
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
