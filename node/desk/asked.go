package desk

import (
	"errors"

	"comity.example/protocol"
)

// ErrNoRequest says that a case does not show the request that opened it.
var ErrNoRequest = errors.New("desk: the case shows no request")

// Asked returns what the request of a case asks for, after its amendments.
func Asked(v *CaseView) (*protocol.Request, error) {
	var request *protocol.Request
	var amendments []*protocol.Amendment
	for i := range v.Acts {
		a := &v.Acts[i]
		switch b := &a.Content.Body; {
		case b.Request != nil:
			request = b.Request
		case b.Certification != nil && a.Carried != nil:
			request = a.Carried.Body.Request
		case b.Amendment != nil:
			amendments = append(amendments, b.Amendment)
		}
	}
	if request == nil {
		return nil, ErrNoRequest
	}
	return request.After(amendments), nil
}
