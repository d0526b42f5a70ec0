package protocol

import (
	"fmt"
	"slices"
)

// Narrow returns the request that an amendment leaves of r. The error says what
// in it was not asked for before: an amendment gives up, and asks for nothing new.
func (r *Request) Narrow(a *Amendment) (*Request, error) {
	for i, id := range a.Identifiers {
		if !slices.Contains(r.Identifiers, id) {
			return nil, fmt.Errorf("protocol: amendment: identifiers[%d]: was not asked for before", i)
		}
	}
	if len(a.Identifiers) == 0 && len(r.Identifiers) > 0 {
		return nil, fmt.Errorf("protocol: amendment: identifiers: want one of those that were asked for")
	}
	for i := range a.Data {
		within := func(d DataItem) bool { return a.Data[i].within(&d) }
		if !slices.ContainsFunc(r.Data, within) {
			return nil, fmt.Errorf("protocol: amendment: data[%d]: goes beyond what was asked for before", i)
		}
	}
	next := *r
	next.Identifiers, next.Data = a.Identifiers, a.Data
	if err := next.Check(); err != nil {
		return nil, fmt.Errorf("protocol: amendment: %w", err)
	}
	return &next, nil
}

// within reports whether d asks for nothing that before did not. Whether other
// words ask for less no machine can say.
func (d *DataItem) within(before *DataItem) bool {
	own := len(before.Own) == 0 && len(d.Own) == 0 || len(d.Own) > 0
	for _, code := range d.Own {
		own = own && slices.Contains(before.Own, code)
	}
	return d.Category == before.Category && d.Description == before.Description && !d.From.Before(before.From) && !d.To.After(before.To) && own
}
