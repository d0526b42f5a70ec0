package desk

import (
	"errors"

	"comity.example/protocol"
)

// ErrNoRequest says that a case does not show the request that opened it.
var ErrNoRequest = errors.New("desk: the case shows no request")

// Asked returns what the request of a case asks for, after its amendments. One
// that asks for something new counts for nothing.
func Asked(v *CaseView) (*protocol.Request, error) {
	var request *protocol.Request
	for i := range v.Acts {
		a := &v.Acts[i]
		switch {
		case a.Content.Body.Request != nil:
			request = a.Content.Body.Request
		case a.Content.Body.Certification != nil && a.Carried != nil:
			request = a.Carried.Body.Request
		}
		if request != nil {
			break
		}
	}
	if request == nil {
		return nil, ErrNoRequest
	}
	for version := int64(2); ; version++ {
		found := false
		for i := range v.Acts {
			if m := v.Acts[i].Content.Body.Amendment; m != nil && m.Version == version && !found {
				found = true
				if next, err := request.Narrow(m); err == nil {
					request = next
				}
			}
		}
		if !found {
			return request, nil
		}
	}
}
