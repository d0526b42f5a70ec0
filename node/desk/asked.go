package desk

import (
	"bytes"
	"errors"
	"slices"

	"comity.example/protocol"
)

// ErrNoRequest says that a case does not show the request that opened it.
var ErrNoRequest = errors.New("desk: the case shows no request")

// Asked returns what the request of a case asks for, after its amendments. Of two
// that crossed the one with the smaller digest comes first (casefile.Amendments).
func Asked(v *CaseView) (*protocol.Request, error) {
	var request *protocol.Request
	var amended []*ActView
	for i := range v.Acts {
		a := &v.Acts[i]
		switch b := &a.Content.Body; {
		case b.Request != nil:
			request = b.Request
		case b.Certification != nil && a.Carried != nil:
			request = a.Carried.Body.Request
		case b.Amendment != nil:
			amended = append(amended, a)
		}
	}
	if request == nil {
		return nil, ErrNoRequest
	}
	slices.SortFunc(amended, func(a, b *ActView) int { return bytes.Compare(a.Act[:], b.Act[:]) })
	amendments := make([]*protocol.Amendment, len(amended))
	for i, a := range amended {
		amendments[i] = a.Content.Body.Amendment
	}
	return request.After(amendments), nil
}
