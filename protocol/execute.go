package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Executing returns the request by which, within a Party, order carries out what
// another State asks in the case c by foreign. What order leaves out of what is
// asked for is taken over. Nothing else is: the facts, the person's nationality
// and whereabouts, and who asks are not the provider's to know. That an order
// names the requesting State is said in order, as the reference of its relation.
func (order *Request) Executing(foreign *Request, c CaseID) *Request {
	r := *order
	if r.Type == "" {
		r.Type = foreign.Type
	}
	if len(r.Identifiers) == 0 {
		r.Identifiers = slices.Clone(foreign.Identifiers)
	}
	if len(r.Data) == 0 {
		for _, d := range foreign.Data {
			d.Own = nil // the codes of the other instrument mean nothing here
			r.Data = append(r.Data, d)
		}
	}
	if r.Interception == nil && r.Type == foreign.Type {
		r.Interception = foreign.Interception
	}
	if r.Target.Basis == "" {
		r.Target.Basis = "as the order says"
	}
	if len(r.RelatedBy(RelationExecutes)) == 0 {
		r.Related = append(slices.Clone(r.Related), Related{Relation: RelationExecutes, Case: c})
	}
	return &r
}

// Executes reports whether r asks for no more than foreign, the request of
// another State that it carries out. The error says what is too much.
func (r *Request) Executes(foreign *Request) error {
	if r.Type != foreign.Type && r.Type != Preservation {
		return errors.New("type: the request that is executed asks for something else")
	}
	if len(r.Identifiers) == 0 && len(foreign.Identifiers) > 0 {
		return errors.New("identifiers: want one of those that the request asks for")
	}
	for i, id := range r.Identifiers {
		if !slices.Contains(foreign.Identifiers, id) {
			return fmt.Errorf("identifiers[%d]: the request that is executed does not ask for it", i)
		}
	}
	for i := range r.Data {
		if !slices.ContainsFunc(foreign.Data, func(d DataItem) bool { return r.Data[i].executes(&d) }) {
			return fmt.Errorf("data[%d]: goes beyond what the request that is executed asks for", i)
		}
	}
	if w, of := r.Interception, foreign.Interception; w != nil &&
		(of == nil || w.Start.Before(of.Start) || w.End.After(of.End)) {
		return errors.New("interception: goes beyond the time that the request that is executed asks for")
	}
	return nil
}

// executes reports whether d asks for no more than foreign. What foreign says in
// codes of its own instrument, d says in words.
func (d *DataItem) executes(foreign *DataItem) bool {
	plain := *foreign
	plain.Own = nil
	return len(d.Own) == 0 && d.within(&plain) && (len(foreign.Own) == 0 || d.Description != "")
}

// After returns what r asks for after amendments, in the order of their versions,
// those of one version in the order given: of two that crossed both give up what
// they give up. One that asks for something new counts for nothing.
func (r *Request) After(amendments []*Amendment) *Request {
	ordered := slices.Clone(amendments)
	slices.SortStableFunc(ordered, func(a, b *Amendment) int { return cmp.Compare(a.Version, b.Version) })
	for _, a := range ordered {
		if next, err := r.Narrow(a); err == nil {
			r = next
		}
	}
	return r
}
